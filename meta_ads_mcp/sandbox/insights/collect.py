"""Sums of metrics for parts of a campaign over days: exact at every level and in every breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add, mul, sub

from meta_ads_mcp.sandbox.delivery_plan import CampaignPlan, Part
from meta_ads_mcp.sandbox.insights.metrics import GROUPS, ORDER, PARENTS, SOUGHT, UNLIMITED, VIDEO, campaign_day
from meta_ads_mcp.sandbox.insights.segments import HOUR, cells
from meta_ads_mcp.sandbox.insights.split import spread, take, take_within

# metric -> one number per cell of the breakdown family (one cell when there is no breakdown)
Sums = dict[str, list[int]]
ALL_HOURS = 24
NUMBERS = {name: number for number, name in enumerate(ORDER)}


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


@lru_cache(maxsize=300)
def ad_set_sums(plan: CampaignPlan, span: Span, metrics: tuple[str, ...], family: str) -> dict[str, Sums]:
    """Per ad set id."""
    days = (_divide(plan.ad_sets, day, columns) for day, columns in _campaign_days(plan, span, metrics, family))
    return _by_part(plan.ad_sets, _add_up(metrics, days))


@lru_cache(maxsize=120)
def ad_sums(plan: CampaignPlan, span: Span, metrics: tuple[str, ...], family: str, ad_set: str = "") -> dict[str, Sums]:
    """Per ad id; only of one ad set when it is named."""
    grids: dict[str, Sums] = {}
    ad_sets = [(place, part) for place, part in enumerate(plan.ad_sets) if ad_set in ("", part.id)]
    for day, columns in _campaign_days(plan, span, metrics, family):
        grid = _divide(plan.ad_sets, day, columns)
        for place, part in ad_sets:
            _add(grids.setdefault(part.id, {}), _divide(part.parts, day, _row(grid, place, len(plan.ad_sets))))
    result: dict[str, Sums] = {}
    for _, part in ad_sets:
        result |= _by_part(part.parts, grids.get(part.id, {}))
    return result


def ads_on(plan: CampaignPlan, day: int, metrics: tuple[str, ...]) -> dict[str, Sums]:
    """Per ad id, the metrics of one whole day; they hold their parents. As `ad_sums`, but nothing is kept."""
    return ad_sums.__wrapped__(plan, Span(day, day, day + 1), metrics, "")


def hours_on(plan: CampaignPlan, day: int, metrics: tuple[str, ...]) -> Sums:
    """Per metric, the counts of the 24 hours of one whole day; empty on a day without delivery."""
    whole = campaign_day(plan, day)
    return _by_hour(plan, day, {name: whole[name] for name in metrics}, ALL_HOURS) if whole else {}


def _row(grid: Sums, place: int, count: int) -> Sums:
    """The cells of one part from a grid of `count` parts."""
    result = {}
    for name, values in grid.items():
        width = len(values) // count
        result[name] = values[place * width : (place + 1) * width]
    return result


def _by_part(parts: Sequence[Part], grid: Sums) -> dict[str, Sums]:
    if not any(grid.values()):
        return {}
    return {part.id: _row(grid, place, len(parts)) for place, part in enumerate(parts)}


def _add_up(metrics: Sequence[str], days: Iterable[Sums]) -> Sums:
    result: Sums = {}
    for columns in days:
        _add(result, columns)
    return result or {name: [] for name in metrics}


def _add(sums: Sums, more: Sums) -> None:
    for name, values in more.items():
        before = sums.get(name)
        sums[name] = values if before is None else list(map(add, before, values))


def _campaign_days(plan: CampaignPlan, span: Span, metrics: Sequence[str], family: str) -> Iterator[tuple[int, Sums]]:
    """Per day with delivery: the metrics over the cells."""
    for day, hours in span.days():
        whole = campaign_day(plan, day)
        if not whole or not hours:
            continue
        totals = {name: whole[name] for name in metrics}
        if hours < ALL_HOURS:
            totals = _sum_first_hours(plan, day, totals, hours)
        if not family:
            yield day, {name: [total] for name, total in totals.items()}
        elif family == HOUR:
            yield day, _by_hour(plan, day, {name: whole[name] for name in metrics}, hours)
        else:
            yield day, _over_cells(plan, day, totals, family)


def _sum_first_hours(plan: CampaignPlan, day: int, totals: dict[str, int], hours: int) -> dict[str, int]:
    """Return what of a day's totals came in its first hours."""
    return {name: sum(values) for name, values in _by_hour(plan, day, totals, hours).items()}


def _by_hour(plan: CampaignPlan, day: int, totals: dict[str, int], hours: int) -> Sums:
    columns = _over_cells(plan, day, totals, HOUR)
    return {name: [*values[:hours], *[0] * (ALL_HOURS - hours)] for name, values in columns.items()}


def _over_cells(plan: CampaignPlan, day: int, totals: dict[str, int], family: str) -> Sums:
    family_cells = cells(plan, family)
    columns: Sums = {}
    nothing = [0] * len(family_cells.weights)
    for name, total in totals.items():
        if not total:
            columns[name] = nothing
            continue
        group = GROUPS[name]
        base = columns[PARENTS[name]] if name in PARENTS else family_cells.weights
        weights = [value * bias[group] for value, bias in zip(base, family_cells.biases, strict=True)]
        columns[name] = spread(total, _usable(weights, base), _phase(day, name, plan.start))
    return columns


def _usable(weights: Sequence[float], fallback: Sequence[float]) -> Sequence[float]:
    """Weights, or when all are 0 the parent's, or when these are 0 too equal ones: no total is lost."""
    if any(weights):
        return weights
    return fallback if any(fallback) else [1.0] * len(weights)


def _phase(day: int, metric: str, salt: int) -> float:
    """Return where leftovers go. It differs from day to day and from metric to metric, whatever else is asked for."""
    return ((day * 2654435761 + NUMBERS[metric] * 40503 + salt * 97) & 0xFFFF) / 65536


def _divide(parts: Sequence[Part], day: int, columns: Sums) -> Sums:
    """The columns divided over the parts that deliver on that day (all of them when none does).

    Gives a grid: per metric the cells of the first part, then those of the second, and so on.
    """
    start = [part.weight if part.start <= day <= part.stop else 0.0 for part in parts]
    if not any(start):
        start = [part.weight for part in parts]
    if _drifting(tuple(parts)):
        start = [weight * part.drift("impressions", day) for weight, part in zip(start, parts, strict=True)]
    nothing = [0] * len(parts)
    shares: Sums = {}
    grid: Sums = {}
    for name, totals in columns.items():
        total = totals[0] if len(totals) == 1 else sum(totals)
        if not total:
            shares[name], grid[name] = nothing, nothing * len(totals)
            continue
        weights = _part_weights(tuple(parts), shares, (name, total, day)) if name in PARENTS else start
        shares[name] = spread(total, weights, _phase(day, name, parts[0].start))
        grid[name] = shares[name] if len(totals) == 1 else _fill(name, shares[name], columns, grid, day + NUMBERS[name])
    return grid


def _part_weights(parts: tuple[Part, ...], shares: Sums, whole: tuple[str, int, int]) -> Sequence[float]:
    """The parent's shares with the parts' biases and drifts, for `whole`: a metric, its total and the day.

    Plays go to films only, as long as these were shown often enough.
    """
    name, total, day = whole
    base = shares[PARENTS[name]]
    if name == VIDEO[0]:
        films = [value if part.video else 0 for value, part in zip(base, parts, strict=True)]
        return films if sum(films) >= total else base
    weights = list(map(mul, base, _part_biases(parts, GROUPS[name])))
    if _drifting(parts):
        metric = "events" if name.partition(":")[0] in SOUGHT else name
        weights = [weight * part.drift(metric, day) for weight, part in zip(weights, parts, strict=True)]
    return _usable(weights, base)


@lru_cache(maxsize=20_000)
def _drifting(parts: tuple[Part, ...]) -> bool:
    return any(part.drifts for part in parts)


@lru_cache(maxsize=20_000)
def _part_biases(parts: tuple[Part, ...], group: int) -> tuple[float, ...]:
    return tuple(part.bias[group] for part in parts)


def _fill(name: str, shares: Sequence[int], columns: Sums, grid: Sums, salt: int) -> list[int]:
    """A table with the shares as row sums and the metric's columns as column sums, row after row.

    A cell stays within the same cell of the parent metric wherever the sums allow it.
    """
    remaining = list(columns[name])
    width = len(remaining)
    parent = PARENTS.get(name, "")
    above = grid.get(parent)
    spare = list(columns[parent]) if above else remaining
    table: list[int] = []
    nothing = [0] * width
    for number, share in enumerate(shares):
        if not share and above is None:
            table += nothing
            continue
        phase = ((salt + number) * 0.618034) % 1
        if above is None:
            row = take(share, remaining, phase)
        else:
            limits = above[number * width : (number + 1) * width]
            spare = list(map(sub, spare, limits))
            if not share:
                table += nothing
                continue
            row = take_within(share, remaining, limits, spare if name not in UNLIMITED else None, phase)
        remaining = list(map(sub, remaining, row))
        table += row
    return table
