"""List the kinds of objects in a catalog, for `core/nodes.py`, and fields of items, as in facebook_business 26.0.3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple


class CatalogKind(NamedTuple):
    """State the facts about one kind; `core/nodes.py` explains them. `fingerprint` is (fields, creation time)."""

    name: str
    label: str
    list_edge: str | None
    distinct_field: str | None
    fingerprint: tuple[tuple[str, ...], str | None]
    id_keys: tuple[str, ...]
    quota_edges: tuple[str, ...] = ()
    quota: str = "catalog_management"
    effect_fields: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return the facts by the names of the fields of NodeKind. What this server creates, `DELETE` takes back."""
        facts = self._asdict()
        del facts["fingerprint"]
        is_changeable = self.distinct_field is not None
        return {**facts, "reversible": is_changeable, "deletable": is_changeable and self.list_edge is not None}


# Fields of items by which product sets and lists select. Their values are a shop's own, and never ids of Meta.
# Source: Meta docs, marketing-api/reference/product-set (filter).
ITEM_FIELDS = frozenset(
    """
    price sale_price current_price age_group availability brand category color condition custom_label_0 custom_label_1
    custom_label_2 custom_label_3 custom_label_4 description fb_product_category gender google_product_category gtin
    inventory item_group_id material name pattern product_type retailer_id retailer_product_group_id size title url
    visibility
    """.split()
)
# Attributes of items, and of pages of product sets, by which somebody who follows an ad gets to a page or an app.
_LEADS = re.compile(r".*(link|url).*|(android|ios|iphone|ipad|windows_phone)_.*")
_SHOWS = re.compile(r".*(image|video|cover|picture).*")


# Items that may change in one request without asking the user.
MAX_UNASKED_ITEMS = 100


def leads_somewhere(attribute: str) -> bool:
    """Return whether an attribute, under its name in a batch, on an edge or in a feed, says where an ad leads."""
    return bool(_LEADS.fullmatch(attribute)) and not _SHOWS.fullmatch(attribute)


def new_addresses(request: Mapping[str, Any], items: Mapping[str, Mapping[str, Any]] | None) -> dict[str, str]:
    """Return the addresses by attribute to which a request of a batch leads people who were led elsewhere before.

    `items` are the earlier attributes by item, without items that do not exist; None if nobody knows them.
    """
    data = request["data"]
    if request["method"] == "DELETE" or (items is not None and str(data["id"]) not in items):
        return {}
    earlier = {} if items is None else items[str(data["id"])]
    return {name: str(value) for name, value in data.items() if leads_somewhere(name) and earlier.get(name) != value}


_NAMED = (("name",), None)
_EDGES = (
    "product_sets products product_feeds uploads rules upload_schedules rule_preview_samples diagnostics da_checks "
    "event_stats external_event_sources data_sources"
)
CATALOG_KINDS = (
    CatalogKind(
        "ProductCatalog",
        "catalog",
        "owned_product_catalogs",
        "feed_count",
        _NAMED,
        ("catalog_id", "product_catalog_id"),
        tuple(_EDGES.split()),
    ),
    CatalogKind("ProductSet", "product set", "product_sets", "live_metadata", _NAMED, ("product_set_id",)),
    CatalogKind(
        "ProductFeed",
        "product feed",
        "product_feeds",
        "deletion_enabled",
        (("name",), "created_time"),
        ("product_feed_id", "primary_feed_ids"),
        effect_fields=("deletion_enabled", "schedule", "update_schedule", "product_count"),
    ),
    CatalogKind(
        "ProductFeedRule",
        "feed rule",
        "rules",
        "rule_type",
        (("attribute", "rule_type"), None),
        ("feed_rule_id",),
        effect_fields=("attribute",),
    ),
    CatalogKind("ProductFeedUpload", "feed upload", "uploads", None, ((), "start_time"), ("upload_session_id",)),
    CatalogKind(
        "ProductItem",
        "product",
        None,
        "image_fetch_status",
        _NAMED,
        ("product_item_id",),
        ("items_batch", "check_batch_request_status"),
        "catalog_batch",
    ),
)
