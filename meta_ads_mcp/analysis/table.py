"""Graph's insights rows as one table: dimensions first, then numbers; each event one column.

Columns that no row has are not there. A count that Graph leaves out of a row is 0 (Graph sends no zero actions); any
other missing figure is null. With action breakdowns there is a row for each of their values, with the events alone, and
one row without a value for what cannot be split, such as spend: nothing is repeated, so totals stay right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from meta_ads_mcp.analysis.actions import Counted, Split, canonical, event_of, event_order, is_action_breakdown
from meta_ads_mcp.analysis.numbers import Number, number, round_number, total
from meta_ads_mcp.core.result import Row, Table
from meta_ads_mcp.core.values.enums import BREAKDOWNS

# Texts of a row, in the order they are shown (SDK class AdsInsights).
DIMENSIONS = tuple(
    """date_start date_stop account_id account_name account_currency campaign_id campaign_name adset_id adset_name ad_id
    ad_name objective optimization_goal buying_type attribution_setting created_time updated_time quality_ranking
    engagement_rate_ranking conversion_rate_ranking adset_start adset_end age_targeting gender_targeting labels location
    place_page_name product_retailer_id product_group_retailer_id creative_media_type user_segment_key results_indicator
    marketing_messages_spend_currency anchor_event_attribution_setting multi_event_conversion_attribution_setting
    result_values_performance_indicator anchor_events_performance_indicator creative_diversity_label""".split()
)
_PLACES = {name: place for place, name in enumerate(DIMENSIONS)}
# Fields whose rows may be added up: amounts and counts of things that happened. Reach, frequency, unique counts, costs,
# rates and averages are not among them.
ADDITIVE = frozenset(
    """
    spend social_spend impressions clicks inline_link_clicks inline_post_engagement full_view_impressions
    actions action_values conversions conversion_values outbound_clicks catalog_segment_actions
    catalog_segment_value ad_click_actions ad_impression_actions video_play_actions video_p25_watched_actions
    video_p50_watched_actions video_p75_watched_actions video_p95_watched_actions video_p100_watched_actions
    video_15_sec_watched_actions video_30_sec_watched_actions video_6_sec_watched_actions
    video_continuous_2_sec_watched_actions video_thruplay_watched_actions video_time_watched_actions
    instagram_profile_visits instagram_profile_follow shop_clicks product_views total_card_view
    instant_experience_outbound_clicks instant_experience_clicks_to_open instant_experience_clicks_to_start
    conversion_leads converted_product_quantity converted_product_value messages_delivered
    marketing_messages_sent marketing_messages_delivered marketing_messages_read
    marketing_messages_link_btn_click marketing_messages_spend
""".split()
)
_EVENT_NAMES = {
    "actions": "{}",
    "action_values": "{}_value",
    "unique_actions": "unique_{}",
    "conversions": "conversions_{}",
    "conversion_values": "conversions_{}_value",
    "cost_per_conversion": "cost_per_conversion_{}",
    "cost_per_action_type": "cost_per_{}",
    "cost_per_unique_action_type": "cost_per_unique_{}",
}
# Exact whatever their name: not rounded like a ratio.
_EXACT = ADDITIVE | {"reach"}
Cells = dict["Column", Any]


class Column(NamedTuple):
    """Where a cell goes: the Graph field, the event and the attribution window. Rows are full of it: a tuple."""

    source: str
    event: str = ""
    window: str = ""

    @property
    def additive(self) -> bool:
        return self.source in ADDITIVE

    def name(self, *, several: bool) -> str:
        """The column's name; `several`: its field has more than one event in this table."""
        pattern = _EVENT_NAMES.get(self.source, f"{self.source}_{{}}" if several else self.source)
        made = pattern.format(self.event) if self.event else self.source
        return f"{made}_{self.window}" if self.window else made


@dataclass(frozen=True)
class Sheet:
    """A table in the making: its columns, one dict of cells per row, and what each event was read from."""

    columns: list[Column]
    cells: list[Cells]
    types: dict[str, list[str]] = field(default_factory=dict)

    def names(self) -> list[str]:
        events: dict[str, set[str]] = {}
        for column in self.columns:
            events.setdefault(column.source, set()).add(column.event)
        return [column.name(several=len(events[column.source]) > 1) for column in self.columns]

    def without(self, left_out: Iterable[Column]) -> Sheet:
        gone = set(left_out)
        return Sheet([column for column in self.columns if column not in gone], self.cells, self.types)

    def constant(self, source: str) -> Any:
        """The one value that every row has in this dimension, or None."""
        found = {row.get(Column(source)) for row in self.cells}
        return found.pop() if len(found) == 1 else None

    def table(self) -> Table:
        split = [column for column in self.columns if is_action_breakdown(column.source)]
        rows = []
        for row in self.cells:
            unsplit = bool(split) and row.keys().isdisjoint(split)
            rows.append([row.get(column, None if unsplit else _missing(column)) for column in self.columns])
        return Table(self.names(), rows)

    def totals(self) -> dict[str, Number]:
        """The sums of the additive columns."""
        return {
            name: total(number(row.get(column)) for row in self.cells)
            for name, column in zip(self.names(), self.columns, strict=True)
            if column.additive
        }


def _missing(column: Column) -> Any:
    return 0 if column.event and column.additive else None


def sheet(rows: Sequence[Row], *, breakdowns: Sequence[str] = (), fields: Sequence[str] = ()) -> Sheet:
    """A sheet of Graph's rows. `breakdowns` and `fields` are those of the request; `fields` order the metrics."""
    types: dict[str, list[str]] = {}
    cells = [made for row in rows for made in _cells(row, frozenset(breakdowns), types)]
    seen = dict.fromkeys(column for row in cells for column in row)
    place = {name: position for position, name in enumerate(fields)}

    def order(column: Column) -> tuple[Any, ...]:
        if column.source in breakdowns:
            return 1, list(breakdowns).index(column.source)
        if is_dimension(column.source):
            return 2 * (column.source not in _PLACES), _PLACES.get(column.source, 0), column.source
        where = place.get(column.source, len(place))
        return 3, where, column.source, event_order(column.event), column.window

    return Sheet(sorted(seen, key=order), cells, types)


@lru_cache(maxsize=4096)
def is_dimension(name: str, breakdowns: frozenset[str] = frozenset()) -> bool:
    known = name in _PLACES or name in breakdowns or name in BREAKDOWNS
    return known or name.endswith("_id") or is_action_breakdown(name)


def _cells(row: Row, breakdowns: frozenset[str], types: dict[str, list[str]]) -> list[Cells]:
    """The rows that a row of Graph makes: one, or one more for each value of the action breakdowns."""
    dimensions: Cells = {}
    parts: dict[Split, Cells] = {(): {}}
    for source, value in row.items():
        if is_dimension(source, breakdowns):
            dimensions[Column(source)] = _text(value)
        elif _all_have(value, "action_type"):
            for counted in canonical(value):
                _note_type(types, counted)
                for (window, split), figure in counted.figures.items():
                    place = parts[split] if split in parts else parts.setdefault(split, {})
                    place[Column(source, counted.event, window)] = _figure(source, figure)
        elif _all_have(value, "indicator"):
            parts[()].update(_result_cells(source, value))
        else:
            parts[()][Column(source)] = _figure(source, value)
    if len(parts) > 1 and not parts[()]:
        del parts[()]
    if len(parts) == 1 and () in parts:
        return [dimensions | parts[()]]
    return [dimensions | {Column(name): value for name, value in split} | cells for split, cells in parts.items()]


def _all_have(value: Any, key: str) -> bool:
    """Whether it is a list of objects with that key: `action_type` in action rows, `indicator` in results."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) and key in item for item in value)


def _text(value: Any) -> Any:
    return value if isinstance(value, str | list | dict) or value is None else str(value)


def _note_type(types: dict[str, list[str]], counted: Counted) -> None:
    known = types.setdefault(counted.event, [])
    if counted.action_type not in known:
        known.append(counted.action_type)


def _result_cells(source: str, value: list[Row]) -> Cells:
    if len(value) != 1:
        return {Column("results_indicator"): "mixed"}
    made: Cells = {Column("results_indicator"): str(value[0]["indicator"])}
    found = result_value(value[0])
    return made if found is None else made | {Column(source): _figure(source, found)}


def result_value(result: Mapping[str, Any]) -> Number | None:
    """The figure of one entry of `results`, under its default attribution."""
    values = result.get("values")
    first = values[0] if isinstance(values, list) and values and isinstance(values[0], dict) else {}
    return number(first.get("value"))


def indicated_event(indicator: str) -> str | None:
    """The event that a result's indicator names (`actions:omni_purchase` → purchase); None for reach and the like."""
    kind, colon, action_type = indicator.partition(":")
    return event_of(action_type)[0] if colon and kind in ("actions", "conversions") else None


def _figure(source: str, value: Any) -> Any:
    found = value if type(value) is int else number(value)
    if found is None:
        return value if value not in ("", []) else None
    return found if isinstance(found, int) or source in _EXACT or source == "results" else round_number(found)
