"""Say who this server is and what it can do, in the words of the protocol: name, title, website, icon, capabilities."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from fastmcp.server.low_level import LowLevelServer
from mcp.types import Icon, ServerCapabilities

UI_EXTENSION_ID = "io.modelcontextprotocol/ui"
TITLE = "Meta Ads"
DESCRIPTION = "Meta Ads from your own machine: your own token, and writes only when you allow them."
WEBSITE = "https://github.com/meta-ads-local-mcp/meta-ads-local-mcp"
# Three rising bars. Since 2026-07-28 every answer carries the icon, so it is as short as it can be.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#2457C5"/>'
    '<path d="M3.5 8h2v4.5h-2zM7 5.5h2v7H7zM10.5 3h2v9.5h-2z" fill="#fff"/></svg>'
)


def describe_server(server: LowLevelServer[Any], *, has_views: bool) -> None:
    """Set the identity, and announce only capabilities that this server has.

    fastmcp always announces log messages, which this server never sends, and views, which it may not have.
    """
    server.title, server.description, server.website_url = TITLE, DESCRIPTION, WEBSITE
    source = f"data:image/svg+xml;base64,{b64encode(ICON.encode()).decode()}"
    server.icons = [Icon(src=source, mime_type="image/svg+xml", sizes=["any"])]
    server._request_handlers.pop("logging/setLevel", None)  # noqa: SLF001  the SDK has no way to leave it out
    if has_views:
        return
    announce = server.get_capabilities

    def get_capabilities(*args: Any, **kwargs: Any) -> ServerCapabilities:
        capabilities = announce(*args, **kwargs)
        extensions = {name: value for name, value in (capabilities.extensions or {}).items() if name != UI_EXTENSION_ID}
        return capabilities.model_copy(update={"extensions": extensions or None})

    server.get_capabilities = get_capabilities  # type: ignore[method-assign]
