"""Searches for targeting: interests, places, and empty queries."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (["Yoga"], {"interest_list": ["Yoga"]}),
        (["6003306084421"], {"interest_fbid_list": ["6003306084421"]}),
        (
            ["Yoga", "6003306084421", "2048"],
            {"interest_list": ["Yoga", "2048"], "interest_fbid_list": ["6003306084421"]},
        ),
    ],
)
async def test_interests_are_validated_by_name_and_by_id(given: list[str], sent: dict[str, Any]) -> None:
    found = [{"name": "Yoga", "valid": True}, {"name": "2048", "valid": False}]
    scripted = ScriptedGraph({"search": rows(*found)})
    answer = await call(scripted, "ads_get_interest_suggestions", interest_list=given, only_validate=True)
    assert scripted.params("search") == {"type": "adinterestvalid", **sent, "limit": len(given)}
    assert [row["valid"] for row in answer.structured["data"]] == [True, False]
    assert answer.text == f"1 of {len(given)} can be targeted."


async def test_the_demo_knows_which_interests_are_valid(demo: SandboxEngine) -> None:
    suggested = await demo.data("ads_search_interests", query="yoga")
    asked = ["Yoga", suggested[0]["id"], "Nothing such"]
    data = await demo.data("ads_get_interest_suggestions", interest_list=asked, only_validate=True)
    assert sorted(row["valid"] for row in data) == [False, True, True]


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [({}, None), ({"location_types": ["zip"]}, ["zip"]), ({"location_types": '["city","zip"]'}, ["city", "zip"])],
)
async def test_kinds_of_places_are_sent_only_when_given(arguments: dict[str, Any], sent: list[str] | None) -> None:
    scripted = ScriptedGraph({"search": rows()})
    await call(scripted, "ads_search_geo_locations", query="10115", **arguments)
    assert scripted.params("search").get("location_types") == sent


@pytest.mark.parametrize("query", ["", "  "])
@pytest.mark.parametrize("tool", ["ads_search_interests", "ads_search_geo_locations", "ads_search_behaviors"])
async def test_an_empty_word_is_searched_for_by_no_tool(tool: str, query: str) -> None:
    assert "must not be blank" in (await refused_unsent(tool, query=query))["message"]


@pytest.mark.parametrize(
    ("tool", "names"),
    [("ads_search_geo_locations", ["New York", "New Jersey"]), ("ads_search_interests", ["hiking", "yoga"])],
)
async def test_several_names_are_searched_in_one_call(demo: SandboxEngine, tool: str, names: list[str]) -> None:
    data = await demo.data(tool, query="; ".join([*names, ""]), limit=2)
    assert list(dict.fromkeys(row["query"] for row in data)) == names
    for name in names:
        found = [{key: row[key] for key in row if key != "query"} for row in data if row["query"] == name]
        assert found == await demo.data(tool, query=name, limit=2)
