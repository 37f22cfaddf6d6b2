"""What a pixel counted per hour: the visits and conversions that ads claim, and those of other visitors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

from meta_ads_mcp.sandbox.delivery_plan import CampaignPlan, uniforms
from meta_ads_mcp.sandbox.insights import collect
from meta_ads_mcp.sandbox.insights.metrics import WINDOWS, closure
from meta_ads_mcp.sandbox.insights.segments import HOURS

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

# Event of the pixel -> the stored metrics of ads that it covers, and its share of the visits of other people.
EVENTS: dict[str, tuple[tuple[str, ...], float]] = {
    "PageView": (("landing_page_view",), 1.0),
    "ViewContent": (tuple(f"view_content:{window}" for window in WINDOWS), 0.5),
    "AddToCart": (tuple(f"add_to_cart:{window}" for window in WINDOWS), 0.08),
    "InitiateCheckout": (tuple(f"initiate_checkout:{window}" for window in WINDOWS), 0.04),
    "Purchase": (tuple(f"purchase:{window}" for window in WINDOWS), 0.02),
    "Lead": (tuple(f"lead_pixel:{window}" for window in WINDOWS), 0.005),
}
FUNNEL = ("Purchase", "InitiateCheckout", "AddToCart", "ViewContent", "PageView")
METRICS = closure(metric for metrics, _ in EVENTS.values() for metric in metrics)
PAGES_PER_VISIT = 1.6
VISITORS_A_DAY = 420  # people who come without an ad
HOUR = timedelta(hours=1)


def events_of_hour(world: World, account_id: str, start: datetime) -> dict[str, int]:
    """Event -> count in the hour from `start` on, an aware time at a full hour."""
    zone = world.accounts[account_id].zone
    local, after = start.astimezone(zone), (start + HOUR).astimezone(zone)
    claims = dict.fromkeys(EVENTS, 0)
    for day, hour in _clock_hours(local, after):
        for plan in world.plans_of(account_id):
            for event, count in _claims_of(plan, day, hour).items():
                claims[event] += count
    return _with_others(claims, local, account_id)


def _clock_hours(local: datetime, after: datetime) -> list[tuple[int, int]]:
    """The hours of the account's clock that end in an hour: one, or where the clock is changed, two or none."""
    end = after.hour or 24
    return [(local.date().toordinal(), hour) for hour in range(local.hour, end)]


def _claims_of(plan: CampaignPlan, day: int, hour: int) -> Mapping[str, int]:
    """Return what the ads of a campaign claim of an hour."""
    return {event: counts[hour] for event, counts in _claimed_hours(plan, day).items()}


@lru_cache(maxsize=1024)
def _claimed_hours(plan: CampaignPlan, day: int) -> dict[str, list[int]]:
    if not plan.start <= day <= plan.stop:
        return {}
    hours = collect.hours_on(plan, day, METRICS)
    return {
        event: [sum(counts) for counts in zip(*(hours[metric] for metric in metrics), strict=True)]
        for event, (metrics, _) in EVENTS.items()
    }


def _with_others(claims: Mapping[str, int], local: datetime, account_id: str) -> dict[str, int]:
    """All events of an hour: nobody buys without a checkout, and each visit has one page or more."""
    luck = uniforms("pixel", account_id, date.toordinal(local), local.hour)
    visitors = VISITORS_A_DAY * HOURS[local.hour] * (0.7 + 0.6 * luck[0])
    counts = {
        event: claims[event] + round(visitors * share * (0.8 + 0.4 * luck[1 + place]))
        for place, (event, (_, share)) in enumerate(EVENTS.items())
    }
    counts["PageView"] = ceil(counts["PageView"] * PAGES_PER_VISIT)
    least = 0
    for event in FUNNEL:
        least = counts[event] = max(counts[event], least)
    return counts
