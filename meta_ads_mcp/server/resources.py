"""Resources that a client can read: fields of Graph's objects, limits, accounts, exported files.

Plain values and functions; `server.py` hands them to the protocol. The list is fixed for the whole process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.server import app_views, skills
from meta_ads_mcp.store.schema_text import schema_text

if TYPE_CHECKING:
    from meta_ads_mcp.core.ports import Account
    from meta_ads_mcp.core.result import Exported

STORE_SCHEMA = "ads://store/schema"
OBJECTS = ("insights", "campaign", "ad_set", "ad", "creative", "account")
JSON, TEXT, VIEW = "application/json", "text/plain", "text/html;profile=mcp-app"
MIME_TYPES = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "svg": "image/svg+xml",
    "png": "image/png",
}
# Bytes of an exported file in one answer.
MAX_EXPORT_BYTES = 100_000
MAX_ACCOUNTS = 500
MAX_COMPLETIONS = 100
_URI = re.compile(r"ads://(?P<kind>fields|exports)/(?P<name>[A-Za-z0-9_.-]{1,100})")
_ADDRESSES = "Read one of the listed resources, or ads://fields/{object} or ads://exports/{name}."


@dataclass(frozen=True)
class Resource:
    """A resource with its address, or a template whose address has a parameter in braces."""

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
    Resource(
        STORE_SCHEMA,
        "store_schema",
        "Schema of the local store",
        "The views that ads_query reads, with every column and its meaning, and example queries.",
    ),
    *(
        Resource(uri, f"view_{uri.removeprefix('ui://')}", title, description, VIEW)
        for uri, title, description in (
            (app_views.CARD, "Approval card", "View: a change before and after, to apply or cancel."),
            (app_views.TREND, "Trend", "View: figures over time, with their break and the edits around it."),
            (app_views.PORTFOLIO, "Portfolio", "View: the ad accounts per currency, and those that need attention."),
            (app_views.CREATIVES, "Creatives", "View: ads with their pictures, figures and fatigue."),
            (app_views.RATE, "Rate status", "View: how much of Meta's limits is used."),
        )
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
        f"A file that a report was saved to, by its name with .csv or .jsonl; the first {MAX_EXPORT_BYTES // 1000} kB.",
        TEXT,
    ),
)
# What a host may do with a view is what it allows by default: inline script and style, no network at all.
VIEW_META = {"ui": {"prefersBorder": True}}


def exported_uri(file: Exported) -> str:
    """Return the address of an exported file.

    Text without personal data is a resource of this server. Everything else has the address of the file on this
    machine, which this server does not read: it is opened by the user, not by the model.
    """
    path = Path(file.path)
    is_resource = path.suffix in (".csv", ".jsonl") and not file.personal
    return f"ads://exports/{path.name}" if is_resource else path.as_uri()


def size_of(uri: str) -> int | None:
    """Return the size of a listed resource in bytes, or None if it is not known before it is read."""
    name = uri.removeprefix("ads://fields/")
    return len(fields_of(name).encode()) if name in OBJECTS else None


@dataclass(frozen=True)
class Content:
    """A part of a resource."""

    text: str
    mime_type: str = JSON
    meta: dict[str, Any] | None = None


class ResourceAnswer(Protocol):
    """The answer of a tool."""

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
    """A resource exists but cannot be read now. The text says why and what to do."""


@dataclass
class Library:
    """Read resources. Raises NotFound for an unknown address, UnreadableResource for one that cannot be read now.

    `call` runs a tool, so that limits, the allowlist and the audit hold for resources as well.
    """

    call: Callable[[str, Mapping[str, Any]], Awaitable[ResourceAnswer]]
    exports: ExportsPort
    known: Callable[[], Sequence[Account]]
    allowed: Sequence[str] = ()
    _is_loaded: bool = False

    async def read(self, uri: str) -> list[Content]:
        if uri == "ads://limits":
            return [Content(await self._call_tool("ads_rate_status"))]
        if uri == "ads://accounts":
            return [Content(await self._call_tool("ads_get_ad_accounts", max_items=MAX_ACCOUNTS))]
        if uri.startswith(skills.SCHEME):
            return [Content(skills.read_file(uri), skills.MARKDOWN)]
        if uri == STORE_SCHEMA:
            return [Content(schema_text())]
        if any(uri == resource.uri for resource in FIXED if resource.mime_type == VIEW):
            return [Content(html_of(uri), VIEW, VIEW_META)]
        match = _URI.fullmatch(uri)
        if match is None:
            raise NotFound("There is no resource at this address.", _ADDRESSES)
        return [Content(fields_of(match["name"]))] if match["kind"] == "fields" else self._export(match["name"])

    async def _call_tool(self, tool: str, **arguments: Any) -> str:
        answer = await self.call(tool, arguments)
        if answer.is_error:
            raise UnreadableResource(answer.text)
        return json.dumps(answer.structured, ensure_ascii=False, separators=(",", ":"))

    def _export(self, name: str) -> list[Content]:
        text, size = self.exports.beginning(name, MAX_EXPORT_BYTES)
        content = Content(clean(text, len(text) + 1), MIME_TYPES[name.rpartition(".")[2]])
        if len(text.encode()) >= size:
            return [content]
        note = f"Only the first {len(text.encode())} of {size} bytes of {name} are here, in whole lines."
        return [content, Content(note, TEXT)]

    async def accounts(self, prefix: str) -> list[str]:
        """Return account ids for completion: the id starts with the prefix or the name contains it. Never fails."""
        if not self.known() and not self._is_loaded:
            self._is_loaded = True
            await self.call("ads_get_ad_accounts", {"limit": MAX_COMPLETIONS})  # an error means no suggestions
        names = {account.id: account.name for account in self.known()}
        start, part = prefix.strip().removeprefix("act_"), prefix.strip().casefold()
        return [
            account_id
            for account_id in dict.fromkeys(self.allowed or names)
            if account_id.removeprefix("act_").startswith(start) or part in names.get(account_id, "").casefold()
        ][:MAX_COMPLETIONS]

    def places(self, name: str, prefix: str) -> list[str]:
        """Return values for the parameter of a template."""
        values = {"object": lambda: OBJECTS, "name": self.exports.names}.get(name, tuple)()
        return [value for value in values if value.startswith(prefix)][:MAX_COMPLETIONS]


def html_of(uri: str) -> str:
    """Return the file of a view, which is built from the sources in `views/`."""
    return (files("meta_ads_mcp") / "ui" / f"{uri.removeprefix('ui://')}.html").read_text(encoding="utf-8")


@cache
def fields_of(name: str) -> str:
    """Return the fields of an object as a JSON table, those with a meaning first. Raises NotFound."""
    if name not in OBJECTS:
        raise NotFound("There is no field list for this object.", f"Objects are {', '.join(OBJECTS)}.")
    data = _fields()
    entry = data["objects"][name]
    levels = name == "insights"
    columns = ["field", "type", *(["levels"] if levels else []), "meaning"]
    rows = [[field, kind, *([at] if levels else []), meaning] for field, (kind, at, meaning) in entry["fields"].items()]
    table = {
        "object": name,
        "graph_class": entry["class"],
        "version": data["version"],
        "columns": columns,
        "rows": rows,
    }
    return json.dumps(table, ensure_ascii=False, separators=(",", ":"))


# Graph's own names of objects in its errors, where they are not those of the SDK.
_GRAPH_NAMES = {"AdCampaignGroup": "Campaign", "AdCampaign": "AdSet", "AdGroup": "Ad"}


def field_names(graph_class: str) -> Sequence[str]:
    """Return the names of all fields of a class of Graph, none for a class that has no resource."""
    name = _GRAPH_NAMES.get(graph_class, graph_class)
    entry = next((entry for entry in _fields()["objects"].values() if entry["class"] == name), None)
    return list(entry["fields"]) if entry else []


@cache
def _fields() -> dict[str, Any]:
    text = (files("meta_ads_mcp.server") / "fields.json").read_text(encoding="utf-8")
    fields: dict[str, Any] = json.loads(text)
    return fields
