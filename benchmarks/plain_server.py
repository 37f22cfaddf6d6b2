"""The reference: a plain fastmcp server with as many trivial tools as asked, of five typed arguments each.

python benchmarks/plain_server.py 113
"""

from __future__ import annotations

import sys
from typing import Any, Literal

from fastmcp import FastMCP


def main(tools: int) -> None:
    server: FastMCP[Any] = FastMCP("plain", version="1")
    for number in range(tools):

        async def tool(
            account_id: str,
            name: str = "",
            limit: int = 25,
            status: Literal["ACTIVE", "PAUSED"] = "ACTIVE",
            fields: list[str] | None = None,
        ) -> dict[str, Any]:
            """Answer with nothing, whatever the five arguments are; the text is as long as that of a usual tool."""
            return {}

        server.tool(tool, name=f"plain_tool_number_{number}")
    server.run(transport="stdio", show_banner=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
