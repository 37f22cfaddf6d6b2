"""Create an ad set after another one, with its ads and with what is to differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Closed, Form
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.ids import AccountId, AdId, AdSetId, CreativeId
from meta_ads_mcp.core.values.money import Money, to_minor
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Plan, Steps
from meta_ads_mcp.domain.copying import (
    STORY_SOURCES,
    read_source,
    require_copyable,
    writable_ad_set,
    writable_creative,
)
from meta_ads_mcp.domain.creative_texts import change_button, change_texts
from meta_ads_mcp.domain.destinations import (
    Destination,
    describe_remaining,
    remaining_destinations,
    replace_links,
    web_destinations,
)
from meta_ads_mcp.domain.preflight import note_dsa, with_advantage_audience
from meta_ads_mcp.domain.promoted_object import PromotedObject
from meta_ads_mcp.domain.targeting import Places
from meta_ads_mcp.errors import AdsError, ApiError, InvalidArguments, UnknownOutcome
from meta_ads_mcp.tools.ad_sets.ad_set_settings import Dsa
from meta_ads_mcp.tools.creatives.assets import Button, Text
from meta_ads_mcp.tools.creatives.copies import check_copy
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
    destination_type: Annotated[str | None, Form("a destination type", "WEBSITE"), Field(pattern="^[A-Z_]{1,60}$")] = (
        None
    )
    promoted_object: PromotedObject | None = None
    dsa_beneficiary: Dsa | None = None
    dsa_payor: Dsa | None = None

    @model_validator(mode="after")
    def _check_budget(self) -> Self:
        if self.daily_budget is not None and self.lifetime_budget is not None:
            raise ValueError("give daily_budget or lifetime_budget, not both")
        if self.lifetime_budget is not None and self.end_time is None:
            raise ValueError("a lifetime_budget requires an end_time")
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
    def _check_source(self) -> Self:
        if (self.source_ad_id is None) == (self.source_creative_id is None):
            raise ValueError("an override names source_ad_id or source_creative_id")
        return self

    @property
    def source_id(self) -> str:
        """The id of the ad or creative that the override names."""
        return str(self.source_ad_id or self.source_creative_id)

    def apply(self, creative: Row, ad_id: str) -> Row:
        """Return the creative's parameters with the override. Raises InvalidArguments for what has no place in it."""
        texts = _drop_none(message=self.message, headline=self.headline, description=self.description)
        params_of_copy, without_place = change_texts({**creative, **_drop_none(name=self.name)}, texts)
        if self.call_to_action_type:
            params_of_copy, has_button = change_button(params_of_copy, self.call_to_action_type, self.link_url)
            without_place += [] if has_button else ["call_to_action_type"]
        if self.link_url and web_destinations(params_of_copy):
            params_of_copy = replace_links(params_of_copy, self.link_url)
        elif self.link_url:
            without_place.append("link_url")
        if without_place:
            raise InvalidArguments(
                f"The creative of ad {ad_id} has no place for {', '.join(without_place)} of its override "
                f"(it has {', '.join(name for name in STORY_SOURCES if name in creative) or 'no content'}).",
                "Leave these out, or make a new creative with ads_create_ad_creative and give it to the copied ad.",
            )
        return params_of_copy

    def fits(self, ad: Row) -> bool:
        """Tell whether the override names this ad or its creative."""
        return self.source_ad_id == ad.get("id") or self.source_creative_id == (ad.get("creative") or {}).get("id")


@tool(
    "ads_clone_ad_set_bundle",
    Effect.CREATE,
    post("{account_id}/adsets"),
    node="AdSet",
    keywords="copy duplicate localize",
)
class CloneAdSetBundle(ConfirmedParams, CreateParams):
    """Copy an ad set with its ads, PAUSED; the copy can have another name, places, budget, link and texts.

    Needs idempotency_key unless dry_run.
    """

    account_id: AccountId
    source_ad_set_id: AdSetId
    target_ad_set: TargetAdSet
    creative_overrides: Annotated[list[CreativeOverride], Field(max_length=MAX_ADS)] = []

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if not self.dry_run and self.idempotency_key is None:
            raise ValueError("idempotency_key is required, so that the bundle is never created twice")
        return self

    async def plan(self, call: Call) -> Plan:
        """Read the ad set, its ads and the creatives that change, and plan the new ad set.

        Raises InvalidArguments when something cannot be copied, or an override has no place.
        """
        source = await read_source(call, "AdSet", self.source_ad_set_id, ("account_id", "is_budget_schedule_enabled"))
        require_copyable("AdSet", source)
        rows = await self._read_ads(call)
        params = await self._ad_set_params(call, source)
        change = self._create("adsets", "AdSet", params)
        if rows:
            change = replace(change, actions=frozenset({"create_ad"}))
        copied = f" Copied from {', '.join(str(ad['id']) for ad in rows)}." if rows else ""
        notes = [f"{len(rows)} {plural('ad', len(rows))} will be copied with it, PAUSED.{copied}"]
        if source.get("is_budget_schedule_enabled"):
            notes.append(
                "The budget schedules of the ad set are not copied; create them with ads_create_budget_schedule."
            )
        creatives = {ad["id"]: await self._changed_creative(call, ad) for ad in rows if self._override(ad)}
        details: Row = {"source_ads": [{"id": ad["id"], "changed": ad["id"] in creatives} for ad in rows]}
        remaining = {ad_id: describe_remaining(places) for ad_id, (_, places) in creatives.items() if places}
        if remaining:
            details["remaining_destinations"] = remaining
            notes.append(f"link_url could not replace every destination of ad {', '.join(remaining)}.")
        specs = {ad_id: spec for ad_id, (spec, _) in creatives.items()}
        # What is agreed to includes the texts and links of the new creatives, and the copies of the ads.
        new_creatives = [self._create("adcreatives", "AdCreative", spec) for spec in specs.values()]
        changes = [change, *new_creatives, *(self._copy(ad, None) for ad in rows)]
        return Plan(
            changes, f"New ad set after {self.source_ad_set_id}.", notes, details, {"ads": rows, "specs": specs}
        )

    async def _read_ads(self, call: Call) -> list[Row]:
        """Return the ads of the source. Raises InvalidArguments for too many, or for an override of another ad."""
        ads = await call.graph.list(
            f"{self.source_ad_set_id}/ads", fields=["id", "name", "status", "creative{id}"], limit=MAX_ADS
        )
        if ads.has_more:
            raise InvalidArguments(f"The ad set has more than {MAX_ADS} ads.", "Copy it with ads_duplicate_entity.")
        unknown_ids = [item.source_id for item in self.creative_overrides if not any(item.fits(ad) for ad in ads.rows)]
        if unknown_ids:
            raise InvalidArguments(
                f"The ad set has no ad or creative {', '.join(unknown_ids)}, for which there is an override.",
                f"List its ads with ads_get_ads (ad_set_id {self.source_ad_set_id}).",
            )
        return ads.rows

    async def _changed_creative(self, call: Call, ad: Row) -> tuple[Row, list[Destination]]:
        """Return the parameters of the creative with the override of an ad, and the destinations that stay."""
        override = self._override(ad)
        creative = ad.get("creative") or {}
        if override is None or "id" not in creative:
            raise InvalidArguments(
                f"This token cannot see the creative of ad {ad['id']}, so it cannot change.", "Leave out its override."
            )
        source = await read_source(call, "AdCreative", str(creative["id"]))
        require_copyable("AdCreative", source)
        copy = writable_creative(source)
        params_of_copy = override.apply(copy, str(ad["id"]))
        link = override.link_url
        return params_of_copy, remaining_destinations(copy, params_of_copy, link) if link else []

    async def _ad_set_params(self, call: Call, source: Row) -> Row:
        target = self.target_ad_set
        params = writable_ad_set(source, call.now())
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
        params |= target.model_dump(exclude={"geo_override", *budgets}, exclude_none=True)
        await note_dsa(
            call, self.account_id, params["targeting"], params.get("dsa_beneficiary"), params.get("dsa_payor")
        )
        return params

    def _create(self, edge: str, node: str, params: Row) -> Change:
        request = Request(
            "POST", f"{self.account_id}/{edge}", params, account=self.account_id, repeatable=False, write=True
        )
        return Change(Effect.CREATE, request, node, after=params, parent=self.account_id, edge=edge)

    def _override(self, ad: Row) -> CreativeOverride | None:
        return next((item for item in self.creative_overrides if item.fits(ad)), None)

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Create the ad set and its ads. An ad that fails is skipped and named.

        Raises ApiError when none of the ads could be copied.
        """
        ad_set, target = await steps.do(plan.changes[0]), self.target_ad_set
        answer: Row = {"new_ad_set": {"id": ad_set["id"], "name": target.name, "status": target.status}}
        ads: list[Row] = plan.context["ads"]
        new_ads, creatives, failures = [], [], []
        for index, ad in enumerate(ads):
            await call.progress(index, len(ads), f"ad {ad['id']}")
            try:
                new, creative = await self._copy_ad(
                    ad, str(ad_set["id"]), plan.context["specs"].get(ad["id"]), steps, call
                )
            except UnknownOutcome as lost:
                failures.append({"source_ad_id": ad["id"], "reason": f"outcome unknown: {lost.next_step}"})
                continue
            except AdsError as failure:
                failures.append({"source_ad_id": ad["id"], "reason": failure.message})
                continue
            new_ads.append({"source_ad_id": ad["id"], "id": new, "ad_set_id": ad_set["id"]})
            creatives += [creative] if creative else []
        if ads and not new_ads:
            raise ApiError(
                f"The ad set {ad_set['id']} was created {target.status}, but none of its ads: {failures[0]['reason']}",
                f"Remove it with ads_delete_ad_set, or add ads to it: {ad_set['id']}.",
                details={"created": [answer["new_ad_set"]], "skipped": failures},
            )
        return {
            **answer,
            "id": ad_set["id"],
            "created_ads": new_ads,
            "created_creatives": creatives,
            "skipped": failures,
        }

    async def _copy_ad(
        self, ad: Row, ad_set_id: str, spec: Row | None, steps: Steps, call: Call
    ) -> tuple[str, str | None]:
        """Return the new ad's id, and the id of its new creative if an override (`spec`) needs one."""
        creative: str | None = None
        if spec is not None:
            creative = str((await steps.do(self._create("adcreatives", "AdCreative", spec)))["id"])
            await check_copy(call, creative, spec)
        copy = str((await steps.do(self._copy(ad, ad_set_id)))["id"])
        override = self._override(ad)
        if creative is not None and override is not None:
            await self._swap(copy, creative, override.name, steps)
        return copy, creative

    def _copy(self, ad: Row, ad_set_id: str | None) -> Change:
        """Return the change that copies an ad. `ad_set_id` is None until the new ad set exists."""
        params = {"status_option": "PAUSED", "rename_options": {"rename_strategy": "NO_RENAME"}}
        params |= {"adset_id": ad_set_id} if ad_set_id else {}
        request = Request("POST", f"{ad['id']}/copies", params, account=self.account_id, repeatable=False, write=True)
        after = {"name": ad.get("name"), "status": "PAUSED"}
        return Change(Effect.CREATE, request, "Ad", after=after, parent=ad_set_id or self.account_id, edge="ads")

    async def _swap(self, copy: str, creative: str, name: str | None, steps: Steps) -> None:
        """Give the copied ad its new creative, and its new name if there is one."""
        names = _drop_none(name=name)
        params = {"creative": {"creative_id": creative}, **names}
        request = Request("POST", copy, params, account=self.account_id, repeatable=False, write=True)
        after = {"creative": creative, **names}
        change = Change(Effect.UPDATE, request, "Ad", object_id=copy, after=after, readable=tuple(after))
        try:
            await steps.do(change)
        except AdsError as failure:
            raise ApiError(
                f"its copy {copy} was created PAUSED, but kept the earlier creative: {failure.message}",
                f"Give {copy} the creative {creative} with ads_update_ad, or remove it with ads_delete_ad.",
            ) from None


def _drop_none(**values: str | None) -> Row:
    return {name: value for name, value in values.items() if value is not None}
