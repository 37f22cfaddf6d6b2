"""Argument errors in our words: which argument, what is accepted; never the value that was given."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import InvalidArguments

_SAID = {
    "missing": "is needed",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "string_too_long": "is longer than {max_length} characters",
    "string_too_short": "must have at least {min_length} character(s)",
    "too_long": "has more than {max_length} entries",
    "too_short": "must have at least {min_length} entry(ies)",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "finite_number": "must be a finite number",
    "string_pattern_mismatch": "must match {pattern}",
}


def validate(tool: Tool, arguments: Mapping[str, Any]) -> Params:
    """The arguments as the tool's closed params. Raises InvalidArguments naming every wrong argument."""
    try:
        return tool.params.model_validate(dict(arguments))
    except ValidationError as wrong:
        raise _explained(tool, wrong) from None


def _explained(tool: Tool, wrong: ValidationError) -> InvalidArguments:
    errors = wrong.errors(include_url=False, include_input=False)
    sentences = list(dict.fromkeys(_sentence(tool, error) for error in errors))[:6]
    allowed = next((found for error in errors if (found := _allowed(tool, error))), ())
    accepted = f"Accepted: {', '.join(allowed)}." if allowed else "Correct it and call again."
    return InvalidArguments(f"{tool.name}: {'; '.join(sentences)}.", accepted, allowed=tuple(allowed))


def _sentence(tool: Tool, error: ErrorDetails) -> str:
    kind, steps, context = error["type"], error["loc"], error.get("ctx", {})
    if kind == "extra_forbidden":
        # The last step is the caller's own word, whatever it looks like.
        where = ".".join([*_named(steps[:-1]), *(clean(str(step), 60) for step in steps[-1:])])
        return f"there is no argument {where!r}{_did_you_mean(str(steps[-1]), _allowed(tool, error))}"
    where = ".".join(_named(steps))
    if kind in ("literal_error", "enum"):
        return f"{where!r} is not one of the accepted values"
    if kind == "value_error":
        reason = str(context.get("error", "is not valid"))
        return f"{where!r}: {reason}" if where else reason
    return f"{where!r} {_SAID.get(kind, 'has the wrong type or form').format_map(_Blank(context))}"


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _named(steps: Sequence[int | str]) -> list[str]:
    """The path without the steps that pydantic adds for unions and validators, such as `function-before[...]`."""
    added = ("int", "str", "float", "bool")
    return [clean(str(step), 60) for step in steps if "[" not in str(step) and step not in added]


def _did_you_mean(word: str, allowed: Sequence[str]) -> str:
    close = difflib.get_close_matches(word[:60], allowed, 1, 0.7)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _allowed(tool: Tool, error: ErrorDetails) -> list[str]:
    """For an unknown key the accepted keys of that object, for a closed value its accepted values."""
    if error["type"] == "extra_forbidden":
        return list(_model_at(tool.params, error["loc"][:-1]).model_fields)
    if error["type"] in ("literal_error", "enum"):
        expected = str(error.get("ctx", {}).get("expected", ""))
        return [part.strip().strip("'\"") for part in expected.replace(" or ", ", ").split(",") if part.strip()]
    if error["type"] == "value_error" and error["loc"]:
        return _closed_values(tool.params, error["loc"])
    return []


def _closed_values(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """Return the values of a closed argument whose own check refused a value, such as the objective of a campaign."""
    field = _model_at(model, path[:-1]).model_fields.get(str(path[-1]))
    return list(dict.fromkeys(_literals(field.annotation))) if field else []


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (str(value) for value in get_args(annotation))
        return
    for arm in get_args(annotation):
        yield from _literals(arm)


def _model_at(model: type[BaseModel], path: Sequence[int | str]) -> type[BaseModel]:
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            model = _nested(model.model_fields[step].annotation) or model
    return model


def _nested(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arm in get_args(annotation) if (found := _nested(arm))), None)
