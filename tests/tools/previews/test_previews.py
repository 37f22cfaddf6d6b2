"""Previews: an address on facebook.com, and never Meta's HTML."""

from __future__ import annotations

from typing import Any

import pytest
from facebook_business.adobjects.adpreview import AdPreview

from meta_ads_mcp.errors import Transient
from meta_ads_mcp.tools.previews import AD_FORMATS, is_facebook
from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, engine, refusal, refused_unsent

GOOD = "https://www.facebook.com/ads/api/preview_iframe.php?d=AQ&amp;t=AQJ"


def preview(src: str) -> dict[str, Any]:
    return {"data": [{"body": f'<div><iframe src="{src}" width="320" height="570"></iframe></div>'}]}


LINK = {"id": "7", "preview_shareable_link": "https://fb.me/abc"}


async def test_the_frames_address_is_decoded_and_the_shareable_link_is_the_ads() -> None:
    graph = ScriptedGraph({"7/previews": preview(GOOD), "7": LINK})
    answer = await call(graph, "ads_get_ad_preview", ad_id="7", ad_format="INSTAGRAM_STORY", locale="de_DE", width=400)
    assert answer.structured["data"] == {
        "ad_id": "7",
        "ad_format": "INSTAGRAM_STORY",
        "preview_url": "https://www.facebook.com/ads/api/preview_iframe.php?d=AQ&t=AQJ",
        "width": 320,
        "height": 570,
        "preview_shareable_link": "https://fb.me/abc",
    }
    assert graph.params("7/previews") == {"ad_format": "INSTAGRAM_STORY", "locale": "de_DE", "width": 400}
    assert not any("<" in block for block in answer.blocks)
    assert {request.method for request in graph.asked} == {"GET"}


async def test_without_the_shareable_link_the_preview_is_still_there() -> None:
    graph = ScriptedGraph({"7/previews": preview(GOOD), "7": Transient("a moment")})
    answer = await call(graph, "ads_get_ad_preview", ad_id="7")
    assert "preview_url" in answer.structured["data"]
    assert any("shareable link" in note for note in answer.structured["notes"])


@pytest.mark.parametrize(
    "body",
    [
        preview("https://evil.example/?x=facebook.com"),
        preview("http://www.facebook.com/x"),
        preview("https://www.facebook.com.evil.example/"),
        preview("https://www.facebook.com@evil.example/"),
        preview("javascript:alert(1)"),
        {"data": [{"body": "<p>no frame</p>"}]},
        {"data": []},
        {},
    ],
)
async def test_another_address_is_not_passed_on(body: Any) -> None:
    error = await refusal(ScriptedGraph({"7/previews": body, "7": LINK}), "ads_get_ad_preview", ad_id="7")
    assert (error["kind"], "evil" in str(error)) == ("api", False)


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://facebook.com/x", True),
        ("https://business.facebook.com/x", True),
        ("https://notfacebook.com/x", False),
        ("https://facebook.com:8443/x", False),
        ("https://[broken", False),
        ("//www.facebook.com/x", False),
    ],
)
def test_only_https_on_facebook_com_is_facebook(url: str, *, fine: bool) -> None:
    assert is_facebook(url) is fine


def test_the_formats_are_the_sdks() -> None:
    assert set(AD_FORMATS) == {value for name, value in vars(AdPreview.AdFormat).items() if not name.startswith("_")}


@pytest.mark.parametrize(
    ("creative", "said"),
    [({"name": "x"}, "creative needs one of"), ({"creativeid": "5"}, "did you mean 'creative_id'?")],
)
async def test_a_creative_that_is_none_is_refused_unsent(creative: dict[str, Any], said: str) -> None:
    assert said in (await refused_unsent("ads_generate_preview", account_id="1", creative=creative))["message"]


async def test_a_described_creative_is_sent_as_it_is() -> None:
    graph = ScriptedGraph({"act_1/generatepreviews": preview(GOOD)})
    story = {"object_story_spec": {"page_id": "55", "link_data": {"link": "https://shop.example"}}}
    await call(graph, "ads_generate_preview", account_id="1", creative=story, product_item_ids=["4"])
    assert graph.params("act_1/generatepreviews") == {
        "creative": story,
        "ad_format": "MOBILE_FEED_STANDARD",
        "product_item_ids": ["4"],
    }


async def test_a_creative_of_another_account_is_not_previewed() -> None:
    graph = ScriptedGraph({"act_1/generatepreviews": preview(GOOD)})
    theirs = engine(graph, accounts=("act_2",))
    answer = await theirs.call("ads_generate_preview", {"account_id": "2", "creative": {"creative_id": "4"}})
    assert answer.structured["error"]["kind"] == "denied"
    assert graph.asked == []


async def test_an_unknown_format_goes_to_meta_with_a_note() -> None:
    graph = ScriptedGraph({"7/previews": preview(GOOD), "7": LINK})
    answer = await call(graph, "ads_get_ad_preview", ad_id="7", ad_format="HOLOGRAM")
    assert graph.params("7/previews")["ad_format"] == "HOLOGRAM"
    assert any("HOLOGRAM" in note for note in answer.structured["notes"])


async def test_both_work_on_the_sandbox(demo: SandboxEngine, account: str) -> None:
    ad = demo.sandbox.world.store.children(account, "ads")[0]
    one = await demo.data("ads_get_ad_preview", ad_id=ad.id)
    assert one["preview_shareable_link"] == ad.get("preview_shareable_link")
    creative = {"creative_id": ad.get("creative")["id"]}
    assert (await demo.data("ads_generate_preview", account_id=account, creative=creative))["width"] == 320
