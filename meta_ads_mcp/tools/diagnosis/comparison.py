"""Compare an object's figures in a window with those in the window before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from meta_ads_mcp.analysis.anomalies import HISTORY_DAYS, Limits, Windows
from meta_ads_mcp.analysis.numbers import Number, change_pct
from meta_ads_mcp.analysis.series import BASE, Figures
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import preset_range, time_range
from meta_ads_mcp.errors import InvalidArguments

# Thresholds are this server's judgment; Meta publishes none.
LIMITS = Limits(threshold_pct=20, min_impressions=500)
METRICS = ("spend", "impressions", "clicks", "ctr", "cpc", "cpm", "results", "cost_per_result", "purchase_roas")
# The metrics that are comparable while the day is not over.
RATES = tuple(name for name in METRICS if name in BASE)


@dataclass(frozen=True)
class Comparison:
    """An object's figures in both windows. Money is in major units of the account's currency.

    `partial` says that the recent window is a day that is not over.
    """

    windows: Windows
    now: Figures
    before: Figures
    event: str | None = None
    partial: bool = False
    metrics: tuple[str, ...] = field(default=METRICS)

    def change(self, name: str) -> Number | None:
        """Return the change of a metric in percent."""
        return change_pct(self.now.metric(name), self.before.metric(name))

    def evidence(self, *names: str) -> Row:
        """Return both values and the change of each metric that has a value."""
        return {
            name: {"now": self.now.display(name), "before": self.before.display(name), "change_pct": self.change(name)}
            for name in names
            if self.now.metric(name) is not None or self.before.metric(name) is not None
        }


def windows_of(preset: str, today: date) -> tuple[Windows, bool]:
    """Return the window of a preset, the one before and the history, and whether the window is today.

    `today` is the date in the account's time zone. It is left out of longer windows, because it is not over.
    Raises InvalidArguments if the preset has no earlier period.
    """
    days = preset_range(preset, today)
    if days is None:
        raise InvalidArguments(
            f"date_preset '{preset}' has no earlier period to compare with.",
            "Give a shorter date_preset such as last_30d.",
        )
    yesterday = today - timedelta(days=1)
    last = min(days.last, yesterday) if days.first <= yesterday else days.last
    recent = time_range(days.first, last)
    previous = time_range(recent.first - timedelta(days=recent.days), recent.first - timedelta(days=1))
    history = time_range(recent.first - timedelta(days=HISTORY_DAYS), recent.first - timedelta(days=1))
    return Windows(recent, previous, history), last >= today
