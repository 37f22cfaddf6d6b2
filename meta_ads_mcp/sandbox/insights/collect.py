"""Sums of metrics for parts of a campaign over days: exact at every level and in every breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from meta_ads_mcp.sandbox.insights.metrics import GROUPS, PARENTS, VIDEO, campaign_day
from meta_ads_mcp.sandbox.insights.segments import HOUR, cells
from meta_ads_mcp.sandbox.insights.split import spread, take
from meta_ads_mcp.sandbox.plan import CampaignPlan, Part

# metric -> one number per cell of the breakdown family (one cell when there is no breakdown)
Sums = dict[str, list[int]]
ALL_HOURS = 24


@dataclass(frozen=True)
class Span:
    """Days from `since` to `until` (ordinals, both included); of the day `today` only the first `hours` are over."""

    since: int
    until: int
    today: int
    hours: int = ALL_HOURS

    def days(self) -> Iterator[tuple[int, int]]:
        for day in range(self.since, min(self.until, self.today) + 1):
            yield day, self.hours if day == self.today else ALL_HOURS


@lru_cache(maxsize=600)
def campaign_sums(plan: CampaignPlan, span: Span, metrics: tuple[str, ...], family: str) -> Sums:
    """The whole campaign. `metrics` hold their parents, parents first (see `metrics.closure`)."""
    return _add_up(metrics, (columns for _, columns in _campaign_days(plan, span, metrics, family)))


@lru_cache(maxsize=600)
def ad_set_sums(plan: CampaignPlan, span: Span, metrics: tuple[str, ...], family: str) -> dict[str, Sums]:
    """Per ad set id."""
    found: dict[str, Sums] = {}
    for day, columns in _campaign_days(plan, span, metrics, family):
        for part, sums in _divide(plan.ad_sets, day, columns, metrics):
            _add(found.setdefault(part.id, {}), sums)
    return found


@lru_cache(maxsize=600)
def ad_sums(plan: CampaignPlan, span: Span, metrics: tuple[str, ...], family: str, ad_set: str = "") -> dict[str, Sums]:
    """Per ad id; only of one ad set when it is named."""
    found: dict[str, Sums] = {}
    for day, columns in _campaign_days(plan, span, metrics, family):
        for part, sums in _divide(plan.ad_sets, day, columns, metrics):
            if ad_set in ("", part.id):
                for ad, ad_columns in _divide(part.parts, day, sums, metrics):
                    _add(found.setdefault(ad.id, {}), ad_columns)
    return found


def _add_up(metrics: Sequence[str], days: Iterable[Sums]) -> Sums:
    found: Sums = {}
    for columns in days:
        _add(found, columns)
    return found or {name: [] for name in metrics}


def _add(sums: Sums, more: Sums) -> None:
    for name, values in more.items():
        before = sums.get(name)
        sums[name] = list(values) if before is None else [a + b for a, b in zip(before, values, strict=True)]


def _campaign_days(plan: CampaignPlan, span: Span, metrics: Sequence[str], family: str) -> Iterator[tuple[int, Sums]]:
    """Per day with delivery: the metrics over the cells."""
    for day, hours in span.days():
        whole = campaign_day(plan, day)
        if not whole or not hours:
            continue
        totals = {name: whole[name] for name in metrics}
        if hours < ALL_HOURS:
            totals = _elapsed(plan, day, totals, hours)
        if not family:
            yield day, {name: [total] for name, total in totals.items()}
        elif family == HOUR:
            yield day, _by_hour(plan, day, {name: whole[name] for name in metrics}, hours)
        else:
            yield day, _over_cells(plan, day, totals, family)


def _elapsed(plan: CampaignPlan, day: int, totals: dict[str, int], hours: int) -> dict[str, int]:
    """What of a day's totals came in its first hours."""
    return {name: sum(values) for name, values in _by_hour(plan, day, totals, hours).items()}


def _by_hour(plan: CampaignPlan, day: int, totals: dict[str, int], hours: int) -> Sums:
    columns = _over_cells(plan, day, totals, HOUR)
    return {name: [*values[:hours], *[0] * (ALL_HOURS - hours)] for name, values in columns.items()}


def _over_cells(plan: CampaignPlan, day: int, totals: dict[str, int], family: str) -> Sums:
    known = cells(plan, family)
    columns: Sums = {}
    for number, (name, total) in enumerate(totals.items()):
        group = GROUPS[name]
        base = columns[PARENTS[name]] if name in PARENTS else known.weights
        weights = [value * bias[group] for value, bias in zip(base, known.biases, strict=True)]
        columns[name] = spread(total, _usable(weights, base), _phase(day, number, plan.start))
    return columns


def _usable(weights: Sequence[float], fallback: Sequence[float]) -> Sequence[float]:
    """Weights, or when all are 0 the parent's, or when these are 0 too equal ones: no total is lost."""
    if any(weights):
        return weights
    return fallback if any(fallback) else [1.0] * len(weights)


def _phase(day: int, number: int, salt: int) -> float:
    """Where leftovers go: differs from day to day and from metric to metric."""
    return ((day * 2654435761 + number * 40503 + salt * 97) & 0xFFFF) / 65536


def _divide(parts: Sequence[Part], day: int, columns: Sums, metrics: Sequence[str]) -> list[tuple[Part, Sums]]:
    """The columns divided over the parts that deliver on that day (all of them when none does)."""
    active = [part for part in parts if part.start <= day <= part.stop] or list(parts)
    if len(active) == 1:
        return [(active[0], columns)]
    rows: list[Sums] = [{} for _ in active]
    for number, name in enumerate(metrics):
        totals = columns[name]
        weights = _part_weights(active, rows, name)
        shares = spread(sum(totals), weights, _phase(day, number, active[0].start))
        for row, cells_of_row in zip(rows, _fill(shares, totals, day + number), strict=True):
            row[name] = cells_of_row
    return list(zip(active, rows, strict=True))


def _part_weights(active: Sequence[Part], rows: Sequence[Sums], name: str) -> Sequence[float]:
    group = GROUPS[name]
    if name not in PARENTS:
        return [part.weight for part in active]
    parent = PARENTS[name]
    base = [sum(row[parent]) for row in rows]
    weights = [value * part.bias[group] for value, part in zip(base, active, strict=True)]
    if name == VIDEO[0]:
        weights = [weight if part.video else 0.0 for weight, part in zip(weights, active, strict=True)]
    return _usable(weights, base)


def _fill(shares: Sequence[int], totals: Sequence[int], salt: int) -> list[list[int]]:
    """A table with the shares as row sums and the totals as column sums."""
    if len(totals) == 1:
        return [[share] for share in shares]
    left = list(totals)
    table = []
    for number, share in enumerate(shares):
        row = take(share, left, ((salt + number) * 0.618034) % 1)
        left = [column - cell for column, cell in zip(left, row, strict=True)]
        table.append(row)
    return table
