"""The Ad Library: what is asked for, what an answer never holds, and what a token without access is told."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import PermissionMissing
from meta_ads_mcp.sandbox import DEMO_TOKEN
from tests.safety import allowlist
from tests.support.rival_business import RIVAL
from tests.support.sandbox_engine import build_reader
from tests.support.scripted_graph import ScriptedGraph, refused_unsent, rows

TOOL = "ads_library_search"
SNAPSHOT = "https://www.facebook.com/ads/archive/render_ad/?id=7&access_token=EAASECRET"
AD = {
    "id": "7",
    "page_id": "9",
    "page_name": "Rösterei",
    "ad_delivery_start_time": "2026-11-01",
    "ad_delivery_stop_time": "2026-11-10",
    "ad_creative_bodies": ["Coffee", "Coffee", "Tea"],
    "eu_total_reach": 12,
    "ad_snapshot_url": SNAPSHOT,
}


async def test_words_in_a_country() -> None:
    graph = ScriptedGraph({"ads_archive": rows(AD)})
    answer = await graph.call(TOOL, countries=["DE"], search_terms="coffee")
    assert graph.params("ads_archive") == {
        "ad_reached_countries": ["DE"],
        "search_terms": "coffee",
        "search_type": "KEYWORD_UNORDERED",
        "ad_type": "ALL",
        "ad_active_status": "ACTIVE",
        "limit": 25,
    }
    assert "ad_snapshot_url" not in graph.fields("ads_archive")
    assert answer.structured["data"] == [
        {
            "id": "7",
            "page_name": "Rösterei",
            "page_id": "9",
            "first_day": "2026-11-01",
            "last_day": "2026-11-10",
            "days_running": 10,
            "texts": ["Coffee", "Tea"],
            "library_url": "https://www.facebook.com/ads/library/?id=7",
            "eu_total_reach": 12,
        }
    ]


async def test_the_link_with_the_token_is_in_no_answer_and_no_log() -> None:
    graph = ScriptedGraph({"ads_archive": rows(AD)})
    answer = await graph.call(TOOL, countries=["DE"], search_terms="coffee", fields=["page_name"])
    assert "EAASECRET" not in f"{answer.structured}{answer.blocks}{graph.events.__dict__}"
    await refused_unsent(TOOL, countries=["DE"], search_terms="coffee", fields=["ad_snapshot_url"])
    demo = build_reader()
    found = await demo.call(TOOL, countries=["DE"], search_terms="coffee")
    assert DEMO_TOKEN not in f"{found.structured}{demo.events.__dict__}"


async def test_pages_days_and_a_phrase() -> None:
    graph = ScriptedGraph({"ads_archive": rows()})
    more = {"delivered_from": "2026-11-01", "delivered_until": "2026-11-30", "media_type": "VIDEO", "languages": ["de"]}
    await graph.data(TOOL, countries=["DE"], page_ids=["9"], publisher_platforms=["INSTAGRAM"], **more)
    params = graph.params("ads_archive")
    assert params["search_page_ids"] == ["9"]
    assert "search_type" not in params
    assert (params["ad_delivery_date_min"], params["ad_delivery_date_max"]) == ("2026-11-01", "2026-11-30")
    await graph.data(TOOL, countries=["DE"], search_terms="slow coffee", exact_phrase=True)
    assert graph.params("ads_archive")["search_type"] == "KEYWORD_EXACT_PHRASE"


@pytest.mark.parametrize(("countries", "said"), [(["US"], "US"), (["DE", "JP"], "JP"), (["DE", "GB"], "all kinds")])
async def test_the_answer_says_which_ads_the_countries_allow(countries: list[str], said: str) -> None:
    graph = ScriptedGraph({"ads_archive": rows()})
    answer = await graph.call(TOOL, countries=countries, search_terms="coffee")
    assert said in str(answer.structured["notes"])
    assert ("Commercial ads" in str(answer.structured["notes"])) == (said != "all kinds")


async def test_a_token_without_access_is_told_what_to_confirm_and_where() -> None:
    graph = ScriptedGraph({"ads_archive": PermissionMissing("(#10) Application does not have permission")})
    error = await graph.error(TOOL, countries=["DE"], search_terms="coffee")
    assert "confirmed identity" in error["message"]
    assert "https://www.facebook.com/ads/library/api" in error["next_step"]


async def test_the_demo_has_ads_of_others_and_its_own() -> None:
    demo = build_reader()
    coffee = await demo.data(TOOL, countries=["DE"], search_terms="coffee", ad_active_status="ALL")
    assert len(coffee) > 1
    assert await demo.data(TOOL, countries=["US"], search_terms="coffee") == []
    kornblume = await demo.data(TOOL, countries=["DE"], page_ids=[demo.world.page_ids[1]])
    assert {ad["page_name"] for ad in kornblume} == {"Kornblume Naturkosmetik"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"countries": ["DE"]},
        {"countries": []},
        {"countries": ["Germany"], "search_terms": "x"},
        {"search_terms": "x"},
        {"countries": ["DE"], "page_ids": ["9"], "exact_phrase": True},
        {"countries": ["DE"], "search_terms": "x", "delivered_from": "2026-11-02", "delivered_until": "2026-11-01"},
    ],
)
async def test_wrong_arguments_send_nothing(arguments: dict[str, Any]) -> None:
    await refused_unsent(TOOL, **arguments)


@pytest.mark.parametrize("limits", [{"accounts": allowlist.accounts(1)}, {"business_id": RIVAL}])
async def test_pages_of_anybody_are_searched_under_a_limit_and_read_by_no_other_tool(limits: dict[str, Any]) -> None:
    made, page = allowlist.bench().again(**limits), allowlist.ownership(1).foreign["Page"][0]
    assert await made.data(TOOL, countries=["DE"], page_ids=[page])
    assert [entry.path for entry in made.sandbox.log if page in f"{entry.path}{entry.params}"] == ["ads_archive"]
    assert (await made.refused("ads_get_lead_forms", page_id=page))["kind"] == "denied"
