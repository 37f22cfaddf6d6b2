"""Connect pixels and apps to a catalog as event sources, or disconnect them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from meta_ads_mcp.core.params import Local, Wire
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Method, Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import CatalogId, ObjectId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan, Steps
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound
from meta_ads_mcp.tools.catalogue.catalogs import SCOPES

EDGE = "external_event_sources"


@tool(
    "ads_catalog_event_source_connect",
    Effect.UPDATE,
    post("{catalog_id}/external_event_sources"),
    node="ProductCatalog",
    keywords="pixel app dataset connect disconnect retargeting events",
    destructive=True,
)
class ConnectEventSources(ConfirmedParams):
    """Connect pixels or apps to a catalog as event sources, or disconnect them, which needs a confirmation because
    retargeting by products stops."""

    catalog_id: CatalogId
    event_source_ids: Annotated[
        list[ObjectId], Wire(EDGE), Field(min_length=1, max_length=10, description="Datasets or apps")
    ]
    action: Annotated[Literal["connect", "disconnect"], Local()] = "connect"

    async def plan(self, call: Call) -> Plan:
        with needing(*SCOPES[:1]):
            rows = await read_sources(call, self.catalog_id)
        before = [str(row["id"]) for row in rows]
        connects = self.action == "connect"
        ids = [item for item in dict.fromkeys(self.event_source_ids) if (item in before) != connects]
        details: Row = {"before": rows}
        if not ids:
            state = "connected already" if connects else "not connected"
            return Plan([], f"Nothing to do: {', '.join(self.event_source_ids)} {state}.", details=details)
        if connects:
            await require_sources(call, ids)
        after = [*before, *ids] if connects else [item for item in before if item not in ids]
        return Plan(
            [source_change(self.catalog_id, before, after)], f"{self.action} {', '.join(ids)}.", details=details
        )

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        for change in plan.changes:
            await steps.do(change)
        rows = await read_sources(call, self.catalog_id)
        ids = {str(row["id"]) for row in rows}
        connects = self.action == "connect"
        wrong = [item for item in self.event_source_ids if (item in ids) != connects]
        step = "ads_catalog_get_dynamic_ads_health shows their match rate from tomorrow on." if connects else ""
        data: Row = {**plan.details, "after": rows, "changes": {}, "next_step": step}
        if wrong:
            data |= {"status": "partial", "not_applied": wrong}
        return data


def source_change(catalog: str, before: Sequence[str], after: Sequence[str]) -> Change:
    """Return the change of the event sources of a catalog: all new ones, or all that go."""
    added = [item for item in after if item not in before]
    removed = [item for item in before if item not in after]
    method: Method = "POST" if added else "DELETE"
    request = Request(method, f"{catalog}/{EDGE}", {EDGE: added or removed}, repeatable=False, write=True)
    return Change(
        Effect.UPDATE,
        request,
        "ProductCatalog",
        object_id=catalog,
        before={EDGE: list(before)},
        after={EDGE: list(after)},
        edge=EDGE,
    )


async def read_sources(call: Call, catalog: str) -> list[Row]:
    """Return the event sources of a catalog."""
    return (await call.graph.list(f"{catalog}/{EDGE}", fields=["id", "name", "source_type"], limit=100)).rows


async def require_sources(call: Call, ids: Sequence[str]) -> None:
    """Raise NotFound unless this token can see every dataset or app."""
    answers = await call.graph.batch([Request("GET", item, {"fields": "id,name"}) for item in ids])
    missing = [
        item for item, answer in zip(ids, answers, strict=True) if isinstance(answer, NotFound | InvalidArguments)
    ]
    if missing:
        raise NotFound(
            f"This token sees no dataset or app with the id {', '.join(missing)}.", "List datasets with ads_get_pixels."
        )
    for answer in answers:
        if isinstance(answer, AdsError):
            raise answer
