"""`meta-ads-mcp sync`: bring the local store up to date, from a shell or a scheduler."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.app import App
from meta_ads_mcp.cli.call import exit_code, print_answer
from meta_ads_mcp.cli.output import complain, default_format, is_terminal
from meta_ads_mcp.cli.parser import ExitCode
from meta_ads_mcp.settings import Settings

if TYPE_CHECKING:
    from meta_ads_mcp.engine.engine import ToolAnswer

# A scheduled sync may take the night.
MAX_SECONDS = 8 * 3600
PROGRESS_EVERY = 25


class ProgressLines:
    """Print progress to standard error: the plan, every wait, and some of the requests."""

    def __init__(self, *, every: int) -> None:
        self._every = every
        self._last = ""

    async def __call__(self, current: float, total: float | None, message: str) -> None:
        is_request = bool(current) and not message.startswith("Waiting")
        if message != self._last and not (is_request and int(current) % self._every):
            complain(f"[{current:g} of about {total or 0:g} requests] {message}")
        self._last = message


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Run the sync, print its answer and return the exit code: 0 if every account is up to date, 1 if not."""
    app = App(settings if settings.log_level == "DEBUG" else settings.model_copy(update={"log_level": "FATAL"}))
    lines = ProgressLines(every=5 if is_terminal(sys.stderr) else PROGRESS_EVERY)
    answer = asyncio.run(app.engine.call("ads_sync", arguments_of(options), progress=lines))
    print_answer(answer, options.format or default_format())
    return _sync_exit_code(answer)


def arguments_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of `ads_sync`. `--accounts` names the accounts, and limits the server to them."""
    accounts = None if options.all_accounts else options.accounts
    arguments = {
        "account_ids": [part.strip() for part in accounts.split(",") if part.strip()] if accounts else None,
        "all_accounts": options.all_accounts or None,
        "since": options.since,
        "breakdowns": options.breakdowns.split(",") if options.breakdowns else None,
        "plan": options.plan or None,
        "max_wait_seconds": options.max_minutes * 60 if options.max_minutes else MAX_SECONDS,
    }
    return {name: value for name, value in arguments.items() if value is not None}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all-accounts", action="store_true", help="every account that the token reaches")
    parser.add_argument("--since", metavar="DAY", help="first day, such as 2025-01-01; default: what is stored")
    parser.add_argument("--breakdowns", metavar="A,B", help="further tables: age_gender, country, platform, device")
    parser.add_argument("--plan", action="store_true", help="show requests and minutes; read nothing")
    parser.add_argument("--max-minutes", type=int, metavar="N", help="stop after so many minutes; run again to go on")
    parser.add_argument("--format", choices=("table", "json"), help="of the answer: table at a terminal, else json")


def _sync_exit_code(answer: ToolAnswer) -> int:
    code = exit_code(answer)
    data = answer.structured.get("data") or {}
    return code or (ExitCode.DONE if data.get("status") in ("synced", "planned") else ExitCode.FAILED)
