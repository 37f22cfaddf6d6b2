"""Make new names by a pattern, and report those that are not usable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.edits import MAX_NAME_CHARS, EditValues, NamePattern

_PLACE = re.compile(r"\{([a-z_]*)(?::(0?[0-9]))?\}")
PLACES = ("n", "name", "id", "campaign", "ad_set", "level")


def check_template(pattern: NamePattern | None) -> None:
    """Raise InvalidArguments for a template with an unknown place."""
    if pattern is None or pattern.template is None:
        return
    unknown = [match[1] for match in _PLACE.finditer(pattern.template) if match[1] not in PLACES]
    if unknown or re.search(r"[{}]", _PLACE.sub("", pattern.template)):
        raise InvalidArguments(
            f"The template has a place that is not known: {', '.join(unknown) or 'a single brace'}.",
            'Write it like "{campaign} | {name} | {n:03}".',
            allowed=tuple(f"{{{place}}}" for place in PLACES),
        )


def uses_parents(values: EditValues) -> bool:
    """Return whether the template has names of parents, which have to be read."""
    template = (values.rename.template if values.rename else None) or ""
    return any(match[1] in ("campaign", "ad_set") for match in _PLACE.finditer(template))


def new_name(values: EditValues, row: Mapping[str, Any], level: str, number: int) -> str | None:
    """Return the name that an object gets, or None if it keeps its own. `number` counts the objects from 0."""
    name = str(row.get("name") or "")
    if values.name is not None:
        return values.name
    if values.name_replace is not None:
        return name.replace(values.name_replace.find, values.name_replace.replace)
    pattern = values.rename
    if pattern is None:
        return None
    if pattern.template is None:
        return name.replace(pattern.find or "", pattern.replace or "")
    return _fill(pattern.template, row, level, pattern.start + number)


def name_problem(name: str) -> str | None:
    """Return why Meta would not take a name, or None."""
    if not name.strip():
        return "The new name would be empty"
    return f"The new name would have more than {MAX_NAME_CHARS} characters" if len(name) > MAX_NAME_CHARS else None


def _fill(template: str, row: Mapping[str, Any], level: str, number: int) -> str:
    texts = {
        "name": str(row.get("name") or ""),
        "id": str(row.get("id")),
        "campaign": _name_of(row.get("campaign")),
        "ad_set": _name_of(row.get("adset")),
        "level": level.replace("_", " "),
    }

    def value(match: re.Match[str]) -> str:
        if match[1] == "n":
            return str(number).zfill(int(match[2] or 0))
        return texts[match[1]]

    return _PLACE.sub(value, template)


def _name_of(parent: Any) -> str:
    return str(parent.get("name") or "") if isinstance(parent, Mapping) else ""
