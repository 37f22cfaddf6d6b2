"""Caution about figures that are true but easy to misread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from meta_ads_mcp.core.ports import find_zone
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import TimeRange, parse_day, preset_range


def today_note(days: TimeRange | None, timezone_name: str, today: date) -> list[str]:
    """Return a note if the days include today. `days` is None for an open-ended period, which does.

    `today` is the date in that time zone, which is the account's.
    """
    if days is not None and not days.first <= today <= days.last:
        return []
    return [f"Today is not over in {timezone_name}: its figures will still grow."]


def preset_today_note(preset: str, timezone_name: str, now: datetime) -> list[str]:
    """Return the same note for a preset. An unknown time zone is treated as UTC. `now` has a time zone."""
    today = now.astimezone(find_zone(timezone_name) or UTC).date()
    return today_note(preset_range(preset, today), timezone_name, today)


def date_note(rows: Sequence[Row]) -> list[str]:
    """Return a note if rows were left out because Graph gave no valid `date_start`."""
    count = sum(parse_day(row.get("date_start")) is None for row in rows)
    return [f"{count} of {len(rows)} rows have no valid date_start and were left out."] if count else []
