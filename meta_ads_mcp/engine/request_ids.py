"""Find every object id in a request: in its path, and in its parameters at any depth.

The search fails closed. Digits that can be an id count as one unless their own key is in NOT_IDS, and a key in NOT_IDS
exempts only the values directly below it, never an object inside. So a parameter that nobody thought of is checked
rather than passed. The parameter types of Meta's SDK cannot replace NOT_IDS, because the SDK types ids as `string` or
`unsigned int`, like texts and amounts. A test compares the list with them. The kind of ids that a key holds is in
`core/nodes.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from meta_ads_mcp.core.nodes import kind_of_key
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.values.catalog_kinds import ITEM_FIELDS

ANY = "any"
# The kinds of ids in Meta's own lists, which belong to no account: interests and the like, and Pages of the public.
SHARED, SHARED_PAGE = "shared", "shared page"
# Digits of the shortest value that counts as an id below a key that says nothing. Only users and ad accounts of the
# first years have shorter ids, and the parameters that take these say so.
MIN_ID_DIGITS = 9
# The same for the value of a filter, which can be an amount in minor units.
MIN_FILTER_ID_DIGITS = 13
# Ids of Meta's lists have at most 14 digits; those of ads, Pages and pixels have 15 to 18.
MAX_SHARED_DIGITS = 14
# An id in a text, also within a URL or in quotes. Digits within a hash or after a decimal point are no id.
_WORD = re.compile(r"(?<![0-9A-Za-z])(?<![0-9]\.)(?:act_)?[0-9]+(?:_[0-9]+)*(?![0-9A-Za-z])")
_ID_KEY = re.compile(r"(^|_)ids?$")
_TIME_KEY = re.compile(r"(^|_)(time|timestamp|date|since|until|expiration|after|before|from|valid_to|ts)s?(_|$)")
# Digits of the longest number that counts as an amount or a time (milliseconds have 13).
MAX_NUMBER_DIGITS = 13
# Texts. `data` below `payload` holds hashes of people.
_TEXTS = frozenset(
    """
    name title message body description caption text subtitle headline link link_url url image_url picture url_tags
    after before payload.data bytes filename source file_url rename_suffix greeting
    phone_number dsa_payor dsa_beneficiary q query keyword key session_id recommendation_signature search_terms
    permalinks ad_code creator_username creator_instagram_username
    """.split()
)
# Numbers with many digits, beside times.
_NUMBERS = frozenset(
    """
    daily_budget lifetime_budget spend_cap daily_spend_cap lifetime_spend_cap bid_amount daily_min_spend_target
    lifetime_min_spend_target budget_value budget_remaining amount amount_spent limit lifetime_imps
    start_offset end_offset file_size expires_at retention_seconds estimated_num_total
    """.split()
)
NOT_IDS = _TEXTS | _NUMBERS
# Edge → parameters, at any depth, in which an advertiser tells Meta about people and orders. Nothing in them names an
# object of Meta. On other edges the same names count: `event_id` is an event of a Page in a promoted object.
_OUTSIDE_DATA = {
    "events": frozenset(
        "user_data custom_data app_data event_id event_name event_source_url test_event_code upload_tag".split()
    ),
    "test_leads": frozenset({"field_data", "custom_disclaimer_responses"}),
}
# Edge → parameters that name Pages of anybody, for a search of what Meta shows to everybody.
_PUBLIC_SEARCH = {"ads_archive": frozenset({"search_page_ids"})}
# Meta's own lists, the same for every account: what people are interested in, where they live, which apps they use.
# Employers, schools and places are Pages.
# Source: Meta docs, marketing-api/audiences/reference.
_SHARED_LISTS = frozenset(
    """
    interests behaviors demographics life_events industries income net_worth home_type home_ownership home_value
    ethnic_affinity generation household_composition moms office_type politics family_statuses education_schools
    education_majors education_statuses college_years work_employers work_positions relationship_statuses
    interested_in user_adclusters locales geo_locations excluded_geo_locations targeting_optimization
    publisher_platforms user_os user_device excluded_user_device wireless_carrier site_category
    """.split()
)
_SHARED_PAGES = frozenset({"education_schools", "work_employers", "places"})
# What a shop calls its own items, and conditions on their fields: they select within the catalog of the request.
# Source: Meta docs, marketing-api/reference/product-catalog/items_batch and product-set.
_ITEM_KEY, _ITEM_FILTER = "retailer_id", "filter"
_ITEMS_EDGE, _ITEMS = "items_batch", "requests"


@dataclass(frozen=True)
class NamedId:
    """Hold an id of a request, its kind by its key ("any" if the key says nothing), and its place in the request."""

    object_id: str
    kind: str
    where: str


def ids_of_request(request: Request, path_kind: str = ANY) -> list[NamedId]:
    """Return every id of a request once, those of the path first. `path_kind` is the kind of the first one.

    The Page whose token the request uses is one of them.
    """
    in_path = _WORD.findall(request.path)
    ids = [NamedId(word, path_kind if index == 0 else ANY, "path") for index, word in enumerate(in_path)]
    if request.page is not None:
        ids.append(NamedId(request.page, "Page", "page"))
    ids += _ids_in(_params_with_ids(request), _ValuePlace())
    return list({entry.object_id: entry for entry in reversed(ids)}.values())[::-1]


def _params_with_ids(request: Request) -> Mapping[str, Any]:
    """Return the parameters without items of its catalog, data about people and orders, and public Pages."""
    edge = request.path.rpartition("/")[2]
    if request.method == "GET" and request.path in _PUBLIC_SEARCH:
        return {name: value for name, value in request.params.items() if name not in _PUBLIC_SEARCH[request.path]}
    params = {name: value for name, value in request.params.items() if name != _ITEM_KEY}
    if edge == _ITEMS_EDGE:
        params.pop(_ITEMS, None)
    if _ITEM_FILTER in params:
        params[_ITEM_FILTER] = _without(params[_ITEM_FILTER], ITEM_FIELDS)
    return _without(params, _OUTSIDE_DATA[edge]) if edge in _OUTSIDE_DATA else params


def _without(value: Any, names: frozenset[str]) -> Any:
    """Return a value without the members of these names, at any depth and in JSON texts too."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        value = _parse(value) or value
    if isinstance(value, Mapping):
        return {name: _without(item, names) for name, item in value.items() if name not in names}
    return [_without(item, names) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class _ValuePlace:
    """State where a value stands: its innermost key, all keys, and whether it is in a filter or a list of Meta.

    `sharing` is SHARED or SHARED_PAGE within a list of Meta, else None.
    """

    key: str = ""
    path: str = ""
    is_filter: bool = False
    sharing: str | None = None

    def below(self, name: str, key: str | None = None, *, is_filter: bool = False) -> _ValuePlace:
        """Return the place of the value `name` of an object here. `key` is the key that says what the value is."""
        key = name if key is None else key
        sharing = None if kind_of_key(key) else self.sharing
        if key in _SHARED_PAGES:
            sharing = SHARED_PAGE
        elif key in _SHARED_LISTS:
            sharing = SHARED
        return _ValuePlace(key, f"{self.path}.{name}" if self.path else name, is_filter, sharing)


def _ids_in(value: Any, place: _ValuePlace) -> Iterator[NamedId]:
    if isinstance(value, Mapping):
        yield from _ids_in_object(value, place)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _ids_in(item, place)
    elif isinstance(value, str) and value.lstrip()[:1] in ("{", "[", '"') and (parsed := _parse(value)) is not None:
        yield from _ids_in(parsed, place)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield from _ids_of_text(_text_of(value), place)


def _ids_in_object(value: Mapping[str, Any], place: _ValuePlace) -> Iterator[NamedId]:
    if "relative_url" in value:
        yield from _ids_of_member(value, place)
        return
    condition = value.get("field") if "value" in value else None
    for name, item in value.items():
        yield from _ids_of_text(str(name), _ValuePlace("", place.path, sharing=place.sharing))
        if isinstance(condition, str) and name == "value":
            # {"field": "campaign.id", "operator": "IN", "value": [...]}: the field says what the value is.
            yield from _ids_in(item, place.below(name, _key_of_filter(condition), is_filter=True))
        elif name in ("id", "ids") and kind_of_key(place.key):
            # {"custom_audiences": [{"id": ...}]}: the key around it says what it is.
            yield from _ids_in(item, place.below(name, place.key))
        elif place.key == "payload" and name == "data":
            yield from _ids_in(item, place.below(name, "payload.data"))  # hashes of people
        else:
            yield from _ids_in(item, place.below(str(name)))


def _ids_of_member(member: Mapping[str, Any], place: _ValuePlace) -> Iterator[NamedId]:
    """Yield the ids of a request within a batch, whose parameters are in its URL and in its form-encoded body."""
    url = urlsplit(str(member["relative_url"]))
    yield from _ids_of_text(url.path, place.below("relative_url"))
    forms = [url.query, str(member.get("body") or "")]
    params = _merge([pair for form in forms for pair in parse_qsl(form, keep_blank_values=True)])
    others = {name: value for name, value in member.items() if name not in ("relative_url", "body")}
    yield from _ids_in({**others, "parameters": params}, place)


def _key_of_filter(field: str) -> str:
    """Return the parameter that a filter's field stands for: `campaign.id` is `campaign_id`."""
    node, _, name = field.rpartition(".")
    return f"{node}_{name}" if name == "id" and node else name


def _ids_of_text(text: str, place: _ValuePlace) -> Iterator[NamedId]:
    shortest = _shortest_id(place)
    if shortest is None:
        return
    kind = place.sharing or kind_of_key(place.key) or ANY
    for word in dict.fromkeys(_WORD.findall(text) + (_WORD.findall(unquote(text)) if "%" in text else [])):
        if word.startswith("act_") or max(map(len, word.split("_"))) >= shortest:
            yield NamedId(word, kind, place.path or place.key)


def _shortest_id(place: _ValuePlace) -> int | None:
    """Return how many digits make an id at this place, or None where no digits do."""
    key = place.key
    if key in NOT_IDS and key not in _NUMBERS:
        return None
    if place.sharing:
        return MAX_SHARED_DIGITS + 1
    if kind_of_key(key) is not None or _ID_KEY.search(key):
        return 1
    if key in NOT_IDS or _TIME_KEY.search(key):
        return MAX_NUMBER_DIGITS + 1
    return MIN_FILTER_ID_DIGITS if place.is_filter else MIN_ID_DIGITS


def _text_of(value: str | float) -> str:
    """Return a value as text. A whole float such as 1.2e17 can be an id."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _merge(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object with all values of a key that occurs several times, because nobody knows which one counts."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        values[name] = [values[name], value] if name in values else value
    return values


def _parse(text: str) -> Any:
    """Return the value of a JSON text, or None if it is not JSON."""
    try:
        return json.loads(text, object_pairs_hook=_merge)
    except (ValueError, RecursionError):
        return None
