"""Which parts of an object moved its figures most between two windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from meta_ads_mcp.analysis.numbers import Number, change_pct, round_number, total, whole
from meta_ads_mcp.analysis.series import Figures, figures, result_measure
from meta_ads_mcp.core.result import Row, Table
from meta_ads_mcp.tools.diagnosis.findings import Finding, figure_of

MOST_SHOWN = 10
# A part is a finding of its own when it concerns so much of the object's spend.
NOTABLE_SHARE = 0.1
COLUMNS: list[str] = [
    *"id name result_event spend spend_before results results_before cost_per_result".split(),
    *"cost_per_result_before cost_change_pct extra_cost".split(),
]


@dataclass(frozen=True)
class Mover:
    """A part in both windows. Its results are its own event, the same in both."""

    id: str
    name: str
    event: str | None
    now: Figures
    before: Figures

    @property
    def extra_cost(self) -> Number | None:
        """What the results cost more than they would have at the price before; negative where they cost less."""
        price = self.before.metric("cost_per_result")
        if price is None or self.now.results is None:
            return None
        return whole(round(self.now.spend - self.now.results * price, 2))

    @property
    def weight(self) -> float:
        """How much money moved: by its price where there is one, else by its spend."""
        moved = self.extra_cost
        return abs(moved if moved is not None else self.now.spend - self.before.spend)

    def cells(self) -> list[object]:
        cost = [figure_of(one, "cost_per_result") for one in (self.now, self.before)]
        place: list[object] = [self.id, self.name, self.event]
        amounts = [self.now.spend, self.before.spend, self.now.results, self.before.results]
        return [*place, *amounts, *cost, change_pct(cost[0], cost[1]), self.extra_cost]


def movers(rows: Sequence[Row], identity: tuple[str, str], since: str) -> list[Mover]:
    """The parts of both windows, those that moved most money first; the recent window starts on `since`."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get(identity[0])), []).append(row)
    found = [_mover(part, group, identity[1], since) for part, group in groups.items()]
    return sorted(found, key=lambda one: -one.weight)


def _mover(part: str, rows: Sequence[Row], name: str, since: str) -> Mover:
    what = result_measure(rows)
    by_start: Mapping[bool, Row] = {row.get("date_start") == since: row for row in rows}
    now, before = (figures(by_start.get(recent, {}), what) for recent in (True, False))
    return Mover(part, str(rows[-1].get(name) or ""), what.event, now, before)


def table(found: Sequence[Mover]) -> Table:
    return Table(COLUMNS, [one.cells() for one in found[:MOST_SHOWN]])


def findings(found: Sequence[Mover], noun: str) -> Iterator[Finding]:
    """The part that made results dearer most, and parts that stopped."""
    now, before = (total(figures.spend for figures in side) for side in _sides(found))
    worst = max(found, key=lambda one: one.extra_cost or 0, default=None)
    several = sum(bool(one.now.impressions) for one in found) > 1
    if several and worst is not None and (worst.extra_cost or 0) >= NOTABLE_SHARE * float(now):
        yield _dearer(worst, noun, now)
    gone = [one for one in found if one.before.impressions and not one.now.impressions]
    lost = [one for one in gone if one.before.spend >= NOTABLE_SHARE * float(before)]
    if lost:
        yield _stopped(lost, noun, before)


def _sides(found: Sequence[Mover]) -> tuple[list[Figures], list[Figures]]:
    return [one.now for one in found], [one.before for one in found]


def _dearer(worst: Mover, noun: str, spend: Number) -> Finding:
    extra = worst.extra_cost or 0
    return Finding(
        "movers",
        f"One {noun} moves the cost most: {worst.name or worst.id}.",
        "warning",
        {
            "id": worst.id,
            "name": worst.name,
            "result_event": worst.event,
            "extra_cost": extra,
            "share_of_spend_pct": round_number(extra / spend * 100),
            "cost_per_result": {
                "now": figure_of(worst.now, "cost_per_result"),
                "before": figure_of(worst.before, "cost_per_result"),
            },
        },
        f"What changed lies mostly in this {noun}, not in all of them.",
        f"Diagnose it by itself: ads_diagnose_underperformance with object_id={worst.id}.",
    )


def _stopped(lost: Sequence[Mover], noun: str, before: Number) -> Finding:
    share = total(one.before.spend for one in lost) / before * 100
    return Finding(
        "movers",
        f"{len(lost)} {noun}{'' if len(lost) == 1 else 's'} with {share:.0f} % of the spend before delivered nothing.",
        "warning",
        {"stopped": [{"id": one.id, "name": one.name, "spend_before": one.before.spend} for one in lost[:5]]},
        "Paused, ended, rejected, or without budget.",
        "If that was not meant, look at their status and dates; ads_get_changes shows what this server changed.",
    )
