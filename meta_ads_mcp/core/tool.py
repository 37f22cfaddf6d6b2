"""Declare tools: a class of closed arguments with a name, an effect and a Graph endpoint.

`@tool` attaches the declaration to the class and registers nothing. `server/catalogue.py` collects the classes.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from meta_ads_mcp.core.params import Local, Params, Wire, marker
from meta_ads_mcp.core.request import Method, confine, places
from meta_ads_mcp.core.schema import input_schema
from meta_ads_mcp.core.values.ids import Node

# Before the description of each write tool.
WRITE_WARNING = "⚠️ Modifies live ads/account data. "


class Effect(enum.Enum):
    """Name the effect of a tool. Hints, the write gate, pacing, retries and the journal's verb all derive from it."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    LOCAL = "local"

    @property
    def is_write(self) -> bool:
        """Return whether the tool changes something at Meta. LOCAL changes only the profiles of this machine."""
        return self in (Effect.CREATE, Effect.UPDATE, Effect.DELETE)


@dataclass(frozen=True)
class Endpoint:
    """Hold a method and path templates. The first template whose ids are all given is used."""

    method: Method
    templates: tuple[str, ...]

    def path(self, values: Mapping[str, str]) -> str:
        """Return the confined path for the ids. Raises InvalidArguments for a value that is not an id."""
        template = next(t for t in self.templates if all(place in values for place in places(t)))
        return confine(template, values)

    @property
    def places(self) -> set[str]:
        return {place for template in self.templates for place in places(template)}


def get(*templates: str) -> Endpoint:
    return Endpoint("GET", templates)


def post(*templates: str) -> Endpoint:
    return Endpoint("POST", templates)


def delete(*templates: str) -> Endpoint:
    return Endpoint("DELETE", templates)


@dataclass(frozen=True)
class Tool:
    """Describe a tool of the catalogue.

    `node` is the SDK class of the rows. `fields` are read by default, `identity` always. A class with a `run` method
    sends its own requests; any other tool is the single request of its endpoint. `trusted_text` tells that every text
    of the answers is this server's own. `display_title` replaces a title derived from a misleading name.

    For writes: `validate_only` tells whether Graph can validate without doing (`execution_options`), `write_only` are
    fields that cannot be read back, and `reads_before` tells whether the previous values are read. `page_token` and
    `upload` select the token and the time-out of the request.
    """

    name: str
    effect: Effect
    params: type[Params]
    endpoint: Endpoint | None = None
    node: str | None = None
    fields: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    singular: str = "row"
    keywords: str = ""
    calls_graph: bool = True
    trusted_text: bool = False
    idempotent: bool | None = None
    destructive: bool = False
    validate_only: bool = False
    write_only: tuple[str, ...] = ()
    reads_before: bool = True
    page_token: bool = False
    upload: bool = False
    toolset: str = ""
    display_title: str = ""

    @property
    def description(self) -> str:
        text = inspect.cleandoc(self.params.__doc__ or "")
        return WRITE_WARNING + text if self.effect.is_write else text

    @property
    def title(self) -> str:
        if self.display_title:
            return self.display_title
        words = self.name.removeprefix("ads_").removeprefix("facebook_").replace("_", " ")
        return words[:1].upper() + words[1:]

    @property
    def arguments(self) -> dict[str, Any]:
        """Return the JSON schema of the arguments for clients."""
        return input_schema(self.params)

    @property
    def has_handler(self) -> bool:
        """Return whether the class sends its requests itself."""
        return callable(getattr(self.params, "run", None))

    @property
    def names_its_account(self) -> bool:
        """Return whether the tool is the single read of an object whose answer names the object's account."""
        return not self.effect.is_write and not self.has_handler and not self.is_list and "account_id" in self.identity

    @property
    def is_list(self) -> bool:
        return "after" in self.params.model_fields

    @cached_property
    def ids(self) -> dict[str, Node]:
        """Return the arguments that hold the id of a Graph node, with the kind of the node."""
        nodes = {name: marker(info, Node) for name, info in self.params.model_fields.items()}
        return {name: node for name, node in nodes.items() if node is not None}

    @cached_property
    def parameter_names(self) -> dict[str, str]:
        """Map each argument that is sent to its Graph parameter, for the single request of a plain tool."""
        in_path = self.endpoint.places if self.endpoint else set()
        return {
            name: wire.name if (wire := marker(info, Wire)) else name
            for name, info in self.params.model_fields.items()
            if name not in in_path and marker(info, Local) is None
        }


P = TypeVar("P", bound=Params)


def tool(
    name: str,
    effect: Effect,
    endpoint: Endpoint | None = None,
    *,
    fields: str = "",
    identity: str = "",
    write_only: str = "",
    toolset: str = "",
    **rest: Any,
) -> Callable[[type[P]], type[P]]:
    """Declare the class below as a tool; `fields`, `identity` and `write_only` are blank-separated names.

    `toolset` defaults to the module, or the package, below `meta_ads_mcp.tools` that holds the class.
    """

    def declare(params: type[P]) -> type[P]:
        setattr(
            params,
            DECLARATION,
            Tool(
                name,
                effect,
                params,
                endpoint,
                fields=tuple(fields.split()),
                identity=tuple(identity.split()),
                write_only=tuple(write_only.split()),
                toolset=toolset or _default_toolset(params),
                **rest,
            ),
        )
        return params

    return declare


DECLARATION = "__tool__"
# Position of the toolset in a module's name: meta_ads_mcp.tools.<toolset>[.<module>].
TOOLSET_PART = 2


def _default_toolset(params: type[Params]) -> str:
    parts = params.__module__.split(".")
    return parts[TOOLSET_PART] if len(parts) > TOOLSET_PART else ""


def declaration_of(cls: type[Any]) -> Tool | None:
    """Return the tool that this very class declares, or None. A declaration of a base class does not count."""
    declaration = vars(cls).get(DECLARATION)
    return declaration if isinstance(declaration, Tool) else None


def tool_of(cls: type[Any]) -> Tool:
    """Return the declaration of a tool's class. Raises TypeError for any other class."""
    declaration = declaration_of(cls)
    if declaration is None:
        raise TypeError(f"{cls.__name__} is not a tool")
    return declaration
