"""Copies of campaigns, ad sets and ads. Source: docs marketing-api/reference/ad-campaign/copies,
marketing-api/reference/ad-campaign-group/copies, marketing-api/reference/adgroup/copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.sandbox.edges import budgets
from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.write_adsets import later
from meta_ads_mcp.sandbox.edges.writing import check_open, known_node, make_delivering, moment, now, readable
from meta_ads_mcp.sandbox.refusal import invalid
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
MAX_AT_ONCE, MAX_ASYNC = 3, 51
WORDS = {"Campaign": "campaign", "AdSet": "ad_set", "Ad": "ad"}
ANSWERS = {"Campaign": "copied_campaign_id", "AdSet": "copied_adset_id", "Ad": "copied_ad_id"}
SOURCES = {"Campaign": "source_campaign_id", "AdSet": "source_adset_id", "Ad": "source_ad_id"}
# What is an object's own and not a setting.
OWN_FIELDS = tuple(
    """
    id created_time updated_time effective_status configured_status issues_info recommendations ad_review_feedback
    learning_stage_info preview_shareable_link budget_remaining
    """.split()
)
SUFFIX = " - Copy"
GONE = ("DELETED", "ARCHIVED")


@dataclass
class Copier:
    """One call of `/copies`: what it asks for, and what was made so far."""

    ask: Ask
    made: list[dict[str, str]] = field(default_factory=list)

    def copy(self, source: GraphNode, changes: Mapping[str, Json], *, top: bool = False) -> GraphNode:
        """Make the copy of one object."""
        fields = {name: value for name, value in source.fields.items() if name not in OWN_FIELDS}
        fields |= {"name": self._name(source, top=top), "status": self._status(source), SOURCES[source.type]: source.id}
        node = make_delivering(self.ask, source.type, {**fields, **changes})
        row = {"ad_object_type": WORDS[source.type], "source_id": source.id, "copied_id": node.id}
        self.made.append(row)
        return node

    def _name(self, source: GraphNode, *, top: bool) -> str:
        options = self.ask.params.get("rename_options") or {}
        strategy = options.get("rename_strategy", "ONLY_TOP_LEVEL_RENAME")
        name = str(source.get("name"))
        if strategy == "NO_RENAME" or (strategy == "ONLY_TOP_LEVEL_RENAME" and not top):
            return name
        suffix = options.get("rename_suffix", "" if "rename_prefix" in options else SUFFIX)
        return f"{options.get('rename_prefix', '')}{name}{suffix}"

    def _status(self, source: GraphNode) -> str:
        status = self.ask.params.get("status_option", "PAUSED")
        if status != "INHERITED_FROM_SOURCE":
            return str(status)
        return str(source.get("status"))

    def ad_set(self, source: GraphNode, campaign: GraphNode, *, top: bool = False) -> GraphNode:
        """Copy an ad set into a campaign."""
        return self.copy(
            source, {"campaign_id": campaign.id, "campaign": {"id": campaign.id}} | self._flight(), top=top
        )

    def ad(self, source: GraphNode, ad_set: GraphNode, *, top: bool = False) -> GraphNode:
        """Copy an ad into an ad set."""
        above = {name: ad_set.get(name) for name in ("campaign_id", "campaign")}
        node = self.copy(source, {"adset_id": ad_set.id, "adset": {"id": ad_set.id}} | above, top=top)
        self.ask.graph.world.store.link(node.id, "adcreatives", [source.get("creative")["id"]])
        return node

    def _flight(self) -> dict[str, Json]:
        """The flight asked for; otherwise the copy starts now."""
        values = {name: self.ask.params[name] for name in ("start_time", "end_time") if name in self.ask.params}
        return {"start_time": stamp(now(self.ask))} | readable(self.ask, "AdSet", values)

    def answer(self, top: GraphNode) -> Json:
        """Return the answer of the call: the id of the top copy and all pairs of ids."""
        return {ANSWERS[top.type]: top.id, "ad_object_ids": self.made}


def children(ask: Ask, node: GraphNode, edge: str) -> list[GraphNode]:
    """Return what is copied with the object, oldest first."""
    nodes = ask.graph.world.store.children(node.id, edge)
    return [item for item in reversed(nodes) if item.get("status") not in GONE]


def check_count(ask: Ask) -> None:
    """Three child ads at once, and 51 in an asynchronous set."""
    most = MAX_ASYNC if ask.call.asynchronous else MAX_AT_ONCE
    count = len(children(ask, ask.node, "ads")) if ask.params.get("deep_copy") else 0
    if count > most:
        text = f"The copy is too large: {count} child ads, {most} at most. Use an asynchronous request"
        raise invalid(None, text, "deep_copy")


@serves("POST", "Campaign/copies")
def campaigns(ask: Ask) -> Json:
    """Copy a campaign, with its ad sets and ads where `deep_copy` asks for them."""
    check_open(ask.node)
    check_count(ask)
    copier = Copier(ask)
    top = copier.copy(ask.node, {}, top=True)
    for ad_set in children(ask, ask.node, "adsets") if ask.params.get("deep_copy") else []:
        new_ad_set = copier.ad_set(ad_set, top)
        for ad in children(ask, ad_set, "ads"):
            copier.ad(ad, new_ad_set)
    return copier.answer(top)


@serves("POST", "AdSet/copies")
def ad_sets(ask: Ask) -> Json:
    """Copy an ad set, with its ads where `deep_copy` asks for them."""
    check_open(ask.node)
    check_count(ask)
    campaign = known_node(ask, "Campaign", ask.params.get("campaign_id") or ask.node.get("campaign_id"))
    check_open(campaign)
    if budgets.has_budget(ask.node) is budgets.has_budget(campaign):
        raise invalid(budgets.ONE_BUDGET, "The budget is the campaign's or its ad sets', never both or none")
    _check_flight(ask)
    copier = Copier(ask)
    top = copier.ad_set(ask.node, campaign, top=True)
    for ad in children(ask, ask.node, "ads") if ask.params.get("deep_copy") else []:
        copier.ad(ad, top)
    return copier.answer(top)


def _check_flight(ask: Ask) -> None:
    start, end = ask.params.get("start_time"), ask.params.get("end_time")
    budgets.check_flight(ask, start, end, "end_time")
    ends = ask.node.get("end_time")
    if end is None and ends and not later(ask, ends):
        raise invalid(1487007, "The ad set has ended: give an end_time for the copy", "end_time")
    if start is not None and end is None and ends and moment(ask, ends) <= moment(ask, start):
        raise invalid(budgets.IN_THE_PAST, "The end is not after the start", "end_time")


@serves("POST", "Ad/copies")
def ads(ask: Ask) -> Json:
    """Copy an ad."""
    ad_set = known_node(ask, "AdSet", ask.params.get("adset_id") or ask.node.get("adset_id"))
    check_open(ask.node)
    check_open(ad_set)
    copier = Copier(ask)
    top = copier.ad(ask.node, ad_set, top=True)
    return copier.answer(top)
