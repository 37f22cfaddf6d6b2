"""Find the places, interests and other options that names stand for, with Graph's targeting search.

A name stands for an option only if that is beyond doubt: it is the whole name of exactly one option of its kind, or the
search knows exactly one option, under a name in another language.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.normalization.countries import find_country
from meta_ads_mcp.domain.normalization.transliteration import to_latin
from meta_ads_mcp.domain.normalization.us_states import STATE_NAMES
from meta_ads_mcp.domain.targeting_names.name_kinds import KINDS, NameKind

MAX_OPTIONS = 100
# A class of options has a few hundred entries.
MAX_CLASS_OPTIONS = 1000
# Graph tells equal names apart by a word in parentheses, such as "Football (soccer)".
_QUALIFIER = re.compile(r"\s*\([^()]*\)$")


@dataclass(frozen=True)
class TargetName:
    """Hold a name of a targeting spec: the key of its list, the text, and the places in which it lies.

    `within` are names or codes of regions and countries; all of them have to fit.
    """

    key: str
    text: str
    within: tuple[str, ...] = ()

    @property
    def kind(self) -> NameKind:
        return KINDS[self.key]

    @property
    def parts(self) -> tuple[str, tuple[str, ...]]:
        """Return the name of a place and in what it lies, which the text can say after commas."""
        if self.kind.family != "place":
            return self.text, self.within
        name, *rest = (part.strip() for part in self.text.split(","))
        return name, (*filter(None, rest), *self.within)

    @property
    def query(self) -> tuple[str, str]:
        """Return what identifies the search for this name."""
        return self.key, "" if self.kind.is_class else self.parts[0]


async def search_names(call: Call, names: Iterable[TargetName]) -> dict[TargetName, list[Row]]:
    """Map each name to its candidates; a single candidate resolves the name. Raises AdsError."""
    by_query: dict[tuple[str, str], list[TargetName]] = {}
    for name in dict.fromkeys(names):
        by_query.setdefault(name.query, []).append(name)
    answers = await asyncio.gather(*(_options(call, *query) for query in by_query))
    return {
        name: _candidates(name, rows) for group, rows in zip(by_query.values(), answers, strict=True) for name in group
    }


async def similar_options(call: Call, name: TargetName) -> list[Row]:
    """Return options of which a name is only a part, for a message. Raises AdsError."""
    word = plain_text(name.parts[0])
    rows = await _options(call, *name.query)
    return [row for row in rows if not name.kind.is_class or word in plain_text(row.get("name"))]


async def _options(call: Call, key: str, text: str) -> list[Row]:
    kind = KINDS[key]
    params = dict(kind.params) if kind.is_class else {**kind.params, "q": text}
    listing = await call.graph.list("search", limit=MAX_CLASS_OPTIONS if kind.is_class else MAX_OPTIONS, **params)
    types = kind.params.get("location_types")
    return [row for row in listing.rows if row.get(kind.id_key) and (not types or row.get("type") in (None, *types))]


def _candidates(name: TargetName, rows: Sequence[Row]) -> list[Row]:
    """Return the options of exactly this name; without any, the only option of a name in another language."""
    text, within = name.parts
    texts = {plain_text(text), plain_text(name.text)}
    rows_inside = [row for row in rows if all(_lies_in(row, place) for place in within)]
    exact = [row for row in rows_inside if plain_text(row.get("name")) in texts]
    exact = exact or [row for row in rows_inside if plain_text(_QUALIFIER.sub("", str(row.get("name")))) in texts]
    if exact or name.kind.is_class or len(rows) != 1:
        return exact
    return [row for row in rows_inside if plain_text(text) not in plain_text(row.get("name"))]


def _lies_in(row: Row, place: str) -> bool:
    """Return whether a place lies in a region or a country, which is named or given by its code."""
    words = {plain_text(row.get(name)) for name in ("region", "region_id", "country_name", "country_code")}
    state = STATE_NAMES.get(to_latin(str(row.get("region") or "")))
    country = str(row.get("country_code") or "").lower()
    is_state = country == "us" and state == place.strip().lower()
    return plain_text(place) in words or is_state or (bool(country) and find_country(place) == country)


def plain_text(value: Any) -> str:
    """Return a name as it is compared: without accents, capitals and double blanks."""
    if value is None:
        return ""
    text = unicodedata.normalize("NFKD", str(value)).casefold()
    return " ".join("".join(char for char in text if not unicodedata.combining(char)).split())


def label(kind: NameKind, row: Mapping[str, Any]) -> str:
    """Describe an option for people: its name, where it belongs, and its id."""
    path = row.get("path")
    above = path[:-1] if kind.family == "detail" and isinstance(path, list) else ()
    place = (row.get("region"), row.get("country_name") or row.get("country_code")) if kind.family == "place" else ()
    parts = [str(row.get("name")), *(str(part) for part in place if part)]
    text = ", ".join(dict.fromkeys(parts)) if kind.noun != "city" else ", ".join(parts)
    inside = f", in {' > '.join(map(str, above))}" if above else ""
    return f"{text} ({kind.id_key} {row.get(kind.id_key)}{inside})"
