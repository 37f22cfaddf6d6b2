"""Change or delete a catalog, product set, feed, feed rule or product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Final, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.core.values.money import format_money, money, offset
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan, Steps
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.catalogue.catalogs import KINDS, SCOPES, explain_kind
from meta_ads_mcp.tools.catalogue.entity_values import (
    CHANGEABLE,
    CatalogValues,
    FeedValues,
    ItemValues,
    RuleValues,
    SetValues,
)
from meta_ads_mcp.tools.catalogue.feed_setup.feed_rules import check_rule_params
from meta_ads_mcp.tools.catalogue.feeds import describe_rule, rule_params
from meta_ads_mcp.tools.catalogue.prices import HUNDREDTHS, price_minor, shown_minor, to_hundredths
from meta_ads_mcp.tools.catalogue.product_filter import check_filter, describe_filter
from meta_ads_mcp.tools.catalogue.product_sets import ad_sets_of_sets, currency_of, preview_items

EntityType = Literal["catalog", "product_set", "product_feed", "feed_rule", "product"]
TYPES = ("catalog", "product_set", "product_feed", "feed_rule", "product")
PRICES = ("price", "sale_price")
LIVE_CATALOG, LIVE_SET = "allow_delete_catalog_with_live_product_set", "allow_live_product_set_deletion"
# Fields that name an object, and those that say what goes with it, by type.
READ = {
    "catalog": ("id", "name", "product_count", "feed_count"),
    "product_set": ("id", "name", "product_count", "filter", "product_catalog", "live_metadata"),
    "product_feed": ("id", "name", "product_count", "deletion_enabled"),
    "feed_rule": ("id", "attribute", "rule_type", "params"),
    "product": ("id", "retailer_id", "name", "product_feed{id,name}", "price", "currency"),
}


@tool(
    "ads_catalog_update_entity",
    Effect.UPDATE,
    node="ProductCatalog",
    keywords="rename filter schedule price availability hide product publish",
    destructive=True,
)
class UpdateCatalogEntity(ConfirmedParams):
    """Change a catalog, product set, feed, feed rule or single product; what is left out stays. Prices are "9.99 USD".
    Filters, deletion_enabled=true and visibility=staging need a confirmation."""

    entity_type: Annotated[EntityType, Local()]
    entity_id: Annotated[ObjectId, Local()]
    values: Annotated[
        dict[str, Any],
        Local(),
        Field(
            min_length=1,
            description="catalog {name, …}; product_set {name, filter, retailer_id, metadata}; product_feed {name, "
            "schedule, deletion_enabled, …}; feed_rule {params}; product {price, availability, visibility, …}",
        ),
    ]

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        self.model()
        return self

    def model(self) -> CatalogValues | SetValues | FeedValues | RuleValues | ItemValues:
        """Return the values by their type. Raises InvalidArguments with the accepted keys."""
        kind = CHANGEABLE[self.entity_type]
        unknown = sorted(self.values.keys() - kind.model_fields.keys())
        if unknown:
            raise InvalidArguments(
                f"values of a {self.entity_type} have no key {', '.join(unknown)}.",
                "Use the accepted keys.",
                allowed=tuple(kind.model_fields),
            )
        try:
            return TypeAdapter(kind).validate_python(self.values)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InvalidArguments(
                f"values.{place} is not valid: {first['msg'].removeprefix('Value error, ')}.",
                "Correct it and call again.",
            ) from None

    async def plan(self, call: Call) -> Plan:
        values = self.model()
        names = [name for name in self.values if name in type(values).model_fields]
        effect_fields = node_kind(KINDS[self.entity_type]).effect_fields
        fields = list(
            dict.fromkeys([*READ[self.entity_type], *(_readable_name(name) for name in names), *effect_fields])
        )
        with needing(*SCOPES[:1]), explain_kind(self.entity_id, self.entity_type, TYPES):
            row = await call.graph.get(self.entity_id, fields=fields)
        edit = await self._edit(call, values, row)
        change = Change(
            Effect.UPDATE,
            Request("POST", self.entity_id, edit.params, repeatable=False, write=True),
            KINDS[self.entity_type],
            object_id=self.entity_id,
            before=edit.before,
            after=edit.after,
            readable=tuple(name for name in edit.after if name in edit.readable),
            title=str(row.get("name") or row.get("attribute") or "")[:200],
            context=row,
        )
        return Plan([change], f"Change {self.entity_type} {self.entity_id}.", edit.notes, edit.details)

    async def _edit(self, call: Call, values: Any, row: Row) -> EntityEdit:
        # Closed values leave out null, which removes a schedule.
        cleared_schedules = {
            name: "null" for name in ("schedule", "update_schedule") if self.values.get(name, "") is None
        }
        params = {**values.to_graph(), **cleared_schedules}
        before = {name: row.get(_readable_name(name)) for name in params}
        edit = EntityEdit(
            params, before, dict(params), set(params) - {"metadata", "schedule", "update_schedule", "params"}
        )
        if isinstance(values, SetValues) and values.filter is not None:
            await self._plan_filter(call, values, row, edit)
        if isinstance(values, RuleValues):
            _plan_rule(values, row, edit)
        if isinstance(values, ItemValues):
            _plan_item(values, row, edit)
        return edit

    async def _plan_filter(self, call: Call, values: SetValues, row: Row, edit: EntityEdit) -> None:
        """Try a new filter on the catalog of the set. Raises InvalidArguments if it selects nothing."""
        rule = check_filter(values.filter or None, call.note) or {}
        edit.params["filter"] = edit.after["filter"] = rule
        edit.before["filter"] = _parse(row.get("filter"))
        catalog = row.get("product_catalog")
        if isinstance(catalog, Mapping):
            preview = await preview_items(call, str(catalog["id"]), rule)
            edit.details |= {
                "items_before": row.get("product_count"),
                **preview,
                "filter_in_words": describe_filter(rule, currency_of(preview["samples"])),
            }
            edit.notes.append(f"Items of the set: {row.get('product_count')} → {preview['items']}.")
            if not preview["items"]:
                raise InvalidArguments(
                    "No item of the catalog fits the new filter, so ads with this set would stop.",
                    "ads_catalog_list_products facets=true counts what there is, with a filter for each.",
                )

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        await steps.do(plan.changes[0])
        if self.entity_type == "product_set":
            row = await call.graph.get(self.entity_id, fields=["id", "product_count"])
            return {**plan.details, "items": row.get("product_count")}
        return dict(plan.details)

    @classmethod
    def has_steps(cls) -> bool:
        return False


@dataclass
class EntityEdit:
    """What a call sends, what is there before, and what is read back."""

    params: Row
    before: Row
    after: Row
    readable: set[str]

    def __post_init__(self) -> None:
        self.notes: list[str] = []
        self.details: Row = {}


def _readable_name(name: str) -> str:
    return "latest_metadata" if name == "metadata" else name


def _parse(value: Any) -> Any:
    if not isinstance(value, str):
        return value or {}
    try:
        return json.loads(value)
    except ValueError:
        return value


def _plan_rule(values: RuleValues, row: Row, edit: EntityEdit) -> None:
    rule_type = str(row.get("rule_type"))
    try:
        check_rule_params(rule_type, values.params)
    except ValueError as problem:
        raise InvalidArguments(f"The params do not fit: {problem}.", "Correct them and call again.") from None
    edit.before["params"] = rule_params(row)
    attribute = str(row.get("attribute"))
    edit.details["in_words"] = Final(
        before=describe_rule(attribute, rule_type, rule_params(row)),
        after=describe_rule(attribute, rule_type, values.params),
    )


def _plan_item(values: ItemValues, row: Row, edit: EntityEdit) -> None:
    """Convert prices to hundredths, and say what lies behind a change of a single product."""
    shown_prices: Row = {}
    for name in PRICES:
        text = getattr(values, name)
        if text is None:
            continue
        hundredths, currency = to_hundredths(text)
        _require_currency(row, currency, name)
        edit.params[name] = edit.after[name] = hundredths
        edit.params["currency"] = currency
        edit.readable.discard(name)
        minor = shown_minor(row.get(name), row.get("currency"))
        edit.before[name] = None if minor is None else minor * HUNDREDTHS // (offset(currency) or 1)
        new = money(hundredths * (offset(currency) or 1) // HUNDREDTHS, currency)
        shown_prices[name] = {"before": None if minor is None else money(minor, currency), "after": new}
    if shown_prices:
        _require_lower_sale(values, row)
        others = {name: {"before": edit.before.get(name), "after": value} for name, value in edit.after.items()}
        edit.details["changes"] = Final({**others, **shown_prices})
        edit.notes += [
            f"{name}: {_price_text(pair['before'])} → {_price_text(pair['after'])}."
            for name, pair in shown_prices.items()
        ]
    feed = row.get("product_feed")
    if isinstance(feed, Mapping):
        edit.notes.append(
            f"Feed {feed.get('name') or feed.get('id')} owns this product: its next upload is expected to overwrite it."
        )


def _price_text(value: Row | None) -> str:
    return "none" if value is None else format_money(value)


def _require_lower_sale(values: ItemValues, row: Row) -> None:
    """Raise InvalidArguments for a new sale price that is not below the price of the product."""
    price = shown_minor(row.get("price"), row.get("currency"))
    if values.sale_price and not values.price and price is not None and price_minor(values.sale_price)[0] >= price:
        raise InvalidArguments("sale_price is not below the price of the product.", "Give a lower one, or price, too.")


def _require_currency(row: Row, currency: str, name: str) -> None:
    present = row.get("currency")
    if present and present != currency:
        raise InvalidArguments(
            f"{name} is in {currency}, and this product is priced in {present}.", f"Give the amount in {present}."
        )


@tool(
    "ads_catalog_delete_entity",
    Effect.DELETE,
    node="ProductCatalog",
    keywords="remove catalogue product set feed rule product for good",
    destructive=True,
)
class DeleteCatalogEntity(ConfirmedParams):
    """Delete a catalog, product set, feed (with its items), feed rule or product, for good. Needs a confirmation. To
    hide a product, use visibility staging."""

    entity_type: Annotated[EntityType, Local()]
    entity_id: Annotated[ObjectId, Local()]
    allow_live: Annotated[bool, Local(), Field(description="Also when running ads use it")] = False

    @model_validator(mode="after")
    def _check_live(self) -> Self:
        if self.allow_live and self.entity_type not in ("catalog", "product_set"):
            raise ValueError("allow_live goes with a catalog or a product set")
        return self

    async def plan(self, call: Call) -> Plan:
        with needing(*SCOPES[:1]), explain_kind(self.entity_id, self.entity_type, TYPES):
            row = await call.graph.get(self.entity_id, fields=list(READ[self.entity_type]))
        users = await self._users(call)
        params: Row = {}
        if self.allow_live:
            is_catalog = self.entity_type == "catalog"
            params[LIVE_CATALOG if is_catalog else LIVE_SET] = True
        change = Change(
            Effect.DELETE,
            Request("DELETE", self.entity_id, params, repeatable=False, write=True),
            KINDS[self.entity_type],
            object_id=self.entity_id,
            before={name: value for name, value in row.items() if name != "id"},
            title=str(row.get("name") or row.get("attribute") or "")[:200],
        )
        notes = _consequences(self.entity_type, row)
        notes += [f"Ad sets that promote it: {_names(users)}."] if users else []
        details: Row = {"deletes": {name: value for name, value in row.items() if name != "live_metadata"}}
        return Plan([change], f"Delete {self.entity_type} {self.entity_id}.", notes, details, {"users": users})

    async def _users(self, call: Call) -> list[Row]:
        """Return the ad sets of the allowed accounts that promote the set. Without an allowlist none is looked for."""
        if self.entity_type != "product_set":
            return []
        users: list[Row] = []
        for account in call.allowed_accounts():
            users += (await ad_sets_of_sets(call, account, [self.entity_id]))[self.entity_id]
        return users

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        try:
            await steps.do(plan.changes[0])
        except InvalidArguments as refusal:
            raise self._explain(refusal, plan.context["users"]) from None
        return {**plan.details, "changes": {}}

    def _explain(self, refusal: InvalidArguments, users: list[Row]) -> AdsError:
        """Add to Graph's refusal which ad sets use the set, and how to delete it all the same."""
        if self.entity_type not in ("catalog", "product_set") or self.allow_live:
            return refusal
        used_by = f" Ad sets that promote it: {_names(users)}." if users else ""
        return InvalidArguments(
            f"{refusal.message}{used_by}",
            "ads_catalog_list_product_sets with account_id names the ad sets that use a set. If they may stop, call "
            "again with allow_live=true.",
            graph=refusal.graph,
        )


def _names(ad_sets: list[Row]) -> str:
    return ", ".join(f"{row.get('name')} ({row.get('id')})" for row in ad_sets)


def _consequences(entity_type: str, row: Row) -> list[str]:
    count = row.get("product_count")
    if entity_type == "product_feed" and count:
        return [f"Deleting the feed deletes its {count} items."]
    if entity_type == "catalog":
        return [f"The catalog has {count or 0} items and {row.get('feed_count') or 0} feeds, which go with it."]
    if entity_type == "product_set":
        return [
            f"The set has {count or 0} items; they stay in the catalog. Filter: {describe_filter(row.get('filter'))}."
        ]
    return []
