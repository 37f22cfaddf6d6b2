"""Random edits through the tools, each undone, in reverse order: what of the sandbox is other afterwards?"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.sandbox.store import GraphNode
from tests.support.sandbox_engine import SandboxEngine, build_writer, plain

# Long enough that neither the limit of an ad set's budget (four an hour) nor that of a spend cap (ten a day) is met.
SECONDS_BETWEEN = 3 * 3600
# What changes with every write and is not put back.
TIMES = frozenset({"updated_time", "time_updated"})
LETTERS = "aZ9 äß漢語🙂👩🏽‍🚀عר\u200d\u00ad\u202e\t\"'\\{}[]<>&%;,"
COUNTRIES = ("US", "CA", "MX", "GB", "JP", "AU")
ROUND = 250

Edit = tuple[str, dict[str, Any]]


@dataclass
class Editor:
    """Chooses edits of objects of the first account. The same seed chooses the same ones."""

    desk: SandboxEngine
    dice: random.Random

    def __post_init__(self) -> None:
        store, account = self.desk.store, self.desk.account
        live = [one for one in store.children(account, "campaigns") if one.get("status") in ("ACTIVE", "PAUSED")]
        self.shared = [one.id for one in live if one.get("daily_budget")]
        self.campaigns = [one.id for one in live]
        self.ad_sets = [one.id for parent in live for one in store.children(parent.id, "adsets")]
        self.budgeted = [one for one in self.ad_sets if store.nodes[one].get("daily_budget")]
        self.ads = [one.id for parent in self.ad_sets for one in store.children(parent, "ads")]
        self.pictures = [one.id for one in store.children(account, "adcreatives") if plain(one)]
        self.rules = [one.id for one in store.children(account, "adrules_library")]
        for ad_set in self.budgeted:  # so that there is a bid to put back
            store.patch(ad_set, {"bid_strategy": "COST_CAP", "bid_amount": 100})
        self.makers: tuple[Callable[[], Edit], ...] = (
            self.rename,
            self.status,
            self.campaign_budget,
            self.ad_set_budget,
            self.bid,
            self.targeting,
            self.creative,
            self.spend_cap,
            self.rule,
            self.several,
        )

    def __iter__(self) -> Iterator[Edit]:
        while True:
            yield self.dice.choice(self.makers)()

    def name(self) -> str:
        length = self.dice.choice((1, 7, 30, 30, 190))
        return "n" + "".join(self.dice.choice(LETTERS) for _ in range(length))

    def money(self, low: int = 500, high: int = 90_000) -> int | str:
        minor = self.dice.randrange(low, high)
        return minor if self.dice.random() < 0.5 else f"{minor // 100}.{minor % 100:02d} USD"

    def thing(self) -> tuple[str, str]:
        kind, ids = self.dice.choice((("campaign", self.campaigns), ("ad_set", self.ad_sets), ("ad", self.ads)))
        return kind, self.dice.choice(ids)

    def rename(self) -> Edit:
        if self.dice.random() < 0.2:
            return "ads_update_ad_creative", {"creative_id": self.dice.choice(self.pictures), "name": self.name()}
        kind, node_id = self.thing()
        return "ads_update_entity", {"entity_type": kind, "entity_id": node_id, "updates": {"name": self.name()}}

    def status(self) -> Edit:
        kind, node_id = self.thing()
        status = self.dice.choice(("ACTIVE", "PAUSED"))
        return "ads_activate_entity", {"entity_type": kind, "entity_id": node_id, "status": status}

    def campaign_budget(self) -> Edit:
        own = {"entity_type": "campaign", "entity_id": self.dice.choice(self.shared)}
        return "ads_update_budget", {**own, "daily_budget": self.money()}

    def ad_set_budget(self) -> Edit:
        return "ads_update_ad_set", {"ad_set_id": self.dice.choice(self.budgeted), "daily_budget": self.money()}

    def bid(self) -> Edit:
        return "ads_update_ad_set", {"ad_set_id": self.dice.choice(self.budgeted), "bid_amount": self.money(1, 900)}

    def targeting(self) -> Edit:
        low = self.dice.randrange(18, 60)
        spec: dict[str, Any] = {
            "geo_locations": {"countries": sorted(self.dice.sample(COUNTRIES, self.dice.randrange(1, 5)))},
            "age_min": low,
            "age_max": self.dice.randrange(low, 65),
        }
        if self.dice.random() < 0.5:
            spec["flexible_spec"] = [{"interests": [{"id": "6003107902433", "name": self.name()}]}]
        return "ads_update_ad_set", {"ad_set_id": self.dice.choice(self.ad_sets), "targeting": spec}

    def creative(self) -> Edit:
        return "ads_update_ad", {"ad_id": self.dice.choice(self.ads), "creative_id": self.dice.choice(self.pictures)}

    def spend_cap(self) -> Edit:
        return "ads_update_spend_cap", {"account_id": self.desk.account, "spend_cap": self.money(1_000_000, 9_000_000)}

    def rule(self) -> Edit:
        status = self.dice.choice(("ENABLED", "DISABLED"))
        return "ads_update_ad_rule", {"rule_id": self.dice.choice(self.rules), "name": self.name(), "status": status}

    def several(self) -> Edit:
        more = {"name": self.name(), "status": self.dice.choice(("ACTIVE", "PAUSED")), "daily_budget": self.money()}
        return "ads_update_campaign", {"campaign_id": self.dice.choice(self.shared), **more}


async def leftovers(count: int, seed: int) -> dict[str, Any]:
    """GraphNode → fields that are other than before after `count` edits and their undoing; empty is as it has to be."""
    made = build_writer()
    editor = Editor(made, random.Random(seed))  # noqa: S311  the same edits again
    before = made.store.snapshot()
    changes = []
    for (tool, arguments), _ in zip(editor, range(count), strict=False):
        made.clock.passed_s += SECONDS_BETWEEN
        changes.append((await made.done(tool, **arguments))["change_id"])
    assert made.changed(before) != {}
    for change_id in reversed(changes):
        made.clock.passed_s += SECONDS_BETWEEN
        await made.done("ads_undo_change", change_id=change_id)
    return different(made, before.nodes)


def different(made: SandboxEngine, before: Any) -> dict[str, Any]:
    found = {}
    for node_id in before.keys() | made.store.nodes.keys():
        was, now = fields_of(before.get(node_id)), fields_of(made.store.nodes.get(node_id))
        if was != now:
            found[node_id] = {
                name: (was.get(name), now.get(name)) for name in was | now if was.get(name) != now.get(name)
            }
    return found


def fields_of(node: GraphNode | None) -> dict[str, Any]:
    fields = node.fields if node else {}
    return {name: value for name, value in fields.items() if name not in TIMES and not callable(value)}
