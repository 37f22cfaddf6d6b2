"""Reading catalogs: items, product sets, feeds, uploads and their errors.

Source: Meta docs, marketing-api/reference/product-catalog, product-set, product-feed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges import items_batch
from meta_ads_mcp.sandbox.edges.lists import linked
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, Handler, serves
from meta_ads_mcp.sandbox.edges.sharing import people_of_object
from meta_ads_mcp.sandbox.edges.writing import allow
from meta_ads_mcp.sandbox.refusal import Refusal, missing_permission
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.catalogs import catalog_of
from meta_ads_mcp.sandbox.world.product_filter import check_filter, select

Json = Any
SCOPE = "catalog_management"
# Calls per catalog and hour. The real allowance grows with the number of visitors and is at least this.
# Source: Meta docs, graph-api/overview/rate-limiting (catalog management).
MAX_CALLS = 20_000


def too_many_calls() -> Refusal:
    """Return the refusal of a call beyond the quota of a catalog, 80009."""
    text = (
        "(#80009) There have been too many calls to this Catalog account. Wait a bit and try again. For more info, "
        "please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
    )
    return Refusal(text, code=80009)


def serves_catalog(method: str, *places: str) -> Callable[[Handler], Handler]:
    """Register a handler that requires the permission for catalogs and counts on the quota of the catalog."""

    def register(handler: Handler) -> Handler:
        def guarded(ask: Ask) -> Json:
            enter(ask)
            return handler(ask)

        serves(method, *places)(guarded)
        return handler

    return register


def enter(ask: Ask) -> None:
    """Check the permission, count the call, and carry out batches that are due."""
    if SCOPE not in ask.token.scopes:
        raise missing_permission(SCOPE)
    catalog = catalog_of(ask.graph.world.store, ask.node) or ask.node.id
    allow(ask, "catalog_calls", catalog, most=MAX_CALLS, within=timedelta(hours=1), refusal=too_many_calls())
    items_batch.carry_out_due(ask, catalog)


def items_under(ask: Ask) -> list[GraphNode]:
    """Return the items of the catalog, product set or feed of a call."""
    store = ask.graph.world.store
    items = store.children(catalog_of(store, ask.node) or "", "products")
    if ask.node.type == "ProductSet":
        return select(items, ask.node.get("filter"))
    if ask.node.type == "ProductFeed":
        return [item for item in items if (item.get("product_feed") or {}).get("id") == ask.node.id]
    return items


@serves_catalog("GET", "ProductCatalog/products", "ProductSet/products", "ProductFeed/products")
def products(ask: Ask) -> EdgeListing:
    """Return items, narrowed by a filter, by an error and by their review."""
    rule = ask.params.get("filter")
    if rule is not None:
        check_filter(rule)
    items = select(items_under(ask), rule)
    if ask.params.get("return_only_approved_products"):
        items = [item for item in items if item.get("review_status") == "approved"]
    error, priority = ask.params.get("error_type"), ask.params.get("error_priority")
    if error or priority:
        items = [item for item in items if _has_error(item, error, priority)]
    return EdgeListing(items)


def _has_error(item: GraphNode, error: str | None, priority: str | None) -> bool:
    return any(
        error in (None, row["error_type"]) and priority in (None, row["error_priority"])
        for row in item.get("errors") or ()
    )


@serves_catalog("GET", "ProductCatalog/product_sets")
def product_sets(ask: Ask) -> EdgeListing:
    """Return the sets of a catalog. The demo has no hierarchy, so every set is a root without children."""
    rows: Sequence[GraphNode] = ask.graph.world.store.children(ask.node.id, "product_sets")
    if "retailer_id" in ask.params:
        rows = [row for row in rows if row.get("retailer_id") == ask.params["retailer_id"]]
    has_no_match = ask.params.get("parent_id", "0") != "0" or ask.params.get("ancestor_id") is not None
    return EdgeListing([] if has_no_match or ask.params.get("has_children") else rows)


@serves_catalog("GET", "ProductItem/product_sets")
def sets_of_item(ask: Ask) -> EdgeListing:
    """Return the sets whose filter an item fits."""
    store = ask.graph.world.store
    rows = store.children(catalog_of(store, ask.node) or "", "product_sets")
    return EdgeListing([row for row in rows if select([ask.node], row.get("filter"))])


serves_catalog(
    "GET", "ProductCatalog/product_feeds", "ProductCatalog/agencies", "ProductFeed/rules", "ProductFeed/uploads"
)(linked)
serves_catalog("GET", "ProductCatalog/assigned_users")(people_of_object)
serves("GET", "Business/owned_product_catalogs", "Business/client_product_catalogs")(linked)


@serves_catalog("GET", "ProductFeed/upload_schedules")
def schedules(ask: Ask) -> EdgeListing:
    """Return the schedules of a feed: the replacing one, then the updating one."""
    rows = [ask.node.get(name) for name in ("schedule", "update_schedule")]
    return EdgeListing([row for row in rows if row])


@serves_catalog("GET", "ProductCatalog/data_sources")
def data_sources(ask: Ask) -> EdgeListing:
    """Return the ways in which items come in: one per feed, and the Batch API."""
    feeds = ask.graph.world.store.children(ask.node.id, "product_feeds")
    rows = [_source(feed.id, str(feed.get("name")), "PRIMARY", "FEED") for feed in feeds]
    if ask.params.get("ingestion_source_type", "ALL") == "SUPPLEMENTARY":
        rows = []
    elif ask.graph.world.store.memory.get(("batches", ask.node.id)):
        rows.append(_source(f"{ask.node.id}1", "Batch API", "PRIMARY", "API"))
    return EdgeListing(rows)


def _source(source_id: str, name: str, kind: str, upload_type: str) -> dict[str, Json]:
    return {"id": source_id, "name": name, "ingestion_source_type": kind, "upload_type": upload_type}


@serves_catalog("GET", "ProductFeedUpload")
def upload(ask: Ask) -> Json:
    """Return an upload. One that was just started ends at the second look, because a clock may stand still."""
    looks = ask.graph.world.store.memory
    node = ask.node
    if node.get("end_time") is None:
        looks["looks", node.id] = looks.get(("looks", node.id), 0) + 1
        if looks["looks", node.id] > 1:
            items_batch.finish_upload(ask, node)
            node = ask.graph.find(node.id) or node
    return ask.graph.projector(ask.call, ask.token).node(node, ask.wanted)


@serves_catalog("GET", "ProductFeedUpload/errors")
def upload_errors(ask: Ask) -> EdgeListing:
    """Return the kinds of errors of an upload. HIGH are fatal ones, the others warnings."""
    rows = ask.graph.world.store.children(ask.node.id, "errors")
    priority = ask.params.get("error_priority")
    severities = {None: ("fatal", "warning"), "HIGH": ("fatal",)}.get(priority, ("warning",))
    return EdgeListing([row for row in rows if row.get("severity") in severities])


@serves_catalog("GET", "ProductFeedUploadError/samples", "ProductFeedUploadError/suggested_rules")
def of_error(ask: Ask) -> EdgeListing:
    """Return rows of the file that have the error, or rules that would mend it."""
    return EdgeListing(ask.graph.world.store.memory.get((ask.call.path[-1], ask.node.id), []))


@serves_catalog("GET", "ProductCatalog/check_batch_request_status")
def batch_status(ask: Ask) -> EdgeListing:
    """Return the state of a batch, a list with one element."""
    return EdgeListing([items_batch.status(ask)])
