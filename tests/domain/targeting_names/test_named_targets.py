"""Names of places, interests and languages become ids in the arguments of every tool that takes a targeting."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.params import marker
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.domain.targeting import HoldsTargeting
from meta_ads_mcp.domain.targeting_names.named_targets import _holds_targeting as holds_targeting
from meta_ads_mcp.errors import NetworkProblem
from tests.support.elicitors import Person
from tests.support.every_tool import TOOLS
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, account_graph, engine

TOKYO = {"key": "2700000", "name": "Tokyo", "country": "JP"}
PARIS, PARIS_IN_TEXAS = "2701110", "2703256"
HIKING = {"id": "6003000100000", "name": "Hiking"}
NAMES = {"geo_locations": {"cities": ["Tokyo"]}, "interests": ["hiking"]}


@pytest.fixture(scope="module")
def desk() -> SandboxEngine:
    return build_writer()


async def sent_targeting(desk: SandboxEngine, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The targeting that a plan for a new ad set has."""
    data = await desk.data("ads_create_ad_set", **ad_set(desk, spec), dry_run=True)
    targeting: dict[str, Any] = data["plan"][0]["parameters"]["targeting"]
    del targeting["targeting_automation"]
    return targeting


def ad_set(desk: SandboxEngine, spec: Mapping[str, Any]) -> dict[str, Any]:
    campaign = {"account_id": desk.account, "campaign_id": desk.ids["unbudgeted"], "daily_budget": "20 USD"}
    eu = {"dsa_beneficiary": "Shop", "dsa_payor": "Shop"}
    return {**campaign, **eu, "name": "S", "optimization_goal": "LINK_CLICKS", "targeting": spec}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (NAMES, {"geo_locations": {"cities": [TOKYO]}, "interests": [HIKING]}),
        ({"geo_locations": {"cities": "Tokyo"}}, {"geo_locations": {"cities": [TOKYO]}}),
        ({"geo_locations": {"cities": [" TOKYO "]}}, {"geo_locations": {"cities": [TOKYO]}}),
        ({"geo_locations": {"cities": ["東京"]}}, {"geo_locations": {"cities": [TOKYO]}}),
        ({"geo_locations": {"cities": ["Tokyo, Japan"]}}, {"geo_locations": {"cities": [TOKYO]}}),
        ({"geo_locations": {"cities": [{"key": "Tokyo"}]}}, {"geo_locations": {"cities": [TOKYO]}}),
        (
            {"geo_locations": {"cities": [{"name": "Tokyo", "country": "JP", "radius": 9, "distance_unit": "mile"}]}},
            {"geo_locations": {"cities": [{**TOKYO, "radius": 9, "distance_unit": "mile"}]}},
        ),
        (
            {"geo_locations": {"regions": ["Bayern"]}},
            {"geo_locations": {"regions": [{"key": "1111", "name": "Bayern", "country": "DE"}]}},
        ),
        (
            {"geo_locations": {"zips": ["90210"]}},
            {"geo_locations": {"zips": [{"key": "US:90210", "name": "90210", "country": "US"}]}},
        ),
        ({"geo_locations": {"countries": ["Japan", "us", "UK"]}}, {"geo_locations": {"countries": ["JP", "US", "GB"]}}),
        (
            {"geo_locations": {"countries": ["DE"]}, "locales": ["Spanish", 5]},
            {"geo_locations": {"countries": ["DE"]}, "locales": [23, 5]},
        ),
        (
            {"geo_locations": {"countries": ["DE"]}, "flexible_spec": [{"interests": [{"name": "Football"}]}]},
            {"geo_locations": {"countries": ["DE"]}, "flexible_spec": [{"interests": [("Football (soccer)",)]}]},
        ),
        (
            {"geo_locations": {"countries": ["DE"]}, "flexible_spec": [{"behaviors": ["commuters"]}]},
            {"geo_locations": {"countries": ["DE"]}, "flexible_spec": [{"behaviors": [("Commuters",)]}]},
        ),
    ],
)
async def test_a_name_beyond_doubt_becomes_an_id(
    desk: SandboxEngine, spec: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert without_new_ids(await sent_targeting(desk, spec), expected) == expected


def without_new_ids(value: Any, expected: Any) -> Any:
    """The value with `(name,)` for an option where the expected one leaves its id open."""
    if isinstance(expected, tuple):
        assert str(value["id"]).isdecimal()
        return (value["name"],)
    if isinstance(value, dict) and isinstance(expected, dict):
        return {key: without_new_ids(item, expected.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(expected, list) and len(value) == len(expected):
        return [without_new_ids(*pair) for pair in zip(value, expected, strict=True)]
    return value


@pytest.mark.parametrize(
    "spec",
    [
        {"geo_locations": {"cities": [TOKYO], "countries": ["DE"], "country_groups": ["europe"]}},
        {"geo_locations": {"zips": [{"key": "US:90210"}], "geo_markets": [{"key": "DMA:807"}]}},
        {"geo_locations": {"countries": ["XK"]}, "interests": [HIKING, "6003000100000"], "locales": [6]},
        {"geo_locations": {"countries": ["DE"]}, "custom_audiences": [{"id": "123"}]},
    ],
)
async def test_ids_stay_as_they_are_and_nothing_is_searched(spec: dict[str, Any]) -> None:
    graph = account_graph()
    answer = await engine(graph).call("ads_create_ad_set", {**SCRIPTED, "targeting": spec, "dry_run": True})
    targeting = answer.structured["data"]["plan"][0]["parameters"]["targeting"]
    assert {name: targeting[name] for name in spec} == spec
    assert not any(request.path == "search" for request in graph.sent)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (
            {"geo_locations": {"cities": ["Paris"]}},
            ["geo_locations.cities[0]", PARIS, PARIS_IN_TEXAS, "France", "Texas", '"Paris, FR"'],
        ),
        ({"geo_locations": {"cities": ["Paris, Ohio"]}}, ["no city is named"]),
        ({"geo_locations": {"cities": [{"name": "Springfield", "country": "US"}]}}, ["Illinois", "Missouri"]),
        ({"geo_locations": {"cities": ["Toky"]}}, ["no city is named", "similar: Tokyo", "ads_search_geo_locations"]),
        ({"geo_locations": {"cities": ["Bayern"]}}, ["no city is named"]),
        ({"geo_locations": {"cities": ["Qwxyz"]}}, ["no city is named"]),
        ({"geo_locations": {"countries": ["Scotland"]}}, ["is not a country"]),
        ({"geo_locations": {"countries": [49]}}, ["is not a country"]),
        ({"excluded_geo_locations": {"cities": ["Paris"]}}, ["excluded_geo_locations.cities[0]"]),
        ({"interests": ["hik"]}, ["similar: Hiking", "ads_search_interests"]),
        ({"flexible_spec": [{}, {"behaviors": ["flying"]}]}, ["flexible_spec[1].behaviors[0]", "ads_search_behaviors"]),
        ({"custom_audiences": ["Visitors"]}, ["custom_audiences[0]", "ads_get_custom_audiences"]),
        ({"excluded_custom_audiences": [{"name": "Buyers"}]}, ["excluded_custom_audiences[0]"]),
        ({"geo_locations": {"cities": [f"City {number}" for number in range(51)]}}, ["51 names"]),
    ],
)
async def test_a_doubtful_name_is_refused_with_candidates_before_anything_is_sent(
    desk: SandboxEngine, spec: dict[str, Any], words: list[str]
) -> None:
    desk.sandbox.log.clear()
    places = {"geo_locations": {"countries": ["US"]}}
    error = await desk.refused("ads_create_ad_set", **ad_set(desk, places | spec), dry_run=True)
    assert error["kind"] == "invalid_arguments"
    missing = [word for word in words if word not in f"{error['message']} {error['next_step']}"]
    assert not missing, error
    assert {entry.path for entry in desk.sandbox.log} <= {"search", desk.account}


# ---- every tool that takes a targeting


def in_tree(desk: SandboxEngine) -> dict[str, Any]:
    entry = {"name": "S", "optimization_goal": "LINK_CLICKS", "daily_budget": "20 USD"}
    campaign = {"name": "C", "objective": "OUTCOME_TRAFFIC", "ad_sets": [entry, {**entry, "targeting": NAMES}]}
    return {"plan": {"campaigns": [campaign]}, "defaults": {"ad_set": {"targeting": NAMES}}, "dry_run": True}


def in_clone(desk: SandboxEngine) -> dict[str, Any]:
    new = {"name": "New", "geo_override": NAMES["geo_locations"]}
    return {"source_ad_set_id": desk.ids["ad_set"], "target_ad_set": new, "dry_run": True}


def in_boost(desk: SandboxEngine) -> dict[str, Any]:
    post = {"page_post_id": desk.ids["page_post"], "daily_budget": "9 USD"}
    return {**post, "targeting": NAMES, "dry_run": True, "idempotency_key": "boost"}


def in_quote(desk: SandboxEngine) -> dict[str, Any]:
    quote = {"action": "quote", "budget": "5000.00 USD", "objective": "REACH", "destination_ids": [desk.ids["page"]]}
    days = {"start_time": "2026-12-10T00:00:00", "stop_time": "2026-12-20T00:00:00"}
    return {**quote, **days, "targeting": NAMES, "dry_run": True, "idempotency_key": "quote"}


CALLS: dict[str, Callable[[SandboxEngine], dict[str, Any]]] = {
    "ads_estimate_audience_size": lambda desk: {"targeting_spec": NAMES},
    "ads_get_targeting_description": lambda desk: {"targeting_spec": NAMES, "hide_targeting_spec_from_return": False},
    "ads_create_ad_set": lambda desk: {**ad_set(desk, NAMES), "dry_run": True},
    "ads_update_ad_set": lambda desk: {"ad_set_id": desk.ids["ad_set"], "targeting": NAMES, "dry_run": True},
    "ads_clone_ad_set_bundle": in_clone,
    "ads_bulk_create": in_tree,
    "ads_boost_ig_post": in_boost,
    "ads_create_reach_frequency_prediction": in_quote,
    "ads_update_account_controls": lambda desk: {
        "audience_controls": {"geo_locations": NAMES["geo_locations"], "exclusions": {"interests": ["hiking"]}},
        "dry_run": True,
    },
}


def test_every_tool_with_a_targeting_is_called_below() -> None:
    assert {tool.name for tool in TOOLS if holds_targeting(tool.params)} == CALLS.keys()


def test_every_argument_with_the_name_of_a_targeting_is_marked() -> None:
    fields = [(tool.name, name, info) for tool in TOOLS for name, info in tool.params.model_fields.items()]
    unmarked = [
        (tool, name)
        for tool, name, info in fields
        if ("targeting" in name or "geo_" in name) and "dict" in str(info.annotation)
        if marker(info, HoldsTargeting) is None
    ]
    assert not unmarked


@pytest.mark.parametrize("tool", CALLS)
async def test_no_name_reaches_graph(desk: SandboxEngine, tool: str) -> None:
    desk.sandbox.log.clear()
    arguments = CALLS[tool](desk)
    account = {} if tool == "ads_update_ad_set" else {"account_id": desk.account}
    answer = await desk.call(tool, {**account, **arguments}, Person(True))
    assert not answer.is_error, answer.text
    params = [json.dumps(entry.params) for entry in desk.sandbox.log if not entry.path.startswith("search")]
    assert '"Tokyo"]' not in str(params).replace("\\", "")
    assert '"hiking"' not in str(params).replace("\\", "")
    assert TOKYO["key"] in f"{params} {answer.structured}"
    assert any('"Tokyo" is Tokyo' in note for note in answer.structured["notes"])


async def test_a_repeated_call_with_names_creates_nothing_twice(desk: SandboxEngine) -> None:
    call = {**ad_set(desk, NAMES), "idempotency_key": "names"}
    first, second = [await desk.done("ads_create_ad_set", **call) for _ in range(2)]
    assert first["id"] == second["id"]


# ---- answers of Graph's search

SCRIPTED = {
    "account_id": "act_1",
    "campaign_id": "101",
    "name": "S",
    "optimization_goal": "LINK_CLICKS",
}


def city(key: str, name: str, **more: str) -> dict[str, str]:
    return {"key": key, "name": name, "type": "city", "country_code": "FR", **more}


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ([city("1", "Lyon")], "1"),
        ([city("1", "Lyon"), city("2", "Lyons-la-Forêt")], "1"),
        ([city("1", "Lyon"), city("2", "Lyon", type="region")], "1"),
        ([city("1", "Λυών")], "1"),
        ([city("1", "Lyon"), city("2", "LYON")], None),
        ([city("1", "Lyons")], None),
        ([city("1", "Λυών"), city("2", "Λιόν")], None),
        ([{"name": "Lyon", "type": "city"}], None),
        ([], None),
    ],
)
async def test_only_one_option_of_the_name_is_chosen(rows: list[dict[str, str]], key: str | None) -> None:
    graph = searching(lambda request: {"data": rows})
    answer = await engine(graph).call("ads_create_ad_set", {**SCRIPTED, "targeting": LYON, "dry_run": True})
    assert answer.is_error == (key is None), answer.text
    if key is not None:
        targeting = answer.structured["data"]["plan"][0]["parameters"]["targeting"]
        assert [entry["key"] for entry in targeting["geo_locations"]["cities"]] == [key]


LYON = {"geo_locations": {"cities": ["Lyon"]}}


async def test_a_search_that_fails_fails_the_call_and_nothing_is_sent() -> None:
    graph = searching(lambda request: {"data": []})
    graph.refuse = lambda request: NetworkProblem("not reached") if request.path == "search" else None
    answer = await engine(graph).call("ads_create_ad_set", {**SCRIPTED, "targeting": LYON})
    assert answer.structured["error"]["kind"] == "network"
    assert not any(request.method == "POST" for request in graph.sent)


async def test_a_name_that_means_something_else_by_now_creates_nothing_more(tmp_path: Path) -> None:
    graph = searching(lambda request: {"data": [city(str(len(graph.sent)), "Lyon")]})
    call = {**SCRIPTED, "targeting": LYON, "idempotency_key": "k"}
    first = await engine(graph, state_dir=tmp_path).call("ads_create_ad_set", call)
    assert not first.is_error, first.text
    again = await engine(graph, state_dir=tmp_path).call("ads_create_ad_set", call)
    assert again.structured["error"]["kind"] == "invalid_arguments"
    assert sum(request.path == "act_1/adsets" and request.method == "POST" for request in graph.sent) == 1, again.text


def searching(answer: Callable[[Request], Any]) -> ScriptedGraph:
    graph = account_graph()
    graph.answers["GET", "search"] = answer
    return graph
