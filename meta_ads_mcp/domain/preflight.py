"""Find values that Graph refuses or silently changes, before anything is sent.

Sources: Meta docs, marketing-api/reference/ad-account/adsets, marketing-api/bidding, marketing-api/error-reference,
marketing-api/audiences/special-ad-category; the Digital Services Act's territory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.domain.targeting import AUDIENCES, PLACES
from meta_ads_mcp.errors import InvalidArguments

# The European Union, with the outermost regions that have their own country codes.
DSA_COUNTRIES = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE AX GF GP MF MQ RE YT".split()
)
NEEDS_BID_AMOUNT = ("LOWEST_COST_WITH_BID_CAP", "COST_CAP")
# Groups of countries that include parts of the European Union (Meta docs:
# marketing-api/audiences/reference/basic-targeting).
DSA_GROUPS = frozenset(
    "worldwide europe eea emea itunes_app_store android_free_store android_paid_store caribbean".split()
)
# Advantage+ audience takes an age_min of 18 to 25 (Meta docs: audiences/reference/targeting-expansion/
# advantage-audience).
MIN_AGE, MAX_BROAD_AGE_MIN = 18, 25
# Positions that Graph drops without a word: Messenger stories since v26.0, on all versions since 2026-10-27.
DROPPED_POSITIONS = {"messenger_positions": ("story",)}
CAPPABLE_GOALS = ("REACH", "THRUPLAY")
_WHERE_BID = "the bid: give bid_amount in minor units, or choose LOWEST_COST_WITHOUT_CAP"


def check_bid(strategy: str | None, bid_amount: Any, constraints: Any) -> None:
    """Require what a bid strategy depends on. Raises ValueError, for a model validator."""
    if strategy in NEEDS_BID_AMOUNT and bid_amount is None:
        raise ValueError(f"{strategy} needs {_WHERE_BID}")
    if strategy == "LOWEST_COST_WITH_MIN_ROAS" and constraints is None:
        raise ValueError(
            "LOWEST_COST_WITH_MIN_ROAS needs bid_constraints {roas_average_floor: ROAS x 10000} and the goal VALUE"
        )


def check_budgets(args: Any) -> None:
    """Allow one budget only. Raises ValueError, for a model validator."""
    if args.daily_budget is not None and args.lifetime_budget is not None:
        raise ValueError("give daily_budget or lifetime_budget, not both")


def with_advantage_audience(targeting: Mapping[str, Any]) -> dict[str, Any]:
    """Add an explicit `advantage_audience`, which Graph requires. The default 0 keeps the described audience."""
    automation = targeting.get("targeting_automation")
    if isinstance(automation, Mapping) and "advantage_audience" in automation:
        return dict(targeting)
    explicit = {**(automation if isinstance(automation, Mapping) else {}), "advantage_audience": 0}
    return {**targeting, "targeting_automation": explicit}


def check_targeting(targeting: Mapping[str, Any]) -> None:
    """Require a place or a custom audience, and refuse what Graph refuses. Raises ValueError, for a model validator."""
    geo = targeting.get("geo_locations")
    has_place = isinstance(geo, Mapping) and any(geo.get(place) for place in PLACES)
    if not has_place and not any(targeting.get(name) for name in AUDIENCES):
        raise ValueError("targeting needs geo_locations (countries, regions, cities, …) or a custom audience")
    if isinstance(geo, Mapping) and "location_types" in geo:
        raise ValueError("Graph no longer accepts geo_locations.location_types; leave it out")
    automation = targeting.get("targeting_automation")
    broad = isinstance(automation, Mapping) and automation.get("advantage_audience") == 1
    age_min, age_max = targeting.get("age_min"), targeting.get("age_max")
    if broad and isinstance(age_max, int) and age_max < 65:
        raise ValueError("with advantage_audience=1 the age_max is 65: leave it out, or set advantage_audience to 0")
    if broad and isinstance(age_min, int) and not MIN_AGE <= age_min <= MAX_BROAD_AGE_MIN:
        raise ValueError("with advantage_audience=1 the age_min is 18 to 25: give one, or set advantage_audience to 0")


def list_countries(targeting: Mapping[str, Any]) -> set[str]:
    """Return the country codes that a targeting spec names. Tolerates any form that Graph may answer with."""
    geo = targeting.get("geo_locations")
    if not isinstance(geo, Mapping):
        return set()
    countries = _list_at(geo, "countries")
    for place in ("regions", "cities", "zips", "custom_locations", "places"):
        countries += [item.get("country") for item in _list_at(geo, place) if isinstance(item, Mapping)]
    if DSA_GROUPS & {str(group).lower() for group in _list_at(geo, "country_groups")}:
        countries += DSA_COUNTRIES
    return {country for country in countries if isinstance(country, str)}


def _list_at(geo: Mapping[str, Any], name: str) -> list[Any]:
    value = geo.get(name)
    return list(value) if isinstance(value, list | tuple) else []


def reject_two_periods(date_preset: Any, time_range: Any) -> None:
    """Allow one of date_preset and time_range. Raises ValueError, for a model validator."""
    if date_preset is not None and time_range is not None:
        raise ValueError("give date_preset or time_range, not both")


def note_placements(call: Call, targeting: Mapping[str, Any]) -> None:
    """Add a note for each position that Graph drops without an error."""
    for key, positions in DROPPED_POSITIONS.items():
        lost_positions = [position for position in positions if position in (targeting.get(key) or ())]
        if lost_positions:
            call.note(f"Meta no longer delivers to {key} {', '.join(lost_positions)}, and drops it without an error.")


async def note_dsa(call: Call, account_id: str, targeting: Mapping[str, Any], beneficiary: Any, payor: Any) -> None:
    """Note when EU targeting lacks a beneficiary or payor, which the Digital Services Act requires.

    Reads the account's defaults and names them where they apply.
    """
    if not list_countries(targeting) & DSA_COUNTRIES or (beneficiary and payor):
        return
    account = await call.graph.get(account_id, fields=["id", "default_dsa_beneficiary", "default_dsa_payor"])
    defaults = account.get("default_dsa_beneficiary"), account.get("default_dsa_payor")
    if all(defaults):
        beneficiary, payor = (beneficiary or defaults[0], payor or defaults[1])
        call.note(
            "EU targeting without dsa_beneficiary and dsa_payor: the account's defaults apply "
            f"({str(beneficiary)[:80]!r}, paid by {str(payor)[:80]!r})."
        )
    else:
        call.note(
            "EU targeting needs dsa_beneficiary and dsa_payor, and the account has no defaults: Graph will refuse it."
        )


async def check_campaign_budget(call: Call, campaign_id: str) -> None:
    """Reject an ad set budget when the campaign has one. Raises InvalidArguments that names the campaign."""
    campaign = await call.graph.get(campaign_id, fields=["id", "name", "daily_budget", "lifetime_budget"])
    kind = next((kind for kind in ("daily_budget", "lifetime_budget") if has_amount(campaign.get(kind))), None)
    if kind is None:
        return
    raise InvalidArguments(
        f"Campaign {campaign_id} ({str(campaign.get('name', ''))[:80]!r}) has its own {kind.replace('_', ' ')}, "
        "so its ad sets cannot have one.",
        "Leave the budget out here, change the campaign's budget, or move budgets to the ad sets with "
        "ads_update_campaign adset_budgets.",
    )


def has_amount(value: Any) -> bool:
    """Tell whether a budget from Graph is set. Graph answers a missing budget with nothing or with 0."""
    return str(value or "0") not in ("0", "")
