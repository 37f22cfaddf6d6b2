"""The product catalogs of the demo: items, feeds with their uploads, product sets, event sources, and what is wrong.

The first catalog has 5,000 items and twelve planted faults: seven of items (`shop.ITEM_FAULTS`), hidden items, a feed
that cannot be fetched any more, an upload that deleted items, an empty product set that a running ad set uses, and
events whose ids do not match the items.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.store import GraphNode, Store
from meta_ads_mcp.sandbox.world import ids
from meta_ads_mcp.sandbox.world.product_filter import select
from meta_ads_mcp.sandbox.world.shop import HIDDEN_ITEMS, ITEM_FAULTS, SHOPS, Shop, items_of

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

Json = Any
NAMED = ("id", "name")
FAILED_DAYS = 6  # since when the outlet feed cannot be fetched
DELETED_ITEMS = 118  # by the last full upload of the main feed
BAD_ROWS = 7  # rows of the second shop whose availability Meta does not know
LOW_MATCH, HIGH_MATCH = 0.58, 0.97
EMPTY_SET = "Winter clearance"
SETS: tuple[tuple[str, Json], ...] = (
    ("All items", {}),
    ("In stock", {"availability": {"eq": "in stock"}}),
    ("On sale", {"sale_price": {"gt": 0}}),
)
OF_MEDIA = ("image_hash", "image_url", "video_id", "title", "link_url", "asset_feed_spec", "call_to_action_type")
EMPTY_FILTER = {"custom_label_0": {"eq": "clearance"}}


@dataclass(frozen=True)
class PlantedFault:
    """A fault of the first catalog. `where` is the kind of object, `count` how many items it touches (0: none)."""

    key: str
    where: str
    count: int


PLANTED = (
    *(PlantedFault(fault.error_type, "items", fault.count) for fault in ITEM_FAULTS),
    PlantedFault("HIDDEN", "items", HIDDEN_ITEMS),
    PlantedFault("FEED_NOT_FETCHED", "feed", 0),
    PlantedFault("ITEMS_DELETED", "feed", DELETED_ITEMS),
    PlantedFault("EMPTY_SET", "set", 0),
    PlantedFault("LOW_MATCH_RATE", "events", 0),
)


class CatalogBuilder:
    """Adds the catalogs of a world to its store."""

    def __init__(self, world: World, store: Store) -> None:
        self.world = world
        self.store = store

    def add_all(self) -> None:
        for shop in SHOPS[: len(self.world.clients)]:
            self._add_catalog(shop)

    def _id(self, kind: str, *key: object) -> str:
        return ids.make(self.world.seed, kind, *key)

    def _node(self, node_id: str, kind: str, fields: dict[str, Json], parent: str, edge: str) -> GraphNode:
        values = {name: value for name, value in {"id": node_id, **fields}.items() if value is not None}
        node = self.store.add(GraphNode(node_id, kind, values, default_fields=NAMED if "name" in fields else ("id",)))
        self.store.links[parent, edge] = (*self.store.links.get((parent, edge), ()), node_id)
        return node

    def _ago(self, **span: float) -> str:
        return (self.world.today - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%S+0000")

    def _add_catalog(self, shop: Shop) -> None:
        catalog_id, store = self._id("catalog", shop.number), self.store
        owner, edge = self._owner_of(shop)
        fields = {
            "name": shop.name,
            "vertical": "commerce",
            "business": owner,
            "owner_business": owner,
            "is_catalog_segment": False,
            "product_count": partial(_count_links, store, catalog_id, "products"),
            "feed_count": partial(_count_links, store, catalog_id, "product_feeds"),
            "da_display_settings": {"carousel_ad": {"transformation_type": "none"}},
        }
        self._node(catalog_id, "ProductCatalog", fields, self.world.business_id, edge)
        feed_ids = tuple(self._id("feed", shop.number, place) for place in range(len(shop.feeds)))
        self._add_items(shop, catalog_id, feed_ids)
        for place, feed_id in enumerate(feed_ids):
            self._add_feed(shop, catalog_id, feed_id, place)
        for place, (name, rule) in enumerate(SETS if shop.number else (*SETS, (EMPTY_SET, EMPTY_FILTER))):
            add_set(store, catalog_id, self._id("product_set", shop.number, place), name, rule)
        self._connect_pixel(shop, catalog_id)

    def _owner_of(self, shop: Shop) -> tuple[dict[str, str], str]:
        """Return the business of a catalog, and the edge on which the agency has it."""
        if not shop.is_shared:
            return {"id": self.world.business_id}, "owned_product_catalogs"
        business_id, name = self._id("business", "client", shop.number), self.world.clients[shop.number].name
        fields = {"id": business_id, "name": name}
        self.store.add(GraphNode(business_id, "Business", fields, default_fields=NAMED))
        return {"id": business_id}, "client_product_catalogs"

    def _add_items(self, shop: Shop, catalog_id: str, feed_ids: tuple[str, ...]) -> None:
        items = items_of(shop, self.world.seed, catalog_id, feed_ids)
        self.store.nodes.update((item.id, item) for item in items)
        self.store.links[catalog_id, "products"] = tuple(item.id for item in items)

    def _add_feed(self, shop: Shop, catalog_id: str, feed_id: str, place: int) -> None:
        store = self.store
        self.store.memory["catalog", feed_id] = catalog_id
        name = shop.feeds[place]
        url = f"https://{shop.site}/feeds/{name.split()[0].lower()}.csv?token=s3cret"
        fields = {
            "name": name,
            "country": self.world.clients[shop.number].country,
            "created_time": self._ago(days=400),
            "default_currency": shop.currency,
            "deletion_enabled": shop.number == 0 and place == 0,
            "delimiter": "COMMA",
            "encoding": "UTF8",
            "file_name": f"{name.split()[0].lower()}.csv",
            "ingestion_source_type": "primary_feed",
            "quoted_fields_mode": "AUTODETECT",
            "schedule": {
                "interval": "DAILY",
                "interval_count": 1,
                "hour": 3,
                "minute": 30,
                "timezone": self.world.clients[shop.number].timezone,
                "url": url,
            },
            "product_count": partial(count_of_feed, store, catalog_id, feed_id),
            "latest_upload": partial(latest_upload, store, feed_id),
        }
        self._node(feed_id, "ProductFeed", fields, catalog_id, "product_feeds")
        self._add_uploads(shop, feed_id, place, url)

    def _add_uploads(self, shop: Shop, feed_id: str, place: int, url: str) -> None:
        size = shop.size * 9 // 10 if not place else shop.size - shop.size * 9 // 10
        for day in range(8):
            fails = shop.number == 0 and place == 1 and day < FAILED_DAYS
            bad = BAD_ROWS if shop.number == 1 else 0
            upload_id = self._id("upload", shop.number, place, day)
            fields = {
                "filename": url.rpartition("/")[2].partition("?")[0],
                "input_method": "Server Fetch",
                "url": url,
                "start_time": self._ago(days=day, hours=4),
                "end_time": self._ago(days=day, hours=3.9),
                "error_count": int(fails) or bad,
                "warning_count": 0,
                "num_detected_items": 0 if fails else size + bad,
                "num_persisted_items": 0 if fails else size,
                "num_invalid_items": bad,
                "num_deleted_items": DELETED_ITEMS if shop.number == 0 and not place and not day else 0,
            }
            self._node(upload_id, "ProductFeedUpload", fields, feed_id, "uploads")
            self.store.memory["catalog", upload_id] = self.store.memory["catalog", feed_id]
            if fails:
                self._add_fetch_error(upload_id)
            if bad:
                self._add_row_error(shop, upload_id)

    def _add_fetch_error(self, upload_id: str) -> None:
        fields = {
            "summary": "The file could not be downloaded",
            "description": "The server answered 404 Not Found for the address of the feed.",
            "severity": "fatal",
            "error_type": "FETCH_FILE_NOT_FOUND",
            "total_count": 1,
            "affected_surfaces": ["Dynamic Ads"],
        }
        self._node(self._id("upload_error", upload_id), "ProductFeedUploadError", fields, upload_id, "errors")

    def _add_row_error(self, shop: Shop, upload_id: str) -> None:
        error_id = self._id("upload_error", upload_id)
        fields = {
            "summary": "Availability is not valid",
            "description": "availability has to be in stock, out of stock, preorder or available for order.",
            "severity": "fatal",
            "error_type": "PROPERTY_VALUE_FORMAT",
            "total_count": BAD_ROWS,
            "affected_surfaces": ["Dynamic Ads"],
        }
        self._node(error_id, "ProductFeedUploadError", fields, upload_id, "errors")
        self.store.memory["samples", error_id] = [
            {"id": f"{error_id}{row}", "retailer_id": f"{shop.prefix}-9{row:04d}", "row_number": 31 * row + 12}
            for row in range(BAD_ROWS)
        ]
        self.store.memory["suggested_rules", error_id] = [
            {
                "attribute": "availability",
                "type": "value_mapping_rule",
                "params": [{"key": "auf Lager", "value": "in stock"}],
            }
        ]

    def _connect_pixel(self, shop: Shop, catalog_id: str) -> None:
        pixel_id = ids.make(self.world.seed, "pixel", shop.number)
        self.store.links[catalog_id, "external_event_sources"] = (pixel_id,)
        self.store.memory["match_rate", catalog_id] = LOW_MATCH if shop.number == 0 else HIGH_MATCH


def add_set(store: Store, catalog_id: str, set_id: str, name: str, rule: Json, **more: Json) -> GraphNode:
    """Add a product set; its number of items follows from its filter."""
    fields = {
        "id": set_id,
        "name": name,
        "filter": json.dumps(rule),
        "product_catalog": {"id": catalog_id},
        "product_count": partial(count_of_set, store, set_id),
        **more,
    }
    node = store.add(GraphNode(set_id, "ProductSet", fields, default_fields=("id", "name")))
    store.links[catalog_id, "product_sets"] = (*store.links.get((catalog_id, "product_sets"), ()), set_id)
    return node


def _count_links(store: Store, node_id: str, edge: str) -> int:
    return len(store.links.get((node_id, edge), ()))


def count_of_set(store: Store, set_id: str) -> int:
    product_set = store.nodes[set_id]
    return len(select(store.children(product_set.get("product_catalog")["id"], "products"), product_set.get("filter")))


def count_of_feed(store: Store, catalog_id: str, feed_id: str) -> int:
    items = store.children(catalog_id, "products")
    return sum((item.get("product_feed") or {}).get("id") == feed_id for item in items)


def latest_upload(store: Store, feed_id: str) -> Json:
    uploads = store.links.get((feed_id, "uploads"), ())
    return {"id": uploads[0]} if uploads else None


def promote_sets(world: World, store: Store) -> None:
    """Let two running ad sets of the first account promote product sets, one of which is empty."""
    account_id = world.account_ids[0]
    ad_sets = [
        node
        for node in store.children(f"act_{account_id}", "adsets")
        if node.get("effective_status") == "ACTIVE" and (node.get("promoted_object") or {}).get("pixel_id")
    ]
    for ad_set, place in zip(ad_sets, (len(SETS), 2), strict=False):
        set_id = ids.make(world.seed, "product_set", 0, place)
        store.patch(ad_set.id, {"promoted_object": {**ad_set.get("promoted_object"), "product_set_id": set_id}})
        _show_set(world, store, ad_set, set_id)


def _show_set(world: World, store: Store, ad_set: GraphNode, set_id: str) -> None:
    """Let the creative of the first ad of an ad set show the product set instead of its picture or film."""
    ad = store.children(ad_set.id, "ads")[0]
    fields = {
        **dict.fromkeys(OF_MEDIA),
        "product_set_id": set_id,
        "object_type": "SHARE",
        "object_story_spec": {
            "page_id": world.page_ids[0],
            "template_data": {
                "link": f"https://{SHOPS[0].site}/",
                "message": "Built for weather that changes its mind.",
                "name": "{{product.name}}",
                "description": "{{product.price}}",
                "call_to_action": {"type": "SHOP_NOW"},
            },
        },
    }
    store.patch(ad.get("creative")["id"], fields)


def catalog_of(store: Store, node: GraphNode) -> str | None:
    """Return the catalog to which a node belongs. Feeds, uploads and rules do not name theirs."""
    if node.type == "ProductCatalog":
        return node.id
    catalog = node.get("product_catalog") if node.type in ("ProductSet", "ProductItem") else None
    return str(catalog["id"]) if catalog else store.memory.get(("catalog", node.id))
