"""Divide a metric into the factors in which a break is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from meta_ads_mcp.analysis.actions import is_known_event
from meta_ads_mcp.analysis.breaks import FACTORS
from meta_ads_mcp.analysis.series import METRICS, PREFERENCE
from meta_ads_mcp.domain.insights_query import COLUMN_ALIASES
from meta_ads_mcp.errors import InvalidArguments

COST = "cost_per_result"
_PRICE = ("cpm", "ctr", "conversion_rate")
# Metric -> its factors. The spend of parts also moves the cost of the whole, because it shifts the mix.
_FACTORS_OF: Mapping[str, tuple[str, ...]] = {
    "spend": ("spend",),
    "impressions": ("spend", "cpm"),
    "reach": ("spend", "cpm"),
    "frequency": ("spend", "cpm"),
    "clicks": ("spend", "cpm", "ctr"),
    "ctr": ("ctr",),
    "cpc": ("cpm", "ctr"),
    "cpm": ("cpm",),
    "conversion_rate": ("conversion_rate",),
    "results": ("spend", *_PRICE),
    COST: (*_PRICE, "spend"),
    "purchase_roas": (*_PRICE, "value_per_result", "spend"),
    "purchase_value": FACTORS,
}
_PREFIX = "cost_per_"
_VALUE = "_value"


@dataclass(frozen=True)
class ChangeMetric:
    """A metric whose change is to be explained: the name of its figure, its factors, and the event that it is about.

    `figure` is a name of `series.METRICS`, or None if it has none (conversion_rate). Without an event, it is about the
    results of each object.
    """

    name: str
    figure: str | None
    factors: tuple[str, ...]
    event: str | None = None

    @property
    def is_cost(self) -> bool:
        """Tell whether it is the cost of results, to which the mix of objects contributes."""
        return self.figure == COST


ANY_FACTOR = ChangeMetric("any", None, FACTORS)


def read_metric(name: str) -> ChangeMetric:
    """Return the metric of a column name. Raises InvalidArguments, with the nearest names, for an unknown one."""
    column = COLUMN_ALIASES.get(name, name)
    if column in _FACTORS_OF:
        return ChangeMetric(name, column if column in METRICS else None, _FACTORS_OF[column], _event_of(column))
    if column.startswith(_PREFIX) and is_known_event(column.removeprefix(_PREFIX)):
        return ChangeMetric(name, COST, _FACTORS_OF[COST], column.removeprefix(_PREFIX))
    if column.endswith(_VALUE) and is_known_event(column.removesuffix(_VALUE)):
        return ChangeMetric(name, None, FACTORS, column.removesuffix(_VALUE))
    if is_known_event(column):
        return ChangeMetric(name, "results", _FACTORS_OF["results"], column)
    known = [*_FACTORS_OF, *COLUMN_ALIASES, *PREFERENCE, *(f"{_PREFIX}{event}" for event in PREFERENCE)]
    near = get_close_matches(name, known, 3, 0.6)
    step = f"Nearest: {', '.join(near)}." if near else "Leave metric out to look at all of them."
    raise InvalidArguments(f"'metric': {name} is not a metric that can be explained.", step)


def _event_of(column: str) -> str | None:
    return "purchase" if column.startswith("purchase") else None
