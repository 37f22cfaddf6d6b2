"""The ad account node."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.delivery_plan import AccountPlan
from meta_ads_mcp.sandbox.insights import metrics
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world import clients
from meta_ads_mcp.sandbox.world.clients import Client

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

Json = Any


def account_node(world: World, number: int, client: Client, account: AccountPlan, created_time: str) -> GraphNode:
    who = {"id": world.business_id, "name": clients.AGENCY}
    fields: dict[str, Json] = {
        "id": f"act_{account.id}",
        "account_id": account.id,
        "name": client.name,
        "account_status": client.status,
        "disable_reason": client.disable_reason,
        "currency": client.currency,
        "timezone_name": client.timezone,
        "timezone_id": client.timezone_id,
        "timezone_offset_hours_utc": client.offset_hours,
        "created_time": created_time,
        "age": round(760.0 - number, 6),
        "amount_spent": partial(spent, world, account),
        "spend_cap": str(0 if number else 600_000_000),
        "balance": str(client.daily_budget * 3),
        "business": who,
        "owner": world.business_id,
        "owner_business": who,
        "business_name": client.name,
        "business_city": client.city,
        "business_country_code": client.country,
        "is_prepay_account": client.currency == "BRL",
        "is_personal": 0,
        "min_daily_budget": 100 * account.offset // 100,
        "min_campaign_group_spend_cap": str(100 * account.offset),
        "funding_source": f"{9_000_000 + number}",
        "funding_source_details": {"id": f"{9_000_000 + number}", "display_string": "Visa *4242", "type": 1},
        "capabilities": ["CAN_CREATE_CALL_ADS", "CAN_USE_REACH_AND_FREQUENCY"],
        "user_tasks": ["DRAFT", "ANALYZE", "ADVERTISE", "MANAGE"],
        "tos_accepted": {"web_custom_audience_tos": 1},
        "opportunity_score": 78.0 - 6 * (number % 5),
        "opportunity_score_weight": 100,
    }
    if client.in_eu:
        fields |= {"default_dsa_payor": client.name, "default_dsa_beneficiary": client.name}
    if client.status != 1:
        fields["failed_delivery_checks"] = [
            {
                "summary": "Ad account disabled",
                "check_name": "account_disabled",
                "description": "Ads of this account do not run until the payment problem is solved.",
            }
        ]
    return GraphNode(f"act_{account.id}", "AdAccount", fields, account.id, ("account_id", "id"))


def spent(world: World, account: AccountPlan) -> str:
    """Return the minor units spent so far, up to yesterday."""
    today = world.today.astimezone(account.zone).date()
    first, yesterday = (today - timedelta(days=800)).toordinal(), today.toordinal() - 1
    return str(sum(metrics.spent(plan, first, yesterday) for plan in world.plans_of(account.id)))
