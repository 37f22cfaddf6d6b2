"""An account at a glance: its totals, and the campaigns that spend most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meta_ads_mcp.analysis.actions import CONVERSIONS, values
from meta_ads_mcp.analysis.numbers import number, ratio, round_number, whole
from meta_ads_mcp.analysis.series import BASE, Figures, figures, result_measure
from meta_ads_mcp.core.result import Row, Table

FIELDS = tuple(
    """campaign_id campaign_name spend impressions reach frequency clicks ctr cpc cpm actions action_values results
    date_start date_stop""".split()
)
_METRICS = ("impressions", "clicks", "ctr", "cpc", "cpm", "results", "cost_per_result", "purchase_roas")


def totals(row: Row) -> Row:
    """The figures of one row of the whole account, with each conversion once."""
    own = figures(row, result_measure([row]))
    names = ("spend", "impressions", "reach", "frequency", "clicks", "ctr", "cpc", "cpm", "purchase_roas")
    counted = values(row.get("actions"))
    conversions = {name: counted[name] for name in CONVERSIONS if name in counted}
    value = {"purchase_value": own.value} if own.value else {}
    return {name: shown for name in names if (shown := _shown(name, own)) is not None} | conversions | value


def _shown(name: str, own: Figures) -> Any:
    value = own.metric(name)
    return round_number(value) if name in BASE else value


def top_table(rows: Sequence[Row], spend: float | None) -> Table:
    """A row per campaign with its share of the account's spend in percent; results are each campaign's own."""
    columns = ["campaign_id", "campaign_name", "spend", "share_of_spend_pct", *_METRICS, "result_event"]
    return Table(columns, [_top_row(row, spend) for row in rows])


def _top_row(row: Row, spend: float | None) -> list[Any]:
    what = result_measure([row])
    own = figures(row, what)
    share = ratio(own.spend, spend, 100)
    metrics = [_shown(name, own) for name in _METRICS]
    place = [row.get("campaign_id"), row.get("campaign_name"), number(row.get("spend"))]
    return [*place, None if share is None else whole(round(share, 1)), *metrics, what.event or what.instead]
