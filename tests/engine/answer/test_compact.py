"""A row of a list leaves out what goes without saying, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.engine.answer.compact import drop_defaults
from tests.support.sandbox_engine import build_reader

USUAL: dict[str, Any] = {
    "id": "1",
    "name": "Sale",
    "status": "ACTIVE",
    "effective_status": "ACTIVE",
    "configured_status": "ACTIVE",
    "buying_type": "AUCTION",
    "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
    "billing_event": "IMPRESSIONS",
    "is_adset_budget_sharing_enabled": False,
    "daily_budget": {"minor": 5000, "amount": "50.00", "currency": "USD"},
    "budget_remaining": {"minor": 100, "amount": "1.00", "currency": "USD"},
    "created_time": "2026-01-02T03:04:05-0800",
    "start_time": "2026-01-03T00:00:00-0800",
    "updated_time": "2026-02-03T04:05:06-0800",
}
LEFT = ("id", "name", "status", "effective_status", "daily_budget", "start_time")


def test_usual_values_of_a_campaign_are_dropped() -> None:
    (row,) = drop_defaults([USUAL], frozenset())
    assert row == {key: USUAL[key] for key in LEFT} | {"start_time": "2026-01-03T00:00-0800"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("configured_status", "PAUSED"),
        ("effective_status", "WITH_ISSUES"),
        ("buying_type", "RESERVED"),
        ("bid_strategy", "COST_CAP"),
        ("billing_event", "THRUPLAY"),
        ("is_adset_budget_sharing_enabled", True),
    ],
)
def test_unusual_values_are_shown(key: str, value: Any) -> None:
    assert drop_defaults([USUAL | {key: value}], frozenset())[0][key] == value


def test_budget_remaining_of_a_lifetime_budget_is_shown() -> None:
    assert (
        drop_defaults([USUAL | {"lifetime_budget": {"minor": 9}}], frozenset())[0]["budget_remaining"]["minor"] == 100
    )


def test_object_without_start_shows_its_creation_time() -> None:
    unstarted = {key: value for key, value in USUAL.items() if key != "start_time"}
    assert drop_defaults([unstarted], frozenset())[0]["created_time"] == "2026-01-02T03:04-0800"


@given(st.frozensets(st.sampled_from(sorted(USUAL))))
def test_requested_fields_are_shown_in_full(asked: frozenset[str]) -> None:
    (row,) = drop_defaults([USUAL], asked)
    assert {key: row.get(key) for key in asked} == {key: USUAL[key] for key in asked}


@pytest.mark.parametrize(
    "data",
    [
        {"updated_time": "2026-02-03T04:05:06-0800", "effective_status": "ACTIVE"},
        [{"id": "1", "updated_time": "2026-02-03T04:05:06-0800"}],
        {"columns": ["updated_time"], "rows": [["2026-02-03T04:05:06-0800"]]},
    ],
)
def test_single_objects_and_rows_of_another_kind_stay_whole(data: Any) -> None:
    assert drop_defaults(data, frozenset()) == data


async def test_list_is_compact_and_details_are_complete() -> None:
    demo = build_reader()
    account = (await demo.data("ads_get_ad_accounts"))[0]["id"]
    row = (await demo.data("ads_get_campaigns", account_id=account))[0]
    whole = await demo.data("ads_get_campaign_details", campaign_id=row["id"])
    assert "buying_type" not in row
    assert whole["buying_type"] == "AUCTION"
    named = (await demo.data("ads_get_campaigns", account_id=account, fields=["buying_type", "updated_time"]))[0]
    assert named["buying_type"] == "AUCTION"
    assert named["updated_time"].count(":") == 2
