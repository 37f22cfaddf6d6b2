"""The activity log. Source: docs marketing-api/reference/ad-activity; SDK class AdActivity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges.edit_log import edits_of_writes
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import moment, now
from meta_ads_mcp.sandbox.insights.metrics import spent
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.edits import META, PEOPLE, Edit, change_of

Json = Any
DEFAULT_DAYS = 7  # Graph's default window is short; the exact length is not documented
# Type of an object -> its name in the log, which still has the old names of the levels.
OBJECT_TYPES = {"AdAccount": "ACCOUNT", "Campaign": "CAMPAIGN_GROUP", "AdSet": "CAMPAIGN", "Ad": "ADGROUP"}
# Event type -> what Ads Manager calls it, and its category.
EVENTS: dict[str, tuple[str, str]] = {
    "create_campaign_group": ("Campaign created", "CAMPAIGN"),
    "create_ad_set": ("Ad set created", "AD_SET"),
    "create_ad": ("Ad created", "AD"),
    "ad_account_billing_charge": ("Account billed", "ACCOUNT"),
    "ad_review_approved": ("Ad approved", "AD"),
    "ad_review_declined": ("Ad rejected", "AD"),
    "update_ad_friendly_name": ("Ad name updated", "AD"),
    "update_ad_labels": ("Ad labels updated", "AD"),
    "update_ad_creative": ("Ad creative updated", "AD"),
    "update_ad_run_status": ("Ad status updated", "STATUS"),
    "update_ad_set_run_status": ("Ad set status updated", "STATUS"),
    "update_campaign_run_status": ("Campaign status updated", "STATUS"),
    "update_ad_set_name": ("Ad set name updated", "AD_SET"),
    "update_ad_set_budget": ("Ad set budget updated", "BUDGET"),
    "update_campaign_budget": ("Campaign budget updated", "BUDGET"),
    "update_ad_set_bidding": ("Ad set bid updated", "BID"),
    "update_ad_set_bid_strategy": ("Ad set bid strategy updated", "BID"),
    "update_ad_set_optimization_goal": ("Ad set optimization goal updated", "AD_SET"),
    "update_ad_set_target_spec": ("Ad set targeting updated", "TARGETING"),
    "update_campaign_name": ("Campaign name updated", "CAMPAIGN"),
}
# Words in the name of a type -> its category; the first that fits. For types that the demo does not log by itself.
CATEGORIES = (
    ("keywords", "AD_KEYWORDS"),
    ("audience", "AUDIENCE"),
    ("account", "ACCOUNT"),
    ("billing", "ACCOUNT"),
    ("funding", "ACCOUNT"),
    ("target", "TARGETING"),
    ("budget", "BUDGET"),
    ("spend", "BUDGET"),
    ("status", "STATUS"),
    ("bid", "BID"),
    ("schedul", "DATE"),
    ("duration", "DATE"),
    ("ad_set", "AD_SET"),
    ("campaign", "CAMPAIGN"),
)
BILLING_DAY, BILLING_HOUR = 1, 3
CREATIONS = {"campaigns": "create_campaign_group", "adsets": "create_ad_set", "ads": "create_ad"}
PARENTS = ("campaign_id", "adset_id")
REVIEW_MINUTES = 24


@serves("GET", "AdAccount/activities", "AdSet/activities")
def activities(ask: Ask) -> EdgeListing:
    """Edits, newest first, of the last week unless `since` and `until` say otherwise (in the account's time zone)."""
    params, at = ask.params, now(ask)
    since = moment(ask, params["since"]) if "since" in params else at - timedelta(days=DEFAULT_DAYS)
    until = min(at, moment(ask, params["until"])) if "until" in params else at
    world, account = ask.graph.world, ask.node.account
    edits = [
        *world.edits.get(account, ()),
        *edits_of_writes(ask),
        *_creations(ask, since),
        *_charges(ask, since, until),
    ]
    rows = [edit for edit in edits if since <= edit.moment <= until and _matches(ask, edit)]
    rows.sort(key=lambda edit: edit.moment, reverse=True)
    return EdgeListing(rows, show=lambda edit: _activity_row(ask, edit))


def _creations(ask: Ask, since: datetime) -> Iterator[Edit]:
    """When objects were created, and ads approved; from the objects themselves."""
    for edge, event_type in CREATIONS.items():
        for node in ask.graph.world.store.children(f"act_{ask.node.account}", edge):
            created_time = datetime.fromisoformat(str(node.get("created_time")))
            if created_time < since:
                continue
            actor = PEOPLE[int(node.id[-3:]) % len(PEOPLE)]
            yield Edit(created_time, event_type, node.id, change_of("name", "", node.get("name")), actor)
            if edge == "ads":
                approval = change_of("review", "In review", "Approved")
                yield Edit(
                    created_time + timedelta(minutes=REVIEW_MINUTES), "ad_review_approved", node.id, approval, META
                )


def _charges(ask: Ask, since: datetime, until: datetime) -> Iterator[Edit]:
    """The monthly bills of what was spent in the month before."""
    world, account = ask.graph.world, ask.graph.world.accounts[ask.node.account]
    day = since.astimezone(account.zone).date().replace(day=BILLING_DAY)
    while day <= until.astimezone(account.zone).date():
        last = day - timedelta(days=1)
        first = last.replace(day=1)
        amount = sum(spent(plan, first.toordinal(), last.toordinal()) for plan in world.plans_of(account.id))
        if amount:
            extra = change_of("payment_amount", None, amount, currency=account.currency, action="charge")
            moment_of_bill = datetime.combine(day, time(BILLING_HOUR), account.zone)
            yield Edit(moment_of_bill, "ad_account_billing_charge", account.id, extra, META)
        day = (day + timedelta(days=31)).replace(day=BILLING_DAY)


def category_of(event_type: str) -> str:
    """The category of an event type, by the table of those that the demo logs or by its name."""
    if event_type in EVENTS:
        return EVENTS[event_type][1]
    return next((category for word, category in CATEGORIES if word in event_type), "AD")


def _title_of(event_type: str) -> str:
    return EVENTS[event_type][0] if event_type in EVENTS else event_type.replace("_", " ").capitalize()


def _matches(ask: Ask, edit: Edit) -> bool:
    """Tell whether an edit fits `category`, `uid`, and the objects that are asked for."""
    params = ask.params
    category, actor = params.get("category"), params.get("uid")
    if category not in (None, category_of(edit.event_type)) or actor not in (None, int(edit.actor.id)):
        return False
    if ask.node.type == "AdSet":
        return edit.object_id == ask.node.id
    object_ids = {str(params["oid"])} if "oid" in params else set()
    object_ids |= {str(object_id) for object_id in params.get("extra_oids", [])}
    return not object_ids or bool(object_ids & _ids_of(ask, edit.object_id))


def _ids_of(ask: Ask, object_id: str) -> set[str]:
    """The ids by which an edit is found: the object's, and with `add_children` those of its parents."""
    node = ask.graph.find(object_id)
    if node is None or not ask.params.get("add_children"):
        return {object_id}
    return {object_id, f"act_{node.account}", node.account, *(str(node.get(name)) for name in PARENTS)}


def _activity_row(ask: Ask, edit: Edit) -> dict[str, Json]:
    is_account = edit.object_id == ask.node.account
    found = ask.graph.find(f"act_{edit.object_id}" if is_account else edit.object_id)
    node = found or GraphNode(edit.object_id, "Ad", {})
    row = {
        "actor_id": edit.actor.id,
        "actor_name": edit.actor.name,
        "application_id": edit.actor.application_id,
        "application_name": edit.actor.application,
        "date_time_in_timezone": edit.moment.strftime("%m/%d/%Y at %I:%M %p"),
        "event_time": edit.moment.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "event_type": edit.event_type,
        "extra_data": json.dumps(edit.extra, ensure_ascii=False),
        "object_id": edit.object_id,
        "object_name": str(node.get("name") or ""),
        "object_type": OBJECT_TYPES.get(node.type, "ADGROUP"),
        "tool": "ADS_MANAGER" if edit.actor.application else "",
        "translated_event_type": _title_of(edit.event_type),
    }
    if ask.wanted is None:
        return row
    return {field.name: row[field.name] for field in ask.wanted if field.name in row}
