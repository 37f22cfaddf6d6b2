"""Messages of a client without manners, and the process that they go to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.mcp_process import _META, MODERN, McpProcess

VERSION = f"{_META}protocolVersion"
META = {
    VERSION: MODERN,
    f"{_META}clientCapabilities": {},
    f"{_META}clientInfo": {"name": "rude", "version": "1"},
}
HELLO: dict[str, Any] = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "rude", "version": "1"},
}


def request(number: Any, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def call(number: Any, tool: str, arguments: Any, *, modern: bool = True) -> dict[str, Any]:
    meta = {"_meta": META} if modern else {}
    return request(number, "tools/call", name=tool, arguments=arguments, **meta)


def start_process(home: Path, *arguments: str, modern: bool = True, **more: Any) -> McpProcess:
    """A process with its whole log. In the era of the handshake the client greets it without waiting."""
    era = MODERN if modern else HELLO["protocolVersion"]
    process = McpProcess(home, *arguments, era=era, **{"LOG_LEVEL": "DEBUG", **more})
    if not modern:
        process.greet()
    return process
