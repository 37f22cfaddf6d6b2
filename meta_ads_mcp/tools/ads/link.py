"""Another link or other UTM tags for a running ad."""

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
from meta_ads_mcp.domain.copying import CREATIVE_FIELDS, differences, with_link, writable_creative
from meta_ads_mcp.errors import ApiError, InvalidArguments, NotFound
from meta_ads_mcp.tools.creatives.creatives import effective_link
from meta_ads_mcp.web.addresses import PublicUrl


@tool("ads_update_ad_link", Effect.UPDATE, get("{ad_id}"), node="Ad", keywords="destination url utm landing page swap")
class UpdateAdLink(ConfirmedParams):
    """Change the landing page or the url_tags of an ad. A creative cannot change, so a faithful copy with only that
    changed is made, compared, and put on the ad. Review may restart; likes and comments stay with the old post."""

    ad_id: AdId
    link_url: PublicUrl | None = None
    url_tags: Annotated[str | None, Field(max_length=1000, description="Such as utm_source=meta")] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.link_url is None and self.url_tags is None:
            raise ValueError("give link_url, url_tags or both")
        return self

    async def plan(self, call: Call) -> Plan:
        ad = await call.graph.get(self.ad_id, fields=["id", "name", "status", "adset_id", "creative{id}"])
        if not isinstance(ad.get("creative"), dict):
            raise NotFound(f"Meta shows this token no creative of ad {self.ad_id}.")
        old = await call.graph.get(str(ad["creative"]["id"]), fields=["id", "link_url", *CREATIVE_FIELDS])
        new = self._changed(old)
        account = await call.owner(self.ad_id)
        if account is None:
            raise NotFound(f"Meta does not say to which ad account {self.ad_id} belongs.")
        creative = Change(
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
        details = {"previous_creative_id": str(old["id"]), "difference": differences(writable_creative(old), new)}
        return Plan(
            [creative, swap],
            f"New creative for ad {self.ad_id}.",
            ["Meta may review the ad again, and likes and comments of the old post do not move."],
            details,
        )

    def _changed(self, old: Row) -> Row:
        """The parameters of the new creative. Raises InvalidArguments where the link belongs to a post."""
        new = writable_creative(old)
        if self.url_tags is not None:
            new["url_tags"] = self.url_tags
        if self.link_url is None:
            return new
        link = effective_link(old)
        if link is None or "object_story_id" in new:
            raise InvalidArguments(
                "The link of this ad belongs to the post that it promotes.", "Change url_tags alone, or make a new ad."
            )
        return {name: with_link(value, link, self.link_url) for name, value in new.items()}

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        creative, swap = plan.changes
        made = await steps.do(creative)
        now = await call.graph.get(str(made["id"]), fields=["id", *CREATIVE_FIELDS])
        unexpected = differences(creative.after, writable_creative(now))
        if unexpected:
            raise ApiError(
                f"The new creative {made['id']} is no faithful copy ({', '.join(list(unexpected)[:5])} differ); the ad "
                "was left as it is.",
                f"Look at creative {made['id']} before using it; ads_undo_change can remove it.",
            )
        params = {"creative": {"creative_id": str(made["id"])}}
        await steps.do(_with(swap, params, str(made["id"])))
        return {**plan.details, "creative_id": str(made["id"]), "id": self.ad_id}


def _with(swap: Change, params: Row, creative_id: str) -> Change:
    request = replace(swap.request, params=params)
    return replace(swap, request=request, after={"creative": creative_id}, readable=("creative",))
