"""Store what clients see of every tool in `tool_index.json`, so that a start does not build the classes.

`make snapshots` writes the file from the classes. In an installed package the file is always used. In a checkout it is
used only while the sources are those it was written from: after an edit the classes are built, which takes longer and
is always right.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from meta_ads_mcp import __version__
from meta_ads_mcp.core.tool import Effect, Tool, tool_of

FILE = Path(__file__).with_name("tool_index.json")
PACKAGE = Path(__file__).parent.parent
# Packages whose sources can change the description or the schema of a tool.
SOURCES = ("core", "domain", "analysis", "tools")
# The tools that call any other by its name. They are always listed.
READ_CALLER = "ads_call_read_tool"
WRITE_CALLER = "ads_call_write_tool"


@dataclass(frozen=True)
class ToolEntry:
    """Describe a tool without its class: the attributes have the names that they have in `Tool`."""

    name: str
    effect: Effect
    title: str
    description: str
    arguments: dict[str, Any]
    toolset: str
    keywords: str
    calls_graph: bool
    idempotent: bool | None
    destructive: bool
    module: str
    class_name: str

    def tool(self) -> Tool:
        """Import the tool's module and return its declaration."""
        return tool_of(getattr(import_module(self.module), self.class_name))


def entry_of(tool: Tool) -> ToolEntry:
    """Return the entry of a tool."""
    return ToolEntry(
        name=tool.name,
        effect=tool.effect,
        title=tool.title,
        description=tool.description,
        arguments=tool.arguments,
        toolset=tool.toolset,
        keywords=tool.keywords,
        calls_graph=tool.calls_graph,
        idempotent=tool.idempotent,
        destructive=tool.destructive,
        module=tool.params.__module__,
        class_name=tool.params.__name__,
    )


def load_entries() -> list[ToolEntry] | None:
    """Return the stored entries in catalog order, or None if the file is missing, damaged or out of date."""
    try:
        index = json.loads(FILE.read_bytes())
        if index["version"] != __version__ or (is_checkout() and index["sources"] != hash_sources()):
            return None
        return [ToolEntry(**{**fields, "effect": Effect(fields["effect"])}) for fields in index["tools"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def dump_entries(tools: Iterable[Tool]) -> str:
    """Return the content of the file for these tools, with one tool per line."""
    lines = [
        json.dumps({**asdict(entry_of(tool)), "effect": tool.effect.value}, ensure_ascii=False, separators=(",", ":"))
        for tool in tools
    ]
    head = f'"version":{json.dumps(__version__)},"sources":{json.dumps(hash_sources())}'
    body = ",\n".join(lines)
    return f'{{{head},"tools":[\n{body}\n]}}\n'


def is_checkout() -> bool:
    """Return whether the package runs from a source tree, where its files can be edited."""
    return (PACKAGE.parent / "pyproject.toml").exists()


def hash_sources() -> str:
    """Return a hash of the names and contents of the sources. Line endings do not count."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in SOURCES for path in (PACKAGE / folder).rglob("*.py")):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
