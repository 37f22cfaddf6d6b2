"""Writes to campaigns, ad sets and ads appear in the account's activity log, as those of Ads Manager do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.clients import SYSTEM_USER
from meta_ads_mcp.sandbox.world.edits import Actor, Edit, budget_change, change_of, status_change

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.edges.registry import Ask

Json = Any
STATUS_WORDS = {"ACTIVE": "Active", "PAUSED": "Inactive", "ARCHIVED": "Archived", "DELETED": "Deleted"}
BUDGETS = ("daily_budget", "lifetime_budget")
# (type of the object, its field) -> the type of the log's entry
EVENTS: dict[tuple[str, str], str] = {
    ("Campaign", "name"): "update_campaign_name",
    ("Campaign", "status"): "update_campaign_run_status",
    **{("Campaign", name): "update_campaign_budget" for name in BUDGETS},
    ("AdSet", "name"): "update_ad_set_name",
    ("AdSet", "status"): "update_ad_set_run_status",
    **{("AdSet", name): "update_ad_set_budget" for name in BUDGETS},
    ("AdSet", "bid_strategy"): "update_ad_set_bid_strategy",
    ("AdSet", "bid_amount"): "update_ad_set_bidding",
    ("AdSet", "optimization_goal"): "update_ad_set_optimization_goal",
    ("AdSet", "targeting"): "update_ad_set_target_spec",
    ("Ad", "name"): "update_ad_friendly_name",
    ("Ad", "status"): "update_ad_run_status",
    ("Ad", "creative"): "update_ad_creative",
    ("Ad", "adlabels"): "update_ad_labels",
}


def log_changes(ask: Ask, node: GraphNode, fields: Mapping[str, Json], moment: datetime) -> None:
    """Add an entry for each field that gets another value; `node` is the object before the write."""
    user = ask.graph.world.user_id
    actor = Actor(user, SYSTEM_USER, "408231997710042", "Lanterna Reporting")
    entries = ask.graph.world.store.memory.setdefault(("edits", node.account), [])
    for name, value in fields.items():
        event_type, old = EVENTS.get((node.type, name)), node.get(name)
        if event_type and value is not None and value != old:
            entries.append(Edit(moment, event_type, node.id, _change(ask, name, old, value), actor))


def edits_of_writes(ask: Ask) -> list[Edit]:
    """The entries of all writes to objects of the node's account."""
    return list(ask.graph.world.store.memory.get(("edits", ask.node.account), ()))


def _change(ask: Ask, name: str, old: Json, new: Json) -> dict[str, Json]:
    if name == "status":
        return status_change(STATUS_WORDS.get(str(old), str(old)), STATUS_WORDS.get(str(new), str(new)))
    if name in BUDGETS:
        currency = ask.graph.world.accounts[ask.node.account].currency
        return budget_change(currency, int(old or 0), int(new), daily=name == "daily_budget")
    return change_of(name, old, new)
