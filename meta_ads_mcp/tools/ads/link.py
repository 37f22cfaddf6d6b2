"""Change the landing page or the UTM tags of an ad by giving it a new creative."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AdId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan, Steps
from meta_ads_mcp.domain.copying import differences, read_source, require_copyable, writable_creative
from meta_ads_mcp.domain.destinations import describe_remaining, remaining_destinations
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.tools.creatives.copies import check_copy
from meta_ads_mcp.tools.creatives.links import apply_link, note_links, note_remaining
from meta_ads_mcp.web.addresses import PublicUrl


@tool("ads_update_ad_link", Effect.UPDATE, get("{ad_id}"), node="Ad", keywords="destination url utm landing page swap")
class UpdateAdLink(ConfirmedParams):
    """Change the landing page or the url_tags of an ad: it gets a copy of its creative with only that changed. Review
    may restart; likes stay with the old post."""

    ad_id: AdId
    link_url: PublicUrl | None = None
    url_tags: Annotated[str | None, Field(max_length=1000, description="Such as utm_source=meta")] = None

    @model_validator(mode="after")
    def _check_change(self) -> Self:
        if self.link_url is None and self.url_tags is None:
            raise ValueError("give link_url, url_tags or both")
        return self

    async def plan(self, call: Call) -> Plan:
        """Read the ad and its creative, and plan the new creative and the swap.

        Raises InvalidArguments when the creative cannot be copied completely, or has no link that can change.
        """
        ad = await call.graph.get(self.ad_id, fields=["id", "name", "status", "adset_id", "creative{id}"])
        if not isinstance(ad.get("creative"), dict):
            raise NotFound(f"This token cannot see the creative of ad {self.ad_id}.")
        old = await read_source(call, "AdCreative", str(ad["creative"]["id"]))
        require_copyable("AdCreative", old)
        copy = writable_creative(old)
        new = apply_link(copy, self.link_url, self.url_tags)
        difference = differences(copy, new)
        if not difference:
            note = f"Ad {self.ad_id} has this already, so no creative was made and nothing was changed."
            return Plan([], note, [note], {"id": self.ad_id, "difference": {}})
        account = await call.owner(self.ad_id)
        if account is None:
            raise NotFound(f"Graph does not name the ad account of {self.ad_id}.")
        create = Change(
            Effect.CREATE,
            Request("POST", f"{account}/adcreatives", new, account=account, repeatable=False, write=True),
            "AdCreative",
            after=new,
            parent=account,
            edge="adcreatives",
        )
        swap = Change(
            Effect.UPDATE,
            Request("POST", self.ad_id, {}, account=account, repeatable=False, write=True),
            "Ad",
            object_id=self.ad_id,
            before={"creative": str(old["id"]), "name": ad.get("name"), "status": ad.get("status")},
            after={"creative": "(the new creative)"},
            title=str(ad.get("name", "")),
        )
        remaining = remaining_destinations(copy, new, self.link_url) if self.link_url else []
        details: Row = {"previous_creative_id": str(old["id"]), "difference": difference}
        if remaining:
            details["remaining_destinations"] = describe_remaining(remaining)
        notes = ["Meta may review the ad again, and likes and comments of the old post do not move."]
        notes += note_links(copy, self.link_url) if self.link_url else []
        return Plan([create, swap], f"New creative for ad {self.ad_id}.", notes + note_remaining(remaining), details)

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Create the new creative, compare it with the plan, and put it on the ad.

        Raises ApiError, before the ad changes, when Graph shows another creative than was sent.
        """
        if not plan.changes:
            return plan.details
        create, swap = plan.changes
        creative_id = str((await steps.do(create))["id"])
        await check_copy(call, creative_id, create.after)
        await steps.do(_with_creative(swap, creative_id))
        return {**plan.details, "creative_id": creative_id, "id": self.ad_id}


def _with_creative(swap: Change, creative_id: str) -> Change:
    request = replace(swap.request, params={"creative": {"creative_id": creative_id}})
    return replace(swap, request=request, after={"creative": creative_id}, readable=("creative",))
