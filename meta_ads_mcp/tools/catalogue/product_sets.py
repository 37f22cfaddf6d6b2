"""List product sets with their filters in words, and find the ad sets that promote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, list_result
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.graph_values import with_parsed
from meta_ads_mcp.core.values.ids import AccountId, CatalogId, ObjectId, ProductSetId
from meta_ads_mcp.core.write import Change, CreateParams, Plan, Steps
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.catalogue.catalogs import SCOPES, explain_kind
from meta_ads_mcp.tools.catalogue.feed_setup.feed_forms import SetMetadata
from meta_ads_mcp.tools.catalogue.prices import with_prices
from meta_ads_mcp.tools.catalogue.product_filter import ProductFilter, check_filter, describe_filter

TYPES = ("catalog", "product", "product_set")
FIELDS = "name filter product_count retailer_id latest_metadata live_metadata auto_creation_url"
EMPTY = "no items: ads with this set do not show"
# Ad sets that are read to find those that promote a set.
MAX_AD_SETS = 2_000
SAMPLES, PREVIEW_SAMPLES = 5, 10
# Items that are counted before a set exists. Graph counts the items of a set, but not those of a filter.
MAX_COUNTED = 5_000
SAMPLE_FIELDS = ["id", "retailer_id", "name", "price", "currency", "availability"]
NOTHING = "ads_catalog_list_products facets=true counts what there is, with a filter for each."


@tool(
    "ads_catalog_list_product_sets",
    Effect.READ,
    node="ProductSet",
    fields=FIELDS,
    identity="id",
    singular="product set",
    keywords="collection filter items catalogue used by ad sets",
)
class ListProductSets(ListParams):
    """List the product sets of a catalog, or those that hold one product, or read one: its filter in words and number
    of items. With account_id: which ad sets promote each."""

    entity_id: Annotated[ObjectId, Local()]
    entity_type: Annotated[Literal["catalog", "product", "product_set"], Local()] = "catalog"
    retailer_id: Annotated[str | None, Field(max_length=100)] = None
    parent_id: ProductSetId | None = None
    ancestor_id: ProductSetId | None = None
    has_children: bool | None = None
    name_contains: Annotated[str | None, Local(), Field(min_length=1, max_length=200)] = None
    account_id: Annotated[AccountId | None, Local()] = None
    fields: FieldList | None = None

    async def run(self, call: Call) -> Result:
        with needing(*SCOPES[:1]), explain_kind(self.entity_id, self.entity_type, TYPES):
            if self.entity_type == "product_set":
                row = await call.graph.get(self.entity_id, fields=[*fields_for(self), "product_catalog"])
                rows = await self._with_users(call, [set_row(row)])
                return Result(f"Product set {self.entity_id}: {row.get('name')}.", rows[0])
            listing = await call.graph.list(
                f"{self.entity_id}/product_sets",
                fields=fields_for(self),
                limit=self.limit,
                after=self.after,
                max_items=self.max_items,
                **self._params(),
            )
        result = list_result("product set", self.entity_id, listing)
        rows = [set_row(row) for row in listing.rows]
        if self.name_contains:
            needle = self.name_contains.casefold()
            rows = [row for row in rows if needle in str(row.get("name", "")).casefold()]
            call.note(f"{len(rows)} of the {len(listing.rows)} sets that were read have this in their name.")
            return Result(result.summary, await self._with_users(call, rows), result.page)
        return Result(result.summary, await self._with_users(call, rows), result.page, marks=result.marks)

    def _params(self) -> Row:
        if self.entity_type != "catalog":
            return {}
        names = ("retailer_id", "parent_id", "ancestor_id", "has_children")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    async def _with_users(self, call: Call, rows: list[Row]) -> list[Row]:
        if self.account_id is None or not rows:
            return rows
        users = await ad_sets_of_sets(call, self.account_id, [str(row["id"]) for row in rows])
        return [{**row, "ad_sets": users[str(row["id"])]} for row in rows]


def set_row(row: Row) -> Row:
    """Return a set with its filter in words, and a mark if it is empty."""
    values = with_parsed(row, "filter")
    plain = {name: value for name, value in values.items() if name != "product_count"}
    if "filter" in row:
        plain["filter_in_words"] = describe_filter(values["filter"])
    if "product_count" in row:
        plain["items"] = row["product_count"]
        if row["product_count"] == 0:
            plain["warning"] = EMPTY
    return plain


async def ad_sets_of_sets(call: Call, account: str, set_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Return the ad sets of an account that promote each product set. Graph has no edge for this."""
    users: dict[str, list[Row]] = {set_id: [] for set_id in set_ids}
    count = 0
    fields = ["id", "name", "effective_status", "promoted_object"]
    async for page in call.graph.each_page(f"{account}/adsets", fields=fields, limit=200):
        for row in page:
            target = row.get("promoted_object")
            set_id = str(target.get("product_set_id")) if isinstance(target, dict) else ""
            if set_id in users:
                users[set_id].append({name: row[name] for name in ("id", "name", "effective_status") if name in row})
        count += len(page)
        if count >= MAX_AD_SETS:
            call.note(f"Only the newest {count} ad sets of {account} were looked at for product sets.")
            break
    return users


async def preview_items(call: Call, catalog: str, rule: Mapping[str, Any], samples: int = PREVIEW_SAMPLES) -> Row:
    """Return how many items of a catalog fit a filter, and some of them. Counts up to 5,000."""
    listing = await call.graph.list(f"{catalog}/products", fields=SAMPLE_FIELDS, limit=samples, filter=dict(rule))
    count: int | str = len(listing.rows)
    if listing.has_more:
        count = 0
        async for page in call.graph.each_page(f"{catalog}/products", fields=["id"], limit=1000, filter=dict(rule)):
            count += len(page)
            if count >= MAX_COUNTED:
                count = f"at least {count}"
                break
    return {"items": count, "samples": [sample_row(row) for row in listing.rows]}


def currency_of(samples: Sequence[Row]) -> str | None:
    """Return the currency of the first sample that has a price."""
    prices = (row.get("price") for row in samples)
    return next((str(price["currency"]) for price in prices if isinstance(price, dict) and "currency" in price), None)


def sample_row(row: Row) -> Row:
    """Return an item as a sample of a set: its ids, name, price and stock."""
    return {name: value for name, value in with_prices(row).items() if name != "product_catalog"}


@tool(
    "ads_catalog_create_product_set",
    Effect.CREATE,
    post("{catalog_id}/product_sets"),
    node="ProductSet",
    keywords="new collection of items filter sale category brand",
)
class CreateProductSet(CreateParams):
    """Create a product set: the items of a catalog that match a filter, or all of them. dry_run=true shows how many
    items match and ten of them."""

    catalog_id: CatalogId
    name: Annotated[str, Field(min_length=1, max_length=200)]
    filter: ProductFilter | None = None
    retailer_id: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    metadata: SetMetadata | None = None
    allow_empty: Annotated[bool, Local(), Field(description="Also when nothing matches now")] = False

    async def plan(self, call: Call) -> Plan:
        rule = check_filter(self.filter or None, call.note)
        values: Row = {"name": self.name}
        values |= {"filter": rule} if rule else {}
        values |= {"retailer_id": self.retailer_id} if self.retailer_id else {}
        values |= {"metadata": self.metadata.model_dump(exclude_none=True)} if self.metadata else {}
        with needing(*SCOPES[:1]):
            details = await self._preview(call, rule)
        change = Change(
            Effect.CREATE,
            Request("POST", f"{self.catalog_id}/product_sets", values, repeatable=False, write=True),
            "ProductSet",
            after=values,
            parent=self.catalog_id,
            edge="product_sets",
        )
        return Plan([change], f"Create the product set {self.name}.", details=details)

    async def _preview(self, call: Call, rule: Row | None) -> Row:
        """Try the filter. Raises InvalidArguments if nothing matches."""
        if rule is None:
            return {"filter_in_words": describe_filter(None)}
        if self.dry_run:
            preview = await preview_items(call, self.catalog_id, rule)
        else:
            path = f"{self.catalog_id}/products"
            listing = await call.graph.list(path, fields=SAMPLE_FIELDS, limit=SAMPLES, filter=rule)
            preview = {"items": len(listing.rows), "samples": [sample_row(row) for row in listing.rows]}
        if not preview["items"] and not self.allow_empty:
            raise InvalidArguments(f"No item of the catalog fits this filter: {describe_filter(rule)}.", NOTHING)
        return {"filter_in_words": describe_filter(rule, currency_of(preview["samples"])), **preview}

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        set_id = str((await steps.do(plan.changes[0]))["id"])
        row = await call.graph.get(set_id, fields=["id", "name", "filter", "product_count"])
        step = (
            f"promoted_object.product_set_id={set_id} of an ad set promotes it, product_set_id of a creative shows it."
        )
        return {**plan.details, "items": row.get("product_count"), "next_step": step}

    @classmethod
    def has_steps(cls) -> bool:
        return False
