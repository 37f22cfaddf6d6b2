"""Copy campaigns, ad sets and ads with Meta's `/copies` edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.nodes import ENTITY_KINDS, node_kind
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
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
from meta_ads_mcp.errors import AdsError, ApiError
from meta_ads_mcp.tools.entities.copy_tree import (
    MAX_ADS_AT_ONCE,
    PARENT_PARAM,
    ChildCopy,
    build_change,
    copy_children,
    incomplete,
    list_created,
    plan_children,
)

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


@tool("ads_duplicate_entity", Effect.CREATE, post("{entity_id}/copies"), keywords="copy clone migrate", node="Campaign")
class DuplicateEntity(ConfirmedParams, CreateParams):
    """Copy a campaign, ad set or ad with everything below it, PAUSED, into the same parent or another one.

    `promoted_object` gives a copied ad set another pixel or Page.
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
        """Plan one request, or with more than three ads one for each object. Raises InvalidArguments for too many."""
        source = await read_as_kind(call, self.entity_id, self.node_kind(), ["id", "name", *AMOUNTS[self.entity_type]])
        account = await call.owner(self.entity_id)
        ads = await self._count_ads(call)
        ad_sets = await self._read_ad_sets(call)
        children = await self._plan_children(call, ad_sets) if ads > MAX_ADS_AT_ONCE else []
        deep = self.deep_copy and not children
        request = Request(
            "POST", f"{self.entity_id}/copies", self._build_params(deep), account=account, repeatable=False, write=True
        )
        copy = Change(
            Effect.CREATE,
            request,
            self.node_kind(),
            after={
                "name": f"{source.get('name', '')}{self.rename_suffix}",
                "status": "PAUSED",
                **_amounts_of(source),
                **_child_amounts_of(ad_sets),
            },
            parent=account,
            edge=node_kind(self.node_kind()).list_edge,
            actions=self._policy_actions(ads),
        )
        notes = [f"Its ads ({ads}) are copied with it."] if ads else []
        if children:
            notes.append(f"That takes {1 + len(children)} requests, because Meta copies {MAX_ADS_AT_ONCE} ads at once.")
        changes = [build_change(child, account, self._times()) for child in children]
        return Plan(
            [copy, *changes],
            f"Copy of {self.entity_type.replace('_', ' ')} {self.entity_id}.",
            notes,
            {"source_id": self.entity_id},
            {"children": children},
        )

    async def _read_ad_sets(self, call: Call) -> list[Row]:
        """Return the ad sets that are copied with a campaign; the policy limits their budgets."""
        if self.entity_type != "campaign" or not self.deep_copy:
            return []
        return await self._read_all(call, "adsets", ["id", "name", *AMOUNTS["ad_set"]])

    async def _plan_children(self, call: Call, ad_sets: Sequence[Row]) -> list[ChildCopy]:
        ads = await self._read_all(call, "ads", ["id", "name", "adset_id"])
        return plan_children(self.entity_type, self.entity_id, ad_sets, ads)

    async def _read_all(self, call: Call, edge: str, fields: Sequence[str]) -> list[Row]:
        rows: list[Row] = []
        async for page in call.graph.each_page(f"{self.entity_id}/{edge}", fields=fields, whole=True):
            rows += page
        return rows

    def _policy_actions(self, ads: int) -> frozenset[str]:
        """Return the policy's actions for what is copied along."""
        child_actions = {"create_ad_set"} if self.entity_type == "campaign" and self.deep_copy else set()
        return frozenset(child_actions | ({"create_ad"} if ads else set()))

    async def _count_ads(self, call: Call) -> int:
        if self.entity_type == "ad" or not self.deep_copy:
            return 0
        edge = await call.graph.get(f"{self.entity_id}/ads", fields=["id"], limit=1, summary="total_count")
        count = edge["summary"].get("total_count") if isinstance(edge.get("summary"), dict) else None
        return count if isinstance(count, int) else len(await self._read_all(call, "ads", ["id"]))

    def _build_params(self, deep: bool) -> Row:
        params: Row = {
            "status_option": "PAUSED",
            "rename_options": {"rename_strategy": "ONLY_TOP_LEVEL_RENAME", "rename_suffix": self.rename_suffix},
        }
        if self.entity_type != "ad":
            params["deep_copy"] = deep
        if self.target_parent_id:
            params[PARENT_PARAM[self.entity_type]] = self.target_parent_id
        # The times of a copied campaign are those of its ad sets, which get them with their own requests here.
        own_times = self.entity_type != "campaign" or deep or not self.deep_copy
        return {**params, **(self._times() if own_times else {})}

    def _times(self) -> Row:
        times = {"start_time": self.start_time, "end_time": self.end_time}
        return {name: value for name, value in times.items() if value is not None}

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Send the copies. Raises an error that names what is missing when only a part of the copy was created."""
        top, *below = plan.changes
        answer = await steps.do(top)
        new_id = str(answer["id"])
        created = list_created(self.entity_type, self.entity_id, answer)
        children = list(zip(plan.context["children"], below, strict=True))
        result = await copy_children(children, (self.entity_id, new_id), steps, call)
        result.created[:0] = created
        if result.error is not None:
            raise incomplete(self.entity_type, new_id, result, result.error) from None
        if self.promoted_object is not None:
            await self._set_promoted_object(top, new_id, result.created, steps)
        return {**plan.details, "id": new_id, "created": result.created}

    async def _set_promoted_object(self, copy: Change, new_id: str, created: Sequence[Row], steps: Steps) -> None:
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
                details={"created": list(created)},
            ) from None


def _amounts_of(row: Row) -> Row:
    """Return the amounts of an object that a copy of it will have, too."""
    return {name: row[name] for name in SPEND_FIELDS if has_amount(row.get(name))}


def _child_amounts_of(ad_sets: Sequence[Row]) -> Row:
    """Return the budgets of the ad sets that are copied too, so that the policy's limits apply to them."""
    rows = [{"adset_id": row["id"], **_amounts_of(row)} for row in ad_sets if _amounts_of(row)]
    return {"adset_budgets": rows} if rows else {}
