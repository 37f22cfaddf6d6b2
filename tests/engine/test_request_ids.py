"""Which ids a request names, wherever they stand in it and however they are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.request_ids import NOT_IDS, ids_of_request
from tests.support.sdk import types_of_parameters

PAGE = "109599103843739"
# The first digit is a JSON escape.
ESCAPED = f'{{"page_id": "\\u0031{PAGE[1:]}"}}'


@pytest.mark.parametrize(
    "params",
    [
        {"page_id": PAGE},
        {"page_id": f'"{PAGE}"'},
        {"page_ids": f"1, {PAGE}"},
        {"promoted_object": {"page_id": int(PAGE)}},
        {"promoted_object": f'{{"page_id": "{PAGE}"}}'},
        {"promoted_object": ESCAPED},
        {"tracking_specs": [{"action.type": ["post_engagement"], "page": [PAGE]}]},
        {"filtering": [{"field": "page.id", "operator": "IN", "value": [PAGE]}]},
        {"nobody_knows": {"this": [[{PAGE: 1}]]}},
        {"nobody_knows": f"({PAGE}|1)"},
        # no JSON, or JSON that says two things
        {"nobody_knows": f"[{PAGE}"},
        {"nobody_knows": f'{{"page_id": "{PAGE}", "page_id": "1"}}'},
        {"nobody_knows": f'"{{\\"page_id\\": \\"{PAGE}\\"}}"'},
        # another spelling of the digits
        {"nobody_knows": f"https://graph.example/{PAGE}?a=1"},
        {"nobody_knows": f"page:{PAGE}.0"},
        {"nobody_knows": float(PAGE)},
        {"nobody_knows": "%31" + PAGE[1:]},
        # an object below a key that holds text
        {"message": {"page_id": PAGE}},
        {"link": [{"page_id": PAGE}]},
        {"description": f'{{"page_id": {PAGE}}}'},
        {"geo_locations": {"custom_audiences": [{"id": PAGE}]}},
        {"interests": [{"id": PAGE}]},
        {"owner_business": PAGE},
        {"promoted_object": {"event_id": PAGE}},
        {"promoted_object": {"user_data": {"page_id": PAGE}}},
        {"upload_tag": PAGE},
        {"daily_budget": PAGE},
        {"start_time": PAGE},
        {"image_hash": PAGE},
        {"fields": f"id,{PAGE}"},
        # a request within a request
        {"adbatch": [{"relative_url": f"{PAGE}/copies"}]},
        {"adbatch": [{"relative_url": f"act_1/ads?page_id={PAGE}"}]},
        {"adbatch": [{"relative_url": "act_1/ads", "body": f"promoted_object=%7B%22page_id%22%3A{PAGE}%7D"}]},
    ],
)
def test_ids_are_found_in_every_form(params: dict[str, Any]) -> None:
    assert PAGE in [entry.object_id for entry in ids_of_request(Request("POST", "act_1/ads", params))]


@pytest.mark.parametrize(
    "params",
    [
        {"name": PAGE},
        {"daily_budget": 1_000_000_000_000, "updated_time": 1_767_225_600_000},
        {"start_time": "1767225600", "time_range": {"since": "20260101"}},
        {"targeting": {"interests": [{"id": "6003139266461"}], "geo_locations": {"zips": [{"key": "US:94304"}]}}},
        {"targeting": {"geo_locations": {"custom_locations": [{"primary_city_id": 2418779, "latitude": 0.1 + 0.2}]}}},
        {"filtering": [{"field": "spent", "operator": "GREATER_THAN", "value": 100_000_000}]},
        {"payload": {"schema": ["EMAIL"], "data": [[PAGE], ["a1234567890123f"]]}},
        {"x": "12 000 000"},
        {"hash_of_something": "4a1234567890123f", "ratio": "0.30000000000000004"},
    ],
)
def test_values_that_are_not_ids_are_skipped(params: dict[str, Any]) -> None:
    assert [entry.object_id for entry in ids_of_request(Request("POST", "act_1/ads", params))] == ["act_1"]


@pytest.mark.parametrize("form", [lambda event: [event], lambda event: json.dumps([json.dumps(event)])])
def test_data_about_orders_names_no_object(form: Callable[[dict[str, Any]], Any]) -> None:
    event = {"event_id": PAGE, "user_data": {"lead_id": int(PAGE)}, "custom_data": {"order_id": PAGE}}
    params = {"data": form(event | {"dataset": "77"}), "upload_tag": PAGE}
    assert [entry.object_id for entry in ids_of_request(Request("POST", "5/events", params))] == ["5", "77"]


@pytest.mark.parametrize("key", ["connections", "page", "post_id", "adaccounts", "fb_page_ids"])
def test_short_ids_of_old_objects_are_found(key: str) -> None:
    params = {key: ["20531316728"]}
    assert [entry.object_id for entry in ids_of_request(Request("POST", "act_1/ads", params))][1:] == params[key]


# Types of the SDK that a text, a number, a time or a file has. `Object` holds objects, whose own keys count.
PLAIN_TYPES = {"string", "int", "unsigned int", "float", "bool", "datetime", "file", "map", "Object"}


def test_parameters_that_hold_no_ids_are_texts_and_numbers_for_the_sdk() -> None:
    types = {key: types_of_parameters().get(key, frozenset()) for key in NOT_IDS}
    simple = {key: {kind.removeprefix("list<").removesuffix(">") for kind in kinds} for key, kinds in types.items()}
    odd = {key: {kind for kind in kinds - PLAIN_TYPES if "enum:" not in kind} for key, kinds in simple.items()}
    assert {key: kinds for key, kinds in odd.items() if kinds} == {}


def test_a_parameter_that_the_sdk_types_as_a_time_may_hold_any_time() -> None:
    names = [key for key, kinds in types_of_parameters().items() if kinds == {"datetime"}]
    request = Request("POST", "act_1/ads", {name: 1_767_225_600 + number for number, name in enumerate(names)})
    wrong = [entry.where for entry in ids_of_request(request)[1:]]
    assert wrong == []


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "ads_archive", False),
        ("POST", "ads_archive", True),
        ("GET", "act_1/ads_archive", True),
        ("GET", "search", True),
    ],
)
def test_only_the_public_search_names_pages_of_anybody(method: Any, path: str, found: bool) -> None:
    page = "102929504917614"
    params = {"search_page_ids": [page], "ad_reached_countries": ["DE"]}
    assert (page in [entry.object_id for entry in ids_of_request(Request(method, path, params))]) is found


def test_every_other_parameter_of_the_public_search_may_hold_an_id() -> None:
    params = {"search_page_ids": ["1"], "account_id": "2", "search_terms": "3"}
    assert [entry.object_id for entry in ids_of_request(Request("GET", "ads_archive", params))] == ["2"]
