"""How many people a row reached.

Every ad set has an audience of its own, and all ad sets of an account share one more. Each audience turns the
impressions it sees into people by a concave curve. A row adds up its audiences. So the reach of a whole is never below
that of a part and never above the sum of the reach of its parts: over objects, over days and over breakdowns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

from meta_ads_mcp.sandbox.delivery_plan import SPENT_SHARE, AccountPlan, CampaignPlan, Part
from meta_ads_mcp.sandbox.insights.metrics import CPM_FACTORS
from meta_ads_mcp.sandbox.insights.segments import DEMOGRAPHIC, GEOGRAPHIC, cells, population

SHARED_SHARE = 0.12  # of all impressions, those that the audience shared by the whole account sees
# A cell of a breakdown has its share of an audience, to this power: a person uses several placements, but has one age,
# one gender and one place. The exclusive powers are a little below 1, as the impressions of cells are whole numbers and
# vary from campaign to campaign.
EXCLUSIVE = frozenset({DEMOGRAPHIC, GEOGRAPHIC})
EXCLUSIVE_POWER, SHARED_EXCLUSIVE_POWER, PLACEMENT_POWER = 0.985, 0.75, 0.6
ROUNDING = 1e-9


@lru_cache(maxsize=4096)
def audience_size(plan: CampaignPlan, ad_set: Part) -> float:
    """The audience of an ad set, in people."""
    cpm = plan.account.cpm * CPM_FACTORS.get(plan.objective, 1.0)
    shown_a_day = plan.daily_budget * SPENT_SHARE / cpm * 1000
    weight = ad_set.weight / sum(part.weight for part in plan.ad_sets)
    return max(1.0, (1 - SHARED_SHARE) * shown_a_day * weight * ad_set.audience_days)


@lru_cache(maxsize=4096)
def cell_share(plan: CampaignPlan, family: str, positions: tuple[int, ...]) -> float:
    """The share of an ad set's audience that is in some cells of a breakdown family."""
    family_cells = cells(plan, family)
    shares = [weight * bias[0] for weight, bias in zip(family_cells.weights, family_cells.biases, strict=True)]
    return _share(family, sum(shares[position] for position in positions) / sum(shares), EXCLUSIVE_POWER)


@lru_cache(maxsize=1024)
def shared_cell_share(account: AccountPlan, family: str, positions: tuple[int, ...]) -> float:
    """The share of the account's shared audience that is in some cells of a breakdown family."""
    weights = population(account, family)
    return _share(family, sum(weights[position] for position in positions) / sum(weights), SHARED_EXCLUSIVE_POWER)


def _share(family: str, share: float, exclusive_power: float) -> float:
    return float(min(1.0, share ** (exclusive_power if family in EXCLUSIVE else PLACEMENT_POWER)))


def people(audiences: Iterable[tuple[float, int]], overlap: float) -> int:
    """The people reached in audiences of (size, impressions), and in a shared audience of the size `shared`."""
    total, count = 0, 0.0
    for size, amount in audiences:
        total += amount
        count += _reach_of(size, (1 - SHARED_SHARE) * amount)
    return min(total, math.ceil(count + _reach_of(overlap, SHARED_SHARE * total) - ROUNDING))


def _reach_of(size: float, amount: float) -> float:
    return size * math.log1p(amount / size) if amount else 0.0
