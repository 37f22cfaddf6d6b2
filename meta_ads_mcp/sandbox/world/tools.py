"""What an advertiser sets up beside campaigns: audiences, conversions, rules, studies, labels, budget schedules."""

from __future__ import annotations

import json
from typing import Any

from meta_ads_mcp.sandbox.world.place import Place

Json = Any


def add_tools(place: Place) -> None:
    _add_audiences(place)
    _add_conversions(place)
    _add_rules(place)
    _add_study(place)
    _add_labels(place)
    _add_schedule(place)


def _add_audiences(place: Place) -> None:
    """A customer list, website visitors, a lookalike of the list, and one that Meta has flagged."""
    result = [place.make("audience", number) for number in range(4)]
    rule = {"inclusions": {"operator": "or", "rules": [{"event_sources": [{"id": place.pixel_id, "type": "pixel"}]}]}}
    kinds: list[dict[str, Json]] = [
        {"name": "Customers", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY", "size": 18_400},
        {
            "name": "Visitors 30 days",
            "subtype": "WEBSITE",
            "retention_days": 30,
            "rule": json.dumps(rule),
            "size": 7_300,
        },
        {
            "name": "Lookalike of customers 1%",
            "subtype": "LOOKALIKE",
            "lookalike_spec": {"country": place.client.country, "ratio": 0.01, "type": "similarity"},
            "size": 412_000,
        },
        {"name": "Old list", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY", "size": -1},
    ]
    for number, (audience_id, kind) in enumerate(zip(result, kinds, strict=True)):
        size = kind.pop("size")
        fields = {
            "id": audience_id,
            "account_id": place.account.id,
            "description": f"{kind['name']} of {place.client.name}",
            "approximate_count_lower_bound": size,
            "approximate_count_upper_bound": size if size < 0 else round(size * 1.18),
            "time_created": place.unix(200 + number),
            "time_updated": place.unix(2 + number),
            "delivery_status": {"code": 200 if size > 0 else 300, "description": "Meta's own words on delivery."},
            "operation_status": {"code": 200 if size > 0 else 471, "description": "Meta's own words on the audience."},
            "data_source": {"type": "EVENT_BASED" if "rule" in kind else "FILE_IMPORTED", "sub_type": "ANYTHING"},
            "is_value_based": False,
            "permission_for_actions": {"can_edit": True, "can_see_insight": True, "can_share": True},
            "lookalike_audience_ids": [result[2]] if not number else None,
            "pixel_id": place.pixel_id if "rule" in kind else None,
        }
        place.add(place.node_id, "customaudiences", "CustomAudience", fields | kind)
    _share(place, result[0])


def _share(place: Place, audience_id: str) -> None:
    """The customer list is shared with the next account of the agency."""
    accounts = place.world.account_ids
    place.store.link(audience_id, "adaccounts", [f"act_{accounts[(place.number + 1) % len(accounts)]}"])


def _add_conversions(place: Place) -> None:
    for number, (name, kind) in enumerate((("Thank-you page", "LEAD"), ("Large basket", "PURCHASE"))):
        fields = {
            "id": place.make("conversion", number),
            "account_id": place.account.id,
            "name": name,
            "description": f"{name} of {place.client.site}",
            "pixel": {"id": place.pixel_id},
            "rule": json.dumps({"and": [{"event": {"eq": "PageView"}}, {"or": [{"URL": {"i_contains": "thanks"}}]}]}),
            "custom_event_type": kind,
            "default_conversion_value": 0,
            "event_source_type": "pixel",
            "retention_days": 0,
            "creation_time": place.ago(days=400),
            "last_fired_time": place.ago(hours=5 + 30 * number),
            "is_archived": False,
        }
        place.add(place.node_id, "customconversions", "CustomConversion", fields)


def _add_rules(place: Place) -> None:
    """Add a rule that pauses expensive ads, and a disabled rule that raises budgets."""
    limit = 25 * place.account.offset
    pausing: list[Json] = [
        {"field": "entity_type", "operator": "EQUAL", "value": "AD"},
        {"field": "time_preset", "operator": "EQUAL", "value": "LAST_7D"},
        {"field": "cost_per_purchase_fb", "operator": "GREATER_THAN", "value": limit},
        {"field": "impressions", "operator": "GREATER_THAN", "value": 8000},
    ]
    raising: list[Json] = [
        {"field": "entity_type", "operator": "EQUAL", "value": "ADSET"},
        {"field": "time_preset", "operator": "EQUAL", "value": "LAST_3D"},
        {"field": "website_purchase_roas", "operator": "GREATER_THAN", "value": 3},
    ]
    change = {"amount": 20, "unit": "PERCENTAGE", "limit": 500 * place.account.offset}
    specs: list[tuple[str, str, list[Json], dict[str, Json], dict[str, Json]]] = [
        ("Pause costly ads", "ENABLED", pausing, {"execution_type": "PAUSE"}, {"schedule_type": "SEMI_HOURLY"}),
        (
            "Raise what works",
            "DISABLED",
            raising,
            {
                "execution_type": "CHANGE_BUDGET",
                "execution_options": [{"field": "change_spec", "operator": "EQUAL", "value": change}],
            },
            {"schedule_type": "CUSTOM", "schedule": [{"start_minute": 540, "end_minute": 540, "days": [1, 4]}]},
        ),
    ]
    for number, (name, status, conditions, execution, schedule) in enumerate(specs):
        fields = {
            "id": place.make("rule", number),
            "account_id": place.account.id,
            "name": name,
            "status": status,
            "evaluation_spec": {"evaluation_type": "SCHEDULE", "filters": conditions},
            "execution_spec": execution,
            "schedule_spec": schedule,
            "created_time": place.ago(days=120),
            "updated_time": place.ago(days=12),
            "created_by": {"id": place.world.user_id, "name": "Mara Ilves"},
        }
        place.add(place.node_id, "adrules_library", "AdRule", fields)


def _add_study(place: Place) -> None:
    """A split test of two ad sets, over for a week."""
    study_id = place.make("study", "study")
    campaigns = place.store.children(place.node_id, "campaigns")
    running = next((each for each in campaigns if each.get("effective_status") == "ACTIVE"), campaigns[0])
    ad_sets = place.store.children(running.id, "adsets")[:2]
    study = {
        "id": study_id,
        "name": f"Broad against lookalike, {place.client.country}",
        "description": "Which audience buys more?",
        "type": "SPLIT_TEST",
        "start_time": place.ago(days=35),
        "end_time": place.ago(days=7),
        "created_time": place.ago(days=36),
        "updated_time": place.ago(days=7),
        "results_first_available_date": place.ago(days=28)[:10],
    }
    for parent in (place.node_id, place.world.business_id):
        place.add(parent, "ad_studies", "AdStudy", study)
    for number, ad_set in enumerate(ad_sets):
        cell_id = place.make("study", "cell", number)
        cell = {
            "id": cell_id,
            "name": f"Cell {'AB'[number]}",
            "treatment_percentage": 50.0,
            "control_percentage": 0.0,
        }
        place.add(study_id, "cells", "AdStudyCell", cell)
        place.store.link(cell_id, "adsets", [ad_set.id])
    objective = {
        "id": place.make("study", "objective"),
        "name": "Purchases",
        "type": "CONVERSIONS",
        "is_primary": True,
        "results": [json.dumps({"cell": cell, "conversions": count}) for cell, count in (("A", 214), ("B", 251))],
        "last_updated_results": json.dumps({"as_of": place.ago(days=7)[:10]}),
    }
    place.add(study_id, "objectives", "AdStudyObjective", objective)


def _add_labels(place: Place) -> None:
    """Add two labels: one on the first campaign and its ad sets, one that nothing carries yet."""
    campaign = place.store.children(place.node_id, "campaigns")[0]
    carriers = [campaign, *place.store.children(campaign.id, "adsets")]
    for number, (name, nodes) in enumerate((("evergreen", carriers), ("Q1 test", []))):
        label = {"id": place.make("label", number), "name": name}
        times = {"created_time": place.ago(days=90 - number), "updated_time": place.ago(days=90 - number)}
        place.add(place.node_id, "adlabels", "AdLabel", {**label, **times, "account": {"id": place.node_id}})
        for node in nodes:
            place.store.patch(node.id, {"adlabels": [label]})


def _add_schedule(place: Place) -> None:
    """Add a budget rise of the next days to the first campaign with a daily budget of its own."""
    campaigns = place.store.children(place.node_id, "campaigns")
    campaign = next((node for node in campaigns if node.get("daily_budget") and node.get("status") == "ACTIVE"), None)
    if campaign is None:
        return
    schedule = {
        "id": place.make("schedule", campaign.id),
        "ad_object_id": campaign.id,
        "budget_value": int(campaign.get("daily_budget")) // 2,
        "budget_value_type": "ABSOLUTE",
        "recurrence_type": "ONE_TIME",
        "time_start": place.ago(days=-14),
        "time_end": place.ago(days=-17),
    }
    place.add(campaign.id, "budget_schedules", "HighDemandPeriod", schedule)
    place.store.patch(campaign.id, {"is_budget_schedule_enabled": True})
