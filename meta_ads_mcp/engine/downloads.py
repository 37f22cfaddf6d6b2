"""The `Downloads` port of a server without a network of its own, such as the demo."""

from __future__ import annotations

from meta_ads_mcp.errors import Denied
from meta_ads_mcp.spec.media import Download


class NoDownloads:
    """Fetches nothing and looks nothing up; what an address itself tells was checked with the arguments."""

    async def check(self, url: str) -> None:
        """Nothing is known against it."""

    async def get(self, url: str, most_bytes: int) -> Download:
        raise Denied("This server fetches nothing from the web.", "Give the file itself.")
