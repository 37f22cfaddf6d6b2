"""What a query looks at: the campaigns of a node, their parts, their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import AccountPlan, CampaignPlan, Part
from meta_ads_mcp.sandbox.insights import collect
from meta_ads_mcp.sandbox.insights.collect import Span, Sums
from meta_ads_mcp.sandbox.store import GraphNode

Json = Any
IMPRESSIONS = ("impressions",)


@dataclass(frozen=True)
class Found:
    """One object with its ids per level and its sums over the cells.

    `shown` are the impressions over the cells per ad set that had any; empty where no figure counts people.
    """

    plan: CampaignPlan
    ids: Mapping[str, str]
    sums: Sums
    shown: Mapping[Part, Sequence[int]]

    def flat(self) -> dict[str, int]:
        """The sums without cells."""
        return {name: sum(values) for name, values in self.sums.items()}

    def flat_shown(self) -> dict[tuple[CampaignPlan, Part], int]:
        """The impressions per ad set, with its campaign, without cells."""
        return {(self.plan, part): sum(values) for part, values in self.shown.items()}


@dataclass(frozen=True)
class Scope:
    """The campaigns to look at, and of them only one ad set or ad when it is named.

    `today` and `hours` are the account's day and how many of its hours are over; objects in `hidden` are not listed.
    """

    account: AccountPlan
    plans: tuple[CampaignPlan, ...]
    today: date
    hours: int
    nodes: Mapping[str, GraphNode]
    ad_set: str = ""
    ad: str = ""
    hidden: frozenset[str] = frozenset()

    def objects(
        self, window: tuple[date, date], metrics: tuple[str, ...], family: str, level: str, *, people: bool
    ) -> Iterator[Found]:
        """The objects of a level with what they delivered in a window; `people` tells whether reach is needed."""
        span = Span(window[0].toordinal(), window[1].toordinal(), self.today.toordinal(), self.hours)
        for plan in self.plans:
            if self.ad_set or level in ("adset", "ad"):
                yield from self._parts(plan, span, metrics, family, with_ads=level == "ad" or bool(self.ad))
            else:
                sums = collect.campaign_sums(plan, span, metrics, family)
                if sums["impressions"]:
                    impressions = shown_per_set(plan, span, family) if people else {}
                    yield Found(plan, {"account": self.account.id, "campaign": plan.id}, sums, impressions)

    def _parts(
        self, plan: CampaignPlan, span: Span, metrics: tuple[str, ...], family: str, *, with_ads: bool
    ) -> Iterator[Found]:
        per_set = {} if with_ads else collect.ad_set_sums(plan, span, metrics, family)
        per_ad = collect.ad_sums(plan, span, metrics, family, self.ad_set) if with_ads else {}
        for part in plan.ad_sets:
            if self.ad_set not in ("", part.id):
                continue
            ids = {"account": self.account.id, "campaign": plan.id, "adset": part.id}
            if part.id in per_set:
                sums = per_set[part.id]
                yield Found(plan, ids, sums, {part: sums["impressions"]})
            for ad in part.parts:
                if ad.id in per_ad and self.ad in ("", ad.id):
                    sums = per_ad[ad.id]
                    yield Found(plan, ids | {"ad": ad.id}, sums, {part: sums["impressions"]})

    def every(self, level: str) -> Iterator[dict[str, str]]:
        """The ids of all objects of a level, with those of their parents."""
        for plan in self.plans:
            ids = {"account": self.account.id, "campaign": plan.id}
            if level in ("account", "campaign"):
                yield ids
                continue
            for part in plan.ad_sets:
                if level == "adset":
                    yield ids | {"adset": part.id}
                else:
                    yield from (ids | {"adset": part.id, "ad": ad.id} for ad in part.parts)

    def attribute(self, level: str, node_id: str, name: str) -> Json:
        """A field of an object, for filters."""
        if name == "id":
            return node_id
        node = self.nodes.get(f"act_{node_id}" if level == "account" else node_id)
        return node.get(name) if node else None

    def names(self, ids: Mapping[str, str]) -> dict[str, Json]:
        """The texts of a row: ids, names, settings of the object and its parents."""
        account = self.nodes[f"act_{self.account.id}"]
        result = {"account_id": self.account.id, "account_name": account.get("name")}
        result["account_currency"] = self.account.currency
        for level in ("campaign", "adset", "ad"):
            node = self.nodes.get(ids.get(level, ""))
            if node is not None:
                result |= {f"{level}_id": node.id, f"{level}_name": node.get("name")}
                result |= {name: node.get(name) for name in ("created_time", "updated_time")}
                result |= settings(level, node)
        return result


def settings(level: str, node: GraphNode) -> dict[str, Json]:
    """Return the fields of a row that are settings of the object."""
    if level == "campaign":
        return {"objective": node.get("objective"), "buying_type": node.get("buying_type")}
    if level == "adset":
        return {"optimization_goal": node.get("optimization_goal"), "attribution_setting": "7d_click_1d_view"}
    return {}


def shown_per_set(plan: CampaignPlan, span: Span, family: str) -> dict[Part, Sequence[int]]:
    """The impressions over the cells per ad set of a campaign."""
    sums = collect.ad_set_sums(plan, span, IMPRESSIONS, family)
    return {part: sums[part.id]["impressions"] for part in plan.ad_sets if part.id in sums}
