"""Which campaigns of the demo break, on which day, and the edit that causes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.delivery_plan import AccountPlan, Drift, Part, uniforms
from meta_ads_mcp.sandbox.insights.metrics import ANOMALIES
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.edits import budget_change, change_of, status_change, targeting_change

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

Json = Any
DEFAULT_SEED = 7
DEFAULT_DAYS_AGO = 7
FIRST, LAST = 4, 9  # a break of other seeds starts between so many days ago
PLACES = (0, 2)  # campaigns of the first account, both with a campaign budget
CARRIER_SHARE = 0.75  # of such a campaign's delivery, the share of the ad set that an edit concerns
CARRIER_WEIGHT = CARRIER_SHARE / (1 - CARRIER_SHARE)
PAUSE, BUDGET, AUDIENCE, GOAL = (
    "update_ad_set_run_status",
    "update_campaign_budget",
    "update_ad_set_target_spec",
    "update_ad_set_optimization_goal",
)
# anomaly -> the types of edits that can cause it
CAUSES: dict[str, tuple[str, ...]] = {
    "cpc_spike": (AUDIENCE,),
    "spend_drop": (PAUSE, BUDGET),
    "spend_rise": (BUDGET,),
    "cpm_rise": (AUDIENCE,),
    "conversion_drop": (GOAL,),
}
WIDER = ({"Location": "United States", "Age": "25 - 54"}, {"Location": "Worldwide", "Age": "18 - 65+"})
NARROWER = (
    {"Location": "United States", "Age": "18 - 65+"},
    {"Location": "United States", "Age": "25 - 34", "Placements": "Instagram Stories"},
)


@dataclass(frozen=True)
class Anomaly:
    """What breaks in a campaign (a key of `ANOMALIES`), its first day (an ordinal), and the type of the edit."""

    kind: str
    day: int
    cause: str

    @property
    def metric(self) -> str:
        return ANOMALIES[self.kind][0]

    @property
    def factor(self) -> float:
        return ANOMALIES[self.kind][1]

    @property
    def has_carrier(self) -> bool:
        """Tell whether the edit concerns one ad set, and not the campaign."""
        return self.cause != BUDGET


def choose(world: World, today: int, number: int, place: int) -> Anomaly | None:
    """The anomaly of a campaign, if it has one. `today` is the account's day as an ordinal."""
    if world.quiet or number or place not in PLACES:
        return None
    if world.seed == DEFAULT_SEED:
        kind, cause = ("spend_drop", PAUSE) if place else ("cpc_spike", AUDIENCE)
        return Anomaly(kind, today - DEFAULT_DAYS_AGO, cause)
    overlap, luck = uniforms(world.seed, "anomalies"), uniforms(world.seed, "anomaly", place)
    step = 1 + int(overlap[1] * (len(ANOMALIES) - 1)) if place else 0
    kind = tuple(ANOMALIES)[(int(overlap[0] * len(ANOMALIES)) + step) % len(ANOMALIES)]
    day = today - FIRST - int(luck[0] * (LAST - FIRST + 1))
    return Anomaly(kind, day, CAUSES[kind][int(luck[1] * len(CAUSES[kind]))])


def with_carrier(anomaly: Anomaly, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The ad sets of a campaign, the first of which carries most of the delivery and the whole anomaly."""
    weight = CARRIER_WEIGHT * sum(part.weight for part in parts[1:])
    return (replace(parts[0], weight=weight or 1.0, drifts=_drifts(anomaly)), *parts[1:])


def _drifts(anomaly: Anomaly) -> tuple[Drift, ...]:
    """How the carrier's share changes so that the other ad sets stay as they are."""
    if anomaly.cause in (PAUSE, BUDGET):
        return ()
    factor = (anomaly.factor - (1 - CARRIER_SHARE)) / CARRIER_SHARE
    drift = Drift(anomaly.metric, anomaly.day, factor)
    if anomaly.metric == "impressions":
        return (drift, Drift("spend", anomaly.day, 1 / factor))
    return (drift,)


def edited_budget(anomaly: Anomaly, budget: int) -> int:
    """The campaign's daily budget after the edit, in minor units."""
    return round(budget * anomaly.factor / 100) * 100 if anomaly.cause == BUDGET else budget


def apply_edit(anomaly: Anomaly, account: AccountPlan, node: GraphNode, budget: int) -> dict[str, Json]:
    """Give the edited object its new settings where these are not there yet; answers the edit's `extra_data`."""
    fields = dict(node.fields)
    if anomaly.cause == PAUSE:
        return status_change("Active", "Inactive")
    if anomaly.cause == BUDGET:
        return budget_change(account.currency, budget, edited_budget(anomaly, budget))
    if anomaly.cause == GOAL:
        old, fields["optimization_goal"] = fields["optimization_goal"], "LINK_CLICKS"
        node.fields = fields
        return change_of("optimization_goal", old, fields["optimization_goal"])
    ages = (18, 65) if anomaly.kind == "cpc_spike" else (25, 34)
    fields["targeting"] = {**node.get("targeting"), **dict(zip(("age_min", "age_max"), ages, strict=True))}
    node.fields = fields
    return targeting_change(*(WIDER if anomaly.kind == "cpc_spike" else NARROWER))
