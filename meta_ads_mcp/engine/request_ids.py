"""Find every object id in a request: in its path, and in its parameters at any depth.

The search fails closed. A value that looks like an id counts as one unless its key is known to hold something else, so
a parameter that nobody thought of is checked rather than passed. Keys whose values look like ids and are none are in
NOT_IDS. The kind of ids that a key holds is in `core/nodes.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.nodes import kind_of_key
from meta_ads_mcp.core.request import Request

ANY = "any"
# Digits of the shortest value that counts as an id below a key that says nothing. Ids of ad objects have 15 to 18
# digits; Unix times in seconds and amounts in minor units have at most 10 and 12.
MIN_ID_DIGITS = 13
_ID = re.compile(r"act_[0-9]{1,30}|[0-9]{1,30}(_[0-9]{1,30})*")
_LONG_ID = re.compile(rf"act_[0-9]{{1,30}}|[0-9]{{{MIN_ID_DIGITS},30}}|[0-9]{{5,30}}(_[0-9]{{1,30}})+")
# A text can hold several ids, or one in quotes.
_SEPARATORS = re.compile(r"[\s,;|\"'\[\]{}()]+")
# Text, numbers, hashes and times. Source: the parameter types of facebook_business 26.0.3.
_PLAIN = frozenset(
    """
    name title message body description caption text subtitle headline link link_url url image_url picture url_tags
    fields summary limit after before date_preset time_range time_ranges time_increment level sort locale
    payload schema hash image_hash bytes filename source file_url upload_phase start_offset end_offset file_size
    rename_suffix greeting phone_number dsa_payor dsa_beneficiary
    daily_budget lifetime_budget spend_cap daily_spend_cap lifetime_spend_cap bid_amount daily_min_spend_target
    lifetime_min_spend_target budget_value budget_remaining amount_spent roas_average_floor
    start_time end_time stop_time time_start time_end scheduled_publish_time since until expires_at
    retention_seconds window_days age_min age_max genders key session_id last_batch_flag batch_seq estimated_num_total
    """.split()
)
# Meta's own lists, the same for every account: what people are interested in, where they live, which apps they use.
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
NOT_IDS = _PLAIN | _SHARED_LISTS


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
    in_path = [segment for segment in request.path.split("/") if _ID.fullmatch(segment)]
    ids = [NamedId(segment, path_kind if index == 0 else ANY, "path") for index, segment in enumerate(in_path)]
    if request.page is not None:
        ids.append(NamedId(request.page, "Page", "page"))
    ids += _ids_in(request.params, "", "")
    return list({entry.object_id: entry for entry in reversed(ids)}.values())[::-1]


def _ids_in(value: Any, key: str, where: str) -> Iterator[NamedId]:
    """Yield the ids in a value. `key` is the innermost key around it; positions in lists do not count."""
    if key in NOT_IDS:
        return
    if isinstance(value, Mapping):
        yield from _ids_in_object(value, key, where)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _ids_in(item, key, where)
    elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        yield from _ids_in(_parse(value), key, where)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield from _id_of(str(value).strip(), key, where)


def _ids_in_object(value: Mapping[str, Any], key: str, where: str) -> Iterator[NamedId]:
    condition = value.get("field") if "value" in value else None
    for name, item in value.items():
        place = f"{where}.{name}" if where else name
        yield from _id_of(name, "", place)
        if isinstance(condition, str) and name == "value":
            # {"field": "campaign.id", "operator": "IN", "value": [...]}: the field says what the value is.
            yield from _ids_in(item, _key_of_filter(condition), place)
        elif name in ("id", "ids"):
            # {"custom_audiences": [{"id": ...}]}: the key around it says what it is.
            yield from _ids_in(item, key if kind_of_key(key) else name, place)
        else:
            yield from _ids_in(item, name, place)


def _key_of_filter(field: str) -> str:
    """Return the parameter that a filter's field stands for: `campaign.id` is `campaign_id`."""
    node, _, name = field.rpartition(".")
    return f"{node}_{name}" if name == "id" and node else name


def _id_of(text: str, key: str, where: str) -> Iterator[NamedId]:
    kind = kind_of_key(key)
    says_id = kind is not None or key in ("id", "ids") or key.endswith(("_id", "_ids"))
    for word in _SEPARATORS.split(text):
        if (_ID if says_id else _LONG_ID).fullmatch(word):
            yield NamedId(word, kind or ANY, where or key)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
