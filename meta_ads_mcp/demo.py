"""`meta-ads-mcp demo`: a short session to read, with the embedded sandbox.

It starts the server as any client does, as a child process on stdio, and prints what it asks and what comes back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

PROTOCOL = "2025-11-25"
WIDEST = 34
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


def run(say: Say = print) -> int:
    """The session. Returns the exit code."""
    with serving() as client:
        about = client.initialize()
        listed = client.request("tools/list")["tools"]
        server = about["serverInfo"]
        say(
            f"{server['name']} {server['version']} on stdio, protocol {about['protocolVersion']}: {len(listed)} tools listed"
        )
        accounts = _ask(
            client, say, "ads_get_ad_accounts", {}, ["id", "name", "currency", "timezone_name", "amount_spent"]
        )
        account = accounts["data"][0]["id"]
        _ask(
            client,
            say,
            "ads_get_campaigns",
            {"account_id": account, "limit": 6, "status_filter": ["ACTIVE"]},
            ["id", "name", "objective", "effective_status", "daily_budget"],
        )
        _ask(
            client,
            say,
            "ads_insights_performance_trend",
            {"object_id": account, "date_preset": "last_28d", "granularity": "weekly"},
        )
        _ask(client, say, "ads_insights_anomaly_signal", {"object_id": account, "level": "account"})
        _ask(client, say, "ads_get_campaigns", {"account": account})
    say("")
    say(
        "All figures above are demo data. With your own token:  META_ACCESS_TOKEN=… meta-ads-mcp call ads_get_ad_accounts"
    )
    return 0


def _ask(
    client: StdioClient, say: Say, tool: str, arguments: Mapping[str, Any], columns: list[str] | None = None
) -> dict[str, Any]:
    say("")
    say(f"→ {tool} {json.dumps(arguments) if arguments else ''}".rstrip())
    answer = client.call(tool, arguments)
    structured: dict[str, Any] = answer["structuredContent"]
    say(f"← {answer['content'][0]['text']}")
    for line in _lines(structured.get("data"), columns):
        say(f"  {line}")
    for note in structured.get("notes", []):
        say(f"  note: {note}")
    return structured


def _lines(data: Any, columns: list[str] | None) -> list[str]:
    """Data as aligned columns of text."""
    table = _table(data, columns)
    if table is None:
        return []
    head, *rows = [[_cell(value) for value in row] for row in table]
    numeric = [all(_is_number(row[index]) for row in rows) for index in range(len(head))]
    widths = [max(len(row[index]) for row in [head, *rows]) for index in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in [head, *rows]
    ]


def _table(data: Any, columns: list[str] | None) -> list[list[Any]] | None:
    """The header and the rows: of a table, of a list of objects, or of the first table inside an object."""
    if isinstance(data, dict) and {"columns", "rows"} <= data.keys():
        return [data["columns"], *data["rows"]]
    if isinstance(data, dict):
        found = (_table(value, columns) for value in data.values() if isinstance(value, dict | list))
        return next((table for table in found if table), None)
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        names = columns or list(data[0])[:6]
        return [names, *([row.get(name, "") for name in names] for row in data)]
    return None


def _cell(value: Any) -> str:
    if isinstance(value, dict) and "currency" in value:
        value = f"{value.get('amount', value.get('minor'))} {value['currency']}"
    if isinstance(value, float):
        value = f"{value:,.2f}"
    text = "-" if value is None else str(value)
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _is_number(cell: str) -> bool:
    return cell == "-" or cell.replace(",", "").replace(".", "").lstrip("-").isdigit()
