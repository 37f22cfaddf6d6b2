"""The other edges of the first round: who is who, media, search, estimates, account intelligence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.fake_transport import FakeTransport

from .conftest import NOW


async def test_the_accounts_of_the_demo(box: FakeTransport) -> None:
    wanted = "name,currency,timezone_name,account_status,disable_reason,amount_spent,balance,min_daily_budget"
    rows = (await box.get("me/adaccounts", fields=wanted))["data"]
    assert [row["currency"] for row in rows] == ["USD", "EUR", "JPY", "BRL", "USD"]
    assert len({row["timezone_name"] for row in rows}) == 5
    assert [row["account_status"] for row in rows] == [1, 1, 1, 1, 2]
    assert all(row["id"][4:].isdigit() and 15 <= len(row["id"]) - 4 <= 18 for row in rows)
    assert all(int(row["amount_spent"]) > 0 for row in rows)


async def test_forty_campaigns_with_budgets_at_either_level(box: FakeTransport) -> None:
    campaigns, with_budget = [], 0
    for number in range(5):
        status = ["ACTIVE", "PAUSED", "ARCHIVED", "DELETED", "WITH_ISSUES"]
        page = await box.get(
            f"{box.account(number)}/campaigns", limit="100", fields="objective,daily_budget", effective_status=status
        )
        campaigns += page["data"]
    with_budget = sum("daily_budget" in row for row in campaigns)
    assert len(campaigns) == 40
    assert 10 < with_budget < 30
    assert {row["objective"] for row in campaigns} == {
        "OUTCOME_SALES",
        "OUTCOME_LEADS",
        "OUTCOME_TRAFFIC",
        "OUTCOME_AWARENESS",
        "OUTCOME_ENGAGEMENT",
        "OUTCOME_APP_PROMOTION",
    }


async def test_the_big_account_has_more_than_a_thousand_ads(box: FakeTransport) -> None:
    page = await box.get(f"{box.account()}/ads", limit="1", summary="true")
    assert page["summary"]["total_count"] > 1_000


async def test_an_ad_set_of_the_union_names_payer_and_beneficiary(box: FakeTransport) -> None:
    rows = (await box.get(f"{box.account(1)}/adsets", fields="dsa_payor,dsa_beneficiary,learning_stage_info{status}"))[
        "data"
    ]
    assert all(row["dsa_payor"] and row["dsa_beneficiary"] for row in rows)
    assert {row["learning_stage_info"]["status"] for row in rows} >= {"SUCCESS", "LEARNING"}


async def test_a_refused_ad_says_why(box: FakeTransport) -> None:
    page = await box.get(
        f"{box.account()}/ads", effective_status=["DISAPPROVED"], fields="ad_review_feedback,issues_info"
    )
    assert page["data"]
    assert "PERSONAL_ATTRIBUTES" in page["data"][0]["ad_review_feedback"]["global"]
    assert page["data"][0]["issues_info"][0]["level"] == "AD"


async def test_creatives_come_in_all_forms(box: FakeTransport) -> None:
    wanted = "object_story_spec,asset_feed_spec,video_id,effective_object_story_id"
    rows = (await box.get(f"{box.account()}/adcreatives", limit="60", fields=wanted))["data"]
    links = [row["object_story_spec"].get("link_data", {}) for row in rows]
    assert any("asset_feed_spec" in row for row in rows)
    assert any("video_data" in row["object_story_spec"] for row in rows)
    assert any("child_attachments" in one for one in links)
    assert any("image_hash" in one for one in links)


async def test_me_and_my_pages(box: FakeTransport) -> None:
    pages = (await box.get("me/accounts", fields="name,tasks,access_token"))["data"]
    token = box.world.page_tokens()
    assert {row["access_token"]: row["id"] for row in pages} == token
    assert "MANAGE" in pages[0]["tasks"]
    error = await box.error(pages[0]["id"], fields="tasks")
    assert "nonexisting field (tasks) on node type (Page)" in error["message"]
    response = await box.http.get("me", headers={"Authorization": f"Bearer {pages[0]['access_token']}"})
    assert response.json() == {"id": pages[0]["id"], "name": pages[0]["name"]}


async def test_business_lists(box: FakeTransport) -> None:
    business = (await box.get("me/businesses"))["data"][0]["id"]
    counts = {}
    for edge in ("owned_ad_accounts", "client_ad_accounts", "owned_pages", "client_pages"):
        counts[edge] = len((await box.get(f"{business}/{edge}"))["data"])
    assert counts == {"owned_ad_accounts": 4, "client_ad_accounts": 1, "owned_pages": 4, "client_pages": 1}
    pages = (await box.get(f"{box.account(2)}/promote_pages", fields="name"))["data"]
    assert [page["name"] for page in pages] == ["Mizuumi Onsen Ryokan"]


async def test_the_token_describes_itself(box: FakeTransport) -> None:
    found = (await box.get("debug_token", input_token=box.sandbox.token))["data"]
    assert found["type"] == "SYSTEM_USER"
    assert found["is_valid"] is True
    assert found["expires_at"] == 0
    granted = {row["permission"] for row in (await box.get("me/permissions"))["data"]}
    assert granted == set(found["scopes"])
    assert (await box.get("debug_token", input_token="EAAother"))["data"]["is_valid"] is False


async def test_a_token_can_be_exchanged(box: FakeTransport) -> None:
    app = {"grant_type": "fb_exchange_token", "client_id": "1", "client_secret": "x"}
    found = await box.get("oauth/access_token", **app, fb_exchange_token=box.sandbox.token)
    assert found["expires_in"] == 60 * 24 * 3600
    again = (await box.get("debug_token", input_token=found["access_token"]))["data"]
    assert again["expires_at"] == int(NOW.timestamp()) + found["expires_in"]
    del app["client_id"]
    assert (await box.error("oauth/access_token", **app))["code"] == 101


SEARCHES: list[tuple[dict[str, Any], list[str]]] = [
    ({"type": "adinterest", "q": "coffee"}, ["Coffee", "Coffeehouses"]),
    ({"type": "adinterestsuggestion", "interest_list": ["Hiking"]}, ["Camping", "Mountain biking", "Fishing"]),
    ({"type": "adinterestvalid", "interest_list": ["Yoga", "Nothing such"]}, ["Yoga", "Nothing such"]),
    ({"type": "adTargetingCategory", "class": "user_os", "q": "ignored"}, ["iOS", "Android"]),
    ({"type": "adgeolocation", "q": "portland", "location_types": ["city"]}, ["Portland"]),
    ({"type": "adgeolocation", "q": "berlin", "location_types": ["region"], "country_code": "DE"}, ["Berlin"]),
    ({"type": "adgeolocation", "q": "berlin", "country_code": "US"}, []),
    ({"type": "adinterest", "q": "hiking"}, ["Hiking"]),
    ({"type": "adinterest", "q": "senderismo"}, ["Hiking"]),
    ({"type": "adinterest", "q": "onsen"}, ["Hot springs"]),
    ({"type": "adinterest", "q": "温泉"}, ["Hot springs"]),
    ({"type": "adinterest", "q": "laufen"}, ["Running"]),
    ({"type": "adinterestvalid", "interest_list": ["Wandern"]}, ["Hiking"]),
    ({"type": "adgeolocation", "q": "new jersey", "location_types": ["region"]}, ["New Jersey"]),
    ({"type": "adgeolocation", "q": "new york", "location_types": ["city", "region"]}, ["New York", "New York"]),
    ({"type": "adgeolocation", "q": "東京", "location_types": ["city"]}, ["Tokyo"]),
    ({"type": "adgeolocation", "q": "Wien", "location_types": ["city"]}, ["Vienna"]),
    ({"type": "adgeolocation", "q": "zurich", "location_types": ["city"]}, ["Zürich"]),
    ({"type": "adgeolocation", "q": "Deutschland", "location_types": ["country"]}, ["Germany"]),
    ({"type": "adcountry", "q": "日本"}, ["Japan"]),
    ({"type": "adlocale", "q": "german"}, ["German"]),
    ({"type": "adworkemployer", "q": "micro"}, ["Microsoft"]),
    ({"type": "adeducationmajor", "q": "mark"}, ["Marketing"]),
]


@pytest.mark.parametrize(("params", "names"), SEARCHES)
async def test_search(box: FakeTransport, params: dict[str, Any], names: list[str]) -> None:
    rows = (await box.get("search", **params))["data"]
    found = [row["name"] for row in rows]
    assert found[: len(names)] == names
    assert bool(found) is bool(names)


async def test_search_gives_eight_unless_more_are_asked_for(box: FakeTransport) -> None:
    asked = {"type": "adgeolocation", "location_types": ["country"]}
    assert len((await box.get("search", **asked))["data"]) == 8
    assert len((await box.get("search", **asked, limit="1000"))["data"]) == 66


async def test_validity_of_interests(box: FakeTransport) -> None:
    rows = (await box.get("search", type="adinterestvalid", interest_list=["Yoga", "Nothing such"]))["data"]
    assert [row["valid"] for row in rows] == [True, False]
    again = (await box.get("search", type="adinterestvalid", interest_fbid_list=[rows[0]["id"]]))["data"]
    assert again[0]["valid"] is True


async def test_estimates_fall_with_restrictions(box: FakeTransport) -> None:
    wide = {"geo_locations": {"countries": ["DE", "FR"]}}
    narrow = {
        "geo_locations": {"countries": ["DE"]},
        "flexible_spec": [{"interests": [{"id": "6003000100000", "name": "Hiking"}]}],
    }
    sizes = []
    for spec in (wide, narrow):
        reach = (await box.get(f"{box.account()}/reachestimate", targeting_spec=spec))["data"]
        delivery = await box.get(f"{box.account()}/delivery_estimate", targeting_spec=spec, optimization_goal="REACH")
        assert reach["users_lower_bound"] < reach["users_upper_bound"]
        assert delivery["data"][0]["estimate_mau_lower_bound"] == reach["users_lower_bound"]
        sizes.append(reach["users_lower_bound"])
    assert sizes[0] > 2 * sizes[1]


async def test_targeting_in_words(box: FakeTransport) -> None:
    ad = (await box.get(f"{box.account()}/ads", limit="1", fields="adset{targeting}"))["data"][0]
    of_ad = await box.get(f"{ad['id']}/targetingsentencelines")
    of_account = await box.get(f"{box.account()}/targetingsentencelines", targeting_spec=ad["adset"]["targeting"])
    assert of_ad["targetingsentencelines"] == of_account["targetingsentencelines"]
    assert of_ad["targetingsentencelines"][0]["content"].startswith("Location")


async def test_images_are_filtered(box: FakeTransport) -> None:
    every = (await box.get(f"{box.account()}/adimages", fields="hash,width,name"))["data"]
    wide = (await box.get(f"{box.account()}/adimages", fields="width", minwidth="1200"))["data"]
    assert len(wide) == sum(row["width"] >= 1200 for row in every) < len(every)
    one = (await box.get(f"{box.account()}/adimages", hashes=[every[2]["hash"]]))["data"]
    assert [row["hash"] for row in one] == [every[2]["hash"]]


async def test_a_video_has_thumbnails(box: FakeTransport) -> None:
    video = (await box.get(f"{box.account()}/advideos", limit="1", fields="status,thumbnails{uri,is_preferred}"))[
        "data"
    ][0]
    assert video["status"]["video_status"] == "ready"
    direct = (await box.get(f"{video['id']}/thumbnails", fields="uri,is_preferred"))["data"]
    assert direct == video["thumbnails"]["data"]
    assert len(direct) == 3


async def test_recommendations_are_about_objects_of_the_account(box: FakeTransport) -> None:
    found = (await box.get(f"{box.account()}/recommendations"))["data"][0]["recommendations"]
    score = (await box.get(box.account(), fields="opportunity_score"))["opportunity_score"]
    assert 0 < score < 100
    assert {row["type"] for row in found if "recommendation_signature" in row} == {
        "FRAGMENTATION",
        "ADVANTAGE_PLUS_AUDIENCE",
        "SCALE_GOOD_CAMPAIGN",
    }
    for object_id in [object_id for row in found for object_id in row["object_ids"]]:
        node = await box.get(object_id, fields="account_id")
        assert f"act_{node['account_id']}" == box.account()


async def test_the_own_currency_comes_first(box: FakeTransport) -> None:
    rows = (await box.get(f"{box.account(2)}/minimum_budgets"))["data"]
    assert rows[0]["currency"] == "JPY"


async def test_activities_of_a_window(box: FakeTransport) -> None:
    week = (await box.get(f"{box.account()}/activities", limit="100", fields="event_time,object_id"))["data"]
    longer = (await box.get(f"{box.account()}/activities", limit="100", since="2026-10-01", until="2026-11-25"))["data"]
    times = [row["event_time"] for row in week]
    assert times == sorted(times, reverse=True)
    assert times[-1] >= "2026-11-18"
    assert len(longer) > len(week) > 0
    budget = (await box.get(f"{box.account()}/activities", limit="100", since="2026-10-01", category="BUDGET"))["data"]
    assert {row["event_type"] for row in budget} <= {"update_ad_set_budget", "update_campaign_budget"}
    assert budget


async def test_a_creative_has_previews(box: FakeTransport) -> None:
    creative = (await box.get(f"{box.account()}/adcreatives", limit="1"))["data"][0]["id"]
    row = (await box.get(f"{creative}/previews", ad_format="MOBILE_FEED_STANDARD"))["data"][0]
    assert row["body"].startswith("<iframe")
    assert (await box.error(f"{creative}/previews"))["code"] == 100


async def test_the_history_of_all_rules_is_that_of_each(box: FakeTransport) -> None:
    rules = (await box.get(f"{box.account()}/adrules_library"))["data"]
    whole = (await box.get(f"{box.account()}/adrules_history", limit="500"))["data"]
    each = [(await box.get(f"{rule['id']}/history", limit="500"))["data"] for rule in rules]
    assert len(whole) == sum(map(len, each))
    assert {str(row["rule_id"]) for row in whole} == {rule["id"] for rule in rules}
    changed = (await box.get(f"{box.account()}/adrules_history", hide_no_changes="true"))["data"]
    assert all(row["results"] for row in changed)


async def test_saved_audiences_are_targetings_with_a_name(box: FakeTransport) -> None:
    rows = (await box.get(f"{box.account()}/saved_audiences", fields="name,targeting,time_created"))["data"]
    assert rows
    assert all(row["targeting"]["geo_locations"] and row["name"] for row in rows)
