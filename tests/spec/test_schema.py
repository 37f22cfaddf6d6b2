"""The schema of arguments: plain, closed, and the same values that are accepted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError

from meta_ads_mcp.spec.params import Closed, Local, Params, Wire, marker, shapes
from meta_ads_mcp.spec.schema import input_schema


class Part(Closed):
    """A part."""

    title: str
    default: int | None = None


class Made(Params):
    """Arguments."""

    name: str
    title: Annotated[str | None, Field(max_length=5, description="A title")] = None
    kind: Literal["a", "b"] | None = None
    parts: list[Part] | None = None
    either: int | str | None = None
    count: Annotated[int, Local(), Field(ge=1)] = 3
    wired: Annotated[list[str] | None, Wire("on_the_wire")] = None


def walk(node: Any) -> Any:
    yield node
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for part in inside:
        yield from walk(part)


def test_a_schema_is_closed_and_plain() -> None:
    schema = input_schema(Made)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["name"]
    assert schema["properties"]["title"] == {"type": "string", "description": "A title"}
    assert schema["properties"]["kind"] == {"enum": ["a", "b"], "type": "string"}
    assert schema["properties"]["either"] == {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert schema["properties"]["count"] == {"default": 3, "minimum": 1, "type": "integer"}
    part = schema["properties"]["parts"]["items"]
    assert part["properties"] == {"title": {"type": "string"}, "default": {"type": "integer"}}
    assert part["additionalProperties"] is False
    assert "description" not in part


def test_nothing_in_it_is_a_reference_or_a_null() -> None:
    for node in walk(input_schema(Made)):
        assert node not in ("null", {"type": "null"})
        assert not (isinstance(node, dict) and {"$ref", "$defs"} & node.keys())


def test_markers_are_found_wherever_they_stand() -> None:
    assert marker(Made.model_fields["wired"], Wire).name == "on_the_wire"
    assert marker(Made.model_fields["count"], Local) is not None
    assert marker(Made.model_fields["name"], Local) is None


def test_what_need_not_be_given_is_known() -> None:
    assert {name for name, shape in shapes(Made).items() if not shape.optional} == {"name"}


class Needed(Params):
    """A list that must be given."""

    many: list[int]


@pytest.mark.parametrize("given", [{}, {"many": None}])
def test_nothing_is_no_list(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Needed.model_validate(given)
    assert [error["loc"] for error in caught.value.errors()] == [("many",)]


def test_arguments_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Made(name="x").name = "y"  # type: ignore[misc]
