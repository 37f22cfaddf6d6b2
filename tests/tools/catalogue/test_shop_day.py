"""A shop's day in the demo takes few calls and characters, and old prices are explained in two calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.sandbox_engine import SandboxEngine, build_writer

from .conftest import Shop

MAX_CALLS, MAX_CHARS = 8, 25_000


class Day:
    """Makes calls and counts them, with the characters of their answers as a client gets them."""

    def __init__(self, server: SandboxEngine) -> None:
        self.server, self.calls, self.chars = server, 0, 0

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        answer = await self.server.call(tool, **arguments)
        assert not answer.is_error, answer.text
        self.calls += 1
        self.chars += sum(len(block) for block in answer.blocks)
        data: Any = answer.structured["data"]
        return data if isinstance(data, dict) else {"rows": data}


async def test_a_day_of_a_shop(tmp_path: Path) -> None:
    server = build_writer(upload_roots=(str(tmp_path),))
    prices = tmp_path / "prices.csv"
    rows = [f"HP-{number:05d},{40 + number % 9}.00 USD,{30 + number % 9}.00 USD" for number in range(1, 301)]
    prices.write_text("\n".join(["id,price,sale_price", *rows]), encoding="utf-8")
    day = Day(server)

    catalog = (await day.call("ads_catalog_list_catalogs"))["rows"][0]["id"]
    sync: dict[str, Any] = {"catalog_id": catalog, "file_path": str(prices), "idempotency_key": "day-1"}
    plan = await day.call("ads_catalog_items_batch", **sync)
    done = await day.call("ads_catalog_items_batch", **sync, confirmation=plan["confirmation"])
    assert (done["state"], done["items_accepted"]) == ("finished", 300)
    sale = {"and": [{"sale_price": {"gt": 0}}, {"price": {"lt": "49.00 USD"}}, {"availability": {"eq": "in stock"}}]}
    made = await day.call("ads_catalog_create_product_set", catalog_id=catalog, name="Sale", filter=sale)
    set_id = made["id"]
    assert made["items"] == 293
    ad_set = await day.call(
        "ads_create_ad_set",
        account_id=server.account,
        campaign_id=server.ids["unbudgeted"],
        name="Sale",
        daily_budget="20.00 USD",
        optimization_goal="OFFSITE_CONVERSIONS",
        promoted_object={
            "product_set_id": set_id,
            "pixel_id": server.ids["pixel"],
            "custom_event_type": "PURCHASE",
        },
        targeting={"geo_locations": {"countries": ["US"]}},
    )
    creative = await day.call(
        "ads_create_ad_creative",
        account_id=server.account,
        name="Sale",
        page_id=server.ids["page"],
        product_set_id=set_id,
        link_url="https://harborandpine.example/sale",
        message="The sale is on.",
    )
    ad = await day.call(
        "ads_create_ad", account_id=server.account, ad_set_id=ad_set["id"], creative_id=creative["id"], name="Sale"
    )
    health = await day.call("ads_catalog_get_dynamic_ads_health", product_set_id=set_id)

    assert health["product_set"]["items"] == 293
    story = server.store.nodes[creative["id"]].get("object_story_spec")
    assert story["template_data"]["name"] == "{{product.name}}"
    assert "link_data" not in story
    assert server.store.nodes[ad["id"]].get("status") == "PAUSED"
    assert day.calls <= MAX_CALLS
    assert day.chars <= MAX_CHARS, day.chars


async def test_old_prices_are_explained_in_two_calls(shop: Shop) -> None:
    sale = shop.child("product_sets", "On sale")
    creative = next(node for node in shop.server.nodes("AdCreative") if node.get("product_set_id") == sale)
    ad = next(node.id for node in shop.server.nodes("Ad") if node.get("creative")["id"] == creative.id)
    first = await shop.server.data("ads_get_ad_creatives", ad_id=ad)
    source = first[0]["product_source"]
    assert (source["product_set"]["id"], source["catalog"]["id"]) == (sale, shop.catalog)
    worst = source["feeds"][0]
    assert worst["last_upload"]["state"] == "nothing could be read"
    assert worst["items_of_the_set"] > 0
    assert f"product_feed_id={worst['id']}" in source["next_step"]
    second = await shop.server.call("ads_catalog_get_product_feed_upload_sessions", product_feed_id=worst["id"])
    assert second.structured["data"][0]["errors_by_kind"][0]["error_type"] == "FETCH_FILE_NOT_FOUND"
    assert any("Prices and stock are those of the last good upload" in note for note in second.structured["notes"])


async def test_other_ads_have_no_source(shop: Shop) -> None:
    rows = await shop.server.data("ads_get_ad_creatives", ad_id=shop.server.ids["ad"])
    assert "product_source" not in json.dumps(rows)
