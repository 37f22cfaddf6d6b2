"""All tools, collected from the modules of `tools/` in source order, and what of them this server has.

Adding a tool is one class in one of these files. The file is the toolset.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.cards import Card, stored
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.spec.tool import Tool, declared

if TYPE_CHECKING:
    from meta_ads_mcp.spec.result import Row

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
    "targeting",
    "budget",
    "leads",
    "comments",
    "previews",
    "pixels",
    "audiences",
    "rules",
    "experiments",
    "billing",
    "instagram",
    "diagnostics",
    "help",
    "narrow_writes",
    "changes",
    "limits",
    "pages",
    "tokens",
    "discovery",
)
# Files beside the one that is named like its toolset.
MORE_FILES: dict[str, tuple[str, ...]] = {
    "ad_sets": ("ad_set_clone",),
    "ads": ("ad_link",),
    "audiences": ("audience_writes", "audience_users"),
    "billing": ("billing_writes",),
    "comments": ("comment_writes",),
    "creatives": ("creative_writes", "media"),
    "diagnostics": ("dataset_quality",),
    "entities": ("duplicates",),
    "experiments": ("experiment_writes",),
    "leads": ("lead_writes",),
    "pixels": ("pixel_writes",),
    "rules": ("rule_writes",),
}
# What is listed unless the settings say otherwise: what most days need, within what every client can hold. Everything
# enabled can be called and found all the same.
DEFAULT = frozenset(
    """
    ads_get_ad_accounts ads_get_account_info ads_get_campaigns ads_get_campaign_details ads_get_ad_sets
    ads_get_ad_set_details ads_get_ads ads_get_ad_details ads_get_ad_creatives ads_get_creative_details ads_get_insights
    ads_insights_performance_trend ads_insights_anomaly_signal ads_insights_advertiser_context ads_run_report_and_wait
    ads_get_report_results ads_portfolio_summary ads_diagnose_underperformance ads_search_interests ads_get_errors
    ads_pause_campaign ads_resume_campaign ads_update_budget ads_activate_entity ads_get_changes ads_undo_change
    ads_rate_status
    """.split()
)
# Always listed: the way to every tool that is not.
ALWAYS = "discovery"


def collect() -> list[Tool]:
    """Every tool of the package, with its file's name as its toolset."""
    return [tool for name, toolset in _files() for tool in _of_file(name, toolset)]


def cards() -> list[Card | Tool]:
    """Every tool as clients are shown it; only of files without a valid card the classes are imported."""
    kept = stored()
    return [tool for name, toolset in _files() for tool in kept.get(name) or _of_file(name, toolset)]


def _files() -> Iterator[tuple[str, str]]:
    """The files of tools in the order of the list, each with its toolset."""
    for toolset in TOOLSETS:
        for name in (toolset, *MORE_FILES.get(toolset, ())):
            yield name, toolset


def _of_file(name: str, toolset: str) -> Iterable[Tool]:
    module = import_module(f"meta_ads_mcp.tools.{name}")
    for value in vars(module).values():
        if inspect.isclass(value) and value.__module__ == module.__name__ and (tool := declared(value)):
            object.__setattr__(tool, "toolset", toolset)
            yield tool


class UnknownNames(Exception):
    """A setting names tools or toolsets that do not exist."""


class Catalogue:
    """The tools that exist on this server, those that are listed, and the search over all of them."""

    def __init__(
        self,
        tools: Sequence[Card | Tool],
        *,
        listed: Sequence[str] = ("default",),
        allow_writes: bool | Sequence[str] = False,
        exclude: Sequence[str] = (),
    ) -> None:
        _check_names(tools, listed, allow_writes, exclude)
        enabled = [tool for tool in tools if _exists(tool, allow_writes, exclude)]
        self._tools = {tool.name: tool for tool in enabled}
        self.listed = [tool for tool in enabled if _is_listed(tool, set(listed))]

    def __iter__(self) -> Iterator[Card | Tool]:
        return iter(self._tools.values())

    @property
    def has_writes(self) -> bool:
        """Whether this server may change anything at Meta."""
        return any(tool.effect.is_write for tool in self._tools.values())

    def get(self, name: str) -> Tool:
        """The tool of that name. A tool that is hidden by a setting is as unknown as one that never was."""
        if name not in self._tools:
            raise NotFound(f"Unknown tool: {name[:80]!r}.", "Search the tools of this server with ads_find_tools.")
        found = self._tools[name]
        return found.tool() if isinstance(found, Card) else found

    def find(self, query: str, toolset: str | None, limit: int) -> list[Row]:
        """Matching tools, best first: name, kind, toolset, description and the arguments they take."""
        words = _words(query)
        scored = [
            (self._score(tool, words), -index, tool)
            for index, tool in enumerate(self._tools.values())
            if toolset in (None, tool.toolset)
        ]
        best = sorted(
            (entry for entry in scored if entry[0] > 0 or not words), key=lambda entry: entry[:2], reverse=True
        )
        return [describe(tool) for _, _, tool in best[:limit]]

    def toolsets(self) -> list[Row]:
        counted: dict[str, list[str]] = {}
        for tool in self._tools.values():
            counted.setdefault(tool.toolset, []).append(tool.name)
        return [{"toolset": name, "tools": names} for name, names in counted.items()]

    def _score(self, tool: Card | Tool, words: set[str]) -> float:
        """Words in the name weigh most, then those of the toolset, then the description; rare words more."""
        if not words:
            return 0
        name, hints, text = self._index[tool.name]
        return sum(
            (4 * (word in name) + 2 * (word in hints) + (word in text)) * self._rarity.get(word, 0) for word in words
        )

    @cached_property
    def _index(self) -> dict[str, tuple[set[str], set[str], set[str]]]:
        return {
            tool.name: (
                _words(tool.name),
                _words(f"{tool.toolset} {tool.words}"),
                _words(f"{tool.description} {' '.join(tool.arguments['properties'])}"),
            )
            for tool in self._tools.values()
        }

    @cached_property
    def _rarity(self) -> dict[str, float]:
        counts: dict[str, int] = {}
        for groups in self._index.values():
            for word in set.union(*groups):
                counts[word] = counts.get(word, 0) + 1
        return {word: 1 / count**0.5 for word, count in counts.items()}


def describe(tool: Card | Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "kind": tool.effect.value,
        "toolset": tool.toolset,
        "description": tool.description,
        "arguments": tool.arguments,
    }


def _words(text: str) -> set[str]:
    """Words in the singular, so that "audience" finds "audiences"."""
    found = re.findall(r"[a-z0-9]+", text.lower().replace("adset", "ad set"))
    return {_singular(word) for word in found if len(word) > 1 and word not in _EMPTY_WORDS}


_EMPTY_WORDS = frozenset("the of an to in on for and or with by is it as at be ads my me get show list all".split())


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _is_listed(tool: Card | Tool, chosen: set[str]) -> bool:
    by_default = "default" in chosen and tool.name in DEFAULT
    return by_default or "all" in chosen or tool.toolset in chosen or tool.toolset == ALWAYS


def _exists(tool: Card | Tool, allow_writes: bool | Sequence[str], exclude: Sequence[str]) -> bool:
    if tool.name in exclude or tool.toolset in exclude:
        return False
    if not tool.effect.is_write:
        return True
    if tool.name == "ads_call_write_tool":
        return bool(allow_writes)
    return allow_writes if isinstance(allow_writes, bool) else tool.name in allow_writes


def _check_names(
    tools: Sequence[Card | Tool], listed: Sequence[str], allow_writes: bool | Sequence[str], exclude: Sequence[str]
) -> None:
    names, toolsets = {tool.name for tool in tools}, {tool.toolset for tool in tools}
    _refuse("META_ADS_TOOLSETS", set(listed) - toolsets - {"default", "all"}, toolsets | {"default", "all"})
    _refuse("META_ADS_EXCLUDE_TOOLS", set(exclude) - toolsets - names, toolsets)
    if not isinstance(allow_writes, bool):
        writes = {tool.name for tool in tools if tool.effect.is_write}
        _refuse("META_ADS_ALLOW_WRITES", set(allow_writes) - writes, writes, wrong=names)


def _refuse(setting: str, unknown: set[str], known: set[str], wrong: Collection[str] = ()) -> None:
    """`wrong` are names that exist and say nothing in this setting."""
    if unknown:
        why = "only reads, and is always allowed" if min(unknown) in wrong else "does not exist"
        raise UnknownNames(f"{setting}: {min(unknown)} {why}; known are {', '.join(sorted(known))}")
