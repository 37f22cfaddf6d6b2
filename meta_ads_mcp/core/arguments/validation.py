"""Validate arguments, and explain errors in this server's words. A message never repeats the value of an argument."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from meta_ads_mcp.core.arguments.foreign_names import FOREIGN_ARGUMENTS, LIST_TOOLS
from meta_ads_mcp.core.params import Form, Params, marker
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.ids import Node
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import InvalidArguments

MAX_SENTENCES = 6
MAX_LOOKUPS = 2
# Keys of an object that a message names.
MAX_KEYS = 8
# pydantic's errors for an id that is missing or is not one, such as a name.
_WITHOUT_ID = frozenset({"missing", "value_error", "string_type"})
# Lists that can be filtered by name.
BY_NAME = frozenset({"ads_get_campaigns", "ads_get_ad_sets", "ads_get_ads"})
# Parameters that Meta removed or never had, and that callers know from other tools: name → what replaces it.
REPLACED_ARGUMENTS = {
    "multi_advertiser_ads": "give the creative contextual_multi_ads {enroll_status: OPT_IN or OPT_OUT} "
    "(ads_create_ad_creative)",
    "instagram_actor_id": "Meta replaced it by instagram_user_id",
    "special_ad_category": "Meta replaced it by special_ad_categories, a list",
    "targeting_optimization": "Meta replaced it by targeting_automation {advantage_audience: 1 or 0}",
    "is_autobid": "Meta replaced it by bid_strategy LOWEST_COST_WITHOUT_CAP",
    "smart_promotion_type": "Meta replaced it: see advantage_state_info, and migrate_to_advantage_plus of "
    "ads_update_campaign",
}
# A number whose unit a caller may have to know.
_NUMBERS = frozenset({"int_type", "float_type"})
# pydantic's error type → the end of the sentence that begins with the argument's name.
_PREDICATES = {
    "missing": "is required",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "string_too_long": "is longer than {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "too_long": "has more than {max_length} entries",
    "too_short": "has too few entries (at least {min_length})",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "finite_number": "must be a finite number",
}


def validate(tool: Tool, arguments: Mapping[str, Any]) -> Params:
    """Return the arguments as the tool's closed params. Raises InvalidArguments, which names every wrong argument."""
    try:
        return tool.params.model_validate(dict(arguments))
    except ValidationError as problem:
        raise _explain(tool, problem, arguments) from None


def _explain(tool: Tool, problem: ValidationError, arguments: Mapping[str, Any]) -> InvalidArguments:
    errors = problem.errors(include_url=False, include_input=False)
    missing = [f"'{'.'.join(_path(error['loc']))}'" for error in errors if error["type"] == "missing"]
    if len(missing) == len(errors):
        noun = "argument" if len(missing) == 1 else "arguments"
        steps = [step for error in errors if (step := _describe_missing(tool, error) or _lookup_of(tool, error))]
        return InvalidArguments(f"Missing required {noun} {', '.join(missing)}.", " ".join(dict.fromkeys(steps)))
    sentences = list(dict.fromkeys(_sentence(tool, error, arguments) for error in errors))[:MAX_SENTENCES]
    choices = next((values for error in errors if (values := _allowed(tool, error))), [])
    next_step = f"Accepted: {', '.join(choices)}." if choices else _lookup(tool, errors)
    return InvalidArguments(f"{tool.name}: {'; '.join(sentences)}.", next_step, allowed=tuple(choices))


def _describe_missing(tool: Tool, error: ErrorDetails) -> str:
    """Return what a missing argument takes: its accepted values, or its description; "" if it has neither."""
    field, _ = _at(tool.params, error["loc"])
    if field is None:
        return ""
    name = ".".join(_path(error["loc"]))
    values = list(dict.fromkeys(_literals(field.annotation)))
    if values:
        return f"{name!r} is one of {', '.join(values)}."
    return f"{name!r}: {field.description.rstrip('.')}." if field.description else ""


def _lookup(tool: Tool, errors: Sequence[ErrorDetails]) -> str:
    """Return where to find valid values, or "" for the default next step."""
    steps = dict.fromkeys(step for error in errors if (step := _lookup_of(tool, error)))
    return " ".join(list(steps)[:MAX_LOOKUPS])


def _lookup_of(tool: Tool, error: ErrorDetails) -> str:
    """Return where to find a valid value of one argument: by its form, or by the kind of object that its id names."""
    form = _form(tool, error) if error["type"] == "string_pattern_mismatch" else None
    if form is not None:
        return form.lookup
    field, _ = _at(tool.params, error["loc"])
    node: Node | None = marker(field, Node) if field and error["type"] in _WITHOUT_ID else None
    if node and node.name == "Business":
        return 'ads_get_ad_accounts with fields=["business"] shows the business of each account.'
    list_tool = LIST_TOOLS.get(node.name) if node else None
    if list_tool in (None, tool.name):
        return ""
    return f"{list_tool} lists ids and names{' (name_contains finds one)' if list_tool in BY_NAME else ''}."


def _sentence(tool: Tool, error: ErrorDetails, arguments: Mapping[str, Any]) -> str:
    kind, steps, context = error["type"], error["loc"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_argument(tool, error)
    name = ".".join(_path(steps))
    if kind in ("literal_error", "enum"):
        return f"{name!r} is not one of the accepted values"
    if kind == "string_pattern_mismatch":
        form = _form(tool, error)
        return f"{name!r} is not {form.noun} (example: {form.example})" if form else f"{name!r} has the wrong form"
    if kind == "model_type":
        _, models = _at(tool.params, steps)
        keys = ", ".join(name for model in models for name in list(model.model_fields)[:MAX_KEYS])
        return f"{name!r} must be an object with {keys}" if keys else f"{name!r} must be an object"
    if kind == "value_error":
        reason = str(context.get("error", "is not valid"))
        return f"{name!r}: {reason}" if name else reason
    predicate = _PREDICATES.get(kind, "has the wrong type or form").format_map(_Blank(context))
    field, _ = _at(tool.params, steps)
    about = f" ({field.description.rstrip('.')})" if field and field.description and kind in _NUMBERS else ""
    return f"{name!r} {predicate}{about}"


def _unknown_argument(tool: Tool, error: ErrorDetails) -> str:
    """Name an unknown key, and what replaces it or the nearest key that the tool has."""
    *parents, key = error["loc"]
    # The last step is a key that the caller chose, so it is never dropped as one of pydantic's steps.
    name = ".".join([*_path(parents), clean(str(key), 60)])
    replacement = REPLACED_ARGUMENTS.get(str(key))
    if replacement:
        return f"there is no argument {name!r}: {replacement}"
    return f"there is no argument {name!r}{_did_you_mean(str(key), _allowed(tool, error))}"


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _path(steps: Sequence[int | str]) -> list[str]:
    """Return the steps without those that pydantic adds for unions and validators, such as `function-before[...]`."""
    types = ("int", "str", "float", "bool")
    return [clean(str(step), 60) for step in steps if "[" not in str(step) and step not in types]


def _did_you_mean(word: str, choices: Sequence[str]) -> str:
    """Return the accepted name that an unknown one stands for, in brackets, or nothing."""
    foreign = next((name for name in FOREIGN_ARGUMENTS.get(word, ()) if name in choices), None)
    close = [foreign] if foreign else difflib.get_close_matches(word[:60], choices, 1, 0.7)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _allowed(tool: Tool, error: ErrorDetails) -> list[str]:
    """Return the accepted keys for an unknown key, and the accepted values for a wrong value of a closed argument."""
    if error["type"] == "extra_forbidden":
        _, models = _at(tool.params, error["loc"][:-1])
        return list(dict.fromkeys(name for model in models for name in model.model_fields))
    if error["type"] in ("literal_error", "enum", "value_error"):
        field, _ = _at(tool.params, error["loc"])
        return list(dict.fromkeys(_literals(field.annotation))) if field else []
    return []


def _form(tool: Tool, error: ErrorDetails) -> Form | None:
    field, _ = _at(tool.params, error["loc"])
    form: Form | None = marker(field, Form) if field else None
    return form


def _at(model: type[BaseModel], path: Sequence[int | str]) -> tuple[FieldInfo | None, list[type[BaseModel]]]:
    """Return the innermost field on a path of pydantic, and the models that its value can have.

    Steps that are not a field, such as a position in a list, do not count. The name of a model, which pydantic adds
    for a union, selects that model.
    """
    field, models = None, [model]
    for step in path:
        same_name = [item for item in models if item.__name__ == step]
        owner = next((item for item in models if step in item.model_fields), None)
        if owner is not None:
            field = owner.model_fields[str(step)]
            models = list(_models(field.annotation))
        elif same_name:
            models = same_name
    return field, models


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for arm in get_args(annotation):
        yield from _models(arm)


def _literals(annotation: Any) -> Iterator[str]:
    """Yield the values of every Literal and enum in an annotation."""
    if get_origin(annotation) is Literal:
        yield from (str(value) for value in get_args(annotation))
        return
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        yield from (str(member.value) for member in annotation)
    for arm in get_args(annotation):
        yield from _literals(arm)
