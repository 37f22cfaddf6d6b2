"""An ad set made anew after another one, with its ads, and with what is to differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.ids import AccountId, AdId, AdSetId, CreativeId
from meta_ads_mcp.core.values.money import Money, to_minor
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Plan, Steps
from meta_ads_mcp.domain.copying import AD_SET_FIELDS, CREATIVE_FIELDS, writable_ad_set, writable_creative
from meta_ads_mcp.domain.preflight import note_dsa, with_advantage_audience
from meta_ads_mcp.domain.promoted_object import PromotedObject
from meta_ads_mcp.domain.targeting import Places
from meta_ads_mcp.errors import AdsError, ApiError, InvalidArguments, UnknownOutcome
from meta_ads_mcp.tools.ad_sets.ad_sets import Dsa
from meta_ads_mcp.tools.creatives.assets import Button, Text
from meta_ads_mcp.web.addresses import PublicUrl

MAX_ADS = 50


class TargetAdSet(Closed):
    """The new ad set: its name, and what differs from the source."""

    name: Annotated[str, Field(min_length=1, max_length=400)]
    status: Literal["PAUSED", "ACTIVE"] = "PAUSED"
    geo_override: Annotated[Places | None, Field(description="Replaces geo_locations")] = None
    daily_budget: Money | None = None
    lifetime_budget: Money | None = None
    end_time: Moment | None = None
    destination_type: Annotated[str | None, Field(pattern="^[A-Z_]{1,60}$")] = None
    promoted_object: PromotedObject | None = None
    dsa_beneficiary: Dsa | None = None
    dsa_payor: Dsa | None = None

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        if self.daily_budget is not None and self.lifetime_budget is not None:
            raise ValueError("give daily_budget or lifetime_budget, not both")
        if self.lifetime_budget is not None and self.end_time is None:
            raise ValueError("a lifetime_budget needs an end_time")
        return self


class CreativeOverride(Closed):
    """Other texts or another link for the copies of one ad or one creative."""

    source_ad_id: AdId | None = None
    source_creative_id: CreativeId | None = None
    name: Text | None = None
    headline: Text | None = None
    message: Text | None = None
    description: Text | None = None
    link_url: PublicUrl | None = None
    call_to_action_type: Button | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.source_ad_id is None) == (self.source_creative_id is None):
            raise ValueError("an override names source_ad_id or source_creative_id")
        return self

    def fits(self, ad: Row) -> bool:
        return self.source_ad_id == ad.get("id") or self.source_creative_id == (ad.get("creative") or {}).get("id")


@tool(
    "ads_clone_ad_set_bundle",
    Effect.CREATE,
    post("{account_id}/adsets"),
    node="AdSet",
    keywords="copy duplicate localize",
)
class CloneAdSetBundle(ConfirmedParams, CreateParams):
    """Make a new ad set, PAUSED, after another one, with its ads; name, places, budget, link and texts may differ.

    Needs idempotency_key unless dry_run. One ad that cannot be copied is skipped and named.
    """

    account_id: AccountId
    source_ad_set_id: AdSetId
    target_ad_set: TargetAdSet
    creative_overrides: Annotated[list[CreativeOverride], Field(max_length=MAX_ADS)] = []

    @model_validator(mode="after")
    def _key(self) -> Self:
        if not self.dry_run and self.idempotency_key is None:
            raise ValueError("idempotency_key is needed, so that the bundle is never made twice")
        return self

    async def plan(self, call: Call) -> Plan:
        source = await call.graph.get(self.source_ad_set_id, fields=["id", "account_id", *AD_SET_FIELDS])
        ads = await call.graph.list(
            f"{self.source_ad_set_id}/ads",
            fields=["id", "name", "status", f"creative{{id,{','.join(CREATIVE_FIELDS)}}}"],
            limit=MAX_ADS,
        )
        if ads.has_more:
            raise InvalidArguments(f"The ad set has more than {MAX_ADS} ads.", "Copy it with ads_duplicate_entity.")
        rows = [await self._with_full_creative(ad, call) for ad in ads.rows]
        params = await self._ad_set(call, source)
        change = self._create("adsets", "AdSet", params)
        if rows:
            change = replace(change, actions=frozenset({"create_ad"}))
        notes = [f"{len(rows)} ad(s) follow it, each PAUSED."]
        notes += [note for ad in rows for note in self._warnings(ad)]
        details = {"source_ads": [{"id": ad["id"], "changed": self._override(ad) is not None} for ad in rows]}
        return Plan([change], f"New ad set after {self.source_ad_set_id}.", notes, details, found={"ads": rows})

    async def _with_full_creative(self, ad: Row, call: Call) -> Row:
        """With the whole of its creative where an override targets it: a list may show no more than the id."""
        creative = ad.get("creative") or {}
        if self._override(ad) is None or "id" not in creative or not creative.keys() <= {"id", "name"}:
            return ad
        return {**ad, "creative": await call.graph.get(str(creative["id"]), fields=["id", *CREATIVE_FIELDS])}

    async def _ad_set(self, call: Call, source: Row) -> Row:
        target = self.target_ad_set
        params = writable_ad_set(source)
        budgets = {"daily_budget": target.daily_budget, "lifetime_budget": target.lifetime_budget}
        in_words = any(isinstance(value, str) for value in budgets.values())
        currency = (await call.account(self.account_id)).currency if in_words else ""
        if any(value is not None for value in budgets.values()):
            for name in budgets:
                params.pop(name, None)
        params |= {name: to_minor(value, currency) for name, value in budgets.items() if value is not None}
        if target.geo_override:
            params["targeting"] = {**params.get("targeting", {}), "geo_locations": target.geo_override}
        params["targeting"] = with_advantage_audience(params.get("targeting", {}))
        own = target.model_dump(exclude={"geo_override", *budgets}, exclude_none=True)
        made = {**params, **own}
        await note_dsa(call, self.account_id, made["targeting"], made.get("dsa_beneficiary"), made.get("dsa_payor"))
        return made

    def _create(self, edge: str, node: str, params: Row) -> Change:
        request = Request(
            "POST", f"{self.account_id}/{edge}", params, account=self.account_id, repeatable=False, write=True
        )
        return Change(Effect.CREATE, request, node, after=params, parent=self.account_id, edge=edge)

    def _override(self, ad: Row) -> CreativeOverride | None:
        return next((item for item in self.creative_overrides if item.fits(ad)), None)

    def _warnings(self, ad: Row) -> list[str]:
        """Overrides reach plain texts only: a post or an asset feed keeps its own."""
        creative = ad.get("creative") or {}
        if self._override(ad) is None or "object_story_spec" in writable_creative(creative):
            return []
        return [f"The override of ad {ad['id']} does not apply: its creative is a post or an asset feed."]

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        ad_set, target = await steps.do(plan.changes[0]), self.target_ad_set
        made: Row = {"new_ad_set": {"id": ad_set["id"], "name": target.name, "status": target.status}}
        ads: list[Row] = plan.found["ads"]
        created, creatives, skipped = [], [], []
        for index, ad in enumerate(ads):
            await call.progress(index, len(ads), f"ad {ad['id']}")
            try:
                new, creative = await self._copy_ad(ad, str(ad_set["id"]), steps)
            except UnknownOutcome as lost:
                skipped.append({"source_ad_id": ad["id"], "reason": f"outcome unknown: {lost.next_step}"})
                continue
            except AdsError as failure:
                skipped.append({"source_ad_id": ad["id"], "reason": failure.message})
                continue
            created.append({"source_ad_id": ad["id"], "id": new, "ad_set_id": ad_set["id"]})
            creatives += [creative] if creative else []
        if ads and not created:
            raise ApiError(
                f"The ad set {ad_set['id']} was made, {target.status}, but none of its ads: {skipped[0]['reason']}",
                f"Remove it with ads_delete_ad_set, or add ads to it by hand: {ad_set['id']}.",
                details={"created": [made["new_ad_set"]], "skipped": skipped},
            )
        return {**made, "id": ad_set["id"], "created_ads": created, "created_creatives": creatives, "skipped": skipped}

    async def _copy_ad(self, ad: Row, ad_set_id: str, steps: Steps) -> tuple[str, str | None]:
        """The new ad's id, and that of its new creative where an override needs one."""
        override = self._override(ad)
        spec = writable_creative(ad.get("creative") or {})
        creative: str | None = None
        if override is not None and "object_story_spec" in spec:
            made = await steps.do(self._create("adcreatives", "AdCreative", apply_overrides(spec, override)))
            creative = str(made["id"])
        copy = str((await steps.do(self._copy(ad, ad_set_id)))["id"])
        if creative is not None and override is not None:
            await self._swap(copy, creative, override.name, steps)
        return copy, creative

    def _copy(self, ad: Row, ad_set_id: str) -> Change:
        params = {
            "adset_id": ad_set_id,
            "status_option": "PAUSED",
            "rename_options": {"rename_strategy": "NO_RENAME"},
        }
        request = Request("POST", f"{ad['id']}/copies", params, account=self.account_id, repeatable=False, write=True)
        after = {"name": ad.get("name"), "status": "PAUSED"}
        return Change(Effect.CREATE, request, "Ad", after=after, parent=ad_set_id, edge="ads")

    async def _swap(self, copy: str, creative: str, name: str | None, steps: Steps) -> None:
        """The new creative, and the new name if there is one, on the copied ad."""
        names = _named(name=name)
        params = {"creative": {"creative_id": creative}, **names}
        request = Request("POST", copy, params, account=self.account_id, repeatable=False, write=True)
        after = {"creative": creative, **names}
        change = Change(Effect.UPDATE, request, "Ad", object_id=copy, after=after, readable=tuple(after))
        try:
            await steps.do(change)
        except AdsError as failure:
            raise ApiError(
                f"its copy {copy} was made, PAUSED, but kept the earlier creative: {failure.message}",
                f"Give {copy} the creative {creative} with ads_update_ad, or remove it with ads_delete_ad.",
            ) from None


def apply_overrides(creative: Row, override: CreativeOverride) -> Row:
    """The creative with other texts: in `link_data`, or under their other names in `video_data`."""
    story = dict(creative["object_story_spec"])
    if "video_data" in story:
        data = {
            **story["video_data"],
            **_named(message=override.message, title=override.headline, link_description=override.description),
        }
        story["video_data"] = _with_button(data, override, always=True)
    elif "link_data" in story:
        data = {
            **story["link_data"],
            **_named(
                message=override.message,
                name=override.headline,
                description=override.description,
                link=override.link_url,
            ),
        }
        story["link_data"] = _with_button(data, override, always=False)
    return {**creative, "object_story_spec": story, **_named(name=override.name)}


def _with_button(data: Row, override: CreativeOverride, *, always: bool) -> Row:
    """The button's kind and its link; a video has its link there alone."""
    button = dict(data.get("call_to_action") or {})
    if override.call_to_action_type:
        button["type"] = override.call_to_action_type
    value = dict(button.get("value") or {})
    if override.link_url and (always or "link" in value):
        value["link"] = override.link_url
    if value:
        button["value"] = value
    return {**data, "call_to_action": button} if button.get("type") else data


def _named(**values: str | None) -> Row:
    return {name: value for name, value in values.items() if value is not None}
