"""The schema of arguments: plain, closed, and the same values that are accepted."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError

from meta_ads_mcp.core.params import Closed, Local, Params, Wire, marker, shapes
from meta_ads_mcp.core.schema import full_schema, input_schema


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
    assert schema["properties"]["count"] == {"default": 3, "type": "integer"}
    part = full_schema(Made)["properties"]["parts"]["items"]
    assert part["properties"] == {"title": {"type": "string"}, "default": {"type": "integer"}}
    assert part["additionalProperties"] is False
    assert "description" not in part


WORDS = tuple(f"VALUE_NUMBER_{number}" for number in range(20))


class Chosen(Params):
    """Long choices: required, optional, and of a list."""

    goal: Literal[WORDS]  # type: ignore[valid-type]
    sub_goal: Annotated[Literal[WORDS] | None, Field(description="What to count")] = None  # type: ignore[valid-type]
    columns: list[Literal[WORDS] | Part] | None = None  # type: ignore[valid-type]
    names: list[Literal[WORDS]] | None = None  # type: ignore[valid-type]


def test_only_a_required_argument_lists_long_choices() -> None:
    arguments = input_schema(Chosen)["properties"]
    assert arguments["goal"]["enum"] == list(WORDS)
    assert arguments["sub_goal"] == {"type": "string", "description": "What to count"}
    assert arguments["names"]["items"] == {
        "type": "string",
        "description": "e.g. VALUE_NUMBER_0, VALUE_NUMBER_1, VALUE_NUMBER_2",
    }
    assert full_schema(Chosen)["properties"]["names"]["items"]["enum"] == list(WORDS)
    with pytest.raises(ValidationError):
        Chosen.model_validate({"goal": WORDS[0], "names": ["OTHER"]})


def test_an_object_in_a_union_is_a_line_of_text() -> None:
    arms = input_schema(Chosen)["properties"]["columns"]["items"]["anyOf"]
    assert {"type": "object", "description": "{title, default?: integer}"} in arms


class Days(Closed):
    """A small object."""

    since: date
    until: date | None = None


class Cell(Closed):
    """An object with all that a line of text writes."""

    name: Annotated[str, Field(description="Seen by people")]
    kind: Literal["SALES", "LEAD"] = "SALES"
    share: int
    days: list[Days] | None = None
    budget: int | str | None = None
    ids: dict[str, str] | None = None


class Nested(Params):
    """Objects inside arguments."""

    days: Days
    cells: Annotated[list[Cell], Field(description="Two or more")]
    cell: Annotated[Cell, Field(description="The first")]


CELL = (
    "{name (Seen by people), kind?: SALES|LEAD = SALES, share: integer, "
    "days?: [{since: YYYY-MM-DD, until?: YYYY-MM-DD}], budget?: integer | string, ids?: {key: string}}"
)


def test_objects_inside_are_a_line_of_text() -> None:
    properties = input_schema(Nested)["properties"]
    assert properties["days"] == {"type": "object", "description": "{since: YYYY-MM-DD, until?: YYYY-MM-DD}"}
    assert properties["cells"] == {
        "type": "array",
        "items": {"type": "object", "description": CELL},
        "description": "Two or more",
    }
    assert properties["cell"] == {"type": "object", "description": f"The first: {CELL}"}


class Bounded(Params):
    """Arguments with bounds of every kind."""

    campaign_id: Annotated[str, Field(pattern="^[0-9]+$")]
    hashed: Annotated[str, Field(pattern="^[A-Za-z0-9_]{8,64}$")]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    names: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] = []
    least: Annotated[int, Field(ge=60, le=90)] = 60
    first: Annotated[int, Field(ge=1, le=9)] = 1
    share: Annotated[int | None, Field(gt=0, multiple_of=5)] = None
    flag: bool = False
    on: bool = True
    pattern: str | None = None
    free: dict[str, Any] | None = None


def test_client_schema_leaves_out_trivial_bounds() -> None:
    assert input_schema(Bounded)["properties"] == {
        "campaign_id": {"type": "string"},
        "hashed": {"type": "string"},
        "country": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "names": {"type": "array", "items": {"type": "string"}},
        "least": {"type": "integer", "default": 60, "minimum": 60, "maximum": 90},
        "first": {"type": "integer", "default": 1, "maximum": 9},
        "share": {"type": "integer"},
        "flag": {"type": "boolean"},
        "on": {"type": "boolean", "default": True},
        "pattern": {"type": "string"},
        "free": {"type": "object"},
    }


def test_the_full_schema_has_every_bound() -> None:
    found = full_schema(Bounded)["properties"]
    assert found["campaign_id"]["pattern"] == "^[0-9]+$"
    assert found["names"] == {
        "default": [],
        "type": "array",
        "items": {"minLength": 1, "type": "string"},
        "minItems": 1,
    }
    assert found["share"] == {"type": "integer", "exclusiveMinimum": 0, "multipleOf": 5}
    assert found["first"]["minimum"] == 1
    assert found["flag"]["default"] is False


def test_schema_has_no_references_and_nulls() -> None:
    for node in walk(input_schema(Made)):
        assert node not in ("null", {"type": "null"})
        assert not (isinstance(node, dict) and {"$ref", "$defs"} & node.keys())


def test_markers_are_found_wherever_they_stand() -> None:
    assert marker(Made.model_fields["wired"], Wire).name == "on_the_wire"
    assert marker(Made.model_fields["count"], Local) is not None
    assert marker(Made.model_fields["name"], Local) is None


def test_optional_fields_are_detected() -> None:
    assert {name for name, shape in shapes(Made).items() if not shape.optional} == {"name"}


class Needed(Params):
    """A list that must be given."""

    many: list[int]


@pytest.mark.parametrize("given", [{}, {"many": None}])
def test_null_is_not_a_list(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Needed.model_validate(given)
    assert [error["loc"] for error in caught.value.errors()] == [("many",)]


def test_arguments_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Made(name="x").name = "y"  # type: ignore[misc]
