"""What a client receives, in characters of compact JSON: the lists of tools, and answers of usual size.

Tokens are those of o200k where the package bpe-openai is installed, which ships its ranks; elsewhere none.

python -m benchmarks.context
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from benchmarks.desk import engine
from meta_ads_mcp.engine.engine import Engine
from meta_ads_mcp.sandbox import SandboxTransport, World
from scripts.snapshots import listing

NOW = datetime(2026, 10, 14, 15, 30, tzinfo=UTC)
ROWS = 50
METRICS = "spend impressions reach frequency clicks ctr cpc cpm inline_link_clicks cost_per_inline_link_click".split()


@dataclass(frozen=True)
class Size:
    """`most` is the promise that a test keeps, None where there is none."""

    what: str
    chars: int
    tokens: int | None
    most: int | None


# Of everything, on average.
CHARS_PER_TOOL = 1_000


def sizes() -> list[Size]:
    return [*lists(), *asyncio.run(answers())]


def lists() -> list[Size]:
    entries = []
    for what, toolsets, writes, most in (
        ("tools/list, default", "default", False, 30_000),
        ("tools/list, default with writes", "default", True, 30_000),
        ("tools/list, everything with writes", "all", True, None),
    ):
        answer = without_view_addresses(asyncio.run(listing(toolsets, writes=writes)))
        count = len(answer["tools"])
        entries.append(_size(f"{what}: {count} tools", answer, most or CHARS_PER_TOOL * count))
        # What of it a model is shown.
        schemas = [{key: tool[key] for key in ("name", "description", "inputSchema")} for tool in answer["tools"]]
        entries.append(_size("… name, description and schema of each", schemas, None))
    return entries


def without_view_addresses(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a list of tools without the addresses of views, which no model reads."""
    metas = [{key: value for key, value in tool.get("_meta", {}).items() if key != "ui"} for tool in answer["tools"]]
    tools = [tool | ({"_meta": meta} if meta else {}) for tool, meta in zip(answer["tools"], metas, strict=True)]
    return answer | {"tools": tools}


async def answers() -> list[Size]:
    desk = engine(SandboxTransport(World(today=NOW, accounts=14), clock=lambda: NOW))
    accounts = [row["id"] for row in (await _answer(desk, "ads_get_ad_accounts", limit=50))["data"]]
    days = {"date_preset": "last_90d", "time_increment": "1", "limit": ROWS, "fields": METRICS}
    figures = await _answer(desk, "ads_get_insights", object_id=accounts[0], level="account", **days)
    table = figures["data"]
    ads = await _answer(desk, "ads_get_ads", account_id=accounts[0], limit=ROWS)
    return [
        _size(f"{len(table['rows'])} rows of insights, {len(table['columns'])} columns", figures, 5_500),
        _size(f"{ROWS} campaigns, default fields", await campaigns(desk, accounts), 13_000),
        _size(f"{len(ads['data'])} ads, default fields", ads, None),
    ]


async def campaigns(desk: Engine, accounts: list[str]) -> dict[str, Any]:
    """Campaigns of several accounts in one answer: none of the sandbox has as many."""
    entries = [await _answer(desk, "ads_get_campaigns", account_id=account, limit=ROWS) for account in accounts]
    rows = [row for each in entries for row in each["data"]]
    if len(rows) < ROWS:
        raise RuntimeError(f"only {len(rows)} campaigns")
    return {**entries[0], "data": rows[:ROWS]}


async def _answer(desk: Engine, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await desk.call(tool, arguments)
    if answer.is_error:
        raise RuntimeError(answer.text)
    return answer.structured


def _size(what: str, value: Any, most: int | None) -> Size:
    text, count = json.dumps(value, ensure_ascii=False, separators=(",", ":")), counter()
    return Size(what, len(text), count(text) if count else None, most)


def counter() -> Callable[[str], int] | None:
    try:
        encoding = import_module("bpe_openai").get_encoding("o200k_base")
    except ImportError:
        return None
    return lambda text: len(encoding.encode(text))


def main() -> None:
    if "--json" in sys.argv:
        print(json.dumps([asdict(size) for size in sizes()]))
        return
    for size in sizes():
        print(f"{size.what:55} {size.chars:7} characters, {size.tokens or '-'} tokens, at most {size.most or '-'}")


if __name__ == "__main__":
    main()
