"""Read Meta's own rating of a dataset's server events: match quality, coverage, deduplication and freshness per event.

Source: Meta docs, marketing-api/conversions-api/dataset-quality-api; the fields are those of the SDK class
AdsPixelCAPIIntegrationQuality. The page and the class spell one field differently, so both spellings are tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError

Channel = Literal["web", "offline", "crm"]
PATH = "dataset_quality"
FIELDS = ("event_name", "event_match_quality", "event_coverage", "data_freshness", "acr")
DEDUPLICATION = ("dedupe_key_feedback", "dedup_key_feedback")
_NO_SUCH_FIELD = 100
# Meta docs, conversions-api/best-practices: "aim for an Event Match Quality score of 6.0 or higher".
GOOD_SCORE = 6.0
MIN_KEY_PERCENT = 75
SLOW = frozenset({"daily", "weekly"})
# Meta's words for the keys that raise a score most, in its order of importance (customer-information-parameters).
IMPORTANT_KEYS = ("email", "click_id", "phone", "external_id", "browser_id", "ip_address")
LOW_COVERAGE_PERCENT = 50


async def read_quality(call: Call, dataset_id: str, channels: Sequence[str]) -> dict[str, list[Row]]:
    """Return the rated events per channel; a channel that Meta does not rate has none. Raises AdsError."""
    answer = await _ask(call, dataset_id, channels)
    return {channel: [_event(row) for row in _rows(answer.get(channel))] for channel in channels}


async def _ask(call: Call, dataset_id: str, channels: Sequence[str]) -> Row:
    for more in ((DEDUPLICATION[0],), (DEDUPLICATION[1],)):
        try:
            return await _get(call, dataset_id, channels, (*FIELDS, *more))
        except AdsError as error:
            if error.graph is None or error.graph.code != _NO_SUCH_FIELD:
                raise
    return await _get(call, dataset_id, channels, FIELDS)


async def _get(call: Call, dataset_id: str, channels: Sequence[str], fields: Sequence[str]) -> Row:
    wanted = [f"{channel}{{{','.join(fields)}}}" for channel in channels]
    with needing("ads_read", "ads_management or business_management"):
        return await call.graph.get(PATH, fields=wanted, dataset_id=dataset_id)


def _event(row: Row) -> Row:
    """Return a rated event with flat figures. Shares are in percent; None stands for what Meta does not say."""
    quality, coverage = _object(row.get("event_match_quality")), _object(row.get("event_coverage"))
    return {
        "event": row.get("event_name"),
        "match_quality": number(quality.get("composite_score")),
        "match_keys": _match_keys(quality),
        "coverage_percent": number(coverage.get("percentage")),
        "coverage_goal_percent": number(coverage.get("goal_percentage")),
        "deduplication": [_deduplication(key) for name in DEDUPLICATION for key in _rows(row.get(name))] or None,
        "freshness": _object(row.get("data_freshness")).get("upload_frequency"),
        "additional_conversions_percent": _percent(row.get("acr")),
    }


def _match_keys(quality: Mapping[str, Any]) -> list[list[Any]]:
    """Return each key that events have, with the share of the events."""
    keys = _rows(quality.get("match_key_feedback"))
    return [[str(key.get("identifier")), _percent(key.get("coverage"))] for key in keys]


def _deduplication(key: Row) -> Row:
    return {
        "key": key.get("dedupe_key"),
        "browser_percent": _percent(key.get("browser_events_with_dedupe_key")),
        "server_percent": _percent(key.get("server_events_with_dedupe_key")),
        "both_percent": _percent(key.get("overall_browser_coverage_from_dedupe_key")),
    }


def quality_findings(channel: str, rows: Sequence[Row]) -> list[str]:
    """Return what is wrong with the events of a channel: a sentence per problem, with the events that have it."""
    return [
        f"{channel}: {problem}"
        for problem in (_poor_matches(rows), _low_coverage(rows), _missing_ids(rows), _late_events(rows))
        if problem
    ]


def _poor_matches(rows: Sequence[Row]) -> str:
    poor = [row for row in rows if row["match_quality"] is not None and row["match_quality"] < GOOD_SCORE]
    if not poor:
        return ""
    rare = [key for key in IMPORTANT_KEYS if any(_share(row, key) < LOW_COVERAGE_PERCENT for row in poor)]
    keys = f"; rare or missing keys: {', '.join(rare)}" if rare else ""
    return f"Meta's match quality is below {GOOD_SCORE:g} of 10 for {_list(poor, 'match_quality')}{keys}"


def _low_coverage(rows: Sequence[Row]) -> str:
    low = [row for row in rows if None not in _coverage(row) and _coverage(row)[0] < _coverage(row)[1]]
    if not low:
        return ""
    goal = max(row["coverage_goal_percent"] for row in low)
    events = _list(low, "coverage_percent", " %")
    return f"the server sends fewer of the browser's events than Meta's goal of {goal:g} %: {events}"


def _missing_ids(rows: Sequence[Row]) -> str:
    shares = {
        row["event"]: min(shares)
        for row in rows
        for key in row["deduplication"] or ()
        if (shares := [share for share in (key["browser_percent"], key["server_percent"]) if share is not None])
    }
    low = [f"{event} ({share:g} %)" for event, share in shares.items() if share < MIN_KEY_PERCENT]
    if not low:
        return ""
    return f"fewer than {MIN_KEY_PERCENT} % have a key for deduplication, so they may count twice: {', '.join(low)}"


def _late_events(rows: Sequence[Row]) -> str:
    late = [f"{row['event']} ({row['freshness']})" for row in rows if row["freshness"] in SLOW]
    return f"events arrive too late for bidding: {', '.join(late)}" if late else ""


def _coverage(row: Row) -> tuple[Any, Any]:
    return row["coverage_percent"], row["coverage_goal_percent"]


def _share(row: Row, key: str) -> float:
    """Return the share of the events that have a key, in percent; 0 for a key that Meta does not list."""
    return next((share or 0 for name, share in row["match_keys"] if name == key), 0)


def _list(rows: Sequence[Row], figure: str, unit: str = "") -> str:
    return ", ".join(f"{row['event']} ({row[figure]:g}{unit})" for row in rows)


def unrated(quality: Mapping[str, Sequence[Row]]) -> list[str]:
    """Return a sentence for each thing that Meta does not rate."""
    notes = [f"Meta rates no {channel} events of this dataset." for channel, rows in quality.items() if not rows]
    names = {"coverage_percent": "coverage", "deduplication": "deduplication", "freshness": "freshness"}
    for channel, rows in quality.items():
        for key, name in names.items():
            events = [str(row["event"]) for row in rows if row[key] is None]
            if events:
                notes.append(f"Meta gives no {name} of {channel} events: {', '.join(events[:8])}.")
    return notes


def _percent(value: Any) -> float | int | None:
    return number(_object(value).get("percentage"))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _rows(value: Any) -> list[Row]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
