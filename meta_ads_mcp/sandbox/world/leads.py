"""The leads that people left in the forms of ads.

Insights and forms agree: an ad has as many leads of a day, in the account's time zone, as its insights count leads from
forms with the default attribution. As Graph does, the forms hold the leads of the last 90 days. They are made when they
are first read, day by day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.delivery_plan import CampaignPlan, uniforms
from meta_ads_mcp.sandbox.insights import collect
from meta_ads_mcp.sandbox.insights.actions import DEFAULT
from meta_ads_mcp.sandbox.insights.collect import ALL_HOURS
from meta_ads_mcp.sandbox.insights.metrics import RATES, campaign_day, closure
from meta_ads_mcp.sandbox.store import Node
from meta_ads_mcp.sandbox.world import ids

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

Json = Any
KEPT_DAYS = 90  # docs: marketing-api/guides/lead-ads/retrieving
COUNTED = tuple(f"lead_form:{window}" for window in DEFAULT)
METRICS = closure(COUNTED)
FIRST_FORM_DAYS = 60  # leads older than this are in the second form, which is archived now
FIRST_NAMES = ("Ada", "Bruno", "Chiara", "Dag", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas")
LAST_NAMES = ("Marlow", "Lindqvist", "Okafor", "Brandt", "Pereira", "Sato")
INSTAGRAM_SHARE = 0.4


class LeadBook:
    """Makes the leads of accounts, each day once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._today = {key: world.today.astimezone(account.zone).date() for key, account in world.accounts.items()}
        self._next = {key: today.toordinal() - KEPT_DAYS for key, today in self._today.items()}

    def may_hold(self, node_id: str) -> bool:
        """Whether the id looks like that of a lead."""
        lead, length = ids.SHAPES["lead"]
        return len(node_id) == length and node_id.startswith(lead) and node_id.isdigit()

    def fill_all(self) -> None:
        """Make the leads of all accounts up to the world's day."""
        for account_id in self._next:
            self.fill(account_id, self._today[account_id])

    def fill(self, account_id: str, until: date) -> None:
        """Make the leads of an account's days up to one, in its time zone."""
        links: dict[str, list[str]] = {}
        for day in range(self._next[account_id], until.toordinal() + 1):
            for lead in sorted(self._of_day(account_id, day), key=lambda node: str(node.fields["created_time"])):
                self._world.store.add(lead)
                for parent in (lead.fields["form_id"], lead.fields["ad_id"]):
                    links.setdefault(parent, []).append(lead.id)
        self._next[account_id] = max(self._next[account_id], until.toordinal() + 1)
        for parent, leads in links.items():
            self._world.store.link(parent, "leads", reversed(leads))

    def count(self, account_id: str, form_id: str) -> int:
        """The leads that a form holds at the end of the last full hour before the world's time, without making them."""
        world, today = self._world, self._today[account_id].toordinal()
        hours = world.today.astimezone(world.accounts[account_id].zone).hour
        return sum(
            _counted(plan, day, hours if day == today else ALL_HOURS)
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

    def _of_day(self, account_id: str, day: int) -> Iterator[Node]:
        form_id = self._form_of(account_id, day)
        for plan in self._plans(account_id):
            yield from self._of_campaign(plan, day, form_id)

    def _of_campaign(self, plan: CampaignPlan, day: int, form_id: str) -> Iterator[Node]:
        """One lead for each that the ads of a campaign count on a day; the hours are those of the campaign's leads."""
        counts = {
            ad_id: sum(sums[name][0] for name in COUNTED) for ad_id, sums in collect.ads_on(plan, day, METRICS).items()
        }
        by_hour = collect.hours_on(plan, day, METRICS)
        if not by_hour:
            return
        hours = [hour for hour in range(ALL_HOURS) for name in COUNTED for _ in range(by_hour[name][hour])]
        ads = [(ad_id, number) for ad_id, count in counts.items() for number in range(count)]
        for (ad_id, number), hour in zip(ads, _mixed(hours, plan.id, day), strict=True):
            yield self._lead(plan, (ad_id, day, number), hour, form_id)

    def _lead(self, plan: CampaignPlan, key: tuple[str, int, int], hour: int, form_id: str) -> Node:
        """The lead of (ad, day, number)."""
        luck = uniforms("lead", *key)
        first, last = FIRST_NAMES[int(luck[0] * len(FIRST_NAMES))], LAST_NAMES[int(luck[1] * len(LAST_NAMES))]
        moment = datetime.combine(date.fromordinal(key[1]), time(hour, int(luck[4] * 60), int(luck[5] * 60)))
        ad = self._world.store.nodes.get(key[0]) or Node(key[0], "Ad", {})
        fields: dict[str, Json] = {
            "id": ids.make(self._world.seed, "lead", *key),
            "created_time": moment.replace(tzinfo=plan.account.zone).strftime("%Y-%m-%dT%H:%M:%S%z"),
            "form_id": form_id,
            "platform": "ig" if luck[2] < INSTAGRAM_SHARE else "fb",
            "is_organic": False,
            "field_data": answers(f"{first} {last}", f"+1555{int(luck[3] * 10_000_000):07d}"),
            "ad_id": ad.id,
            "ad_name": ad.get("name"),
            "adset_id": ad.get("adset_id"),
            "campaign_id": plan.id,
        }
        return Node(str(fields["id"]), "Lead", fields)


def answers(name: str, phone: str) -> list[Mapping[str, Json]]:
    """What a person wrote into the form."""
    email = f"{name.replace(' ', '.')}@mail.example".lower()
    texts = {"full_name": name, "email": email, "phone_number": phone}
    return [{"name": key, "values": [text]} for key, text in texts.items()]


def _counted(plan: CampaignPlan, day: int, hours: int) -> int:
    """The leads that insights count in the first hours of a day."""
    by_hour = collect.hours_on(plan, day, METRICS) if hours < ALL_HOURS else {}
    if by_hour:
        return sum(sum(by_hour[name][:hours]) for name in COUNTED)
    return sum(campaign_day(plan, day).get(name, 0) for name in COUNTED)


def was_left_by(lead: Node, moment: datetime) -> bool:
    """Whether a lead came before the hour of a moment began. The hour that runs is not counted yet, as in insights."""
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return datetime.fromisoformat(str(lead.fields["created_time"])) < hour


def _mixed(hours: list[int], campaign_id: str, day: int) -> list[int]:
    """The hours in an order that does not depend on the ads."""
    numbered = sorted(enumerate(hours), key=lambda pair: (uniforms(campaign_id, day, pair[0])[0], pair[0]))
    return [hour for _, hour in numbered]
