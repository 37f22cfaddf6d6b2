"""What clients are shown of every tool, kept in `cards.json` beside this file, so that a start builds no classes.

The file is made from the classes by `make snapshots`, never by hand. It carries checksums of the declarations it was
made from: of a file that has changed since, the classes are read instead, which is slower and right.
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
# What the text or the schema of any tool can come from, besides the tool's own file.
SHARED = ("cards.py", "spec/*.py", "tools/_*.py")
# What of a source hardly ever changes what clients are shown: functions, from `def` to the end of the body, imports and
# comments. A test compares the cards with the classes, whatever the reason.
_NO_DECLARATION = re.compile(
    rb"(?m)^( *)(?:async )?def .*\n(?:(?:\1 +.*)?\n)*|^ *#.*\n|^from [^\n]*\(\n(?: .*\n)*\)\n|^(?:from|import) .*\n"
)


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


def stored() -> dict[str, list[Card]]:
    """File of `tools/` → its cards, for every file that is declared as it was when the cards were made."""
    try:
        kept = json.loads(FILE.read_bytes())
        if kept["shared"] != checksum(*SHARED):
            return {}
        return {
            name: [Card(**{**each, "effect": Effect(each["effect"])}) for each in file["tools"]]
            for name, file in kept["files"].items()
            if file["sources"] == checksum(f"tools/{name}.py")
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def written(tools: Iterable[Tool]) -> str:
    """The content of the file for these tools."""
    files: dict[str, list[str]] = {}
    for tool in tools:
        shown = {**asdict(card(tool)), "effect": tool.effect.value}
        name = tool.params.__module__.rpartition(".")[2]
        files.setdefault(name, []).append(json.dumps(shown, ensure_ascii=False, separators=(",", ":")))
    parts = [
        f'{json.dumps(name)}:{{"sources":{checksum(f"tools/{name}.py")},"tools":[\n{_lines(shown)}\n]}}'
        for name, shown in files.items()
    ]
    return f'{{"shared":{checksum(*SHARED)},"files":{{\n{_lines(parts)}\n}}}}\n'


def _lines(parts: Iterable[str]) -> str:
    return ",\n".join(parts)


def checksum(*patterns: str) -> int:
    """Of names and declarations of these sources, whatever their line endings."""
    found = 0
    for path in sorted(path for pattern in patterns for path in FILE.parent.glob(pattern)):
        declared = _NO_DECLARATION.sub(b"", path.read_bytes().replace(b"\r\n", b"\n"))
        found = zlib.crc32(path.name.encode() + declared, found)
    return found
