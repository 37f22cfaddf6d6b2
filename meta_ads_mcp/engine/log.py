"""Events as JSON lines on standard error. Standard output belongs to JSON-RPC alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from meta_ads_mcp.spec.text import clean_all

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "fatal": 50}


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class JsonLines:
    """The `Events` of a serving process: one JSON object a line, below `level` nothing, secrets removed."""

    def __init__(self, level: str = "INFO", write: Callable[[str], None] = _to_stderr) -> None:
        self._lowest = LEVELS.get(level.lower(), LEVELS["info"])
        self._write = write

    def emit(self, level: str, event: str, **fields: Any) -> None:
        if LEVELS[level] < self._lowest:
            return
        shown = {key: value for key, value in fields.items() if value is not None}
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "event": event}
        try:
            self._write(json.dumps(line | clean_all(shown), ensure_ascii=False, default=str))
        except (OSError, ValueError):
            # A client that closed our standard error must not end a tool call.
            return
