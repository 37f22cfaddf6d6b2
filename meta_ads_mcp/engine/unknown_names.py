"""Name the nearest known fields and values where Graph refuses one that it does not know."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from meta_ads_mcp.analysis.actions import CONVERSIONS, ENGAGEMENT, TRAFFIC
from meta_ads_mcp.core.params import marker
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.enums import Open
from meta_ads_mcp.domain.insights_query import COLUMN_ALIASES
from meta_ads_mcp.errors import AdsError, InvalidArguments

MAX_NEAREST = 5
MIN_SIMILARITY = 0.6
# Graph's words for a field and for a value that it does not know.
_NO_FIELD = re.compile(r"nonexisting field \((\w+)\) on node type \((\w+)\)")
_NO_VALUE = re.compile(r"must be one of|should be one of|not a valid|invalid value", re.IGNORECASE)
_INSIGHTS = "AdsInsights"
# The level of insights of each kind of object, by the SDK's and by Graph's own names.
_LEVELS = {
    "AdAccount": "account",
    **dict.fromkeys(("Campaign", "AdCampaignGroup"), "campaign"),
    **dict.fromkeys(("AdSet", "AdCampaign"), "adset"),
    **dict.fromkeys(("Ad", "AdGroup"), "ad"),
}
_EVENTS = (*CONVERSIONS, *TRAFFIC, *ENGAGEMENT)


def add_nearest_names(
    error: AdsError, tool: Tool, arguments: Mapping[str, Any], fields_of: Callable[[str], Sequence[str]]
) -> AdsError:
    """Return the error with a next step that names what was probably meant, where Graph refused an unknown name.

    `fields_of` gives the known fields of a kind of Graph object, none for an unknown kind.
    """
    if not isinstance(error, InvalidArguments) or error.graph is None:
        return error
    field = _NO_FIELD.search(error.message)
    if field is not None:
        if field[2] in _LEVELS and field[1] in {*fields_of(_INSIGHTS), *_columns()}:
            step = f"{field[1]} is a figure: ads_get_insights has it, with level={_LEVELS[field[2]]}."
            return replace(error, next_step=step)
        return replace(error, next_step=_field_step(field[1], field[2], [*fields_of(field[2]), *_declared(tool)]))
    steps = [*_value_steps(tool, arguments)] if _NO_VALUE.search(error.message) else []
    return replace(error, next_step=" ".join(steps)) if steps else error


def _field_step(name: str, node: str, known: Sequence[str]) -> str:
    is_insights = node == _INSIGHTS
    near = nearest(name, [*known, *(_columns() if is_insights else ())])
    step = f"Nearest to {name}: {', '.join(near)}." if near else f"Leave {name} out of `fields`."
    return f"{step} The resource ads://fields/insights lists all." if is_insights else step


def _columns() -> list[str]:
    """Return the names of columns of insights that are no fields of Graph."""
    return [*_EVENTS, *COLUMN_ALIASES, *(f"cost_per_{event}" for event in _EVENTS)]


def _declared(tool: Tool) -> list[str]:
    return [field.partition("{")[0] for field in (*tool.fields, *tool.identity)]


def _value_steps(tool: Tool, arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each value of an open-ended argument that is outside the known ones."""
    for name, info in tool.params.model_fields.items():
        enum: Open | None = marker(info, Open)
        values = arguments.get(name)
        if enum is None or values is None:
            continue
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, str) and value not in enum.known:
                near = nearest(value, sorted(enum.known))
                yield (
                    f"{name}: nearest to {value[:80]}: {', '.join(near)}."
                    if near
                    else f"{name}: leave {value[:80]} out."
                )


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names that are most like a name, the nearest first."""
    names = list(dict.fromkeys(known))
    close = difflib.get_close_matches(name[:80].lower(), names, MAX_NEAREST, MIN_SIMILARITY)
    words = set(name.lower().split("_"))
    containing = [item for item in names if words <= set(item.split("_")) and item not in close]
    return [*close, *containing][:MAX_NEAREST]
