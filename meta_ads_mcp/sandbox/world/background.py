"""The daily work of an agency in the activity log: many edits, none of which moves a metric."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from random import Random
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.delivery_plan import Part, dice
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.edits import PEOPLE, Edit, budget_change, change_of, targeting_change

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world.structure import Builder

Json = Any
DAYS = 120
MAX_PER_DAY = (5, 3)  # of the first account, and of the others
FIRST_HOUR, LAST_HOUR = 9, 18
SMALL_STEPS = (1.04, 1.06, 0.95)  # the old budget as a multiple of the new one
NAMES = {"Campaign": "update_campaign_name", "AdSet": "update_ad_set_name", "Ad": "update_ad_friendly_name"}
BUDGETS = {"Campaign": "update_campaign_budget", "AdSet": "update_ad_set_budget"}


def edits(builder: Builder) -> list[Edit]:
    """Harmless edits of the last months, at most one of a kind per object.

    Campaigns with an anomaly get new names only.

    The values after an edit are those that the object has.
    """
    luck = dice(builder.world.seed, "background", builder.number)
    unique: dict[tuple[str, str], Edit] = {}
    for day in range(builder.today - DAYS, builder.today + 1):
        for edit in _day(builder, luck, day):
            unique.setdefault((edit.event_type, edit.object_id), edit)
    return list(unique.values())


def _day(builder: Builder, luck: Random, day: int) -> Iterator[Edit]:
    calm = [plan for plan in builder.plans if not plan.anomaly and plan.stop > builder.today]
    for _ in range(luck.randrange(MAX_PER_DAY[builder.number > 0]) if calm else 0):
        hour, minute = luck.randrange(FIRST_HOUR, LAST_HOUR), luck.randrange(60)
        moment = datetime.combine(date.fromordinal(day), time(hour, minute), builder.account.zone)
        entry = _edit(builder, luck, day)
        if entry is not None and moment < builder.world.today:
            yield Edit(moment, *entry, luck.choice(PEOPLE))


def _edit(builder: Builder, luck: Random, day: int) -> tuple[str, str, dict[str, Json]] | None:
    """Type, object and values of one harmless edit; None where the dice find nothing to edit."""
    plan = luck.choice(builder.plans)
    ad_set = luck.choice(plan.ad_sets)
    ad = luck.choice(ad_set.parts)
    kind = luck.choice(("name", "name", "budget", "budget", "targeting", "labels"))
    if not all(part.start < day < part.stop for part in (ad_set, ad)) or plan.stop < builder.today:
        return None
    nodes = [builder.store.nodes[node_id] for node_id in (plan.id, ad_set.id, ad.id)]
    if plan.anomaly or kind == "name":
        return _rename(luck.choice(nodes))
    if kind == "labels":
        return "update_ad_labels", ad.id, change_of("adlabels", "", luck.choice(("Q3", "evergreen", "test")))
    return _targeting(nodes[1], ad_set) if kind == "targeting" else _budget(builder, luck, nodes)


def _rename(node: GraphNode) -> tuple[str, str, dict[str, Json]]:
    name = str(node.get("name"))
    return NAMES[node.type], node.id, change_of("name", f"{name} (draft)", name)


def _budget(builder: Builder, luck: Random, nodes: list[GraphNode]) -> tuple[str, str, dict[str, Json]] | None:
    """A step of a few per cent."""
    node = next((node for node in nodes if node.get("daily_budget")), None)
    if node is None:
        return None
    budget = int(node.get("daily_budget"))
    old = round(budget * luck.choice(SMALL_STEPS))
    return BUDGETS[node.type], node.id, budget_change(builder.account.currency, old, budget)


def _targeting(node: GraphNode, ad_set: Part) -> tuple[str, str, dict[str, Json]]:
    """An age limit moved by one year."""
    spec = node.get("targeting")
    age, most = spec["age_min"], f"{spec['age_max']}{'+' if spec['age_max'] == 65 else ''}"
    change = targeting_change({"Age": f"{age + 1} - {most}"}, {"Age": f"{age} - {most}"})
    return "update_ad_set_target_spec", ad_set.id, change
