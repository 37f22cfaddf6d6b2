"""Serve the skills over MCP: the extension io.modelcontextprotocol/skills (SEP-2640), modern protocol era only.

The files are read with resources/read. In the handshake era clients see no extensions; there the prompts do the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastmcp.server.extensions import MethodBinding, ServerExtension
from mcp import MCPError
from mcp.types import INVALID_PARAMS, RequestParams

if TYPE_CHECKING:
    from meta_ads_mcp.server.skills import Skill

# The files change with the version of this package only.
CACHE = {"ttlMs": 3_600_000, "cacheScope": "private"}


class ListSkillsParams(RequestParams):
    cursor: str | None = None


class GetSkillParams(RequestParams):
    uri: str


class SkillsExtension(ServerExtension):
    """Answer skills/list and skills/get."""

    identifier = "io.modelcontextprotocol/skills"

    def methods(self) -> Sequence[MethodBinding]:
        return (
            MethodBinding("skills/list", ListSkillsParams, self._list),
            MethodBinding("skills/get", GetSkillParams, self._get),
        )

    async def _list(self, _context: Any, params: ListSkillsParams) -> dict[str, Any]:
        if params.cursor is not None:
            raise MCPError(INVALID_PARAMS, "There is one page of skills. Leave out `cursor`.")
        entries = [skill.entry() for skill in _skills().values()]
        return {"resultType": "complete", "skills": entries, **CACHE}

    async def _get(self, _context: Any, params: GetSkillParams) -> dict[str, Any]:
        skill = _skills().get(params.uri)
        if skill is None:
            message = f"There is no skill at this address. Skills are {', '.join(_skills())}."
            raise MCPError(INVALID_PARAMS, message, {"uri": params.uri[:200]})
        return {"resultType": "complete", "skill": skill.entry(), **CACHE}


def _skills() -> dict[str, Skill]:
    from meta_ads_mcp.server.skills import load_skills  # noqa: PLC0415  a start does not wait for it

    return load_skills()
