"""Interactive views (MCP Apps): which tool shows which, and what travels to a view beside the answer.

A view is one HTML file of `meta_ads_mcp/ui/`, built from the sources in `views/`. A client that renders views says so
with the extension `io.modelcontextprotocol/ui`; no other client gets anything more than text. A client that says so
need not do it, so a confirmation code stays in the text until a view of this process has called back.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.core.tool import Effect, Tool
from meta_ads_mcp.server.tool_index import READ_CALLER, WRITE_CALLER, ToolEntry

if TYPE_CHECKING:
    from meta_ads_mcp.engine.engine import ToolAnswer

EXTENSION = "io.modelcontextprotocol/ui"
# Short, because each listed tool carries one.
CARD, TREND, PORTFOLIO, CREATIVES, RATE = "ui://card", "ui://trend", "ui://portfolio", "ui://creatives", "ui://rate"
VIEW_OF_TOOL = {
    "ads_insights_performance_trend": TREND,
    "ads_explain_change": TREND,
    "ads_portfolio_summary": PORTFOLIO,
    "ads_get_creative_fatigue": CREATIVES,
    "ads_rate_status": RATE,
    WRITE_CALLER: CARD,
}
# Called by views alone, through `ads_call_read_tool`, which clients always list. It is not part of the catalog.
REPORT = "ads_view_report"
NONCE, CODE, CARD_DATA, CALL = "meta-ads/view", "meta-ads/confirmation", "meta-ads/card", "meta-ads/call"
# Tools that answer with tables. Claude Code cuts an answer of more than 50,000 characters unless the tool allows more.
TABLES = frozenset({"ads_get_insights", "ads_insights_performance_trend", "ads_run_report_and_wait"})
MAX_TABLE_CHARS = 100_000
# A card that has not called back after this time is not there.
MAX_RENDER_SECONDS = 25
MAX_NONCES = 200
VIEW_NOTED = "This server knows now that its views work in this client."


def view_of(tool: ToolEntry | Tool) -> str | None:
    """Return the address of the view that shows the answers of a tool: every write that may be asked for has a card."""
    if tool.effect in (Effect.READ, Effect.LOCAL) or "confirmation" not in tool.arguments["properties"]:
        return VIEW_OF_TOOL.get(tool.name)
    return CARD


def hints(tool: ToolEntry | Tool, core: Collection[str]) -> dict[str, Any] | None:
    """Return hints that some clients ignore: load a tool of `core` at once, show a long answer whole, show a view."""
    load = {"anthropic/alwaysLoad": True} if tool.name in core else {}
    size = {"anthropic/maxResultSizeChars": MAX_TABLE_CHARS} if tool.name in TABLES else {}
    view = view_of(tool)
    return load | size | ({"ui": {"resourceUri": view}} if view else {}) or None


class Views:
    """Know whether the client of this process really shows views.

    `monotonic` returns seconds. `tools` maps the listed tools to their views.
    """

    def __init__(self, tools: Mapping[str, str], monotonic: Callable[[], float]) -> None:
        self.tools, self._monotonic = tools, monotonic
        self._has_reported = False
        # The nonces of answers, with their time, or None once the view has called back.
        self._nonces: dict[str, float | None] = {}
        self._hidden: set[str] = set()

    def shows_card(self, tool: str) -> bool:
        """Return whether the user can agree on a card. A hidden code whose card never called back ends that."""
        latest = self._monotonic() - MAX_RENDER_SECONDS
        if any((self._nonces.get(nonce) or -math.inf) < latest for nonce in self._hidden):
            self._distrust()
        return self._has_reported and self.tools.get(tool) == CARD

    def takes(self, tool: str, arguments: Mapping[str, Any]) -> bool:
        """Note the report of a view that it works, or that it cannot apply changes.

        Return False for any other call, and for an unknown nonce.
        """
        arguments = report_of(tool, arguments) or {}
        nonce = arguments.get("nonce")
        if not isinstance(nonce, str) or nonce not in self._nonces:
            return False
        if arguments.get("can_apply") is False:
            self._distrust()
        elif self._nonces[nonce] is not None:
            self._has_reported = True
            self._nonces[nonce] = None
            self._hidden.discard(nonce)
        return True

    def _distrust(self) -> None:
        """Put codes into the text again, until the next view calls back."""
        self._has_reported = False
        self._hidden.clear()

    def meta(self, tool: str, arguments: Mapping[str, Any], answer: ToolAnswer, *, is_hidden: bool) -> dict[str, Any]:
        """Return the `_meta` of an answer: a nonce, and for a write its card, its code and the call that applies it."""
        nonce = secrets.token_urlsafe(16)
        self._nonces[nonce] = self._monotonic()
        while len(self._nonces) > MAX_NONCES:
            del self._nonces[next(iter(self._nonces))]
        meta: dict[str, Any] = {NONCE: nonce}
        if answer.card is None:
            return meta
        card = dict(answer.card)
        code = card.pop("confirmation", None)
        if is_hidden and code is not None:
            self._hidden.add(nonce)
        if code is not None or card["status"] == "dry_run":
            meta[CALL] = call_to_apply(tool, arguments)
        return meta | {CARD_DATA: card} | ({CODE: code} if code is not None else {})


def call_to_apply(tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the call that carries a plan out. `code_path` is the place of the code in its `arguments`."""
    if tool != WRITE_CALLER:
        return {"name": tool, "arguments": _without_options(arguments), "code_path": ["confirmation"]}
    inner = _without_options(arguments.get("arguments") or {})
    return {"name": tool, "arguments": {**arguments, "arguments": inner}, "code_path": ["arguments", "confirmation"]}


def _without_options(arguments: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in arguments.items() if name not in ("confirmation", "dry_run")}
    # A tool may be a dry run unless the call says otherwise.
    return rest | ({"dry_run": False} if "dry_run" in arguments else {})


def report_of(name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the arguments of a view's report, or None for any other call."""
    if name == REPORT:
        return arguments
    inner = arguments.get("arguments")
    if name == READ_CALLER and arguments.get("name") == REPORT and isinstance(inner, Mapping):
        return inner
    return None


def views_of(tools: Collection[ToolEntry | Tool]) -> dict[str, str]:
    """Map the names of tools to the addresses of their views."""
    return {tool.name: view for tool in tools if (view := view_of(tool)) is not None}
