"""`meta-ads-mcp demo`: print a short session with the embedded sandbox.

Starts the server as a client does, as a child process on stdio, and prints each request with its answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from meta_ads_mcp.cli.output import say
from meta_ads_mcp.cli.tables import text_lines

PROTOCOL = "2025-11-25"
MAX_ROWS = 10
EXIT_SECONDS = 10
CAMPAIGN_COLUMNS = ["id", "name", "objective", "effective_status", "daily_budget"]
TREND_COLUMNS = "date_start date_stop spend impressions clicks ctr cpc results cost_per_result".split()


class StdioClient:
    """The smallest MCP client: one JSON-RPC message per line, one call at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._last_id = 0

    def request(self, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of a request. Raises RuntimeError if the server ends or answers with a protocol error."""
        self._last_id += 1
        self._send({"id": self._last_id, "method": method, "params": dict(params or {})})
        for line in self._process.stdout or ():
            message = json.loads(line)
            if message.get("id") == self._last_id and "method" not in message:
                return _result_of(message)
        raise RuntimeError("the server ended in the middle of the session")

    def initialize(self) -> dict[str, Any]:
        """Do the handshake and return the server's description."""
        info = {"name": "demo", "version": "1"}
        result = self.request("initialize", {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": info})
        self._send({"method": "notifications/initialized"})
        return result

    def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self.request("tools/call", {"name": tool, "arguments": dict(arguments)})

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._process.stdin is None:
            raise RuntimeError("the server takes no input")
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._process.stdin.flush()


def _result_of(message: Mapping[str, Any]) -> dict[str, Any]:
    if "error" in message:
        raise RuntimeError(str(message["error"].get("message")))
    return dict(message["result"])


@contextmanager
def start_server() -> Iterator[StdioClient]:
    """Run the server of this installation with `--demo` for as long as the block runs."""
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
        process.wait(timeout=EXIT_SECONDS)


def run() -> int:
    """Run the session and return the exit code."""
    with start_server() as client:
        about = client.initialize()
        server = about["serverInfo"]
        tools = client.request("tools/list")["tools"]
        say(f"{server['name']} {server['version']} on stdio, protocol {about['protocolVersion']}, {len(tools)} tools")
        session = DemoSession(client)
        columns = ["id", "name", "currency", "timezone_name", "amount_spent"]
        accounts = session.ask("ads_get_ad_accounts", {}, columns)
        account = accounts["data"][0]["id"]
        active = {"account_id": account, "limit": 10, "status_filter": ["ACTIVE"]}
        campaigns = session.ask("ads_get_campaigns", active, CAMPAIGN_COLUMNS)
        trend = {"object_id": account, "date_preset": "last_90d", "granularity": "weekly"}
        session.ask("ads_insights_performance_trend", trend, TREND_COLUMNS)
        session.ask("ads_insights_anomaly_signal", {"object_id": campaigns["data"][-1]["id"]})
        session.ask("ads_get_campaigns", {"account": account})
    say()
    say("All figures above are demo data. For your own accounts:")
    say("  meta-ads-mcp login             asks for your token and stores it in the system's keyring")
    say("  meta-ads-mcp install CLIENT    adds the server to a client, such as claude-desktop, cursor or codex")
    return 0


class DemoSession:
    """Send requests, and print each one with its answer."""

    def __init__(self, client: StdioClient) -> None:
        self._client = client

    def ask(self, tool: str, arguments: Mapping[str, Any], columns: Sequence[str] = ()) -> dict[str, Any]:
        """Call the tool and return its structured answer. `columns` selects what is printed of a table."""
        say()
        say(f"→ {tool} {json.dumps(arguments) if arguments else ''}".rstrip())
        answer = self._client.call(tool, arguments)
        body: dict[str, Any] = answer["structuredContent"]
        say(f"← {answer['content'][0]['text']}")
        for line in text_lines(body.get("data"), columns, MAX_ROWS):
            say(f"  {line}")
        for note in body.get("notes", []):
            say(f"  note: {note}")
        return body
