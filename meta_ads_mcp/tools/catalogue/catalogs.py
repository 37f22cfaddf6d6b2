"""List catalogs, and explain ids that are of another kind than a call says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, plural
from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.partial import attempt_all, needing, read_each, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Listing, Page, Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.core.values.text import with_article
from meta_ads_mcp.errors import AdsError, InvalidArguments

SCOPES = ("catalog_management", "business_management")
# The argument `entity_type` of these tools -> the SDK class.
KINDS = {
    "business": "Business",
    "catalog": "ProductCatalog",
    "product_set": "ProductSet",
    "product_feed": "ProductFeed",
    "feed_rule": "ProductFeedRule",
    "product": "ProductItem",
}
# Verticals whose items dynamic ads show. Source: Meta docs, marketing-api/advantage-catalog-ads.
DYNAMIC_VERTICALS = frozenset(
    "commerce destinations flights home_listings hotels media_titles offer_items vehicles".split()
)
_NODE_TYPE = re.compile(r"on node type \((\w+)\)")
_CURSOR = re.compile(r"(-|o\.[^|]*)\|(-|c\.[^|]*)")
_DONE = "-"


@contextmanager
def explain_kind(entity_id: str, entity_type: str, types: Sequence[str]) -> Iterator[None]:
    """Say which `entity_type` fits when Graph does not know a field or edge of the object. Nothing else is tried."""
    try:
        yield
    except InvalidArguments as refusal:
        if "nonexisting field" not in refusal.message:
            raise
        match = _NODE_TYPE.search(refusal.message)
        actual = next((name for name, node in KINDS.items() if match and node == match[1]), None)
        label = node_kind(KINDS[entity_type]).label
        raise InvalidArguments(
            f"{entity_id} is not {with_article(label)}{_by_graph(match[1] if match else None)}.",
            _next_step(actual, types),
            graph=refusal.graph,
            allowed=tuple(types),
        ) from None


def _by_graph(node: str | None) -> str:
    return f"; Graph says that it is {with_article(node_kind(node).label)}" if node else ""


def _next_step(actual: str | None, types: Sequence[str]) -> str:
    if actual in types:
        return f"Call again with entity_type={actual}."
    return f"This tool takes ids of these types: {', '.join(types)}. ads_catalog_list_catalogs shows the catalogs."


@tool(
    "ads_catalog_list_catalogs",
    Effect.READ,
    node="ProductCatalog",
    fields="name vertical product_count feed_count business owner_business is_catalog_segment",
    identity="id",
    singular="catalog",
    keywords="product catalogue shop commerce business dynamic ads eligible",
)
class ListCatalogs(ListParams):
    """List the product catalogs that a business (without an id: every business of the token) owns or that clients share
    with it, or read one with its event sources."""

    entity_id: Annotated[ObjectId | None, Local(), Field(description="A business, or a catalog")] = None
    entity_type: Annotated[Literal["business", "catalog"], Local()] = "business"
    relation: Annotated[Literal["owned", "client", "both"], Local()] = "both"
    name_contains: Annotated[str | None, Local(), Field(min_length=1, max_length=200)] = None
    dpa_eligible_only: Annotated[bool, Local(), Field(description="Only those that dynamic ads can use")] = False
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_id(self) -> Self:
        if self.entity_type == "catalog" and self.entity_id is None:
            raise ValueError("entity_type=catalog goes with entity_id")
        if self.after is not None and self.entity_id is None:
            raise ValueError("after goes with entity_id")
        return self

    async def run(self, call: Call) -> Result:
        with needing(*SCOPES):
            if self.entity_type == "catalog":
                return await self._read_one(call, str(self.entity_id))
            business = self.entity_id or call.business_id()
            if business is None:
                return await self._of_all_businesses(call)
            return await self._of_business(call, business)

    async def _read_one(self, call: Call, catalog: str) -> Result:
        with explain_kind(catalog, "catalog", ("catalog", "business")):
            row = await call.graph.get(
                catalog, fields=[*fields_for(self), "default_image_url", "fallback_image_url", "da_display_settings"]
            )
        sources = await event_sources(call, [catalog])
        data = {
            **catalog_row(row),
            **eligibility(row, sources[catalog]),
            "event_sources": _or_note(call, sources[catalog]),
        }
        step = "ads_catalog_get_diagnostics says what is wrong with its items."
        return Result(f"Catalog {catalog}: {row.get('name')}.", {**data, "next_step": step})

    async def _of_business(self, call: Call, business: str) -> Result:
        own_position, client = _positions(self.after)
        parts: dict[str, Listing] = {}
        with explain_kind(str(business), "business", ("business", "catalog")):
            for relation, position in (("owned", own_position), ("client", client)):
                if position != _DONE and self.relation in (relation, "both"):
                    parts[relation] = await call.graph.list(
                        f"{business}/{relation}_product_catalogs",
                        fields=fields_for(self),
                        limit=self.limit,
                        after=position or None,
                        max_items=self.max_items,
                    )
        rows = [{**catalog_row(row), "relation": relation} for relation, part in parts.items() for row in part.rows]
        rows = await self._select(call, rows)
        after = _join(parts)
        return Result(
            f"{len(rows):,} {plural('catalog', len(rows))} of business {business}.",
            rows,
            Page(len(rows), bool(after), after),
        )

    async def _of_all_businesses(self, call: Call) -> Result:
        businesses = await call.graph.list("me/businesses", fields=["id", "name"], limit=self.limit)
        if businesses.after:
            call.note(f"Only the first {len(businesses.rows)} businesses were read; give entity_id for another one.")
        relations = ("owned", "client") if self.relation == "both" else (self.relation,)
        places = [(business, relation) for business in businesses.rows for relation in relations]
        params = {"fields": ",".join(fields_for(self)), "limit": 100}
        requests = [
            Request("GET", f"{business['id']}/{relation}_product_catalogs", params) for business, relation in places
        ]
        answers = await read_each(call, requests)
        rows = []
        for (business, relation), answer in zip(places, answers, strict=True):
            if isinstance(answer, AdsError):
                call.note(unread(f"{relation} catalogs of business {business['id']}", answer))
                continue
            more = {"relation": relation, "of_business": {"id": business["id"], "name": business.get("name")}}
            rows += [{**catalog_row(row), **more} for row in answer.get("data", ())]
        rows = await self._select(call, rows)
        count = len(businesses.rows)
        return Result(
            f"{len(rows):,} {plural('catalog', len(rows))} of {count} {'business' if count == 1 else 'businesses'}.",
            rows,
            Page(len(rows)),
        )

    async def _select(self, call: Call, rows: list[Row]) -> list[Row]:
        """Return the rows that the call selects, those of dynamic ads with the reason for each that is left out."""
        if self.name_contains:
            needle = self.name_contains.casefold()
            rows = [row for row in rows if needle in str(row.get("name", "")).casefold()]
        if not self.dpa_eligible_only or not rows:
            return rows
        sources = await event_sources(call, [str(row["id"]) for row in rows])
        candidates = [{**row, **eligibility(row, sources[str(row["id"])])} for row in rows]
        call.note("dynamic_ads is this server's reading: a vertical for dynamic ads, items, and an event source.")
        for row in candidates:
            if not row["dynamic_ads"]:
                call.note(f"Left out: catalog {row['id']} ({row.get('name')}), because it has {row['why_not']}.")
        return [row for row in candidates if row["dynamic_ads"]]


def catalog_row(row: Row) -> Row:
    """Return a catalog with plain names: `items`, `feeds`, `owner`."""
    plain = {key: value for key, value in row.items() if key not in _RENAMED and key != "business"}
    plain |= {name: row[key] for key, name in _RENAMED.items() if key in row}
    owner = row.get("owner_business") or row.get("business")
    if row.get("is_catalog_segment") is False:
        plain.pop("is_catalog_segment")
    return plain | ({"owner": owner} if owner else {})


_RENAMED = {"product_count": "items", "feed_count": "feeds", "owner_business": "owner"}


def eligibility(row: Row, sources: Sequence[Row] | AdsError) -> Row:
    """Return whether dynamic ads can use a catalog, and if not, why not."""
    missing = []
    if row.get("vertical") not in DYNAMIC_VERTICALS:
        missing.append(f"the vertical {row.get('vertical')}")
    if not (row.get("items") or row.get("product_count")):
        missing.append("no items")
    if not isinstance(sources, AdsError) and not sources:
        missing.append("no event source")
    return {"dynamic_ads": not missing, **({"why_not": ", ".join(missing)} if missing else {})}


async def event_sources(call: Call, catalogs: Sequence[str]) -> dict[str, list[Row] | AdsError]:
    """Return the event sources of each catalog, or the error of reading them."""
    answers = await attempt_all(*(_sources(call, catalog) for catalog in catalogs))
    return dict(zip(catalogs, answers, strict=True))


async def _sources(call: Call, catalog: str) -> list[Row]:
    fields = ["id", "name", "source_type"]
    return (await call.graph.list(f"{catalog}/external_event_sources", fields=fields)).rows


def _or_note(call: Call, rows: list[Row] | AdsError) -> list[Row]:
    if isinstance(rows, AdsError):
        call.note(unread("The event sources", rows))
        return []
    return rows


def _positions(after: str | None) -> tuple[str, str]:
    """Return the positions in the owned and in the shared catalogs: empty at the start, "-" at the end."""
    if after is None:
        return "", ""
    match = _CURSOR.fullmatch(after)
    if match is None:
        raise InvalidArguments("'after' does not belong to this list.", "Start again without it.")
    return match[1].removeprefix("o."), match[2].removeprefix("c.")


def _join(parts: Mapping[str, Listing]) -> str | None:
    ends: dict[str, Any] = {name: parts[name].after if name in parts else None for name in ("owned", "client")}
    if not any(ends.values()):
        return None
    return "|".join(f"{name[0]}.{end}" if end else _DONE for name, end in ends.items())
