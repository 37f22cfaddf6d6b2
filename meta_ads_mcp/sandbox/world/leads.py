"""The leads that people left in the forms of ads.

Insights and forms agree: an ad has as many leads of a day, in the account's time zone, as its insights count leads from
forms with the default attribution. As Graph does, the forms hold the leads of the last 90 days. They are made when they
are first read, day by day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from random import Random
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.delivery_plan import CampaignPlan, dice
from meta_ads_mcp.sandbox.insights import collect
from meta_ads_mcp.sandbox.insights.actions import DEFAULT
from meta_ads_mcp.sandbox.insights.collect import ALL_HOURS
from meta_ads_mcp.sandbox.insights.metrics import RATES, campaign_day, closure
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world import ids

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

Json = Any
KEPT_DAYS = 90  # docs: marketing-api/guides/lead-ads/retrieving
COUNTED = tuple(f"lead_form:{window}" for window in DEFAULT)
METRICS = closure(COUNTED)
FIRST_FORM_DAYS = 87  # leads older than this are in the second form, which is archived now
FIRST_NAMES = ("Ada", "Bruno", "Chiara", "Dag", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas")
LAST_NAMES = ("Marlow", "Lindqvist", "Okafor", "Brandt", "Pereira", "Sato")
INSTAGRAM_SHARE = 0.4


class LeadBook:
    """Makes the leads of accounts, each day once, and gives them out as the clock goes on."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._today = {key: world.today.astimezone(account.zone).date() for key, account in world.accounts.items()}
        self._next = {key: today.toordinal() - KEPT_DAYS for key, today in self._today.items()}
        self._pending: dict[str, list[tuple[datetime, GraphNode]]] = {key: [] for key in world.accounts}

    def may_hold(self, node_id: str) -> bool:
        """Tell whether the id looks like that of a lead."""
        lead, length = ids.SHAPES["lead"]
        return len(node_id) == length and node_id.startswith(lead) and node_id.isdigit()

    def fill_all(self) -> None:
        """Put the leads of all accounts up to the world's time into the store."""
        for account_id in self._next:
            self.fill(account_id, self._world.today)

    def fill(self, account_id: str, now: datetime) -> None:
        """Put the leads of an account into the store that came before the hour of `now` began.

        The hour that runs is not counted yet, as in insights.
        """
        local = now.astimezone(self._world.accounts[account_id].zone).replace(minute=0, second=0, microsecond=0)
        pending = self._pending[account_id]
        for day in range(self._next[account_id], local.toordinal() + 1):
            pending += sorted(self._of_day(account_id, day), key=lambda entry: entry[0])
            self._next[account_id] = day + 1
        due = bisect_left(pending, local, key=lambda entry: entry[0])
        self._add([lead for _, lead in pending[:due]])
        del pending[:due]

    def _add(self, leads: list[GraphNode]) -> None:
        """Add leads, the oldest first, to the store and to the lists of their forms and ads."""
        links: dict[str, list[str]] = {}
        for lead in leads:
            self._world.store.add(lead)
            for parent in (lead.get("form_id"), lead.get("ad_id")):
                links.setdefault(str(parent), []).append(lead.id)
        for parent, lead_ids in links.items():
            self._world.store.link(parent, "leads", reversed(lead_ids))

    def count(self, account_id: str, form_id: str) -> int:
        """The leads that a form holds at the end of the last full hour before the world's time, without making them."""
        world, today = self._world, self._today[account_id].toordinal()
        hours = world.today.astimezone(world.accounts[account_id].zone).hour
        return sum(
            _count_leads(plan, day, hours if day == today else ALL_HOURS)
            for day in range(today - KEPT_DAYS, today + 1)
            if self._form_of(account_id, day) == form_id
            for plan in self._plans(account_id)
        )

    def _form_of(self, account_id: str, day: int) -> str:
        number = self._world.account_ids.index(account_id)
        form = int(day < self._today[account_id].toordinal() - FIRST_FORM_DAYS)
        return ids.make(self._world.seed, "form", number, form)

    def _plans(self, account_id: str) -> list[CampaignPlan]:
        """The campaigns that collect leads."""
        return [plan for plan in self._world.plans_of(account_id) if "lead_form" in RATES[plan.objective][2]]

    def _of_day(self, account_id: str, day: int) -> Iterator[tuple[datetime, GraphNode]]:
        form_id = self._form_of(account_id, day)
        for plan in self._plans(account_id):
            yield from self._of_campaign(plan, day, form_id)

    def _of_campaign(self, plan: CampaignPlan, day: int, form_id: str) -> Iterator[tuple[datetime, GraphNode]]:
        """Create each lead that a campaign's ads count on a day, at the hours of the campaign's leads."""
        by_hour = collect.hours_on(plan, day, METRICS)
        if not by_hour:
            return
        luck = dice("leads", plan.id, day)
        hours = [hour for hour in range(ALL_HOURS) for name in COUNTED for _ in range(by_hour[name][hour])]
        luck.shuffle(hours)
        of_ads = collect.ads_on(plan, day, METRICS)
        ads = [ad_id for ad_id, sums in of_ads.items() for name in COUNTED for _ in range(sums[name][0])]
        for number, (ad_id, hour) in enumerate(zip(ads, hours, strict=True)):
            clock = time(hour, luck.randrange(60), luck.randrange(60))
            moment = datetime.combine(date.fromordinal(day), clock, plan.account.zone)
            lead_id = ids.make(self._world.seed, "lead", plan.id, day, number)
            ad = self._world.store.nodes.get(ad_id) or GraphNode(ad_id, "Ad", {})
            yield moment, _lead(lead_id, form_id, ad, moment, luck)


def _lead(lead_id: str, form_id: str, ad: GraphNode, moment: datetime, luck: Random) -> GraphNode:
    fields: dict[str, Json] = {
        "id": lead_id,
        "created_time": moment.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "form_id": form_id,
        "platform": "ig" if luck.random() < INSTAGRAM_SHARE else "fb",
        "is_organic": False,
        "field_data": answers(f"{luck.choice(FIRST_NAMES)} {luck.choice(LAST_NAMES)}", luck.randrange(10_000_000)),
        "ad_id": ad.id,
        "ad_name": ad.get("name"),
        "adset_id": ad.get("adset_id"),
        "campaign_id": ad.get("campaign_id"),
    }
    return GraphNode(lead_id, "Lead", fields)


def answers(name: str, number: int) -> list[Mapping[str, Json]]:
    """Return what a person wrote into the form."""
    email = f"{name.replace(' ', '.')}@mail.example".lower()
    texts = {"full_name": name, "email": email, "phone_number": f"+1555{number:07d}"}
    return [{"name": key, "values": [text]} for key, text in texts.items()]


def _count_leads(plan: CampaignPlan, day: int, hours: int) -> int:
    """The leads that insights count in the first hours of a day."""
    by_hour = collect.hours_on(plan, day, METRICS) if hours < ALL_HOURS else {}
    if by_hour:
        return sum(sum(by_hour[name][:hours]) for name in COUNTED)
    return sum(campaign_day(plan, day).get(name, 0) for name in COUNTED)
