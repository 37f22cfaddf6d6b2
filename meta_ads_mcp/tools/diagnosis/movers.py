"""Find the objects below an object that moved its figures most between two windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from meta_ads_mcp.analysis.anomalies import compare_windows
from meta_ads_mcp.analysis.numbers import Number, change_pct, ratio, round_number, total, whole
from meta_ads_mcp.analysis.series import Figures, cost_label, figures, result_measure, sum_figures
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.result import Row, Table
from meta_ads_mcp.tools.diagnosis.comparison import LIMITS
from meta_ads_mcp.tools.diagnosis.finding import MAX_EXAMPLES, Finding

MAX_ROWS = 10
# An object is a finding of its own from this share of the spend on.
NOTABLE_SHARE = 0.1
# An object that spends so much less than before is named.
SHRUNK_PCT = -50
MAX_DEARER = 3
_COSTS = ("cost_per_result",)
COLUMNS: list[str] = [
    *"id name result_event spend spend_before results results_before cost_per_result".split(),
    *"cost_per_result_before cost_change_pct extra_cost".split(),
]


@dataclass(frozen=True)
class Mover:
    """An object in both windows. Its results count the same event in both. Money is in major units."""

    id: str
    name: str
    event: str | None
    now: Figures
    before: Figures

    @property
    def extra_cost(self) -> Number | None:
        """Return how much more the results cost than at the earlier price. It is negative if they cost less."""
        price = self.before.metric("cost_per_result")
        if price is None or self.now.results is None:
            return None
        return whole(round(self.now.spend - self.now.results * price / self.now.result_unit, 2))

    @property
    def weight(self) -> float:
        """Return how much money moved: the extra cost if there is one, otherwise the change of spend."""
        extra = self.extra_cost
        return abs(extra if extra is not None else self.now.spend - self.before.spend)

    def cells(self) -> list[object]:
        """Return a row of `COLUMNS`."""
        cost = [window.display("cost_per_result") for window in (self.now, self.before)]
        identity: list[object] = [self.id, self.name, self.event]
        amounts = [self.now.spend, self.before.spend, self.now.results, self.before.results]
        return [*identity, *amounts, *cost, change_pct(cost[0], cost[1]), self.extra_cost]


def movers(rows: Sequence[Row], identity: tuple[str, str], since: str) -> list[Mover]:
    """Return the objects of both windows, those that moved most money first.

    `identity` holds the fields of id and name. The recent window starts on the day `since`.
    """
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get(identity[0])), []).append(row)
    each = [_mover(object_id, group, identity[1], since) for object_id, group in groups.items()]
    return sorted(each, key=lambda mover: -mover.weight)


def _mover(object_id: str, rows: Sequence[Row], name: str, since: str) -> Mover:
    measure = result_measure(rows)
    by_start: Mapping[bool, Row] = {row.get("date_start") == since: row for row in rows}
    now, before = (figures(by_start.get(recent, {}), measure) for recent in (True, False))
    return Mover(object_id, str(rows[-1].get(name) or ""), measure.event, now, before)


@dataclass(frozen=True)
class Contribution:
    """How much of the change of the total cost per result an object explains, in percent of the change."""

    mover: Mover
    share_pct: float

    def public(self) -> Row:
        """Return the contribution as answers show it."""
        now, before = self.mover.now, self.mover.before
        return {
            "id": self.mover.id,
            "name": self.mover.name,
            "share_of_change_pct": round(self.share_pct),
            "cost_per_result": {"now": now.display("cost_per_result"), "before": before.display("cost_per_result")},
            "results": {"now": now.results, "before": before.results},
            "spend": {"now": now.spend, "before": before.spend},
        }


def result_contributions(movers: Sequence[Mover], event: str | None) -> list[Contribution]:
    """Return how much of the change of the number of results each object explains, the largest share first.

    The shares add up to 100. Objects that are meant for another event are left out.
    """
    same = [mover for mover in movers if mover.event == event]
    changes = [(mover.now.results or 0) - (mover.before.results or 0) for mover in same]
    change = total(changes)
    if not change:
        return []
    each = [Contribution(mover, part / change * 100) for mover, part in zip(same, changes, strict=True)]
    return sorted(each, key=lambda item: -item.share_pct)


def contributions(movers: Sequence[Mover], event: str | None) -> list[Contribution]:
    """Return how much of the change of the cost of an event each object explains, the largest share first.

    The shares add up to 100. They include the mix: an object that is cheaper than the total raises the cost when it
    spends less or stops.
    """
    same = [mover for mover in movers if mover.event == event]
    now, before = sum_figures([mover.now for mover in same]), sum_figures([mover.before for mover in same])
    price, price_before = ratio(now.spend, now.results), ratio(before.spend, before.results)
    if price is None or price_before is None or price == price_before:
        return []
    change = price - price_before
    each = [
        Contribution(
            mover,
            (_excess(mover.now, price_before, now.results) - _excess(mover.before, price_before, before.results))
            / change
            * 100,
        )
        for mover in same
    ]
    return sorted(each, key=lambda item: -item.share_pct)


def _excess(figures: Figures, price: float, results: Number | None) -> float:
    """Return how much the total cost per result is above `price` because of one object."""
    return ratio(figures.spend - (figures.results or 0) * price, results) or 0


def mover_table(each: Sequence[Mover]) -> Table:
    """Build a table of the first movers."""
    return Table(COLUMNS, [mover.cells() for mover in each[:MAX_ROWS]])


def mover_findings(each: Sequence[Mover], noun: str) -> Iterator[Finding]:
    """Report the object that raised the cost of results most, and objects that stopped. `noun` names one object."""
    before = total(mover.before.spend for mover in each)
    if sum(bool(mover.now.impressions) for mover in each) > 1:
        for mover in _dearer(each):
            yield _cost_rise(mover, noun, _spend_for(each, mover.event))
    shrunk = [mover for mover in each if mover.now.impressions and _spends_less(mover, before)]
    if shrunk:
        yield _shrunk_finding(shrunk, noun)
    without_delivery = [mover for mover in each if mover.before.impressions and not mover.now.impressions]
    notable = [mover for mover in without_delivery if 0 < mover.before.spend >= NOTABLE_SHARE * float(before)]
    if notable:
        yield _no_delivery_finding(notable, noun, before)


def _spend_for(each: Sequence[Mover], event: str | None) -> Number:
    """Return the spend of the objects that are meant for the same event."""
    return total(mover.now.spend for mover in each if mover.event == event)


def _dearer(each: Sequence[Mover]) -> list[Mover]:
    """Return the objects whose results became notably dearer, beyond what chance explains, the largest extra first."""
    dearer = [
        mover
        for mover in each
        if 0 < (mover.extra_cost or 0) >= NOTABLE_SHARE * float(_spend_for(each, mover.event))
        and any(row[5] == "bad" for row in compare_windows(mover.now, mover.before, _COSTS, LIMITS))
    ]
    return sorted(dearer, key=lambda mover: -(mover.extra_cost or 0))[:MAX_DEARER]


def _spends_less(mover: Mover, before: Number) -> bool:
    change = change_pct(mover.now.spend, mover.before.spend) or 0
    return change <= SHRUNK_PCT and mover.before.spend >= NOTABLE_SHARE / 2 * float(before)


def _shrunk_finding(movers: Sequence[Mover], noun: str) -> Finding:
    parts = [
        {
            "id": mover.id,
            "name": mover.name,
            "spend": {"now": mover.now.spend, "before": mover.before.spend},
            "results": {"now": mover.now.results, "before": mover.before.results},
        }
        for mover in movers[:MAX_EXAMPLES]
    ]
    first = movers[0]
    change = change_pct(first.now.spend, first.before.spend)
    rest = f" and {len(movers) - 1} more" if len(movers) > 1 else ""
    return Finding(
        "movers",
        f"The {noun} {first.name or first.id} spent much less ({change:g} %){rest}.",
        "warning",
        {"objects": parts},
        "A lower budget, paused parts, a tight bid or cap, or ads that stopped.",
        f"See what changed: ads_explain_change with object_id={first.id}.",
    )


def _cost_rise(worst: Mover, noun: str, spend: Number) -> Finding:
    extra = worst.extra_cost or 0
    change = change_pct(worst.now.metric("cost_per_result"), worst.before.metric("cost_per_result"))
    return Finding(
        "movers",
        f"The {cost_label(worst.event)} of the {noun} {worst.name or worst.id} rose by {change:g} %.",
        "warning",
        {
            "id": worst.id,
            "name": worst.name,
            "result_event": worst.event,
            "extra_cost": extra,
            "share_of_spend_pct": round_number(ratio(extra, spend, 100)),
            "cost_per_result": {
                "now": worst.now.display("cost_per_result"),
                "before": worst.before.display("cost_per_result"),
            },
        },
        f"The change is mostly in this {noun}, not in all of them.",
        f"Diagnose it by itself: ads_diagnose_underperformance with object_id={worst.id}.",
    )


def _no_delivery_finding(movers: Sequence[Mover], noun: str, before: Number) -> Finding:
    share = ratio(total(mover.before.spend for mover in movers), before, 100) or 0
    examples = [{"id": mover.id, "name": mover.name, "spend_before": mover.before.spend} for mover in movers]
    return Finding(
        "movers",
        f"{len(movers):,} {plural(noun, len(movers))} with {share:.0f} % of the spend before delivered nothing.",
        "warning",
        {"stopped": examples[:MAX_EXAMPLES]},
        "Paused, ended, rejected, or without budget.",
        "If that was not meant, look at their status and dates; ads_explain_change finds who stopped it.",
    )
