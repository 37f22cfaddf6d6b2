"""Audiences: made as Meta takes them, shared within the allowed accounts, deleted knowingly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meta_ads_mcp.errors import GraphError, UnknownOutcome
from meta_ads_mcp.graph.classify import to_ads_error
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, confirmed, engine, error_of
from tests.tools.audiences.conftest import AUDIENCE

LIST = {"account_id": ACCOUNT, "name": "Customers", "customer_file_source": "USER_PROVIDED_ONLY"}
VISITORS: dict[str, Any] = {
    "inclusions": {
        "operator": "or",
        "rules": [
            {
                "event_sources": [{"id": "55", "type": "pixel"}],
                "retention_seconds": 86400,
                "filter": {
                    "operator": "and",
                    "filters": [{"field": "url", "operator": "i_contains", "value": "shop"}],
                },
            }
        ],
    }
}


async def created(client: ScriptedGraph, arguments: dict[str, Any]) -> dict[str, Any]:
    answer = await engine(client).call("ads_create_custom_audience", arguments)
    assert not answer.is_error, answer.text
    (request,) = client.writes
    assert request.path == f"{ACCOUNT}/customaudiences"
    return dict(request.params)


async def test_a_customer_list(client: ScriptedGraph) -> None:
    assert await created(client, LIST) == {
        "name": "Customers",
        "subtype": "CUSTOM",
        "customer_file_source": "USER_PROVIDED_ONLY",
    }


async def test_labels_and_the_way_out_of_a_list(client: ScriptedGraph) -> None:
    more = {
        "audience_labels": ["HIGH_VALUE_CUSTOMERS", "AT_RISK"],
        "opt_out_link": "https://example.com/leave",
        "use_for_products": ["ADS"],
    }
    assert await created(client, {**LIST, **more}) == {
        "name": "Customers",
        "subtype": "CUSTOM",
        "customer_file_source": "USER_PROVIDED_ONLY",
        **more,
    }


@pytest.mark.parametrize("rule", [VISITORS, json.dumps(VISITORS)])
async def test_a_rule_goes_as_text_and_without_subtype(client: ScriptedGraph, rule: Any) -> None:
    params = await created(client, {"account_id": "1", "name": "Visitors", "rule": rule, "retention_days": 30})
    assert params.keys() == {"name", "rule", "retention_days"}
    assert json.loads(params["rule"]) == VISITORS


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "x"}, "customer_file_source"),
        ({"name": "x", "rule": VISITORS, "subtype": "WEBSITE"}, "2654"),
        ({"name": "x", "subtype": "WEBSITE"}, "rule"),
        ({"name": "x", "rule": VISITORS, "customer_file_source": "USER_PROVIDED_ONLY"}, "customer list"),
        ({"name": "x", "rule": {"inclusion": {}}}, "inclusion"),
        ({"name": "x", "rule": {"inclusions": {"operator": "or", "rules": []}}}, "rules"),
    ],
)
async def test_what_meta_would_refuse_is_not_sent(client: ScriptedGraph, arguments: dict[str, Any], said: str) -> None:
    error = error_of(await engine(client).call("ads_create_custom_audience", {"account_id": "1", **arguments}))
    assert error["kind"] == "invalid_arguments"
    assert said in error["message"]
    assert client.writes == []


async def test_a_refused_key_of_a_rule_is_named_with_the_accepted_ones(client: ScriptedGraph) -> None:
    rule = {"inclusions": {"operator": "or", "rules": [{**VISITORS["inclusions"]["rules"][0], "retention_days": 1}]}}
    error = error_of(
        await engine(client).call("ads_create_custom_audience", {"account_id": "1", "name": "x", "rule": rule})
    )
    assert "retention_days" in error["message"]
    assert "retention_seconds" in error["allowed"]


@pytest.mark.parametrize(
    ("country", "where"),
    [
        ("DE", {"country": "DE"}),
        (["DE"], {"country": "DE"}),
        (["DE", "AT"], {"location_spec": {"geo_locations": {"countries": ["DE", "AT"]}}}),
    ],
)
async def test_a_lookalike(client: ScriptedGraph, country: Any, where: dict[str, Any]) -> None:
    call = {"account_id": "1", "name": "Like", "origin_audience_id": AUDIENCE, "ratio": 0.03, "country": country}
    answer = await engine(client).call("ads_create_lookalike_audience", {**call, "starting_ratio": 0.01})
    assert not answer.is_error, answer.text
    (request,) = client.writes
    spec = json.loads(request.params["lookalike_spec"])
    assert spec == {"ratio": 0.03, "starting_ratio": 0.01, **where}
    assert {**request.params, "lookalike_spec": None} == {
        "name": "Like",
        "subtype": "LOOKALIKE",
        "origin_audience_id": AUDIENCE,
        "lookalike_spec": None,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"ratio": 0.21},
        {"ratio": 0},
        {"ratio": 0.015},
        {"starting_ratio": 0.03},
        {"country": "Germany"},
        {"country": []},
        {"type": "similarity"},
    ],
)
async def test_a_lookalike_of_another_form_is_refused(client: ScriptedGraph, wrong: dict[str, Any]) -> None:
    call = {"account_id": "1", "name": "Like", "origin_audience_id": AUDIENCE, "ratio": 0.03, "country": "DE"}
    error = error_of(await engine(client).call("ads_create_lookalike_audience", {**call, **wrong}))
    assert error["kind"] == "invalid_arguments"
    assert client.sent == []


async def test_a_flagged_audience_is_no_origin(client: ScriptedGraph) -> None:
    client.objects[AUDIENCE]["operation_status"] = {"code": 471}
    call = {"account_id": "1", "name": "Like", "origin_audience_id": AUDIENCE, "ratio": 0.03, "country": "DE"}
    error_of(await engine(client).call("ads_create_lookalike_audience", call))
    assert client.writes == []


@pytest.mark.parametrize(("tool", "method"), [("share", "POST"), ("unshare", "DELETE")])
async def test_sharing_sends_bare_ids(client: ScriptedGraph, tool: str, method: str) -> None:
    client.answers[method, f"{AUDIENCE}/adaccounts"] = lambda request: {"success": True}
    client.objects["act_2"] = {**client.objects[ACCOUNT], "id": "act_2", "account_id": "2"}
    call = {"audience_id": AUDIENCE, "ad_account_ids": ["act_2", "3"]}
    answer = await engine(client).call(f"ads_{tool}_custom_audience", call)
    assert answer.structured["data"]["status"] == "success"
    assert answer.structured["data"]["id"] == AUDIENCE
    (request,) = client.writes
    assert (request.method, request.path, dict(request.params)) == (
        method,
        f"{AUDIENCE}/adaccounts",
        {"adaccounts": ["2", "3"]},
    )
    assert "undo" not in answer.structured["summary"].lower()


@pytest.mark.parametrize(
    ("body", "kind"), [({}, "unknown_outcome"), ({"success": False}, "api"), ({"success": "true"}, "api")]
)
async def test_sharing_without_success_has_failed(client: ScriptedGraph, body: dict[str, Any], kind: str) -> None:
    client.answers["POST", f"{AUDIENCE}/adaccounts"] = lambda request: body
    call = {"audience_id": AUDIENCE, "ad_account_ids": ["2"]}
    assert error_of(await engine(client).call("ads_share_custom_audience", call))["kind"] == kind


@pytest.mark.parametrize("tool", ["share", "unshare"])
async def test_the_allowed_accounts_hold_for_the_other_side_too(client: ScriptedGraph, tool: str) -> None:
    server = engine(client, accounts=("act_1",))
    call = {"audience_id": AUDIENCE, "ad_account_ids": ["act_1", "act_2"]}
    assert error_of(await server.call(f"ads_{tool}_custom_audience", call))["kind"] == "denied"
    assert client.writes == []


async def test_a_lost_share_is_an_unknown_outcome(client: ScriptedGraph) -> None:
    client.answers["POST", f"{AUDIENCE}/adaccounts"] = lambda request: {"success": True}
    client.lose = lambda request: UnknownOutcome("lost")
    error = error_of(
        await engine(client).call("ads_share_custom_audience", {"audience_id": AUDIENCE, "ad_account_ids": ["2"]})
    )
    assert error["kind"] == "unknown_outcome"
    assert {request.path for request in client.sent if request.method == "GET"} == {AUDIENCE, ACCOUNT}


async def test_a_deletion_says_which_ads_use_the_audience(client: ScriptedGraph) -> None:
    client.objects["900"] = {"id": "900", "effective_status": "ACTIVE"}
    client.edges[f"{AUDIENCE}/ads"] = ["900"]
    server = engine(client)
    pending = await server.call("ads_delete_custom_audience", {"audience_id": AUDIENCE})
    assert any("900 (ACTIVE)" in note for note in pending.structured["notes"])
    answer = await confirmed(server, "ads_delete_custom_audience", {"audience_id": AUDIENCE})
    assert answer.structured["data"]["status"] == "success"
    assert AUDIENCE not in client.objects


async def test_a_lookalike_of_a_list_that_is_not_matched_yet_works_later(client: ScriptedGraph) -> None:
    client.objects[AUDIENCE]["approximate_count_upper_bound"] = 20
    call = {"account_id": ACCOUNT, "name": "L", "origin_audience_id": AUDIENCE, "ratio": 0.01, "country": ["DE"]}
    answer = await engine(client).call("ads_create_lookalike_audience", {**call, "dry_run": True})
    assert any("until it has more" in note for note in answer.structured["notes"])
    error = GraphError(2654, "Failed to create lookalike: the seed audience has too few people", http_status=400)
    assert "works later" in to_ads_error(error).next_step
    assert "will be refused again" not in to_ads_error(error).next_step
