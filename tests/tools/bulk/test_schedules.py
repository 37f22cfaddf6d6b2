"""Budget schedules: listed in the account's terms, deleted after a question."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer

PERIOD = {"time_start": "2027-01-04T00:00:00", "time_end": "2027-01-06T00:00:00"}


async def scheduled(made: SandboxEngine, **value: Any) -> str:
    schedule: str = (
        await made.done("ads_create_budget_schedule", campaign_id=made.ids["campaign"], **PERIOD, **value)
    )["id"]
    return schedule


async def test_schedules_are_listed_in_the_terms_of_the_account() -> None:
    made = build_writer()
    daily = int(made.store.nodes[made.ids["campaign"]].get("daily_budget"))
    schedule = await scheduled(made, budget_value=2500, budget_value_type="ABSOLUTE")
    rows = await made.data("ads_get_budget_schedules", campaign_id=made.ids["campaign"])
    row = next(row for row in rows if row["id"] == schedule)
    assert (row["state"], row["time_start"]) == ("planned", "2027-01-04T00:00:00-05:00")
    assert row["increase"] == {"minor": 2500, "amount": "25.00", "currency": "USD"}
    assert row["daily_budget_meanwhile"]["minor"] == daily + 2500


async def test_a_multiplier_is_not_shown_as_money() -> None:
    made = build_writer()
    schedule = await scheduled(made, budget_value=150, budget_value_type="MULTIPLIER")
    rows = await made.data("ads_get_budget_schedules", campaign_id=made.ids["campaign"])
    row = next(row for row in rows if row["id"] == schedule)
    assert row["multiplier"] == 150
    assert {"increase", "daily_budget_meanwhile"}.isdisjoint(row)


@pytest.mark.parametrize(("days", "state"), [(39, "planned"), (41, "running"), (60, "over")])
async def test_the_state_follows_the_clock(days: int, state: str) -> None:
    made = build_writer()
    schedule = await scheduled(made, budget_value=2500, budget_value_type="ABSOLUTE")
    made.clock.passed_s += days * 86_400
    rows = await made.data("ads_get_budget_schedules", campaign_id=made.ids["campaign"])
    assert next(row for row in rows if row["id"] == schedule)["state"] == state


@pytest.mark.parametrize("accounts", [(), ("own",)])
async def test_a_schedule_is_deleted_after_a_question_that_shows_it(accounts: tuple[str, ...]) -> None:
    made = build_writer()
    schedule = await scheduled(made, budget_value=2500, budget_value_type="ABSOLUTE")
    limited = build_writer(made.sandbox, accounts=tuple(made.account for _ in accounts))
    user = Person(True)
    answer = await limited.call("ads_delete_budget_schedule", {"schedule_id": schedule}, user)
    assert not answer.is_error, answer.text
    assert "+25.00 USD a day, 2027-01-04T00:00:00-05:00 to 2027-01-06T00:00:00-05:00" in user.asked[0]
    assert schedule not in made.store.nodes


async def test_a_schedule_of_a_foreign_account_is_not_touched() -> None:
    made = build_writer()
    schedule = await scheduled(made, budget_value=2500, budget_value_type="ABSOLUTE")
    foreign = build_writer(made.sandbox, accounts=(made.ids["other"],))
    error = await foreign.refused("ads_delete_budget_schedule", schedule_id=schedule)
    assert error["kind"] == "denied"
    assert schedule in made.store.nodes


async def test_another_object_is_not_taken_for_a_schedule() -> None:
    made = build_writer()
    error = await made.refused("ads_delete_budget_schedule", schedule_id=made.ids["campaign"])
    assert error["kind"] in ("invalid_arguments", "not_found")
    assert made.writes == []


async def test_the_deletion_of_a_coming_schedule_is_taken_back_by_a_new_one() -> None:
    made = build_writer()
    schedule = await scheduled(made, budget_value=2500, budget_value_type="ABSOLUTE")
    values = dict(made.store.nodes[schedule].fields)
    deleted = await made.done("ads_delete_budget_schedule", schedule_id=schedule)
    user = Person(True)
    answer = await made.call("ads_undo_change", {"change_id": deleted["change_id"]}, user)
    assert not answer.is_error, answer.text
    assert "25.00 USD" in user.asked[0]
    rows = made.store.children(made.ids["campaign"], "budget_schedules")
    again = next(row for row in rows if row.get("budget_value") == 2500)
    assert {name: again.get(name) for name in ("time_start", "time_end", "budget_value_type")} == {
        name: values[name] for name in ("time_start", "time_end", "budget_value_type")
    }


async def test_the_deletion_of_a_schedule_that_is_over_stays() -> None:
    made = build_writer()
    schedule = await scheduled(made, budget_value=2500, budget_value_type="ABSOLUTE")
    made.clock.passed_s += 60 * 86_400
    deleted = await made.done("ads_delete_budget_schedule", schedule_id=schedule)
    error = await made.refused("ads_undo_change", change_id=deleted["change_id"])
    assert "cannot be undone" in error["message"]
