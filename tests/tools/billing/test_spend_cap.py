"""The spend cap: read in minor units, written in the currency's own, and never raised without an agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.clock import FakeClock
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, confirmed, engine, error_of

TOOL = "ads_update_spend_cap"


def with_cap(clock: FakeClock, cap: str = "100000", currency: str = "USD") -> ScriptedGraph:
    """An account that takes its cap as Meta does: in the currency's own unit."""
    client = account_graph(clock, currency)
    account = client.objects[ACCOUNT]
    account |= {"spend_cap": cap, "amount_spent": "2000"}

    def written(request: Request) -> Any:
        if request.params.get("spend_cap_action") == "delete":
            account["spend_cap"] = "0"
        if request.params.get("spend_cap_action") == "reset":
            account["amount_spent"] = "0"
        if "spend_cap" in request.params:
            account["spend_cap"] = str(round(request.params["spend_cap"] * (offset(currency) or 1)))
        return {"success": True}

    client.answers["POST", ACCOUNT] = written
    return client


@pytest.mark.parametrize(
    ("currency", "given", "sent", "then"),
    [
        ("USD", 2350, 23.5, {"minor": 2350, "amount": "23.50", "currency": "USD"}),
        ("USD", "23.50 USD", 23.5, {"minor": 2350, "amount": "23.50", "currency": "USD"}),
        ("EUR", 90_000, 900, {"minor": 90_000, "amount": "900.00", "currency": "EUR"}),
        ("JPY", 90_000, 90_000, {"minor": 90_000, "amount": "90000", "currency": "JPY"}),
        ("TWD", "90000 TWD", 90_000, {"minor": 90_000, "amount": "90000", "currency": "TWD"}),
    ],
)
async def test_a_lower_cap_is_sent_in_the_currencys_own_unit_and_read_back(
    clock: FakeClock, currency: str, given: Any, sent: float, then: dict[str, Any]
) -> None:
    client = with_cap(clock, currency=currency)
    answer = await engine(client).call(TOOL, {"account_id": "1", "spend_cap": given})
    assert [dict(request.params) for request in client.writes] == [{"spend_cap": sent}]
    assert client.writes[0].spend_limit_change
    assert answer.structured["data"]["changes"]["spend_cap"]["after"] == then
    assert not [note for note in answer.structured.get("notes", []) if "other values" in note]


async def test_a_cap_that_graph_did_not_take_is_said(clock: FakeClock) -> None:
    client = with_cap(clock)
    client.answers["POST", ACCOUNT] = lambda request: {"success": True}
    answer = await engine(client).call(TOOL, {"account_id": "1", "spend_cap": 5000})
    assert answer.structured["error"]["kind"] == "not_applied"


@pytest.mark.parametrize(
    ("arguments", "sent", "cap"),
    [
        ({"spend_cap": 100_001}, {"spend_cap": 1000.01}, "100001"),
        ({"spend_cap": 0}, {"spend_cap": 0}, "0"),
        ({"spend_cap_action": "delete"}, {"spend_cap_action": "delete"}, "0"),
        ({"spend_cap": 0, "spend_cap_action": "delete"}, {"spend_cap_action": "delete"}, "0"),
        ({"spend_cap_action": "reset"}, {"spend_cap_action": "reset"}, "100000"),
        ({"spend_cap": 9000, "spend_cap_action": "reset"}, {"spend_cap": 90, "spend_cap_action": "reset"}, "9000"),
    ],
)
async def test_a_raise_a_removal_and_a_reset_need_an_agreement(
    clock: FakeClock, arguments: dict[str, Any], sent: dict[str, Any], cap: str
) -> None:
    client = with_cap(clock)
    answer = await confirmed(engine(client), TOOL, {"account_id": "1", **arguments})
    assert answer.structured["data"]["status"] == "success"
    assert [dict(request.params) for request in client.writes] == [sent]
    assert client.writes[0].spend_limit_change
    assert client.objects[ACCOUNT]["spend_cap"] == cap


async def test_from_no_cap_to_one_needs_none(clock: FakeClock) -> None:
    client = with_cap(clock, cap="0")
    answer = await engine(client).call(TOOL, {"account_id": "1", "spend_cap": 500_000})
    assert answer.structured["data"]["status"] == "success"


@pytest.mark.parametrize(
    "arguments", [{}, {"spend_cap": 5, "spend_cap_action": "delete"}, {"spend_cap": "5.00 EUR"}, {"spend_cap": -1}]
)
async def test_what_means_nothing_is_refused(clock: FakeClock, arguments: dict[str, Any]) -> None:
    client = with_cap(clock)
    answer = await engine(client).call(TOOL, {"account_id": "1", **arguments})
    assert error_of(answer)["kind"] == "invalid_arguments"
    assert client.writes == []


async def test_an_unknown_currency_is_not_guessed(clock: FakeClock) -> None:
    client = with_cap(clock, currency="XXX")
    answer = await engine(client).call(TOOL, {"account_id": "1", "spend_cap": 5000})
    assert error_of(answer)["kind"] == "invalid_arguments"
    assert client.writes == []


async def test_a_cap_below_what_is_spent_is_noted(clock: FakeClock) -> None:
    answer = await engine(with_cap(clock)).call(TOOL, {"account_id": "1", "spend_cap": 1500, "dry_run": True})
    assert any("already spent 20.00 USD" in note for note in answer.structured["notes"])


async def test_the_policy_keeps_a_cap(clock: FakeClock) -> None:
    client = with_cap(clock)
    server = engine(client, policy=Policy(max_value={"USD": 10**9}))
    answer = await server.call(TOOL, {"account_id": "1", "spend_cap_action": "delete"})
    assert error_of(answer)["kind"] == "denied"


async def test_an_undone_cap_is_written_in_the_currencys_own_unit(clock: FakeClock, tmp_path: Path) -> None:
    client = with_cap(clock)
    server = engine(client, state_dir=tmp_path)
    changed = await server.call(TOOL, {"account_id": "1", "spend_cap": 50_000})
    undo = {"change_id": changed.structured["data"]["change_id"]}
    pending = await server.call("ads_undo_change", undo)
    assert pending.structured["data"]["status"] == "needs_confirmation"
    done = await server.call("ads_undo_change", {**undo, "confirmation": pending.structured["data"]["confirmation"]})
    assert done.structured["data"]["status"] == "success"
    assert client.writes[-1].params == {"spend_cap": 1000}
    assert client.writes[-1].spend_limit_change
    assert client.objects[ACCOUNT]["spend_cap"] == "100000"
