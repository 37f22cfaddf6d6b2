"""An object's ctr, cpc and cpm beside a baseline: the caller's own, or what the account and the object did before.

Graph has no figures of industries, and none are made up here.
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
# Below these a rate is chance.
FEWEST_IMPRESSIONS, FEWEST_CLICKS = 1000, 20
IN_LINE_UNDER_PCT = 10
COLUMNS = ["metric", "observed", "baseline", "delta_pct", "verdict", "baseline_source"]


@dataclass(frozen=True)
class Baseline:
    """Where a baseline comes from, with its dates, and its values; a metric it does not have is absent."""

    source: str
    values: Mapping[str, Number]


def history_before(window: TimeRange) -> TimeRange:
    """The 90 days that end the day before the window."""
    return time_range(window.first - timedelta(days=HISTORY_DAYS), window.first - timedelta(days=1))


def usable(figures: Figures) -> dict[str, Number]:
    """The rates that rest on enough impressions and clicks."""
    if figures.impressions < FEWEST_IMPRESSIONS:
        return {}
    metrics = METRICS if figures.clicks >= FEWEST_CLICKS else ("cpm",)
    return {name: value for name in metrics if (value := figures.metric(name)) is not None}


def benchmark(observed: Figures, baselines: Sequence[Baseline]) -> Table:
    """A row per baseline and metric; null where either side has too little data."""
    seen = usable(observed)
    rows = [_row(name, seen.get(name), base) for base in baselines for name in METRICS]
    return Table(COLUMNS, rows)


def _row(name: str, seen: Number | None, base: Baseline) -> list[Any]:
    usual = base.values.get(name)
    delta = change_pct(seen, usual)
    return [name, round_number(seen), round_number(usual), delta, verdict(name, delta), base.source]


def verdict_sentence(table: Table) -> str:
    """The verdicts in a sentence, per baseline; empty when nothing could be judged."""
    by_source: dict[str, list[str]] = {}
    for metric, *_, judged, source in table.rows:
        if judged:
            by_source.setdefault(source, []).append(f"{metric} {judged}")
    return "; ".join(f"against {source}: {', '.join(judged)}" for source, judged in by_source.items())


def verdict(metric: str, delta: Number | None) -> str | None:
    """`better`, `worse` or `in line` (less than 10 % off); None without a comparison."""
    if delta is None:
        return None
    if abs(delta) < IN_LINE_UNDER_PCT:
        return "in line"
    return "better" if good_or_bad(metric, "up" if delta > 0 else "down") == "good" else "worse"
