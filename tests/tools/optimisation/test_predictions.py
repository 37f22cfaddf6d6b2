"""Reach and frequency: a quote is free, a reservation commits money and is asked for, a cancellation gives it back."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ACCOUNT, account_graph, engine, refused_unsent

PREDICT, READ, UNDO = "ads_create_reach_frequency_prediction", "ads_get_reach_frequency_predictions", "ads_undo_change"
US = {"geo_locations": {"countries": ["US"]}}
QUOTE: dict[str, Any] = {
    "account_id": "1",
    "action": "quote",
    "budget": "5000.00 USD",
    "objective": "REACH",
    "destination_ids": ["641301092411249"],
    "start_time": "2026-12-01T09:00:00+0000",
    "stop_time": "2026-12-15T09:00:00+0000",
    "targeting": US,
    "frequency_cap": 2,
    "frequency_cap_days": 7,
    "idempotency_key": "q1",
}


async def test_a_quote_is_sent_in_metas_units_and_not_asked_for() -> None:
    graph = account_graph()
    graph.answers["POST", f"{ACCOUNT}/reachfrequencypredictions"] = lambda _: {"id": "701"}
    graph.objects["701"] = {"id": "701", "status": 1, "external_budget": 500_000, "external_reach": 100}
    answer = await engine(graph).call(PREDICT, QUOTE)
    assert not answer.is_error, answer.text
    (request,) = graph.writes
    assert (request.path, dict(request.params)) == (
        f"{ACCOUNT}/reachfrequencypredictions",
        {
            "action": "quote",
            "budget": 500_000,
            "prediction_mode": 1,
            "objective": "REACH",
            "destination_ids": ["641301092411249"],
            "start_time": 1_796_115_600,
            "stop_time": 1_797_325_200,
            "target_spec": US,
            "frequency_cap": 2,
            "interval_frequency_cap_reset_period": 168,
        },
    )


async def test_a_quote_that_is_not_ready_is_read_until_it_is() -> None:
    graph = account_graph()
    graph.answers["POST", f"{ACCOUNT}/reachfrequencypredictions"] = lambda _: {"id": "701"}
    states = iter([2, 2, 1])
    graph.answers["GET", "701"] = lambda _: {"id": "701", "status": next(states)}
    answer = await engine(graph).call(PREDICT, QUOTE)
    assert "is ready" in answer.text
    assert "reserve" in answer.structured["data"]["next_step"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"reach": 5}, "not both"),
        ({"budget": None}, "budget or reach"),
        ({"targeting": {"age_min": 20}}, "place"),
        ({"targeting": None}, "targeting"),
        ({"prediction_id": "5"}, "no prediction_id"),
        ({"frequency_cap": None}, "frequency_cap"),
        ({"action": "reserve"}, "prediction_id"),
        ({"action": "cancel", "prediction_id": "5"}, "takes no budget"),
        ({"idempotency_key": None}, "idempotency_key"),
    ],
)
async def test_a_wrong_call_is_refused_unsent(change: dict[str, Any], text: str) -> None:
    arguments = {name: value for name, value in {**QUOTE, **change}.items() if value is not None}
    assert text in (await refused_unsent(PREDICT, **arguments))["message"]


def settle(desk: SandboxEngine, action: str) -> dict[str, Any]:
    return {
        "account_id": desk.account,
        "action": action,
        "prediction_id": desk.ids["prediction"],
        "idempotency_key": action,
    }


async def test_reserving_is_asked_for_with_the_amount_and_undone_by_a_cancellation() -> None:
    desk = build_writer()
    question = await desk.call(PREDICT, settle(desk, "reserve"))
    assert "5,000.00 USD" in question.text
    assert "commits the budget" in question.text
    assert desk.writes == []
    data = await desk.done(PREDICT, **settle(desk, "reserve"))
    sent = dict(desk.writes[-1].params)
    assert sent == {"action": "reserve", "rf_prediction_id": desk.ids["prediction"]}
    assert data["prediction"]["state"] == "ready, reserved"
    await desk.done(UNDO, change_id=data["change_id"])
    assert desk.store.nodes[desk.ids["prediction"]].get("reservation_status") == 2


@pytest.mark.parametrize(
    "policy",
    [
        Policy(deny=frozenset({"edit_budget"})),
        Policy(max_value={"USD": 499_999}),
        Policy(max_amount={"USD": 1000}),
        Policy(max_percentage=10),
    ],
)
async def test_a_reservation_is_held_to_the_policy_and_a_quote_is_not(policy: Policy) -> None:
    desk = build_writer(policy=policy)
    quote = {**QUOTE, "account_id": desk.account, "destination_ids": [desk.ids["page"]]}
    await desk.done(PREDICT, **quote)
    count = len(desk.writes)
    answer = await desk.call(PREDICT, settle(desk, "reserve"), Person(True))
    assert answer.structured["error"]["kind"] == "denied"
    assert len(desk.writes) == count


async def test_only_what_is_reserved_is_canceled() -> None:
    desk = build_writer()
    assert "not reserved" in (await desk.refused(PREDICT, **settle(desk, "cancel")))["message"]
    await desk.done(PREDICT, **settle(desk, "reserve"))
    assert (
        "reserved already"
        in (await desk.refused(PREDICT, **settle(desk, "reserve") | {"idempotency_key": "again"}))["message"]
    )
    await desk.done(PREDICT, **settle(desk, "cancel"))


async def test_a_prediction_is_shown_with_money_and_its_curve(demo: SandboxEngine, account: str) -> None:
    (row,) = await demo.data(READ, account_id=account)
    assert row["external_budget"]["amount"] == "5000.00"
    assert "curve" not in row
    whole = await demo.data(READ, account_id=account, prediction_id=row["id"])
    reach = [point[1] for point in whole["curve"]["rows"]]
    assert reach == sorted(reach)
    assert len(reach) > 5
    assert whole["curve"]["columns"] == ["budget", "reach", "impression"]
