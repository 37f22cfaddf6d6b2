"""Campaigns, ad sets and ads of one account: their nodes and the plan of what they deliver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.delivery_plan import FAR, AccountPlan, CampaignPlan, Part, biases, dice, uniforms
from meta_ads_mcp.sandbox.store import GraphNode, Store
from meta_ads_mcp.sandbox.world import anomalies, ids, issues, media, settings, wear
from meta_ads_mcp.sandbox.world.anomalies import Anomaly
from meta_ads_mcp.sandbox.world.clients import Client
from meta_ads_mcp.sandbox.world.edits import META, PEOPLE, Edit, PlantedBreak, change_of, status_change
from meta_ads_mcp.sandbox.world.media import Media
from meta_ads_mcp.sandbox.world.optimization import advantage_state

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

Json = Any
STATUS_WORDS = {"PAUSED": "Inactive", "ARCHIVED": "Archived", "DELETED": "Deleted"}
STOP_HOUR = 21  # what is paused, archived or refused in review still delivers on that day
SET_TOTAL = 3  # ad sets per campaign outside the big account


@dataclass(frozen=True)
class Flight:
    """When something delivers (ordinals, both included) and its own status."""

    start: int
    stop: int
    status: str

    @property
    def below(self) -> str:
        """The own status of a child: a pause of the parent leaves it as it is, an end does not."""
        return "ACTIVE" if self.status == "PAUSED" else self.status


@dataclass(frozen=True)
class Frame:
    """One campaign while its ad sets are built. `shared` means that the budget is the campaign's."""

    node: GraphNode
    place: int
    objective: str
    flight: Flight
    budget: int
    shared: bool
    anomaly: Anomaly | None


@dataclass
class Builder:
    """Builds one account; counts ads so that creatives take turns."""

    world: World
    store: Store
    number: int
    client: Client
    account: AccountPlan
    media: Media
    pixel_id: str
    serial: int = 0
    plans: list[CampaignPlan] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    planted: list[PlantedBreak] = field(default_factory=list)
    stamps: dict[tuple[int, int], str] = field(default_factory=dict)

    @cached_property
    def today(self) -> int:
        """The account's day, as an ordinal."""
        return self.world.today.astimezone(self.account.zone).date().toordinal()

    def stamp(self, day: int, hour: int = 9) -> str:
        """A time of a day in the account's zone, as Graph writes it."""
        key = (day, hour)
        if key not in self.stamps:
            self.stamps[key] = self._stamp(day, hour)
        return self.stamps[key]

    def _stamp(self, day: int, hour: int) -> str:
        local = datetime.combine(date.fromordinal(day), time(hour, (day * 7) % 60), self.account.zone)
        return local.strftime("%Y-%m-%dT%H:%M:%S%z")

    def campaigns(self) -> list[CampaignPlan]:
        for place in range(self.client.campaigns):
            self.plans.append(self._campaign(place))
        return self.plans

    def log(self, day: int, event_type: str, object_id: str, extra: Mapping[str, Json], hour: int = STOP_HOUR) -> Edit:
        """Add an edit of one of the agency's people at an hour of a day to the account's log."""
        luck = uniforms(self.world.seed, "edit", object_id, event_type)
        moment = datetime.combine(date.fromordinal(day), time(hour, int(luck[0] * 60)), self.account.zone)
        actor = META if event_type == "ad_review_declined" else PEOPLE[int(luck[1] * len(PEOPLE))]
        edit = Edit(moment, event_type, object_id, extra, actor)
        self.edits.append(edit)
        return edit

    # -- campaigns ----------------------------------------------------------------------------------------------------

    def _flight(self, place: int) -> Flight:
        """Most run to this day; some are paused, archived or deleted; a disabled account stopped a month ago."""
        luck = uniforms(self.world.seed, "flight", self.number, place)
        start = self.today - 730 + int(luck[0] * 420) * (place % 3 > 0)
        if self.client.status != 1:
            return Flight(start, self.today - 31, "ACTIVE")
        last = self.client.campaigns - place
        if self.client.campaigns < 4:
            return Flight(start, FAR, "ACTIVE")
        endings = {1: ("ARCHIVED", 190), 2: ("PAUSED", 24)} | ({3: ("DELETED", 300)} if self.number == 0 else {})
        status, ago = endings.get(last, ("ACTIVE", 0))
        return Flight(start, self.today - ago if ago else FAR, status)

    def _campaign(self, place: int) -> CampaignPlan:
        seed = self.world.seed
        luck = uniforms(seed, "campaign", self.number, place)
        objective = settings.OBJECTIVES[(place + self.number) % len(settings.OBJECTIVES)]
        flight = self._flight(place)
        campaign_id = ids.make(seed, "campaign", self.number, place)
        budget = round(self.client.daily_budget * (0.6 + 0.8 * luck[1]) / 100) * 100
        is_shared = place % 2 == 0
        anomaly = anomalies.choose(self.world, self.today, self.number, place)
        shown_budget = anomalies.edited_budget(anomaly, budget) if anomaly else budget
        node = self._campaign_node(campaign_id, place, objective, flight, shown_budget if is_shared else 0)
        self.store.add(node)
        self.store.link(f"act_{self.account.id}", "campaigns", [campaign_id])
        frame = Frame(node, place, objective, flight, budget, is_shared, anomaly)
        parts = tuple(self._ad_set(frame, number) for number in range(self._set_count(place)))
        if flight.status != "ACTIVE":
            change = status_change("Active", STATUS_WORDS[flight.status])
            self.log(flight.stop, "update_campaign_run_status", campaign_id, change)
        if anomaly:
            parts = self._plant(anomaly, frame, parts)
        return CampaignPlan(
            campaign_id,
            self.account,
            objective,
            seed,
            budget,
            flight.start,
            flight.stop,
            parts,
            trend=-0.05 + 0.2 * luck[2],
            video_share=0.6 * _film_share(parts),
            anomaly=anomaly.kind if anomaly else "",
            anomaly_from=anomaly.day if anomaly else 0,
            drifts=() if anomaly else wear.lost_clicks(parts),
        )

    def _plant(self, anomaly: Anomaly, frame: Frame, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """Log the edit that causes the anomaly; answers the campaign's ad sets with it."""
        target = self.store.nodes[parts[0].id] if anomaly.has_carrier else frame.node
        extra = anomalies.apply_edit(anomaly, self.account, target, frame.budget)
        edit = self.log(anomaly.day, anomaly.cause, target.id, extra, hour=7)
        day = date.fromordinal(anomaly.day)
        self.planted.append(PlantedBreak(self.account.id, frame.node.id, anomaly.kind, day, edit))
        return anomalies.with_carrier(anomaly, parts) if anomaly.has_carrier else parts

    def _campaign_node(self, campaign_id: str, place: int, objective: str, flight: Flight, budget: int) -> GraphNode:
        title = settings.TITLES[objective][place % len(settings.TITLES[objective])]
        created_time = self.stamp(flight.start - 1)
        fields: dict[str, Json] = {
            "id": campaign_id,
            "account_id": self.account.id,
            "name": f"{title} | {self.client.country} | {place + 1:02d}",
            "objective": objective,
            "status": flight.status,
            "configured_status": flight.status,
            "effective_status": self._effective(campaign_id),
            "buying_type": "AUCTION",
            "special_ad_categories": [],
            "special_ad_category": "NONE",
            "created_time": created_time,
            "start_time": self.stamp(flight.start, 0),
            "updated_time": self._updated_time(created_time, flight),
            "pacing_type": ["standard"],
            "is_adset_budget_sharing_enabled": False,
            "is_budget_schedule_enabled": False,
            "budget_remaining": "0",
            "smart_promotion_type": "GUIDED_CREATION",
            "advantage_state_info": partial(advantage_state, self.store, campaign_id),
            "source_campaign_id": "0",
        }
        if budget:
            fields |= {
                "daily_budget": str(budget),
                "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
                "budget_remaining": str(budget // 3),
            }
        if flight.status == "ARCHIVED":
            fields["stop_time"] = self.stamp(flight.stop, 23)
        if flight.status == "ACTIVE" and place == 1:
            fields["issues_info"] = issues.CAMPAIGN
        if self.client.status != 1:
            fields["issues_info"] = issues.DISABLED_ACCOUNT
        return GraphNode(campaign_id, "Campaign", fields, self.account.id)

    def _updated_time(self, created_time: str, flight: Flight) -> str:
        """When something that nobody edits was last updated: at its creation, or when its campaign ended."""
        return created_time if flight.status in ("ACTIVE", "PAUSED") else self.stamp(flight.stop, STOP_HOUR)

    def _effective(self, node_id: str) -> Callable[[], str]:
        """The effective status follows from the object's own status and its parents', also after a write."""
        return partial(effective_status, self.store, node_id)

    def _set_count(self, place: int) -> int:
        if self.client.campaigns < 4:
            return 1
        return 9 if self.number == 0 else 2 + place % SET_TOTAL

    # -- ad sets ------------------------------------------------------------------------------------------------------

    def _ad_set(self, frame: Frame, number: int) -> Part:
        ad_set_id = ids.make(self.world.seed, "adset", self.number, frame.place, number)
        luck = uniforms(self.world.seed, ad_set_id)
        own_flight = self._ad_set_flight(frame, number, int(luck[0] * 60) if number else 0)
        node = self.store.add(self._ad_set_node(ad_set_id, frame, number, own_flight))
        for parent in (frame.node.id, f"act_{self.account.id}"):
            self.store.link(parent, "adsets", [ad_set_id])
        ads = tuple(
            self._ad(frame, node, (number, two), own_flight) for two in range(self._ad_count(frame.place, number))
        )
        video = any(ad.video for ad in ads)
        days = settings.AUDIENCE_DAYS[self._audience(frame, number)]
        drifts = wear.lost_clicks(ads)
        return Part(
            ad_set_id, 0.5 + luck[1], own_flight.start, own_flight.stop, biases(ad_set_id), video, ads, days, drifts
        )

    def _ad_set_flight(self, frame: Frame, number: int, delay: int) -> Flight:
        """The first ad set runs as long as its campaign, unless the anomaly is that it was paused."""
        start, anomaly = frame.flight.start + delay, frame.anomaly
        if number == 0 and anomaly is not None and anomaly.cause == anomalies.PAUSE:
            return Flight(start, anomaly.day - 1, "PAUSED")
        if number == 2 and frame.flight.stop == FAR:
            ad_set_id = ids.make(self.world.seed, "adset", self.number, frame.place, number)
            self.log(self.today - 12, "update_ad_set_run_status", ad_set_id, status_change("Active", "Inactive"))
            return Flight(start, self.today - 12, "PAUSED")
        return Flight(start, frame.flight.stop, frame.flight.below)

    def _audience(self, frame: Frame, number: int) -> str:
        return settings.AUDIENCES[(number + frame.place) % len(settings.AUDIENCES)]

    def _ad_set_node(self, ad_set_id: str, frame: Frame, number: int, flight: Flight) -> GraphNode:
        audience = self._audience(frame, number)
        created_time = self.stamp(flight.start - 1, 11)
        fields: dict[str, Json] = {
            "id": ad_set_id,
            "account_id": self.account.id,
            "campaign_id": frame.node.id,
            "campaign": {"id": frame.node.id},
            "name": f"{audience} - {self.client.country} {frame.place + 1:02d}.{number + 1}",
            "status": flight.status,
            "configured_status": flight.status,
            "effective_status": self._effective(ad_set_id),
            "optimization_goal": settings.GOALS[frame.objective],
            "billing_event": "IMPRESSIONS",
            "targeting": settings.targeting(self.client, audience, frame.place, number),
            "created_time": created_time,
            "start_time": self.stamp(flight.start, 0),
            "updated_time": self._updated_time(created_time, flight),
            "pacing_type": ["standard"],
            "is_dynamic_creative": False,
            "budget_remaining": "0",
            "destination_type": settings.DESTINATIONS.get(frame.objective, "UNDEFINED"),
            "source_adset_id": "0",
            "attribution_spec": [
                {"event_type": "CLICK_THROUGH", "window_days": 7},
                {"event_type": "VIEW_THROUGH", "window_days": 1},
            ],
            "learning_stage_info": issues.learning(number, self.stamp_seconds(self.today - 9)),
        }
        return GraphNode(ad_set_id, "AdSet", fields | self._ad_set_extras(frame, number), self.account.id)

    def _ad_set_extras(self, frame: Frame, number: int) -> dict[str, Json]:
        """Return what some ad sets have: budget, promoted object, the EU's payer and beneficiary, advice."""
        extras: dict[str, Json] = {}
        app_id = ids.make(self.world.seed, "app", self.number)
        if target := settings.promoted_object(frame.objective, self.media.page_id, self.pixel_id, app_id):
            extras["promoted_object"] = target
        if not frame.shared:
            budget = max(100, frame.budget // self._set_count(frame.place))
            extras |= {"daily_budget": str(budget), "budget_remaining": str(budget // 2)}
            extras["bid_strategy"] = "LOWEST_COST_WITHOUT_CAP"
        if self.client.in_eu:
            extras |= {"dsa_payor": self.client.name, "dsa_beneficiary": self.client.name}
        if number == 1 and frame.place == 0:
            extras["recommendations"] = issues.RECOMMENDATIONS
        return extras

    def stamp_seconds(self, day: int) -> int:
        return int(datetime.combine(date.fromordinal(day), time(9), self.account.zone).timestamp())

    # -- ads ----------------------------------------------------------------------------------------------------------

    def _ad_count(self, place: int, number: int) -> int:
        if self.number:
            return 1 if self.client.campaigns < 4 else 3 + (place + number) % 2
        sets = 9 * self.client.campaigns
        return max(1, self.world.ads // sets + (place * 9 + number < self.world.ads % sets))

    def _ad(self, frame: Frame, ad_set: GraphNode, spot: tuple[int, int], flight: Flight) -> Part:
        """`spot` is the place of the ad set and of the ad in it; `flight` is the ad set's."""
        self.serial += 1
        place, last = frame.place, spot[1]
        ad_id = ids.make(self.world.seed, "ad", self.number, place, *spot)
        luck = dice(self.world.seed, ad_id)
        late = luck.randrange(0, 200) if last > 1 else 0
        is_pause = last % 7 == 5 and flight.stop == FAR
        is_rejection = self.serial % 41 == 7 and flight.stop == FAR and last > 1 and not is_pause
        is_worn_out = last == 1 and self._wears_out(frame, spot[0], flight)
        stop = self.today - luck.randrange(8, 80) if is_pause or is_rejection else flight.stop
        start = self.today - wear.WORN_AGE if is_worn_out else min(flight.start + late, stop)
        own_flight = Flight(start, stop, "PAUSED" if is_pause else flight.below)
        creative = self._creative(place, *spot)
        node = self.store.add(self._ad_node(ad_id, ad_set, creative, own_flight))
        if is_pause:
            self.log(stop, "update_ad_run_status", ad_id, status_change("Active", "Inactive"))
        if is_rejection:
            node.fields = {**node.fields, "ad_review_feedback": issues.REVIEW, "issues_info": issues.AD}
            self.log(stop, "ad_review_declined", ad_id, change_of("review", "Approved", "Disapproved"))
        for parent in (ad_set.id, frame.node.id, f"act_{self.account.id}"):
            self.store.link(parent, "ads", [ad_id])
        self.store.link(ad_id, "adcreatives", [creative.id])
        weight = wear.WORN_WEIGHT if is_worn_out else 0.3 + luck.random()
        drifts = wear.drifts_of_worn_ad(self.today) if is_worn_out else ()
        video = media.is_video(self.serial)
        return Part(ad_id, weight, own_flight.start, own_flight.stop, biases(ad_id), video, drifts=drifts)

    def _wears_out(self, frame: Frame, number: int, flight: Flight) -> bool:
        """Tell whether the second ad of an ad set is one that people have seen too often."""
        return (
            flight.stop == FAR
            and frame.anomaly is None
            and frame.objective in wear.OBJECTIVES
            and self._ad_count(frame.place, number) > SET_TOTAL - 1
            and self._audience(frame, number) in wear.SMALL_AUDIENCES
        )

    def _creative(self, *place: int) -> GraphNode:
        creative_id = ids.make(self.world.seed, "creative", self.number, *place)
        post = ids.make(self.world.seed, "post", self.number, *place)
        node = self.store.add(media.creative(self.media, creative_id, self.serial, post))
        self.store.link(f"act_{self.account.id}", "adcreatives", [creative_id])
        return node

    def _ad_node(self, ad_id: str, ad_set: GraphNode, creative: GraphNode, flight: Flight) -> GraphNode:
        created_time = self.stamp(flight.start, 8)
        fields: dict[str, Json] = {
            "id": ad_id,
            "account_id": self.account.id,
            "adset_id": ad_set.id,
            "adset": {"id": ad_set.id},
            "campaign_id": ad_set.get("campaign_id"),
            "campaign": {"id": ad_set.get("campaign_id")},
            "name": f"{creative.get('name')} / {ad_set.get('name')}",
            "status": flight.status,
            "configured_status": flight.status,
            "effective_status": self._effective(ad_id),
            "creative": {"id": creative.id},
            "created_time": created_time,
            "source_ad_id": "0",
            "updated_time": self._updated_time(created_time, flight),
            "bid_type": "ABSOLUTE_OCPM",
            "conversion_domain": self.client.site,
            "tracking_specs": [{"action.type": ["offsite_conversion"], "fb_pixel": [self.pixel_id]}],
            "preview_shareable_link": f"https://fb.me/{ad_id[-10:]}",
        }
        return GraphNode(ad_id, "Ad", fields, self.account.id)


def _film_share(parts: tuple[Part, ...]) -> float:
    """The share of the ads that are films."""
    ads = [ad.video for part in parts for ad in part.parts]
    return sum(ads) / len(ads)


def effective_status(store: Store, node_id: str) -> str:
    """Own status first; then what stops delivery: the parents, a refusal in review, issues."""
    node = store.nodes[node_id]
    own_flight = str(node.get("status"))
    if own_flight in ("DELETED", "ARCHIVED", "PAUSED"):
        return own_flight
    for parent, is_pause in (("campaign_id", "CAMPAIGN_PAUSED"), ("adset_id", "ADSET_PAUSED")):
        above = store.nodes.get(str(node.get(parent) or ""))
        status = str(above.get("status")) if above else "ACTIVE"
        if status != "ACTIVE":
            return is_pause if status == "PAUSED" else status
    if node.get("ad_review_feedback"):
        return "DISAPPROVED"
    return "WITH_ISSUES" if node.get("issues_info") else own_flight
