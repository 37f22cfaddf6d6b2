"""Value rules, account controls, predictions and recommendations: what Graph takes, refuses and changes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.fake_transport import FakeTransport
from tests.support.sandbox_writes import US, at, untouched, writing

from .conftest import NOW
from .test_spec import check

WOMEN: dict[str, Any] = {
    "criteria_type": "GENDER",
    "operator": "CONTAINS",
    "criteria_values": ["FEMALE"],
    "criteria_value_types": ["NONE"],
}
VALUE_RULE: dict[str, Any] = {"name": "W", "adjust_sign": "INCREASE", "adjust_value": 30, "criterias": [WOMEN]}
VALUE_RULES: dict[str, Any] = {"name": "V", "rules": [VALUE_RULE]}
QUOTE: dict[str, Any] = {
    "action": "quote",
    "budget": 500_000,
    "destination_ids": ["{page}"],
    "start_time": at(2),
    "stop_time": at(12),
    "target_spec": US,
}

Case = tuple[str, dict[str, Any], int | None, str]
REFUSED: list[Case] = [
    ("{account}/value_rule_set", {"name": "V", "rules": []}, None, "rules"),
    *(
        ("{account}/value_rule_set", {"name": "V", "rules": [VALUE_RULE | wrong]}, None, words)
        for wrong, words in (
            ({"adjust_sign": "DECREASE", "adjust_value": 95}, "90 for DECREASE"),
            ({"criterias": [WOMEN] * 5}, "1 to 4"),
            ({"criterias": [WOMEN | {"criteria_value_types": []}]}, "same length"),
            ({"criterias": [WOMEN | {"criteria_type": "AGE", "criteria_values": ["18-65"]}]}, "65"),
            ({"id": "1"}, "no rule 1"),
        )
    ),
    ("{ad_set}", {"value_rule_set_id": "{audience}"}, 33, "exist"),
    (
        "{ad_set}",
        {"value_rule_set_id": "{value_rules}", "bid_strategy": "LOWEST_COST_WITH_BID_CAP", "bid_amount": 100},
        None,
        "bid strategy",
    ),
    ("{account}/account_controls", {"placement_controls": {}}, None, "audience_controls"),
    ("{account}/account_controls", {"audience_controls": {"age_min": 30}}, None, "18 to 25"),
    (
        "{account}/brand_safety_content_filter_levels",
        {"brand_safety_content_filter_levels": ["FEED_STRICT", "FEED_RELAXED"]},
        None,
        "per surface",
    ),
    ("{account}/recommendations", {"recommendation_signature": "old"}, None, "no longer"),
    ("{account}/reachfrequencypredictions", QUOTE | {"reach": 5}, None, "budget or a reach"),
    ("{account}/reachfrequencypredictions", QUOTE | {"start_time": at(-1)}, None, "future"),
    ("{account}/reachfrequencypredictions", QUOTE | {"target_spec": {"age_min": 20}}, 1885364, "location"),
    (
        "{account}/reachfrequencypredictions",
        {"action": "cancel", "rf_prediction_id": "{prediction}"},
        None,
        "not reserved",
    ),
]
CREATED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("{account}/value_rule_set", VALUE_RULES, "{account}/value_rule_set", {"status": "ACTIVE"}),
    ("{account}/publisher_block_lists", {"name": "B"}, "{account}/publisher_block_lists", {"name": "B"}),
    ("{account}/reachfrequencypredictions", QUOTE, "{account}/reachfrequencypredictions", {"external_budget": 500_000}),
]
UPDATED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("{value_rules}", {"name": "n"}, "{value_rules}", {"name": "n"}),
    ("{value_rules}/deleteruleset", {}, "{value_rules}", {"status": "DELETED"}),
    ("{ad_set}", {"value_rule_set_id": "{value_rules}"}, "{ad_set}", {"value_rules_applied": True}),
    ("{ad_set}", {"value_rules_applied": "false"}, "{ad_set}", {"value_rule_set_id": None}),
    ("{block_list}/append_publisher_urls", {"publisher_urls": ["a.example"]}, "{block_list}", {}),
    (
        "{account}/brand_safety_content_filter_levels",
        {"brand_safety_content_filter_levels": ["FEED_STRICT"]},
        "{account}",
        {"brand_safety_content_filter_levels": ["FACEBOOK_STANDARD", "AN_STANDARD", "FEED_STRICT"]},
    ),
]


@pytest.fixture
def made() -> FakeTransport:
    return writing()


@pytest.mark.parametrize("case", REFUSED)
async def test_what_graph_refuses_changes_nothing(case: Case) -> None:
    path, params, subcode, words = case
    error = await untouched().refused("POST", path, params)
    assert (error["code"], error.get("error_subcode")) == (100, subcode), error
    assert words in f"{error['message']} {error.get('error_user_msg')} {error.get('error_data')}"


async def test_what_is_created_is_listed_and_has_fields_of_the_sdk(made: FakeTransport) -> None:
    before = made.store.snapshot()
    for path, params, edge, expected in CREATED:
        new_id = (await made.done("POST", path, params))["id"]
        listed = await made.done("GET", edge, {"limit": "500", "fields": "id"})
        assert new_id in {row["id"] for row in listed["data"]}, path
        shown = await made.done("GET", new_id, {"fields": ",".join(expected)})
        assert {name: shown[name] for name in expected} == made.filled(expected)
    wrong: Counter[str] = Counter()
    for node in made.store.nodes.values():
        if node.id not in before.nodes:
            for name in node.fields:
                check(node.type, name, node.get(name), wrong)
    assert wrong == Counter()


@pytest.mark.parametrize(("path", "params", "node", "expected"), UPDATED)
async def test_an_update_changes_what_it_names(
    made: FakeTransport, path: str, params: dict[str, Any], node: str, expected: dict[str, Any]
) -> None:
    assert await made.done("POST", path, params) == {"success": True}
    found = made.store.nodes[made.filled(node)]
    assert {name: found.get(name) for name in expected} == expected


async def test_a_recommendation_is_applied_once_and_changes_what_it_says(made: FakeTransport) -> None:
    async def listed() -> dict[str, dict[str, Any]]:
        (row,) = (await made.done("GET", "{account}/recommendations", {}))["data"]
        return {item["type"]: item for item in row["recommendations"]}

    advice = (await listed())["SCALE_GOOD_CAMPAIGN"]
    (campaign,) = advice["object_ids"]
    before = int(made.store.nodes[campaign].get("daily_budget"))
    params = {"recommendation_signature": advice["recommendation_signature"]}
    await made.done("POST", "{account}/recommendations", params)
    assert int(made.store.nodes[campaign].get("daily_budget")) == before * 120 // 100
    assert "SCALE_GOOD_CAMPAIGN" not in await listed()
    await made.refused("POST", "{account}/recommendations", params)


async def test_a_set_of_value_rules_is_replaced_as_a_whole(made: FakeTransport) -> None:
    fields = {"fields": "rules{id,name,adjust_value,criterias}"}
    first, second = (await made.done("GET", "{value_rules}", fields))["rules"]["data"]
    kept = {**VALUE_RULES["rules"][0], "id": first["id"], "adjust_value": 50}
    await made.done("POST", "{value_rules}", {"rules": [kept]})
    (rule,) = (await made.done("GET", "{value_rules}", fields))["rules"]["data"]
    assert (rule["id"], rule["adjust_value"]) == (first["id"], 50)
    assert second["id"] not in made.store.nodes


async def test_a_quote_is_reserved_and_canceled(made: FakeTransport) -> None:
    path, prediction = "{account}/reachfrequencypredictions", made.names["prediction"]
    for action, status in (("reserve", 1), ("cancel", 2)):
        await made.done("POST", path, {"action": action, "rf_prediction_id": prediction})
        assert made.store.nodes[prediction].get("reservation_status") == status


@pytest.mark.parametrize("seed", range(5))
async def test_advice_history_and_states_agree_with_the_world(seed: int) -> None:
    sandbox = SandboxTransport(World(seed=seed, today=NOW, accounts=2, ads=100), clock=lambda: NOW)
    box = FakeTransport(sandbox, names={"account": f"act_{sandbox.world.account_ids[0]}"})
    (row,) = (await box.done("GET", "{account}/recommendations", {}))["data"]
    objects = [sandbox.world.store.nodes[i] for item in row["recommendations"] for i in item["object_ids"]]
    assert {node.get("effective_status") for node in objects} == {"ACTIVE"}
    history = (await box.done("GET", "{account}/opportunity_score_history", {"get_reason": "true"}))["data"]
    score = (await box.done("GET", "{account}", {"fields": "opportunity_score"}))["opportunity_score"]
    assert float(history[-1]["opportunity_score"]) == score
    moves = {day["date"]: day["changelog"] for day in history if day["changelog"]}
    for before, day in pairwise(history):
        moved = float(day["opportunity_score"]) - float(before["opportunity_score"])
        assert moved == sum(float(change["score_change"]) for change in moves.get(day["date"], ()))
    for campaign in sandbox.world.store.children(box.names["account"], "campaigns"):
        state = campaign.get("advantage_state_info")
        assert (state["advantage_budget_state"] == "ENABLED") is bool(campaign.get("daily_budget"))
