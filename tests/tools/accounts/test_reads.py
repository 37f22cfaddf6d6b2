"""What a user may expect of a read: the request as Graph gets it, the figures, and what an error means."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from meta_ads_mcp.errors import GraphError
from meta_ads_mcp.graph.error_table import to_ads_error
from tests.support.demo import Demo
from tests.support.fake_graph import StillClock, graph
from tests.support.scripted_graph import Scripted, call, engine, refused_unsent, rows
from tests.support.transport import Wire
from tests.support.write_cases import ACCOUNT, CAMPAIGN, OFF, OPEN, shop
from tests.support.write_cases import call as write

WEEK = {"since": "2026-10-01", "until": "2026-10-07"}


# ---- accounts


@pytest.mark.parametrize(
    ("country", "required"), [("DE", True), ("RE", True), ("US", False), ("GB", False), (None, None)]
)
async def test_an_account_says_whether_the_dsa_asks_something_of_it(country: str | None, required: bool | None) -> None:
    shown = {"business_country_code": country} if country else {}
    scripted = Scripted({"act_1": {"id": "act_1", "account_id": "1", "currency": "EUR", **shown}})
    data = (await call(scripted, "ads_get_account_info", account_id="1")).structured["data"]
    assert data.get("dsa_required") is required
    assert "business_country_code" in scripted.fields("act_1")


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [("USD", 12345, "123.45"), ("JPY", 12345, "12345"), ("KRW", 7, "7"), ("CLP", 990, "990"), ("HUF", 100, "100")],
)
async def test_amounts_are_in_the_currencys_own_unit(currency: str, minor: int, amount: str) -> None:
    row = {"id": "act_1", "account_id": "1", "currency": currency, "amount_spent": str(minor), "balance": str(minor)}
    data = (await call(Scripted({"act_1": row}), "ads_get_account_info", account_id="1")).structured["data"]
    assert data["amount_spent"] == data["balance"] == {"minor": minor, "amount": amount, "currency": currency}


@pytest.mark.parametrize(
    ("currency", "given", "minor", "amount"),
    [
        ("USD", "50.00 USD", 5000, "50.00"),
        ("USD", 5000, 5000, "50.00"),
        ("JPY", "5000 JPY", 5000, "5000"),
        ("JPY", 5000, 5000, "5000"),
    ],
)
async def test_a_budget_may_be_said_in_either_unit_and_is_echoed_in_both(
    currency: str, given: int | str, minor: int, amount: str
) -> None:
    client = graph(StillClock(), currency)
    client.objects[CAMPAIGN]["daily_budget"] = "4000"
    answer = await write(client, "ads_update_campaign", {"campaign_id": CAMPAIGN, "daily_budget": given})
    assert [str(request.params["daily_budget"]) for request in client.writes] == [str(minor)]
    changed = answer.structured["data"]["changes"]["daily_budget"]
    assert changed["after"] == {"minor": minor, "amount": amount, "currency": currency}


@pytest.mark.parametrize(
    ("arguments", "count", "requests"),
    [({}, 60, 3), ({"limit": 500}, 60, 3), ({"limit": 40}, 40, 2), ({"limit": 10}, 10, 1)],
)
async def test_the_list_of_accounts_follows_short_pages(arguments: dict[str, Any], count: int, requests: int) -> None:
    accounts = [{"id": f"act_{number}", "account_id": str(number), "currency": "EUR"} for number in range(60)]

    def page(request: Any) -> Any:
        start = int(request.params.get("after") or 0)
        stop = start + min(20, request.params["limit"])
        return rows(*accounts[start:stop], after=str(stop) if stop < len(accounts) else None)

    scripted = Scripted({"me/adaccounts": page})
    answer = (await call(scripted, "ads_get_ad_accounts", **arguments)).structured
    assert [row["id"] for row in answer["data"]] == [row["id"] for row in accounts[:count]]
    assert answer["page"]["has_more"] is (count < 60)
    assert answer["page"].get("after") == (str(count) if count < 60 else None)
    assert len(scripted.asked) == requests


# ---- ad sets

REGIONAL = {
    "regional_regulated_categories": ["SINGAPORE_UNIVERSAL"],
    "regional_regulation_identities": {"singapore_universal_beneficiary": "7"},
}


@pytest.mark.parametrize(
    ("tool", "arguments", "path"),
    [
        ("ads_get_ad_sets", {"account_id": "1"}, "act_1/adsets"),
        ("ads_get_ad_sets", {"campaign_id": "5"}, "5/adsets"),
        ("ads_get_ad_entities", {"entity_type": "ad_set", "parent_id": "5"}, "5/adsets"),
        ("ads_get_ad_set_details", {"ad_set_id": "9"}, "9"),
    ],
)
async def test_every_read_of_ad_sets_asks_for_what_cannot_be_changed_later(
    tool: str, arguments: dict[str, Any], path: str
) -> None:
    row = {"id": "9", "account_id": "1", "effective_status": "ACTIVE", "is_dynamic_creative": True, **REGIONAL}
    scripted = Scripted({path: rows(row) if "/" in path else row})
    data = (await call(scripted, tool, **arguments)).structured["data"]
    shown = data[0] if "/" in path else data
    assert {name: shown[name] for name in REGIONAL} == REGIONAL
    assert shown["is_dynamic_creative"] is True
    assert {*REGIONAL, "is_dynamic_creative"} <= set(scripted.fields(path))


# ---- errors


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
    error, _ = to_ads_error(GraphError(code, "Invalid parameter", subcode, http_status=400))
    client.refuse = lambda request: error if request.method == "POST" else None
    arguments = {"account_id": ACCOUNT, "name": "Ad", "ad_set_id": "201", "creative_id": "401"}
    answer = await write(client, "ads_create_ad", arguments)
    step = answer.structured["error"]["next_step"]
    assert [word for word in words if word not in step] == []


async def test_bid_adjustments_that_an_app_may_not_use_are_a_capability_of_the_app() -> None:
    client = shop()
    error, _ = to_ads_error(
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
async def test_a_limit_is_told_with_its_minutes_and_costs_no_token(code: int) -> None:
    usage = {"1": [{"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 7}]}
    answers = [
        httpx.Response(
            400,
            json={"error": {"message": "(#4) limit", "type": "OAuthException", "code": code}},
            headers={"x-business-use-case-usage": json.dumps(usage)},
        ),
        httpx.Response(200, json={"data": []}),
    ]
    wire = Wire(lambda request: answers.pop(0) if request.url.path.endswith("/campaigns") else {"id": "act_1"})
    error = (await engine(wire.client).call("ads_get_campaigns", {"account_id": "1"})).structured["error"]
    assert (error["kind"], error["code"], error["retry_after_seconds"]) == ("throttled", code, 7 * 60)
    assert "permission" not in f"{error['message']} {error['next_step']}"
    again = await engine(wire.client).call("ads_get_campaigns", {"account_id": "1"})
    assert not again.is_error
    first, second = (one for one in wire.requests if one.url.path.endswith("/campaigns"))
    assert first.headers["authorization"] == second.headers["authorization"]


# ---- insights


@pytest.mark.parametrize(
    ("arguments", "sent", "absent"),
    [
        ({}, {"limit": 100, "date_preset": "last_30d"}, ["after", "level", "time_range"]),
        ({"limit": 50, "after": ""}, {"limit": 50}, ["after"]),
        ({"after": "abc"}, {"after": "abc"}, []),
        (
            {"level": "campaign", "date_preset": "last_7d"},
            {"level": "campaign", "date_preset": "last_7d"},
            ["time_range"],
        ),
        ({"time_range": WEEK}, {"time_range": WEEK}, ["date_preset"]),
        ({"time_range": json.dumps(WEEK)}, {"time_range": WEEK}, ["date_preset"]),
        ({"breakdowns": ["media_type"]}, {"breakdowns": ["media_type"], "action_breakdowns": []}, []),
        ({"action_attribution_windows": ["1d_click"]}, {"action_attribution_windows": ["1d_click"]}, []),
        ({"fields": ["spend"]}, {}, []),
    ],
)
async def test_insights_are_asked_for_with_what_was_given(
    arguments: dict[str, Any], sent: dict[str, Any], absent: list[str]
) -> None:
    scripted = Scripted({"act_1/insights": rows({"spend": "1"}, after="next")})
    answer = await call(scripted, "ads_get_insights", object_id="act_1", **arguments)
    params = scripted.params("act_1/insights")
    assert {name: params.get(name) for name in sent} == sent
    assert [name for name in absent if name in params] == []
    assert answer.structured["page"] == {"count": 1, "has_more": True, "after": "next"}


@pytest.mark.parametrize(("window", "dead"), [("7d_view", True), ("28d_view", True), ("1d_view", False)])
async def test_a_window_that_gives_nothing_any_more_is_asked_for_and_told(window: str, dead: bool) -> None:
    scripted = Scripted({"act_1/insights": rows({"spend": "1"})})
    answer = await call(scripted, "ads_get_insights", object_id="act_1", action_attribution_windows=[window])
    assert scripted.params("act_1/insights")["action_attribution_windows"] == [window]
    assert any(window in note and "2026-01-12" in note for note in answer.structured.get("notes", ())) is dead


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ads_get_insights", {"level": "campaign"}),
        ("ads_insights_performance_trend", {}),
        ("ads_insights_anomaly_signal", {}),
    ],
)
async def test_the_days_and_the_rates_are_asked_for_by_name(tool: str, arguments: dict[str, Any]) -> None:
    """A Graph that gives no more than it is asked for still gives a complete row."""
    account = {"id": "act_1", "account_id": "1", "currency": "EUR", "timezone_name": "UTC"}
    scripted = Scripted({"act_1": account, "act_1/insights": rows()})
    await call(scripted, tool, object_id="act_1", **arguments)
    wanted = {"date_start", "date_stop", "account_currency", "ctr", "cpc", "cpm", "frequency"}
    assert wanted <= set(scripted.fields("act_1/insights"))


@pytest.mark.parametrize("tool", ["ads_get_insights", "ads_create_async_report"])
async def test_a_period_longer_than_meta_keeps_is_refused_unsent(tool: str) -> None:
    error = await refused_unsent(tool, object_id="act_1", time_range={"since": "2021-01-01", "until": "2026-06-30"})
    assert "37 months" in error["message"]


@pytest.mark.parametrize("missing", ["since", "until"])
async def test_half_a_period_is_refused_unsent(missing: str) -> None:
    half = {name: day for name, day in WEEK.items() if name != missing}
    error = await refused_unsent("ads_get_insights", object_id="act_1", time_range=half)
    assert f"time_range.{missing}" in error["message"]


@pytest.mark.parametrize(("count", "offered", "cut"), [(99, False, False), (100, True, False), (1000, True, True)])
async def test_many_rows_are_capped_with_a_note_and_a_report_is_offered(count: int, offered: bool, cut: bool) -> None:
    found = [{"campaign_id": str(number), "campaign_name": "n" * 80, "spend": "1"} for number in range(count)]
    scripted = Scripted({"act_1/insights": rows(*found)})
    answer = await call(scripted, "ads_get_insights", object_id="act_1", level="campaign", limit=1000)
    notes = " ".join(answer.structured["notes"])
    assert ("ads_run_report_and_wait" in notes) is offered
    assert (f"of {count} rows" in notes) is cut
    assert len(answer.blocks[1]) <= 40_000


# ---- targeting


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
    scripted = Scripted({"search": rows(*found)})
    answer = await call(scripted, "ads_get_interest_suggestions", interest_list=given, only_validate=True)
    assert scripted.params("search") == {"type": "adinterestvalid", **sent, "limit": len(given)}
    assert [row["valid"] for row in answer.structured["data"]] == [True, False]
    assert answer.text == f"1 of {len(given)} can be targeted."


async def test_the_demo_knows_which_interests_are_valid(demo: Demo) -> None:
    suggested = await demo.data("ads_search_interests", query="yoga")
    asked = ["Yoga", suggested[0]["id"], "Nothing such"]
    data = await demo.data("ads_get_interest_suggestions", interest_list=asked, only_validate=True)
    assert sorted(row["valid"] for row in data) == [False, True, True]


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [({}, None), ({"location_types": ["zip"]}, ["zip"]), ({"location_types": '["city","zip"]'}, ["city", "zip"])],
)
async def test_kinds_of_places_are_sent_only_when_given(arguments: dict[str, Any], sent: list[str] | None) -> None:
    scripted = Scripted({"search": rows()})
    await call(scripted, "ads_search_geo_locations", query="10115", **arguments)
    assert scripted.params("search").get("location_types") == sent


@pytest.mark.parametrize("query", ["", "  "])
@pytest.mark.parametrize("tool", ["ads_search_interests", "ads_search_geo_locations", "ads_search_behaviors"])
async def test_an_empty_word_is_searched_for_by_no_tool(tool: str, query: str) -> None:
    assert "must not be blank" in (await refused_unsent(tool, query=query))["message"]
