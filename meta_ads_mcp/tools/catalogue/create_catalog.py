"""Create a catalog in a business, with its first feed and its event sources."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.partial import attempt, needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import BusinessId, ObjectId
from meta_ads_mcp.core.write import Change, CreateParams, Plan, Steps
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.catalogue.catalogs import SCOPES
from meta_ads_mcp.tools.catalogue.event_sources import require_sources
from meta_ads_mcp.tools.catalogue.feed_setup.feed_forms import DisplaySettings, FirstFeed, feed_params, word_of

# SDK enum ProductCatalog.Vertical.
VERTICALS = frozenset(
    """
    adoptable_pets apps_and_software articles_and_publications commerce destinations flights generic home_listings
    hotels local_service_businesses media_titles offer_items offline_commerce services transactable_items vehicles
    """.split()
)
Vertical = Annotated[str, word_of(VERTICALS), Field(max_length=40, description="Such as hotels")]


@tool(
    "ads_catalog_create",
    Effect.CREATE,
    post("{business_id}/owned_product_catalogs"),
    node="ProductCatalog",
    keywords="new product catalogue shop feed event source",
)
class CreateCatalog(CreateParams):
    """Create a product catalog in a business, with its first feed and its event sources if given. The vertical cannot
    be changed later."""

    business_id: BusinessId
    name: Annotated[str, Field(min_length=1, max_length=200)]
    vertical: Vertical = "commerce"
    da_display_settings: DisplaySettings | None = None
    additional_vertical_option: Literal["LOCAL_DA_CATALOG", "LOCAL_PRODUCTS"] | None = None
    feed: Annotated[FirstFeed | None, Local()] = None
    event_source_ids: Annotated[
        list[ObjectId] | None, Local(), Field(min_length=1, max_length=10, description="Datasets or apps")
    ] = None

    async def plan(self, call: Call) -> Plan:
        values: Row = {"name": self.name, "vertical": self.vertical}
        if self.da_display_settings is not None:
            values["da_display_settings"] = self.da_display_settings.model_dump(exclude_none=True)
        if self.additional_vertical_option is not None:
            values["additional_vertical_option"] = self.additional_vertical_option
        if self.event_source_ids:
            await require_sources(call, self.event_source_ids)
        change = Change(
            Effect.CREATE,
            _request(f"{self.business_id}/owned_product_catalogs", values),
            "ProductCatalog",
            after=values,
            readable=("name", "vertical"),
            parent=self.business_id,
            edge="owned_product_catalogs",
        )
        then = [] if self.feed is None else [f"create the feed {self.feed.name}"]
        then += [f"connect the event sources {', '.join(self.event_source_ids)}"] if self.event_source_ids else []
        details: Row = {"then": then} if then else {}
        return Plan([change], f"Create the catalog {self.name}.", details=details)

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        with needing(*SCOPES):
            catalog = str((await steps.do(plan.changes[0]))["id"])
        data: Row = {"id": catalog}
        failures = []
        for name, change in self._later(catalog).items():
            result = await attempt(steps.do(change))
            if isinstance(result, AdsError):
                failures.append(f"{name}: {result.message} {result.next_step}")
            elif name == "feed":
                data["feed_id"] = result["id"]
        if failures:
            data |= {"status": "partial", "failures": failures}
        step = "ads_catalog_items_batch adds items, ads_catalog_create_product_set groups them."
        return {**data, "next_step": step if not failures else f"The catalog exists. Repeat only what failed. {step}"}

    def _later(self, catalog: str) -> dict[str, Change]:
        """Return the steps after the first, which need its id."""
        changes: dict[str, Change] = {}
        if self.feed is not None:
            values = {**feed_params(self.feed), "deletion_enabled": False}
            changes["feed"] = Change(
                Effect.CREATE,
                _request(f"{catalog}/product_feeds", values),
                "ProductFeed",
                after={"name": self.feed.name},
                parent=catalog,
                edge="product_feeds",
            )
        if self.event_source_ids:
            sources: dict[str, Any] = {"external_event_sources": self.event_source_ids}
            changes["event sources"] = Change(
                Effect.UPDATE,
                _request(f"{catalog}/external_event_sources", sources),
                "ProductCatalog",
                object_id=catalog,
                before={"external_event_sources": []},
                after=sources,
                edge="external_event_sources",
            )
        return changes


def _request(path: str, params: Row) -> Request:
    return Request("POST", path, params, repeatable=False, write=True)
