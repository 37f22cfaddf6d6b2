"""Turn an Instagram post or a Page post into an ad: campaign, ad set, creative and ad as one unit, all PAUSED."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Form, Local, exactly_one
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.units.unit_params import KeyedUnitParams
from meta_ads_mcp.core.units.unit_plan import UnitPlan
from meta_ads_mcp.core.values.dates import Moment, to_unix
from meta_ads_mcp.core.values.enums import OptimizationGoal
from meta_ads_mcp.core.values.ids import AccountId, InstagramId, MediaId, PageId
from meta_ads_mcp.core.values.money import Money, format_money, money, to_minor
from meta_ads_mcp.domain.targeting import TargetingSpec, summarize_targeting
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.trees.tree_plan import Tree, TreePlan, read_tree
from meta_ads_mcp.tools.bulk.trees.tree_steps import TreeSteps
from meta_ads_mcp.tools.campaigns import (
    LEGACY_OBJECTIVES,
    CountryCode,
    SpecialAdCategories,
    require_countries,
)
from meta_ads_mcp.tools.creatives.assets import Button
from meta_ads_mcp.tools.pages.pages import StoryId, page_of
from meta_ads_mcp.web.addresses import PublicUrl

MAX_NAME_CHARS = 60
_MEDIA_FIELDS = "id caption media_type media_product_type permalink timestamp owner boost_eligibility_info".split()
_POST_FIELDS = (
    "id message permalink_url is_published is_eligible_for_promotion allowed_advertising_objectives "
    "instagram_eligibility"
).split()
# Objective → goal, and the destination of the ad set (Meta docs, marketing-api: outcome-driven ads experiences).
_GOALS: dict[str, OptimizationGoal] = {"OUTCOME_ENGAGEMENT": "POST_ENGAGEMENT", "OUTCOME_AWARENESS": "REACH"}
_CLICKS: OptimizationGoal = "LINK_CLICKS"
_ON_POST = ("POST_ENGAGEMENT", "REACH", "IMPRESSIONS")
ADS_MANAGER = "https://adsmanager.facebook.com/adsmanager/manage/campaigns?act={}"
START = "Everything is PAUSED. ads_activate_entity with the campaign, the ad set and the ad starts it."
FIXED_POST = "Likes and comments stay on the post. Once it has been advertised, its text cannot be edited."


@tool(
    "ads_boost_ig_post",
    Effect.CREATE,
    node="Campaign",
    singular="campaign",
    keywords="boost promote instagram reel page post facebook existing organic advertise",
)
class BoostPost(KeyedUnitParams):
    """Turn an Instagram post (ig_media_id) or a Page post (page_post_id) into an ad: campaign, ad set, creative and ad,
    all PAUSED, with one undo.

    Budget and targeting have no default. Says whether Meta lets the post be boosted, and what it costs in all.
    """

    account_id: AccountId
    ig_media_id: Annotated[MediaId | None, Local()] = None
    page_post_id: Annotated[StoryId | None, Local()] = None
    page_id: Annotated[PageId | None, Local(), Field(description="With ig_media_id")] = None
    ig_account_id: Annotated[InstagramId | None, Local(), Field(description="With ig_media_id: its owner")] = None
    daily_budget: Money | None = None
    lifetime_budget: Money | None = None
    duration_days: Annotated[int | None, Local(), Field(ge=1, le=90, description="Instead of end_time")] = None
    end_time: Moment | None = None
    start_time: Moment | None = None
    targeting: TargetingSpec
    objective: Annotated[
        Literal["OUTCOME_AWARENESS", "OUTCOME_TRAFFIC", "OUTCOME_ENGAGEMENT", "OUTCOME_LEADS", "OUTCOME_SALES"],
        Local(),
    ] = "OUTCOME_ENGAGEMENT"
    optimization_goal: Annotated[
        str | None,
        Local(),
        Form("an optimization goal of Meta", "REACH"),
        Field(pattern="^[A-Z_]{3,60}$", description="Default: POST_ENGAGEMENT, REACH or LINK_CLICKS, by objective"),
    ] = None
    link_url: Annotated[PublicUrl | None, Local(), Field(description="Of the button; with call_to_action_type")] = None
    call_to_action_type: Annotated[Button | None, Local()] = None
    url_tags: Annotated[str | None, Local(), Field(max_length=1000)] = None
    special_ad_categories: SpecialAdCategories = []
    special_ad_category_country: Annotated[list[CountryCode] | None, Field(max_length=60)] = None
    dsa_beneficiary: Annotated[str | None, Field(max_length=512)] = None
    dsa_payor: Annotated[str | None, Field(max_length=512)] = None
    name: Annotated[str | None, Field(min_length=1, max_length=400)] = None

    @model_validator(mode="after")
    def _check_post(self) -> Self:
        exactly_one(self, "ig_media_id", "page_post_id")
        missing = [name for name in ("page_id", "ig_account_id") if getattr(self, name) is None]
        if self.ig_media_id is not None and missing:
            raise ValueError(f"ig_media_id requires {' and '.join(missing)}")
        if self.page_post_id is not None and self.page_id not in (None, page_of(self.page_post_id)):
            raise ValueError("page_id is not the Page of page_post_id, which its id begins with")
        if self.link_url is not None and self.call_to_action_type is None:
            raise ValueError("link_url is the link of a button: give call_to_action_type, such as LEARN_MORE")
        if self._goal == _CLICKS and self.ig_media_id is not None and self.link_url is None:
            raise ValueError(f"{self.objective} aims at clicks on a link: give link_url and call_to_action_type")
        return self

    @model_validator(mode="after")
    def _check_budget(self) -> Self:
        exactly_one(self, "daily_budget", "lifetime_budget")
        if self.duration_days is not None and self.end_time is not None:
            raise ValueError("give duration_days or end_time, not both")
        if self.lifetime_budget is not None and self.duration_days is None and self.end_time is None:
            raise ValueError("a lifetime_budget requires duration_days or end_time")
        require_countries(self.special_ad_categories, self.special_ad_category_country)
        return self

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        """Validate the arguments of each object as its own tool does. Raises InvalidArguments."""
        self._steps(datetime.now(UTC), UTC_ACCOUNT, "Boost")
        return self

    async def plan_unit(self, call: Call) -> UnitPlan:
        """Read whether the post can be boosted, and plan the four objects. Raises InvalidArguments if it cannot."""
        account = await call.account(self.account_id)
        post = await self._read_post(call)
        text = " ".join(str(post.get("caption") or post.get("message") or post["id"]).split())
        name = self.name or f"Boost: {text if len(text) <= MAX_NAME_CHARS else text[: MAX_NAME_CHARS - 1] + '…'}"
        steps = self._steps(call.now(), account, name)
        await steps.build(call, account, {})
        _require_all(steps)
        boost = {"boost": self._describe(call, account, post)}
        return UnitPlan(
            account.id,
            # A creative is usually part of its ad. Here each of the four objects has a row.
            [replace(step, item=None) for step in steps.steps],
            notes=[START, FIXED_POST, *self._notes()],
            details=boost,
            outcome=boost,
            stop_on_error=True,
            is_whole=True,
            validate_first=True,
        )

    async def _read_post(self, call: Call) -> Row:
        """Return the post. Raises InvalidArguments with Meta's reason if it cannot be boosted."""
        if self.page_post_id is not None:
            with needing("pages_read_engagement", "pages_show_list"):
                post = await call.graph.get(self.page_post_id, fields=_POST_FIELDS, page=page_of(self.page_post_id))
            _check_page_post(post, self.objective)
            return post
        with needing("instagram_basic", "pages_show_list"):
            media = await call.graph.get(str(self.ig_media_id), fields=_MEDIA_FIELDS, page=self.page_id)
        owner = media.get("owner")
        if isinstance(owner, dict) and str(owner.get("id")) != self.ig_account_id:
            raise InvalidArguments(
                f"Instagram post {self.ig_media_id} is not a post of account {self.ig_account_id}.",
                "For a creator's post see ads_get_partnership_content.",
            )
        _check_media(media)
        return media

    # ---- the objects

    @property
    def _goal(self) -> str:
        return self.optimization_goal or _GOALS.get(self.objective, _CLICKS)

    @property
    def _page(self) -> str:
        return self.page_id or page_of(str(self.page_post_id))

    def _end(self, now: datetime, account: Account) -> int | None:
        """Return the end in Unix seconds, None if there is none."""
        if self.end_time is not None:
            return to_unix(self.end_time, account.timezone)
        if self.duration_days is None:
            return None
        start = to_unix(self.start_time, account.timezone) if self.start_time else int(now.timestamp())
        return start + int(timedelta(days=self.duration_days).total_seconds())

    def _steps(self, now: datetime, account: Account, name: str) -> TreeSteps:
        """Return the steps of the four objects, with their arguments checked."""
        steps = TreeSteps(self.account_id, self._tree(now, account, name))
        steps.check()
        _require_all(steps)
        return steps

    def _tree(self, now: datetime, account: Account, name: str) -> Tree:
        campaign = _drop_none(
            name=name,
            objective=self.objective,
            special_ad_categories=self.special_ad_categories,
            special_ad_category_country=self.special_ad_category_country,
        )
        ad = {"name": name, "creative": {"name": name[:255], **self._creative()}}
        ad_set = {**self._ad_set(self._end(now, account)), "name": name}
        return read_tree(TreePlan(campaigns=[{**campaign, "ad_sets": [{**ad_set, "ads": [ad]}]}]), None)

    def _ad_set(self, end: int | None) -> Row:
        is_on_post = self._goal in _ON_POST and self.link_url is None
        has_page = is_on_post or self.objective in _GOALS
        return _drop_none(
            optimization_goal=self._goal,
            targeting=self.targeting,
            daily_budget=self.daily_budget,
            lifetime_budget=self.lifetime_budget,
            start_time=self.start_time,
            end_time=None if end is None else str(end),
            promoted_object={"page_id": self._page} if has_page else None,
            destination_type="ON_POST" if self._goal == "POST_ENGAGEMENT" else "WEBSITE" if self.link_url else None,
            dsa_beneficiary=self.dsa_beneficiary,
            dsa_payor=self.dsa_payor,
        )

    def _creative(self) -> Row:
        return _drop_none(
            object_story_id=self.page_post_id,
            source_instagram_media_id=self.ig_media_id,
            instagram_user_id=self.ig_account_id,
            page_id=self.page_id if self.ig_media_id else None,
            call_to_action_type=self.call_to_action_type,
            link_url=self.link_url,
            url_tags=self.url_tags,
        )

    # ---- the answer

    def _describe(self, call: Call, account: Account, post: Row) -> Row:
        end = self._end(call.now(), account)
        budget = self.daily_budget if self.daily_budget is not None else self.lifetime_budget
        amount = money(to_minor(budget or 0, account.currency), account.currency)
        return _drop_none(
            post=post.get("permalink") or post.get("permalink_url") or post["id"],
            text=post.get("caption") or post.get("message"),
            audience=summarize_targeting(self.targeting),
            budget=f"{format_money(amount)} {'a day' if self.daily_budget is not None else 'in all'}",
            ends=None if end is None else datetime.fromtimestamp(end, account.timezone).isoformat(timespec="minutes"),
            most_in_all=self._total(account),
            ads_manager_url=ADS_MANAGER.format(account.id.removeprefix("act_")),
        )

    def _total(self, account: Account) -> Row | None:
        """Return the most that the ad can cost, None if it has no end."""
        if self.lifetime_budget is not None:
            return money(to_minor(self.lifetime_budget, account.currency), account.currency)
        if self.daily_budget is None or self.duration_days is None:
            return None
        return money(to_minor(self.daily_budget, account.currency) * self.duration_days, account.currency)

    def _notes(self) -> list[str]:
        notes = []
        if self.duration_days is not None and self.start_time is None:
            notes.append("duration_days counts from now, not from the day on which the ad is activated.")
        if self.duration_days is None and self.end_time is None:
            notes.append("It has no end: once active, it spends the daily budget until it is paused.")
        return notes


UTC_ACCOUNT = Account("act_0", "", "USD", "UTC")


def _drop_none(**values: Any) -> Row:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def _require_all(steps: TreeSteps) -> None:
    """Raise InvalidArguments with the first reason for which an object cannot be created."""
    if steps.refused_rows:
        raise InvalidArguments(
            f"{steps.refused_rows[0].reason}.", "Correct the argument and call again.", allowed=steps.allowed
        )


def _check_media(media: Row) -> None:
    info = media.get("boost_eligibility_info")
    if isinstance(info, dict) and info.get("eligible_to_boost") is False:
        reason = info.get("boost_ineligible_reason") or "no reason given"
        raise InvalidArguments(
            f"Meta does not let Instagram post {media.get('id')} be boosted: {reason}. Nothing was created.",
            "Choose another post: ads_get_instagram_media shows which can be boosted.",
        )


def _check_page_post(post: Row, objective: str) -> None:
    """Raise InvalidArguments if Meta does not let the post be promoted, or not for this objective."""
    choose = "Choose another post: ads_get_page_posts shows which can be boosted, and for what."
    if post.get("is_published") is False:
        raise InvalidArguments(f"Post {post.get('id')} is not published yet, so it cannot be boosted.", choose)
    if post.get("is_eligible_for_promotion") is False:
        raise InvalidArguments(
            f"Meta does not let post {post.get('id')} be promoted (is_eligible_for_promotion). Nothing was created.",
            choose,
        )
    allowed = [LEGACY_OBJECTIVES.get(str(name), str(name)) for name in post.get("allowed_advertising_objectives") or []]
    if allowed and objective not in allowed:
        raise InvalidArguments(
            f"Meta does not let post {post.get('id')} be promoted with {objective}. Nothing was created.",
            f"Give one of these as objective: {', '.join(dict.fromkeys(allowed))}.",
            allowed=tuple(dict.fromkeys(allowed)),
        )
