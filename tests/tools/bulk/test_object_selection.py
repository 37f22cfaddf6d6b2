"""Which objects a selection means, and how far a raise of many budgets goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, engine

SETS = {"201": ("Broad", "Prospecting US", "15000"), "202": ("Buyers", "Retargeting", "5000")}
SETS |= {"203": ("Narrow", "Prospecting DE", "18000"), "204": ("Narrow keep", "Prospecting DE", "30000")}


def graph() -> ScriptedGraph:
    client = account_graph()
    for object_id, (name, campaign, budget) in SETS.items():
        client.objects[object_id] = {
            "id": object_id,
            "name": name,
            "account_id": "1",
            "optimization_goal": "REACH",
            "campaign_id": "101",
            "campaign{name}": {"name": campaign},
            "campaign": {"id": "101", "name": campaign},
            "status": "ACTIVE",
            "daily_budget": budget,
            "adlabels": [{"id": "9", "name": "keep"}] if "keep" in name else [],
        }
    client.edges[f"{ACCOUNT}/adsets"] = list(SETS)
    return client


async def carry_out(client: ScriptedGraph, select: dict[str, Any], **values: Any) -> dict[str, Any]:
    call = {"account_id": ACCOUNT, "select": {"level": "ad_set", **select}, "set": values, "idempotency_key": "k"}
    answer = await engine(client).call("ads_bulk_update", call, asker=Person(True))
    data: dict[str, Any] = answer.structured.get("data") or answer.structured["error"]
    return data


@pytest.mark.parametrize(
    ("select", "ids"),
    [
        ({"campaign_name_contains": "prospecting"}, ["201", "203", "204"]),
        ({"campaign_name_contains": "PROSPECTING", "not_label_names": ["keep"]}, ["201", "203"]),
        ({"name_contains": "narrow", "not_name_contains": "Keep"}, ["203"]),
        ({"not_label_names": ["keep"]}, ["201", "202", "203"]),
    ],
)
async def test_all_conditions_of_a_selection_hold(select: dict[str, Any], ids: list[str]) -> None:
    data = await carry_out(graph(), select, status="PAUSED")
    assert [row[0] for row in data["items"]["rows"]] == ids


async def test_no_budget_is_raised_above_the_maximum() -> None:
    client = graph()
    select = {"campaign_name_contains": "Prospecting"}
    data = await carry_out(client, select, budget_change_percent=15, budget_max="200.00 USD")
    budgets = {key: client.objects[key]["daily_budget"] for key in SETS}
    assert budgets == {"201": "17250", "202": "5000", "203": "20000", "204": "30000"}
    (row,) = data["refused"]
    assert (row["id"], row["reason"]) == ("204", "It has 300.00 USD already, and budget_max is 200.00 USD")


async def test_a_cut_is_not_held_back_by_the_maximum() -> None:
    client = graph()
    await carry_out(client, {"ids": ["204"]}, budget_change_percent=-10, budget_max="200.00 USD")
    assert client.objects["204"]["daily_budget"] == "27000"


async def test_a_maximum_goes_with_a_percentage() -> None:
    assert "budget_max goes with" in str(await carry_out(graph(), {"ids": ["201"]}, budget_max=100))


async def test_the_answer_has_the_new_names() -> None:
    data = await carry_out(graph(), {"ids": ["201"]}, name="Wide")
    assert data["items"]["rows"][0][1] == "Wide"
