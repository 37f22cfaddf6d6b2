"""`GET {account|campaign|ad set|ad}/insights`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.fields import FieldSelection
from meta_ads_mcp.sandbox.insights import query as queries
from meta_ads_mcp.sandbox.insights.query import Query
from meta_ads_mcp.sandbox.insights.report import Report
from meta_ads_mcp.sandbox.insights.scope import Scope
from meta_ads_mcp.sandbox.refusal import unknown_field

LEVEL_OF = {"AdAccount": "account", "Campaign": "campaign", "AdSet": "adset", "Ad": "ad"}


@serves("GET", "AdAccount/insights", "Campaign/insights", "AdSet/insights", "Ad/insights")
def insights(ask: Ask) -> EdgeListing:
    """Return rows of the level asked for; no rows for objects without delivery."""
    return read_insights(ask)


def read_insights(ask: Ask, *, asynchronous: bool = False) -> EdgeListing:
    """Return the rows of a request, or of a report run."""
    scope = scope_of(ask)
    level = LEVEL_OF[ask.node.type]
    query = queries.read(ask.params, level, field_names(ask), scope.today, asynchronous=asynchronous)
    if query.opted_in and not ask.graph.world.opted_in:
        return EdgeListing([])
    report = Report(query, _visible(ask, query, scope), ask.graph.max_insights_rows)
    lines = report.windowed_lines() if asynchronous else report.lines()
    return EdgeListing(lines, report.summary(lines), show=report.show)


def field_names(ask: Ask) -> Sequence[str] | None:
    """Names from `fields`; unknown ones are refused, as they are in `summary`."""
    selections = [*(ask.wanted or ()), *(FieldSelection(name) for name in ask.params.get("summary", []))]
    field_types = ask.graph.spec.fields("AdsInsights")
    for item in selections:
        if item.name not in field_types:
            raise unknown_field(item.name, "AdsInsights")
    return None if ask.wanted is None else [item.name for item in ask.wanted]


def scope_of(ask: Ask) -> Scope:
    """The delivery plans below the node; the day and hour are the account's."""
    world, node = ask.graph.world, ask.node
    account = world.accounts[node.account]
    now = ask.graph.clock().astimezone(account.zone)
    level = LEVEL_OF[node.type]
    if level == "account":
        plans = world.plans_of(account.id)
    else:
        campaign = node.id if level == "campaign" else str(node.get("campaign_id"))
        plans = tuple(world.plans[item] for item in (campaign,) if item in world.plans)
    ad_set = {"adset": node.id, "ad": str(node.get("adset_id"))}.get(level, "")
    return Scope(account, plans, now.date(), now.hour, world.store.nodes, ad_set, node.id if level == "ad" else "")


def _visible(ask: Ask, query: Query, scope: Scope) -> Scope:
    """Lists of a lower level leave deleted objects out; an object's own insights and totals keep them.

    Source: docs marketing-api/best-practices/manage-your-ad-object-status.
    """
    if query.level == LEVEL_OF[ask.node.type]:
        return scope
    ids_in_scope = [
        item for level in ("campaign", "adset", "ad") for item in {ids[level] for ids in scope.every(level)}
    ]
    nodes = (ask.graph.find(item) for item in ids_in_scope)
    deleted_ids = frozenset(node.id for node in nodes if node is not None and node.fields.get("status") == "DELETED")
    return replace(scope, hidden=deleted_ids)
