"""JSON that Graph hands over as text: rules of audiences and conversions, results of studies."""

from __future__ import annotations

import json
from typing import Any

from meta_ads_mcp.spec.result import Row


def parsed(value: Any) -> Any:
    """The value behind a JSON object or list in text; anything else, also broken JSON, as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def with_parsed(row: Row, *names: str) -> Row:
    """The row with these fields parsed, where they are there."""
    return row | {name: parsed(row[name]) for name in names if name in row}
