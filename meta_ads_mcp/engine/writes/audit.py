"""Write the audit log: one JSON line per write call, one file per day.

A line has user, tool, account, objects, names of fields, hashes of texts, outcome, approval and duration. It never has
a text or a token, so the log can be given to somebody who may not read the ads.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.ports import Events
from meta_ads_mcp.core.private_files import append_private_line, make_private_subfolder

_SHORT_TEXT = 40


@dataclass
class AuditRecord:
    """Collect the facts about a write call until its end."""

    tool: str
    account: str | None = None
    objects: list[str] = field(default_factory=list)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = "failed"
    approval: str = "not_needed"
    duration_ms: float = 0.0


class AuditLog:
    """Append to `audit/YYYY-MM-DD.jsonl` (UTC days) of the state directory, mode 0600 in a folder of mode 0700."""

    def __init__(self, state_dir: Path | None, clock: Clock, events: Events) -> None:
        self._folder = state_dir / "audit" if state_dir is not None else None
        self._clock, self._events = clock, events

    def write(self, record: AuditRecord) -> None:
        moment = datetime.fromtimestamp(self._clock.now(), UTC)
        line = {
            "time": moment.isoformat(timespec="milliseconds"),
            "user": _user(),
            "tool": record.tool,
            "account": record.account,
            "objects": record.objects,
            "fields": sorted(record.arguments),
            "text_hashes": text_hashes(record.arguments),
            "outcome": record.outcome,
            "approval": record.approval,
            "duration_ms": round(record.duration_ms, 1),
        }
        self._events.emit("info", "ads_write", **{key: line[key] for key in ("tool", "account", "outcome", "approval")})
        if self._folder is None:
            return
        try:
            make_private_subfolder(self._folder)
            append_private_line(
                self._folder / f"{moment:%Y-%m-%d}.jsonl", json.dumps(line, ensure_ascii=False), sync=False
            )
        except OSError as failure:
            self._events.emit("error", "audit_log_failed", error=type(failure).__name__)


def text_hashes(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Map the name of each longer text argument to the text's SHA-256."""
    return {
        name: hashlib.sha256(value.encode()).hexdigest()
        for name, value in arguments.items()
        if isinstance(value, str) and (len(value) > _SHORT_TEXT or name in ("message", "name"))
    }


def _user() -> str:
    """Return the operating system's user by the environment, or "unknown"."""
    return os.environ.get("USER") or os.environ.get("USERNAME") or "unknown"
