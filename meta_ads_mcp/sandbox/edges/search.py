"""`GET /search`. Source: docs marketing-api/audiences/reference/targeting-search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meta_ads_mcp.sandbox import search_terms
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.refusal import Refusal

Json = Any
Rows = list[dict[str, Json]]
DEFAULT_LIMIT = 8
NO_MATCH = 3


@serves("GET", "Root/search")
def search(ask: Ask) -> EdgeListing:
    """Return what targeting search finds for a `type`. docs: marketing-api/audiences/reference/targeting-search"""
    kind = ask.params.get("type")
    if kind is None:
        raise Refusal("(#100) The parameter type is required")
    finder = FINDERS.get(kind)
    if finder is None:
        raise Refusal(f"(#3) The sandbox does not serve search of type {kind} (Graph does)", code=3)
    return EdgeListing(finder(ask), default_limit=DEFAULT_LIMIT)


def query(ask: Ask) -> str:
    """Return the search text in lower case. Refusal where it is missing."""
    text = str(ask.params.get("q", "")).strip().lower()
    if not text:
        raise Refusal("(#100) The parameter q is required")
    return text


def find_by_name(rows: Sequence[dict[str, Json]], text: str) -> Rows:
    """Rows one of whose names has the text, in any language; equal names first, then those that begin with it."""
    ranking = [(_rank(search_terms.names_of(row), search_terms.plain_text(text)), row) for row in rows]
    return [row for rank, row in sorted(ranking, key=lambda pair: pair[0]) if rank < NO_MATCH]


def _rank(names: Sequence[str], text: str) -> int:
    if text in names:
        return 0
    if any(name.startswith(text) for name in names):
        return 1
    return 2 if any(text in name for name in names) else NO_MATCH


def interests(ask: Ask) -> Rows:
    """Return interests by a part of their name."""
    return find_by_name(search_terms.INTERESTS, query(ask))


def suggestions(ask: Ask) -> Rows:
    """Interests of the same path as the given ones, without these."""
    names = [str(item).lower() for item in ask.params.get("interest_list", [])]
    if not names:
        raise Refusal("(#100) The parameter interest_list is required")
    topics = {row["path"][1] for row in search_terms.INTERESTS if row["name"].lower() in names}
    return [row for row in search_terms.INTERESTS if row["path"][1] in topics and row["name"].lower() not in names]


def validation(ask: Ask) -> Rows:
    """Each given name or id with `valid`."""
    by_name = {name: row for row in search_terms.INTERESTS for name in search_terms.names_of(row)[::-1]}
    by_id = {row["id"]: row for row in search_terms.INTERESTS}
    names = [
        (str(item), by_name.get(search_terms.plain_text(str(item)))) for item in ask.params.get("interest_list", [])
    ]
    numbers = [(str(item), by_id.get(str(item))) for item in ask.params.get("interest_fbid_list", [])]
    if not names and not numbers:
        raise Refusal("(#100) One of interest_list and interest_fbid_list is required")
    return [{"name": term, "valid": row is not None, **(row or {})} for term, row in (*names, *numbers)]


def categories(ask: Ask) -> Rows:
    """All rows of a class; `q` is ignored, as in Graph."""
    kind = ask.params.get("class")
    if kind is None:
        return [row for rows in search_terms.CATEGORIES.values() for row in rows]
    return list(search_terms.CATEGORIES.get(kind, []))


def places(ask: Ask) -> Rows:
    """Return places by a part of their name, of the kinds asked for."""
    types = ask.params.get("location_types")
    rows = [row for row in search_terms.PLACES if types is None or row["type"] in types]
    if code := ask.params.get("country_code"):
        rows = [row for row in rows if row.get("country_code") == code]
    return find_by_name(rows, query(ask)) if ask.params.get("q") else rows


def countries(ask: Ask) -> Rows:
    """Return countries by a part of their name."""
    rows = [row for row in search_terms.PLACES if row["type"] == "country"]
    return find_by_name(rows, query(ask)) if ask.params.get("q") else rows


def locales(ask: Ask) -> Rows:
    """Return languages by a part of their name, or all."""
    return find_by_name(search_terms.LOCALES, query(ask)) if ask.params.get("q") else list(search_terms.LOCALES)


def people(ask: Ask) -> Rows:
    """Return schools, majors, employers or positions by a part of their name."""
    return find_by_name(search_terms.PEOPLE[ask.params["type"]], query(ask))


FINDERS = {
    "adinterest": interests,
    "adinterestsuggestion": suggestions,
    "adinterestvalid": validation,
    "adTargetingCategory": categories,
    "adgeolocation": places,
    "adcountry": countries,
    "adlocale": locales,
    **dict.fromkeys(search_terms.PEOPLE, people),
}
