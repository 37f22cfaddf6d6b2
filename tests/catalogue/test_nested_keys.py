"""A key inside an argument that nobody declared is refused before anything is sent, with those that are accepted."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.schema import input_schema
from tests.support.every_tool import each
from tests.support.sandbox_engine import build_writer
from tests.support.write_examples import WRITES, valid

STRANGE = "no_such_key"
# A map whose keys are the caller's own; rows of which each is refused by itself (tests/tools/bulk).
OPEN = {
    # Meta documents no keys, and the SDK has no class.
    "ads_apply_recommendation": {"extra_data"},
    "ads_update_account_controls": {"placement_controls_per_objective"},
    "ads_catalog_create_product_set": {"filter"},
    "ads_create_lead_form": {"tracking_parameters"},
    "ads_bulk_update": {"edits"},
    "ads_copy_to_account": {"mapping"},
}
# Expressions whose keys are words of a language of Meta's: refused, and told what it expects instead of a list.
EXPRESSIONS = {
    "ads_create_custom_conversion": {"rule"},
    # Values to map have any key.
    "ads_catalog_create_feed_rule": {"params"},
}


def spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every object inside the arguments."""
    if isinstance(value, dict):
        if path:
            yield path
        for key, inner in value.items():
            yield from spots(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from spots(inner, (*path, index))


def spoilt(arguments: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    made = copy.deepcopy(arguments)
    place: Any = made
    for step in path:
        place = place[step]
    place[STRANGE] = 1
    return made


def strangers(tool: Any) -> Iterator[tuple[str, Any]]:
    """Each argument that takes an object or a list of objects, with a strange one."""
    for name, schema in input_schema(tool.params)["properties"].items():
        if name in OPEN.get(tool.name, ()):
            continue
        if schema.get("type") == "object":
            yield name, {STRANGE: 1}
        elif schema.get("type") == "array" and schema.get("items", {}).get("type") == "object":
            yield name, [{STRANGE: 1}]


@each(WRITES)
async def test_a_strange_key_inside_an_argument_is_refused_unsent(tool: Any, tmp_path: Path) -> None:
    made = build_writer(upload_roots=(str(tmp_path),))
    given = await valid(made, tool, tmp_path)
    made.sandbox.log.clear()
    tries = [spoilt(given, path) for path in spots(given) if path[0] not in OPEN.get(tool.name, ())]
    tries += [{**given, name: strange} for name, strange in strangers(tool) if name not in given]
    for arguments in tries:
        answer = await made.call(tool.name, arguments)
        assert answer.is_error, arguments
        error = answer.structured["error"]
        assert error["kind"] == "invalid_arguments", arguments
        assert error.get("allowed") or tool.name in EXPRESSIONS, (arguments, error)
    assert made.sandbox.log == []


@pytest.mark.parametrize("place", ["geo_locations", "excluded_geo_locations"])
async def test_places_of_an_audience(place: str) -> None:
    made = build_writer()
    spec = {"geo_locations": {"countries": ["US"]}} | {place: {"country": ["US"]}}
    answer = await made.call("ads_update_ad_set", {"ad_set_id": made.ids["ad_set"], "targeting": spec})
    assert "countries" in answer.structured["error"]["allowed"]
    assert made.sandbox.log == []
