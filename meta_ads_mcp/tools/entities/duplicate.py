"""Copy campaigns, ad sets and ads with Meta's `/copies` edge."""

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
from meta_ads_mcp.core.values.spend_fields import SPEND_FIELDS
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Plan, Steps
from meta_ads_mcp.domain.checked_read import read_as_kind
from meta_ads_mcp.domain.preflight import has_amount
from meta_ads_mcp.domain.promoted_object import PromotedObject
from meta_ads_mcp.errors import AdsError, ApiError, InvalidArguments, UnknownOutcome

# Child ads that Graph copies in one request, and in an asynchronous one (Meta docs:
# marketing-api/reference/ad-campaign/copies).
MAX_SYNC_ADS = 3
MAX_ASYNC_ADS = 51
POLL_SECONDS = (2.0, 3.0, 5.0, 5.0, 10.0, 10.0)
# What a copy takes over of its source, and what the policy limits.
AMOUNTS: dict[EntityType, tuple[str, ...]] = {
    "campaign": ("daily_budget", "lifetime_budget", "spend_cap"),
    "ad_set": (
        "daily_budget",
        "lifetime_budget",
        "daily_spend_cap",
        "lifetime_spend_cap",
        "daily_min_spend_target",
        "lifetime_min_spend_target",
        "bid_amount",
    ),
    "ad": (),
}
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
    def _check_type(self) -> Self:
        if self.target_parent_id and self.entity_type == "campaign":
            raise ValueError("a campaign has no parent to copy into: leave target_parent_id out")
        if self.promoted_object and self.entity_type != "ad_set":
            raise ValueError("promoted_object is for a copied ad set")
        if (self.start_time or self.end_time) and self.entity_type == "ad":
            raise ValueError("an ad has no start_time or end_time")
        return self

    def node_kind(self) -> str:
        return ENTITY_KINDS[self.entity_type]

    async def plan(self, call: Call) -> Plan:
        amounts = AMOUNTS[self.entity_type]
        source = await read_as_kind(call, self.entity_id, self.node_kind(), ["id", "name", *amounts])
        account = await call.owner(self.entity_id)
        ads = await self._count_ads(call)
        if ads > MAX_ASYNC_ADS:
            raise InvalidArguments(
                f"{self.entity_id} has {ads} ads; Meta copies at most {MAX_ASYNC_ADS}.",
                "Copy with deep_copy=false, then copy its parts separately.",
            )
        request = Request(
            "POST", f"{self.entity_id}/copies", self._build_params(), account=account, repeatable=False, write=True
        )
        copy = Change(
            Effect.CREATE,
            request,
            self.node_kind(),
            after={
                "name": f"{source.get('name', '')}{self.rename_suffix}",
                "status": "PAUSED",
                **_amounts_of(source),
                **await self._read_child_amounts_of(call),
            },
            parent=account,
            edge=node_kind(self.node_kind()).list_edge,
            actions=self._policy_actions(ads),
        )
        notes = [f"{ads} ad(s) are copied with it."] if ads else []
        details = {"source_id": self.entity_id, "asynchronous": ads > MAX_SYNC_ADS}
        return Plan([copy], f"Copy of {self.entity_type.replace('_', ' ')} {self.entity_id}.", notes, details)

    async def _read_child_amounts_of(self, call: Call) -> Row:
        """Return the budgets of the ad sets that are copied too, so that the policy's limits apply to them."""
        if self.entity_type != "campaign" or not self.deep_copy:
            return {}
        rows: list[Row] = []
        async for page in call.graph.each_page(f"{self.entity_id}/adsets", fields=["id", *AMOUNTS["ad_set"]]):
            rows += [{"adset_id": row["id"], **_amounts_of(row)} for row in page if _amounts_of(row)]
        return {"adset_budgets": rows} if rows else {}

    def _policy_actions(self, ads: int) -> frozenset[str]:
        """Return the policy's actions for what is copied along."""
        child_actions = {"create_ad_set"} if self.entity_type == "campaign" and self.deep_copy else set()
        return frozenset(child_actions | ({"create_ad"} if ads else set()))

    async def _count_ads(self, call: Call) -> int:
        if self.entity_type == "ad" or not self.deep_copy:
            return 0
        edge = await call.graph.get(f"{self.entity_id}/ads", fields=["id"], limit=1, summary="total_count")
        return int(edge.get("summary", {}).get("total_count") or 0)

    def _build_params(self) -> Row:
        params: Row = {
            "status_option": "PAUSED",
            "rename_options": {"rename_strategy": "ONLY_TOP_LEVEL_RENAME", "rename_suffix": self.rename_suffix},
        }
        if self.entity_type != "ad":
            params["deep_copy"] = self.deep_copy
        if self.target_parent_id:
            params[_PARENT[self.entity_type]] = self.target_parent_id
        times = {"start_time": self.start_time, "end_time": self.end_time}
        return {**params, **{name: value for name, value in times.items() if value is not None}}

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        (copy,) = plan.changes
        if plan.details["asynchronous"]:
            copies = await self._copy_asynchronously(copy, steps, call)
        else:
            copies = list_created(self.entity_type, self.entity_id, await steps.do(copy))
        new_id = copies[0]["id"] if copies else None
        if self.promoted_object is not None and new_id is not None:
            await self._set_promoted_object(copy, str(new_id), steps)
        return {**plan.details, "id": new_id, "created": copies}

    async def _set_promoted_object(self, copy: Change, new_id: str, steps: Steps) -> None:
        """Change the promoted object while the copy is still an unpublished draft."""
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
                f"The copy {new_id} was created PAUSED, but Meta refused its promoted_object: {refused.message}",
                f"Set it with ads_update_ad_set on {new_id}, or remove the copy with ads_delete_ad_set.",
                graph=refused.graph,
                details={"created": [{"type": "ad_set", "id": new_id}]},
            ) from None

    async def _copy_asynchronously(self, copy: Change, steps: Steps, call: Call) -> list[Row]:
        """Send the copy as an asynchronous request and poll until it is done."""
        body = urlencode({name: wire(value) for name, value in copy.request.params.items()})
        member = {"name": "copy", "relative_url": copy.request.path, "body": body}
        params = {"name": f"copy of {self.entity_id}", "adbatch": [member]}
        request = replace(copy.request, path=f"{copy.parent}/async_batch_requests", params=params)

        async def exchange(send: Callable[[Request], Awaitable[Any]]) -> Row:
            try:
                request_set = await send(request)
            except UnknownOutcome as lost:
                raise UnknownOutcome(lost.message, self._next_step(copy), graph=lost.graph) from None
            return await self._read_result(str(request_set["id"]), copy, call)

        return list_created(self.entity_type, self.entity_id, await steps.do(copy, exchange))

    async def _read_result(self, set_id: str, copy: Change, call: Call) -> Row:
        """Return Graph's result. Raises ApiError for a refused copy, UnknownOutcome if the result is not known."""
        try:
            requests = await self._poll_requests(set_id, call)
        except AdsError as failure:
            raise UnknownOutcome(
                f"Meta accepted the copy (asynchronous set {set_id}), but its result could not be read: "
                f"{failure.message}",
                self._next_step(copy),
            ) from None
        if not requests:
            raise UnknownOutcome(f"Meta is still copying (asynchronous set {set_id}).", self._next_step(copy))
        result: Any = requests[0].get("result")
        if not isinstance(result, dict) or requests[0].get("status") != "success":
            reason = result.get("error_message") if isinstance(result, dict) else "no reason given"
            raise ApiError(f"Meta could not copy {self.entity_id}: {reason}", "Correct what Meta names and copy again.")
        return result

    async def _poll_requests(self, set_id: str, call: Call) -> list[Row]:
        """Return the requests of the set, or an empty list if they are not done after the last poll."""
        for wait in POLL_SECONDS:
            await call.sleep(wait)
            state = await call.graph.get(set_id, fields=["id", "is_completed", "error_count"])
            if state.get("is_completed"):
                return (await call.graph.list(f"{set_id}/requests", fields=["id", "status", "result"], limit=10)).rows
        return []

    @staticmethod
    def _next_step(copy: Change) -> str:
        return f"Check in a minute for {copy.after['name']!r} under {copy.parent}/{copy.edge} before copying again."


def _amounts_of(row: Row) -> Row:
    """Return the amounts of an object that a copy of it will have, too."""
    return {name: row[name] for name in SPEND_FIELDS if has_amount(row.get(name))}


def list_created(entity_type: str, source_id: str, answer: Row) -> list[Row]:
    """Return the created objects as {type, source_id, id}, the top object first."""
    # Of a copy that was found after a lost answer, only `id` is known.
    id_keys = ("copied_campaign_id", "copied_adset_id", "copied_ad_id", "id")
    top = next((answer[key] for key in id_keys if answer.get(key)), None)
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
    listed_ids = {row["id"] for row in rows}
    first = (
        [{"type": entity_type, "source_id": source_id, "id": str(top)}] if top and str(top) not in listed_ids else []
    )
    return sorted(first + rows, key=lambda row: row["id"] != str(top))
