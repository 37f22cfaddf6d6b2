"""Call tools as the model in a client does, and count what it costs.

The model knows the default list of tools with their descriptions, what its user says, and the answers of this job so
far. It may pass an id only if one of those contains it, and call an unlisted tool only if one of those names that tool.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from meta_ads_mcp.engine.engine import ToolAnswer
from tests.support.sandbox_engine import SandboxEngine

_ID = re.compile(r"[0-9]{9,}")


class JobFailed(Exception):
    """What is wrong with an answer, or with the way to it."""


class Assistant:
    """Do one job. `calls` and `characters` are its cost: of each answer both text blocks count."""

    def __init__(self, desk: SandboxEngine, request: str) -> None:
        self.desk = desk
        self.calls = 0
        self.characters = 0
        self.pictures = 0
        self.transcript: list[str] = []
        self._planned: tuple[str, dict[str, Any]] = ("", {})
        self._texts = [request, *(f"{tool.name}: {tool.description}" for tool in desk.catalogue.listed)]

    async def read(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Return the structured content of a read that must succeed."""
        return self._content(tool, await self._send(tool, arguments, "ads_call_read_tool"))

    async def write(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Return the `data` of a write. Where a confirmation is required, the user agrees to the plan."""
        content = await self.plan(tool, **arguments)
        if content["data"].get("confirmation"):
            content = await self.agree()
        data: dict[str, Any] = content["data"]
        return data

    async def plan(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Return the structured content of a write, which is a plan where a confirmation is required."""
        content = self._content(tool, await self._send(tool, arguments, "ads_call_write_tool"))
        self._planned = (tool, {**arguments, "confirmation": content["data"].get("confirmation")})
        return content

    async def agree(self) -> dict[str, Any]:
        """Repeat the call of the last plan with its code, and return the structured content."""
        tool, arguments = self._planned
        if not arguments["confirmation"]:
            raise JobFailed(f"the plan of {tool} has no confirmation code")
        if "dry_run" in arguments:
            arguments["dry_run"] = False
        return self._content(tool, await self._send(tool, arguments, "ads_call_write_tool"))

    async def refused(self, tool: str, /, caller: str = "ads_call_read_tool", **arguments: Any) -> dict[str, Any]:
        """Return the `error` of a call that must fail."""
        answer = await self._send(tool, arguments, caller)
        if not answer.is_error:
            raise JobFailed(f"{tool} was not refused")
        error: dict[str, Any] = answer.structured["error"]
        return error

    async def _send(self, tool: str, arguments: Mapping[str, Any], caller: str) -> ToolAnswer:
        self._require_knowledge(tool, arguments)
        if tool not in self.desk.catalogue.listed_names:
            tool, arguments = caller, {"name": tool, "arguments": arguments}
        answer = await self.desk.call(tool, arguments)
        self.calls += 1
        blocks = answer.blocks
        self.transcript.append(f">>> {tool} {json.dumps(dict(arguments), ensure_ascii=False)}")
        if answer.is_error:  # what a client gets beside the text, such as the choices to make
            blocks = [*blocks, json.dumps(answer.structured, ensure_ascii=False, separators=(",", ":"))]
        self.characters += sum(map(len, blocks))
        self.pictures += len(answer.images)
        self._texts += blocks
        self.transcript += [f"[{len(block)}] {block}" for block in blocks]
        return answer

    def _content(self, tool: str, answer: ToolAnswer) -> dict[str, Any]:
        if answer.is_error:
            raise JobFailed(f"{tool}: {answer.text}")
        return dict(answer.structured)

    def _require_knowledge(self, tool: str, arguments: Mapping[str, Any]) -> None:
        earlier = "\n".join(self._texts)
        unknown = [word for word in (tool, *_ids(arguments)) if word not in earlier]
        if unknown:
            raise JobFailed(f"{tool} was called with {unknown[0]}, which nothing before has named")


def _ids(value: Any) -> Iterator[str]:
    yield from _ID.findall(json.dumps(value))
