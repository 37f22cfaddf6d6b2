"""Cautions depend on the days of a query, not on the name of a preset."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from meta_ads_mcp.analysis.cautions import date_note, preset_today_note
from meta_ads_mcp.analysis.query.selection import build_request
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.values.dates import parse_day
from meta_ads_mcp.domain.insights_query import InsightsParams

ACCOUNT = Account("act_1", "Shop", "EUR", "Europe/Berlin")
TODAY = date(2026, 10, 14)  # a Wednesday
HOURS = ["hourly_stats_aggregated_by_advertiser_time_zone"]


def days(since: str, until: str) -> dict[str, str]:
    return {"since": f"2026-10-{since}", "until": f"2026-10-{until}"}


def notes(**arguments: Any) -> str:
    query = InsightsParams.model_validate({"object_id": "act_1", **arguments})
    return " ".join(build_request(query, ACCOUNT, TODAY, synchronous=True).notes)


@pytest.mark.parametrize(
    ("arguments", "includes_today"),
    [
        ({}, False),
        ({"date_preset": "today"}, True),
        ({"date_preset": "this_month"}, True),
        ({"date_preset": "this_week_mon_today"}, True),
        ({"date_preset": "maximum"}, True),
        ({"date_preset": "last_7d"}, False),
        ({"date_preset": "last_month"}, False),
        ({"time_range": days("01", "14")}, True),
        ({"time_range": days("01", "31")}, True),
        ({"time_range": days("14", "14")}, True),
        ({"time_range": days("01", "13")}, False),
        ({"time_ranges": [days("01", "07"), days("08", "14")]}, True),
        ({"time_ranges": [days("01", "07"), days("08", "13")]}, False),
    ],
)
def test_range_that_includes_today_says_so_once(arguments: dict[str, Any], *, includes_today: bool) -> None:
    assert notes(**arguments).count("Today is not over in Europe/Berlin") == includes_today


@pytest.mark.parametrize(
    ("arguments", "adds_up"),
    [
        ({"time_range": days("01", "07")}, True),
        ({"date_preset": "last_7d"}, True),
        ({"time_range": days("01", "07"), "time_increment": 1}, False),
        ({"time_range": days("07", "07")}, False),
        ({"date_preset": "yesterday"}, False),
    ],
)
def test_hours_of_several_days_are_said_to_add_up(arguments: dict[str, Any], *, adds_up: bool) -> None:
    assert ("adds up that hour of all days" in notes(breakdowns=HOURS, **arguments)) is adds_up
    assert "that hour" not in notes(**arguments)


STATUS = {"field": "ad.effective_status", "operator": "IN", "value": ["ACTIVE", "ARCHIVED"]}


@pytest.mark.parametrize(
    ("arguments", "noted"),
    [
        ({"level": "ad"}, True),
        ({"level": "adset"}, True),
        ({"level": "campaign"}, True),
        ({"level": "account"}, False),
        ({}, False),
        ({"object_id": "5", "level": "ad"}, False),
        ({"level": "ad", "filtering": [STATUS]}, False),
        ({"level": "ad", "filtering": [{"field": "ad.impressions", "operator": "GREATER_THAN", "value": 0}]}, True),
    ],
)
def test_rows_below_an_account_say_what_they_leave_out(arguments: dict[str, Any], *, noted: bool) -> None:
    assert ("deleted objects" in notes(**arguments)) is noted


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "UTC", "Mars/Crater", ""])
def test_preset_is_judged_also_in_an_unknown_time_zone(zone: str) -> None:
    now = datetime(2026, 10, 14, 22, tzinfo=UTC)
    assert [bool(preset_today_note(preset, zone, now)) for preset in ("today", "this_month", "yesterday")] == [1, 1, 0]


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2026-10-14", True),
        ("2024-02-29", True),
        ("2026-02-29", False),
        ("2026-11-31", False),
        ("2026-10-14T00:00:00+0000", False),
        ("0001-01-01", False),
        ("9999-12-31", False),
        ("", False),
        (None, False),
        (20261014, False),
    ],
)
def test_day_of_graph_is_valid_or_none(text: Any, *, valid: bool) -> None:
    assert (parse_day(text) is not None) is valid
    assert bool(date_note([{"date_start": text}])) is not valid
