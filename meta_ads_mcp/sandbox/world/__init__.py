"""The demo business: one agency, its clients' ad accounts, and what was delivered in two years.

Made from a seed and a day, in memory, on first use. The same seed and day give the same ids, names and numbers.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from meta_ads_mcp.sandbox.delivery_plan import AccountPlan, CampaignPlan
from meta_ads_mcp.sandbox.insights import collect
from meta_ads_mcp.sandbox.insights.collect import Span
from meta_ads_mcp.sandbox.insights.metrics import ORDER, closure
from meta_ads_mcp.sandbox.store import GraphNode, Store
from meta_ads_mcp.sandbox.world import ids, people
from meta_ads_mcp.sandbox.world.clients import roster
from meta_ads_mcp.sandbox.world.edits import Edit, PlantedBreak
from meta_ads_mcp.sandbox.world.leads import LeadBook

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world.build import Built


class World:
    """`today` anchors the history (two years back from it) and the planted anomalies (its last seven days).

    `accounts` is the number of ad accounts: 5 are elaborate, more are small ones. `ads` is the number of ads in the
    first and largest account. A `quiet` world has no anomalies. `opted_in` tells whether the accounts may use the
    breakdowns that need an opt-in.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        today: datetime | None = None,
        accounts: int = 5,
        ads: int = 1_260,
        quiet: bool = False,
    ) -> None:
        self.seed = seed
        self.quiet = quiet
        self.today = today or datetime.now(UTC)
        self.ads = ads
        self.opted_in = True
        self.clients = roster(accounts)
        self.business_id = ids.make(seed, "business")
        self.user_id = ids.make(seed, "user")
        self.account_ids = [ids.make(seed, "account", number) for number in range(accounts)]
        self.page_ids = [ids.make(seed, "page", number) for number in range(accounts)]

    @cached_property
    def _built(self) -> Built:
        from meta_ads_mcp.sandbox.world.build import build  # noqa: PLC0415 - the builder needs this class

        return build(self)

    @property
    def store(self) -> Store:
        """All nodes and edges; the one place of mutable state."""
        return self._built.store

    @property
    def accounts(self) -> dict[str, AccountPlan]:
        """Return the accounts by id without `act_`."""
        return self._built.accounts

    @property
    def plans(self) -> dict[str, CampaignPlan]:
        """Return the plans by campaign id. Objects created later have no plan and deliver nothing."""
        return self._built.plans

    @property
    def edits(self) -> dict[str, tuple[Edit, ...]]:
        """The activity log by account id without `act_`, newest first; creations are not in it."""
        return self._built.edits

    @property
    def planted(self) -> tuple[PlantedBreak, ...]:
        """The truth about every planted anomaly and its cause; none in a quiet world."""
        return tuple(self._built.planted)

    @cached_property
    def leads(self) -> LeadBook:
        """The leads in the forms of all Pages."""
        return LeadBook(self)

    def account_of(self, node: GraphNode) -> AccountPlan:
        """The ad account of an object, or of the Page that a form belongs to."""
        return self.accounts[node.account or self.account_ids[self.page_ids.index(str(node.get("page_id")))]]

    def find(self, node_id: str) -> GraphNode | None:
        """The node of an id."""
        node = self.store.nodes.get(node_id)
        if node is None and self.leads.may_hold(node_id):
            self.leads.fill_all()
            node = self.store.nodes.get(node_id)
        return node

    def page_tokens(self) -> dict[str, str]:
        """Access token -> Page id."""
        return {people.page_token(self.seed, number): page for number, page in enumerate(self.page_ids)}

    def plans_of(self, account_id: str) -> tuple[CampaignPlan, ...]:
        return tuple(plan for plan in self.plans.values() if plan.account.id == account_id)

    def truth(self, object_id: str, since: date, until: date) -> dict[str, int]:
        """The stored metrics of an object over whole days, summed from its ads up, without any HTTP or paging.

        Money is in minor units; names are those of `insights.metrics`. Accounts with or without `act_`.
        """
        span = Span(since.toordinal(), until.toordinal(), until.toordinal())
        totals = dict.fromkeys(ORDER, 0)
        for plan in self.plans.values():
            names = {plan.id, plan.account.id, f"act_{plan.account.id}"}
            for ad_set in plan.ad_sets:
                for ad in ad_set.parts:
                    if object_id in names | {ad_set.id, ad.id}:
                        sums = collect.ad_sums(plan, span, closure(ORDER), "").get(ad.id, {})
                        for metric, values in sums.items():
                            totals[metric] += sum(values)
        return totals
