"""Describe an automated rule as an English sentence: its schedule, objects, conditions and action.

Shapes are those of the SDK classes AdRuleEvaluationSpec, AdRuleExecutionSpec and AdRuleScheduleSpec. Amounts of money
in filters and changes are in the account's minor units (Meta docs, marketing-api/ad-rules).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.money import format_money, money

_OPERATORS = {
    "GREATER_THAN": "is above",
    "LESS_THAN": "is below",
    "EQUAL": "is",
    "NOT_EQUAL": "is not",
    "IN_RANGE": "is between",
    "NOT_IN_RANGE": "is not between",
    "IN": "is one of",
    "NOT_IN": "is none of",
    "CONTAIN": "contains",
    "NOT_CONTAIN": "does not contain",
    "ANY": "has any of",
    "ALL": "has all of",
    "NONE": "has none of",
}
_ENTITIES = {"AD": "ads", "ADSET": "ad sets", "CAMPAIGN": "campaigns"}
_ACTIONS = {
    "NOTIFICATION": "send a notification",
    "PAUSE": "pause them",
    "UNPAUSE": "turn them on",
    "CHANGE_BUDGET": "change the ad set budget",
    "CHANGE_CAMPAIGN_BUDGET": "change the campaign budget",
    "CHANGE_BID": "change the bid",
    "ROTATE": "rotate the ads",
    "REBALANCE_BUDGET": "rebalance the budget",
    "PING_ENDPOINT": "call the webhook",
}
_SCHEDULES = {"DAILY": "Once a day", "HOURLY": "Every hour", "SEMI_HOURLY": "Every 30 minutes"}
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_NAMES = {"spent": "spend", "today_spent": "spend of today", "yesterday_spent": "spend of yesterday"}
# Filters that select objects or a period; they are not conditions.
_SCOPE = frozenset({"entity_type", "id", "time_preset", "attribution_window"})
_MONEY = frozenset(
    {"spent", "today_spent", "yesterday_spent", "lifetime_spent", "cpc", "cpm", "cpp", "cpa", "bid_amount"}
)


def in_words(rule: Row, currency: str) -> str:
    """Describe a rule in a sentence. `currency` is the account's; missing or malformed specs are tolerated."""
    evaluation, execution = _object(rule.get("evaluation_spec")), _object(rule.get("execution_spec"))
    filters = [_object(item) for item in _list(evaluation.get("filters"))]
    conditions = [_condition(item, currency) for item in filters if str(item.get("field")) not in _SCOPE]
    where = f" whose {' and '.join(conditions)}" if conditions else ""
    sentence = (
        f"{_when(evaluation, _object(rule.get('schedule_spec')), currency)}: for {_subject(filters)}{where}"
        f"{_window(filters)}, {_action(execution, currency)}."
    )
    return f"Off. {sentence}" if rule.get("status") == "DISABLED" else sentence


def _when(evaluation: Row, schedule: Row, currency: str) -> str:
    if evaluation.get("evaluation_type") == "TRIGGER":
        trigger = _object(evaluation.get("trigger"))
        kind = _humanize(trigger.get("type") or "change").lower()
        return f"On a trigger ({kind}{f', {_condition(trigger, currency)}' if trigger.get('field') else ''})"
    kind = str(schedule.get("schedule_type", ""))
    if kind == "CUSTOM":
        return f"At {'; '.join(_slot(_object(slot)) for slot in _list(schedule.get('schedule'))) or 'set times'}"
    return _SCHEDULES.get(kind, "On schedule")


def _slot(slot: Row) -> str:
    days = [_DAYS[day] for day in _list(slot.get("days")) if isinstance(day, int) and 0 <= day < len(_DAYS)]
    start, end = slot.get("start_minute"), slot.get("end_minute")
    times = _clock(start) + (f"-{_clock(end)}" if end is not None and end != start else "")
    return f"{times} on {', '.join(days) or 'every day'}"


def _clock(minute: Any) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}" if isinstance(minute, int) else "any time"


def _subject(filters: list[Row]) -> str:
    values = {str(item.get("field")): item.get("value") for item in filters}
    kind = _ENTITIES.get(str(values.get("entity_type")), "objects")
    ids = _list(values["id"]) if isinstance(values.get("id"), list) else [values["id"]] if values.get("id") else []
    return (
        f"{kind} {', '.join(map(str, ids[:5]))}{f' and {len(ids) - 5} more' if len(ids) > 5 else ''}" if ids else kind
    )


def _window(filters: list[Row]) -> str:
    preset = next((item.get("value") for item in filters if item.get("field") == "time_preset"), None)
    return f" (figures of {_humanize(preset).lower()})" if preset else ""


def _condition(item: Row, currency: str) -> str:
    field, value = str(item.get("field")), item.get("value")
    values = value if isinstance(value, list) else [value]
    texts = [_amount(item, currency) if _is_money(field) else str(item) for item in values]
    joint = " and " if "RANGE" in str(item.get("operator")) else ", "
    operator = _OPERATORS.get(str(item.get("operator")), _humanize(item.get("operator")))
    return f"{_metric(field)} {operator} {joint.join(texts)}"


def _action(execution: Row, currency: str) -> str:
    kind = str(execution.get("execution_type"))
    options = [_object(item) for item in _list(execution.get("execution_options"))]
    change = next((_object(item.get("value")) for item in options if item.get("field") == "change_spec"), {})
    return _ACTIONS.get(kind, _humanize(kind).lower()) + (_change(change, currency) if change else "")


def _change(change: Row, currency: str) -> str:
    percent = change.get("unit") == "PERCENTAGE"
    by = f"{change.get('amount')} %" if percent else _amount(change.get("amount"), currency)
    limit = f", up to {_amount(change['limit'], currency)}" if change.get("limit") is not None else ""
    return f" by {by}{limit}"


def _is_money(field: str) -> bool:
    return field in _MONEY or field.startswith("cost_per") or field.endswith("budget")


def _amount(value: Any, currency: str) -> str:
    try:
        return format_money(money(int(value), currency))
    except (TypeError, ValueError, OverflowError):
        return str(value)


def _metric(field: str) -> str:
    """Return a figure as people call it: Meta calls spend `spent`, and ends figures of the pixel and of apps in _fb."""
    return _humanize(_NAMES.get(field, field.removesuffix("_fb")))


def _humanize(word: Any) -> str:
    return str(word).replace("_", " ").replace(".", " ")


def _object(value: Any) -> Row:
    return dict(value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
