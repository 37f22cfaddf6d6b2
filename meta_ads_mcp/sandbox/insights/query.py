"""An insights request, checked as Graph checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from meta_ads_mcp.sandbox import filters
from meta_ads_mcp.sandbox.insights import dates
from meta_ads_mcp.sandbox.insights.actions import Style
from meta_ads_mcp.sandbox.insights.segments import COMBINATIONS, HOUR, HOURLY_AUDIENCE
from meta_ads_mcp.sandbox.refusal import Refusal, invalid_param

Json = Any
LEVELS = ("account", "campaign", "adset", "ad")
DEFAULT_FIELDS = ("impressions", "spend")
OPT_IN = frozenset({"impression_device", HOURLY_AUDIENCE, "frequency_value"})
OLD_REACH_MONTHS = 13
# Source: docs marketing-api/insights/breakdowns, its limitations
NEVER_BROKEN_DOWN = frozenset(
    {"app_store_clicks", "newsfeed_avg_position", "newsfeed_clicks", "relevance_score", "newsfeed_impressions"}
)
NOT_FOR_ACCOUNTS = frozenset({"image_asset", "video_asset", "place_page_id", "product_id"})
# Source: docs marketing-api/out-of-cycle-changes/occ-2026 (since 2026-06-22) and occ-2025 (since 2026-01-12)
REPLACED_BREAKDOWNS = {"dma": "comscore_market"}
ASYNCHRONOUS_BREAKDOWNS = frozenset({"mmm"})
# "Do not support region" (docs as above): Graph takes the fields and leaves them out of the rows, as the daily syncs of
# Airbyte's source and of tap-facebook show, which ask for them.
NOT_BY_REGION = frozenset(
    {"video_avg_time_watched_actions", *(f"video_p{part}_watched_actions" for part in (25, 50, 75, 95, 100))}
)
# Filters of these fields choose entries of `actions` and its relatives, not rows. Source: SDK, ActionBreakdowns
ACTION_KEYS = frozenset(
    {"action_type", "action_device", "action_destination", "action_target_id", "action_reaction", "action_video_type",
     "action_video_sound", "action_carousel_card_id", "action_carousel_card_name", "action_canvas_component_name",
     "conversion_destination"}
)  # fmt: skip
WITH_ANY_BREAKDOWN = frozenset({"action_type", "action_target_id", "action_destination"})
WITH_DEVICE = frozenset({"publisher_platform", "platform_position", "impression_device"})


@dataclass(frozen=True)
class Query:
    """A checked request.

    `family` is empty without breakdowns, and `unmodelled` for valid breakdowns that the sandbox has no data for.
    `filtering` chooses rows, `action_filters` choose entries of the action lists in each row. `hidden` are fields that
    Graph leaves out of the rows.
    """

    level: str
    fields: tuple[str, ...]
    ranges: tuple[dates.Range, ...]
    breakdowns: tuple[str, ...]
    family: str
    style: Style
    filtering: tuple[filters.Condition, ...]
    action_filters: tuple[filters.Condition, ...]
    hidden: frozenset[str]
    sort: str
    summary: tuple[str, ...]
    old_reach: bool
    opted_in: bool


def read(
    params: Mapping[str, Json],
    node_level: str,
    fields: Sequence[str] | None,
    today: date,
    *,
    asynchronous: bool = False,
) -> Query:
    """Check the params of a request and read them as a query.

    Args:
        params: The decoded params.
        node_level: The level of the object whose insights are asked for.
        fields: The names asked for; None means Graph's default.
        today: The day in the account's time zone.
        asynchronous: Whether a report run asks, which may use more breakdowns.
    """
    level = params.get("level", node_level)
    if LEVELS.index(level) < LEVELS.index(node_level):
        raise invalid_param("level", f"cannot be {level} for an object of level {node_level}")
    breakdowns = tuple(params.get("breakdowns", ()))
    _check_breakdowns(breakdowns, asynchronous=asynchronous)
    family = _family(breakdowns, level)
    names = tuple(fields) if fields is not None else (*_ids(level), *DEFAULT_FIELDS)
    _check_fields(names, breakdowns, family)
    ranges = tuple(dates.ranges(params, today))
    filtering = filters.check(params.get("filtering", []))
    return Query(
        level=level,
        fields=names,
        ranges=ranges,
        breakdowns=breakdowns,
        family=family,
        style=_style(params, breakdowns, family),
        filtering=tuple(item for item in filtering if item[0] not in ACTION_KEYS),
        action_filters=tuple(item for item in filtering if item[0] in ACTION_KEYS),
        hidden=NOT_BY_REGION if "region" in breakdowns else frozenset(),
        sort=_sort(params.get("sort", [])),
        summary=_summary(params, names),
        old_reach=bool(breakdowns) and ranges[0][0] < dates.months_before(today, OLD_REACH_MONTHS),
        opted_in=bool(OPT_IN & set(breakdowns)),
    )


def _check_breakdowns(breakdowns: Sequence[str], *, asynchronous: bool) -> None:
    """Refuse breakdowns that are gone, or that only a report run takes. How Graph words it is not documented."""
    for name in breakdowns:
        if name in REPLACED_BREAKDOWNS:
            text = f"(#100) Breakdown {name} is no longer supported. Use {REPLACED_BREAKDOWNS[name]} instead."
            raise Refusal(text, blame=(("breakdowns",),))
        if name in ASYNCHRONOUS_BREAKDOWNS and not asynchronous:
            text = f"(#100) Breakdown {name} is only supported in asynchronous requests"
            raise Refusal(text, blame=(("breakdowns",),))


def _ids(level: str) -> tuple[str, ...]:
    return tuple(f"{name}_id" for name in LEVELS[: LEVELS.index(level) + 1])


def invalid_breakdowns(text: str) -> Refusal:
    """Return the refusal of a combination of breakdowns, 2/1504041."""
    message = f"(#2) Current combination of data breakdown columns ({text}) is invalid"
    return Refusal(message, code=2, subcode=1504041, user_title="Invalid Breakdowns", user_msg=message)


def _family(breakdowns: Sequence[str], level: str) -> str:
    if not breakdowns:
        return ""
    if level == "account" and set(breakdowns) & NOT_FOR_ACCOUNTS:
        raise invalid_breakdowns(", ".join(breakdowns) + " at level account")
    match = COMBINATIONS.get(frozenset(breakdowns))
    if match:
        return match
    joint = {name for combination in COMBINATIONS for name in combination}
    if len(breakdowns) > 1 or breakdowns[0] in joint:
        raise invalid_breakdowns(", ".join(breakdowns))
    return "unmodelled"


def _check_fields(fields: tuple[str, ...], breakdowns: tuple[str, ...], family: str) -> None:
    problems = NEVER_BROKEN_DOWN & set(fields) if breakdowns else frozenset()
    if family == HOUR:
        problems |= {name for name in fields if name.startswith(("unique_", "video_"))}
    if problems:
        text = f"(#100) {', '.join(sorted(problems))} cannot be requested with breakdowns {', '.join(breakdowns)}"
        raise Refusal(text, blame=(("fields",),))


def _style(params: Mapping[str, Json], breakdowns: tuple[str, ...], family: str) -> Style:
    action = tuple(params.get("action_breakdowns", ("action_type",))) or ("action_type",)
    if breakdowns:
        options = WITH_ANY_BREAKDOWN | ({"action_device"} if set(breakdowns) <= WITH_DEVICE else set())
        if wrong := set(action) - options:
            raise invalid_breakdowns(", ".join((*sorted(wrong), *breakdowns)))
    windows = tuple(name for name in params.get("action_attribution_windows", ()) if name != "default")
    off_meta = not (family == HOUR or "region" in breakdowns)
    return Style(windows, action, off_meta)


def _sort(sort: Sequence[Json]) -> str:
    if len(sort) > 1:
        raise invalid_param("sort", "must have at most one element.")
    return str(sort[0]) if sort else ""


def _summary(params: Mapping[str, Json], fields: tuple[str, ...]) -> tuple[str, ...]:
    if params.get("summary"):
        return tuple(params["summary"])
    return fields if params.get("default_summary") else ()
