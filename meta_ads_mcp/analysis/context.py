"""Summarize an account: its totals, and the campaigns with the highest spend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meta_ads_mcp.analysis.actions import CONVERSIONS, values
from meta_ads_mcp.analysis.numbers import number, ratio, whole
from meta_ads_mcp.analysis.series import figures, result_measure
from meta_ads_mcp.core.result import Row, Table

FIELDS = tuple(
    """campaign_id campaign_name spend impressions reach frequency clicks ctr cpc cpm actions action_values results
    date_start date_stop""".split()
)
_METRICS = ("impressions", "clicks", "ctr", "cpc", "cpm", "results", "cost_per_result", "purchase_roas")


def totals(row: Row) -> Row:
    """Return the figures of an account from its row of Graph: each conversion once, money in major units."""
    account = figures(row, result_measure([row]))
    names = ("spend", "impressions", "reach", "frequency", "clicks", "ctr", "cpc", "cpm", "purchase_roas")
    actions = values(row.get("actions"))
    conversions = {name: actions[name] for name in CONVERSIONS if name in actions}
    value = {"purchase_value": account.value} if account.value else {}
    metrics = {name: figure for name in names if (figure := account.display(name)) is not None}
    return metrics | conversions | value


def top_table(rows: Sequence[Row], spend: float | None) -> Table:
    """Build a table with a row per campaign. `spend` is the account's, in major units, for the share in percent.

    Each campaign has results of its own, named in `result_event`.
    """
    columns = ["campaign_id", "campaign_name", "spend", "share_of_spend_pct", *_METRICS, "result_event"]
    return Table(columns, [_top_row(row, spend) for row in rows])


def _top_row(row: Row, spend: float | None) -> list[Any]:
    measure = result_measure([row])
    campaign = figures(row, measure)
    share = ratio(campaign.spend, spend, 100)
    metrics = [campaign.display(name) for name in _METRICS]
    identity = [row.get("campaign_id"), row.get("campaign_name"), number(row.get("spend"))]
    return [
        *identity,
        None if share is None else whole(round(share, 1)),
        *metrics,
        measure.event,
    ]
