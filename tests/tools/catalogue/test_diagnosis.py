"""The planted faults of the demo's catalog are all told, once each, and nothing else is."""

from __future__ import annotations

from meta_ads_mcp.sandbox.world.catalogs import PLANTED
from tests.support.sandbox_engine import build_reader

from .conftest import Shop

# What a finding is called -> the planted fault. Faults of items have Meta's name of the error.
KINDS = {
    "HIDDEN_ITEMS": "HIDDEN",
    "FEED_NOT_READ": "FEED_NOT_FETCHED",
    "ITEMS_DELETED": "ITEMS_DELETED",
    "EMPTY_PRODUCT_SET": "EMPTY_SET",
    "EVENT_SOURCE_ISSUES": "LOW_MATCH_RATE",
}


async def test_twelve_planted_faults_are_told_and_none_is_invented(shop: Shop) -> None:
    data = await shop.data("get_diagnostics", catalog_id=shop.catalog)
    told = [(KINDS.get(row["kind"]) or row["error_types"][0], row.get("items", 0)) for row in data["findings"]]
    assert sorted(told) == sorted((fault.key, fault.count) for fault in PLANTED)
    assert data["items_in_catalog"] == 5_000
    assert all("ads_catalog" in row["repair"] for row in data["findings"])
    assert len(shop.server.sandbox.log) <= 3


async def test_a_catalog_without_faults_has_no_finding() -> None:
    clean = Shop(build_reader(), 2)
    assert (await clean.data("get_diagnostics", catalog_id=clean.catalog))["findings"] == []


async def test_a_filter_asks_meta_alone(shop: Shop) -> None:
    data = await shop.data("get_diagnostics", catalog_id=shop.catalog, severities=["OPPORTUNITY"])
    assert {row["severity"] for row in data["findings"]} == {"OPPORTUNITY"}
    assert [entry.path.partition("/")[2] for entry in shop.server.sandbox.log] == ["diagnostics"]


async def test_a_set_without_items_cannot_show(shop: Shop) -> None:
    empty = shop.child("product_sets", "Winter")
    data = await shop.data("get_dynamic_ads_health", product_set_id=empty)
    assert "no items" in data["verdict"]
    assert {row["key"]: row["result"] for row in data["checks"]}["product_set_not_empty"] == "failed"
    assert "?" not in str([row.get("action_uri") for row in data["checks"]])


async def test_the_match_rate_of_a_source_decides_its_verdict(shop: Shop) -> None:
    data = await shop.data("get_dynamic_ads_health", catalog_id=shop.catalog)
    assert "too few ids" in data["sources"][0]["verdict"]
    assert {row["event"]: row["match_rate"] for row in data["sources"][0]["events"]}["ViewContent"] == "58.0 %"
    good = Shop(shop.server, 1)
    data = await good.data("get_dynamic_ads_health", catalog_id=good.catalog)
    assert data["sources"][0]["verdict"].startswith("works")
