"""The sandbox refuses what Graph refuses, in Graph's words, codes and statuses."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from typing import Any

import httpx
import pytest

from meta_ads_mcp.sandbox import SandboxTransport, TokenInfo, World
from meta_ads_mcp.sandbox.versions import live_versions, served_version
from tests.support.fake_transport import FakeTransport

from .conftest import NOW, connect

ACCOUNT = "ACCOUNT"
CASES: list[tuple[str, dict[str, Any], int, int | None, str]] = [
    ("act_1", {}, 100, 33, "does not exist"),
    ("123456", {}, 100, 33, "does not exist"),
    ("me/adaccounts/more", {}, 2500, None, "Unknown path components"),
    (f"{ACCOUNT}/nothing", {}, 100, None, "nonexisting field (nothing) on node type (AdAccount)"),
    (ACCOUNT, {"fields": "daily_spend_limit"}, 100, None, "nonexisting field (daily_spend_limit)"),
    (f"{ACCOUNT}/campaigns", {"fields": "name,opportunity_score"}, 100, None, "node type (Campaign)"),
    (f"{ACCOUNT}/ads", {"fields": "creative{nonsense}"}, 100, None, "(nonsense) on node type (AdCreative)"),
    (f"{ACCOUNT}/ads", {"fields": "creative{object_story_spec{nonsense}}"}, 100, None, "AdCreativeObjectStorySpec"),
    (f"{ACCOUNT}/ads", {"fields": "name{x}"}, 100, None, "nonexisting field (x)"),
    (f"{ACCOUNT}/campaigns", {"fields": "adsets{nonsense}"}, 100, None, "node type (AdSet)"),
    (f"{ACCOUNT}/campaigns", {"fields": "insights{nonsense}"}, 100, None, "node type (AdsInsights)"),
    (f"{ACCOUNT}/campaigns", {"fields": "name,{"}, 2500, None, "Syntax error"),
    (f"{ACCOUNT}/campaigns", {"fields": "adsets.limit(5{name}"}, 2500, None, "Syntax error"),
    (f"{ACCOUNT}/campaigns", {"fields": "name}"}, 2500, None, "Syntax error"),
    (f"{ACCOUNT}/campaigns", {"status_filter": "ACTIVE"}, 100, None, "status_filter"),
    (f"{ACCOUNT}/campaigns", {"effective_status": "ACTIVE"}, 100, None, "effective_status must be valid JSON"),
    (f"{ACCOUNT}/campaigns", {"effective_status": ["RUNNING"]}, 100, None, "must be one of {ACTIVE"),
    (f"{ACCOUNT}/ads", {"effective_status": ["RUNNING"]}, 100, None, "must be one of {ACTIVE"),
    (f"{ACCOUNT}/campaigns", {"effective_status": ["DELETED"]}, 100, 1815001, "Deleted Objects"),
    (f"{ACCOUNT}/campaigns", {"effective_status": {"a": 1}}, 100, None, "must be an array"),
    (f"{ACCOUNT}/campaigns", {"limit": "many"}, 100, None, "limit must be an integer"),
    (f"{ACCOUNT}/campaigns", {"limit": "0"}, 100, None, "limit"),
    (f"{ACCOUNT}/campaigns", {"after": "!!"}, 100, None, "cursor"),
    (f"{ACCOUNT}/campaigns", {"is_completed": "perhaps"}, 100, None, "must be a boolean"),
    (f"{ACCOUNT}/campaigns", {"date_preset": "LAST_7D"}, 100, None, "must be one of"),
    (f"{ACCOUNT}/campaigns", {"filtering": [{"field": "name", "operator": "LIKE", "value": "x"}]}, 100, None, "EQUAL"),
    (f"{ACCOUNT}/campaigns", {"filtering": [{"field": "name", "operator": "IN", "value": "x"}]}, 100, None, "list"),
    (f"{ACCOUNT}/campaigns", {"filtering": [{"operator": "IN", "value": ["x"]}]}, 100, None, "filtering"),
    (f"{ACCOUNT}/campaigns", {"filtering": [{"field": "id", "operator": "IN_RANGE", "value": [1]}]}, 100, None, "two"),
    (f"{ACCOUNT}/adsets", {"date_preset": "last_7d"}, 100, None, "must be one of"),
    (f"{ACCOUNT}/insights", {"level": "ad_set"}, 100, None, "must be one of"),
    (f"{ACCOUNT}/insights", {"fields": "roas"}, 100, None, "nonexisting field (roas)"),
    (f"{ACCOUNT}/insights", {"default_summary": "true", "summary": ["roas"]}, 100, None, "nonexisting field (roas)"),
    (f"{ACCOUNT}/insights", {"time_range": {"since": "2023-01-01", "until": "2023-02-01"}}, 3018, None, "37 months"),
    (f"{ACCOUNT}/insights", {"time_range": {"since": "2026-02-01", "until": "2026-01-01"}}, 100, None, "since"),
    (f"{ACCOUNT}/insights", {"time_range": {"since": "1767225600", "until": "1767225601"}}, 100, None, "YYYY-MM-DD"),
    (f"{ACCOUNT}/insights", {"time_range": {"since": "2026-02-01"}}, 100, None, "since and until"),
    (f"{ACCOUNT}/insights", {"time_increment": "0"}, 100, None, "time_increment"),
    (f"{ACCOUNT}/insights", {"time_increment": "91"}, 100, None, "time_increment"),
    (f"{ACCOUNT}/insights", {"time_increment": "weekly"}, 100, None, "time_increment"),
    (f"{ACCOUNT}/insights", {"date_preset": "lifetime"}, 100, None, "must be one of"),
    (f"{ACCOUNT}/insights", {"breakdowns": "devices"}, 100, None, "must be one of"),
    (f"{ACCOUNT}/insights", {"breakdowns": "age,country"}, 2, 1504041, "invalid"),
    (f"{ACCOUNT}/insights", {"breakdowns": "impression_device"}, 2, 1504041, "invalid"),
    (f"{ACCOUNT}/insights", {"breakdowns": "platform_position"}, 2, 1504041, "invalid"),
    (f"{ACCOUNT}/insights", {"breakdowns": "image_asset"}, 2, 1504041, "account"),
    (f"{ACCOUNT}/insights", {"breakdowns": "age", "action_breakdowns": "action_device"}, 2, 1504041, "invalid"),
    (f"{ACCOUNT}/insights", {"breakdowns": "dma"}, 100, None, "comscore_market"),
    (f"{ACCOUNT}/insights", {"breakdowns": "mmm"}, 100, None, "asynchronous"),
    (f"{ACCOUNT}/campaigns", {"fields": "[name"}, 2500, None, "Syntax error"),
    (f"{ACCOUNT}/campaigns", {"fields": [1]}, 2500, None, "Syntax error"),
    (
        f"{ACCOUNT}/insights",
        {"breakdowns": "hourly_stats_aggregated_by_advertiser_time_zone", "fields": "unique_clicks"},
        100, None, "unique_clicks",
    ),
    (f"{ACCOUNT}/insights", {"sort": ["spend_descending", "clicks_ascending"]}, 100, None, "sort"),
    (f"{ACCOUNT}/insights", {"sort": ["beauty_descending"]}, 100, None, "Sorting field beauty"),
    (f"{ACCOUNT}/insights", {"action_attribution_windows": ["2d_click"]}, 100, None, "must be one of"),
    (f"{ACCOUNT}/reachestimate", {}, 100, None, "targeting_spec is required"),
    (f"{ACCOUNT}/reachestimate", {"targeting_spec": "US"}, 100, None, "must be valid JSON"),
    (f"{ACCOUNT}/reachestimate", {"targeting_spec": {"countries_of_geo": []}}, 100, None, "unknown key"),
    (f"{ACCOUNT}/reachestimate", {"targeting_spec": {"geo_locations": {"country": ["US"]}}}, 100, None, "'country'"),
    (f"{ACCOUNT}/reachestimate", {"targeting_spec": {"age_min": 20}}, 100, 1885364, "Invalid parameter"),
    (f"{ACCOUNT}/delivery_estimate", {"targeting_spec": {}}, 100, None, "optimization_goal"),
    ("search", {"q": "coffee"}, 100, None, "type is required"),
    ("search", {"type": "adinterest"}, 100, None, "q is required"),
    ("search", {"type": "interests", "q": "x"}, 100, None, "must be one of"),
    ("search", {"type": "adTargetingCategory", "class": "work_employers"}, 100, None, "must be one of"),
    ("debug_token", {}, 100, None, "input_token"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
async def test_a_wrong_call_is_refused(
    box: FakeTransport, case: tuple[str, dict[str, Any], int, int | None, str]
) -> None:
    path, params, code, subcode, words = case
    error = await box.error(path.replace(ACCOUNT, box.account()), **params)
    assert error["code"] == code
    assert error.get("error_subcode") == subcode
    assert words in error["message"]
    assert {"message", "type", "code", "fbtrace_id"} <= set(error)


async def test_the_field_to_blame_is_named(box: FakeTransport) -> None:
    error = await box.error(f"{box.account()}/campaigns", limit="many")
    assert error["error_data"] == {"blame_field_specs": [["limit"]]}


@pytest.mark.parametrize(
    ("day", "oldest"),
    [
        (date(2026, 11, 9), "v24.0"),
        (date(2026, 11, 10), "v25.0"),
        (date(2027, 2, 22), "v25.0"),
        (date(2027, 2, 23), "v26.0"),
    ],
)
def test_versions_end_on_the_day_that_meta_names(day: date, oldest: str) -> None:
    assert live_versions(day)[0] == oldest
    assert served_version("v1.0", "v26.0", day) == oldest
    assert served_version(None, "v26.0", day) == "v26.0"


@pytest.mark.parametrize("path", ["", "insights"])
async def test_ids_are_gone_with_a_500(box: FakeTransport, path: str) -> None:
    response = await box.raw("GET", path, ids="1,2")
    assert response.status_code == 500
    assert response.json()["error"]["message"] == "The ids query parameter is deprecated in v26.0+."


async def test_a_write_without_a_handler_says_so(box: FakeTransport) -> None:
    response = await box.raw("POST", f"{box.account()}/agencies", business="1", permitted_tasks=["ANALYZE"])
    assert response.status_code == 400
    assert "does not serve" in response.json()["error"]["message"]


async def test_a_method_that_the_edge_lacks_is_refused(box: FakeTransport) -> None:
    response = await box.raw("POST", f"{box.account()}/ad_studies", name="x")
    assert response.json()["error"]["error_subcode"] == 33


@pytest.mark.parametrize(
    ("headers", "status", "code", "subcode"),
    [
        ({}, 400, 190, None),
        ({"Authorization": "Bearer EAAwrong"}, 401, 190, None),
        ({"Authorization": "Bearer EAAold"}, 401, 190, 463),
        ({"Authorization": "Basic abc"}, 400, 190, None),
    ],
)
async def test_tokens(world: World, headers: dict[str, str], status: int, code: int, subcode: int | None) -> None:
    transport = SandboxTransport(world, clock=lambda: NOW)
    transport.tokens.known["EAAold"] = TokenInfo(world.user_id, expires_at=int(NOW.timestamp()) - 1)
    async with httpx.AsyncClient(transport=transport, base_url="https://any.example/v26.0/") as client:
        response = await client.get("me", headers=headers)
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.json()["error"].get("error_subcode") == subcode


async def test_a_token_may_come_as_a_param(box: FakeTransport) -> None:
    async with httpx.AsyncClient(transport=box.sandbox, base_url="https://graph.facebook.com/v26.0/") as client:
        response = await client.get("me", params={"access_token": box.sandbox.token})
    assert response.json()["id"] == box.world.user_id


@pytest.mark.parametrize(("proof", "status"), [(None, 400), ("0" * 64, 400), ("right", 200)])
async def test_the_proof_of_the_app_secret(world: World, proof: str | None, status: int) -> None:
    transport = SandboxTransport(world, clock=lambda: NOW, app_secret="s3cret")
    right = hmac.new(b"s3cret", transport.token.encode(), hashlib.sha256).hexdigest()
    params = {} if proof is None else {"appsecret_proof": right if proof == "right" else proof}
    async with connect(transport) as client:
        response = await client.get("me", params=params)
    assert response.status_code == status


@pytest.mark.parametrize(
    ("version", "served"),
    [
        ("v27.0", "v27.0"),
        ("v26.0", "v26.0"),
        ("v25.0", "v25.0"),
        ("v24.0", "v25.0"),
        ("v19.0", "v25.0"),
        ("v99.0", "v25.0"),
    ],
)
async def test_a_version_that_is_not_live_is_served_as_the_oldest_live_one(
    box: FakeTransport, version: str, served: str
) -> None:
    response = await box.http.get(f"https://graph.facebook.com/{version}/me")
    assert response.status_code == 200
    assert response.headers["facebook-api-version"] == served


async def test_a_new_app_has_no_method_override_and_no_aliases(world: World) -> None:
    alias = {"fields": "insights.date_preset(yesterday).as(week){spend}"}
    refused = {}
    for new_app in (False, True):
        transport = SandboxTransport(world, clock=lambda: NOW, new_app=new_app)
        async with connect(transport) as client:
            account = f"act_{world.account_ids[0]}"
            answers = [
                await client.post("me", data={"method": "GET"}),
                await client.get(account, params=alias),
                await client.get(account, params={"fields": f"name,campaigns.limit(1){{{alias['fields']}}}"}),
                await client.get("me"),
            ]
            refused[new_app] = [answer.status_code == 400 for answer in answers]
    assert refused == {False: [False] * 4, True: [True, True, True, False]}


async def test_a_dead_version_can_be_refused(box: FakeTransport) -> None:
    box.sandbox.graph.refuse_dead_versions = True
    response = await box.http.get("https://graph.facebook.com/v19.0/me")
    assert response.json()["error"]["code"] == 2635


async def test_too_many_rows_are_refused(box: FakeTransport) -> None:
    box.sandbox.graph.max_insights_rows = 100
    error = await box.error(f"{box.account()}/insights", level="ad", date_preset="yesterday")
    assert (error["code"], error["error_subcode"]) == (100, 1487534)


@pytest.mark.parametrize(
    ("scopes", "method", "status"),
    [(("ads_read",), "GET", 200), (("ads_read",), "POST", 403), (("pages_show_list",), "GET", 403)],
)
async def test_a_missing_scope_is_a_missing_permission(
    world: World, scopes: tuple[str, ...], method: str, status: int
) -> None:
    transport = SandboxTransport(world, clock=lambda: NOW)
    transport.tokens.known[transport.token].scopes = scopes
    async with connect(transport) as client:
        response = await client.request(method, f"act_{world.account_ids[0]}")
        assert (await client.get("me")).status_code == 200
    assert response.status_code == status
    assert response.json().get("error", {}).get("code") == (None if status == 200 else 200)
