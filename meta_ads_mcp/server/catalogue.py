"""Collect the tools of `tools/`, decide which of them exist and are listed on this server, and search them.

Adding a tool takes one class in one module of `tools/`. Its toolset is the module, or the package, below `tools/`,
unless the declaration names another one.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import TYPE_CHECKING

from meta_ads_mcp.core.tool import WRITE_WARNING, Effect, Tool, declaration_of
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.server.tool_index import READ_CALLER, WRITE_CALLER, ToolEntry, load_entries

if TYPE_CHECKING:
    from meta_ads_mcp.core.result import Row
    from meta_ads_mcp.server.prompts import Prompt
    from meta_ads_mcp.server.search import Search

TOOLS = "meta_ads_mcp.tools"
TOOLSETS = (
    "accounts",
    "campaigns",
    "ad_sets",
    "ads",
    "creatives",
    "entities",
    "insights",
    "reports",
    "macros",
    "bulk",
    "targeting",
    "budget",
    "leads",
    "comments",
    "previews",
    "pixels",
    "signals",
    "catalogue",
    "audiences",
    "rules",
    "experiments",
    "billing",
    "assets",
    "optimisation",
    "instagram",
    "reach_people",
    "diagnostics",
    "store",
    "planning",
    "help",
    "narrow_writes",
    "activity",
    "changes",
    "limits",
    "pages",
    "tokens",
    "discovery",
)
# What is listed unless the settings say otherwise: what most days need, within what every client can hold. Everything
# enabled can be called and found all the same. Why these: docs/decisions/default-list.md.
DEFAULT = frozenset(
    """
    ads_get_ad_accounts ads_get_campaigns ads_get_ad_sets ads_get_ads ads_get_ad_creatives ads_get_insights
    ads_portfolio_summary ads_diagnose_underperformance ads_explain_change ads_account_get_activity_logs
    ads_get_creative_fatigue ads_get_errors ads_rate_status ads_get_ad_comments ads_moderate_comments ads_export_leads
    ads_set_status ads_update_budget ads_bulk_update ads_bulk_create ads_get_changes ads_undo_change
    """.split()
)
# Always listed: the way to every tool that is not.
ALWAYS = "discovery"
# The toolset under which a search shows prompts.
PROMPT_TOOLSET = "prompts"
MAX_NEAREST = 3
MAX_NAME_CHARS = 80
_TOOL_NAME = re.compile(r"\b(?P<name>(?:ads|facebook)_[a-z0-9_]+)\b`?")
READ_ONLY = (
    "This server only reads: writes are off. Its owner allows them with META_ADS_ALLOW_WRITES=true or --allow-writes."
)


def collect() -> list[Tool]:
    """Import every module of `tools/` and return the tools in catalog order.

    The order is that of TOOLSETS. Within a toolset the module that is named like it comes first, and each module's
    tools follow in source order.
    """
    modules = [import_module(info.name) for info in walk_packages(import_module(TOOLS).__path__, f"{TOOLS}.")]
    return sorted((tool for module in modules for tool in _tools_in(module)), key=_position)


def catalog_entries() -> list[ToolEntry] | list[Tool]:
    """Return every tool as clients see it. The classes are built only if the stored index is not current."""
    return load_entries() or collect()


def _position(tool: Tool) -> tuple[int, bool, str]:
    module = tool.params.__module__.rpartition(".")[2]
    return TOOLSETS.index(tool.toolset), module != tool.toolset, tool.params.__module__


def _tools_in(module: ModuleType) -> Iterator[Tool]:
    for value in vars(module).values():
        if inspect.isclass(value) and value.__module__ == module.__name__ and (tool := declaration_of(value)):
            yield tool


class UnknownNames(Exception):
    """A setting names tools or toolsets that do not exist."""


class Catalogue:
    """Hold the tools that exist on this server, those that are listed, and the search over all of them."""

    def __init__(
        self,
        tools: Sequence[ToolEntry | Tool],
        *,
        listed: Sequence[str] = ("default",),
        allow_writes: bool | Sequence[str] = False,
        exclude: Sequence[str] = (),
    ) -> None:
        _check_names(tools, listed, allow_writes, exclude)
        enabled = [tool for tool in tools if _exists(tool, allow_writes, exclude)]
        self._tools = {tool.name: tool for tool in enabled}
        self._parts = {tool.name: tool for tool in tools if not {tool.name, tool.toolset} & set(exclude)}
        self.listed = [tool for tool in enabled if _is_listed(tool, set(listed))]

    def __iter__(self) -> Iterator[ToolEntry | Tool]:
        return iter(self._tools.values())

    @property
    def has_writes(self) -> bool:
        """Return whether this server may change anything at Meta."""
        return any(tool.effect.is_write for tool in self._tools.values())

    def get(self, name: str) -> Tool:
        """Return the tool of that name.

        Raises NotFound with the nearest names of enabled tools. A tool that a setting hides is answered like a name
        that never existed.
        """
        entry = self._tools.get(name)
        if entry is None:
            raise NotFound(f"Unknown tool: {name[:MAX_NAME_CHARS]!r}.", self._next_step(name))
        return entry.tool() if isinstance(entry, ToolEntry) else entry

    def _next_step(self, name: str) -> str:
        """Name the nearest enabled tools, and say how to allow writes where they are off."""
        nearest = self._search.nearest(name[:MAX_NAME_CHARS], list(self._tools), MAX_NEAREST)
        steps = [f"Nearest: {', '.join(nearest)}."] if nearest else []
        steps.append("Search the tools of this server with ads_find_tools.")
        return " ".join(steps if self.has_writes else [*steps, READ_ONLY])

    def fields_of(self, graph_class: str) -> Sequence[str]:
        """Return the names of all fields of a kind of Graph object, none for a kind that is not listed."""
        from meta_ads_mcp.server.resources import field_names  # noqa: PLC0415  only an error needs it

        return field_names(graph_class)

    def get_part(self, name: str) -> Tool:
        """Return a tool that an enabled tool is made of. Only META_ADS_EXCLUDE_TOOLS makes it unknown."""
        part = self._parts.get(name)
        if part is None:
            raise NotFound(f"{name} is excluded on this server.", "Its owner sets META_ADS_EXCLUDE_TOOLS.")
        return part.tool() if isinstance(part, ToolEntry) else part

    def find(self, query: str, toolset: str | None) -> list[Row]:
        """Return all matching tools and prompts, best first, each with what `describe` says.

        Write tools that are off are found too, and marked. Without words, all tools of the toolset are returned.
        """
        names = self._search.rank(query) if query.strip() else [*self._parts, *self._prompts]
        rows = map(self._describe_name, names)
        return [row for row in rows if toolset in (None, row["toolset"])]

    def _describe_name(self, name: str) -> Row:
        tool = self._parts.get(name)
        return self._describe_prompt(name) if tool is None else self._describe(tool)

    def _describe(self, tool: ToolEntry | Tool) -> Row:
        row = describe(tool)
        if tool.name not in self._tools:
            return row | {"off": True}
        caller = self._caller(tool)
        return row | ({"call_with": caller} if caller else {})

    def _describe_prompt(self, name: str) -> Row:
        prompt = self._prompts[name]
        arguments = {argument.name: argument.description for argument in prompt.arguments}
        return {
            "name": name,
            "kind": "prompt",
            "toolset": PROMPT_TOOLSET,
            "description": prompt.description,
            "arguments": arguments,
        }

    def mark_unlisted(self, text: str) -> str:
        """Say behind the first mention of each tool that is not listed how to reach it, or that it is off."""
        if "_" not in text:
            return text
        mentioned: set[str] = set()

        def mark(match: re.Match[str]) -> str:
            name = match["name"]
            way = self._way_to(name) if name not in mentioned else ""
            mentioned.add(name)
            return f"{match[0]} ({way})" if way else match[0]

        return _TOOL_NAME.sub(mark, text)

    def _way_to(self, name: str) -> str:
        tool = self._parts.get(name)
        if tool is None:
            return ""
        if name not in self._tools:
            return "off on this server"
        caller = self._caller(tool)
        return f"through {caller}" if caller else ""

    def _caller(self, tool: ToolEntry | Tool) -> str:
        """Return the listed tool that calls an unlisted one. A tool of kind local is called by its own name."""
        if tool.name in self.listed_names or tool.effect is Effect.LOCAL:
            return ""
        return WRITE_CALLER if tool.effect.is_write else READ_CALLER

    @cached_property
    def listed_names(self) -> frozenset[str]:
        return frozenset(tool.name for tool in self.listed)

    @cached_property
    def _search(self) -> Search:
        from meta_ads_mcp.server.search import Document, Search  # noqa: PLC0415  a start does not wait for it

        tools = [
            Document(
                tool.name,
                f"{tool.toolset} {tool.keywords}",
                f"{tool.description} {' '.join(tool.arguments['properties'])}",
            )
            for tool in self._parts.values()
        ]
        prompts = [Document(prompt.name, prompt.title, prompt.description) for prompt in self._prompts.values()]
        return Search([*tools, *prompts])

    @cached_property
    def _prompts(self) -> dict[str, Prompt]:
        from meta_ads_mcp.server.prompts import PROMPTS  # noqa: PLC0415  a start does not wait for it

        return {prompt.name: prompt for prompt in PROMPTS}

    def toolsets(self) -> list[Row]:
        """Return the toolsets with the number of their enabled tools."""
        counts = Counter(tool.toolset for tool in self._tools.values())
        return [{"toolset": toolset, "tools": count} for toolset, count in counts.items()]


def describe(tool: ToolEntry | Tool) -> Row:
    """Return a tool as a search shows it; the arguments as `describe_arguments` writes them."""
    from meta_ads_mcp.server.signature import describe_arguments  # noqa: PLC0415  a start does not wait for it

    return {
        "name": tool.name,
        "kind": tool.effect.value,
        "toolset": tool.toolset,
        "description": tool.description.removeprefix(WRITE_WARNING),
        "arguments": describe_arguments(tool.arguments, tool.name),
    }


def _is_listed(tool: ToolEntry | Tool, chosen: set[str]) -> bool:
    by_default = "default" in chosen and tool.name in DEFAULT
    return by_default or "all" in chosen or tool.toolset in chosen or tool.toolset == ALWAYS


def _exists(tool: ToolEntry | Tool, allow_writes: bool | Sequence[str], exclude: Sequence[str]) -> bool:
    if tool.name in exclude or tool.toolset in exclude:
        return False
    if not tool.effect.is_write:
        return True
    if tool.name == WRITE_CALLER:
        return bool(allow_writes)
    return allow_writes if isinstance(allow_writes, bool) else tool.name in allow_writes


def _check_names(
    tools: Sequence[ToolEntry | Tool], listed: Sequence[str], allow_writes: bool | Sequence[str], exclude: Sequence[str]
) -> None:
    names, toolsets = {tool.name for tool in tools}, {tool.toolset for tool in tools}
    _refuse("META_ADS_TOOLSETS", set(listed) - toolsets - {"default", "all"}, toolsets | {"default", "all"})
    _refuse("META_ADS_EXCLUDE_TOOLS", set(exclude) - toolsets - names, toolsets)
    if not isinstance(allow_writes, bool):
        writes = {tool.name for tool in tools if tool.effect.is_write}
        _refuse("META_ADS_ALLOW_WRITES", set(allow_writes) - writes, writes, wrong=names)


def _refuse(setting: str, unknown: set[str], known: set[str], wrong: Collection[str] = ()) -> None:
    """Raise UnknownNames for the first unknown name. `wrong` names exist but have no effect in this setting."""
    if unknown:
        why = "only reads, and is always allowed" if min(unknown) in wrong else "does not exist"
        raise UnknownNames(f"{setting}: {min(unknown)} {why}; known are {', '.join(sorted(known))}")
