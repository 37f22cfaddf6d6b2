"""Encode and decode lines of the journal: exactly, typed, one JSON object a line.

A value that JSON would alter is refused when it is written. A line that does not have the form of the journal is
refused when it is read, so that no other code meets a damaged entry.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from meta_ads_mcp.core.tool import Effect

# Bytes. The longest entries hold the texts and specs of one call; files are never part of an entry.
MAX_LINE_BYTES = 4_000_000
# Unix seconds of the year 9999; NaN and infinity are not below it.
MAX_SECONDS = 253_402_300_800
STATUSES = frozenset({"success", "partial", "not_applied", "failed", "unknown_outcome"})
_EFFECTS = frozenset(effect.value for effect in Effect)


class UnstorableValueError(ValueError):
    """A value that a line of JSON cannot hold exactly."""


def encode_line(line: Mapping[str, Any]) -> bytes:
    """Return the line as JSON in UTF-8, without a line break.

    Raises UnstorableValueError if reading it back would not give exactly the same values and types.
    """
    try:
        data = _to_json(line)
        if len(data) <= MAX_LINE_BYTES and _is_identical(json.loads(data), line):
            return data
    except (TypeError, ValueError, RecursionError):
        pass
    raise UnstorableValueError("a value that the journal cannot hold exactly")


def to_plain_json(value: Any) -> Any:
    """Return a value with text for everything that JSON does not have. Nothing can be restored from it."""
    try:
        return json.loads(json.dumps(value, default=str))
    except (TypeError, ValueError, RecursionError):
        return str(value)


def decode_line(data: bytes) -> dict[str, Any] | None:
    """Return a line of the journal, or None if it is damaged."""
    try:
        line = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict):
        return None
    form = _FORMS.get(line["phase"]) if isinstance(line.get("phase"), str) else None
    if form is None or any(not is_valid(line.get(name)) for name, is_valid in form.items()):
        return None
    return line


def _to_json(line: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON holds as an escape
        return json.dumps(line, allow_nan=False, separators=(",", ":")).encode()


def _is_identical(stored: Any, value: Any) -> bool:
    """Return whether a stored value is the value, in content and type. A tuple is stored as a list."""
    if isinstance(value, Mapping):
        return (
            isinstance(stored, dict)
            and stored.keys() == value.keys()
            and all(_is_identical(stored[key], item) for key, item in value.items())
        )
    if isinstance(value, list | tuple):
        return (
            isinstance(stored, list)
            and len(stored) == len(value)
            and all(_is_identical(first, second) for first, second in zip(stored, value, strict=True))
        )
    if isinstance(value, str):
        return isinstance(stored, str) and stored == value
    return type(stored) is type(value) and stored == value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_optional_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_optional_dict(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _is_optional_texts(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(isinstance(text, str) for text in value.values()))


def _is_optional_request(value: Any) -> bool:
    """Return whether the value is the request that takes a change back, or nothing."""
    if not isinstance(value, dict) or not value:
        return value in (None, {})
    is_request = value.get("method") in ("POST", "DELETE") and _is_text(value.get("path"))
    reasons = value.get("reasons")
    are_texts = isinstance(reasons, list) and all(isinstance(reason, str) for reason in reasons)
    return is_request and isinstance(value.get("params"), dict) and are_texts


def _is_optional_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (is_number and abs(value) < MAX_SECONDS)


def _is_optional_names(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(name, str) for name in value))


_FORMS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "intent": {
        **dict.fromkeys(("change_id", "time", "tool", "node"), _is_text),
        "effect": lambda value: isinstance(value, str) and value in _EFFECTS,
        **dict.fromkeys(
            "account currency page object_id name parent edge call_id key digest undo_of unit step".split(),
            _is_optional_text,
        ),
        **dict.fromkeys(("arguments", "before", "after"), _is_optional_dict),
        "files": _is_optional_texts,
        "inverse": _is_optional_request,
        **dict.fromkeys(("started", "graph_time"), _is_optional_number),
    },
    "outcome": {
        "change_id": _is_text,
        "status": lambda value: isinstance(value, str) and value in STATUSES,
        "object_id": _is_optional_text,
        "error": _is_optional_dict,
        "not_applied": _is_optional_names,
    },
    "result": {"change_id": _is_text, "data": lambda value: isinstance(value, dict)},
    "unit": {
        **dict.fromkeys(("unit_id", "tool", "time"), _is_text),
        "count": lambda value: isinstance(value, int) and not isinstance(value, bool),
        **dict.fromkeys(("account", "currency", "key", "digest", "undo_of"), _is_optional_text),
        **dict.fromkeys(("arguments", "plan"), _is_optional_dict),
        "started": _is_optional_number,
    },
    "unit_step": {
        "unit_id": _is_text,
        "number": lambda value: isinstance(value, int) and not isinstance(value, bool),
        "data": lambda value: isinstance(value, dict),
    },
}
# The fields of an intent, which are those of an entry.
INTENT_FIELDS = frozenset(_FORMS["intent"])
UNIT_FIELDS = frozenset(_FORMS["unit"])
