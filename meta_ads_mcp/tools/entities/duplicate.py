"""Copies of campaigns, ad sets and ads, made by Meta's own `/copies`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from pydantic import Field, model_validator

from meta_ads_mcp.core.nodes import ENTITY_KINDS, node_kind
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request, wire
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.ids import Node, ObjectId
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Plan, Steps
from meta_ads_mcp.domain.preflight import has_amount
from meta_ads_mcp.domain.promoted_object import PromotedObject
from meta_ads_mcp.errors import AdsError, ApiError, InvalidArguments, UnknownOutcome

# Child ads that Graph copies in one answer, and by the asynchronous way (Meta docs,
# marketing-api/reference/ad-campaign/copies).
MOST_AT_ONCE = 3
MOST_ASYNC = 51
POLL_SECONDS = (2.0, 3.0, 5.0, 5.0, 10.0, 10.0)
MOST_AD_SETS = 100
BUDGETS = ("daily_budget", "lifetime_budget")
_PARENT = {"ad_set": "campaign_id", "ad": "adset_id"}


@tool("ads_duplicate_entity", Effect.CREATE, post("{entity_id}/copies"), keywords="copy clone migrate", node="Campaign")
class DuplicateEntity(ConfirmedParams, CreateParams):
    """Copy a campaign, ad set or ad with everything below it, PAUSED, into the same parent or another one.

    `promoted_object` gives a copied ad set another pixel or Page. More than three ads are copied asynchronously.
    """

    entity_type: EntityType
    entity_id: Annotated[ObjectId, Node("any")]
    target_parent_id: Annotated[ObjectId | None, Node("any"), Field(description="Campaign or ad set to copy into")] = (
        None
    )
    deep_copy: bool = True
    rename_suffix: Annotated[str, Field(max_length=100)] = " - Copy"
    start_time: Moment | None = None
    end_time: Moment | None = None
    promoted_object: PromotedObject | None = None

    @model_validator(mode="after")
    def _fits_the_type(self) -> Self:
        if self.target_parent_id and self.entity_type == "campaign":
            raise ValueError("a campaign has no parent to copy into: leave target_parent_id out")
        if self.promoted_object and self.entity_type != "ad_set":
            raise ValueError("promoted_object is for a copied ad set")
        if (self.start_time or self.end_time) and self.entity_type == "ad":
            raise ValueError("an ad has no start_time and end_time of its own")
        return self

    def node_kind(self) -> str:
        return ENTITY_KINDS[self.entity_type]

    async def plan(self, call: Call) -> Plan:
        own = [] if self.entity_type == "ad" else BUDGETS
        source = await call.graph.get(self.entity_id, fields=["id", "name", *own])
        account = await call.owner(self.entity_id)
        children = await self._children(call)
        if children > MOST_ASYNC:
            raise InvalidArguments(
                f"{self.entity_id} has {children} ads; Meta copies {MOST_ASYNC} at most.",
                "Copy with deep_copy=false, then its parts one by one.",
            )
        request = Request(
            "POST", f"{self.entity_id}/copies", self._params(), account=account, repeatable=False, write=True
        )
        copy = Change(
            Effect.CREATE,
            request,
            self.node_kind(),
            after={
                "name": f"{source.get('name', '')}{self.rename_suffix}",
                "status": "PAUSED",
                **_budgets(source),
                **await self._budgets_below(call),
            },
            parent=account,
            edge=node_kind(self.node_kind()).list_edge,
            actions=self._makes(children),
        )
        notes = [f"{children} ad(s) are copied with it."] if children else []
        details = {"source_id": self.entity_id, "asynchronous": children > MOST_AT_ONCE}
        return Plan([copy], f"Copy of {self.entity_type.replace('_', ' ')} {self.entity_id}.", notes, details)

    async def _budgets_below(self, call: Call) -> Row:
        """Those of the ad sets that are copied along: what is new keeps to the owner's limits, too."""
        if self.entity_type != "campaign" or not self.deep_copy:
            return {}
        found = await call.graph.list(f"{self.entity_id}/adsets", fields=["id", *BUDGETS], limit=MOST_AD_SETS)
        rows = [{"adset_id": row["id"], **_budgets(row)} for row in found.rows if _budgets(row)]
        return {"adset_budgets": rows} if rows else {}

    def _makes(self, ads: int) -> frozenset[str]:
        """The policy's words for what is copied along."""
        below = {"create_ad_set"} if self.entity_type == "campaign" and self.deep_copy else set()
        return frozenset(below | ({"create_ad"} if ads else set()))

    async def _children(self, call: Call) -> int:
        if self.entity_type == "ad" or not self.deep_copy:
            return 0
        found = await call.graph.get(f"{self.entity_id}/ads", fields=["id"], limit=1, summary="total_count")
        return int(found.get("summary", {}).get("total_count") or 0)

    def _params(self) -> Row:
        params: Row = {
            "status_option": "PAUSED",
            "rename_options": {"rename_strategy": "ONLY_TOP_LEVEL_RENAME", "rename_suffix": self.rename_suffix},
        }
        if self.entity_type != "ad":
            params["deep_copy"] = self.deep_copy
        if self.target_parent_id:
            params[_PARENT[self.entity_type]] = self.target_parent_id
        given = {"start_time": self.start_time, "end_time": self.end_time}
        return {**params, **{name: value for name, value in given.items() if value is not None}}

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        (copy,) = plan.changes
        if plan.details["asynchronous"]:
            created = await self._copy_asynchronously(copy, steps, call)
        else:
            created = made_of(self.entity_type, self.entity_id, await steps.do(copy))
        new_id = created[0]["id"] if created else None
        if self.promoted_object is not None and new_id is not None:
            await self._promote(copy, str(new_id), steps)
        return {**plan.details, "id": new_id, "created": created}

    async def _promote(self, copy: Change, new_id: str, steps: Steps) -> None:
        """Another promoted object, while the copy is still an unpublished draft."""
        value = self.promoted_object.model_dump(exclude_none=True) if self.promoted_object else {}
        change = Change(
            Effect.UPDATE,
            replace(copy.request, path=new_id, params={"promoted_object": value}),
            "AdSet",
            object_id=new_id,
            after={"promoted_object": value},
            readable=("promoted_object",),
        )
        try:
            await steps.do(change)
        except AdsError as refused:
            raise ApiError(
                f"The copy {new_id} was made, PAUSED, but its promoted_object was refused: {refused.message}",
                f"Set it with ads_update_ad_set on {new_id}, or remove the copy with ads_delete_ad_set.",
                graph=refused.graph,
                details={"created": [{"type": "ad_set", "id": new_id}]},
            ) from None

    async def _copy_asynchronously(self, copy: Change, steps: Steps, call: Call) -> list[Row]:
        """One member in a set of asynchronous requests, then a look at it until it is done."""
        body = urlencode({name: wire(value) for name, value in copy.request.params.items()})
        member = {"name": "copy", "relative_url": copy.request.path, "body": body}
        params = {"name": f"copy of {self.entity_id}", "adbatch": [member]}
        request = replace(copy.request, path=f"{copy.parent}/async_batch_requests", params=params)

        async def exchange(send: Callable[[Request], Awaitable[Any]]) -> Row:
            try:
                made = await send(request)
            except UnknownOutcome as lost:
                raise UnknownOutcome(lost.message, self._look(copy), graph=lost.graph) from None
            return await self._ended(str(made["id"]), copy, call)

        return made_of(self.entity_type, self.entity_id, await steps.do(copy, exchange))

    async def _ended(self, set_id: str, copy: Change, call: Call) -> Row:
        """What the copy ended in. Raises ApiError for a refused one, UnknownOutcome while that cannot be told."""
        try:
            found = await self._requests(set_id, call)
        except AdsError as failure:
            raise UnknownOutcome(
                f"Meta has taken the copy (asynchronous set {set_id}), but how it ended could not be read: "
                f"{failure.message}",
                self._look(copy),
            ) from None
        if not found:
            raise UnknownOutcome(f"Meta is still copying (asynchronous set {set_id}).", self._look(copy))
        result: Any = found[0].get("result")
        if not isinstance(result, dict) or found[0].get("status") != "success":
            told = result.get("error_message") if isinstance(result, dict) else "no reason given"
            raise ApiError(f"Meta could not copy {self.entity_id}: {told}", "Correct what Meta names and copy again.")
        return result

    async def _requests(self, set_id: str, call: Call) -> list[Row]:
        """The requests of the set once they are done; none while they are not."""
        for wait in POLL_SECONDS:
            await call.sleep(wait)
            state = await call.graph.get(set_id, fields=["id", "is_completed", "error_count"])
            if state.get("is_completed"):
                return (await call.graph.list(f"{set_id}/requests", fields=["id", "status", "result"], limit=10)).rows
        return []

    @staticmethod
    def _look(copy: Change) -> str:
        return f"Look in a minute for {copy.after['name']!r} under {copy.parent}/{copy.edge} before copying again."


def _budgets(row: Row) -> Row:
    return {name: int(row[name]) for name in BUDGETS if has_amount(row.get(name))}


def made_of(entity_type: str, source_id: str, answer: Row) -> list[Row]:
    """What a copy made: the top object first."""
    # `id` is the one thing known of a copy whose answer was lost and that was found.
    named_by = ("copied_campaign_id", "copied_adset_id", "copied_ad_id", "id")
    top = next((answer[key] for key in named_by if answer.get(key)), None)
    children = answer.get("ad_object_ids") or []
    rows = [
        {
            "type": str(item.get("ad_object_type")).replace("adset", "ad_set"),
            "source_id": str(item.get("source_id")),
            "id": str(item.get("copied_id")),
        }
        for item in children
        if isinstance(item, dict)
    ]
    named = {row["id"] for row in rows}
    first = [{"type": entity_type, "source_id": source_id, "id": str(top)}] if top and str(top) not in named else []
    return sorted(first + rows, key=lambda row: row["id"] != str(top))
