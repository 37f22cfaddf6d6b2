"""What Graph has after a change decides how the call ends: applied, applied in part, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.values.graph_values import same_value
from tests.support.elicitors import Person
from tests.support.scripted_graph import ACCOUNT, CAMPAIGN, ScriptedGraph, account_graph, engine, error_of

UPDATE = "ads_update_campaign"
END = "2027-02-01T09:00:00+0100"
OLD = {"name": "Spring", "status": "ACTIVE", "daily_budget": "5000", "stop_time": END}


def ignoring(*names: str, old: dict[str, Any] | None = None, shown: dict[str, Any] | None = None) -> ScriptedGraph:
    """A Graph that says success but leaves these fields as they are; `shown` is what it makes of the others."""
    graph = account_graph()
    graph.objects[CAMPAIGN].update(OLD if old is None else old)

    def special(request: Request) -> Any:
        if request.method == "GET" or request.path != CAMPAIGN:
            return NotImplemented
        params = {**request.params, **(shown or {})}
        graph.objects[CAMPAIGN].update({name: value for name, value in params.items() if name not in names})
        return {"success": True}

    graph.special = special
    return graph


IGNORED: list[dict[str, Any]] = [
    {"name": "Autumn"},
    {"daily_budget": 2500},
    {"daily_budget": "25.00 USD"},
    {"status": "PAUSED"},
    {"status": "DELETED"},
    {"stop_time": "2027-03-01T09:00:00"},
    {"name": "Autumn", "daily_budget": 2500, "status": "PAUSED"},
    {"name": "Autumn", "status": "ACTIVE"},
    {"spend_cap": 20_000},
]


@pytest.mark.parametrize("fields", IGNORED, ids=str)
async def test_a_change_that_graph_ignores_is_not_applied(fields: dict[str, Any]) -> None:
    graph = ignoring(*fields)
    made = engine(graph)
    answer = await made.call(UPDATE, {"campaign_id": CAMPAIGN, **fields}, asker=Person(True))
    error = error_of(answer)
    assert error["kind"] == "not_applied", answer.text
    changed = {name for name in fields if fields[name] != OLD.get(name)}
    assert error["changes"].keys() == changed
    assert all(change["before"] == change["after"] for change in error["changes"].values())
    assert len(graph.writes) == 1
    entry = made.journal.entry(error["change_id"])
    assert entry is not None
    assert entry.status == "not_applied"
    undo = await made.call("ads_undo_change", {"change_id": error["change_id"]}, asker=Person(True))
    assert undo.structured["error"]["kind"] == "invalid_arguments"


async def test_money_in_the_error_has_its_currency() -> None:
    answer = await engine(ignoring("daily_budget")).call(UPDATE, {"campaign_id": CAMPAIGN, "daily_budget": 2500})
    money = {"minor": 5000, "amount": "50.00", "currency": "USD"}
    assert answer.structured["error"]["changes"] == {"daily_budget": {"before": money, "after": money}}


async def test_a_deletion_that_graph_ignores_is_not_applied() -> None:
    answer = await engine(ignoring("status")).call("ads_delete_campaign", {"campaign_id": CAMPAIGN}, asker=Person(True))
    assert error_of(answer)["kind"] == "not_applied"


async def test_a_change_that_graph_applies_in_part_names_the_rest() -> None:
    graph = ignoring("daily_budget")
    made = engine(graph)
    fields = {"name": "Autumn", "daily_budget": 2500}
    answer = await made.call(UPDATE, {"campaign_id": CAMPAIGN, **fields}, asker=Person(True))
    data = answer.structured["data"]
    assert (data["status"], data["not_applied"]) == ("partial", ["daily_budget"])
    assert data["changes"] == {"name": {"before": "Spring", "after": "Autumn"}}
    assert "daily_budget" in answer.structured["summary"]
    (listed,) = (await made.call("ads_get_changes", {})).structured["data"]
    assert (listed["status"], listed["not_applied"]) == ("partial", ["daily_budget"])
    # Only what was changed is put back, and compared before that.
    graph.objects[CAMPAIGN]["daily_budget"] = "4000"
    graph.special = lambda request: NotImplemented
    await made.call("ads_undo_change", {"change_id": data["change_id"]}, asker=Person(True))
    assert graph.objects[CAMPAIGN]["name"] == "Spring"
    assert graph.objects[CAMPAIGN]["daily_budget"] == "4000"


# Values before, sent and shown afterwards, where Graph shows them in another form or has always had them.
NORMALIZED: list[tuple[str, Any, Any, Any]] = [
    ("name", "Spring", "Autumn ", "Autumn"),
    ("name", "Spring", " Spring ", "Spring"),
    ("daily_budget", "5000", 2500, "2500"),
    ("daily_budget", "5000.00", 5000, "5000.00"),
    ("stop_time", END, "2027-02-01T08:00:00Z", END),
    ("stop_time", END, "2027-02-01T09:00:00", END),
    ("special_ad_categories", ["EMPLOYMENT", "HOUSING"], ["HOUSING", "EMPLOYMENT"], ["EMPLOYMENT", "HOUSING"]),
    ("is_skadnetwork_attribution", False, False, False),
]


@pytest.mark.parametrize(("name", "old", "sent", "shown"), NORMALIZED, ids=str)
async def test_a_value_in_another_form_is_applied(name: str, old: Any, sent: Any, shown: Any) -> None:
    graph = ignoring(old={name: old}, shown={name: shown})
    more = {"special_ad_category_country": ["US"]} if name == "special_ad_categories" else {}
    answer = await engine(graph).call(UPDATE, {"campaign_id": CAMPAIGN, name: sent, **more}, asker=Person(True))
    assert not answer.is_error, answer.text
    assert answer.structured["data"]["status"] == "success", answer.text


async def test_a_value_that_graph_shows_late_is_applied() -> None:
    graph = account_graph()
    stale: list[Request] = []

    def special(request: Request) -> Any:
        if request.method == "GET" and request.path == CAMPAIGN and graph.writes and not stale:
            stale.append(request)
            return {"id": CAMPAIGN, "name": "Spring"}
        return NotImplemented

    graph.special = special
    answer = await engine(graph).call(UPDATE, {"campaign_id": CAMPAIGN, "name": "Autumn"})
    assert (answer.structured["data"]["status"], len(stale)) == ("success", 1)


async def test_a_usual_change_is_read_back_once() -> None:
    graph = account_graph()
    await engine(graph).call(UPDATE, {"campaign_id": CAMPAIGN, "name": "Autumn"})
    after = graph.sent[graph.sent.index(graph.writes[0]) + 1 :]
    assert [request.method for request in after] == ["GET"]


@pytest.mark.parametrize(
    ("graph", "sent", "same"),
    [
        ("007", "7", False),
        ("7", 7, True),
        ("7.0", 7, True),
        (True, 1, False),
        ("false", False, True),
        ("0", None, True),
        ("2027-02-01T09:00:00+0100", 1_801_468_800, True),
        ("2027-02-01T09:00:00+0100", "2027-02-01T09:00:01+0100", False),
        ({"id": "5", "name": "x"}, "5", True),
        ({"a": 1, "b": 2}, {"a": "1"}, True),
        ({"b": 2}, {"a": "1"}, False),
        (["b", "a"], ["a", "b"], True),
        (["a"], ["a", "a"], False),
        ("nan", "NaN", False),
    ],
)
def test_same_values(graph: Any, sent: Any, same: bool) -> None:
    assert same_value(graph, sent) is same


@pytest.mark.parametrize("old", [{}, {"spend_cap": "500000"}, {"spend_cap": "0"}])
async def test_a_removed_cap_that_graph_no_longer_shows_is_applied(old: dict[str, Any]) -> None:
    graph = account_graph()
    graph.objects[ACCOUNT] |= {"amount_spent": "0", **old}

    def special(request: Request) -> Any:
        if request.method == "GET" or request.path != ACCOUNT:
            return NotImplemented
        graph.objects[ACCOUNT].pop("spend_cap", None)
        return {"success": True}

    graph.special = special
    arguments = {"account_id": ACCOUNT, "spend_cap_action": "delete"}
    answer = await engine(graph).call("ads_update_spend_cap", arguments, asker=Person(True))
    assert answer.structured["data"]["status"] == "success", answer.text
