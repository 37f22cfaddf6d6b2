"""Write events as JSON lines to standard error, and count calls per tool. Standard output is for JSON-RPC only."""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from meta_ads_mcp.core.ports import Events
from meta_ads_mcp.core.values.text import clean_all

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "fatal": 50}


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class JsonLogger:
    """Implement `Events` for a serving process: one JSON object per line from `level` on, without secrets."""

    def __init__(self, level: str = "INFO", write: Callable[[str], None] = _to_stderr) -> None:
        self._lowest = LEVELS.get(level.lower(), LEVELS["info"])
        self._write = write

    def emit(self, level: str, event: str, **fields: Any) -> None:
        if LEVELS[level] < self._lowest:
            return
        values = {key: value for key, value in fields.items() if value is not None}
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "event": event}
        try:
            self._write(json.dumps(line | clean_all(values), ensure_ascii=False, default=str))
        except (OSError, ValueError):
            # A client that closed our standard error must not end a tool call.
            return


class LibraryLines(logging.Handler):
    """Turn log records of libraries into events: logger, place and kind of failure.

    Only templates of messages are kept: formatted text could leak arguments or secrets.
    """

    def __init__(self, events: Events) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        message = str(record.msg) if record.args else None
        kind = record.exc_info[0] if record.exc_info else None
        where = f"{record.module}:{record.lineno}"
        self._events.emit(level, "library", logger=record.name, said=message, where=where, error=_name(kind))


def install_logging(events: Events) -> None:
    """Turn everything that this process would print on standard error into events."""

    def report_crash(kind: type[BaseException], defect: BaseException, trace: TracebackType | None) -> None:
        events.emit("error", "crash", error=_name(kind), where=crash_location(defect))

    logging.basicConfig(handlers=[LibraryLines(events)], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = report_crash
    sys.unraisablehook = lambda what: events.emit("error", "unraisable", error=_name(what.exc_type))


def crash_location(defect: BaseException) -> str | None:
    """Return the file and line of a defect, without the texts and values of a traceback."""
    trace = defect.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else None


def _name(kind: type[BaseException] | None) -> str | None:
    return kind.__name__ if kind else None


RECENT_CALLS = 500


class Metrics:
    """Keep the durations (milliseconds) of the last calls of each tool, and count its calls and errors."""

    def __init__(self) -> None:
        self._recent: dict[str, deque[float]] = {}
        self._calls: dict[str, int] = {}
        self._errors: dict[str, int] = {}

    def record(self, tool: str, milliseconds: float, *, is_error: bool) -> None:
        """Count one call."""
        self._recent.setdefault(tool, deque(maxlen=RECENT_CALLS)).append(milliseconds)
        self._calls[tool] = self._calls.get(tool, 0) + 1
        self._errors[tool] = self._errors.get(tool, 0) + is_error

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each tool: its calls, errors and percentiles in milliseconds."""
        return [
            {
                "tool": tool,
                "calls": self._calls[tool],
                "errors": self._errors[tool],
                "p50_ms": _percentile(times, 50),
                "p95_ms": _percentile(times, 95),
            }
            for tool, times in sorted(self._recent.items())
        ]


def _percentile(times: deque[float], percent: int) -> float:
    ascending = sorted(times)
    return round(ascending[min(len(ascending) - 1, len(ascending) * percent // 100)], 1)
