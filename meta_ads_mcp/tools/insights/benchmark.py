"""Compare an object's ctr, cpc and cpm with a baseline: the caller's, or the history of the account and the object.

Graph has no figures of industries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from meta_ads_mcp.analysis.numbers import Number, change_pct, round_number
from meta_ads_mcp.analysis.series import Figures, good_or_bad
from meta_ads_mcp.core.result import Table
from meta_ads_mcp.core.values.dates import TimeRange, time_range

METRICS = ("ctr", "cpc", "cpm")
HISTORY_DAYS = 90
# Rates with smaller denominators are treated as random.
MIN_IMPRESSIONS, MIN_CLICKS = 1000, 20
IN_LINE_UNDER_PCT = 10
COLUMNS = ["metric", "observed", "baseline", "delta_pct", "verdict", "baseline_source"]


@dataclass(frozen=True)
class Baseline:
    """A baseline: where it comes from, and its values by metric. ctr is in percent, cpc and cpm in major units."""

    source: str
    values: Mapping[str, Number]


def history_before(window: TimeRange) -> TimeRange:
    """Return the 90 days that end the day before the window."""
    return time_range(window.first - timedelta(days=HISTORY_DAYS), window.first - timedelta(days=1))


def usable(figures: Figures) -> dict[str, Number]:
    """Return the rates that have enough impressions and clicks."""
    if figures.impressions < MIN_IMPRESSIONS:
        return {}
    metrics = METRICS if figures.clicks >= MIN_CLICKS else ("cpm",)
    return {name: value for name in metrics if (value := figures.metric(name)) is not None}


def benchmark(observed: Figures, baselines: Sequence[Baseline]) -> Table:
    """Build a table with a row per baseline and metric. Values with too little data are null."""
    rates = usable(observed)
    rows = [_row(name, rates.get(name), base) for base in baselines for name in METRICS]
    return Table(COLUMNS, rows)


def _row(name: str, value: Number | None, base: Baseline) -> list[Any]:
    usual = base.values.get(name)
    delta = change_pct(value, usual)
    return [name, round_number(value), round_number(usual), delta, verdict(name, delta), base.source]


def verdict_sentence(table: Table) -> str:
    """Return the verdicts per baseline as text, or an empty text if nothing could be judged."""
    by_source: dict[str, list[str]] = {}
    for metric, *_, judgment, source in table.rows:
        if judgment:
            by_source.setdefault(source, []).append(f"{metric} {judgment}")
    return "; ".join(f"compared with {source}: {', '.join(verdicts)}" for source, verdicts in by_source.items())


def verdict(metric: str, delta: Number | None) -> str | None:
    """Return `better`, `worse` or `in line` (less than 10 % off), or None without a comparison."""
    if delta is None:
        return None
    if abs(delta) < IN_LINE_UNDER_PCT:
        return "in line"
    return "better" if good_or_bad(metric, "up" if delta > 0 else "down") == "good" else "worse"
