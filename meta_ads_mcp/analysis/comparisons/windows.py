"""Choose the earlier window with which a window is compared."""

from __future__ import annotations

import json
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, WithJsonSchema

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.values.dates import (
    TimeRange,
    months_before,
    preset_range,
    require_within_lookback,
    time_range,
)
from meta_ads_mcp.errors import InvalidArguments

Earlier = Literal["previous_period", "same_days_last_week", "same_days_last_month", "same_days_last_year"]
_ALIASES = {
    "previous": "previous_period",
    "prior_period": "previous_period",
    "period_before": "previous_period",
    "week": "same_days_last_week",
    "last_week": "same_days_last_week",
    "month": "same_days_last_month",
    "last_month": "same_days_last_month",
    "year": "same_days_last_year",
    "last_year": "same_days_last_year",
    "previous_year": "same_days_last_year",
}
_RANGE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?: to |\.\.|/| )([0-9]{4}-[0-9]{2}-[0-9]{2})")
_MONTHS = {"same_days_last_month": 1, "same_days_last_year": 12}


def _read(value: Any) -> Any:
    """Accept short names, a range as text (`2026-09-01 to 2026-09-30`), and an object as JSON text."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return value
    if match := _RANGE.fullmatch(text):
        return {"since": match[1], "until": match[2]}
    name = _ALIASES.get(text.lower(), text)
    if name not in get_args(Earlier):
        raise ValueError(f"compare_to is {', '.join(get_args(Earlier))}, or days such as 2026-09-01 to 2026-09-30")
    return name


_DESCRIPTION = "previous_period, same_days_last_week/_month/_year, or 2026-09-01 to 2026-09-30"
# Days are accepted as an object with since and until, too. The schema is one text, which every client can write.
CompareTo = Annotated[
    Earlier | TimeRange,
    BeforeValidator(_read),
    Local(),
    WithJsonSchema({"type": "string", "description": _DESCRIPTION}),
]


@dataclass(frozen=True)
class WindowPair:
    """A window and the earlier window with which it is compared. Both are days of the account's time zone."""

    now: TimeRange
    before: TimeRange

    @property
    def same_length(self) -> bool:
        """Return whether both windows have the same number of days."""
        return self.now.days == self.before.days

    @property
    def ranges(self) -> list[dict[str, str]]:
        """Return both windows as Graph's `time_ranges`, the earlier one first."""
        return [self.before.model_dump(), self.now.model_dump()]

    def is_now(self, since: object, until: object) -> bool:
        """Return whether a row with these days belongs to the later window."""
        if self.now.since != self.before.since:
            return since == self.now.since
        return until == self.now.until

    def text(self) -> str:
        """Describe both windows."""
        return f"{self.now.since} to {self.now.until} compared with {self.before.since} to {self.before.until}"

    def notes(self) -> list[str]:
        """Explain windows of different lengths, and windows that share days."""
        uneven = (
            f"The windows have {self.now.days} and {self.before.days} days: compare the figures per day; change and "
            "change_pct are those of the sums."
        )
        return [*([] if self.same_length else [uneven]), *self.overlap_notes()]

    def overlap_notes(self) -> list[str]:
        """Explain windows that share days."""
        overlap = (min(self.now.last, self.before.last) - max(self.now.first, self.before.first)).days + 1
        return [f"The windows share {overlap} days, so changes look smaller than they are."] if overlap > 0 else []


def window_pair(window: TimeRange | None, compare_to: Earlier | TimeRange, today: date) -> WindowPair:
    """Return the window and the earlier one. `today` is the date in the account's time zone.

    Raises InvalidArguments if the window is open-ended (None), equals the other, or lies before Meta's figures.
    """
    if window is None:
        raise InvalidArguments(
            "A period without a first day has no earlier period to compare with.",
            "Give time_range, or a date_preset such as last_30d or last_month.",
        )
    before = compare_to if isinstance(compare_to, TimeRange) else earlier_window(window, compare_to)
    if before == window:
        raise InvalidArguments(
            "compare_to has the same days as the period itself.", "Give other days, or compare_to=previous_period."
        )
    if before.first > today:
        raise InvalidArguments(
            f"compare_to starts on {before.since}, which is in the future.", "Give earlier days, or previous_period."
        )
    require_within_lookback(before, today)
    return WindowPair(window, before)


def pair_of_period(preset: str, days: TimeRange | None, compare_to: Earlier | TimeRange, today: date) -> WindowPair:
    """Return the pair of a preset, or of explicit days where there are any. Raises InvalidArguments."""
    if days is not None:
        require_within_lookback(days, today)
    return window_pair(days or preset_range(preset, today), compare_to, today)


def earlier_window(window: TimeRange, name: Earlier) -> TimeRange:
    """Return the earlier window of a name.

    The period before whole calendar months is as many whole months; before any other days it is as many days. The same
    days of an earlier month end with that month where it is shorter, and whole months stay whole.
    """
    if name == "same_days_last_week":
        week = timedelta(days=7)
        return time_range(window.first - week, window.last - week)
    whole = _whole_months(window)
    if name == "previous_period" and not whole:
        return time_range(window.first - timedelta(days=window.days), window.first - timedelta(days=1))
    months = _MONTHS.get(name, whole)
    first, last = months_before(window.first, months), months_before(window.last, months)
    return time_range(first, _month_end(last) if whole else last)


def _whole_months(window: TimeRange) -> int:
    """Return how many calendar months the window covers, or 0 if it does not start and end with a month."""
    if window.first.day != 1 or window.last != _month_end(window.last):
        return 0
    return (window.last.year - window.first.year) * 12 + window.last.month - window.first.month + 1


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
