"""What a client can read besides tools: fields of Graph's objects, limits, accounts, exported files.

Plain values and functions; the server gives them to the protocol. The list is the same for the whole process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol

from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import NotFound

if TYPE_CHECKING:
    from meta_ads_mcp.core.ports import Account

OBJECTS = ("insights", "campaign", "ad_set", "ad", "creative", "account")
JSON, TEXT = "application/json", "text/plain"
MIME_TYPES = {"csv": "text/csv", "jsonl": "application/jsonl"}
# Bytes of an exported file that one answer carries.
LARGEST_EXPORT = 100_000
MOST_ACCOUNTS = 500
MOST_COMPLETED = 100
_URI = re.compile(r"ads://(?P<kind>fields|exports)/(?P<name>[A-Za-z0-9_.-]{1,100})")
_KNOWN = "Read one of the listed resources, or ads://fields/{object} or ads://exports/{name}."


@dataclass(frozen=True)
class Resource:
    """A resource that is listed by its address, or a template with a place in braces."""

    uri: str
    name: str
    title: str
    description: str
    mime_type: str = JSON


FIXED = (
    *(
        Resource(
            f"ads://fields/{name}",
            f"fields_{name}",
            f"Fields of {name.replace('_', ' ')}",
            f"Every field of Graph's {name.replace('_', ' ')} that tools take in `fields`: type and meaning.",
        )
        for name in OBJECTS
    ),
    Resource(
        "ads://limits",
        "limits",
        "Limits of Meta",
        "How much of Meta's limits is used, which circuits are open, latencies per tool. Calls nothing.",
    ),
    Resource(
        "ads://accounts",
        "accounts",
        "Ad accounts",
        "The ad accounts that this server reaches and may touch: id, name, currency, time zone, status.",
    ),
)
TEMPLATES = (
    Resource(
        "ads://fields/{object}",
        "fields",
        "Fields of an object",
        f"Fields that tools take in `fields`, with type and meaning. object: {', '.join(OBJECTS)}.",
    ),
    Resource(
        "ads://exports/{name}",
        "exports",
        "Exported file",
        f"A file that a report was saved to, by its name with .csv or .jsonl; the first {LARGEST_EXPORT // 1000} kB.",
        TEXT,
    ),
)


@dataclass(frozen=True)
class Content:
    """A part of a resource."""

    text: str
    mime_type: str = JSON


class ResourceAnswer(Protocol):
    """What a tool answered."""

    @property
    def text(self) -> str: ...

    @property
    def structured(self) -> Mapping[str, Any]: ...

    @property
    def is_error(self) -> bool: ...


class ExportsPort(Protocol):
    """The folder of exported files."""

    def names(self) -> Sequence[str]: ...

    def beginning(self, name: str, most: int) -> tuple[str, int]: ...


class UnreadableResource(Exception):
    """A resource that exists and cannot be read now; the text says why and what to do."""


@dataclass
class Library:
    """Reads resources. Raises NotFound for what does not exist, Unreadable for what cannot be read.

    `call` runs a tool, so that limits, the allowlist and the audit hold for resources as well.
    """

    call: Callable[[str, Mapping[str, Any]], Awaitable[ResourceAnswer]]
    exports: ExportsPort
    known: Callable[[], Sequence[Account]]
    allowed: Sequence[str] = ()
    _asked: bool = False

    async def read(self, uri: str) -> list[Content]:
        if uri == "ads://limits":
            return [Content(await self._answered("ads_rate_status"))]
        if uri == "ads://accounts":
            return [Content(await self._answered("ads_get_ad_accounts", max_items=MOST_ACCOUNTS))]
        found = _URI.fullmatch(uri)
        if found is None:
            raise NotFound("There is no such resource.", _KNOWN)
        return [Content(fields_of(found["name"]))] if found["kind"] == "fields" else self._export(found["name"])

    async def _answered(self, tool: str, **arguments: Any) -> str:
        answer = await self.call(tool, arguments)
        if answer.is_error:
            raise UnreadableResource(answer.text)
        return json.dumps(answer.structured, ensure_ascii=False, separators=(",", ":"))

    def _export(self, name: str) -> list[Content]:
        text, size = self.exports.beginning(name, LARGEST_EXPORT)
        content = Content(clean(text, len(text) + 1), MIME_TYPES[name.rpartition(".")[2]])
        if len(text.encode()) >= size:
            return [content]
        note = f"Only the first {len(text.encode())} of {size} bytes of {name} are here, in whole lines."
        return [content, Content(note, TEXT)]

    async def accounts(self, begun: str) -> list[str]:
        """Ids of accounts for completion: those whose id begins so, or whose name has it. Never fails."""
        if not self.known() and not self._asked:
            self._asked = True
            await self.call("ads_get_ad_accounts", {"limit": MOST_COMPLETED})  # an error is an answer, too
        named = {account.id: account.name for account in self.known()}
        every = dict.fromkeys(self.allowed or named)
        start, part = begun.strip().removeprefix("act_"), begun.strip().casefold()
        return [
            one for one in every if one.removeprefix("act_").startswith(start) or part in named.get(one, "").casefold()
        ][:MOST_COMPLETED]

    def places(self, name: str, begun: str) -> list[str]:
        """Values for a template's place."""
        values = {"object": lambda: OBJECTS, "name": self.exports.names}.get(name, tuple)()
        return [value for value in values if value.startswith(begun)][:MOST_COMPLETED]


def fields_of(name: str) -> str:
    """The fields of an object as JSON: a table, those with a meaning first. Raises NotFound for no such object."""
    if name not in OBJECTS:
        raise NotFound("There are no fields of such an object.", f"Objects are {', '.join(OBJECTS)}.")
    data = _fields()
    found = data["objects"][name]
    levels = name == "insights"
    columns = ["field", "type", *(["levels"] if levels else []), "meaning"]
    rows = [[field, kind, *([at] if levels else []), said] for field, (kind, at, said) in found["fields"].items()]
    made = {"object": name, "graph_class": found["class"], "version": data["version"], "columns": columns, "rows": rows}
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


@cache
def _fields() -> dict[str, Any]:
    text = (files("meta_ads_mcp.server") / "fields.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
