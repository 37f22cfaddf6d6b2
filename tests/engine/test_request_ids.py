"""Which ids a request names, wherever they stand in it and however they are written."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.request_ids import ids_of_request

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
    ],
)
def test_ids_are_found_in_every_form(params: dict[str, Any]) -> None:
    assert PAGE in [entry.object_id for entry in ids_of_request(Request("POST", "act_1/ads", params))]


@pytest.mark.parametrize(
    "params",
    [{"name": PAGE}, {"daily_budget": PAGE}, {"targeting": {"interests": [{"id": PAGE}]}}, {"x": "12 000 000"}],
)
def test_values_that_are_not_ids_are_skipped(params: dict[str, Any]) -> None:
    assert [entry.object_id for entry in ids_of_request(Request("POST", "act_1/ads", params))] == ["act_1"]
