"""The ad account itself: its settings, recommendations, smallest budgets and activities.

Source: docs marketing-api/reference/ad-account, marketing-api/overview/performance-recommendations.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import offset, uniforms
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, allow, change, check_name, readable
from meta_ads_mcp.sandbox.filters import number
from meta_ads_mcp.sandbox.refusal import Refusal, invalid
from meta_ads_mcp.sandbox.store import Node
from meta_ads_mcp.sandbox.world import issues
from meta_ads_mcp.sandbox.world.ids import image_hash

Json = Any
DEFAULT_DAYS = 7  # Graph's default window is short; the exact length is not documented
HISTORY = 120
# event_type (lower case in rows) -> (translated, category, object kind)
EVENTS = (
    ("update_ad_set_budget", "Ad set budget updated", "BUDGET", "adsets"),
    ("update_campaign_run_status", "Campaign status updated", "STATUS", "campaigns"),
    ("create_ad", "Ad created", "AD", "ads"),
    ("update_ad_run_status", "Ad status updated", "STATUS", "ads"),
    ("update_ad_set_target_spec", "Ad set targeting updated", "TARGETING", "adsets"),
    ("update_campaign_budget", "Campaign budget updated", "BUDGET", "campaigns"),
)
# The least daily budget per currency, in minor units. Shape: docs marketing-api/reference/ad-account/minimum_budgets
MINIMA = {"USD": 100, "EUR": 100, "JPY": 130, "BRL": 568, "GBP": 79, "KRW": 1360}
MAX_CAP_CHANGES_PER_DAY = 10  # docs: marketing-api/overview/rate-limiting
CAP_ACTIONS = ("reset", "delete")
KINDS = {"campaigns": "CAMPAIGN", "adsets": "CAMPAIGN_GROUP", "ads": "ADGROUP"}


@serves("GET", "AdAccount/recommendations")
def recommendations(ask: Ask) -> Json:
    """One row that holds the list. Source: docs marketing-api/overview/performance-recommendations."""
    children = ask.graph.world.store.children(ask.node.id, "adsets")
    now = int(ask.graph.clock().timestamp())
    rows = [
        {
            "recommendation_signature": image_hash(0, ask.node.id, kind),
            "type": kind,
            "object_ids": [children[place].id],
            "recommendation_stage": "mid_flight_recommendation",
            "recommendation_time": now - 86400 * (place + 1),
            "recommendation_content": {"body": body, "lift_estimate": lift, "opportunity_score_lift": score},
            "url": f"https://adsmanager.facebook.com/adsmanager/manage?act={ask.node.account}",
        }
        for place, (kind, body, score, lift) in enumerate(issues.ACCOUNT_RECOMMENDATIONS)
        if place < len(children)
    ]
    return {"data": [{"recommendations": rows}]}


@serves("GET", "AdAccount/minimum_budgets")
def minimum_budgets(ask: Ask) -> EdgeListing:
    """Minor units per currency. The account's own currency comes first."""
    own = ask.graph.world.accounts[ask.node.account]
    order = sorted(MINIMA, key=lambda code: code != own.currency)
    names = ("imp", "video_views", "high_freq", "low_freq")
    factors = dict(zip(names, (1, 1, 5, 40), strict=True))
    rows = [
        {"currency": code, **{f"min_daily_budget_{name}": MINIMA[code] * factors[name] for name in names}}
        for code in order
    ]
    return EdgeListing(rows)


@serves("GET", "AdAccount/activities", "AdSet/activities")
def activities(ask: Ask) -> EdgeListing:
    """Changes, newest first, of the last week unless `since` and `until` say otherwise."""
    now = ask.graph.clock()
    since = number(ask.params.get("since")) or (now - timedelta(days=DEFAULT_DAYS)).timestamp()
    until = number(ask.params.get("until")) or now.timestamp()
    rows = []
    for days in range(HISTORY):
        moment = now.replace(hour=13, minute=5, second=0, microsecond=0) - timedelta(days=days)
        if since <= moment.timestamp() <= until:
            rows += [row for row in _of_day(ask, moment) if _wanted(ask, row)]
    rows.sort(key=lambda row: row["event_time"], reverse=True)
    return EdgeListing([_shown(row) for row in rows])


def _of_day(ask: Ask, moment: datetime) -> list[dict[str, Json]]:
    """Up to two changes on a day."""
    account = f"act_{ask.node.account}"
    luck = uniforms("activity", account, moment.date())
    found = []
    for place in range(int(luck[0] * 3)):
        kind, text, category, edge = EVENTS[int(luck[1 + place] * len(EVENTS))]
        children = ask.graph.world.store.children(account, edge)
        if children:
            target = children[int(luck[4 + place] * len(children))]
            found.append(
                _activity(moment + timedelta(minutes=37 * place), target, kind, text)
                | {"category": category, "edge": edge}
            )
    return found


def _activity(moment: datetime, target: Node, kind: str, text: str) -> dict[str, Json]:
    change = (
        {"old_value": "PAUSED", "new_value": "ACTIVE"} if "status" in kind else {"old_value": 4000, "new_value": 5000}
    )
    return {
        "event_time": moment.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "event_type": kind,
        "translated_event_type": text,
        "actor_id": "100080000000042",
        "actor_name": "Mara Ilves",
        "application_id": "119211728144504",
        "application_name": "Power Editor",
        "object_id": target.id,
        "object_name": str(target.get("name")),
        "date_time_in_timezone": moment.strftime("%m/%d/%Y at %I:%M %p"),
        "extra_data": json.dumps(change),
        "tool": "ADS_MANAGER",
    }


def _wanted(ask: Ask, row: dict[str, Json]) -> bool:
    category, own = ask.params.get("category"), ask.params.get("oid")
    if ask.node.type == "AdSet" and row["object_id"] != ask.node.id:
        return False
    return (category is None or row["category"] == category) and own in (None, row["object_id"])


def _shown(row: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in row.items() if key not in ("category", "edge")} | {
        "object_type": KINDS[row["edge"]]
    }


@serves("POST", "AdAccount")
def update(ask: Ask) -> Json:
    """`spend_cap` comes in whole units of the currency (23.50) and is read in its minor units (2350)."""
    params, node = ask.params, ask.node
    check_name(params)
    fields = readable(ask, "AdAccount", {name: value for name, value in params.items() if name != "spend_cap"})
    if {"spend_cap", "spend_cap_action"} & params.keys():
        fields |= _cap(ask)
        _count(ask)
    change(ask, node, fields)
    return SUCCESS


def _cap(ask: Ask) -> dict[str, Json]:
    found: dict[str, Json] = {}
    if "spend_cap" in ask.params:
        minor = Decimal(str(ask.params["spend_cap"])) * offset(str(ask.node.get("currency")))
        if minor < 0 or minor != minor.to_integral_value():
            raise invalid(None, "spend_cap is an amount of the account's currency", "spend_cap")
        found["spend_cap"] = str(int(minor))
    action = ask.params.get("spend_cap_action")
    if action is not None and action not in CAP_ACTIONS:
        raise invalid(None, f"spend_cap_action is one of {', '.join(CAP_ACTIONS)}", "spend_cap_action")
    if action == "reset":
        found["amount_spent"] = "0"
    if action == "delete":
        found["spend_cap"] = "0"
    return found


def _count(ask: Ask) -> None:
    """The cap changes ten times a day. docs: marketing-api/overview/rate-limiting"""
    text = "(#17) User request limit reached: the spend limit of an account can change 10 times a day"
    refused = Refusal(text, code=17, subcode=1885172)
    allow(ask, "spend_cap", ask.node.id, most=MAX_CAP_CHANGES_PER_DAY, within=timedelta(days=1), refused=refused)
