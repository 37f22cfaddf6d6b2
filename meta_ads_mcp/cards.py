"""What clients are shown of every tool, kept in `cards.json` beside this file, so that a start builds no classes.

The file is made from the classes by `make snapshots`, never by hand. It carries a checksum of the declarations it was
made from: where one has changed since, the classes are read instead, which is slower and right.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from meta_ads_mcp.spec.tool import Effect, Tool, tool_of

FILE = Path(__file__).with_name("cards.json")
# All that the text or the schema of a tool can come from.
SOURCES = ("catalogue.py", "cards.py", "spec/*.py", "tools/*.py")
# What of them hardly ever changes what clients are shown: functions, from `def` to the end of the body, and comments.
_NO_DECLARATION = re.compile(rb"(?m)^( *)(?:async )?def .*\n(?:(?:\1 +.*)?\n)*|^ *#.*\n")


@dataclass(frozen=True)
class Card:
    """A tool without its class: the same facts under the same names as `Tool` has, and where the class is."""

    name: str
    effect: Effect
    title: str
    description: str
    arguments: dict[str, Any]
    toolset: str
    words: str
    network: bool
    idempotent: bool | None
    destructive: bool
    module: str
    class_name: str

    def tool(self) -> Tool:
        """The tool itself; imports its file."""
        found = tool_of(getattr(import_module(self.module), self.class_name))
        object.__setattr__(found, "toolset", self.toolset)
        return found


def card(tool: Tool) -> Card:
    return Card(
        name=tool.name,
        effect=tool.effect,
        title=tool.title,
        description=tool.description,
        arguments=tool.arguments,
        toolset=tool.toolset,
        words=tool.words,
        network=tool.network,
        idempotent=tool.idempotent,
        destructive=tool.destructive,
        module=tool.params.__module__,
        class_name=tool.params.__name__,
    )


def stored() -> list[Card] | None:
    """The cards of the file, or None when it is not that of these sources."""
    try:
        kept = json.loads(FILE.read_bytes())
        if kept["sources"] != checksum():
            return None
        return [Card(**{**each, "effect": Effect(each["effect"])}) for each in kept["tools"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def written(tools: Iterable[Tool]) -> str:
    """The content of the file for these tools."""
    shown = [{**asdict(card(tool)), "effect": tool.effect.value} for tool in tools]
    lines = ",\n".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in shown)
    return f'{{"sources":{checksum()},"tools":[\n{lines}\n]}}\n'


def checksum() -> int:
    """Of the sources' names and declarations, whatever their line endings."""
    found = 0
    folder = FILE.parent
    for path in sorted(path for pattern in SOURCES for path in folder.glob(pattern)):
        declared = _NO_DECLARATION.sub(b"", path.read_bytes().replace(b"\r\n", b"\n"))
        found = zlib.crc32(path.name.encode() + declared, found)
    return found
