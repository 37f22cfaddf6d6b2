"""Write docs/cookbook.md: ten jobs as conversations, with the calls that were really run against the demo.

Usage: python scripts/cookbook.py             writes the page
       python scripts/cookbook.py --check     writes nothing and fails when a call no longer works as the page says

The calls go through MCP to a server with demo data and writes on. Figures of the demo depend on today's date, so that
--check compares the calls and their outcome, not the figures.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from meta_ads_mcp.cli.demo import StdioClient  # noqa: E402
from meta_ads_mcp.cli.tables import text_lines  # noqa: E402
from scripts.transcript import environment, program  # noqa: E402

PAGE = ROOT / "docs" / "cookbook.md"
MAX_ROWS, MAX_CHARS, MAX_SUMMARY = 4, 110, 320


@dataclass(frozen=True)
class CookbookCall:
    """A call. `{account}` and other names in braces are ids from earlier answers; `columns` chooses what is shown."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    is_error: bool = False


@dataclass(frozen=True)
class Job:
    """What a person says, the calls that an assistant makes, and what it can answer from them."""

    title: str
    request: str
    calls: tuple[CookbookCall, ...]
    remark: str


ACCOUNT = {"account_id": "{account}"}
JOBS = (
    Job(
        "What happened last week?",
        "How did all our accounts do last week?",
        (
            CookbookCall("ads_get_ad_accounts", {}, ("id", "name", "currency")),
            CookbookCall("ads_portfolio_summary", {"date_preset": "last_7d", "compare_to": "previous_period"}),
        ),
        "The second call reads every account. Totals are per currency, and accounts that need attention come first.",
    ),
    Job(
        "Why did the cost rise?",
        "Results in the first account got expensive. Why?",
        (
            CookbookCall("ads_diagnose_underperformance", {"object_id": "{account}", "date_preset": "last_7d"}),
            CookbookCall("ads_explain_change", {**ACCOUNT, "date_preset": "last_30d"}),
        ),
        "The diagnosis has figures for each finding; the second call looks for the edit behind the break.",
    ),
    Job(
        "Where is money wasted?",
        "Which ads spent without a single result this month?",
        (
            CookbookCall(
                "ads_get_insights",
                {
                    "object_id": "{account}",
                    "level": "ad",
                    "date_preset": "last_30d",
                    "fields": ["ad_name", "spend", "results"],
                    "sort": ["spend_descending"],
                    "filtering": [
                        {"field": "results", "operator": "EQUAL", "value": 0},
                        {"field": "spend", "operator": "GREATER_THAN", "value": 0},
                    ],
                },
                ("ad_name", "spend", "results"),
            ),
        ),
        "`results` counts each ad's own event, so that a lead campaign is not blamed for having no purchases.",
    ),
    Job(
        "Which creatives are tired?",
        "Which ads should we replace first?",
        (CookbookCall("ads_get_creative_fatigue", {**ACCOUNT, "limit": 5}),),
        "The answer names its threshold, and what could not be judged.",
    ),
    Job(
        "Raise a budget",
        "Raise the daily budget of the first campaign to 900 dollars.",
        (
            CookbookCall("ads_get_campaigns", {**ACCOUNT, "limit": 1, "status_filter": ["ACTIVE"]}),
            CookbookCall("ads_update_budget", "{budget}"),  # type: ignore[arg-type]
            CookbookCall("ads_update_budget", "{confirmed}"),  # type: ignore[arg-type]
        ),
        "The first call changes nothing: it answers with the plan and a code. The assistant shows the plan, and "
        "repeats the call with the code after a yes. Clients with dialogs ask by themselves.",
    ),
    Job(
        "Take it back",
        "That was a mistake. Put the old budget back.",
        (
            CookbookCall("ads_get_changes", {"limit": 1}),
            CookbookCall("ads_undo_change", {"change_id": "{change}"}),
        ),
        "The journal has the values before each change. Lowering spend needs no agreement.",
    ),
    Job(
        "Pause many at once",
        "Pause three ads of the account.",
        (
            CookbookCall("ads_get_ads", {**ACCOUNT, "limit": 3, "status_filter": ["ACTIVE"]}, ("id", "name")),
            CookbookCall(
                "ads_set_status", {**ACCOUNT, "level": "ad", "ids": "{ads}", "status": "PAUSED", "dry_run": True}
            ),
        ),
        "Hundreds of objects are one plan with one agreement and one undo. `dry_run` shows it and sends nothing.",
    ),
    Job(
        "Check a launch",
        "Is tracking all right before we go live?",
        (
            CookbookCall("ads_get_pixels", ACCOUNT, ("id", "name", "last_fired_time")),
            CookbookCall("ads_get_errors", ACCOUNT),
        ),
        "The skill `launch-checklist` has all seven points.",
    ),
    Job(
        "Figures for a spreadsheet",
        "Give me spend and results by age and gender as a file.",
        (
            CookbookCall(
                "ads_run_report_and_wait",
                {
                    "object_id": "{account}",
                    "date_preset": "last_30d",
                    "breakdowns": ["age", "gender"],
                    "save_as": "csv",
                },
            ),
        ),
        "The file is on your machine, and the answer links to it. Reports of any size are split and joined.",
    ),
    Job(
        "Find the right tool",
        "Kann ich Kommentare unter Anzeigen verstecken?",
        (CookbookCall("ads_find_tools", {"query": "Kommentare verstecken", "limit": 2}, ("name", "kind", "toolset")),),
        "A client lists only the most used tools. The search knows all of them, in eight languages.",
    ),
)
# Name → where an answer holds it, and the answers of which tool.
NAMES = {
    "account": ("ads_get_ad_accounts", re.compile(r"act_[0-9]+")),
    "campaign": ("ads_get_campaigns", re.compile(r"\b[0-9]{15,}\b")),
    "code": ("ads_update_budget", re.compile(r"'confirmation': '([^']+)'")),
    "change": ("ads_get_changes", re.compile(r"c[0-9]{8}T[0-9]{6}-[0-9a-f]{8}")),
}
HEAD = """\
# Cookbook

<!-- Generated by scripts/cookbook.py, which runs every call against the demo. -->

Ten jobs as conversations. Each call below was run through MCP against the demo data (`--demo --allow-writes`), and each
answer is an excerpt of what came back. Figures of the demo move with the date.
"""


class Conversation:
    """Run the calls of all jobs in one session, and remember the ids that later calls need."""

    def __init__(self, client: StdioClient) -> None:
        self._client, self._names = client, dict[str, Any]()

    def run(self, call: CookbookCall) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the arguments as they were sent, and the answer. Raises SystemExit if the outcome is another one."""
        arguments = self._fill(call.arguments)
        answer = self._client.call(call.tool, arguments)
        if bool(answer.get("isError")) != call.is_error:
            raise SystemExit(f"{call.tool} {arguments} answered: {answer['content'][0]['text'][:400]}")
        self._remember(call.tool, answer["structuredContent"])
        return arguments, answer

    def _fill(self, value: Any) -> Any:
        if isinstance(value, str) and value in ("{budget}", "{confirmed}"):
            budget = {"entity_type": "campaign", "entity_id": self._names["campaign"], "daily_budget": "900.00 USD"}
            return budget | ({"confirmation": self._names["code"]} if value == "{confirmed}" else {})
        if value == "{ads}":
            return self._names["ads"]
        if isinstance(value, Mapping):
            return {key: self._fill(item) for key, item in value.items()}
        return value.format_map(self._names) if isinstance(value, str) and value.startswith("{") else value

    def _remember(self, tool: str, body: Mapping[str, Any]) -> None:
        for name, (source, pattern) in NAMES.items():
            match = pattern.search(str(body.get("data"))) if source == tool else None
            if match and name not in self._names:
                self._names[name] = match[1] if pattern.groups else match[0]
        if tool == "ads_get_ads":
            self._names["ads"] = [row["id"] for row in body["data"]]


def page_lines(client: StdioClient) -> Iterator[str]:
    """Yield the page."""
    conversation = Conversation(client)
    yield HEAD
    for number, job in enumerate(JOBS, 1):
        yield f"## {number}. {job.title}\n"
        yield f"> {job.request}\n"
        yield "```"
        for call in job.calls:
            arguments, answer = conversation.run(call)
            yield from excerpt(call, arguments, answer)
        yield "```\n"
        yield f"{job.remark}\n"


def excerpt(call: CookbookCall, arguments: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the call, the summary of its answer and its first rows."""
    yield cut(f"→ {call.tool} {', '.join(f'{key}={value}' for key, value in arguments.items())}".rstrip(), 200)
    summary = " ".join(str(answer["content"][0]["text"]).split())
    yield f"← {cut(summary, MAX_SUMMARY)}"
    data = answer["structuredContent"].get("data")
    if call.columns or isinstance(data, list):
        for line in list(text_lines(data, call.columns, MAX_ROWS))[: MAX_ROWS + 1]:
            yield f"    {cut(line, MAX_CHARS)}".rstrip()


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def render() -> str:
    """Run the session in a home of its own and return the page."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        process = subprocess.Popen(
            program(["serve", "--demo", "--allow-writes"]),
            env=environment(home) | {"LOG_LEVEL": "FATAL"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        client = StdioClient(process)
        client.initialize()
        text = "\n".join(page_lines(client)).replace(folder, "~")
        assert process.stdin is not None  # noqa: S101  opened as a pipe above
        process.stdin.close()
        process.wait(timeout=30)
    return text


def calls_of(text: str) -> list[str]:
    """Return headings and the tools of the calls: what the page has in common on every day."""
    return re.findall(r"^(?:## .+|→ [a-z_]+)", text, re.MULTILINE)


def main() -> int:
    text = render()
    if "--check" in sys.argv[1:]:
        is_same = PAGE.is_file() and calls_of(PAGE.read_text(encoding="utf-8")) == calls_of(text)
        print("" if is_same else "docs/cookbook.md is stale; run python scripts/cookbook.py and commit what it wrote")
        return 0 if is_same else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
