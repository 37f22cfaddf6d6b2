"""Read entries of Meta's activity log (SDK class AdActivity): who, what, when, and the values before and after."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.graph_values import parse_json_text
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.tools.activity.event_types import KINDS_TODAY, MONEY_EVENTS, kind_today, readable_type

ActorKind = Literal["person", "app", "meta"]
FIELDS = tuple(
    """
    actor_id actor_name application_id application_name date_time_in_timezone event_time event_type extra_data object_id
    object_name object_type tool translated_event_type
    """.split()
)
# Actors without a person behind them.
_META = frozenset({"meta", "facebook"})
_NO_ID = ("", "0")
_MINOR = re.compile(r"-?[0-9]{1,18}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_VALUE_KEYS = frozenset({"old_value", "new_value"})
# Keys of `extra_data` that say how to read its values, and nothing about the edit.
_FORMAT_KEYS = frozenset({"type", "currency"})
MAX_TEXT_CHARS = 160
ARROW = " → "


@dataclass(frozen=True)
class Values:
    """The values before and after an edit, as answers show them, and everything else that `extra_data` says."""

    before: Any = None
    after: Any = None
    details: Any = None


@dataclass(frozen=True)
class Event:
    """One entry of the log. `moment` is in the account's time zone, None if Meta gives none or it was not read.

    `object_kind` is today's word (campaign, ad_set, ad, account, …). `raw` is the row of Graph.
    """

    moment: datetime | None
    event_type: str
    actor_kind: ActorKind
    object_id: str
    object_kind: str
    values: Values
    raw: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Say what happened, in Meta's words if it gives some."""
        return str(self.raw.get("translated_event_type") or "") or readable_type(self.event_type)

    @property
    def text(self) -> str:
        """Say what happened, with short values before and after."""
        before, after = _short(self.values.before), _short(self.values.after)
        change = f": {before}{ARROW}{after}" if before and after else f": {after or before}" if after or before else ""
        return f"{self.title}{change}"[:MAX_TEXT_CHARS] if self.title else ""

    def public(self, change_id: str | None = None) -> Row:
        """Return the event as answers show it. `change_id` is that of this server's change, if it made it."""
        actor = {
            "id": self.raw.get("actor_id"),
            "name": self.raw.get("actor_name"),
            "kind": self.actor_kind if {"actor_id", "actor_name", "application_id"} & self.raw.keys() else None,
        }
        subject = {"id": self.object_id, "name": self.raw.get("object_name"), "kind": self.object_kind}
        row = {
            "time": self.moment.isoformat(timespec="seconds") if self.moment else None,
            "time_utc": self.moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if self.moment else None,
            "actor": actor,
            "application": self.raw.get("application_name"),
            "event_type": self.event_type,
            "text": self.title,
            "object": subject,
            "before": self.values.before,
            "after": self.values.after,
            "details": self.values.details,
            "change_id": change_id,
        }
        return {key: value for key, value in row.items() if value not in (None, "", {}, [])}


def read_event(row: Row, account: Account) -> Event:
    """Read one row of the log. Amounts without a currency are in the account's currency."""
    event_type = str(row.get("event_type") or "")
    return Event(
        _moment(row.get("event_time"), account.timezone),
        event_type,
        actor_kind(row),
        str(row.get("object_id") or ""),
        kind_today(str(row.get("object_type") or "")),
        read_values(row.get("extra_data"), event_type, account.currency),
        row,
    )


def actor_kind(row: Mapping[str, Any]) -> ActorKind:
    """Tell who acted: a person, an app without a person, or Meta itself."""
    name = str(row.get("actor_name") or "")
    is_meta = name.casefold() in _META and str(row.get("actor_id") or "") in _NO_ID
    if name and not is_meta:
        return "person"
    return "app" if str(row.get("application_id") or "") not in _NO_ID else "meta"


def read_values(extra_data: Any, event_type: str, currency: str) -> Values:
    """Read `extra_data`: JSON in a text with the values before and after, an object in another form, or a list."""
    extra = parse_json_text(extra_data)
    if isinstance(extra, list):
        return _values_of_list(extra, event_type, currency)
    if not isinstance(extra, Mapping):
        return Values(details=extra or None)
    if not _VALUE_KEYS & extra.keys():
        return Values(details=_in_todays_words(extra) or None)
    rest = {key: value for key, value in extra.items() if key not in _VALUE_KEYS | _FORMAT_KEYS}
    before, after = (_value(extra.get(key), extra, event_type, currency) for key in ("old_value", "new_value"))
    return Values(before, after, _in_todays_words(rest) or None)


def _values_of_list(extra: Sequence[Any], event_type: str, currency: str) -> Values:
    """Read several changes of one event: their values before and after as lists, or all of it as details."""
    parts = [part for part in extra if isinstance(part, Mapping) and _VALUE_KEYS & part.keys()]
    if not parts or len(parts) < len(extra):
        return Values(details=_in_todays_words(extra) or None)
    each = [read_values(part, event_type, currency) for part in parts]
    if len(each) == 1:
        return each[0]
    return Values([part.before for part in each], [part.after for part in each])


def _value(value: Any, extra: Mapping[str, Any], event_type: str, currency: str) -> Any:
    """Return a value as answers show it: an amount as money, an audience as lines, old words in today's."""
    if isinstance(value, Mapping):
        if _VALUE_KEYS & value.keys():
            inner = value.get("new_value", value.get("old_value"))
            return _value(inner, {**extra, **value}, event_type, currency)
        return _in_todays_words(value)
    if isinstance(value, list):
        return _lines(value)
    is_amount = event_type in MONEY_EVENTS or extra.get("type") == "payment_amount" or "currency" in extra
    if is_amount and not isinstance(value, bool) and _MINOR.fullmatch(str(value)):
        code = str(extra.get("currency") or "")
        return money(int(value), code if _CURRENCY.fullmatch(code) else currency)
    return value


def _lines(value: Sequence[Any]) -> Any:
    """Return the lines of an audience (`{content, children}`) as texts; another list in today's words."""
    lines = [
        f"{item['content']} {', '.join(map(str, item.get('children') or ()))}".strip()
        for item in value
        if isinstance(item, Mapping) and isinstance(item.get("content"), str)
    ]
    return lines if lines and len(lines) == len(value) else _in_todays_words(value)


def _in_todays_words(value: Any) -> Any:
    """Replace the old names of the levels in the keys of an object, and in values that are such a name alone."""
    if isinstance(value, Mapping):
        return {_key_today(str(key)): _in_todays_words(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_todays_words(item) for item in value]
    return KINDS_TODAY.get(value.casefold(), value) if isinstance(value, str) else value


def _key_today(key: str) -> str:
    old = next((word for word in KINDS_TODAY if key == word or key.startswith((f"{word}_", f"{word}s"))), None)
    return key if old is None else KINDS_TODAY[old] + key.removeprefix(old)


def _moment(value: Any, timezone: tzinfo) -> datetime | None:
    """Return the time of an event in the account's time zone. Graph gives ISO 8601 or Unix seconds."""
    try:
        seconds = int(value) if isinstance(value, int) or str(value).isdecimal() else None
        moment = datetime.fromtimestamp(seconds, UTC) if seconds is not None else datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(timezone)


def _short(value: Any) -> str:
    """Return a value for the short text; nothing for an object or a long list."""
    if isinstance(value, Mapping):
        return format_money(dict(value)) if {"minor", "currency"} <= value.keys() else ""
    if isinstance(value, list):
        return "; ".join(map(str, value)) if all(isinstance(item, str) for item in value) else ""
    return "" if value is None else str(value)
