"""Say in one sentence how rows differ: which pays more or less for the same result, or which takes the spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meta_ads_mcp.analysis.charts.axes import figure, percent, price
from meta_ads_mcp.analysis.charts.words import capitalize, cost_words, event_words
from meta_ads_mcp.analysis.numbers import Number, change_pct, ratio, total

# A row that a title names has at least this share of the spend, and this many results if it is cheap.
MIN_SHARE, MIN_RESULTS = 0.03, 10
# A cost this far from the average of the others is worth a title, in percent.
MIN_DIFFERENCE = 15


@dataclass(frozen=True)
class SplitRow:
    """A row of a breakdown: its spend, and its results with the spend that was meant for them.

    `event` is that of its results, or None without any.
    """

    label: str
    spend: Number
    results: Number | None = None
    event: str | None = None
    result_spend: Number | None = None
    unit: int = 1

    @property
    def cost(self) -> Number | None:
        """Return the cost of `unit` results."""
        return ratio(self.meant, self.results, self.unit)

    @property
    def meant(self) -> Number:
        """Return the spend that was meant for the results."""
        return self.spend if self.result_spend is None else self.result_spend


@dataclass(frozen=True)
class SplitFinding:
    """A sentence, and the index of the row that it is about."""

    title: str
    highlights: frozenset[int] = frozenset()


def average_cost(rows: Sequence[SplitRow]) -> Number | None:
    """Return the cost of all rows together, which must have the same event."""
    counts = [row.results for row in rows if row.results is not None]
    if not rows or not counts:
        return None
    return ratio(total(row.meant for row in rows), total(counts), rows[0].unit)


def split_finding(rows: Sequence[SplitRow], noun: str, currency: str) -> SplitFinding:
    """Return the finding of rows, which `noun` names, such as `campaigns` or `age groups`."""
    events = dict.fromkeys(row.event for row in rows if row.event)
    candidates = [item for event in events for item in _gaps(rows, event)]
    if candidates:
        _, index, title = max(candidates)
        return SplitFinding(title.format(noun=noun, currency=currency), frozenset({index}))
    return _concentration(rows, noun, currency)


def _gaps(rows: Sequence[SplitRow], event: str) -> list[tuple[float, int, str]]:
    """Return how much money is at stake in each row whose cost differs from that of the others with its event."""
    group = [(index, row) for index, row in enumerate(rows) if row.event == event]
    spend = float(total(row.spend for row in rows))
    gaps = []
    for index, row in group:
        others = average_cost([other for place, other in group if place != index])
        difference = change_pct(row.cost, others)
        few = difference is not None and difference < 0 and (row.results or 0) < MIN_RESULTS
        if difference is None or others is None or few or row.meant < MIN_SHARE * spend:
            continue
        if abs(difference) >= MIN_DIFFERENCE:
            gaps.append((abs(difference) * float(row.meant), index, _gap_title(row, event, others, difference)))
    return gaps


def _gap_title(row: SplitRow, event: str, others: Number, difference: Number) -> str:
    name = row.label.replace("{", "{{").replace("}", "}}")
    side = "more" if difference > 0 else "less"
    size = percent(abs(difference)).lstrip("+")
    times = f"{size.lstrip('×')} times" if size.startswith("×") else f"{size} {side}"
    than = "that of" if size.startswith("×") else "than"
    each = cost_words(event).removeprefix("cost ")
    return f"{name}: {price(row.cost)} {{currency}} {each}, {times} {than} the other {{noun}} ({price(others)})"


def _concentration(rows: Sequence[SplitRow], noun: str, currency: str) -> SplitFinding:
    """Say which row takes most of the spend."""
    spend = total(row.spend for row in rows)
    events = {row.event for row in rows}
    cost = average_cost(rows) if len(events) == 1 and None not in events else None
    index = max(range(len(rows)), key=lambda place: rows[place].spend)
    share = ratio(rows[index].spend, spend, 100)
    text = f"{figure(spend)} {currency} in {len(rows)} {noun}"
    if cost is not None and len(rows) > 1:
        text = f"All {noun} pay about the same {cost_words(rows[0].event or '')}: around {price(cost)} {currency}"
        return SplitFinding(text)
    if share is None or len(rows) == 1:
        results = rows[index].results
        event = rows[index].event
        bought = f" for {figure(results)} {event_words(event)}" if results and event else ""
        return SplitFinding(f"{capitalize(rows[index].label)}: {figure(spend)} {currency}{bought}")
    return SplitFinding(f"{rows[index].label} takes {share:.0f} % of the spend: {text}", frozenset({index}))
