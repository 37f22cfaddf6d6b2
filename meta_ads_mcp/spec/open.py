"""Open-ended enums: Meta adds values faster than any list follows, so an unknown one goes to Graph with a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator

from meta_ads_mcp.spec.params import Params, marker

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


@dataclass(frozen=True)
class Open:
    """Marks a field (or a list field) whose values should be among `known`, the values of `source` in Meta's SDK."""

    source: str
    known: frozenset[str]


def _word(value: str) -> str:
    if not value or len(value) > 80 or not _LETTERS.issuperset(value):
        raise ValueError("a value is letters, digits and underscores")
    return value


# One value of an open-ended enum; add an `Open` beside it.
Word = Annotated[str, AfterValidator(_word)]


def unknown_values(args: Params) -> list[str]:
    """A note for each argument that holds a value outside Meta's list as this server knows it."""
    notes = []
    for name, info in type(args).model_fields.items():
        known = marker(info, Open)
        given = getattr(args, name)
        if known is None or given is None:
            continue
        strange = [value for value in _listed(given) if value not in known.known]
        if strange:
            notes.append(
                f"{name}: {', '.join(strange)} is not in Meta's list for v26.0 ({known.source}); it was sent as it is."
            )
    return notes


def _listed(value: Any) -> Sequence[str]:
    return value if isinstance(value, list) else [value]
