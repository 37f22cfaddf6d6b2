"""Check one conversion event, and build it as Graph takes it: normalized, hashed, with an id that is safe to repeat.

Source: Meta docs, conversions-api/using-the-api and conversions-api/parameters. One bad event makes Graph refuse the
whole call, so each is checked here first. A reason names the column and the rule, never the value.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import to_unix
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.domain.normalization.countries import find_country
from meta_ads_mcp.domain.normalization.match_keys import LIST_KEYS, hash_match_key
from meta_ads_mcp.domain.normalization.normalization import Context, Unusable
from meta_ads_mcp.tools.signals.event_spec import EVENT_KEYS, EVENT_SOURCES, PART_OF, USER_KEYS
from meta_ads_mcp.tools.signals.misplaced import find_misplaced

DAY_SECONDS = 86_400
MAX_AGE_DAYS, MAX_STORE_AGE_DAYS = 7, 62
# The clocks of two machines differ by a little.
MAX_CLOCK_SKEW_SECONDS = 60
MAX_NAME_CHARS = 100
EXTINFO_ENTRIES = 16
# One of these keys, or of these pairs, is enough for Meta to match a person.
_ENOUGH = frozenset({"em", "ph", "external_id", "lead_id", "fbc", "fbp", "madid"})
_ENOUGH_TOGETHER = (("client_ip_address", "client_user_agent"), ("fn", "ln"))
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class RefusedEvent(Exception):
    """An event that is not sent. `problems` are (column, reason)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{column}: {reason}" for column, reason in problems))
        self.problems = problems


@dataclass(frozen=True)
class BuiltEvent:
    """Hold an event for Graph, and the values that were left out: (column, reason)."""

    event: Row
    left_out: tuple[tuple[str, str], ...] = ()
    has_made_id: bool = False


@dataclass
class EventBuilder:
    """Build the events of one call.

    `source` is the action source of events without one, `now` is in Unix seconds, `hashed` says that personal values
    are SHA-256 already, and `crm_name` makes the events stages of leads in that CRM.
    """

    source: str
    now: float
    hashed: bool = False
    crm_name: str | None = None
    _counts: Counter[str] = field(default_factory=Counter)
    _ids: set[int] = field(default_factory=set)

    def build(self, values: Mapping[str, Any]) -> BuiltEvent:
        """Return the event for flat values by key. Raises RefusedEvent with every reason."""
        values = {key: value for key, value in values.items() if value not in (None, "", [], {})}
        reader = _Reader(values)
        source = reader.read("action_source", _source) or self.source
        event: Row = {
            "event_name": reader.read("event_name", _event_name, rule_text="Meta requires a name"),
            "event_time": reader.read(
                "event_time", lambda value: self._time(value, source), rule_text="Meta requires a time"
            ),
            "event_id": reader.read("event_id", str),
            "event_source_url": reader.read("event_source_url", _url),
            "action_source": source,
        }
        user = self._user_data(values, reader)
        custom = self._custom_data(reader)
        app = _without_empty({key: reader.read(key, rule) for key, rule in _APP_RULES.items()})
        self._check_source(source, event, {**user, **custom, **app}, reader)
        reader.require_clean()
        event |= {
            name: part for name, part in (("user_data", user), ("custom_data", custom), ("app_data", app)) if part
        }
        event = _without_empty(event)
        has_made_id = "event_id" not in event
        if has_made_id:
            event = {**dict(list(event.items())[:2]), "event_id": self._make_id(event), **event}
        self._require_new(event)
        return BuiltEvent(event, tuple(reader.left_out), has_made_id)

    def _require_new(self, event: Row) -> None:
        """Raise RefusedEvent for an event with the name and id of an earlier one, which Meta would drop."""
        key = hash((event["event_name"], event["event_id"]))
        if key in self._ids:
            raise RefusedEvent([("event_id", "an earlier row has the same event_name and event_id")])
        self._ids.add(key)

    def _make_id(self, event: Row) -> str:
        """Return an id that is the same whenever the same events are sent. Equal events are numbered."""
        digest = hashlib.sha256(json.dumps(event, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:32]
        self._counts[digest] += 1
        return digest if self._counts[digest] == 1 else f"{digest}-{self._counts[digest]}"

    def _time(self, value: Any, source: str) -> int:
        seconds = _seconds(value)
        days = MAX_STORE_AGE_DAYS if source == "physical_store" else MAX_AGE_DAYS
        if seconds > self.now + MAX_CLOCK_SKEW_SECONDS:
            raise ValueError("it lies in the future")
        if seconds < self.now - days * DAY_SECONDS:
            raise ValueError(f"Meta takes events of {source} up to {days} days back")
        return seconds

    def _user_data(self, values: Mapping[str, Any], reader: _Reader) -> Row:
        country = next((find_country(text) for text in _as_list(values.get("country", [])) if len(text) < 60), "")
        context = Context(country, datetime.fromtimestamp(self.now, UTC).year)
        user: Row = {}
        for key in USER_KEYS:
            hashes = [
                result
                for text in _as_list(values.get(key, []))
                if (result := reader.hash(key, text, context, self.hashed)) is not None
            ]
            if hashes:
                user[key] = list(dict.fromkeys(hashes)) if key in LIST_KEYS else hashes[0]
        return user

    def _custom_data(self, reader: _Reader) -> Row:
        custom = {key: reader.read(key, rule) for key, rule in _CUSTOM_RULES.items()}
        if self.crm_name is not None:
            custom |= {"event_source": "crm", "lead_event_source": self.crm_name}
        return _without_empty(custom)

    def _check_source(self, source: str, event: Row, values: Mapping[str, Any], reader: _Reader) -> None:
        """Add what Meta requires of events of a source, and of every event."""
        if source == "website":
            reader.require(event, "event_source_url", "Meta requires the address of the page for website events")
            reader.require(values, "client_user_agent", "Meta requires the browser's user agent for website events")
        if source == "app":
            for key in _APP_RULES:
                reader.require(values, key, "Meta requires it for events in an app")
        if self.crm_name is None and source == "system_generated" and "lead_id" in values:
            reader.refuse("lead_id", "a stage of a lead requires the argument crm_name")
        if event["event_name"] == "Purchase" or {"value", "currency"} & set(values):
            for key in ("value", "currency"):
                reader.require(values, key, "a purchase, and every value, has a value and a currency")
        if not _ENOUGH & set(values) and not any(set(pair) <= set(values) for pair in _ENOUGH_TOGETHER):
            reader.refuse("user_data", "it has no customer information that Meta can match")


@dataclass
class _Reader:
    """Read values by rule, and collect the reasons for which the event or a value cannot be sent."""

    values: Mapping[str, Any]
    problems: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def read(self, key: str, rule: Callable[[Any], Any], rule_text: str = "") -> Any:
        if key not in self.values:
            if rule_text:
                self.refuse(key, rule_text)
            return None
        data_kind = find_misplaced(key, self.values[key])
        if data_kind:
            self.refuse(key, f"it holds {data_kind}, which does not belong there")
            return None
        try:
            return rule(self.values[key])
        except ValueError as problem:
            self.refuse(key, str(problem))
            return None

    def hash(self, key: str, text: str, context: Context, hashed: bool) -> str | None:
        """Return a value of user_data as it is sent, or None for one that is left out."""
        data_kind = find_misplaced(key, text)
        if data_kind:
            self.refuse(key, f"it holds {data_kind}, which does not belong there")
            return None
        try:
            return hash_match_key(key, text, context, already_hashed=hashed)
        except Unusable as unusable:
            self.left_out.append((key, str(unusable).removeprefix(f"{key}: ")))
            return None

    def require(self, values: Mapping[str, Any], key: str, reason: str) -> None:
        has_problem = any(column == key for column, _ in self.problems)
        if values.get(key) is None and not has_problem:
            self.refuse(key, reason)

    def refuse(self, key: str, reason: str) -> None:
        self.problems.append((key, reason))

    def require_clean(self) -> None:
        if self.problems:
            raise RefusedEvent(self.problems)


def _event_name(value: Any) -> str:
    name = str(value).strip()
    if len(name) > MAX_NAME_CHARS:
        raise ValueError(f"it is longer than {MAX_NAME_CHARS} characters")
    return name


def _source(value: Any) -> str:
    if value not in EVENT_SOURCES:
        raise ValueError(f"it is not one of {', '.join(EVENT_SOURCES)}")
    return str(value)


def _seconds(value: Any) -> int:
    """Return a time in Unix seconds; without an offset it is UTC."""
    text = str(value).strip()
    if text.isascii() and text.isdigit():
        if len(text) == 13:
            raise ValueError("it is in milliseconds; give seconds")
        return int(text[:12])
    try:
        return to_unix(text if _TIME.fullmatch(text) else "", UTC)
    except (ValueError, OverflowError):
        raise ValueError("it is not a time: give Unix seconds, or 2026-11-30T09:00:00+01:00") from None


def _url(value: Any) -> str:
    url = str(value).strip()
    if not re.fullmatch(r"https?://[^\s/?#]+\S*", url):
        raise ValueError("it is not a web address that starts with https://")
    return url


def _amount(value: Any) -> float | int:
    text = str(value).strip()
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise ValueError("it is not an amount such as 9.99 (no thousands separator, no currency)")
    return float(text) if "." in text else int(text)


def _currency(value: Any) -> str:
    code = str(value).strip().upper()
    if offset(code) is None:
        raise ValueError("it is not a currency of Meta such as USD")
    return code


def _texts(value: Any) -> list[str]:
    """Return a list of texts: a list, JSON, or texts that are separated by `;`."""
    items = _json(value) if isinstance(value, str) and value.lstrip().startswith("[") else value
    items = items.split(";") if isinstance(items, str) else items
    if not isinstance(items, list) or not all(isinstance(item, str | int) for item in items):
        raise ValueError("it is not a list of texts")
    return [str(item).strip() for item in items if str(item).strip()]


def _contents(value: Any) -> list[Row]:
    items = _json(value) if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, dict) and item.get("id") for item in items):
        raise ValueError('it is not a list such as [{"id": "A1", "quantity": 1, "item_price": 9.99}]')
    return items


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not valid JSON") from None


def _flag(value: Any) -> bool:
    flag = _FLAGS.get(str(value).strip().lower())
    if flag is None:
        raise ValueError("it is neither true nor false")
    return flag


def _extinfo(value: Any) -> list[str]:
    items = _json(value) if isinstance(value, str) else value
    if not isinstance(items, list) or len(items) != EXTINFO_ENTRIES:
        raise ValueError(f"it is not a list of {EXTINFO_ENTRIES} texts")
    return [str(item) for item in items]


def _as_list(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [str(item) for item in items if str(item).strip()]


def _without_empty(values: Row) -> Row:
    return {name: value for name, value in values.items() if value is not None}


_CUSTOM_RULES: dict[str, Callable[[Any], Any]] = {
    "value": _amount,
    "currency": _currency,
    "content_ids": _texts,
    "contents": _contents,
    "content_type": str,
    "order_id": str,
}
_APP_RULES: dict[str, Callable[[Any], Any]] = {
    "advertiser_tracking_enabled": _flag,
    "application_tracking_enabled": _flag,
    "extinfo": _extinfo,
}
assert set(EVENT_KEYS) | set(USER_KEYS) | set(_CUSTOM_RULES) | set(_APP_RULES) == set(PART_OF)  # noqa: S101
