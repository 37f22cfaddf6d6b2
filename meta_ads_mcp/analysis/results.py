"""Read Graph's result fields: `results`, `cost_per_result`, `objective_results` and others (class AdsInsightsResult).

A value is a list of `{"indicator": "actions:lead", "values": [{"value": "3", "attribution_windows": ["default"]}]}`:
an entry per event, with a figure per attribution window. Entries without `values` have a result of 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.analysis.actions import Figure, event_of, figure_of, join_figures
from meta_ads_mcp.analysis.numbers import Number
from meta_ads_mcp.core.result import Row

# The column that names the event of each field of results.
EVENT_COLUMNS = {
    "results": "result_event",
    "cost_per_result": "result_event",
    "result_rate": "result_event",
    "objective_results": "objective_result_event",
    "cost_per_objective_result": "objective_result_event",
    "objective_result_rate": "objective_result_event",
}
# Fields that count, so that an entry without a value is 0.
COUNTS = frozenset({"results", "objective_results"})
# Results that cannot be added up: counts of people, who may be in several rows, and Meta's word for several events.
_NOT_ADDITIVE = frozenset({"reach", "estimated_ad_recallers", "mixed"})
# Results whose cost Meta gives per 1,000.
PER_THOUSAND = frozenset({"reach", "impressions"})
DEFAULT_WINDOW = "default"


@dataclass(frozen=True)
class ResultEntry:
    """The figures of one event by attribution window. The key `""` is Meta's default figure."""

    indicator: str
    figures: Mapping[str, Figure]

    @property
    def event(self) -> str:
        """Return the event of the indicator."""
        return indicated_event(self.indicator)

    @property
    def default(self) -> Number | None:
        """Return Meta's default figure, or None if there is none or it is not a number."""
        figure = self.figures.get("")
        return None if isinstance(figure, list | str) else figure


def is_result_list(value: object) -> bool:
    """Return whether a value of a row is a list of results."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and ("indicator" in item or "values" in item) for item in value)
    )


def result_entries(source: str, value: Sequence[Row], *, by_window: bool = False) -> list[ResultEntry]:
    """Read the entries of a field of results. `by_window` says that the caller requested attribution windows.

    Without requested windows, the only figure of an entry is the default one, whatever its windows are.
    """
    return [
        ResultEntry(
            str(entry.get("indicator") or ""), _window_figures(source, entry.get("values"), by_window=by_window)
        )
        for entry in value
    ]


def _window_figures(source: str, values: Any, *, by_window: bool) -> dict[str, Figure]:
    items = values if isinstance(values, list) else [] if values is None else [values]
    figures: dict[str, Figure] = {}
    for item in items:
        figure = figure_of(item.get("value")) if isinstance(item, dict) else figure_of(item)
        if figure is None:
            continue
        window = _window(item.get("attribution_windows") if isinstance(item, dict) else None)
        if len(items) == 1 and not by_window:
            window = ""
        figures[window] = join_figures(figures[window], figure, additive=False) if window in figures else figure
    if not figures and source in COUNTS:
        figures[""] = 0
    return figures


def _window(windows: Any) -> str:
    names = [str(name) for name in windows] if isinstance(windows, list) else [str(windows)] if windows else []
    return "" if not names or DEFAULT_WINDOW in names else "_".join(names)


def indicated_event(indicator: str) -> str:
    """Return the event of an indicator: `purchase` for `actions:omni_purchase`, otherwise the indicator itself."""
    kind, colon, action_type = indicator.partition(":")
    return event_of(action_type)[0] if colon and kind in ("actions", "conversions") else kind


def is_additive(event: str) -> bool:
    """Return whether results of several rows can be added up. Counts of people cannot."""
    return event not in _NOT_ADDITIVE and not event.startswith("unique_")
