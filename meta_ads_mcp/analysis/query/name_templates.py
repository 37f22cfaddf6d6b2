"""Read templates of names, such as `{market}_{objective}_{*}`: to make names, and to split names into columns.

A value ends where the next text of the template begins. The last value takes the rest of the name, and must not
contain the text before it: a name with more parts than the template does not match. `{*}` is a part without a column;
at the end it may hold anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from meta_ads_mcp.errors import InvalidArguments

REST = "*"
UNMATCHED = "unmatched"
MAX_TEMPLATE_CHARS = 400
EXAMPLE = "{market}_{objective}_{audience}_{date}"
_PLACE = re.compile(r"\{([a-z_][a-z0-9_]{0,39}|\*)(?::(0?[0-9]))?\}")


@dataclass(frozen=True)
class TemplatePlace:
    """A place of a template: its name, and the width of a number, such as `03`."""

    name: str
    width: str = ""


def template_parts(template: str) -> list[str | TemplatePlace]:
    """Return the texts and places of a template in order. Raises InvalidArguments for a single brace."""
    parts: list[str | TemplatePlace] = []
    end = 0
    for match in _PLACE.finditer(template):
        parts += [template[end : match.start()], TemplatePlace(match[1], match[2] or "")]
        end = match.end()
    parts.append(template[end:])
    if any("{" in part or "}" in part for part in parts if isinstance(part, str)):
        raise InvalidArguments(
            f"The template {template[:80]!r} has a brace that is not a place.",
            f"A place is a lower-case name in braces: {EXAMPLE}.",
        )
    return [part for part in parts if part]


@dataclass(frozen=True)
class NameTemplate:
    """A template that splits names."""

    text: str

    @classmethod
    def read(cls, text: str) -> NameTemplate:
        """Check a template. Raises InvalidArguments for one by which no name can be split in one way only."""
        parts = template_parts(text)
        places = [part for part in parts if isinstance(part, TemplatePlace)]
        names = [place.name for place in places if place.name != REST]
        adjacent = any(not isinstance(part, str) and not isinstance(other, str) for part, other in pairwise(parts))
        problem = (
            f"has more than {MAX_TEMPLATE_CHARS} characters" * (len(text) > MAX_TEMPLATE_CHARS)
            or "names no place" * (not names)
            or "names a place twice" * (len(set(names)) < len(names))
            or "has two places without a text between them" * adjacent
            or "has a width, which only new names have" * any(place.width for place in places)
        )
        if problem:
            raise InvalidArguments(f"The template {text[:80]!r} {problem}.", f"Write it like {EXAMPLE}.")
        return cls(text)

    @cached_property
    def parts(self) -> list[str | TemplatePlace]:
        return template_parts(self.text)

    @cached_property
    def places(self) -> list[TemplatePlace]:
        return [part for part in self.parts if isinstance(part, TemplatePlace)]

    @property
    def columns(self) -> list[str]:
        """Return the names of the places that become columns."""
        return [place.name for place in self.places if place.name != REST]

    @cached_property
    def pattern(self) -> str:
        """Return a regular expression for a whole name, of RE2 as well as of Python, with a group per place."""
        groups = [re.escape(part) if isinstance(part, str) else "(.+?)" for part in self.parts]
        if isinstance(self.parts[-1], TemplatePlace) and self.parts[-1].name == REST:
            groups[-1] = "(.*)"
        return f"^{''.join(groups)}$"

    @property
    def limits(self) -> list[tuple[int, str]]:
        """Return texts that values must not contain, by the number of the group, counted from 1.

        The last value must not contain the text before it, and a value not the text behind it.
        """
        limits: list[tuple[int, str]] = []
        group = 0
        for before, part in pairwise(["", *self.parts]):
            if isinstance(part, TemplatePlace):
                group += 1
                is_last = group == len(self.places)
                if is_last and part.name != REST and isinstance(before, str) and before and group > 1:
                    limits.append((group, before))
            elif isinstance(before, TemplatePlace) and part:
                limits.append((group, part))
        return limits

    def split(self, name: str) -> dict[str, str] | None:
        """Return the values of a name by column, or None if it does not match."""
        match = re.fullmatch(self.pattern, name, re.DOTALL)
        if match is None or any(text in match[group] for group, text in self.limits):
            return None
        values = zip(self.places, match.groups(), strict=True)
        return {place.name: value.strip(" ") for place, value in values if place.name != REST}
