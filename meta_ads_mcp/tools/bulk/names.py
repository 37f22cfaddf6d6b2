"""Make new names by a pattern, and report those that are not usable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.analysis.query.name_templates import TemplatePlace, template_parts
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.edits import MAX_NAME_CHARS, EditValues, NamePattern

PLACES = ("n", "name", "id", "campaign", "ad_set", "level")


def check_template(pattern: NamePattern | None) -> None:
    """Raise InvalidArguments for a template with an unknown place."""
    if pattern is None or pattern.template is None:
        return
    unknown = [part.name for part in _places(pattern.template) if part.name not in PLACES]
    if unknown:
        raise InvalidArguments(
            f"The template has a place that is not known: {', '.join(unknown)}.",
            'Write it like "{campaign} | {name} | {n:03}".',
            allowed=tuple(f"{{{place}}}" for place in PLACES),
        )


def uses_parents(values: EditValues) -> bool:
    """Return whether the template has names of parents, which have to be read."""
    template = (values.rename.template if values.rename else None) or ""
    return any(place.name in ("campaign", "ad_set") for place in _places(template))


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

    def value(part: str | TemplatePlace) -> str:
        if isinstance(part, str):
            return part
        return str(number).zfill(int(part.width or 0)) if part.name == "n" else texts[part.name]

    return "".join(map(value, template_parts(template)))


def _places(template: str) -> list[TemplatePlace]:
    return [part for part in template_parts(template) if isinstance(part, TemplatePlace)]


def _name_of(parent: Any) -> str:
    return str(parent.get("name") or "") if isinstance(parent, Mapping) else ""
