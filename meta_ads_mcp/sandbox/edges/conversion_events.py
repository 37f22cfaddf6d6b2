"""Conversions API: events that a server sends, how well they match, and uploads of stores.

Source: docs marketing-api/conversions-api/using-the-api, .../parameters and .../dataset-quality-api. Subcodes of the
refusals other than 2804003 and 2804050 are not documented.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import now
from meta_ads_mcp.sandbox.refusal import Refusal, invalid, is_required, unknown_field, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world import pixel
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
MAX_EVENTS = 1000
DAY_S = 86_400
DAYS_BACK, STORE_DAYS_BACK = 7, 62
DEDUPLICATION_S = 48 * 3600
_TOO_OLD, _NOBODY = 2804003, 2804050
HASHED = frozenset("em ph fn ln ge db ct st zp country".split())
_HASH = re.compile(r"[0-9a-f]{64}")
# Keys of which one is enough to match a person.
MATCHING = frozenset(
    "em ph external_id lead_id fbc fbp madid anon_id ctwa_clid fb_login_id page_scoped_user_id subscription_id".split()
)
SOURCES = frozenset(
    "website app physical_store phone_call chat email business_messaging system_generated other".split()
)
QUALITY = "AdsPixelCAPIIntegrationQuality"
# Key -> Meta's word for it in the feedback, and what an event that has it adds to the score of 10.
IDENTIFIERS: dict[str, tuple[str, float]] = {
    "em": ("email", 3.2),
    "ph": ("phone", 2.0),
    "external_id": ("external_id", 1.2),
    "fbc": ("click_id", 1.0),
    "fbp": ("browser_id", 0.6),
    "client_ip_address": ("ip_address", 0.6),
    "client_user_agent": ("user_agent", 0.6),
    "fn": ("first_name", 0.5),
    "ln": ("last_name", 0.5),
    "lead_id": ("lead_id", 6.0),
}
# The client's server sends a part of its events, with these keys in such a share of them.
SERVER_SHARE = 0.2
SERVER_KEYS = {"external_id": 0.7, "em": 0.4, "ph": 0.2, "client_ip_address": 1.0, "client_user_agent": 1.0}
BROWSER_EVENTS_WITH_ID, COVERAGE_GOAL = 0.9, 75


@dataclass(frozen=True)
class ReceivedEvent:
    """What Graph keeps of an event. `keys` are those of its customer information; times are in Unix seconds."""

    name: str
    source: str
    event_time: int
    arrival: float
    keys: frozenset[str]
    has_id: bool


def received_events(ask: Ask, dataset_id: str) -> list[ReceivedEvent]:
    """Return the events that were sent to a dataset, without repeated ones."""
    events: list[ReceivedEvent] = ask.graph.world.store.memory.get(("events", dataset_id), [])
    return events


@serves("POST", "AdsPixel/events")
def receive(ask: Ask) -> Json:
    """Take events. One bad event refuses the whole call."""
    raw = ask.params.get("data")
    if not raw:
        raise is_required("data")
    if len(raw) > MAX_EVENTS:
        raise invalid(None, f"A call takes at most {MAX_EVENTS} events", "data")
    events = [_checked(ask, number, item) for number, item in enumerate(raw)]
    memory = ask.graph.world.store.memory
    memory_rows = list(received_events(ask, ask.node.id))
    times: dict[tuple[str, str], float] = memory.setdefault(("event ids", ask.node.id), {})
    when = ask.graph.clock().timestamp()
    for event in events:
        key = (event["event_name"], str(event.get("event_id", "")))
        if not key[1] or when - times.get(key, float("-inf")) > DEDUPLICATION_S:
            memory_rows.append(_kept(event, when))
        if key[1]:
            times.setdefault(key, when)
    memory["events", ask.node.id] = memory_rows
    ask.graph.world.store.patch(ask.node.id, {"last_fired_time": stamp(now(ask))})
    if ask.params.get("upload_tag"):
        _keep_upload(ask, events)
    return {"events_received": len(events), "messages": [], "fbtrace_id": f"A{len(memory_rows):021d}"}


def _checked(ask: Ask, number: int, item: Json) -> dict[str, Json]:
    event = _parse(item)
    where = f"for the server event at index {number}"
    for name in ("event_name", "event_time", "action_source", "user_data"):
        if not event.get(name):
            raise invalid(None, f"Missing {name} {where}", "data")
    if event["action_source"] not in SOURCES:
        raise invalid(None, f"Unknown action_source {where}", "data")
    _check_time(ask, event, where)
    _check_user(event["user_data"], where)
    if event["action_source"] == "website" and not (
        event.get("event_source_url") and event["user_data"].get("client_user_agent")
    ):
        raise invalid(None, f"Missing event_source_url or client_user_agent {where}", "data")
    if event["event_name"] == "Purchase" and not {"value", "currency"} <= set(event.get("custom_data") or {}):
        raise invalid(None, f"Missing value or currency of a purchase {where}", "data")
    return event


def _parse(item: Json) -> dict[str, Json]:
    try:
        event = json.loads(item) if isinstance(item, str) else item
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise invalid(None, "An event is a JSON object", "data")
    return event


def _check_time(ask: Ask, event: Mapping[str, Json], where: str) -> None:
    age = ask.graph.clock().timestamp() - event["event_time"] if isinstance(event["event_time"], int) else None
    days = STORE_DAYS_BACK if event["action_source"] == "physical_store" else DAYS_BACK
    if age is None or age < -60:
        raise invalid(None, f"event_time lies in the future {where}", "data")
    if age > days * DAY_S:
        raise invalid(_TOO_OLD, f"event_time is more than {days} days back {where}", "data")


def _check_user(user: Mapping[str, Json], where: str) -> None:
    for key in HASHED & user.keys():
        values = user[key] if isinstance(user[key], list) else [user[key]]
        if not all(isinstance(value, str) and _HASH.fullmatch(value) for value in values):
            raise invalid(None, f"Unhashed customer information in {key} {where}", "data")
    has_device = {"client_ip_address", "client_user_agent"} <= user.keys()
    if not MATCHING & user.keys() and not has_device and not {"fn", "ln"} <= user.keys():
        raise invalid(_NOBODY, f"Insufficient customer information {where}", "data")


def _kept(event: Mapping[str, Json], when: float) -> ReceivedEvent:
    keys = frozenset(event["user_data"])
    return ReceivedEvent(
        event["event_name"], event["action_source"], event["event_time"], when, keys, bool(event.get("event_id"))
    )


@serves("GET", "Business/adspixels")
def datasets(ask: Ask) -> EdgeListing:
    """Return the datasets of the business, those of its clients included."""
    store = ask.graph.world.store
    rows = [row for edge in ("owned_pixels", "client_pixels") for row in store.children(ask.node.id, edge)]
    part = str(ask.params.get("name_filter") or "").lower()
    rows = [row for row in rows if part in str(row.get("name")).lower()]
    if ask.params.get("sort_by") == "NAME":
        rows.sort(key=lambda row: str(row.get("name")))
    return EdgeListing(rows)


# -- uploads of stores ------------------------------------------------------------------------------------------------


def _keep_upload(ask: Ask, events: Iterable[Mapping[str, Json]]) -> None:
    times = [event["event_time"] for event in events]
    matches = sum("em" in event["user_data"] or "ph" in event["user_data"] for event in events)
    store = ask.graph.world.store
    tag = ask.params["upload_tag"]
    before = next(
        (row for row in store.children(ask.node.id, "offline_event_uploads") if row.get("upload_tag") == tag), None
    )
    fields: dict[str, Json] = {
        "id": before.id if before else store.new_id("4"),
        "upload_tag": tag,
        "creation_time": before.get("creation_time") if before else int(ask.graph.clock().timestamp()),
        "event_time_min": min([*times, *([before.get("event_time_min")] if before else [])]),
        "event_time_max": max([*times, *([before.get("event_time_max")] if before else [])]),
        "valid_entries": len(times) + (before.get("valid_entries") if before else 0),
        "matched_entries": matches + (before.get("matched_entries") if before else 0),
        "duplicate_entries": 0,
        "is_excluded_for_lift": False,
    }
    fields["match_rate_approx"] = 100 * fields["matched_entries"] // fields["valid_entries"]
    store.add(GraphNode(fields["id"], "OfflineConversionDataSetUpload", fields))
    if before is None:
        store.link(ask.node.id, "offline_event_uploads", [fields["id"]])


@serves("GET", "AdsPixel/offline_event_uploads")
def uploads(ask: Ask) -> EdgeListing:
    """Return the uploads of store events, newest first."""
    rows = ask.graph.world.store.children(ask.node.id, "offline_event_uploads")
    tag = ask.params.get("upload_tag")
    return EdgeListing([row for row in rows if tag in (None, row.get("upload_tag"))])


@serves("GET", "AdsPixel/openbridge_configurations")
def gateways(ask: Ask) -> EdgeListing:
    """Return the Conversions API gateways: the sandbox's clients have none."""
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "openbridge_configurations"))


# -- quality ----------------------------------------------------------------------------------------------------------


@serves("GET", "Root/dataset_quality")
def quality(ask: Ask) -> Json:
    """Rate the server events of a dataset per channel and event. Meta rates what was sent in the last week."""
    if "ads_read" not in ask.token.scopes or not {"ads_management", "business_management"} & set(ask.token.scopes):
        raise Refusal("(#200) Requires ads_read with ads_management or business_management", code=200, status=403)
    dataset = ask.graph.find(str(ask.params.get("dataset_id") or ""))
    if dataset is None or dataset.type != "AdsPixel":
        raise unknown_node(str(ask.params.get("dataset_id")), "Get")
    answer: dict[str, Json] = {}
    for channel in ask.wanted or ():
        if channel.name not in CHANNELS:
            raise unknown_field(channel.name, "DatasetQuality")
        names = [item.name for item in channel.inner or ()] or ["event_name", "event_match_quality"]
        unknown = next((name for name in names if name not in ask.graph.spec.fields(QUALITY)), None)
        if unknown is not None:
            raise unknown_field(unknown, QUALITY)
        rows = [{name: row[name] for name in names if name in row} for row in CHANNELS[channel.name](ask, dataset)]
        if rows:
            answer[channel.name] = rows
    return answer


def _web(ask: Ask, dataset: GraphNode) -> Iterator[dict[str, Json]]:
    """Rate the events of the client's server together with those that were sent here."""
    browser = _events_of_a_day(ask, dataset)
    events_sent = [event for event in received_events(ask, dataset.id) if event.source == "website"]
    for name in sorted({event.name for event in events_sent} | {name for name, count in browser.items() if count}):
        events = [event for event in events_sent if event.name == name]
        client_events = round(browser.get(name, 0) * SERVER_SHARE)
        if not client_events and not events:
            continue
        row = _rated(name, events, client_events)
        total = browser.get(name, 0) + len(events)
        coverage = round(100 * (client_events + len(events)) / total, 1)
        row["event_coverage"] = {
            "percentage": coverage,
            "goal_percentage": COVERAGE_GOAL,
            "description": "Server events in relation to browser events.",
        }
        with_id = _percent_with_id(events, client_events)
        row["dedupe_key_feedback"] = [
            {
                "dedupe_key": "event_id",
                "browser_events_with_dedupe_key": {"percentage": 100 * BROWSER_EVENTS_WITH_ID},
                "server_events_with_dedupe_key": {"percentage": with_id},
                "overall_browser_coverage_from_dedupe_key": {"percentage": round(coverage * with_id / 100, 1)},
            }
        ]
        row["acr"] = {"percentage": round(coverage / 8, 1), "description": "Additional conversions reported."}
        yield row


def _percent_with_id(events: list[ReceivedEvent], client_events: int) -> float:
    count = client_events * BROWSER_EVENTS_WITH_ID + sum(event.has_id for event in events)
    return round(100 * count / (client_events + len(events)), 1)


def _offline(ask: Ask, dataset: GraphNode) -> Iterator[dict[str, Json]]:
    yield from _of_sources(ask, dataset, {"physical_store"})


def _crm(ask: Ask, dataset: GraphNode) -> Iterator[dict[str, Json]]:
    yield from _of_sources(ask, dataset, {"system_generated"})


def _of_sources(ask: Ask, dataset: GraphNode, sources: set[str]) -> Iterator[dict[str, Json]]:
    events_sent = [event for event in received_events(ask, dataset.id) if event.source in sources]
    for name in sorted({event.name for event in events_sent}):
        yield _rated(name, [event for event in events_sent if event.name == name], 0)


CHANNELS: dict[str, Callable[[Ask, GraphNode], Iterator[dict[str, Json]]]] = {
    "web": _web,
    "offline": _offline,
    "crm": _crm,
}


def _rated(name: str, events: list[ReceivedEvent], client_events: int) -> dict[str, Json]:
    """Return match quality and freshness. `client_events` is the number of events of the client's server."""
    total = client_events + len(events)
    counts = Counter({key: client_events * share for key, share in SERVER_KEYS.items()} if client_events else {})
    counts.update(key for event in events for key in event.keys)
    coverage = {key: 100 * counts[key] / total for key in IDENTIFIERS if counts[key]}
    score = min(10.0, sum(IDENTIFIERS[key][1] * share / 100 for key, share in coverage.items()))
    return {
        "event_name": name,
        "event_match_quality": {
            "composite_score": round(score, 1),
            "match_key_feedback": [
                {"identifier": IDENTIFIERS[key][0], "coverage": {"percentage": round(share, 1)}}
                for key, share in coverage.items()
            ],
        },
        "data_freshness": {"upload_frequency": _frequency(events), "description": "How soon events arrive."},
    }


def _frequency(events: list[ReceivedEvent]) -> str:
    delays = sorted(event.arrival - event.event_time for event in events)
    delay = delays[len(delays) // 2] if delays else 0
    return "real_time" if delay < 3600 else "hourly" if delay < DAY_S else "daily"


def _events_of_a_day(ask: Ask, dataset: GraphNode) -> Counter[str]:
    hour = ask.graph.clock().replace(minute=0, second=0, microsecond=0)
    counts = Counter[str]()
    for back in range(1, 25):
        counts.update(pixel.events_of_hour(ask.graph.world, dataset.account, hour - timedelta(hours=back)))
    return counts


def sent_in_hour(ask: Ask, hour: datetime) -> Counter[str]:
    """Return the events that were sent to the dataset of the call in the hour from then on, by name."""
    start, end = hour.timestamp(), (hour + timedelta(hours=1)).timestamp()
    return Counter(event.name for event in received_events(ask, ask.node.id) if start <= event.event_time < end)
