from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.domain.destinations import SOURCE_FIELDS, effective_link_url
from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows

# Where a link can stand, in the documented order: the first that is there counts.
PLACES: list[dict[str, Any]] = [
    {"link_url": "https://a.example/1"},
    {"object_story_spec": {"video_data": {"call_to_action": {"value": {"link": "https://a.example/2"}}}}},
    {"object_story_spec": {"link_data": {"link": "https://a.example/3"}}},
    {"object_story_spec": {"link_data": {"call_to_action": {"value": {"link": "https://a.example/4"}}}}},
    {
        "asset_feed_spec": {
            "link_urls": [{"website_url": "https://a.example/5"}, {"website_url": "https://a.example/6"}]
        }
    },
]
SOURCES = set(SOURCE_FIELDS)


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    made = dict(first)
    for key, value in second.items():
        made[key] = joined(made[key], value) if isinstance(made.get(key), dict) else value
    return made


@given(st.sets(st.integers(0, len(PLACES) - 1)))
def test_the_first_place_that_holds_a_link_counts(held: set[int]) -> None:
    creative: dict[str, Any] = {}
    for place in sorted(held, reverse=True):
        creative = joined(creative, PLACES[place])
    assert effective_link_url(creative) == (f"https://a.example/{min(held) + 1}" if held else None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["link", "value", "link_data"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*SOURCES, "name"]), JSON))
def test_no_creative_is_too_odd(creative: dict[str, Any]) -> None:
    found = effective_link_url(creative)
    assert found is None or found


@pytest.mark.parametrize(
    ("asked", "requested"),
    [
        (["effective_link_url"], {"id", "account_id", *SOURCES}),
        (["name", "effective_link_url", "link_url"], {"id", "account_id", "name", *SOURCES}),
        (["name"], {"id", "account_id", "name"}),
    ],
)
async def test_the_derived_link_is_asked_by_its_sources(asked: list[str], requested: set[str]) -> None:
    graph = ScriptedGraph({"4": {"id": "4", "account_id": "1", **PLACES[2]}})
    data = (await call(graph, "ads_get_creative_details", creative_id="4", fields=asked)).structured["data"]
    assert set(graph.fields("4")) == requested
    assert len(graph.fields("4")) == len(requested)
    assert data["effective_link_url"] == "https://a.example/3"


@pytest.mark.parametrize(
    ("tool", "arguments", "path", "sent"),
    [
        ("ads_get_ad_creatives", {"ad_id": "7"}, "7/adcreatives", {"limit": 25}),
        ("ads_get_ad_creatives", {"account_id": "1", "limit": 2}, "act_1/adcreatives", {"limit": 2}),
        (
            "ads_get_ad_images",
            {"account_id": "1", "hashes": '["ab12","cd34"]', "minwidth": "600"},
            "act_1/adimages",
            {"hashes": ["ab12", "cd34"], "minwidth": 600, "limit": 25},
        ),
        ("ads_get_ad_videos", {"account_id": "1", "title": "film"}, "act_1/advideos", {"title": "film", "limit": 25}),
    ],
)
async def test_one_request_with_what_was_given(
    tool: str, arguments: dict[str, Any], path: str, sent: dict[str, Any]
) -> None:
    graph = ScriptedGraph({path: rows()})
    await call(graph, tool, **arguments)
    assert graph.paths == [path]
    assert graph.params(path) == sent


async def test_the_size_of_a_thumbnail_is_sent() -> None:
    graph = ScriptedGraph({"4": {"id": "4"}})
    await call(graph, "ads_get_creative_details", creative_id="4", thumbnail_width=300, thumbnail_height=200)
    assert graph.params("4") == {"thumbnail_width": 300, "thumbnail_height": 200}


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("ads_get_ad_creatives", {}, "give one of ad_id or account_id"),
        ("ads_get_ad_creatives", {"ad_id": "7", "account_id": "1"}, "give only one of"),
        ("ads_get_ad_images", {"account_id": "1", "hashes": ["../etc"]}, "letters, digits and underscores"),
        ("ads_get_creative_details", {"creative_id": "4", "thumbnail_width": 0}, "at least 1"),
    ],
)
async def test_what_cannot_be_asked_is_refused_unsent(tool: str, arguments: dict[str, Any], said: str) -> None:
    assert said in (await refused_unsent(tool, **arguments))["message"]


async def test_every_creative_of_the_demo_has_a_landing_page(demo: SandboxEngine, account: str) -> None:
    data = await demo.data("ads_get_ad_creatives", account_id=account)
    assert len(data) == 25
    assert all(row["effective_link_url"].startswith("https://") for row in data)


async def test_a_video_comes_with_its_thumbnails(demo: SandboxEngine, account: str) -> None:
    """Of the edge, in the same request; the URLs of its paging would carry the token."""
    videos = await demo.data("ads_get_ad_videos", account_id=account, limit=1)
    data = await demo.data("ads_get_video_details", video_id=videos[0]["id"])
    assert [item["is_preferred"] for item in data["thumbnails"]].count(True) == 1
    assert data["status"]["video_status"] == "ready"


async def test_an_image_can_be_picked_by_its_hash(demo: SandboxEngine, account: str) -> None:
    images = await demo.data("ads_get_ad_images", account_id=account, limit=5)
    wanted = images[3]["hash"]
    found = await demo.data("ads_get_ad_images", account_id=account, hashes=[wanted])
    assert [row["hash"] for row in found] == [wanted]
