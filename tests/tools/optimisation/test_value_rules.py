"""Value rule sets are made, changed as a whole, attached, taken off and deleted; each of it can be seen first."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.errors import InvalidArguments
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, confirmed, engine, refused_unsent, rows

SAVE, DELETE, READ = "ads_save_value_rule_set", "ads_delete_value_rule_set", "ads_get_value_rule_sets"
AD_SET, RULE_SET = "201", "901"
WOMEN = {"criteria_type": "GENDER", "criteria_values": ["FEMALE"], "criteria_value_types": ["NONE"]}
BRAZIL = {"criteria_type": "LOCATION", "criteria_values": ["BR"], "criteria_value_types": ["LOCATION_COUNTRY"]}
RULE = {"name": "BR women", "adjust_sign": "INCREASE", "adjust_value": 30, "criterias": [WOMEN, BRAZIL]}
CONTAINS = {"operator": "CONTAINS"}


def stored_rule(number: str, name: str) -> dict[str, Any]:
    """A rule as Graph shows it, with nested lists."""
    criterion = {**WOMEN, **CONTAINS, "id": f"{number}9"}
    return {**RULE, "name": name, "id": number, "criterias": {"data": [criterion]}}


def shop(**ad_set: Any) -> ScriptedGraph:
    """An account with an ad set and a set of two rules."""
    graph = account_graph()
    graph.objects[AD_SET] = {
        "id": AD_SET,
        "account_id": "1",
        "name": "Broad",
        "status": "ACTIVE",
        "optimization_goal": "REACH",
        "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
        **ad_set,
    }
    graph.objects[RULE_SET] = {
        "id": RULE_SET,
        "name": "V",
        "status": "ACTIVE",
        "is_default_setting": False,
        "last_attach_time": "2026-11-01T00:00:00+0000",
        "rules": {"data": [stored_rule("111", "BR women"), stored_rule("222", "Others")]},
    }
    graph.answers["GET", RULE_SET] = lambda _: graph.objects[RULE_SET]
    graph.answers["POST", f"{ACCOUNT}/value_rule_set"] = lambda _: {"id": "950"}
    return graph


def written(graph: ScriptedGraph) -> list[tuple[str, dict[str, Any]]]:
    return [(request.path, dict(request.params)) for request in graph.writes]


async def test_a_new_set_is_made_before_it_is_attached() -> None:
    graph = shop()
    await confirmed(engine(graph), SAVE, {"account_id": "1", "name": "V", "rules": [RULE], "attach_to": [AD_SET]})
    criteria = [{**WOMEN, **CONTAINS}, {**BRAZIL, **CONTAINS}]
    assert written(graph) == [
        (f"{ACCOUNT}/value_rule_set", {"name": "V", "rules": [{**RULE, "criterias": criteria}]}),
        (AD_SET, {"value_rule_set_id": "950", "value_rules_applied": True}),
    ]


async def test_taking_a_set_off_does_not_name_it() -> None:
    graph = shop(value_rule_set_id=RULE_SET, value_rules_applied=True)
    await confirmed(engine(graph), SAVE, {"account_id": "1", "detach_from": [AD_SET]})
    assert written(graph) == [(AD_SET, {"value_rules_applied": False})]


async def test_a_rule_that_is_left_out_is_named_as_deleted() -> None:
    graph = shop()
    kept = {**RULE, "id": "111", "adjust_value": 20, "criterias": [{**WOMEN, "id": "1119"}]}
    arguments = {"account_id": "1", "value_rule_set_id": RULE_SET, "rules": [kept]}
    server = engine(graph)
    question = await server.call(SAVE, arguments)
    assert question.structured["data"]["deleted_rules"] == ["Others: bid 30 % more for gender FEMALE"]
    assert "Rule deleted: Others" in " ".join(question.structured["notes"])
    await confirmed(server, SAVE, arguments)
    criterion = {**WOMEN, **CONTAINS, "id": "1119"}
    assert written(graph) == [(RULE_SET, {"name": "V", "rules": [{**kept, "criterias": [criterion]}]})]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"adjust_sign": "DECREASE", "adjust_value": 95}, "at most 90"),
        ({"adjust_value": 0}, "adjust_value"),
        ({"criterias": [{**WOMEN, "criteria_type": "AGE", "criteria_values": ["18-65"]}]}, "write 18+"),
        ({"criterias": [{**WOMEN, "criteria_type": "AGE", "criteria_values": ["34-25"]}]}, "ends before"),
        ({"criterias": [{**WOMEN, "criteria_values": ["FEMALE", "MALE"]}]}, "same length"),
        ({"criterias": [{**BRAZIL, "criteria_value_types": ["NONE"]}]}, "LOCATION_COUNTRY"),
        ({"criterias": [{**BRAZIL, "criteria_value_types": ["LOCATION_DMA"]}]}, "June 2026"),
        ({"criterias": [WOMEN] * 5}, "criterias"),
        ({"id": "5"}, "no id"),
    ],
)
async def test_a_wrong_rule_is_refused_before_anything_is_sent(wrong: dict[str, Any], text: str) -> None:
    error = await refused_unsent(SAVE, account_id="1", name="V", rules=[{**RULE, **wrong}])
    assert text in error["message"]


async def test_ids_that_the_set_does_not_have_are_refused_unsent() -> None:
    graph = shop()
    for rule in ({**RULE, "id": "333"}, {**RULE, "id": "111", "criterias": [{**WOMEN, "id": "5"}]}):
        arguments = {"account_id": "1", "value_rule_set_id": RULE_SET, "rules": [rule]}
        answer = await engine(graph).call(SAVE, arguments, asker=Person(True))
        assert answer.is_error
    assert graph.writes == []


async def test_an_ad_set_with_another_bid_strategy_is_not_attached() -> None:
    graph = shop(bid_strategy="LOWEST_COST_WITH_BID_CAP")
    arguments = {"account_id": "1", "value_rule_set_id": RULE_SET, "attach_to": [AD_SET]}
    answer = await engine(graph).call(SAVE, arguments, asker=Person(True))
    assert "LOWEST_COST_WITH_BID_CAP" in answer.text
    assert graph.writes == []


async def test_undoing_a_unit_puts_rules_and_ad_sets_back() -> None:
    desk = build_writer()
    rule_set = desk.store.nodes[desk.ids["value_rules"]]
    user = next(n for n in desk.store.nodes.values() if n.type == "AdSet" and n.get("value_rule_set_id"))
    before = await desk.data(READ, account_id=desk.account, value_rule_set_id=rule_set.id)
    arguments = {"account_id": desk.account, "value_rule_set_id": rule_set.id, "rules": [RULE]}
    unit = (await desk.done(SAVE, **arguments, detach_from=[user.id]))["unit_id"]
    assert desk.store.nodes[user.id].get("value_rules_applied") is False
    await desk.done("ads_undo_change", unit_id=unit)
    after = await desk.data(READ, account_id=desk.account, value_rule_set_id=rule_set.id)
    assert [rule["text"] for rule in after[0]["rules"]] == [rule["text"] for rule in before[0]["rules"]]
    assert desk.store.nodes[user.id].get("value_rule_set_id") == rule_set.id


async def test_an_attached_set_is_shown_with_its_ad_sets(demo: SandboxEngine, account: str) -> None:
    (row,) = await demo.data(READ, account_id=account)
    assert row["ad_set_count"] == 1
    assert row["rules"][0]["text"] == "bid 20 % more for gender FEMALE and age 25-34"


async def test_an_ad_set_can_get_a_set_by_its_own_tool_and_is_asked_for() -> None:
    desk = build_writer()
    arguments = {"ad_set_id": desk.ids["ad_set"], "value_rule_set_id": desk.ids["value_rules"]}
    answer = await desk.call("ads_update_ad_set", arguments)
    assert "value rules, which can raise bids" in answer.text
    assert desk.writes == []


async def test_a_deletion_names_the_ad_sets_and_is_a_post() -> None:
    graph = shop()
    user = {"id": AD_SET, "value_rule_set_id": RULE_SET, "value_rules_applied": True, "effective_status": "ACTIVE"}
    graph.bodies = {f"{ACCOUNT}/adsets": rows(user)}
    server = engine(graph)
    question = await server.call(DELETE, {"account_id": "1", "value_rule_set_id": RULE_SET})
    assert AD_SET in question.text
    await confirmed(server, DELETE, {"account_id": "1", "value_rule_set_id": RULE_SET})
    assert [(request.method, request.path) for request in graph.writes] == [("POST", f"{RULE_SET}/deleteruleset")]


async def test_the_edge_of_metas_page_follows_when_the_one_of_the_sdk_is_refused() -> None:
    graph = shop()
    graph.bodies = {f"{ACCOUNT}/adsets": rows()}

    def refuse(request: Request) -> InvalidArguments | None:
        is_sdk_edge = request.path.endswith("/deleteruleset")
        return InvalidArguments("(#100) Unknown path", graph={"code": 100}) if is_sdk_edge else None

    graph.refuse = refuse
    await confirmed(engine(graph), DELETE, {"account_id": "1", "value_rule_set_id": RULE_SET})
    assert [request.path for request in graph.writes][-1] == f"{RULE_SET}/delete_rule_set"


async def test_a_policy_against_deletions_holds_for_rule_sets() -> None:
    graph = shop()
    graph.bodies = {f"{ACCOUNT}/adsets": rows()}
    server = engine(graph, policy=Policy(deny=frozenset({"delete"})))
    answer = await server.call(DELETE, {"account_id": "1", "value_rule_set_id": RULE_SET}, asker=Person(True))
    assert answer.structured["error"]["kind"] == "denied"
    assert graph.writes == []


async def test_the_undo_of_a_new_set_is_a_deletion_for_the_policy() -> None:
    desk = build_writer(policy=Policy(deny=frozenset({"delete"})))
    unit = (await desk.done(SAVE, account_id=desk.account, name="Women", rules=[RULE]))["unit_id"]
    answer = await desk.call("ads_undo_change", {"unit_id": unit}, Person(True))
    assert answer.structured["error"]["kind"] == "denied"
