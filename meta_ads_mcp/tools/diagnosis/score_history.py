"""Read the history of an account's opportunity score, and what moved it.

Source: Meta docs, marketing-api/best-practices (Performance Recommendations History API); SDK class
OpportunityScoreChangelog.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Final, Row
from meta_ads_mcp.core.values.money import money
from meta_ads_mcp.core.values.spend_fields import UnreadableAmount, parse_minor

# "Must not be earlier than 45 days before to_date."
MAX_DAYS = 45
LATENCY = "Meta completes the score of a day about two days later, so the last days can be missing."
_KINDS = (
    ("new_advice", "eligible_recommendation_types_now", "eligible_recommendation_types_then"),
    ("advice_gone", "eligible_recommendation_types_then", "eligible_recommendation_types_now"),
    ("applied", "applied_recommendation_types_now", "applied_recommendation_types_then"),
    ("taken_back", "applied_recommendation_types_then", "applied_recommendation_types_now"),
)


def check_period(first: str | None, last: str | None) -> None:
    """Raise ValueError for days (YYYY-MM-DD) in the wrong order, or more days than Meta gives."""
    if first is None or last is None:
        return
    if first > last:
        raise ValueError("history_from is after history_to")
    if date.fromisoformat(last) - date.fromisoformat(first) > timedelta(days=MAX_DAYS):
        raise ValueError(f"Meta gives at most {MAX_DAYS} days: history_from is too early for history_to")


async def read_history(call: Call, account: Account, first: str | None, last: str | None, *, reasons: bool) -> Row:
    """Return `days`, a table of date, score and change, and with `reasons` the campaigns that moved the score.

    Without `first`, Meta starts 14 days before `last`; without `last`, it ends today.
    """
    edge = f"{account.id}/opportunity_score_history"
    body = await call.graph.get(edge, from_date=first, to_date=last, get_reason=True if reasons else None)
    rows = sorted(_objects(body.get("data")), key=lambda row: str(row.get("date")))
    scores = [_number(row.get("opportunity_score")) for row in rows]
    table = [
        [row.get("date"), score, None if before is None or score is None else round(score - before, 2)]
        for row, score, before in zip(rows, scores, [None, *scores], strict=False)
    ]
    history: Row = {"days": Final({"columns": ["date", "score", "change"], "rows": table})}
    if reasons:
        history["reasons"] = [reason for row in rows for reason in _reasons(row, account)]
    call.note(LATENCY)
    return history


def describe_history(history: Row) -> str:
    """Return the history in one sentence: first and last score, and the largest change."""
    rows = [row for row in history["days"]["rows"] if row[1] is not None]
    if not rows:
        return "Meta gives no score for these days"
    moves = [row for row in rows if row[2]]
    text = f"score {rows[0][1]:g} on {rows[0][0]}, {rows[-1][1]:g} on {rows[-1][0]}"
    if not moves:
        return f"{text}, without a change"
    largest = max(moves, key=lambda row: abs(row[2]))
    return f"{text}; the largest change was {largest[2]:+g} on {largest[0]}"


def _number(value: Any) -> float | None:
    """Return a number of Meta, which writes it as text, with a sign if it is a change."""
    try:
        return float(str(value))
    except ValueError:
        return None


def _reasons(row: Mapping[str, Any], account: Account) -> list[Row]:
    return [
        {
            "date": row.get("date"),
            "campaign_id": entry.get("campaign_id"),
            "score_change": _number(entry.get("score_change")),
            "objects": [
                _detail(item, account) for item in entry.get("campaign_details") or () if isinstance(item, dict)
            ],
        }
        for entry in _objects(row.get("changelog"))
    ]


def _objects(value: Any) -> list[Row]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _detail(item: Mapping[str, Any], account: Account) -> Row:
    """Return an object of a campaign with what differs between then and now."""
    detail: Row = {"id": item.get("ad_object_id"), "type": item.get("ad_object_type")}
    budgets = {name: _money(item.get(f"budget_{name}"), account) for name in ("then", "now")}
    if budgets["then"] != budgets["now"]:
        detail["budget"] = Final(budgets)
    for name, present, absent in _KINDS:
        kinds = [kind for kind in item.get(present) or () if kind not in (item.get(absent) or ())]
        if kinds:
            detail[name] = kinds
    return detail


def _money(value: Any, account: Account) -> Any:
    try:
        minor = parse_minor(value)
    except UnreadableAmount:
        return value
    return None if minor is None else money(minor, account.currency)
