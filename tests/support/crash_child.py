"""`meta-ads-mcp` in a process that ends without a word at a planned place, as one that is killed does.

    python -m tests.support.crash_child PLACE:NUMBER:WHEN call TOOL --json …

PLACE is `append` (a line of the journal) or `send` (a write on the wire); WHEN is `before`, `half` (of a line) or
`after`. Nothing ends it for `never:0:never`.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from meta_ads_mcp.cli.main import main
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.graph.client import GraphClient

KILLED = 9


def plan(place: str, number: int, when: str) -> None:
    counts = {"append": 0, "send": 0}
    append, send, write = Journal._append, GraphClient.send, os.write

    def is_it(what: str) -> bool:
        return what == place and counts[what] == number

    def half(descriptor: int, content: bytes) -> int:
        write(descriptor, content[: len(content) // 2])
        os._exit(KILLED)

    def appended(self: Journal, line: dict[str, Any]) -> None:
        counts["append"] += 1
        if is_it("append") and when == "before":
            os._exit(KILLED)
        if is_it("append") and when == "half":
            os.write = half
        append(self, line)
        if is_it("append") and when == "after":
            os._exit(KILLED)

    async def sent(self: GraphClient, request: Request) -> Any:
        counts["send"] += request.write
        found = await send(self, request)
        if request.write and is_it("send"):
            os._exit(KILLED)
        return found

    Journal._append, GraphClient.send = appended, sent  # type: ignore[method-assign]


if __name__ == "__main__":
    chosen, number, when = sys.argv[1].split(":")
    plan(chosen, int(number), when)
    sys.argv[1:2] = []
    sys.exit(main())
