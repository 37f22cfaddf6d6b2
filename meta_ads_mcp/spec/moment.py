"""Moments that Graph gives as Unix seconds, as texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

# The last second of the year 9999: a calendar goes no further, a number of Graph's may.
_LAST = 253_402_300_799


def iso(seconds: Any) -> str | None:
    """ISO 8601 in UTC, None for anything but a number of seconds since 1970."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds <= _LAST:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat()
