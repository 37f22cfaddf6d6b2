"""An insights request, checked as Graph checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from meta_ads_mcp.sandbox import filters
from meta_ads_mcp.sandbox.insights import dates
from meta_ads_mcp.sandbox.insights.actions import Style
from meta_ads_mcp.sandbox.insights.segments import COMBINATIONS, GEOGRAPHIC, HOUR, HOURLY_AUDIENCE
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
WITH_ANY_BREAKDOWN = frozenset({"action_type", "action_target_id", "action_destination"})
WITH_DEVICE = frozenset({"publisher_platform", "platform_position", "impression_device"})


@dataclass(frozen=True)
class Query:
    """`family` is empty without breakdowns, and `unmodelled` for valid breakdowns that the sandbox has no data for."""

    level: str
    fields: tuple[str, ...]
    ranges: tuple[dates.Range, ...]
    breakdowns: tuple[str, ...]
    family: str
    style: Style
    filtering: tuple[tuple[str, str, Json], ...]
    sort: str
    summary: tuple[str, ...]
    old_reach: bool
    opted_in: bool


def read(params: Mapping[str, Json], node_level: str, fields: Sequence[str] | None, today: date) -> Query:
    """`fields` are the names asked for; None means Graph's default."""
    level = params.get("level", node_level)
    if LEVELS.index(level) < LEVELS.index(node_level):
        raise invalid_param("level", f"cannot be {level} for an object of level {node_level}")
    breakdowns = tuple(params.get("breakdowns", ()))
    family = _family(breakdowns, level)
    asked = tuple(fields) if fields is not None else (*_ids(level), *DEFAULT_FIELDS)
    _check_fields(asked, breakdowns, family)
    ranges = tuple(dates.ranges(params, today))
    return Query(
        level=level,
        fields=asked,
        ranges=ranges,
        breakdowns=breakdowns,
        family=family,
        style=_style(params, breakdowns, family),
        filtering=tuple(filters.check(params.get("filtering", []))),
        sort=_sort(params.get("sort", [])),
        summary=_summary(params, asked),
        old_reach=bool(breakdowns) and ranges[0][0] < dates.months_before(today, OLD_REACH_MONTHS),
        opted_in=bool(OPT_IN & set(breakdowns)),
    )


def _ids(level: str) -> tuple[str, ...]:
    return tuple(f"{one}_id" for one in LEVELS[: LEVELS.index(level) + 1])


def invalid_breakdowns(text: str) -> Refusal:
    message = f"(#2) Current combination of data breakdown columns ({text}) is invalid"
    return Refusal(message, code=2, subcode=1504041, user_title="Invalid Breakdowns", user_msg=message)


def _family(breakdowns: Sequence[str], level: str) -> str:
    if not breakdowns:
        return ""
    if level == "account" and set(breakdowns) & NOT_FOR_ACCOUNTS:
        raise invalid_breakdowns(", ".join(breakdowns) + " at level account")
    known = COMBINATIONS.get(frozenset(breakdowns))
    if known:
        return known
    joint = {one for combination in COMBINATIONS for one in combination}
    if len(breakdowns) > 1 or breakdowns[0] in joint:
        raise invalid_breakdowns(", ".join(breakdowns))
    return "unmodelled"


def _check_fields(asked: tuple[str, ...], breakdowns: tuple[str, ...], family: str) -> None:
    refused = NEVER_BROKEN_DOWN & set(asked) if breakdowns else frozenset()
    if family == HOUR:
        refused |= {one for one in asked if one.startswith(("unique_", "video_"))}
    if family == GEOGRAPHIC and "region" in breakdowns:
        refused |= {one for one in asked if one.startswith(("video_p", "video_avg_time"))}
    if refused:
        text = f"(#100) {', '.join(sorted(refused))} cannot be requested with breakdowns {', '.join(breakdowns)}"
        raise Refusal(text, blame=(("fields",),))


def _style(params: Mapping[str, Json], breakdowns: tuple[str, ...], family: str) -> Style:
    action = tuple(params.get("action_breakdowns", ("action_type",))) or ("action_type",)
    if breakdowns:
        allowed = WITH_ANY_BREAKDOWN | ({"action_device"} if set(breakdowns) <= WITH_DEVICE else set())
        if wrong := set(action) - allowed:
            raise invalid_breakdowns(", ".join((*sorted(wrong), *breakdowns)))
    windows = tuple(one for one in params.get("action_attribution_windows", ()) if one != "default")
    off_meta = not (family == HOUR or "region" in breakdowns)
    return Style(windows, action, off_meta)


def _sort(sort: Sequence[Json]) -> str:
    if len(sort) > 1:
        raise invalid_param("sort", "must have at most one element.")
    return str(sort[0]) if sort else ""


def _summary(params: Mapping[str, Json], asked: tuple[str, ...]) -> tuple[str, ...]:
    if params.get("summary"):
        return tuple(params["summary"])
    return asked if params.get("default_summary") else ()
