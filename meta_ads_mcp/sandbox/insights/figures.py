"""The fields of an insights row, computed from sums. Everything numeric is a string, money is in major units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import uniforms
from meta_ads_mcp.sandbox.insights import actions, reach
from meta_ads_mcp.sandbox.insights.actions import ACTION_TYPES, VALUE_TYPES, Style
from meta_ads_mcp.sandbox.insights.metrics import VIDEO

Json = Any
RANKED_FROM = 500
RANKS = (
    "BELOW_AVERAGE_10",
    "BELOW_AVERAGE_20",
    "BELOW_AVERAGE_35",
    "AVERAGE",
    "AVERAGE",
    "AVERAGE",
    "ABOVE_AVERAGE",
    "ABOVE_AVERAGE",
)
RESULTS = {
    "OUTCOME_SALES": "offsite_conversion.fb_pixel_purchase",
    "OUTCOME_LEADS": "lead",
    "OUTCOME_TRAFFIC": "landing_page_view",
    "OUTCOME_ENGAGEMENT": "onsite_conversion.messaging_conversation_started_7d",
    "OUTCOME_APP_PROMOTION": "mobile_app_install",
}


@dataclass(frozen=True)
class Row:
    """What one row is computed from; `names` are Graph's texts.

    `audiences` are (size, impressions) per ad set, for figures that need `PEOPLE`; `shared` is the size of the audience
    that all ad sets have in common.
    """

    sums: Mapping[str, int]
    offset: int
    audiences: Sequence[tuple[float, int]]
    shared: float
    names: Mapping[str, str]
    style: Style = field(default_factory=Style)
    hourly: bool = False
    old_reach: bool = False
    level: str = "account"

    def __getitem__(self, metric: str) -> int:
        return self.sums.get(metric, 0)

    @property
    def reach(self) -> int:
        """People reached, never more than impressions."""
        return reach.people(self.audiences, self.shared)


def plain(value: float) -> str:
    """A number as Graph writes it: at most six decimals, no trailing zeros."""
    text = f"{value:.6f}"
    return text.rstrip("0").rstrip(".")


def money(row: Row, minor: float) -> str:
    return plain(minor / row.offset)


def ratio(row: Row, over: float, under: float, factor: float = 1.0) -> str | None:
    return plain(over / under * factor) if under else None


def cost(row: Row, under: float, factor: float = 1.0) -> str | None:
    return ratio(row, row["spend"] / row.offset, under, factor)


def unique(count: int) -> int:
    return count - count // 12


def engagement(row: Row) -> int:
    return actions.value_in(row.sums, ACTION_TYPES["post_engagement"], ())


def single(action_type: str, value: str | None) -> list[dict[str, str]] | None:
    return [{"action_type": action_type, "value": value}] if value not in (None, "0") else None


def action_list(row: Row) -> Json:
    return actions.rows(row.sums, ACTION_TYPES, row.style, str) or None


def unique_action_list(row: Row) -> Json:
    return actions.rows(row.sums, ACTION_TYPES, row.style, lambda value: str(unique(value))) or None


def value_list(row: Row) -> Json:
    return actions.rows(row.sums, VALUE_TYPES, row.style, lambda value: money(row, value)) or None


def cost_list(row: Row, count: Callable[[int], int] = lambda value: value) -> Json:
    spent = row["spend"] / row.offset
    return actions.rows(row.sums, ACTION_TYPES, row.style, lambda value: plain(spent / max(count(value), 1))) or None


def roas(row: Row, action_type: str) -> Json:
    if not row["spend"]:
        return None
    spent = row["spend"]
    return (
        actions.rows(row.sums, {action_type: ("purchase_value",)}, row.style, lambda value: plain(value / spent))
        or None
    )


def ranking(name: str) -> Callable[[Row], str | None]:
    def show(row: Row) -> str | None:
        if row.level != "ad":
            return None
        if row["impressions"] < RANKED_FROM:
            return "UNKNOWN"
        return RANKS[int(uniforms(name, row.names.get("ad_id"))[0] * len(RANKS))]

    return show


def result(row: Row) -> tuple[str, int] | None:
    objective = row.names.get("objective", "")
    if objective == "OUTCOME_AWARENESS":
        return "reach", row.reach
    if objective not in RESULTS:
        return None
    kind = RESULTS[objective]
    event_names = [item for item in ACTION_TYPES[kind] if row.style.off_meta or item not in actions.OFF_META]
    return f"actions:{kind}", actions.value_in(row.sums, event_names, actions.DEFAULT)


def result_list(row: Row) -> Json:
    match = result(row)
    if match is None:
        return None
    return [{"indicator": match[0], "values": [{"value": str(match[1]), "attribution_windows": ["default"]}]}]


def cost_per_result(row: Row) -> Json:
    match = result(row)
    if match is None or not match[1]:
        return None
    factor = 1000 if match[0] == "reach" else 1
    value = cost(row, match[1], factor)
    return [{"indicator": match[0], "values": [{"value": value, "attribution_windows": ["default"]}]}]


def hidden_when_old(show: Callable[[Row], Json]) -> Callable[[Row], Json]:
    """Reach with breakdowns is left out for starts more than 13 months ago. docs: out-of-cycle-changes/occ-2025"""
    return lambda row: None if row.old_reach else show(row)


def reach_text(row: Row) -> str:
    return "0" if row.hourly else str(row.reach)


def frequency_text(row: Row) -> str | None:
    return "0" if row.hourly else ratio(row, row["impressions"], row.reach)


def average_watch(row: Row) -> Json:
    """Seconds, from how far plays got."""
    plays = row["video_play"]
    watch_total = row["video_p25"] * 4 + row["video_p50"] * 4 + row["video_p75"] * 5 + row["video_p100"] * 4 + plays
    return single("video_view", str(round(watch_total / plays)) if plays else None)


Figure = Callable[[Row], Json]

# Among the needs of a figure: the impressions per ad set, from which the people of a row are counted.
PEOPLE = "people"
# field -> (stored metrics it needs, how it is computed)
ALL_ACTIONS = tuple(dict.fromkeys(actions.metrics_of(item for types in ACTION_TYPES.values() for item in types)))
VALUES = tuple(actions.metrics_of(["purchase_value"]))
ENGAGED = ACTION_TYPES["post_engagement"]

FIGURES: dict[str, tuple[tuple[str, ...], Figure]] = {
    "impressions": (("impressions",), lambda row: str(row["impressions"])),
    "clicks": (("clicks",), lambda row: str(row["clicks"])),
    "spend": (("spend",), lambda row: money(row, row["spend"])),
    "social_spend": (("spend",), lambda row: money(row, row["spend"] * 3 // 100)),
    "reach": (("impressions", PEOPLE), hidden_when_old(reach_text)),
    "frequency": (("impressions", PEOPLE), hidden_when_old(frequency_text)),
    "cpp": (("spend", "impressions", PEOPLE), hidden_when_old(lambda row: cost(row, row.reach, 1000))),
    "ctr": (("clicks", "impressions"), lambda row: ratio(row, row["clicks"], row["impressions"], 100)),
    "cpc": (("spend", "clicks"), lambda row: cost(row, row["clicks"])),
    "cpm": (("spend", "impressions"), lambda row: cost(row, row["impressions"], 1000)),
    "unique_clicks": (("clicks",), lambda row: str(unique(row["clicks"]))),
    "unique_ctr": (("clicks", PEOPLE), lambda row: ratio(row, unique(row["clicks"]), row.reach, 100)),
    "cost_per_unique_click": (("spend", "clicks"), lambda row: cost(row, unique(row["clicks"]))),
    "inline_link_clicks": (("link_click",), lambda row: str(row["link_click"])),
    "inline_link_click_ctr": (("link_click",), lambda row: ratio(row, row["link_click"], row["impressions"], 100)),
    "cost_per_inline_link_click": (("spend", "link_click"), lambda row: cost(row, row["link_click"])),
    "unique_inline_link_clicks": (("link_click",), lambda row: str(unique(row["link_click"]))),
    "unique_inline_link_click_ctr": (
        ("link_click", PEOPLE),
        lambda row: ratio(row, unique(row["link_click"]), row.reach, 100),
    ),
    "cost_per_unique_inline_link_click": (("spend", "link_click"), lambda row: cost(row, unique(row["link_click"]))),
    "unique_link_clicks_ctr": (
        ("link_click", PEOPLE),
        lambda row: ratio(row, unique(row["link_click"]), row.reach, 100),
    ),
    "website_ctr": (
        ("link_click",),
        lambda row: single("link_click", ratio(row, row["link_click"], row["impressions"], 100)),
    ),
    "inline_post_engagement": (ENGAGED, lambda row: str(engagement(row))),
    "cost_per_inline_post_engagement": (("spend", *ENGAGED), lambda row: cost(row, engagement(row))),
    "outbound_clicks": (("outbound_click",), lambda row: single("outbound_click", str(row["outbound_click"]))),
    "outbound_clicks_ctr": (
        ("outbound_click",),
        lambda row: single("outbound_click", ratio(row, row["outbound_click"], row["impressions"], 100)),
    ),
    "unique_outbound_clicks": (
        ("outbound_click",),
        lambda row: single("outbound_click", str(unique(row["outbound_click"]))),
    ),
    "cost_per_outbound_click": (
        ("spend", "outbound_click"),
        lambda row: single("outbound_click", cost(row, row["outbound_click"])),
    ),
    "actions": (ALL_ACTIONS, action_list),
    "unique_actions": (ALL_ACTIONS, unique_action_list),
    "action_values": (VALUES, value_list),
    "cost_per_action_type": (("spend", *ALL_ACTIONS), cost_list),
    "cost_per_unique_action_type": (("spend", *ALL_ACTIONS), lambda row: cost_list(row, unique)),
    "purchase_roas": (("spend", *VALUES), lambda row: roas(row, "omni_purchase")),
    "website_purchase_roas": (("spend", *VALUES), lambda row: roas(row, "offsite_conversion.fb_pixel_purchase")),
    "results": (("impressions", PEOPLE, *ALL_ACTIONS), result_list),
    "cost_per_result": (("spend", "impressions", PEOPLE, *ALL_ACTIONS), cost_per_result),
    "video_avg_time_watched_actions": (VIDEO, average_watch),
    "cost_per_thruplay": (("spend", "thruplay"), lambda row: single("video_view", cost(row, row["thruplay"]))),
    "quality_ranking": (("impressions",), ranking("quality")),
    "engagement_rate_ranking": (("impressions",), ranking("engagement")),
    "conversion_rate_ranking": (("impressions",), ranking("conversion")),
}

VIDEO_FIELDS = {
    "video_play_actions": "video_play",
    "video_30_sec_watched_actions": "video_30s",
    "video_thruplay_watched_actions": "thruplay",
    **{f"video_p{percent}_watched_actions": f"video_p{percent}" for percent in (25, 50, 75, 95, 100)},
}


def _video_figure(metric: str) -> Figure:
    return lambda row: single("video_view", str(row[metric]))


FIGURES |= {name: ((metric,), _video_figure(metric)) for name, metric in VIDEO_FIELDS.items()}
