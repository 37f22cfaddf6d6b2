"""A tool is a declared class: its name, its effect, its Graph endpoint and its closed arguments.

`@tool` attaches the declaration and registers nothing. `server/catalogue.py` collects the classes of `tools/`.
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


class Effect(enum.Enum):
    """What a tool does to the world: the one source of hints, write gate, pacing, retry and the journal's verb."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    LOCAL = "local"

    @property
    def is_write(self) -> bool:
        """Whether it changes something at Meta; LOCAL changes this machine's profiles only."""
        return self in (Effect.CREATE, Effect.UPDATE, Effect.DELETE)


@dataclass(frozen=True)
class Endpoint:
    """A method and one or several path templates: the first whose places are all given is used."""

    method: Method
    templates: tuple[str, ...]

    def path(self, values: Mapping[str, str]) -> str:
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
    """A tool of the catalogue.

    `node` is the SDK class of the rows; `fields` are the default fields and `identity` those always added. A tool with
    a `run` method does its own requests; one without is the single request of its endpoint.
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
    # Whether every text of its answers is this server's own.
    trusted_text: bool = False
    idempotent: bool | None = None
    destructive: bool = False
    # Of writes: whether Graph can validate without doing (`execution_options`), sent fields that cannot be read back,
    # whether the values before are read, and which token and time-out the request needs.
    validate_only: bool = False
    write_only: tuple[str, ...] = ()
    reads_before: bool = True
    page_token: bool = False
    upload: bool = False
    toolset: str = ""
    # A title for a tool whose name tells only one of its outcomes.
    display_title: str = ""

    @property
    def description(self) -> str:
        text = inspect.cleandoc(self.params.__doc__ or "")
        return f"⚠️ Modifies live ads/account data. {text}" if self.effect.is_write else text

    @property
    def title(self) -> str:
        if self.display_title:
            return self.display_title
        words = self.name.removeprefix("ads_").removeprefix("facebook_").replace("_", " ")
        return words[:1].upper() + words[1:]

    @property
    def arguments(self) -> dict[str, Any]:
        """The JSON schema of the arguments, as clients see it."""
        return input_schema(self.params)

    @property
    def handled(self) -> bool:
        return callable(getattr(self.params, "run", None))

    @property
    def names_its_account(self) -> bool:
        """Whether it is the single read of one object whose answer names the object's account."""
        return not self.effect.is_write and not self.handled and not self.is_list and "account_id" in self.identity

    @property
    def is_list(self) -> bool:
        return "after" in self.params.model_fields

    @cached_property
    def ids(self) -> dict[str, Node]:
        """The arguments that name a Graph node."""
        found = {name: marker(info, Node) for name, info in self.params.model_fields.items()}
        return {name: node for name, node in found.items() if node is not None}

    @cached_property
    def sent(self) -> dict[str, str]:
        """Argument → Graph parameter, for the single request of a plain tool."""
        in_path = self.endpoint.places if self.endpoint else set()
        return {
            name: wired.name if (wired := marker(info, Wire)) else name
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
    """The tool that this very class declares (not one it inherits)."""
    found = vars(cls).get(DECLARATION)
    return found if isinstance(found, Tool) else None


def tool_of(cls: type[Any]) -> Tool:
    """The declaration of a class that is a tool."""
    found = declaration_of(cls)
    if found is None:
        raise TypeError(f"{cls.__name__} is not a tool")
    return found
