"""Compute how a figure changed between two windows: both values, the change, and the same per day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.analysis.comparisons.windows import WindowPair
from meta_ads_mcp.analysis.numbers import Number, amount, change_pct, round_number, total
from meta_ads_mcp.analysis.series import BASE, Figures
from meta_ads_mcp.core.result import Table

METRICS = ("spend", "impressions", "clicks", "ctr", "cpc", "cpm", "results", "cost_per_result", "purchase_roas")
LONG_COLUMNS = ["metric", "now", "before", "change", "change_pct", "per_day", "per_day_before", "change_per_day_pct"]


@dataclass(frozen=True)
class Delta:
    """A figure in both windows. Only an additive figure has values per day."""

    now: Number | None
    before: Number | None
    additive: bool = False

    @property
    def change(self) -> Number | None:
        """Return the difference: exact for amounts and counts, rounded for ratios."""
        if self.now is None or self.before is None:
            return None
        difference = total([self.now, -self.before])
        return difference if self.additive else round_number(difference)

    def cells(self) -> list[Number | None]:
        """Return both values, the change, and the change in percent."""
        return [self.now, self.before, self.change, change_pct(self.now, self.before)]

    def per_day(self, pair: WindowPair) -> list[Number | None]:
        """Return both values per day and the change of these in percent."""
        if not self.additive:
            return [None, None, None]
        now = None if self.now is None else self.now / pair.now.days
        before = None if self.before is None else self.before / pair.before.days
        return [round_number(now), round_number(before), change_pct(now, before)]


def deltas(now: Figures, before: Figures, metrics: Sequence[str] = METRICS) -> dict[str, Delta]:
    """Return those metrics that have a value in a window."""
    pairs = {name: (now.display(name), before.display(name)) for name in metrics}
    return {
        name: Delta(*values, additive=name not in BASE and name != "reach" and (name != "results" or now.additive))
        for name, values in pairs.items()
        if values != (None, None)
    }


def long_table(each: Mapping[str, Delta], pair: WindowPair) -> Table:
    """Build a table with a row per metric of `LONG_COLUMNS`."""
    return Table(LONG_COLUMNS, [_long_row(name, delta, pair) for name, delta in each.items()])


def _long_row(name: str, delta: Delta, pair: WindowPair) -> list[Any]:
    return [name, *delta.cells(), *delta.per_day(pair)]


def spend_sentence(delta: Delta, currency: str, pair: WindowPair) -> str:
    """Return a sentence such as `Spend 1,200.00 USD, before 1,000.00 USD (+20 %, per day +16.1 %).`"""
    now, before = delta.now or 0, delta.before or 0
    parts = [] if (change := change_pct(now, before)) is None else [f"{change:+g} %"]
    if not pair.same_length and (per_day := delta.per_day(pair)[2]) is not None:
        parts.append(f"per day {per_day:+g} %")
    changes = f" ({', '.join(parts)})" if parts else ""
    return f"Spend {amount(now, currency)}, before {amount(before, currency)}{changes}."
