"""The activity log: its requests, its old words and amounts, and this server's own changes in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.tools.activity.event_types import FIELDS_OF_EVENT, MONEY_EVENTS
from meta_ads_mcp.tools.activity.events import FIELDS, read_event
from tests.support import sdk
from tests.support.clock import FakeClock
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, engine, refused_unsent, rows

TOOL = "ads_account_get_activity_logs"
NOW = 1_796_040_000
WEEK = 7 * 86_400
USD = Account("act_1", "Shop", "USD", "America/New_York")
JPY = Account("act_2", "Onsen", "JPY", "Asia/Tokyo")
DEFAULTS = {"since": NOW - WEEK, "until": NOW, "limit": 100, "fields": ",".join(FIELDS)}


def entry(extra: Any = None, **fields: Any) -> dict[str, Any]:
    """A row of Graph's log."""
    return {
        "actor_id": "77",
        "actor_name": "Mara",
        "application_id": "11",
        "application_name": "Power Editor",
        "event_time": "2026-11-30T11:00:00+0000",
        "event_type": "update_ad_set_budget",
        "extra_data": json.dumps(extra or {"old_value": 5000, "new_value": 6000, "currency": "USD"}),
        "object_id": "21",
        "object_name": "Set",
        "object_type": "CAMPAIGN",
        "translated_event_type": "Ad set budget updated",
        **fields,
    }


def graph_with(*entries: dict[str, Any]) -> ScriptedGraph:
    page = rows(*entries)
    return ScriptedGraph({"act_1/activities": page, "21/activities": page}, clock=FakeClock(NOW))


REQUESTS: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"account_id": "1"}, "act_1/activities", {}),
    (
        {"account_id": "1", "object_id": "11", "category": "BUDGET"},
        "act_1/activities",
        {"oid": "11", "add_children": True, "category": "BUDGET"},
    ),
    (
        {"account_id": "act_1", "object_id": "11", "object_ids": ["12"], "include_descendants": False},
        "act_1/activities",
        {"oid": "11", "extra_oids": ["12"]},
    ),
    ({"ad_set_id": "21", "actor_id": "77"}, "21/activities", {"uid": "77"}),
    ({"account_id": "1", "until": "2026-11-29"}, "act_1/activities", {"since": 1_795_388_399, "until": 1_795_993_199}),
    ({"account_id": "1", "since": "2026-11-29", "limit": 7}, "act_1/activities", {"since": 1_795_906_800, "limit": 7}),
    ({"account_id": "1", "fields": ["tool"]}, "act_1/activities", {
        "fields": "event_time,event_type,object_id,object_type,extra_data,tool",
    }),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "path", "params"), REQUESTS)
async def test_the_request_has_the_period_and_what_graph_filters(
    arguments: dict[str, Any], path: str, params: dict[str, Any]
) -> None:
    graph = graph_with(entry())
    answer = await engine(graph).call(TOOL, arguments)
    assert not answer.is_error, answer.text
    request = next(request for request in graph.sent if request.path.endswith("/activities"))
    assert (request.path, dict(request.params)) == (path, {**DEFAULTS, **params})


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "account_id"),
    ({"account_id": "1", "ad_set_id": "21"}, "only one"),
    ({"ad_set_id": "21", "object_id": "11"}, "account_id"),
    ({"account_id": "1", "category": "money"}, "category"),
    ({"account_id": "1", "limit": 1001}, "limit"),
]


@pytest.mark.parametrize(("arguments", "text"), REFUSED)
async def test_what_cannot_be_asked_is_refused_unsent(arguments: dict[str, Any], text: str) -> None:
    assert text in (await refused_unsent(TOOL, **arguments))["message"]


@pytest.mark.parametrize("period", [{"since": "2026-12-05"}, {"since": "2026-11-20", "until": "2026-11-10"}])
async def test_an_empty_period_is_refused(period: dict[str, str]) -> None:
    graph = graph_with()
    answer = await engine(graph).call(TOOL, {"account_id": "1", **period})
    assert answer.structured["error"]["kind"] == "invalid_arguments"
    assert not any(request.path.endswith("/activities") for request in graph.sent)


AMOUNT = {"minor": 5000, "amount": "50.00", "currency": "USD"}
YEN = {"minor": 5000, "amount": "5000", "currency": "JPY"}
NESTED = {
    "type": "payment_amount",
    "old_value": {"old_value": 5000, "currency": "USD"},
    "new_value": {"new_value": 6000},
}
OLD_WORDS = '{"campaign_group_id": 1, "adgroups": [2], "level": "CAMPAIGN"}'
VALUES: list[tuple[Account, Any, str, Any, Any]] = [
    (USD, {"old_value": 5000, "new_value": 6000, "currency": "USD"}, "update_ad_set_budget", AMOUNT, "60.00"),
    (USD, {"old_value": "5000", "new_value": "6000"}, "update_campaign_budget", AMOUNT, "60.00"),
    (JPY, {"old_value": 5000, "new_value": 6000}, "update_ad_set_budget", YEN, "6000"),
    (USD, NESTED,
     "unknown", AMOUNT, "60.00"),
    (USD, {"old_value": "Active", "new_value": "Inactive"}, "update_ad_run_status", "Active", "Inactive"),
    (USD, [{"old_value": 1, "new_value": 2}], "update_ad_bid_type", 1, 2),
    (USD, [{"old_value": 1, "new_value": 2}, {"old_value": 3, "new_value": 4}], "unknown", [1, 3], [2, 4]),
    (USD, {"old_value": [{"content": "Age:", "children": ["18 - 24"]}], "new_value": []}, "update_ad_set_target_spec",
     ["Age: 18 - 24"], []),
]  # fmt: skip


@pytest.mark.parametrize(("account", "extra", "event_type", "before", "after"), VALUES)
def test_values_before_and_after_are_read_from_every_form(
    account: Account, extra: Any, event_type: str, before: Any, after: Any
) -> None:
    event = read_event(entry(extra, event_type=event_type), account)
    assert event.values.before == before
    values = event.values.after
    assert (values["amount"] if isinstance(values, dict) else values) == after
    assert event.object_kind == "ad_set"


@pytest.mark.parametrize(
    ("extra", "details"),
    [
        (OLD_WORDS, {"campaign_id": 1, "ads": [2], "level": "ad_set"}),
        ("[1, {}]", [1, {}]),
        ("{broken", "{broken"),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_anything_else_is_shown_as_details_in_todays_words(extra: Any, details: Any) -> None:
    assert read_event(entry() | {"extra_data": extra}, USD).values.details == details


KINDS = [("CAMPAIGN_GROUP", "campaign"), ("CAMPAIGN", "ad_set"), ("ADGROUP", "ad"), ("ACCOUNT", "account"), ("X", "x")]


@pytest.mark.parametrize(("object_type", "kind"), KINDS)
def test_an_object_has_todays_kind(object_type: str, kind: str) -> None:
    assert read_event(entry(object_type=object_type), USD).object_kind == kind


ACTORS = [
    ({}, "person"),
    ({"actor_name": ""}, "app"),
    ({"actor_name": "", "application_id": ""}, "meta"),
    ({"actor_id": "0", "actor_name": "Meta", "application_id": "0"}, "meta"),
]


@pytest.mark.parametrize(("fields", "kind"), ACTORS)
async def test_actors_are_told_apart_and_filtered_here(fields: dict[str, str], kind: str) -> None:
    server = engine(graph_with(entry(**fields)))
    for wanted in ("person", "app", "meta"):
        answer = await server.call(TOOL, {"account_id": "1", "actor_kind": wanted})
        events = answer.structured["data"]["events"]
        assert [event["actor"]["kind"] for event in events] == ([kind] if wanted == kind else [])


async def test_event_types_are_filtered_here_and_counted() -> None:
    graph = graph_with(entry(), entry(event_type="update_ad_set_name"), entry(event_type="some_new_type"))
    answer = (await engine(graph).call(TOOL, {"account_id": "1"})).structured["data"]
    assert answer["counts"] == {"update_ad_set_budget": 1, "update_ad_set_name": 1, "some_new_type": 1}
    chosen = await engine(graph).call(TOOL, {"account_id": "1", "event_types": ["update_ad_set_name"]})
    assert [event["event_type"] for event in chosen.structured["data"]["events"]] == ["update_ad_set_name"]
    assert "1 of 3 read" in chosen.structured["summary"]


async def test_times_are_in_the_zone_of_the_account_and_in_utc() -> None:
    answer = await engine(graph_with(entry())).call(TOOL, {"account_id": "1"})
    event = answer.structured["data"]["events"][0]
    assert (event["time"], event["time_utc"]) == ("2026-11-30T12:00:00+01:00", "2026-11-30T11:00:00Z")


def test_tables_name_types_of_the_sdk() -> None:
    assert MONEY_EVENTS | FIELDS_OF_EVENT.keys() <= set(sdk.enum("AdActivity.EventType"))


@pytest.fixture
def demo() -> SandboxEngine:
    return build_writer()


OWN: list[tuple[str, dict[str, Any]]] = [
    ("ads_update_budget", {"entity_type": "ad_set", "entity_id": "{ad_set}", "daily_budget": 7700}),
    ("ads_pause_campaign", {"campaign_id": "{campaign}"}),
    ("ads_update_ad_set", {"ad_set_id": "{ad_set}", "name": "Renamed"}),
]


@pytest.mark.parametrize(("tool", "arguments"), OWN)
async def test_an_own_change_names_its_change_id_and_can_be_left_out(
    demo: SandboxEngine, tool: str, arguments: dict[str, Any]
) -> None:
    done = await demo.done(tool, **demo.filled(arguments))
    everything = await demo.data(TOOL, account_id=demo.account, limit=1000)
    own = [event for event in everything["events"] if "change_id" in event]
    assert [event["change_id"] for event in own] == [done["change_id"]]
    assert "own_changes_left_out" not in everything
    others = await demo.data(TOOL, account_id=demo.account, exclude_own=True)
    assert others["own_changes_left_out"] == 1
    assert len(others["events"]) == len(everything["events"]) - 1


async def test_an_edit_of_somebody_else_is_not_an_own_change(demo: SandboxEngine) -> None:
    """The same object at the same time, with another value or of another field."""
    ad_set = demo.ids["ad_set"]
    await demo.done("ads_update_ad_set", ad_set_id=ad_set, name="Renamed")
    await demo.engine.client.send(Request("POST", ad_set, {"name": "By somebody else"}))
    events = (await demo.data(TOOL, account_id=demo.account, object_id=ad_set))["events"]
    names = {event["after"]: "change_id" in event for event in events if event["event_type"] == "update_ad_set_name"}
    assert names == {"Renamed": True, "By somebody else": False}


async def test_pages_join_to_the_whole_log(demo: SandboxEngine) -> None:
    period = {"account_id": demo.account, "since": "2026-09-01"}
    whole = (await demo.data(TOOL, **period, limit=1000))["events"]
    parts: list[Any] = []
    after: dict[str, str] = {}
    while True:
        answer = await demo.good(TOOL, **period, limit=9, **after)
        parts += answer["data"]["events"]
        if not answer["page"]["has_more"]:
            break
        after = {"after": answer["page"]["after"]}
    assert parts == whole
    assert len((await demo.data(TOOL, **period, limit=9, max_items=20))["events"]) == min(20, len(whole))
