"""Decide which catalogs this server may touch under an account allowlist: Graph names no account for a catalog.

A catalog may be touched if a business that owns an allowed account owns it, too, or has it shared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from meta_ads_mcp.core.nodes import NodeKind
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import Denied, PermissionMissing
from meta_ads_mcp.graph.paging import Sender, fetch_pages

# Where an object shows its catalog with the businesses that have it (SDK classes ProductCatalog, ProductSet and
# ProductItem). A feed, its uploads and its rules do not name theirs.
_OF_BUSINESS = "business{id},owner_business{id}"
_FIELDS = {
    "ProductCatalog": f"id,{_OF_BUSINESS}",
    "ProductSet": f"id,product_catalog{{id,{_OF_BUSINESS}}}",
    "ProductItem": f"id,product_catalog{{id,{_OF_BUSINESS}}}",
}
# Edges that lead from a catalog to what is in it.
CATALOG_EDGES = frozenset("product_feeds product_sets products rules uploads errors".split())


class CatalogAccess:
    """Look up the businesses of catalogs and of the listed accounts. `sender` sends the look-ups themselves.

    `limit` names the business to which this server is limited. It is the only one then.
    """

    def __init__(self, sender: Sender, listed: Sequence[str], limit: Callable[[], str | None]) -> None:
        self._sender = sender
        self._listed = listed
        self._limit = limit
        self._businesses: set[str] | None = None
        # Businesses with which a listed account is shared.
        self._related: set[str] = set()

    async def require(self, object_id: str, kind: NodeKind) -> None:
        """Raise Denied unless the object is in a catalog that this server may touch."""
        row = await self._read(object_id, _FIELDS[kind.name]) if kind.name in _FIELDS else {}
        catalog = row if kind.name == "ProductCatalog" else row.get("product_catalog")
        if not isinstance(catalog, Mapping) or str(row.get("id")) != object_id:
            raise _unknown_catalog(object_id, kind)
        businesses = await self._own_businesses()
        owners = {str(part.get("id")) for name in ("business", "owner_business") if (part := catalog.get(name))}
        if not owners & businesses and not await self._is_shared(str(catalog.get("id")), businesses):
            raise Denied(
                f"{object_id} is in a catalog of another business than the accounts that this server may touch.",
                "Its owner limits it with META_ADS_ACCOUNTS or META_ADS_BUSINESS_ID.",
            )

    async def require_business(self, business: str) -> None:
        """Raise Denied for a business that owns none of the listed accounts. `business` is the id of a business."""
        if business not in await self._own_businesses():
            raise _foreign_business(business)

    async def require_relation(self, business: str) -> None:
        """Raise Denied for a business that neither owns a listed account nor has one shared with it.

        What is listed below it, such as its people and invoices, is about other accounts then.
        """
        if business in self._related or business in await self._own_businesses():
            return
        if self._limit() is not None or not await self._lists(business, "client_ad_accounts", self._listed):
            raise _foreign_business(business)
        self._related.add(business)

    async def _read(self, object_id: str, fields: str) -> Mapping[str, Any]:
        row = await self._sender.send(Request("GET", object_id, {"fields": fields}))
        return row if isinstance(row, Mapping) else {}

    async def _own_businesses(self) -> set[str]:
        """Return the business to which this server is limited, or else those that own the listed accounts."""
        limit = self._limit()
        if limit is not None and not self._listed:
            return {limit}
        if self._businesses is None:
            rows = [await self._read(account, "business") for account in self._listed]
            self._businesses = {str(row["business"]["id"]) for row in rows if isinstance(row.get("business"), Mapping)}
        return self._businesses if limit is None else self._businesses & {limit}

    async def _is_shared(self, catalog: str, businesses: set[str]) -> bool:
        for business in sorted(businesses):
            if await self._lists(business, "client_product_catalogs", [catalog]):
                return True
        return False

    async def _lists(self, business: str, edge: str, ids: Collection[str]) -> bool:
        """Return whether an edge of a business lists one of the objects."""
        request = Request("GET", f"{business}/{edge}", {"fields": "id"})
        try:
            async for listing in fetch_pages(self._sender, request, 100, None):
                if any(str(row.get("id")) in ids for row in listing.rows):
                    return True
        except PermissionMissing:
            pass  # a list that this token may not read holds nothing that it may use
        return False


def ids_in_catalog(path: str, body: Any) -> Iterator[str]:
    """Yield the ids that an answer lists or creates below the first object of a path, on an edge of catalogs."""
    if path.partition("/")[2] in CATALOG_EDGES and isinstance(body, Mapping):
        rows = body["data"] if isinstance(body.get("data"), list) else [body]
        yield from (str(row["id"]) for row in rows if isinstance(row, Mapping) and row.get("id"))


def _foreign_business(business: str) -> Denied:
    return Denied(
        f"Business {business} owns none of the accounts that this server may touch.",
        "Its owner limits it with META_ADS_ACCOUNTS or META_ADS_BUSINESS_ID.",
    )


def _unknown_catalog(object_id: str, kind: NodeKind) -> Denied:
    return Denied(
        f"Meta does not say to which catalog the {kind.label} {object_id} belongs.",
        "List it first: ads_catalog_list_product_feeds shows the feeds of a catalog, with their rules and uploads.",
    )
