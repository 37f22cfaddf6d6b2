"""Making, changing and deleting catalogs, product sets, feeds, feed rules, items and event sources.

Source: Meta docs, marketing-api/reference/product-catalog, product-set, product-feed, product-item.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from meta_ads_mcp.sandbox.edges import items_batch
from meta_ads_mcp.sandbox.edges.catalogs import items_under, serves_catalog
from meta_ads_mcp.sandbox.edges.feed_rules import apply_rule
from meta_ads_mcp.sandbox.edges.registry import Ask
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, check_name, gone, need
from meta_ads_mcp.sandbox.refusal import Refusal, invalid, is_required, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp
from meta_ads_mcp.sandbox.world.catalogs import NAMED, add_set, catalog_of, count_of_feed, latest_upload
from meta_ads_mcp.sandbox.world.product_filter import check_filter
from meta_ads_mcp.sandbox.world.shop import money_text

Json = Any
SAME_FILTER = 10803  # docs: the error codes of POST product_sets
INTERVALS = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY")
SCHEDULES = ("schedule", "update_schedule")
MAX_SAMPLES = 5


# -- catalogs ---------------------------------------------------------------------------------------------------------


@serves_catalog("POST", "Business/owned_product_catalogs")
def create_catalog(ask: Ask) -> Json:
    need(ask.params, "name")
    store = ask.graph.world.store
    new_id = store.new_id("38")
    fields = {
        "id": new_id,
        "name": ask.params["name"],
        "vertical": ask.params.get("vertical", "commerce"),
        "business": {"id": ask.node.id},
        "owner_business": {"id": ask.node.id},
        "is_catalog_segment": False,
        "product_count": lambda: len(store.links.get((new_id, "products"), ())),
        "feed_count": lambda: len(store.links.get((new_id, "product_feeds"), ())),
    }
    if "da_display_settings" in ask.params:
        fields["da_display_settings"] = ask.params["da_display_settings"]
    store.add(GraphNode(new_id, "ProductCatalog", fields, default_fields=NAMED))
    store.link(ask.node.id, "owned_product_catalogs", [new_id])
    return {"id": new_id}


@serves_catalog("POST", "ProductCatalog")
def update_catalog(ask: Ask) -> Json:
    check_name(ask.params)
    changes = dict(ask.params)
    if "fallback_image_url" in changes:
        changes["fallback_image_url"] = [changes["fallback_image_url"]]
    ask.graph.world.store.patch(ask.node.id, changes)
    return SUCCESS


@serves_catalog("DELETE", "ProductCatalog")
def delete_catalog(ask: Ask) -> Json:
    """Delete a catalog with everything in it. What ads use takes a param."""
    store = ask.graph.world.store
    sets = store.children(ask.node.id, "product_sets")
    users = [name for node in sets for name in users_of(ask, node.id)]
    if users and not ask.params.get("allow_delete_catalog_with_live_product_set"):
        raise in_use("catalog", users)
    for item in store.children(ask.node.id, "products"):
        store.remove(item.id)
    for node in (*sets, *store.children(ask.node.id, "product_feeds"), ask.node):
        gone(ask, node)
    return SUCCESS


def users_of(ask: Ask, set_id: str) -> list[str]:
    """Return the names of ad sets that promote a product set and run."""
    return [
        str(node.get("name"))
        for node in ask.graph.world.store.nodes.values()
        if node.type == "AdSet"
        and (node.get("promoted_object") or {}).get("product_set_id") == set_id
        and node.get("effective_status") == "ACTIVE"
    ]


def in_use(what: str, users: list[str]) -> Refusal:
    """Return the refusal to delete what live ads use. Its wording is the sandbox's own."""
    return invalid(None, f"The {what} is used by live ads ({', '.join(users[:3])})")


# -- product sets -----------------------------------------------------------------------------------------------------


@serves_catalog("POST", "ProductCatalog/product_sets")
def create_set(ask: Ask) -> Json:
    need(ask.params, "name")
    rule = ask.params.get("filter") or {}
    check_filter(rule)
    _check_new_filter(ask, ask.node.id, rule, None)
    more = {"retailer_id": ask.params["retailer_id"]} if "retailer_id" in ask.params else {}
    store = ask.graph.world.store
    return {"id": add_set(store, ask.node.id, store.new_id("26"), ask.params["name"], rule, **more).id}


def _check_new_filter(ask: Ask, catalog: str, rule: Json, but: str | None) -> None:
    for node in ask.graph.world.store.children(catalog, "product_sets"):
        if rule and node.id != but and json.loads(node.get("filter") or "{}") == rule:
            raise Refusal(f"(#{SAME_FILTER}) Product set with the same filters already exists", code=SAME_FILTER)


@serves_catalog("POST", "ProductSet")
def update_set(ask: Ask) -> Json:
    check_name(ask.params)
    changes = dict(ask.params)
    if "filter" in changes:
        check_filter(changes["filter"])
        catalog = catalog_of(ask.graph.world.store, ask.node) or ""
        _check_new_filter(ask, catalog, changes["filter"], ask.node.id)
        changes["filter"] = json.dumps(changes["filter"])
    if "metadata" in changes:
        changes["latest_metadata"] = changes.pop("metadata")
    ask.graph.world.store.patch(ask.node.id, changes)
    return SUCCESS


@serves_catalog("DELETE", "ProductSet")
def delete_set(ask: Ask) -> Json:
    users = users_of(ask, ask.node.id)
    if users and not ask.params.get("allow_live_product_set_deletion"):
        raise in_use("product set", users)
    gone(ask, ask.node)
    return SUCCESS


# -- feeds ------------------------------------------------------------------------------------------------------------


@serves_catalog("POST", "ProductCatalog/product_feeds")
def create_feed(ask: Ask) -> Json:
    need(ask.params, "name")
    if ask.params.get("ingestion_source_type") == "supplementary_feed" and not ask.params.get("primary_feed_ids"):
        raise is_required("primary_feed_ids")
    store = ask.graph.world.store
    feed_id, catalog = store.new_id("28"), ask.node.id
    names = ask.graph.spec.fields("ProductFeed")
    fields = {
        "deletion_enabled": False,
        "ingestion_source_type": "primary_feed",
        **{name: value for name, value in ask.params.items() if name in names},
        **read_schedules(ask.params),
        "id": feed_id,
        "created_time": stamp(ask.graph.clock()),
        "product_count": lambda: count_of_feed(store, catalog, feed_id),
        "latest_upload": lambda: latest_upload(store, feed_id),
    }
    store.add(GraphNode(feed_id, "ProductFeed", fields, default_fields=NAMED))
    store.link(catalog, "product_feeds", [feed_id])
    store.memory["catalog", feed_id] = catalog
    return {"id": feed_id}


def read_schedules(params: Mapping[str, Json]) -> dict[str, Json]:
    """Return the schedules of a feed, which are JSON texts in a call."""
    schedules = {}
    for name in SCHEDULES:
        if name in params and params[name] not in ("", "null"):
            schedules[name] = _schedule(name, params[name])
    return schedules


def _schedule(name: str, text: str) -> dict[str, Json]:
    try:
        schedule = json.loads(text)
    except ValueError:
        raise invalid(None, f"{name} has to be JSON", name) from None
    if schedule.get("interval") not in INTERVALS or not str(schedule.get("url", "")).startswith(("https:", "http:")):
        raise invalid(None, f"{name} has an interval and a url", name)
    return {"interval_count": 1, **schedule}


@serves_catalog("POST", "ProductFeed")
def update_feed(ask: Ask) -> Json:
    check_name(ask.params)
    empty = {name: None for name in SCHEDULES if ask.params.get(name) in ("", "null")}
    ask.graph.world.store.patch(ask.node.id, {**ask.params, **read_schedules(ask.params), **empty})
    return SUCCESS


@serves_catalog("DELETE", "ProductFeed")
def delete_feed(ask: Ask) -> Json:
    """Delete a feed with its items."""
    for item in items_under(ask):
        gone(ask, item)
    gone(ask, ask.node)
    return SUCCESS


@serves_catalog("POST", "ProductFeed/uploads")
def start_upload(ask: Ask) -> Json:
    """Start an upload, which ends later. Only one of a feed runs at a time."""
    store = ask.graph.world.store
    if any(node.get("end_time") is None for node in store.children(ask.node.id, "uploads")):
        raise invalid(None, "An upload of this feed is running")
    file = next((item for item in ask.call.files if item.name == "file"), None)
    url = ask.params.get("url") or (ask.node.get("schedule") or {}).get("url")
    if file is None and not url:
        raise is_required("url")
    new_id = store.new_id("29")
    fields = {
        "id": new_id,
        "filename": file.filename if file else str(url).rpartition("/")[2].partition("?")[0],
        "input_method": "Manual Upload" if file else "User initiated server fetch",
        "start_time": stamp(ask.graph.clock()),
        **({} if file else {"url": url}),
    }
    store.add(GraphNode(new_id, "ProductFeedUpload", fields))
    store.link(ask.node.id, "uploads", [new_id])
    text = file.content.decode("utf-8-sig") if file else None
    update_only = bool(ask.params.get("update_only"))
    store.memory["catalog", new_id] = store.memory["catalog", ask.node.id]
    store.memory["upload", new_id] = {"id": new_id, "feed": ask.node.id, "text": text, "update_only": update_only}
    return {"id": new_id}


# -- feed rules -------------------------------------------------------------------------------------------------------


@serves_catalog("POST", "ProductFeed/rules")
def create_rule(ask: Ask) -> Json:
    need(ask.params, "attribute", "rule_type", "params")
    store, params = ask.graph.world.store, ask.params
    for node in store.children(ask.node.id, "rules"):
        if (node.get("attribute"), node.get("rule_type")) == (params["attribute"], params["rule_type"]):
            raise invalid(None, "A rule of this type for the attribute exists already", "attribute")
    check_rule(params["rule_type"], params["params"])
    new_id = store.new_id("24")
    fields = {"id": new_id, **params, "params": pairs(params["params"])}
    store.add(GraphNode(new_id, "ProductFeedRule", fields, default_fields=("id", "attribute", "rule_type")))
    store.link(ask.node.id, "rules", [new_id])
    store.memory["catalog", new_id] = store.memory["catalog", ask.node.id]
    return {"id": new_id}


def pairs(values: Json) -> list[dict[str, Json]]:
    """Return the params of a rule as Graph shows them. SDK: `list<map<string, string>>`."""
    return [{"key": name, "value": value} for name, value in values.items()]


def check_rule(rule_type: str, values: Json) -> None:
    """Refuse params that do not belong to the type. docs: marketing-api/reference/product-feed/rules"""
    key = {"mapping_rule": "map_from", "letter_case_rule": "type", "regex_replace_rule": "regex"}.get(rule_type)
    if not isinstance(values, dict) or not values or (key and key not in values):
        raise invalid(None, f"{rule_type} needs other params", "params")


@serves_catalog("POST", "ProductFeedRule")
def update_rule(ask: Ask) -> Json:
    need(ask.params, "params")
    check_rule(ask.node.get("rule_type"), ask.params["params"])
    ask.graph.world.store.patch(ask.node.id, {"params": pairs(ask.params["params"])})
    return SUCCESS


@serves_catalog("GET", "ProductFeed/rule_preview_samples")
def preview_rule(ask: Ask) -> Json:
    """Return values of the attribute before and after the rule, where it changes them."""
    values = json.loads(ask.params.get("params") or "{}")
    check_rule(str(ask.params.get("rule_type")), values)
    name = items_batch.FIELDS.get(str(ask.params.get("attribute")), str(ask.params.get("attribute")))
    rows: list[dict[str, Json]] = []
    for item in items_under(ask):
        before = item.get(name)
        after = apply_rule(partial(_read_attribute, item), before, str(ask.params["rule_type"]), values)
        if after != before and len(rows) < MAX_SAMPLES:
            rows.append({"retailer_id": item.get("retailer_id"), "before": before, "after": after})
    return {"data": rows}


def _read_attribute(item: GraphNode, attribute: str) -> Json:
    return item.get(items_batch.FIELDS.get(attribute, attribute))


@serves_catalog("DELETE", "ProductFeedRule")
def delete_rule(ask: Ask) -> Json:
    gone(ask, ask.node)
    return SUCCESS


# -- items ------------------------------------------------------------------------------------------------------------


@serves_catalog("POST", "ProductCatalog/items_batch")
def create_batch(ask: Ask) -> Json:
    return items_batch.accept(ask)


@serves_catalog("POST", "ProductItem")
def update_item(ask: Ask) -> Json:
    """Change an item. Prices are integers in hundredths here."""
    names, currency = ask.graph.spec.fields("ProductItem"), ask.params.get("currency") or ask.node.get("currency")
    changes = {name: value for name, value in ask.params.items() if name in names}
    for name in ("price", "sale_price"):
        if name in changes:
            changes[name] = money_text(int(changes[name]), str(currency)) if changes[name] else None
    store = ask.graph.world.store
    fields = items_batch.reviewed({**ask.node.fields, **changes})
    store.add(GraphNode(ask.node.id, ask.node.type, fields, default_fields=ask.node.default_fields))
    return SUCCESS


@serves_catalog("DELETE", "ProductItem")
def delete_item(ask: Ask) -> Json:
    gone(ask, ask.node)
    return SUCCESS


# -- event sources ----------------------------------------------------------------------------------------------------


@serves_catalog("POST", "ProductCatalog/external_event_sources")
def connect(ask: Ask) -> Json:
    store, edge = ask.graph.world.store, (ask.node.id, "external_event_sources")
    ids = store.links.get(edge, ())
    for source in _source_ids(ask):
        node = ask.graph.find(source)
        if node is None or node.type not in ("AdsPixel", "Application"):
            raise unknown_node(source, ask.call.method)
        if source not in ids:
            ids = (*ids, source)
    store.links[edge] = ids
    return SUCCESS


@serves_catalog("DELETE", "ProductCatalog/external_event_sources")
def disconnect(ask: Ask) -> Json:
    store, edge, sources = ask.graph.world.store, (ask.node.id, "external_event_sources"), _source_ids(ask)
    store.links[edge] = tuple(source for source in store.links.get(edge, ()) if source not in sources)
    return SUCCESS


def _source_ids(ask: Ask) -> list[str]:
    values = ask.params.get("external_event_sources")
    if not isinstance(values, list) or not values:
        raise is_required("external_event_sources")
    return [str(value) for value in values]
