"""What steers delivery beside the campaigns: value rules, account controls, block lists, reach predictions."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.store import GraphNode, Store
from meta_ads_mcp.sandbox.world.place import Place

Json = Any
BLOCKED_SITES = ("clickbait.example", "freemovies.example", "rumours.example")
PREDICTION_DAYS = (3.0, 17.0)  # days until the predicted campaign starts and stops
CURVE_POINTS = 10


def add_optimization(place: Place) -> None:
    _add_value_rules(place)
    _add_controls(place)
    _add_block_list(place)
    _add_prediction(place)


def _add_value_rules(place: Place) -> None:
    """Add a set that bids more for women and less for desktops, and attach it to an ad set with a budget of its own."""
    set_id = place.make("value_rules", "set")
    rules = [
        ("Women 25-34", "INCREASE", 20, (("GENDER", "FEMALE", "NONE"), ("AGE", "25-34", "NONE"))),
        (f"Desktop in {place.client.country}", "DECREASE", 15, (("DEVICE_PLATFORM", "DESKTOP", "NONE"),)),
    ]
    fields = {
        "id": set_id,
        "name": "Core buyers",
        "status": "ACTIVE",
        "product_type": "AUDIENCE",
        "is_default_setting": False,
        "last_attach_time": place.ago(days=40),
    }
    place.add(place.node_id, "value_rule_set", "AdsValueAdjustmentRuleCollection", fields)
    for number, rule in enumerate(rules):
        place.add(set_id, "rules", "ValueAdjustmentRule", _rule(place, number, *rule))
    ad_sets = place.store.children(place.node_id, "adsets")
    ad_set = next((node for node in ad_sets if node.get("bid_strategy") and node.get("status") == "ACTIVE"), None)
    if ad_set is not None:
        place.store.patch(ad_set.id, {"value_rule_set_id": set_id, "value_rules_applied": True})


def _rule(place: Place, number: int, name: str, sign: str, value: int, criteria: tuple[tuple[str, ...], ...]) -> Json:
    rows = [
        {
            "id": place.make("value_rules", "criterion", number, index),
            "criteria_type": kind,
            "operator": "CONTAINS",
            "criteria_values": [word],
            "criteria_value_types": [word_type],
        }
        for index, (kind, word, word_type) in enumerate(criteria)
    ]
    rule_id = place.make("value_rules", "rule", number)
    rule: Json = {"id": rule_id, "name": name, "adjust_sign": sign, "adjust_value": value, "status": "ACTIVE"}
    return {**rule, "criterias": {"data": rows}}


def _add_controls(place: Place) -> None:
    """Add the controls of the account: adults only, and no rewarded video in other apps."""
    controls = {
        "audience_controls": {"age_min": 18},
        "placement_controls": {"placement_exclusions": ["audience_network_rewarded_video"]},
        "status": "ACTIVE",
        "is_age_restriction_enabled": False,
        "is_gender_exclusion_enabled": False,
        "campaigns_with_error": [],
    }
    node = GraphNode(
        place.make("controls", "account"), "AdAccountBusinessConstraints", controls, place.account.id, tuple(controls)
    )
    place.store.add(node)
    place.store.link(place.node_id, "account_controls", [node.id])
    levels = ["FACEBOOK_STANDARD", "FEED_RELAXED", "AN_STANDARD"]
    place.store.patch(place.node_id, {"brand_safety_content_filter_levels": levels})


def _add_block_list(place: Place) -> None:
    list_id = place.make("block_list", "list")
    fields = {
        "id": list_id,
        "name": f"Unsafe for {place.client.name}",
        "is_auto_blocking_on": False,
        "is_eligible_at_campaign_level": True,
        "last_update_time": place.ago(days=90),
        "last_update_user": "Mara Ilves",
        "owner_ad_account_id": place.account.id,
    }
    place.add(place.node_id, "publisher_block_lists", "PublisherBlockList", fields)
    for site in BLOCKED_SITES:
        publisher = {"id": place.make("block_list", site), "domain_url": site, "publisher_name": site.split(".")[0]}
        place.add(list_id, "paged_web_publishers", "WebPublisher", publisher)


def _add_prediction(place: Place) -> None:
    start, stop = PREDICTION_DAYS
    budget = 5_000 * place.account.offset
    fields = {
        "id": place.make("prediction", "quote"),
        "name": "Launch film",
        "account_id": int(place.account.id),
        "objective_name": "REACH",
        "optimization_goal_name": "REACH",
        "campaign_time_start": place.ago(days=-start),
        "campaign_time_stop": place.ago(days=-stop),
        "currency": place.account.currency,
        "time_created": place.ago(hours=20),
        "target_spec": {"geo_locations": {"countries": [place.client.country]}},
        "frequency_cap": 2,
        "interval_frequency_cap_reset_period": 168,
        **prediction_figures(budget, 9_000_000, place.account.cpm),
    }
    place.add(place.node_id, "reachfrequencypredictions", "ReachFrequencyPrediction", fields)


def advantage_state(store: Store, campaign_id: str) -> dict[str, str]:
    """Return the state of Advantage+, which follows from settings. Source: docs marketing-api/advantage-campaigns."""
    specs = [ad_set.get("targeting") or {} for ad_set in store.children(campaign_id, "adsets")]
    campaign = store.nodes[campaign_id]
    parts = {
        "budget": bool(campaign.get("daily_budget") or campaign.get("lifetime_budget")),
        "audience": any((spec.get("targeting_automation") or {}).get("advantage_audience") == 1 for spec in specs),
        "placement": not any(spec.get("publisher_platforms") for spec in specs),
    }
    words = {True: "ENABLED", False: "DISABLED"}
    kinds = {"OUTCOME_SALES": "ADVANTAGE_PLUS_SALES", "OUTCOME_LEADS": "ADVANTAGE_PLUS_LEADS"}
    whole = kinds.get(str(campaign.get("objective")), "ADVANTAGE_PLUS_APP") if all(parts.values()) else "DISABLED"
    return {"advantage_state": whole, **{f"advantage_{part}_state": words[is_on] for part, is_on in parts.items()}}


def prediction_figures(budget: int, audience: int, cpm: float) -> dict[str, Json]:
    """Return the figures of a finished prediction. `budget` is in minor units, `cpm` in minor units per 1,000.

    People reached grow ever slower with the budget, and at most to the audience.
    """
    budgets = [budget * (point + 1) * 2 // CURVE_POINTS for point in range(CURVE_POINTS)]
    impressions = [round(amount * 1000 / cpm) for amount in budgets]
    reach = [people_reached(count, audience) for count in impressions]
    total_impressions = round(budget * 1000 / cpm)
    return {
        "status": 1,
        "reservation_status": 0,
        "prediction_progress": 100,
        "prediction_mode": 1,
        "buying_type": "RESERVED",
        "external_budget": budget,
        "external_impression": total_impressions,
        "external_reach": people_reached(total_impressions, audience),
        "external_minimum_budget": budgets[0],
        "external_maximum_budget": budgets[-1],
        "external_minimum_reach": reach[0],
        "external_maximum_reach": reach[-1],
        "audience_size_lower_bound": audience,
        "audience_size_upper_bound": round(audience * 1.18),
        "curve_budget_reach": {
            "budget": budgets,
            "impression": impressions,
            "reach": reach,
            "num_points": CURVE_POINTS,
        },
    }


def people_reached(impressions: int, audience: int) -> int:
    """Return the people that so many impressions reach: each new impression finds fewer new people."""
    return round(audience * impressions / (audience + impressions))
