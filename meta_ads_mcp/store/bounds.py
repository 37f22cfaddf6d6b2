"""Bound functions whose memory or time DuckDB's own limits do not: they work in one step on one value.

Such a step is not interrupted, and what it allocates does not count as memory of the query. Arguments that make a value
grow must be short constants, and macros of the same names cut the values that go in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

MAX_LIST = 100_000
MAX_CONSTANT_CHARS = 40
MAX_TEXT, MAX_COMPARED = 4_000, 500
# The argument that makes a text grow, counted from 0.
_GROWTH = {"replace": 2, "regexp_replace": 2, "array_to_string": 1, "concat_ws": 0, "string_agg": 1, "listagg": 1,
           "group_concat": 1}  # fmt: skip
_FORMATS = {"printf": re.compile(r"%[^a-zA-Z%]*([0-9]{3}|\*)"), "format": re.compile(r"\{[^}]*([0-9]{3}|\{)")}
_LISTS = frozenset({"range", "generate_series"})
_STEPS = frozenset("to_hours to_days to_weeks to_months to_quarters to_years".split())
_DISTANCES = (
    "levenshtein editdist3 damerau_levenshtein hamming mismatches jaccard jaro_similarity jaro_winkler_similarity"
).split()
_CUT = f"left(a, {MAX_TEXT})"
_COMPARED = f"left(a, {MAX_COMPARED}), left(b, {MAX_COMPARED})"
# What defines the macros, by the name of the function.
MACROS = {
    "replace": f"replace(a, b, c) AS system.main.replace({_CUT}, b, c)",
    "regexp_replace": f"regexp_replace(a, b, c) AS system.main.regexp_replace({_CUT}, b, c), "
    f"(a, b, c, d) AS system.main.regexp_replace({_CUT}, b, c, d)",
    **{name: f"{name}(a, b) AS system.main.{name}({_COMPARED})" for name in _DISTANCES},
}


def growth_problem(name: str, arguments: Sequence[Mapping[str, Any]]) -> str:
    """Return why a call could need more memory or time than a query may have, or an empty text."""
    if name in _FORMATS:
        pattern = _constant(arguments[0]) if arguments else None
        if pattern is None or _FORMATS[name].search(pattern):
            return f"The first argument of {name} is a constant text with widths below 100"
    if name in _LISTS and not _is_short_list(arguments):
        return f"A list of {name} has constant bounds and at most {MAX_LIST:,} values; in FROM it has no limit"
    place = _GROWTH.get(name)
    if place is not None and place < len(arguments):
        text = _constant(arguments[place])
        if text is None or len(text) > MAX_CONSTANT_CHARS:
            number = ("first", "second", "third")[place]
            return f"The {number} argument of {name} is a constant text of at most {MAX_CONSTANT_CHARS} characters"
    return ""


def _constant(argument: Mapping[str, Any]) -> str | None:
    literal = argument.get("literal") if argument.get("class") == "CONSTANT" else None
    return str(literal["text"]) if isinstance(literal, dict) and "text" in literal else None


def _is_short_list(arguments: Sequence[Mapping[str, Any]]) -> bool:
    if len(arguments) == 3 and str(arguments[2].get("function_name")) in _STEPS:
        return True
    try:
        numbers = [int(_constant(argument) or "") for argument in arguments]
    except ValueError:
        return False
    return all(abs(number) <= MAX_LIST // 2 for number in numbers) or (len(numbers) == 1 and numbers[0] <= MAX_LIST)
