"""Errors of Graph as a caller sees them: the kind, the next step, and the wait."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from meta_ads_mcp.errors import GraphError
from meta_ads_mcp.graph.classify import to_ads_error
from tests.support.fake_transport import FakeTransport
from tests.support.scripted_graph import engine
from tests.support.write_cases import ACCOUNT, OFF, OPEN, shop
from tests.support.write_cases import call as write


@pytest.mark.parametrize(
    ("code", "subcode", "words"),
    [
        (100, 1885998, ["is_dynamic_creative", "new ad set"]),
        (100, 1885553, ["is_dynamic_creative", "new ad set", "carousel"]),
        (1885553, None, ["is_dynamic_creative"]),
        (100, 1885154, ["promoted_object.page_id"]),
        (100, 1815715, ["ON_AD"]),
        (100, 1815198, ["frequency_control_specs"]),
        (100, 1504040, ["attribution_spec"]),
        (100, 3858504, ["creative_features_spec"]),
        (100, 2490085, ["191x100"]),
    ],
)
async def test_a_subcode_that_only_users_know_comes_with_what_to_do(
    code: int, subcode: int | None, words: list[str]
) -> None:
    client = shop()
    error = to_ads_error(GraphError(code, "Invalid parameter", subcode, http_status=400))
    client.refuse = lambda request: error if request.method == "POST" else None
    arguments = {"account_id": ACCOUNT, "name": "Ad", "ad_set_id": "201", "creative_id": "401"}
    answer = await write(client, "ads_create_ad", arguments)
    step = answer.structured["error"]["next_step"]
    assert [word for word in words if word not in step] == []


async def test_bid_adjustments_that_an_app_may_not_use_are_a_capability_of_the_app() -> None:
    client = shop()
    error = to_ads_error(
        GraphError(3, "Application does not have the capability to make this API call.", http_status=400)
    )
    client.refuse = lambda request: error if request.method == "POST" else None
    adjustments: dict[str, Any] = {"user_groups": {"gender": {"male": 0.5}}}
    arguments: dict[str, Any] = {
        "account_id": ACCOUNT,
        "campaign_id": OPEN,
        "name": "a",
        "optimization_goal": "REACH",
        "targeting": OFF,
    }
    arguments |= {"billing_event": "IMPRESSIONS", "daily_budget": 5000, "bid_adjustments": adjustments}
    answer = await write(client, "ads_create_ad_set", arguments)
    assert client.writes[-1].params["bid_adjustments"] == adjustments
    found = answer.structured["error"]
    assert (found["kind"], found["code"]) == ("permission", 3)
    assert "capability" in found["next_step"]
    assert "allow-list" in found["next_step"]


@pytest.mark.parametrize("code", [4, 17, 32, 613, *range(80000, 80015)])
async def test_limit_names_its_minutes_and_keeps_the_token(code: int) -> None:
    usage = {"1": [{"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 7}]}
    answers = [
        httpx.Response(
            400,
            json={"error": {"message": "(#4) limit", "type": "OAuthException", "code": code}},
            headers={"x-business-use-case-usage": json.dumps(usage)},
        ),
        httpx.Response(200, json={"data": []}),
    ]
    wire = FakeTransport(lambda request: answers.pop(0) if request.url.path.endswith("/campaigns") else {"id": "act_1"})
    error = (await engine(wire.client).call("ads_get_campaigns", {"account_id": "1"})).structured["error"]
    assert (error["kind"], error["code"], error["retry_after_seconds"]) == ("throttled", code, 7 * 60)
    assert "permission" not in f"{error['message']} {error['next_step']}"
    again = await engine(wire.client).call("ads_get_campaigns", {"account_id": "1"})
    assert not again.is_error
    first, second = (one for one in wire.requests if one.url.path.endswith("/campaigns"))
    assert first.headers["authorization"] == second.headers["authorization"]
