"""Creating, changing and deleting what is in a catalog, and taking it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import build_writer
from tests.support.scripted_graph import ScriptedGraph, engine

from .conftest import Shop

SHIRTS = {"product_type": {"i_contains": "shirt"}}
HITS = {"data": [{"id": "1", "retailer_id": "A", "name": "Shirt", "price": "$5.00", "currency": "USD"}]}


def sent(graph: ScriptedGraph) -> list[tuple[str, str, dict[str, Any]]]:
    """Return method, path and parameters of every request, without fields."""
    return [
        (request.method, request.path, {name: value for name, value in request.params.items() if name != "fields"})
        for request in graph.sent
    ]


async def test_a_filter_is_tried_before_a_set_is_created() -> None:
    graph = ScriptedGraph({"7/products": HITS, "7/product_sets": {"id": "8"}, "8": {"id": "8", "product_count": 12}})
    await engine(graph).call("ads_catalog_create_product_set", {"catalog_id": "7", "name": "Shirts", "filter": SHIRTS})
    assert sent(graph) == [
        ("GET", "7/products", {"filter": SHIRTS, "limit": 5}),
        ("POST", "7/product_sets", {"name": "Shirts", "filter": SHIRTS}),
        ("GET", "8", {}),
    ]


async def test_a_filter_that_selects_nothing_creates_nothing() -> None:
    graph = ScriptedGraph({"7/products": {"data": []}})
    answer = await engine(graph).call(
        "ads_catalog_create_product_set", {"catalog_id": "7", "name": "Shirts", "filter": SHIRTS}
    )
    assert answer.structured["error"]["kind"] == "invalid_arguments"
    assert sent(graph) == [("GET", "7/products", {"filter": SHIRTS, "limit": 5})]


async def test_a_dry_run_counts_what_the_filter_selects_and_shows_ten(shop: Shop) -> None:
    rule = {"brand": {"eq": "Northbank"}}
    data = await shop.data("create_product_set", catalog_id=shop.catalog, name="N", filter=rule, dry_run=True)
    made = await shop.data("create_product_set", catalog_id=shop.catalog, name="N", filter=rule)
    assert data["items"] == made["items"]
    assert len(data["samples"]) == 10


async def test_a_source_is_disconnected_and_connected_again() -> None:
    sources = [{"id": "9", "name": "Pixel", "source_type": "PIXEL"}]

    def answer(request: Any) -> Any:
        if request.method == "GET":
            return {"data": list(sources)}
        sources[:] = [] if request.method == "DELETE" else [{"id": "9"}]
        return {"success": True}

    graph = ScriptedGraph({"7/external_event_sources": answer})
    made = engine(graph)
    call = {"catalog_id": "7", "event_source_ids": ["9"], "action": "disconnect"}
    done = await made.call("ads_catalog_event_source_connect", call, asker=Person(True))
    edge, ids = "7/external_event_sources", {"external_event_sources": ["9"]}
    assert [(method, path) for method, path, _ in sent(graph)] == [("GET", edge), ("DELETE", edge), ("GET", edge)]
    assert graph.sent[1].params == ids
    graph.sent.clear()
    await made.call("ads_undo_change", {"change_id": done.structured["data"]["change_id"]}, asker=Person(True))
    assert ("POST", edge, ids) in sent(graph)


async def test_a_set_in_use_is_deleted_only_if_that_is_allowed(shop: Shop) -> None:
    used = shop.child("product_sets", "Winter")
    call = {"entity_type": "product_set", "entity_id": used}
    refused = await shop.server.call("ads_catalog_delete_entity", call, Person(True))
    assert "live ads" in refused.text
    assert "allow_live" in refused.structured["error"]["next_step"]
    assert [entry.params.get("allow_live_product_set_deletion") for entry in shop.server.writes] == [None]
    await shop.server.done("ads_catalog_delete_entity", **call, allow_live=True)
    assert shop.server.writes[-1].params["allow_live_product_set_deletion"] == "true"
    assert used not in shop.server.store.nodes


@pytest.mark.parametrize("actual", ["catalog", "product_set", "product_feed", "product"])
@pytest.mark.parametrize("claim", ["catalog", "product_set", "product_feed", "product"])
async def test_nothing_of_another_kind_is_changed_or_deleted(shop: Shop, actual: str, claim: str) -> None:
    if actual == claim:
        return
    entity = {"catalog": shop.catalog, "product": str(shop.item("HP-00001")["id"])}
    entity |= {"product_set": shop.child("product_sets", "In"), "product_feed": shop.child("product_feeds", "Main")}
    what = {"entity_type": claim, "entity_id": entity[actual]}
    assert "is not a" in await shop.refused("update_entity", **what, values={"name": "x"})
    assert "is not a" in await shop.refused("delete_entity", **what)
    assert shop.server.writes == []


VALUES = [
    ("product_set", {"filtr": {}}),
    ("product_set", {"filter": {"price": {"lt": 4.5}}}),
    ("product", {"price": "9.99"}),
    ("product", {"price": "9.99 EUR"}),
    ("product", {"price": "9.99 USD", "sale_price": "10.00 USD"}),
    ("product", {"sale_price": "900.00 USD"}),
    ("product", {"availability": "soon"}),
    ("product_feed", {"schedule": {"interval": "DAILY", "url": "https://a.example/f.csv"}}),
    ("product_feed", {"schedule": {"interval": "HOURLY", "url": "http://a.example/f.csv"}}),
    ("product_feed", {"schedule": {"interval": "HOURLY", "url": "https://me:secret@a.example/f.csv"}}),
    ("catalog", {"vertical": "hotels"}),
]


@pytest.mark.parametrize(("kind", "values"), VALUES)
async def test_values_that_meta_refuses_are_refused(shop: Shop, kind: str, values: dict[str, Any]) -> None:
    entity = {"catalog": shop.catalog, "product": str(shop.item("HP-00001")["id"])}
    entity |= {"product_set": shop.child("product_sets", "In"), "product_feed": shop.child("product_feeds", "Main")}
    text = await shop.refused("update_entity", entity_type=kind, entity_id=entity[kind], values=values)
    assert "secret" not in text
    assert shop.server.writes == []


async def test_a_price_is_changed_in_hundredths_and_put_back(shop: Shop) -> None:
    item = str(shop.item("HP-00001")["id"])
    before = shop.item("HP-00001")["price"]
    data = await shop.data("update_entity", entity_type="product", entity_id=item, values={"price": "79.00 USD"})
    assert data["changes"]["price"]["after"] == {"minor": 7900, "amount": "79.00", "currency": "USD"}
    assert shop.server.writes[-1].params["price"] == "7900"
    assert shop.item("HP-00001")["price"] == "$79.00"
    await shop.server.done("ads_undo_change", change_id=data["change_id"])
    assert shop.item("HP-00001")["price"] == before


ASKED = [
    ("product_set", {"filter": {"brand": {"eq": "Northbank"}}}),
    ("product", {"visibility": "staging"}),
    ("product_feed", {"deletion_enabled": True}),
]


@pytest.mark.parametrize(("kind", "values"), ASKED)
async def test_what_changes_the_shop_window_is_asked_for(shop: Shop, kind: str, values: dict[str, Any]) -> None:
    entity = {"product": str(shop.item("HP-00001")["id"]), "product_feed": shop.child("product_feeds", "Outlet")}
    entity |= {"product_set": shop.child("product_sets", "In")}
    data = await shop.data("update_entity", entity_type=kind, entity_id=entity[kind], values=values)
    assert data["status"] == "needs_confirmation"
    assert shop.server.writes == []


async def test_what_was_created_is_deleted_again_while_it_is_empty(shop: Shop) -> None:
    world = shop.server.sandbox.world
    made = await shop.data("create", business_id=world.business_id, name="New", feed={"name": "F"})
    undo = {"change_id": made["change_id"], "created": "delete"}
    refused = await shop.server.call("ads_undo_change", undo, Person(True))
    assert "feeds" in refused.text
    await shop.server.done("ads_catalog_delete_entity", entity_type="product_feed", entity_id=made["feed_id"])
    await shop.server.done("ads_undo_change", **undo)
    assert made["id"] not in shop.server.store.nodes


async def test_a_second_rule_for_an_attribute_is_refused_with_the_first(shop: Shop) -> None:
    feed = shop.child("product_feeds", "Main")
    rule = {"product_feed_id": feed, "attribute": "title", "rule_type": "letter_case_rule"}
    made = await shop.data("create_feed_rule", **rule, params={"type": "to_upper"})
    assert made["id"] in await shop.refused("create_feed_rule", **rule, params={"type": "to_lower"})


async def test_a_rule_is_previewed_with_rows_before_and_after(shop: Shop) -> None:
    feed = shop.child("product_feeds", "Main")
    data = await shop.data(
        "create_feed_rule",
        product_feed_id=feed,
        attribute="title",
        rule_type="letter_case_rule",
        params={"type": "to_upper"},
        dry_run=True,
    )
    assert all(row["after"] == row["before"].upper() for row in data["samples"])


async def test_a_running_upload_is_named_and_no_other_is_started(shop: Shop) -> None:
    feed = shop.child("product_feeds", "Main")
    store = shop.server.store
    store.patch(store.links[feed, "uploads"][0], {"end_time": None})
    assert store.links[feed, "uploads"][0] in await shop.refused("create_feed_upload_session", product_feed_id=feed)


async def test_a_short_file_that_replaces_a_feed_is_asked_for_with_what_would_vanish(tmp_path: Path) -> None:
    shop = Shop(build_writer(upload_roots=(str(tmp_path),)))
    path = tmp_path / "feed.csv"
    path.write_text("id,title\nHP-00001,x\n", encoding="utf-8")
    feed = shop.child("product_feeds", "Main")
    data = await shop.server.call(
        "ads_catalog_create_feed_upload_session", product_feed_id=feed, file_path=str(path), update_only=False
    )
    assert data.structured["data"]["status"] == "needs_confirmation"
    assert "4499 items would vanish" in data.text
    assert json.dumps(data.structured["data"]["rows_in_file"]) == "1"
