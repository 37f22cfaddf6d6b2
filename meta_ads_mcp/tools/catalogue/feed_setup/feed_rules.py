"""Check the params of feed rules. Source: Meta docs, marketing-api/reference/product-feed/rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.params import opaque_object

CASES = ("to_upper", "to_lower", "capitalize_all", "capitalize_first")
FORMS = {
    "mapping_rule": "{map_from: column}",
    "value_mapping_rule": "{old value: new value, ...}",
    "letter_case_rule": f"{{type: {' | '.join(CASES)}}}",
    "regex_replace_rule": "{regex, ...}",
    "fallback_rule": "{user_default_value}",
}
RuleParams = Annotated[
    dict[str, Any],
    Field(json_schema_extra=opaque_object("; ".join(f"{name} {form}" for name, form in FORMS.items()))),
]


def keys_of_rule(rule_type: str) -> tuple[str, ...]:
    """Return the keys of the params of a rule; empty where they are values to map."""
    keys = {
        "mapping_rule": ("map_from",),
        "letter_case_rule": ("type",),
        "fallback_rule": ("user_default_value",),
        "regex_replace_rule": ("regex",),
    }
    return keys.get(rule_type, ())


def check_rule_params(rule_type: str, params: Mapping[str, Any]) -> None:
    """Raise ValueError, with the accepted form, for params that do not belong to the type of rule."""
    problem = _problem(rule_type, params)
    if problem:
        raise ValueError(f"{problem}; params of a {rule_type} are {FORMS[rule_type]}")


def _problem(rule_type: str, params: Mapping[str, Any]) -> str | None:
    if not params or not all(isinstance(value, str) and name for name, value in params.items()):
        return "params are texts by name"
    if rule_type == "mapping_rule" and set(params) != {"map_from"}:
        return "map_from names the column"
    if rule_type == "letter_case_rule" and (set(params) != {"type"} or params["type"] not in CASES):
        return "type names the case"
    if rule_type == "fallback_rule" and not params.get("user_default_value"):
        return "user_default_value is missing"
    return _regex_problem(params) if rule_type == "regex_replace_rule" else None


def _regex_problem(params: Mapping[str, Any]) -> str | None:
    try:
        re.compile(params["regex"])
    except KeyError:
        return "regex is missing"
    except re.error as error:
        return f"regex is not a pattern ({error.msg})"
    return None
