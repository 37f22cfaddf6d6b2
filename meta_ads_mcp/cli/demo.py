"""`meta-ads-mcp demo`: a short session to read, with the embedded sandbox.

It starts the server as any client does, as a child process on stdio, and prints what it asks and what comes back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

PROTOCOL = "2025-11-25"
WIDEST = 34
MOST_ROWS = 10
Say = Callable[[str], None]


class StdioClient:
    """The smallest MCP client: one JSON-RPC message per line, one call at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._last = 0

    def request(self, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The result of a request. Raises RuntimeError when the server ends or answers with a protocol error."""
        self._last += 1
        self._send({"id": self._last, "method": method, "params": dict(params or {})})
        for line in self._process.stdout or ():
            message = json.loads(line)
            if message.get("id") == self._last and "method" not in message:
                return _result(message)
        raise RuntimeError("the server ended in the middle of the session")

    def initialize(self) -> dict[str, Any]:
        """The handshake; returns the server's own description."""
        info = {"name": "demo", "version": "1"}
        found = self.request("initialize", {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": info})
        self._send({"method": "notifications/initialized"})
        return found

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self.request("tools/call", {"name": tool, "arguments": dict(arguments)})

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._process.stdin is None:
            raise RuntimeError("the server takes no input")
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._process.stdin.flush()


def _result(message: Mapping[str, Any]) -> dict[str, Any]:
    if "error" in message:
        raise RuntimeError(str(message["error"].get("message")))
    return dict(message["result"])


@contextmanager
def serving() -> Iterator[StdioClient]:
    """The server of this very installation, with `--demo`, for as long as the block runs."""
    command = [sys.executable, "-m", "meta_ads_mcp", "serve", "--demo"]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("META_")}
    process = subprocess.Popen(  # noqa: S603  our own interpreter and module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**environ, "LOG_LEVEL": "ERROR"},
    )
    try:
        yield StdioClient(process)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(timeout=10)


CAMPAIGN_COLUMNS = ["id", "name", "objective", "effective_status", "daily_budget"]
TREND_COLUMNS = [
    "date_start",
    "date_stop",
    "spend",
    "impressions",
    "clicks",
    "ctr",
    "cpc",
    "results",
    "cost_per_result",
]


def run(say: Say = print) -> int:
    """The session. Returns the exit code."""
    with serving() as client:
        about = client.initialize()
        server = about["serverInfo"]
        listed = client.request("tools/list")["tools"]
        say(f"{server['name']} {server['version']} on stdio, protocol {about['protocolVersion']}, {len(listed)} tools")
        session = DemoSession(client, say)
        accounts = session.ask("ads_get_ad_accounts", {}, ["id", "name", "currency", "timezone_name", "amount_spent"])
        account = accounts["data"][0]["id"]
        active = {"account_id": account, "limit": 10, "status_filter": ["ACTIVE"]}
        campaigns = session.ask("ads_get_campaigns", active, CAMPAIGN_COLUMNS)
        trend = {"object_id": account, "date_preset": "last_90d", "granularity": "weekly"}
        session.ask("ads_insights_performance_trend", trend, TREND_COLUMNS)
        session.ask("ads_insights_anomaly_signal", {"object_id": campaigns["data"][-1]["id"]})
        session.ask("ads_get_campaigns", {"account": account})
    say("")
    say("All figures above are demo data. With your own token:")
    say("  META_ACCESS_TOKEN=… meta-ads-mcp call ads_get_ad_accounts")
    return 0


class DemoSession:
    """Asks, and prints the question and the answer."""

    def __init__(self, client: StdioClient, say: Say) -> None:
        self._client, self._say = client, say

    def ask(self, tool: str, arguments: Mapping[str, Any], columns: Sequence[str] = ()) -> dict[str, Any]:
        """The structured answer; of tables only `columns` are printed, where given."""
        self._say("")
        self._say(f"→ {tool} {json.dumps(arguments) if arguments else ''}".rstrip())
        answer = self._client.call(tool, arguments)
        structured: dict[str, Any] = answer["structuredContent"]
        self._say(f"← {answer['content'][0]['text']}")
        for line in _lines(structured.get("data"), columns):
            self._say(f"  {line}")
        for note in structured.get("notes", []):
            self._say(f"  note: {note}")
        return structured


def _lines(data: Any, columns: Sequence[str]) -> list[str]:
    """Data as aligned text: a table, a list of objects, or the tables inside an object under their names."""
    if isinstance(data, dict) and {"columns", "rows"} <= data.keys():
        return _aligned(_chosen(data["columns"], data["rows"], columns))
    if isinstance(data, dict):
        inside = ((name, _lines(value, columns)) for name, value in data.items() if isinstance(value, dict | list))
        return [line for name, lines in inside if lines for line in (f"{name}:", *lines)]
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        names = columns or list(data[0])[:6]
        return _aligned([list(names), *([row.get(name) for name in names] for row in data)])
    return []


def _chosen(names: list[str], rows: list[list[Any]], wanted: Sequence[str]) -> list[list[Any]]:
    wanted = [name for name in names if name in wanted] or names
    kept = [index for index, name in enumerate(names) if name in wanted]
    return [[row[index] for index in kept] for row in [names, *rows]] if rows else []


def _aligned(table: list[list[Any]]) -> list[str]:
    if not table:
        return []
    head, *rows = [[_cell(value) for value in row] for row in table[: MOST_ROWS + 1]]
    numeric = [all(_is_number(row[index]) for row in rows) for index in range(len(head))]
    widths = [max(len(row[index]) for row in [head, *rows]) for index in range(len(head))]
    more = len(table) - 1 - len(rows)
    return [_padded(row, widths, numeric) for row in [head, *rows]] + ([f"… and {more} more rows"] if more else [])


def _padded(row: list[str], widths: list[int], numeric: list[bool]) -> str:
    cells = zip(row, widths, numeric, strict=True)
    return "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in cells).rstrip()


def _cell(value: Any) -> str:
    if isinstance(value, dict) and "currency" in value:
        value = f"{value.get('amount', value.get('minor'))} {value['currency']}"
    if isinstance(value, float):
        value = f"{value:,.2f}"
    text = "-" if value is None else str(value)
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _is_number(cell: str) -> bool:
    return cell == "-" or cell.replace(",", "").replace(".", "").lstrip("-").isdigit()
