"""Find the worst and the best ad set of each campaign, by their cost per result."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_ads_mcp.analysis.query.selection import build_request
from meta_ads_mcp.analysis.report import query_sheet
from meta_ads_mcp.analysis.table import Column
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.insights_query import InsightsParams
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.budgets import budget_of
from meta_ads_mcp.tools.insights.read_all import read_all

COST_PRESET = "last_14d"
_LEVELS = {"campaign": "campaign", "ad_set": "adset"}
_FIELDS = "id name campaign_id effective_status daily_budget lifetime_budget".split()


@dataclass(frozen=True)
class RankedAdSets:
    """The worst ad sets, the best of the same campaigns in the same order, and how many campaigns are left out."""

    worst: list[str]
    best: list[str]
    left_out: int

    def note(self) -> str:
        """Say by what the ad sets were chosen."""
        text = f"Worst and best of each campaign by cost per result, {COST_PRESET.replace('_', ' ')}, running ad sets"
        rest = f"{self.left_out} campaigns have not two of them with a daily budget of their own and spend."
        return f"{text}; spend without a result is worst.{' ' + rest if self.left_out else ''}"


async def rank_ad_sets(call: Call, account: Account) -> RankedAdSets:
    """Return the worst and the best running ad set of each campaign. Raises InvalidArguments if there are none."""
    pages = call.graph.each_page(f"{account.id}/adsets", fields=_FIELDS, effective_status=["ACTIVE"])
    rows = [row async for page in pages for row in page]
    costs = await read_costs(call, account, "ad_set")
    campaigns: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for row in rows:
        rank = _rank(row, costs)
        campaigns[str(row.get("campaign_id"))] += [(rank, str(row["id"]))] if rank is not None else []
    pairs = [
        (max(ranks)[1], min(ranks)[1]) for ranks in campaigns.values() if max(ranks, default=0) != min(ranks, default=0)
    ]
    if not pairs:
        raise InvalidArguments(
            "No campaign has two running ad sets with a daily budget of their own and different costs per result.",
            "Name the ad sets, or move budget between campaigns with level=campaign.",
        )
    return RankedAdSets([worst for worst, _ in pairs], [best for _, best in pairs], len(campaigns) - len(pairs))


def _rank(row: Row, costs: Mapping[str, Row]) -> float | None:
    """Return the cost per result. None for an ad set without a daily budget of its own, or without spend."""
    budget, figures = budget_of(row), costs.get(str(row["id"]), {})
    if budget is None or budget[0] != "daily_budget" or not figures.get("spend"):
        return None
    cost = figures.get("cost_per_result")
    return float(cost) if cost else math.inf


async def read_costs(call: Call, account: Account, level: str, ids: Sequence[str] = ()) -> dict[str, Row]:
    """Map objects to spend, results and cost per result of the last 14 days. Without ids, all of the account."""
    name = _LEVELS[level]
    query = InsightsParams.model_validate(
        {
            "object_id": account.id,
            "level": name,
            "fields": [f"{name}_id", "spend", "results", "cost_per_result"],
            **({"filtering": [{"field": f"{name}.id", "operator": "IN", "value": list(ids)}]} if ids else {}),
            "date_preset": COST_PRESET,
        }
    )
    request = build_request(query, account, account.today(call.now()), synchronous=True)
    rows = await read_all(call, account.id, request.fields, **request.params)
    figures = ("spend", "results", "cost_per_result")
    cells = query_sheet(rows, query).cells
    return {str(cell.get(Column(f"{name}_id"))): {key: cell.get(Column(key)) for key in figures} for cell in cells}
