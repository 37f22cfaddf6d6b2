"""Anomalies across accounts, marginal return, and an account on an earlier day: from Graph, and from the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import records
from tests.support.stored_figures import StoreServer, new_store_world

DAY = 86_400


@pytest.fixture
def server(tmp_path: Path) -> StoreServer:
    return StoreServer(tmp_path)


async def test_anomalies_of_the_store_are_those_of_graph(server: StoreServer) -> None:
    accounts = server.accounts[4:6]
    arguments: dict[str, Any] = {"account_ids": accounts, "days": 14, "threshold_pct": 5}
    from_graph = await server.start().data("ads_get_anomalies", **arguments)
    await server.start().data("ads_sync", account_ids=accounts, since="2026-09-01")
    server.sandbox.log.clear()
    stored = await server.start().data("ads_get_anomalies", **arguments)
    assert not server.start().insights
    assert stored["unusual_days"] == from_graph["unusual_days"]
    assert from_graph["unusual_days"]["rows"]
    every = await server.start().data("ads_get_anomalies", days=14, threshold_pct=5)
    assert every["unusual_days"] == stored["unusual_days"]


async def test_a_planted_break_is_among_the_bad_ones(server: StoreServer) -> None:
    data = await server.start().data("ads_get_anomalies", account_ids=server.accounts[:4], days=7)
    rows = records(data["unusual_days"])
    assert rows
    assert [row["good_or_bad"] == "bad" for row in rows] == sorted(
        (row["good_or_bad"] == "bad" for row in rows), reverse=True
    )


async def test_a_marginal_return_says_what_it_is_or_why_there_is_none(server: StoreServer) -> None:
    answer = await server.start().good("ads_get_marginal_return", account_id=server.small[0], days=90)
    data = answer["data"]
    assert "correlation" in data["method"]
    if "elasticity" in data:
        assert data["elasticity"]["low"] <= data["elasticity"]["value"] <= data["elasticity"]["high"]
    else:
        assert "cannot be estimated" in answer["summary"]


@pytest.mark.parametrize("stored", [False, True])
async def test_an_edit_is_a_difference_to_the_day_before(tmp_path: Path, stored: bool) -> None:
    server = StoreServer(tmp_path, new_store_world())
    account = server.accounts[1]
    if stored:
        await server.start().data("ads_sync", account_ids=[account], since="2026-11-24")
    server.clock.passed_s += DAY
    engine = server.start()
    campaign = next(node for node in engine.store.children(account, "campaigns") if node.get("status") == "ACTIVE")
    name = campaign.get("name")
    for change in ({"status": "PAUSED"}, {"name": "Renamed"}):
        answer = await engine.call("ads_update_campaign", {"campaign_id": campaign.id, **change}, Person(True))
        assert not answer.is_error, answer.text
    data = await server.start().data("ads_get_account_on_date", account_id=account, date="2026-11-25")
    found = {
        (row["field"], row["then"], row["now"]) for row in records(data["differences"]) if row["id"] == campaign.id
    }
    assert found == {("status", "ACTIVE", "PAUSED"), ("name", name, "Renamed")}
    assert ("store" in data["source"]) is stored
    assert data["then"]["active_campaigns"] == data["now"]["active_campaigns"] + 1


async def test_a_day_that_is_not_over_is_refused(server: StoreServer) -> None:
    error = await server.start().refused("ads_get_account_on_date", account_id=server.small[0], date="2026-11-25")
    assert error["kind"] == "invalid_arguments"
