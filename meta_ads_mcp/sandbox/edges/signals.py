"""Previews, pixel statistics and checks, and the plain lists of what an advertiser sets up."""

from __future__ import annotations

import html
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import uniforms
from meta_ads_mcp.sandbox.edges import lists
from meta_ads_mcp.sandbox.edges.conversion_events import sent_in_hour
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.filters import number
from meta_ads_mcp.sandbox.insights.split import spread
from meta_ads_mcp.sandbox.refusal import invalid_param
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world import pixel
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
SAVED_AUDIENCES = 3
DEFAULT_HOURS = 24  # docs do not give the default window of a pixel's statistics
# Aggregation other than by event -> its values and their shares of the events.
VALUES: dict[str, tuple[tuple[str, float], ...]] = {
    "event_source": (("WEB_ONLY", 0.8), ("SERVER_ONLY", 0.2)),
    "device_type": (("mobile_iphone", 0.5), ("mobile_android", 0.4), ("desktop", 0.3)),
    "match_keys": (("external_id", 0.7), ("em", 0.4), ("ph", 0.2)),
    "had_pii": (("true", 0.6), ("false", 0.4)),
    "host": (("shop.example", 1.0),),
}
# What this module does not model comes as one value.
OTHER = (("all", 1.0),)

serves(
    "GET",
    "AdAccount/customaudiences",
    "AdAccount/customconversions",
    "AdAccount/adrules_library",
)(lists.linked)


@serves("GET", "Ad/previews", "AdCreative/previews", "AdAccount/generatepreviews")
def previews(ask: Ask) -> Json:
    """Return one frame. `ad_format` is required; generatepreviews also requires a creative."""
    missing = [name for name in needed(ask) if name not in ask.params]
    if missing:
        raise invalid_param(missing[0], "is required.")
    width, height = ask.params.get("width", 320), ask.params.get("height", 570)
    source = f"https://www.facebook.com/ads/api/preview_iframe.php?d=AQ{ask.node.id}&t=AQJ&ad_format={ask.params['ad_format']}"
    frame = f'<iframe src="{html.escape(source)}" width="{width}" height="{height}" scrolling="yes"></iframe>'
    return {"data": [{"body": frame}]}


def needed(ask: Ask) -> tuple[str, ...]:
    """Return the params without which a preview is refused."""
    return ("ad_format", "creative") if ask.node.type == "AdAccount" else ("ad_format",)


@serves("GET", "AdsPixel/stats")
def stats(ask: Ask) -> EdgeListing:
    """Hourly buckets, each with the counts of every value. Shape: SDK class AdsPixelStatsResult."""
    now = ask.graph.clock().replace(minute=0, second=0, microsecond=0)
    start = number(ask.params.get("start_time")) or (now - timedelta(hours=DEFAULT_HOURS)).timestamp()
    end = number(ask.params.get("end_time")) or now.timestamp()
    aggregation = ask.params.get("aggregation", "event")
    hours = (now - timedelta(hours=back) for back in range(24 * 28))
    rows = [
        {"start_time": stamp(hour), "aggregation": aggregation, "data": counts(ask, aggregation, hour)}
        for hour in hours
        if start <= hour.timestamp() < end
    ]
    return EdgeListing(rows[::-1])


def counts(ask: Ask, aggregation: str, hour: datetime) -> list[dict[str, Json]]:
    """Return the values of an aggregation with their counts in an hour; of one event where `event` is given."""
    event_name = ask.params.get("event")
    sent = sent_in_hour(ask, hour)
    events = Counter(pixel.events_of_hour(ask.graph.world, ask.node.account, hour)) + sent
    counts_of_event = {event: count for event, count in events.items() if event_name in (None, event)}
    if aggregation == "event":
        return [{"value": event, "count": count} for event, count in counts_of_event.items() if count]
    values = VALUES.get(aggregation, OTHER)
    parts = spread(sum(counts_of_event.values()), [share for _, share in values], 0.5)
    if aggregation == "event_source" and sent:
        from_servers = sum(count for event, count in sent.items() if event_name in (None, event))
        parts = spread(sum(counts_of_event.values()) - from_servers, [share for _, share in values], 0.5)
        parts = [parts[0], parts[1] + from_servers]
    return [{"value": value, "count": part} for (value, _), part in zip(values, parts, strict=True)]


# The event of a pixel that a custom conversion of a type counts a part of.
EVENT_OF_TYPE = {"PURCHASE": "Purchase", "LEAD": "Lead", "ADD_TO_CART": "AddToCart", "CONTENT_VIEW": "ViewContent"}
RULE_SHARE = 0.4
US_DOLLARS = 80


@serves("GET", "CustomConversion/stats")
def conversion_stats(ask: Ask) -> EdgeListing:
    """Hourly buckets of what a custom conversion counted. Shape: SDK class CustomConversionStatsResult."""
    now = ask.graph.clock().replace(minute=0, second=0, microsecond=0)
    start = number(ask.params.get("start_time")) or (now - timedelta(hours=DEFAULT_HOURS)).timestamp()
    end = number(ask.params.get("end_time")) or now.timestamp()
    aggregation = ask.params.get("aggregation", "count")
    hours = (now - timedelta(hours=back) for back in range(24 * 28))
    rows = [
        {"timestamp": stamp(hour), "aggregation": aggregation, "data": _converted(ask, aggregation, hour)}
        for hour in hours
        if start <= hour.timestamp() < end
    ]
    return EdgeListing(rows[::-1])


def _converted(ask: Ask, aggregation: str, hour: datetime) -> list[dict[str, Json]]:
    event = EVENT_OF_TYPE.get(str(ask.node.get("custom_event_type")), "PageView")
    count = round(pixel.events_of_hour(ask.graph.world, ask.node.account, hour)[event] * RULE_SHARE)
    if aggregation.endswith("usd_amount"):
        return [{"value": aggregation, "count": count * US_DOLLARS}]
    values = VALUES.get(aggregation, ((aggregation, 1.0),))
    parts = spread(count, [share for _, share in values], 0.5)
    return [{"value": value, "count": part} for (value, _), part in zip(values, parts, strict=True)]


@serves("GET", "AdsPixel/da_checks")
def checks(ask: Ask) -> Json:
    """Return the checks of a pixel."""
    rows = [
        {"key": "pixel_decline", "title": "Events declined", "result": "passed", "description": "Events keep coming."},
        {
            "key": "pixel_missing_param_in_events",
            "title": "Missing parameters",
            "result": "failed",
            "description": "Some events lack content_ids.",
            "user_message": "Add content_ids to ViewContent.",
        },
    ]
    return {"data": rows}


@serves("GET", "AdRule/history")
def history(ask: Ask) -> EdgeListing:
    """Return runs of the rule, newest first; every third one changed something."""
    return EdgeListing(_runs_of_rule(ask))


@serves("GET", "AdAccount/adrules_history")
def account_history(ask: Ask) -> EdgeListing:
    """Return runs of all rules of the account, newest first."""
    rules = ask.graph.world.store.children(ask.node.id, "adrules_library")
    rows = [row | {"rule_id": int(rule.id)} for rule in rules for row in _runs_of_rule(ask)]
    about = ask.params.get("object_id")
    if about is not None:
        rows = [row for row in rows if about in _objects_of(row)]
    return EdgeListing(sorted(rows, key=lambda row: str(row["timestamp"]), reverse=True))


def _objects_of(run: dict[str, Json]) -> set[Json]:
    results = run["results"]
    return {result["object_id"] for result in results} if isinstance(results, list) else set()


def _runs_of_rule(ask: Ask) -> list[dict[str, Json]]:
    ads = ask.graph.world.store.children(f"act_{ask.node.account}", "ads")
    rows: list[dict[str, Json]] = [
        {
            "timestamp": stamp(ask.graph.clock() - timedelta(hours=6 * run + 1)),
            "is_manual": False,
            "results": [
                {
                    "object_id": ads[run % len(ads)].id,
                    "object_type": "AD",
                    "actions": [{"action": "PAUSE", "field": "status", "old_value": "ACTIVE", "new_value": "PAUSED"}],
                }
            ]
            if run % 3 == 0
            else [],
        }
        for run in range(18)
    ]
    return [row for row in rows if row["results"] or not ask.params.get("hide_no_changes")]


@serves("GET", "AdAccount/saved_audiences")
def saved_audiences(ask: Ask) -> EdgeListing:
    """Return the targeting of the oldest ad sets as saved audiences. They are made for each answer, not stored."""
    ad_sets = ask.graph.world.store.children(ask.node.id, "adsets")[-SAVED_AUDIENCES:]
    return EdgeListing([_saved_audience(ad_set) for ad_set in ad_sets if ad_set.get("targeting")])


def _saved_audience(ad_set: GraphNode) -> GraphNode:
    low = 10_000 + int(90_000 * uniforms("saved audience", ad_set.id)[0])
    creation_s = int(datetime.fromisoformat(ad_set.get("created_time")).timestamp())
    fields = {
        "id": f"6{ad_set.id[1:]}",
        "account": {"id": f"act_{ad_set.account}"},
        "name": f"Audience of {ad_set.get('name')}",
        "description": "",
        "targeting": ad_set.get("targeting"),
        "approximate_count_lower_bound": low,
        "approximate_count_upper_bound": low * 118 // 100,
        "run_status": "ACTIVE",
        "sentence_lines": [],
        "time_created": creation_s,
        "time_updated": creation_s,
    }
    return GraphNode(str(fields["id"]), "SavedAudience", fields, ad_set.account)


@serves("GET", "IGUser/media")
def media(ask: Ask) -> EdgeListing:
    """Posts between `since` and `until`."""
    since = number(ask.params.get("since")) or 0.0
    until = number(ask.params.get("until")) or ask.graph.clock().timestamp()
    rows = ask.graph.world.store.children(ask.node.id, "media")
    return EdgeListing([item for item in rows if since <= published(item) <= until])


def published(node: GraphNode) -> float:
    """Return the time of a post in Unix seconds."""
    return datetime.fromisoformat(str(node.get("timestamp"))).timestamp()
