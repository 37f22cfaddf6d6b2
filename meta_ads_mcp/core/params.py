"""Define the base classes of arguments: closed, frozen, strict, with a few accepted spellings of a value.

Models send lists and objects as JSON strings, numbers as strings, one value or a comma list where a list is declared,
the values of an enum in other letters, and an explicit `null` for an argument that they leave out. Exactly these
spellings are accepted. pydantic then validates strictly.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.fields import FieldInfo

_CHOICE_NOISE = re.compile(r"[^a-z0-9]")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")
_FLAGS = {"true": True, "false": False}

# A text that is valid only where any text is.
PROBE = "first,second"

Kind = Literal["integer", "number", "flag", "choice", "list", "object", "other"]


@dataclass(frozen=True)
class Wire:
    """Name the parameter on Graph, where it differs from the argument's name."""

    name: str


@dataclass(frozen=True)
class Local:
    """Mark an argument that is for this server only and is never sent."""


@dataclass(frozen=True)
class Form:
    """Name the form of a text that has a pattern, with an example, for the message about any other text.

    `lookup` is a sentence on where to find valid values.
    """

    noun: str
    example: str
    lookup: str = ""


@dataclass(frozen=True)
class Shape:
    """Describe a value for lenient reading. An `optional` field may be left out.

    `annotation` is the type of the value with everything that validates it. `item` describes the entries of a list.
    """

    kind: Kind
    optional: bool = False
    item: Shape | None = None
    choices: tuple[str, ...] = ()
    annotation: Any = None

    @cached_property
    def can_be_split(self) -> bool:
        """Return whether a text with commas in a list can only be several entries: no entry may have a comma."""
        if self.item is None or self.item.kind in ("list", "object"):
            return False
        try:
            TypeAdapter(self.item.annotation).validate_python(PROBE)
        except ValidationError:
            return True
        return False


class Closed(BaseModel):
    """Accept declared keys only. Any other key is an error that lists the accepted keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _read_leniently(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        fields = shapes(cls)
        return {
            key: read(fields[key], value) if key in fields else value
            for key, value in data.items()
            if not (value is None and key in fields and fields[key].optional)
        }


def opaque_object(keys: str) -> Callable[[dict[str, Any]], None]:
    """Return a function for `json_schema_extra` that shows a large closed object as a plain object with a hint.

    The keys of the object are checked all the same, and an error lists the accepted keys.
    """

    def shorten(schema: dict[str, Any]) -> None:
        schema.clear()
        schema.update({"type": "object", "description": keys})

    return shorten


class Params(Closed):
    """Hold the arguments of a tool. The fields are the allowlist; the types are the documentation."""


class ListParams(Params):
    """Add the paging arguments of every list tool."""

    limit: Annotated[int, Field(ge=1, le=100)] = 25
    after: Annotated[str | None, Local(), Field(max_length=2000)] = None
    max_items: Annotated[int | None, Local(), Field(ge=1, le=5000)] = None


def read(shape: Shape, value: Any) -> Any:
    """Return the value in the declared shape, or as it is if its spelling is not accepted."""
    if shape.kind in ("list", "object"):
        value = _parse_json(value, "[" if shape.kind == "list" else "{")
    if shape.item is not None and value is not None:
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, str) and "," in item for item in items) and shape.can_be_split:
            items = [part for item in items for part in (split_at_commas(item) if isinstance(item, str) else [item])]
        return [read(shape.item, item) for item in items]
    return _scalar(shape, value)


def _scalar(shape: Shape, value: Any) -> Any:
    kind = shape.kind
    if isinstance(value, float) and kind == "integer" and value.is_integer():
        return int(value)
    if not isinstance(value, str):
        return value
    if kind == "choice":
        return nearest_choice(value, shape.choices)
    if kind == "integer" and _INTEGER.fullmatch(value):
        return int(value)
    if kind == "number" and _NUMBER.fullmatch(value):
        return float(value)
    return _FLAGS.get(value, value) if kind == "flag" else value


def nearest_choice(value: str, choices: Sequence[str]) -> str:
    """Return the choice that differs from a value in case, blanks, hyphens and underscores only, or the value."""
    if value in choices:
        return value
    matches = [choice for choice in choices if _core(choice) == _core(value)]
    return matches[0] if len(matches) == 1 else value


def _core(text: str) -> str:
    return _CHOICE_NOISE.sub("", text.casefold())


def split_at_commas(text: str) -> list[str]:
    """Return the parts of a comma list without blanks around them. Commas inside braces do not separate."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def _parse_json(value: Any, opening: str) -> Any:
    """Return the value of JSON text that starts with `opening`; anything else as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(opening):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


@cache
def shapes(cls: type[BaseModel]) -> dict[str, Shape]:
    """Return the shape of each declared field. It is worked out once per class."""
    return {name: _shape(info.annotation, not info.is_required()) for name, info in cls.model_fields.items()}


def _shape(annotation: Any, has_default: bool = False) -> Shape:
    declared = annotation
    annotation, takes_none = _unwrap(annotation)
    optional = takes_none or has_default
    if get_origin(annotation) is list:
        return Shape("list", optional, _shape(get_args(annotation)[0]), annotation=declared)
    kind = _kind(annotation)
    choices = get_args(annotation) if kind == "choice" else ()
    return Shape(kind, optional, choices=choices, annotation=declared)


def _unwrap(annotation: Any) -> tuple[Any, bool]:
    """Return the annotation without `Annotated` and `| None`, and whether it had `| None`."""
    optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType) and type(None) in get_args(annotation):
            rest = [arm for arm in get_args(annotation) if arm is not type(None)]
            optional, annotation = True, rest[0] if len(rest) == 1 else Any
        else:
            return annotation, optional


_SCALARS: dict[Any, Kind] = {bool: "flag", int: "integer", float: "number"}


def _kind(annotation: Any) -> Kind:
    if isinstance(annotation, type) and annotation in _SCALARS:
        return _SCALARS[annotation]
    if get_origin(annotation) is Literal and all(isinstance(value, str) for value in get_args(annotation)):
        return "choice"
    if get_origin(annotation) is dict or annotation is dict:
        return "object"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "object"
    return "other"


def marker(info: FieldInfo, cls: type[Any]) -> Any:
    """Return the field's marker of a class, such as `Wire` or `Form`, at any depth of `Annotated`, or None."""
    return next((item for item in _markers(info) if isinstance(item, cls)), None)


def _markers(info: FieldInfo) -> list[Any]:
    return [*info.metadata, *_nested_markers(info.annotation)]


def _nested_markers(annotation: Any) -> list[Any]:
    markers: list[Any] = list(getattr(annotation, "__metadata__", ()))
    for arm in get_args(annotation):
        if arm is not annotation and not isinstance(arm, str):
            markers += _nested_markers(arm)
    return markers


P = TypeVar("P", bound=Closed)


def at_least_one(args: P, *names: str) -> P:
    """Return the arguments as they are, for a model validator. Raises ValueError when none of `names` is given."""
    if all(getattr(args, name) is None for name in names):
        raise ValueError(f"give one of {', '.join(names[:-1])} or {names[-1]}")
    return args


def exactly_one(args: P, *names: str) -> P:
    """Return the arguments as they are, for a model validator. Raises ValueError unless exactly one is given."""
    present = [name for name in names if getattr(args, name) is not None]
    if len(present) == 1:
        return args
    choice = f"{', '.join(names[:-1])} or {names[-1]}"
    extra = f", not {' and '.join(present)}"
    raise ValueError(f"give only one of {choice}{extra}" if present else f"give one of {choice}")
