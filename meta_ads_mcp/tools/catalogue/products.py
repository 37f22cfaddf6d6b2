"""List and search the items of a catalog, a product set or a feed, and read one item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, list_result
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.catalogue.catalogs import KINDS, SCOPES, explain_kind
from meta_ads_mcp.tools.catalogue.facets import MAX_FACET_ITEMS, count_facets
from meta_ads_mcp.tools.catalogue.prices import with_prices
from meta_ads_mcp.tools.catalogue.product_filter import ProductFilter, check_filter

TYPES = ("catalog", "product_set", "product_feed", "product")
# Usual values, which a list leaves out.
USUAL = {"review_status": "approved", "visibility": "published", "image_fetch_status": "FETCHED", "condition": "new"}
FIELDS = (
    "retailer_id retailer_product_group_id name brand availability condition price sale_price currency url image_url "
    "product_type category review_status review_rejection_reasons visibility image_fetch_status errors"
)
# Long, and the same for most items: shown for one product, or when a call asks for fields.
LONG = ("url", "image_url", "category", "retailer_product_group_id")
DETAILS = (
    "description additional_image_urls gtin inventory custom_label_0 custom_label_1 custom_label_2 custom_label_3 "
    "custom_label_4 capability_to_review_status invalidation_errors video_fetch_status product_feed product_catalog"
)
# Edges of catalogs of other verticals (SDK class ProductCatalog).
OTHER_EDGES = {
    "hotels": "hotels",
    "flights": "flights",
    "destinations": "destinations",
    "home_listings": "home_listings",
    "vehicles": "vehicles or vehicle_offers",
}


@tool(
    "ads_catalog_list_products",
    Effect.READ,
    node="ProductItem",
    fields=FIELDS,
    identity="id",
    singular="product",
    keywords="items search sku retailer id price stock brand facets rejected errors",
)
class ListProducts(ListParams):
    """List or search the products of a catalog, product set or feed, with price, stock, review and faults; or read one.
    facets=true counts brands and types instead."""

    entity_id: Annotated[ObjectId, Local()]
    entity_type: Annotated[Literal["catalog", "product_set", "product_feed", "product"], Local()] = "catalog"
    filter: ProductFilter | None = None
    retailer_ids: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=100)]] | None,
        Local(),
        Field(min_length=1, max_length=100, description="The shop's own ids (SKU)"),
    ] = None
    error_type: Annotated[str | None, Field(min_length=1, max_length=80, description="Such as IMAGE_FETCH_FAILED")] = (
        None
    )
    error_priority: Literal["HIGH", "MEDIUM", "LOW"] | None = None
    only_approved: Annotated[bool | None, Local()] = None
    bulk_pagination: Annotated[bool | None, Field(description="For very large catalogs")] = None
    facets: Annotated[bool, Local()] = False
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        narrowing = ("filter", "retailer_ids", "error_type", "error_priority", "only_approved", "bulk_pagination")
        if self.entity_type == "product" and any(getattr(self, name) is not None for name in narrowing):
            raise ValueError("a single product takes no filter")
        if self.only_approved is not None and self.entity_type != "catalog":
            raise ValueError("only_approved goes with entity_type=catalog")
        if self.filter is not None and self.retailer_ids is not None:
            raise ValueError("give filter or retailer_ids")
        return self

    async def run(self, call: Call) -> Result:
        with needing(*SCOPES[:1]), explain_kind(self.entity_id, self.entity_type, TYPES):
            if self.entity_type == "product":
                return await self._read_one(call)
            params = self._params(call)
            if self.facets:
                most = self.max_items or MAX_FACET_ITEMS
                return await count_facets(call, self.entity_id, self.entity_type, params, most)
            listing = await call.graph.list(
                f"{self.entity_id}/products",
                fields=[*fields_for(self), *([] if self.fields else ["product_catalog{id}"])],
                limit=self.limit,
                after=self.after,
                max_items=self.max_items,
                **params,
            )
        self._check_type(listing.rows)
        result = list_result("product", self.entity_id, listing, self._refine)
        if not listing.rows:
            await self._explain_empty(call, params)
        return result

    def _params(self, call: Call) -> Row:
        rule = {"retailer_id": {"is_any": self.retailer_ids}} if self.retailer_ids else self.filter or None
        params: dict[str, Any] = {
            "filter": check_filter(rule, call.note),
            "error_type": self.error_type,
            "error_priority": self.error_priority,
            "return_only_approved_products": self.only_approved,
            "bulk_pagination": self.bulk_pagination,
        }
        return {name: value for name, value in params.items() if value is not None}

    def _check_type(self, rows: Sequence[Row]) -> None:
        """Raise InvalidArguments for a catalog that is called a product set or feed, or the other way round.

        All three have the edge `products`, so Graph refuses nothing; the items say to which catalog they belong.
        """
        catalog = next((row["product_catalog"] for row in rows if isinstance(row.get("product_catalog"), dict)), None)
        if catalog is None or (str(catalog.get("id")) == self.entity_id) == (self.entity_type == "catalog"):
            return
        fits = ("product_set", "product_feed") if self.entity_type == "catalog" else ("catalog",)
        raise InvalidArguments(
            f"{self.entity_id} is not a {node_kind(KINDS[self.entity_type]).label}: its items are in "
            f"catalog {catalog['id']}.",
            f"Call again with entity_type={' or '.join(fits)}.",
            allowed=fits,
        )

    def _refine(self, item: Row) -> Row:
        return product_row(item, whole=self.fields is not None)

    async def _read_one(self, call: Call) -> Result:
        fields = self.fields or [*FIELDS.split(), *DETAILS.split()]
        item = await call.graph.get(self.entity_id, fields=["id", "retailer_id", *fields])
        sets = await call.graph.list(f"{self.entity_id}/product_sets", fields=["id", "name"], limit=25)
        data = {**product_row(item, whole=True), "product_sets": sets.rows}
        return Result(f"Product {item.get('retailer_id')}: {item.get('name')}.", data)

    async def _explain_empty(self, call: Call, params: Row) -> None:
        """Say why a list is empty: a catalog of another vertical has its items on another edge."""
        if params:
            call.note(
                "No product fits; text operators compare whole words. facets=true counts brands, types, stock and "
                "prices, with a filter for each."
            )
        elif self.entity_type == "catalog":
            vertical = str((await call.graph.get(self.entity_id, fields=["vertical"])).get("vertical"))
            if vertical in OTHER_EDGES:
                call.note(f"A catalog of {vertical} has its items on the edge {OTHER_EDGES[vertical]}, not products.")


def product_row(item: Row, *, whole: bool = False) -> Row:
    """Return an item with prices as money and its faults in words. A list leaves out usual values and addresses."""
    row = with_prices(item)
    if not whole:
        row.pop("product_catalog", None)
    errors = row.pop("errors", None)
    if isinstance(errors, Sequence) and not isinstance(errors, str):
        row["faults"] = [fault_text(error) for error in errors if isinstance(error, dict)]
    if whole:
        return row
    leave_out = {name for name, value in USUAL.items() if row.get(name) == value} | set(LONG)
    return {name: value for name, value in row.items() if name not in leave_out}


def fault_text(error: Row) -> str:
    """Return a fault of an item in words, with Meta's name for it."""
    return f"{error.get('title') or error.get('description') or 'Fault'} ({error.get('error_type')})"
