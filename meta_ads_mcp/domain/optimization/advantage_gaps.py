"""Tell which parts of Advantage+ are off in a campaign, and which setting turns each on.

A campaign is an Advantage+ campaign when it has the budget itself, no ad set names placements, and an ad set has
Advantage+ audience (Meta docs, marketing-api/advantage-campaigns; SDK class AdCampaignGroupAdvantageState).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row, Whole

CAMPAIGN_FIELDS = ("id", "daily_budget", "lifetime_budget", "advantage_state_info")
AD_SET_FIELDS = ("id", "name", "effective_status", "targeting")
STATUSES = ("ACTIVE", "PAUSED", "CAMPAIGN_PAUSED", "IN_PROCESS", "WITH_ISSUES")
PARTS = ("budget", "audience", "placement")
MAX_NAMED = 20
# Keys of a targeting by which placements are chosen by hand.
_PLACEMENTS = (
    "publisher_platforms facebook_positions instagram_positions messenger_positions audience_network_positions "
    "threads_positions whatsapp_positions device_platforms"
).split()
_FIXES = {
    "budget": "Give the campaign a budget: ads_update_campaign daily_budget; the budgets of its ad sets then end.",
    "audience": 'Set targeting.targeting_automation to {"advantage_audience": 1} with ads_update_ad_set.',
    "placement": "Leave out the placements in targeting with ads_update_ad_set, so that Meta chooses them.",
}


async def read_gaps(call: Call, campaign_id: str) -> Row:
    """Return `state` (Meta's), and for each part its state, and if it is off the ad sets and the setting."""
    campaign = await call.graph.get(campaign_id, fields=CAMPAIGN_FIELDS)
    listing = await call.graph.list(
        f"{campaign_id}/adsets", fields=AD_SET_FIELDS, max_items=500, effective_status=list(STATUSES)
    )
    info = campaign.get("advantage_state_info")
    states: Mapping[str, Any] = info if isinstance(info, Mapping) else {}
    lacking = {
        "budget": [] if _has_budget(campaign) else listing.rows,
        # One ad set with Advantage+ audience is enough for Meta.
        "audience": [] if any(map(_has_advantage_audience, listing.rows)) else listing.rows,
        "placement": [row for row in listing.rows if _placements(row)],
    }
    parts = {part: _part(part, states.get(f"advantage_{part}_state"), lacking[part]) for part in PARTS}
    return {"state": states.get("advantage_state"), **parts}


def describe_gaps(gaps: Row) -> str:
    """Return the parts that are off in one sentence."""
    off = [part for part in PARTS if not gaps[part]["on"]]
    if not off:
        return "Advantage+ budget, audience and placements are on."
    return f"Advantage+ is off for {', '.join(off)}; see advantage for what turns it on."


def _part(part: str, state: Any, ad_sets: Sequence[Row]) -> Row:
    """Return a part. Meta's own state counts where it gives one, else the settings decide."""
    is_on = state == "ENABLED" if state is not None else not ad_sets
    if is_on:
        return Whole(on=True)
    named = [_named(row, part) for row in ad_sets[:MAX_NAMED]]
    more = {"more_ad_sets": len(ad_sets) - MAX_NAMED} if len(ad_sets) > MAX_NAMED else {}
    return Whole(on=False, ad_sets=named, turn_on=_FIXES[part], **more)


def _named(row: Row, part: str) -> Row:
    rest = {"placements": _placements(row)} if part == "placement" else {}
    return {"id": row.get("id"), "name": row.get("name"), **rest}


def _has_budget(campaign: Mapping[str, Any]) -> bool:
    return any(str(campaign.get(name) or "0") != "0" for name in ("daily_budget", "lifetime_budget"))


def _targeting(row: Mapping[str, Any]) -> Mapping[str, Any]:
    targeting = row.get("targeting")
    return targeting if isinstance(targeting, Mapping) else {}


def _has_advantage_audience(row: Mapping[str, Any]) -> bool:
    automation = _targeting(row).get("targeting_automation")
    return isinstance(automation, Mapping) and automation.get("advantage_audience") in (1, "1", True)


def _placements(row: Mapping[str, Any]) -> list[str]:
    return [name for name in _PLACEMENTS if _targeting(row).get(name)]
