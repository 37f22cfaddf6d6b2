"""Known attacks, each as a test of its class with variants. Attacks on one module are tested with that module."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.sandbox import DEMO_TOKEN, SandboxCall
from meta_ads_mcp.server.catalogue import Catalogue
from tests.safety import allowlist
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.examples import demo_ids, example
from tests.support.ownership import Ownership
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.write_examples import VALID, WRITES

KINDS = {"campaign": "campaign", "ad_set": "ad_set", "ad": "ad"}
LISTS = (None, "ads_get_ad_accounts", "ads_get_changes", "ads_rate_status")
AGREES = Person(True)


async def kind(made: SandboxEngine, tool: str, arguments: dict[str, Any]) -> str:
    """Return the kind of the error of a call that is agreed to, or `success`."""
    answer = await made.call(tool, made.filled(arguments), AGREES)
    return str(answer.structured["error"]["kind"]) if answer.is_error else "success"


def answer_otherwise(made: SandboxEngine, end: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Let Graph answer reads of an edge with a changed body."""

    def respond(call: SandboxCall) -> httpx.Response:
        answer = made.sandbox.graph.answer(call)
        body = json.loads(json.dumps(answer.body))
        change(body)
        return httpx.Response(answer.status, json=body)

    made.sandbox.faults.add(lambda call: call.method == "GET" and call.path[-1:] == (end,), respond=respond, times=99)


# -- ids that come from the journal -----------------------------------------------------------------------------------


@pytest.mark.parametrize("before", LISTS)
@pytest.mark.parametrize("node", ["Campaign", "AdSet", "Ad", "AdRule", "AdAccount"])
async def test_an_undo_in_a_foreign_account_sends_nothing(node: str, before: str | None) -> None:
    made = build_writer(accounts=(f"act_{build_writer().world.account_ids[0]}",))
    judge = Ownership(made.world, (made.account,))
    target = judge.foreign[node][0]
    entry = JournalEntry("c20261125T100000-0123abcd", "", "ads_update_campaign", "update", node, object_id=target)
    entry.before, entry.after = {"name": "Before"}, {"name": made.store.nodes[target].get("name")}
    made.engine.journal.intent(entry)
    made.engine.journal.outcome(entry.change_id, "success", object_id=target)
    if before is not None:
        await made.call(before)
    made.sandbox.log.clear()
    assert await kind(made, "ads_undo_change", {"change_id": entry.change_id, "force": True}) in ("denied", "not_found")
    assert (made.writes, judge.leaks(made.sandbox.log)) == ([], [])


async def test_an_answer_that_names_a_foreign_object_as_the_new_one_does_not_make_it_ours() -> None:
    bench = allowlist.bench()
    made, judge = bench.again(accounts=allowlist.accounts(1)), allowlist.ownership(1)
    foreign = judge.foreign["Campaign"][0]
    made.sandbox.faults.add(lambda call: call.method == "POST", respond=httpx.Response(200, json={"id": foreign}))
    await kind(made, "ads_create_campaign", VALID["ads_create_campaign"])
    await kind(made, "ads_update_campaign", {"campaign_id": foreign, "name": "New"})
    assert judge.leaks(made.sandbox.log) == []


# -- a kind that the caller gives -------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_kind", KINDS)
@pytest.mark.parametrize("says_kind", KINDS)
async def test_a_copy_is_of_the_kind_that_graph_says(says_kind: str, is_kind: str) -> None:
    denied = Policy(frozenset({"create_campaign", "create_ad_set"}))
    made = build_writer(policy=denied)
    answer = await kind(made, "ads_duplicate_entity", {"entity_type": says_kind, "entity_id": f"{{{is_kind}}}"})
    assert (answer == "success") is (says_kind == is_kind == "ad")
    assert bool(made.writes) is (says_kind == is_kind == "ad")


@pytest.mark.parametrize("is_kind", KINDS)
@pytest.mark.parametrize("says_kind", KINDS)
@pytest.mark.parametrize(
    ("tool", "more"),
    [("ads_update_entity", {"updates": {"name": "New"}}), ("ads_activate_entity", {"status": "PAUSED"})],
)
async def test_an_object_of_another_kind_is_not_changed(
    tool: str, more: dict[str, Any], says_kind: str, is_kind: str
) -> None:
    made = build_writer()
    answer = await kind(made, tool, {"entity_type": says_kind, "entity_id": f"{{{is_kind}}}", **more})
    assert (answer == "success") is (says_kind == is_kind)
    assert bool(made.writes) is (says_kind == is_kind)


# Kinds that Graph would take for another one: all of them have comments, a name or a status.
OTHER_KINDS = {
    "campaign": "Campaign",
    "ad_set": "AdSet",
    "creative": "AdCreative",
    "post": "PagePost",
    "comment": "Comment",
    "pixel": "AdsPixel",
    "product_set": "ProductSet",
}
# Graph itself checks what these name within a specification.
CHECKED_BY_GRAPH = {("ads_create_custom_audience", "pixel_id")}
OF_ONE_KIND = [
    (tool, name)
    for tool in WRITES
    for name, node in tool.ids.items()
    if node_kind(node.name).distinct_field and (tool.name, name) not in CHECKED_BY_GRAPH
]


@pytest.mark.parametrize(("tool", "name"), OF_ONE_KIND, ids=lambda value: getattr(value, "name", value))
async def test_an_id_of_another_kind_is_neither_changed_nor_deleted(tool: Tool, name: str) -> None:
    bench = allowlist.bench()
    for other, other_kind in OTHER_KINDS.items():
        if other_kind == tool.ids[name].name:
            continue
        made, given = await bench.ready(tool)
        before = made.store.snapshot()
        value = [made.ids[other]] if isinstance(given.get(name), list) else made.ids[other]
        answer = await made.call(tool.name, given | {name: value}, AGREES)
        assert (answer.is_error, made.changed(before)) == (True, {}), other


@pytest.mark.parametrize("action", ["hide", "reply", "delete"])
@pytest.mark.parametrize("platform", ["facebook", "instagram"])
@pytest.mark.parametrize("other", [*OTHER_KINDS, "page"])
async def test_only_comments_are_moderated(action: str, platform: str, other: str) -> None:
    made = allowlist.bench().again()
    before = made.store.snapshot()
    comment = {"id": made.ids[other], "platform": platform, "page_id": made.ids["page"]}
    text = {"message": "Thank you"} if action == "reply" else {}
    call = {"action": action, "comments": [comment], "dry_run": False, **text}
    answer = await made.call("ads_moderate_comments", call, AGREES)
    is_comment = other == "comment" and platform == "facebook"
    assert (answer.is_error, bool(made.changed(before))) == (not is_comment, is_comment), answer.text


@pytest.mark.parametrize(("list_name", "right"), [("ad_sets", "ad_set"), ("campaigns", "campaign")])
@pytest.mark.parametrize("other", OTHER_KINDS)
async def test_a_study_has_the_kinds_that_graph_says(list_name: str, right: str, other: str) -> None:
    tool = next(item for item in TOOLS if item.name == "ads_create_ad_study")
    made, given = await allowlist.bench().ready(tool)
    before = made.store.snapshot()
    cell = {"name": "B", "treatment_percentage": 50, list_name: [made.ids[other]]}
    ad_set = {"name": "A", "treatment_percentage": 50, "ad_sets": [made.ids["next_ad_set"]]}
    answer = await made.call(tool.name, given | {"cells": [ad_set, cell]}, AGREES)
    assert (answer.is_error, bool(made.changed(before))) == (right != other, right == other), answer.text


# -- rules and the policy ---------------------------------------------------------------------------------------------


def changing(kind: str, **change: Any) -> dict[str, Any]:
    option = {"field": "change_spec", "operator": "EQUAL", "value": change}
    return {"execution_type": kind, "execution_options": [option]}


RISE = changing("CHANGE_CAMPAIGN_BUDGET", amount=500, unit="PERCENTAGE")
LIMITED_RISE = changing("CHANGE_BUDGET", amount=20, unit="PERCENTAGE", limit=50_000)
MAX = Policy(max_value={"USD": 60_000})
RULES: list[tuple[Policy, dict[str, Any], bool]] = [
    (Policy(frozenset({"edit_budget"})), RISE, False),
    (Policy(frozenset({"edit_budget"})), changing("CHANGE_BUDGET", amount=-20, unit="PERCENTAGE"), False),
    (Policy(max_percentage=10), RISE, False),
    (Policy(max_amount={"USD": 1}), RISE, False),
    (MAX, RISE, False),
    (MAX, changing("CHANGE_BUDGET", amount=1, unit="ACCOUNT_CURRENCY", limit=60_001), False),
    (MAX, {"execution_type": "REBALANCE_BUDGET"}, False),
    (MAX, {"execution_type": "UPDATE_LAX_BUDGET"}, False),
    (MAX, LIMITED_RISE, True),
    (MAX, changing("CHANGE_BUDGET", amount=-20, unit="PERCENTAGE"), True),
    (Policy(frozenset({"edit_status"})), {"execution_type": "UNPAUSE"}, False),
    (Policy(frozenset({"edit_status"})), {"execution_type": "ROTATE"}, False),
    (Policy(frozenset({"edit_status"})), {"execution_type": "AD_RECOMMENDATION_APPLY"}, False),
    (Policy(frozenset({"edit_creative"})), {"execution_type": "UPDATE_CREATIVE"}, False),
    (Policy(frozenset({"edit_targeting"})), {"execution_type": "INCREASE_RADIUS"}, False),
    (Policy(frozenset({"edit_status", "edit_budget", "delete"})), {"execution_type": "NOTIFICATION"}, True),
]


@pytest.mark.parametrize(("policy", "spec", "passes"), RULES)
@pytest.mark.parametrize("tool", ["ads_create_ad_rule", "ads_update_ad_rule"])
async def test_a_rule_is_held_to_the_policy(tool: str, policy: Policy, spec: dict[str, Any], passes: bool) -> None:
    made = build_writer(policy=policy)
    rule = VALID["ads_create_ad_rule"] | {"status": "ENABLED"}
    given = rule if tool == "ads_create_ad_rule" else {"rule_id": "{rule}"}
    assert await kind(made, tool, {**given, "execution_spec": spec}) == ("success" if passes else "denied")
    assert bool(made.writes) is passes


# -- earlier amounts in every form ------------------------------------------------------------------------------------

AMOUNTS = ["5000", 5000, 5000.0, "5000.0", "5000.00"]


@pytest.mark.parametrize("old", [*AMOUNTS, "many", "5,000"])
@pytest.mark.parametrize(
    ("tool", "name", "node", "new"),
    [
        ("ads_update_ad_set", "daily_spend_cap", "ad_set", 999_999),
        ("ads_update_ad_set", "lifetime_spend_cap", "ad_set", 0),
        ("ads_update_campaign", "spend_cap", "campaign", 999_999),
        ("ads_update_spend_cap", "spend_cap", "account", "9999.99 USD"),
    ],
)
async def test_a_raised_cap_is_asked_for_and_limited(tool: str, name: str, node: str, new: Any, old: Any) -> None:
    argument = {"ad_set": "ad_set_id", "campaign": "campaign_id", "account": "account_id"}[node]
    for policy, status in ((None, "needs_confirmation"), (MAX, "denied")):
        made = build_writer(policy=policy)
        made.store.patch(made.ids[node], {name: old})
        answer = await made.call(tool, {argument: made.ids[node], name: new})
        data = answer.structured.get("data") or answer.structured["error"]
        assert status in (data.get("status"), data.get("kind")), answer.text
        assert made.writes == []


# -- pages of a list --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [0, 99, 100, 149])
async def test_every_ad_set_of_a_copied_campaign_is_held_to_the_policy(position: int) -> None:
    made = build_writer(policy=Policy(max_value={"USD": 60_000}))
    campaign = made.ids["unbudgeted"]
    template = made.store.children(campaign, "adsets")[0]
    nodes = [
        type(template)(f"12029990000000{index:04d}", "AdSet", dict(template.fields), template.account)
        for index in range(150)
    ]
    for index, node in enumerate(nodes):
        made.store.add(node)
        made.store.patch(node.id, {"id": node.id, "daily_budget": "9999900" if index == position else "1000"})
    made.store.links[campaign, "adsets"] = tuple(node.id for node in nodes)
    made.store.links[campaign, "ads"] = ()  # so few ads that one request copies all
    assert await kind(made, "ads_duplicate_entity", {"entity_type": "campaign", "entity_id": campaign}) == "denied"
    assert made.writes == []


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        ("the number of ads is missing", lambda body: body.pop("summary", None)),
        ("the number of ads is a text", lambda body: body.update(summary={"total_count": "none"})),
    ],
)
async def test_ads_of_a_copy_count_even_if_graph_does_not_count_them(fault: str, change: Any) -> None:
    made = build_writer(policy=Policy(frozenset({"create_ad"})))
    answer_otherwise(made, "ads", change)
    assert await kind(made, "ads_duplicate_entity", {"entity_type": "ad_set", "entity_id": "{ad_set}"}) == "denied"
    assert made.writes == []


async def test_a_list_without_a_way_to_its_next_page_is_not_taken_for_the_whole() -> None:
    made = build_writer(policy=Policy(max_value={"USD": 60_000}))
    answer_otherwise(made, "adsets", lambda body: body.update(paging={"next": "https://graph.example/"}))
    arguments = {"entity_type": "campaign", "entity_id": "{unbudgeted}"}
    assert await kind(made, "ads_duplicate_entity", arguments) == "transient"
    assert made.writes == []


# -- the business -----------------------------------------------------------------------------------------------------

WITH_BUSINESS = [tool for tool in TOOLS if "business_id" in tool.params.model_fields]


@pytest.mark.parametrize("tool", WITH_BUSINESS, ids=lambda tool: tool.name)
async def test_another_business_is_not_asked_about(tool: Tool) -> None:
    made = build_writer(business_id="1111111111111111")
    given = example(tool, demo_ids(made.world)) | {"business_id": "2222222222222222"}
    assert await kind(made, tool.name, given) == "denied"
    assert [entry.path for entry in made.sandbox.log if "2222222222222222" in entry.path] == []


async def test_no_request_is_about_another_business() -> None:
    """Also where no argument names it: some tools find the business of an account."""
    bench = allowlist.bench()
    businesses = {node.id for node in bench.sandbox.world.store.nodes.values() if node.type == "Business"}
    for tool in TOOLS:
        _, given = await bench.ready(tool)
        made = bench.again(business_id="1111111111111111")
        given = {name: value for name, value in given.items() if name != "business_id"}
        await made.call(tool.name, given, AGREES)
        asks = [entry for entry in made.sandbox.log if entry.params.get("fields") != "id,account_id"]
        assert [entry.path for entry in asks if businesses & set(entry.path.split("/"))] == [], tool.name


# -- tools that stand for others --------------------------------------------------------------------------------------


@pytest.mark.parametrize("excluded", ["ads_update_campaign", "campaigns"])
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ads_update_campaign", {"campaign_id": "{campaign}", "name": "New"}),
        ("ads_update_entity", {"entity_type": "campaign", "entity_id": "{campaign}", "updates": {"name": "New"}}),
        (
            "ads_call_write_tool",
            {"name": "ads_update_campaign", "arguments": {"campaign_id": "{campaign}", "name": "New"}},
        ),
        (
            "ads_call_write_tool",
            {
                "name": "ads_update_entity",
                "arguments": {"entity_type": "campaign", "entity_id": "{campaign}", "updates": {"name": "New"}},
            },
        ),
    ],
)
async def test_an_excluded_tool_runs_through_no_other(excluded: str, tool: str, arguments: dict[str, Any]) -> None:
    made = build_writer()
    made.engine.catalogue = Catalogue(TOOLS, listed=("all",), allow_writes=True, exclude=(excluded,))
    assert await kind(made, tool, arguments) != "success"
    assert made.writes == []


# -- our own secrets --------------------------------------------------------------------------------------------------


ENCODED = "".join(f"%{ord(character):02X}" for character in DEMO_TOKEN)


@pytest.mark.parametrize(
    "text",
    [
        *(DEMO_TOKEN, f"Call {DEMO_TOKEN}!", f"https://shop.example/?t={DEMO_TOKEN}"),
        *(f"a={ENCODED}", ENCODED.replace("%", "%25"), f'"\\u{ord(DEMO_TOKEN[0]):04x}{DEMO_TOKEN[1:]}"'),
    ],
)
@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ("ads_update_campaign", "name"),
        ("ads_create_campaign", "name"),
        ("ads_update_ad_link", "url_tags"),
        ("ads_create_ad_creative", "message"),
        ("ads_update_ad_creative", "name"),
        ("ads_create_ad_rule", "name"),
    ],
)
async def test_a_secret_of_this_server_is_not_sent_as_text(tool: str, name: str, text: str) -> None:
    made = build_writer()
    assert await kind(made, tool, {**VALID[tool], name: text}) in ("denied", "invalid_arguments")
    assert made.writes == []
    assert not [entry for entry in made.sandbox.log if DEMO_TOKEN in str(dict(entry.params))]


def files_with_token(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and DEMO_TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize("old", [DEMO_TOKEN, f"Sale {DEMO_TOKEN}", {"deep": [{DEMO_TOKEN: 1}]}])
@pytest.mark.parametrize(("asker", "dry_run"), [(AGREES, False), (None, True)])
async def test_an_earlier_value_with_a_secret_is_not_recorded(
    old: Any, asker: Person | None, dry_run: bool, tmp_path: Path
) -> None:
    """Graph's client takes the secret out of what Graph answers, so the value could not be put back."""
    made = build_writer(state_dir=tmp_path)
    made.store.patch(made.ids["campaign"], {"name": old})
    answer = await made.call(
        "ads_update_campaign", {"campaign_id": made.ids["campaign"], "name": "New", "dry_run": dry_run}, asker
    )
    assert (answer.structured["error"]["kind"], made.writes) == ("denied", [])
    assert "name of" in answer.text
    assert files_with_token(tmp_path) == []


async def test_a_secret_in_an_argument_that_is_not_sent_is_not_recorded(tmp_path: Path) -> None:
    made = build_writer(state_dir=tmp_path)
    given = VALID["ads_create_campaign"] | {"idempotency_key": DEMO_TOKEN}
    assert await kind(made, "ads_create_campaign", given) == "denied"
    rules = {"contains_any": [DEMO_TOKEN, "a"], "since": "2020-01-01"}
    await kind(
        made, "ads_moderate_comments", {"action": "hide", "account_id": made.account, "rules": rules, "dry_run": False}
    )
    assert made.writes == []
    assert files_with_token(tmp_path) == []
