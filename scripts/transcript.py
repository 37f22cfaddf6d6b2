"""Print 60 commands and tool calls with their answers, so that the messages of two source trees can be compared.

Usage: python scripts/transcript.py [--full] > transcript.txt

Runs the package that Python imports, so PYTHONPATH selects the tree. Everything runs on the demo data: no token and no
network is required. Ids, dates, times, codes and paths are replaced by placeholders, because they change from run to
run. An answer is cut at 2,000 characters; --full prints it whole.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MAX_ANSWER_CHARS = 2000
PROTOCOL = "2025-11-25"
# Commands of the shell, without the program's name.
COMMANDS = (
    "--help",
    "--version",
    "login --help",
    "call --help",
    "bogus",
    "call",
    "call --demo ads_get_ad_accounts limit=2",
    "call --demo ads_get_campaigns account=1",
    "call --demo ads_get_campaigns limit",
    "call --demo ads_no_such_tool",
    "call --demo ads_update_budget entity_id=1",
    "tools --toolset budget",
    "tools --toolset nonsense",
    "tools --allow-writes=ads_get_campaigns",
    "serve --toolsets nonsense",
    "serve --accounts x",
    "tokens --demo",
    "tokens use nobody",
    "logout nobody",
    "login",
    "doctor --demo",
    "install print --demo",
    "install emacs",
    "demo",
)
# Settings that stop the start.
SETTINGS = (
    {"META_ADS_TIMEOUT": "abc"},
    {"META_APP_ID": "abc"},
    {"META_ADS_ACCOUNTS": ","},
    {"META_ADS_FOO": "1"},
    {"META_ADS_POLICY": "/no/such/file.toml"},
)
# Tool calls of one session, in this order. `{name}` is an id that NAMES has found in an earlier answer.
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ads_get_ad_accounts", {}),
    ("ads_get_account_info", {"account_id": "{account}"}),
    ("ads_get_campaigns", {"account_id": "{account}", "limit": 3}),
    ("ads_get_campaigns", {"limit": 3}),
    ("ads_get_ad_sets", {"account_id": "{account}", "limit": 2}),
    ("ads_get_ads", {"account_id": "{account}", "limit": 2}),
    ("ads_get_insights", {"object_id": "{account}", "date_preset": "last_7d", "level": "campaign", "limit": 3}),
    ("ads_get_insights", {"object_id": "{account}", "breakdowns": "age,gender"}),
    ("ads_get_insights", {"object_id": "{account}", "breakdowns": ["age", "country"]}),
    ("ads_get_insights", {"object_id": "{account}", "fields": ["cost_per_purchase"]}),
    ("ads_insights_performance_trend", {"object_id": "{account}", "date_preset": "last_30d", "granularity": "weekly"}),
    ("ads_diagnose_underperformance", {"object_id": "{account}", "date_preset": "last_7d"}),
    ("ads_diagnose_underperformance", {"object_id": "{account}", "date_preset": "maximum"}),
    ("ads_find_tools", {"query": "pause a campaign", "limit": 2}),
    ("ads_call_read_tool", {"name": "ads_create_campaign", "arguments": {}}),
    ("ads_get_campaign_details", {"campaign_id": "1"}),
    ("get_campaigns", {}),
    ("ads_get_changes", {}),
    ("ads_undo_change", {"change_id": "c1"}),
    ("ads_create_campaign", {"account_id": "{account}", "name": "Spring", "objective": "CONVERSIONS"}),
    (
        "ads_create_campaign",
        {"account_id": "{account}", "name": "Spring", "objective": "OUTCOME_TRAFFIC", "daily_budget": "50.00 EUR"},
    ),
    (
        "ads_create_campaign",
        {"account_id": "{account}", "name": "Spring", "objective": "OUTCOME_TRAFFIC", "daily_budget": "50.00 USD"},
    ),
    ("ads_update_campaign", {"campaign_id": "{campaign}"}),
    ("ads_update_campaign", {"campaign_id": "{campaign}", "name": "Renamed", "dry_run": True}),
    ("ads_update_campaign", {"campaign_id": "{campaign}", "name": "Renamed"}),
    ("ads_delete_campaign", {"campaign_id": "{campaign}"}),
    ("ads_delete_campaign", {"campaign_id": "{campaign}", "confirmation": "{code}"}),
    ("ads_update_budget", {"entity_type": "ad_set", "entity_id": "{campaign}", "daily_budget": "9.00 USD"}),
    ("ads_update_spend_cap", {"account_id": "{account}", "spend_cap": "100.00 USD"}),
    ("ads_create_ad_creative", {"account_id": "{account}", "name": "x", "image_url": "http://192.168.0.1/a.png"}),
    ("facebook_create_post", {"page_id": "1", "message": "Hello"}),
)
# Name → where an answer holds it. The first answer that has it counts.
NAMES = {
    "account": re.compile(r'"id":"(act_[0-9]+)"'),
    "campaign": re.compile(r'"id":"([0-9]{15,})"[^{}]*"objective"'),
    "code": re.compile(r'"confirmation":"([^"]+)"'),
}
PLACEHOLDERS = (
    (re.compile(r"c[0-9]{8}T[0-9]{6}-[0-9a-f]{8}"), "<change>"),
    (re.compile(r'(?<="confirmation":")[^"]+'), "<code>"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+([+-][0-9:]+|Z)?"), "<time>"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), "<date>"),
    (re.compile(r"\b[0-9]{10,}\b|(?<=act_)[0-9]{5,}"), "<id>"),
    (re.compile(r"(?<=_ms\": )[0-9.]+"), "<ms>"),
    (re.compile(r'(?<="has_more":true,"after":")[^"]+'), "<cursor>"),
)


def main() -> int:
    """Run everything and print it."""
    most = None if "--full" in sys.argv[1:] else MAX_ANSWER_CHARS
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for title, answer in [*run_commands(home), *run_calls(home)]:
            print(f"$ {title}\n{normalize(answer, home)[:most]}\n", flush=True)
    return 0


def run_commands(home: Path) -> Iterator[tuple[str, str]]:
    """Each command with its exit code and what it printed."""
    for command in COMMANDS:
        yield f"meta-ads-mcp {command}", run_command(home, command.split())
    for settings in SETTINGS:
        ((name, value),) = settings.items()
        yield f"{name}={value} meta-ads-mcp tools", run_command(home, ["tools"], **settings)


def run_command(home: Path, arguments: Sequence[str], **variables: str) -> str:
    finished_process = subprocess.run(
        program(arguments),
        env=environment(home) | variables,
        input="",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return f"exit code {finished_process.returncode}\n{finished_process.stdout}{finished_process.stderr}"


def run_calls(home: Path) -> Iterator[tuple[str, str]]:
    """Each tool call of one session over MCP, with the answer's text and its structured content."""
    arguments = ("serve", "--demo", "--allow-writes=true", "--toolsets", "all")
    process = subprocess.Popen(
        program(arguments),
        env=environment(home) | {"LOG_LEVEL": "FATAL"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    info = {"name": "transcript", "version": "1"}
    request(process, 0, "initialize", {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": info})
    send(process, {"method": "notifications/initialized"})
    names: dict[str, str] = {}
    for number, (tool, call_arguments) in enumerate(CALLS, 1):
        filled = {key: fill(value, names) for key, value in call_arguments.items()}
        result = request(process, number, "tools/call", {"name": tool, "arguments": filled})
        structured = json.dumps(result.get("structuredContent"), ensure_ascii=False, separators=(",", ":"))
        for name, pattern in NAMES.items():
            match = pattern.search(structured)
            if match and name not in names:
                names[name] = match[1]
        text = result["content"][0]["text"] if "content" in result else json.dumps(result)
        yield f"{tool} {json.dumps(call_arguments)}", f"{text}\n{structured}"
    assert process.stdin is not None  # noqa: S101  opened as a pipe above
    process.stdin.close()
    process.wait(timeout=30)


def request(process: subprocess.Popen[str], number: int, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Send a request and return its result, or an object with the protocol's error."""
    send(process, {"id": number, "method": method, "params": dict(params)})
    for line in process.stdout or ():
        message = json.loads(line)
        if message.get("id") == number and "method" not in message:
            result: dict[str, Any] = message.get("result") or {"error": message["error"]}
            return result
    raise RuntimeError("the server ended")


def send(process: subprocess.Popen[str], message: Mapping[str, Any]) -> None:
    assert process.stdin is not None  # noqa: S101  opened as a pipe by the caller
    process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    process.stdin.flush()


def fill(value: Any, names: Mapping[str, str]) -> Any:
    """Replace `{name}` by the id of that name."""
    return value.format_map(names) if isinstance(value, str) and value.startswith("{") else value


def normalize(text: str, home: Path) -> str:
    """Replace what differs between two runs of the same tree."""
    text = text.replace(str(home), "<home>").replace(sys.executable, "<python>")
    text = text.replace(str(Path(sys.executable).parent), "<bin>")
    for pattern, placeholder in PLACEHOLDERS:
        text = pattern.sub(placeholder, text)
    return text


def program(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "meta_ads_mcp", *arguments]


def environment(home: Path) -> dict[str, str]:
    """Return a small environment: no token, no settings, no keyring, and a home of its own."""
    inherited = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "PYTHONPATH") if name in os.environ}
    return {
        **inherited,
        "HOME": str(home),
        "META_ADS_STATE_DIR": str(home / "state"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "COLUMNS": "100",
    }


if __name__ == "__main__":
    sys.exit(main())
