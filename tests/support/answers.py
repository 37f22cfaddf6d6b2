"""What every answer of a tool looks like on the wire, as the contract has it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

# Modes of the client of fastmcp: 2026-07-28 has no handshake, the others have one.
ERAS = {"auto": "2026-07-28", "legacy": "2025-11-25"}
SUCCESS_KEYS = {"summary", "data", "page", "notes", "demo"}
PAGE_KEYS = {"count", "has_more", "after"}
ERROR_KEYS = set(
    "kind message next_step code subcode type fbtrace_id user_title user_message blame_fields retry_after_seconds "
    "allowed change_id completed reason changes rows stale unit_id".split()
)
KINDS = set(
    "invalid_arguments denied confirmation_required not_applied not_found permission token throttled circuit_open "
    "blocked "
    "data_limit transient unknown_outcome network api internal".split()
)
WRITE_STATES = {"success", "partial", "dry_run", "needs_confirmation", "unknown_outcome"}


def texts(result: Mapping[str, Any]) -> list[str]:
    assert {block["type"] for block in result["content"]} <= {"text", "resource_link"}
    return [block["text"] for block in result["content"] if block["type"] == "text"]


def check_success(result: Mapping[str, Any], *, write: bool = False) -> dict[str, Any]:
    """The structured content of a success that keeps the contract."""
    found: dict[str, Any] = result["structuredContent"]
    assert result.get("isError", False) is False, found
    assert {"summary", "data"} <= found.keys() <= SUCCESS_KEYS
    assert texts(result) == [found["summary"], json.dumps(found, ensure_ascii=False, separators=(",", ":"))]
    check_data(found["data"])
    if isinstance(found["data"], list) or "page" in found:
        assert {"count", "has_more"} <= found["page"].keys() <= PAGE_KEYS
    assert all(isinstance(note, str) and note for note in found.get("notes", ["…"]))
    if write:
        assert found["data"]["status"] in WRITE_STATES
    return found


def check_data(data: Any) -> None:
    """An object, a list of objects, or a table of rows as long as its columns."""
    if isinstance(data, dict) and {"columns", "rows"} <= data.keys():
        assert data.keys() == {"columns", "rows"}
        assert {len(row) for row in data["rows"]} <= {len(data["columns"])}
    elif isinstance(data, list):
        assert all(isinstance(row, dict) for row in data)
        assert [row for row in data if None in row.values()] == []
    else:
        assert isinstance(data, dict)


def check_error(result: Mapping[str, Any], kind: str | None = None) -> dict[str, Any]:
    """The `error` object of a failure that keeps the contract."""
    assert result["isError"] is True
    assert result["structuredContent"].keys() == {"error"}
    error: dict[str, Any] = result["structuredContent"]["error"]
    assert {"kind", "message", "next_step"} <= error.keys() <= ERROR_KEYS
    assert error["kind"] in KINDS if kind is None else error["kind"] == kind, error
    assert texts(result) == [f"{error['message']} {error['next_step']}"]
    return error


def as_json(model: Any) -> dict[str, Any]:
    """A result as it is on the wire."""
    result: Mapping[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dict(result)


def anonymous(structured: Mapping[str, Any], name: str) -> str:
    """The answer to an unknown tool as JSON, without its name and without the names that are near to it."""
    return re.sub(r"Nearest: [^.]*\. ", "", json.dumps(structured).replace(name, "X"))
