"""The catalogs of the demo: what they hold, what their filters select, and what is planted in them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from meta_ads_mcp.sandbox import World
from meta_ads_mcp.sandbox.world.catalogs import PLANTED
from tests.sandbox.conftest import NOW
from tests.support.fake_transport import FakeTransport
from tests.support.sandbox_writes import untouched, writing

JSON = dict[str, Any]


def catalogs(world: World) -> list[str]:
    return list(world.store.links[world.business_id, "owned_product_catalogs"])


def feed_of(made: FakeTransport, place: int = 0) -> str:
    return made.store.links[catalogs(made.sandbox.world)[0], "product_feeds"][place]


async def rows(made: FakeTransport, path: str, **params: Any) -> list[JSON]:
    sent = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    found: list[JSON] = (await made.done("GET", path, {"limit": "5000", **sent}))["data"]
    return found


# filter, and what it says of an item with the fields below it
FILTERS: list[tuple[JSON, Any]] = [
    ({"availability": {"neq": "out of stock"}}, lambda item: item["availability"] == "in stock"),
    ({"product_type": {"i_contains": "base LAYERS"}}, lambda item: "Base layers" in item["product_type"]),
    ({"product_type": {"contains": "Boot"}}, lambda item: False),
    ({"price": {"lt": 6000}}, lambda item: float(item["price"].strip("$").replace(",", "")) < 60),
    (
        {"retailer_id": {"is_any": ["HP-00001", "HP-00009"]}},
        lambda item: item["retailer_id"] in {"HP-00001", "HP-00009"},
    ),
    ({"not": {"brand": {"eq": "Northbank"}}}, lambda item: item.get("brand") != "Northbank"),
    (
        {"and": [{"color": {"eq": "Moss"}}, {"or": [{"price": {"gte": 20000}}, {"sale_price": {"gt": 0}}]}]},
        lambda item: (
            item["color"] == "Moss"
            and (float(item["price"].strip("$").replace(",", "")) >= 200 or "sale_price" in item)
        ),
    ),
]


@pytest.mark.parametrize(("rule", "holds"), FILTERS)
async def test_a_filter_selects_items_and_a_set_of_it_counts_them(rule: JSON, holds: Any) -> None:
    made = writing()
    catalog = catalogs(made.sandbox.world)[0]
    fields = "retailer_id,availability,product_type,price,sale_price,brand,color"
    everything = await rows(made, f"{catalog}/products", fields=fields)
    expected = {item["id"] for item in everything if holds(item)}
    assert {item["id"] for item in await rows(made, f"{catalog}/products", filter=rule)} == expected
    made_set = await made.done("POST", f"{catalog}/product_sets", {"name": "S", "filter": rule})
    shown = await made.done("GET", made_set["id"], {"fields": "product_count,filter"})
    assert shown["product_count"] == len(expected)
    assert json.loads(shown["filter"]) == rule


async def test_the_first_catalog_has_5000_items_and_twelve_planted_faults() -> None:
    made = untouched()
    catalog = catalogs(made.sandbox.world)[0]
    assert len(await rows(made, f"{catalog}/products")) == 5_000
    assert len(PLANTED) == 12
    groups = await rows(made, f"{catalog}/diagnostics")
    counts = {
        group["diagnostics"][0]["error_type"]: group["number_of_affected_items"]
        for group in groups
        if group["affected_entity"] == "product_item"
    }
    assert counts == {fault.key: fault.count for fault in PLANTED if fault.where == "items" and fault.key != "HIDDEN"}


REFUSED: list[tuple[str, str, JSON]] = [
    ("POST", "{catalog}/product_sets", {"filter": {"brand": {"eq": "x"}}}),
    ("POST", "{catalog}/product_sets", {"name": "S", "filter": {"wrong": {"eq": "x"}}}),
    ("POST", "{catalog}/product_sets", {"name": "S", "filter": {"brand": {"like": "x"}}}),
    ("POST", "{catalog}/product_sets", {"name": "S", "filter": {"brand": {"is_any": "x"}}}),
    ("POST", "{catalog}/product_sets", {"name": "S", "filter": {"and": []}}),
    ("POST", "{catalog}/product_sets", {"name": "S", "filter": {"availability": {"eq": "in stock"}}}),
    (
        "POST",
        "{catalog}/product_feeds",
        {"name": "F", "schedule": '{"interval": "YEARLY", "url": "https://a.example"}'},
    ),
    ("POST", "{catalog}/product_feeds", {"name": "F", "ingestion_source_type": "supplementary_feed"}),
    ("POST", "{catalog}/items_batch", {"item_type": "PRODUCT_ITEM", "requests": []}),
    ("POST", "{catalog}/items_batch", {"requests": [{"method": "UPDATE", "data": {"id": "HP-00001"}}]}),
    ("POST", "{catalog}/items_batch", {"item_type": "PRODUCT_ITEM", "requests": [{"method": "UPSERT", "data": {}}]}),
    ("POST", "{catalog}/external_event_sources", {"external_event_sources": ["1"]}),
    ("POST", "{feed}/rules", {"attribute": "brand", "rule_type": "mapping_rule", "params": {"from": "x"}}),
    ("DELETE", "{used_set}", {}),
    ("DELETE", "{catalog}", {}),
    ("GET", "{catalog}/check_batch_request_status", {"handle": "unknown"}),
    ("GET", "{catalog}/campaigns", {}),
]


@pytest.mark.parametrize(("method", "path", "params"), REFUSED)
async def test_what_graph_refuses_changes_nothing(method: str, path: str, params: JSON) -> None:
    made = untouched()
    world = made.sandbox.world
    catalog = catalogs(world)[0]
    names = {
        "catalog": catalog,
        "feed": feed_of(made),
        "used_set": world.store.links[catalog, "product_sets"][3],
    }
    error = await made.refused(method, path.format(**names), params)
    assert error["code"] == (10803 if "in stock" in str(params) else 100)


async def test_a_batch_is_carried_out_later_with_an_outcome_per_item() -> None:
    made = writing()
    catalog = catalogs(made.sandbox.world)[0]
    requests = [
        {"method": "UPDATE", "data": {"id": "HP-00001", "price": "12.50 USD"}},
        {"method": "UPDATE", "data": {"id": "HP-00002", "price": "12,50 USD"}},
        {"method": "UPDATE", "data": {"id": "none", "price": "1.00 USD"}},
        {"method": "DELETE", "data": {"id": "HP-00003"}},
    ]
    sent = {"item_type": "PRODUCT_ITEM", "allow_upsert": "false", "requests": requests}
    handle = (await made.done("POST", f"{catalog}/items_batch", sent))["handles"][0]
    status = f"{catalog}/check_batch_request_status"
    first = (await rows(made, status, handle=handle))[0]
    assert (first["status"], first["errors_total_count"]) == ("started", 0)
    last = (await rows(made, status, handle=handle, load_ids_of_invalid_requests=True))[0]
    assert last["status"] == "finished"
    assert last["ids_of_invalid_requests"] == ["HP-00002", "none"]
    rule = {"retailer_id": {"is_any": ["HP-00001", "HP-00003"]}}
    found = await rows(made, f"{catalog}/products", filter=rule, fields="retailer_id,price")
    assert [(item["retailer_id"], item["price"]) for item in found] == [("HP-00001", "$12.50")]


async def test_catalogs_have_quotas_of_their_own() -> None:
    made = writing()
    catalog = catalogs(made.sandbox.world)[0]
    request = {"method": "UPDATE", "data": {"id": "HP-00001", "price": "12.50 USD"}}
    sent = {"item_type": "PRODUCT_ITEM", "requests": [request]}
    for _ in range(8):
        await made.done("POST", f"{catalog}/items_batch", sent)
    assert (await made.refused("POST", f"{catalog}/items_batch", sent))["code"] == 80014


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_the_parts_of_catalogs_agree_for_every_seed(seed: int) -> None:
    store = World(seed=seed, today=NOW, accounts=4, ads=200).store
    shops = [node for node in store.nodes.values() if node.type == "ProductCatalog"]
    assert len(shops) == 4
    for shop in shops:
        feeds = store.children(shop.id, "product_feeds")
        assert sum(feed.get("product_count") for feed in feeds) == shop.get("product_count")
        retailer_ids = [item.get("retailer_id") for item in store.children(shop.id, "products")]
        assert len(set(retailer_ids)) == len(retailer_ids)
    used = {
        node.get("promoted_object")["product_set_id"]
        for node in store.nodes.values()
        if node.type == "AdSet" and "product_set_id" in (node.get("promoted_object") or {})
    }
    shown = {node.get("product_set_id") for node in store.nodes.values() if node.type == "AdCreative"} - {None}
    assert used == shown
    assert sorted(store.nodes[set_id].get("product_count") for set_id in used)[0] == 0


async def end_upload(made: FakeTransport, feed: str, text: str | None) -> None:
    files = [("file", ("items.csv", text.encode(), "text/csv"))] if text else []
    body = {"update_only": "true"} if text else {"url": "https://shop.example/items.csv"}
    upload = (await made.done("POST", f"{feed}/uploads", body, files=files))["id"]
    made.sandbox.graph.clock = lambda: NOW + timedelta(hours=1)
    for _ in range(3):
        await made.get(upload, fields="id,end_time")


@pytest.mark.parametrize("is_file", [True, False], ids=["a file", "a fetched address"])
async def test_rules_of_a_feed_act_on_its_next_upload(is_file: bool) -> None:
    made = writing()
    catalog, feed = catalogs(made.sandbox.world)[0], feed_of(made)
    item = next(node for node in made.store.children(catalog, "products") if node.get("product_feed")["id"] == feed)
    sku, title = str(item.get("retailer_id")), str(item.get("name"))
    for attribute, kind, params in (
        ("title", "letter_case_rule", {"type": "to_upper"}),
        ("brand", "value_mapping_rule", {str(item.get("brand")): "House brand"}),
    ):
        rule = {"attribute": attribute, "rule_type": kind, "params": json.dumps(params)}
        await made.done("POST", f"{feed}/rules", rule)
    assert made.store.nodes[item.id].get("name") == title, "a rule waits for the next upload"
    text = f"id,title,brand\n{sku},{title},{item.get('brand')}\n" if is_file else None
    await end_upload(made, feed, text)
    new = made.store.nodes[item.id]
    assert (new.get("name"), new.get("brand")) == (title.upper(), "House brand")


@pytest.mark.parametrize(
    ("edge", "kind"), [("products", "catalog_management"), ("check_batch_request_status", "catalog_batch")]
)
async def test_answers_about_catalogs_say_how_much_of_their_quota_is_used(edge: str, kind: str) -> None:
    made = untouched()
    catalog = catalogs(made.sandbox.world)[0]
    answer = await made.raw("GET", f"{catalog}/{edge}", handle="h")
    usage = json.loads(answer.headers["x-business-use-case-usage"])
    assert [entry["type"] for entry in usage[catalog]] == [kind]
