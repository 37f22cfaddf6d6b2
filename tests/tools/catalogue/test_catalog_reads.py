"""Reading catalogs: which business has them, what their items, sets and feeds say, and ids of another kind."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.engine.engine import Engine
from tests.support.sandbox_engine import build_reader
from tests.support.scripted_graph import ScriptedGraph, engine

from .conftest import Shop


def scripted(bodies: dict[str, Any]) -> tuple[Engine, ScriptedGraph]:
    graph = ScriptedGraph(bodies)
    return engine(graph), graph


async def test_the_owned_and_the_shared_catalogs_of_a_business_are_read() -> None:
    made, graph = scripted({"1/owned_product_catalogs": {"data": []}, "1/client_product_catalogs": {"data": []}})
    await made.call("ads_catalog_list_catalogs", {"entity_id": "1"})
    assert [(request.path, request.params["limit"]) for request in graph.sent] == [
        ("1/owned_product_catalogs", 25),
        ("1/client_product_catalogs", 25),
    ]


async def test_without_an_id_the_businesses_of_the_token_come_first() -> None:
    shop = Shop(build_reader())
    rows = await shop.data("list_catalogs")
    assert {row["relation"] for row in rows} == {"owned", "client"}
    assert shop.server.sandbox.log[0].path == "me/businesses"
    shared = next(row for row in rows if row["relation"] == "client")
    assert shared["owner"]["id"] != shop.server.sandbox.world.business_id


async def test_every_page_of_both_lists_is_reached(shop: Shop) -> None:
    business, seen, after = shop.server.sandbox.world.business_id, list[str](), None
    for _ in range(9):
        answer = await shop.server.call("ads_catalog_list_catalogs", entity_id=business, limit=1, after=after)
        seen += [row["id"] for row in answer.structured["data"]]
        after = answer.structured["page"].get("after")
        if after is None:
            break
    assert sorted(seen) == sorted(row["id"] for row in await shop.data("list_catalogs"))


async def test_what_dynamic_ads_cannot_use_is_left_out_with_the_reason(shop: Shop) -> None:
    shop.server.store.links[shop.catalog, "external_event_sources"] = ()
    answer = await shop.server.call("ads_catalog_list_catalogs", dpa_eligible_only=True)
    assert shop.catalog not in {row["id"] for row in answer.structured["data"]}
    assert any("no event source" in note and shop.catalog in note for note in answer.structured["notes"])


async def test_a_price_is_money_in_the_currency_of_the_catalog() -> None:
    for place, currency in ((0, "USD"), (1, "EUR"), (2, "JPY")):
        shop = Shop(build_reader(), place)
        row = (await shop.data("list_products", entity_id=shop.catalog, limit=1))[0]
        assert row["price"]["currency"] == currency
        assert isinstance(row["price"]["minor"], int)
        assert ("." in row["price"]["amount"]) == (currency != "JPY")


async def test_items_are_found_by_the_ids_of_the_shop(shop: Shop) -> None:
    rows = await shop.data("list_products", entity_id=shop.catalog, retailer_ids=["HP-00002", "HP-00001"])
    assert [row["retailer_id"] for row in rows] == ["HP-00001", "HP-00002"]
    sent = shop.server.sandbox.log[-1].params["filter"]
    assert sent == '{"retailer_id":{"is_any":["HP-00002","HP-00001"]}}'


async def test_every_facet_has_a_filter_that_selects_as_many_items(shop: Shop) -> None:
    facets = await shop.data("list_products", entity_id=shop.catalog, facets=True, max_items=5000)
    assert facets["items_counted"] == 5000
    for name in ("brand", "product_type", "availability", "price"):
        for row in facets[name]:
            if "filter" in row:
                found = await shop.data(
                    "list_products", entity_id=shop.catalog, facets=True, filter=row["filter"], max_items=5000
                )
                assert found["items_counted"] == row["items"]


async def test_a_set_names_its_filter_and_the_ad_sets_that_use_it(shop: Shop) -> None:
    rows = await shop.data("list_product_sets", entity_id=shop.catalog, account_id=shop.server.account)
    empty = next(row for row in rows if row["name"] == "Winter clearance")
    assert (empty["items"], empty["filter_in_words"]) == (0, 'custom label 0 is "clearance"')
    assert "do not show" in empty["warning"]
    assert len(empty["ad_sets"]) == 1


async def test_secrets_in_the_address_of_a_feed_are_not_shown(shop: Shop) -> None:
    rows = await shop.data("list_product_feeds", entity_id=shop.catalog)
    uploads = await shop.data("get_product_feed_upload_sessions", product_feed_id=rows[0]["id"])
    assert "s3cret" in str(shop.server.store.nodes[rows[0]["id"]].get("schedule"))
    assert "s3cret" not in str(rows) + str(uploads)
    assert rows[0]["schedule"].startswith("every day at 03:30 (America/New_York) from https://")


WRONG_KINDS = [
    ("list_products", "catalog", "product_set"),
    ("list_products", "product_set", "catalog"),
    ("list_product_sets", "catalog", "product_set"),
    ("list_product_sets", "product_set", "catalog"),
    ("list_product_feeds", "catalog", "product_feed"),
    ("list_product_feeds", "product_feed", "catalog"),
    ("list_catalogs", "catalog", "business"),
]


@pytest.mark.parametrize(("tool", "actual", "claim"), WRONG_KINDS)
async def test_an_id_of_another_kind_is_answered_with_the_kind_that_fits(
    shop: Shop, tool: str, actual: str, claim: str
) -> None:
    ids = {
        "catalog": shop.catalog,
        "product_set": shop.child("product_sets", "In stock"),
        "product_feed": shop.child("product_feeds", "Main"),
    }
    text = await shop.refused(tool, entity_id=ids[actual], entity_type=claim)
    assert f"is not a {claim.replace('_', ' ')}" in text
    assert actual in text
    assert len(shop.server.sandbox.log) <= 2


async def test_the_last_upload_is_shown_with_its_errors_and_the_rule_that_mends_them() -> None:
    shop = Shop(build_reader(), 1)
    feed = shop.child("product_feeds", "Main")
    rows = await shop.data("get_product_feed_upload_sessions", product_feed_id=feed, limit=2)
    error = rows[0]["errors_by_kind"][0]
    assert (error["count"], error["sample_rows"][0]["line"]) == (7, 12)
    assert error["suggested_rules"][0]["params"] == {"auf Lager": "in stock"}
    assert "errors_by_kind" not in rows[1]


async def test_a_feed_that_fails_says_since_when_its_prices_are_old(shop: Shop) -> None:
    feed = shop.child("product_feeds", "Outlet")
    answer = await shop.server.call("ads_catalog_get_product_feed_upload_sessions", product_feed_id=feed)
    good = next(row["start_time"] for row in answer.structured["data"] if "state" not in row)
    assert any(good in note and "Prices and stock" in note for note in answer.structured["notes"])
