"""Figures of Pages. Source: docs graph-api/reference/page/insights."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import uniforms
from meta_ads_mcp.sandbox.edges.pages import require_page_token
from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.filters import number
from meta_ads_mcp.sandbox.refusal import invalid_param
from meta_ads_mcp.sandbox.world.build import stamp

PERIOD_DAYS = {"day": 1, "week": 7, "days_28": 28}
# The longest range of since and until.
MAX_RANGE_DAYS = 90
# Metrics that Meta took away. Source: docs platforminsights/page/deprecated-metrics
GONE = ("page_impressions", "post_impressions", "page_fan", "page_engaged_users", "page_consumptions")


@serves("GET", "Page/insights")
def page_insights(ask: Ask) -> Any:
    """Each metric with a value per day of the range, or the last two; those that Graph took away are refused."""
    require_page_token(ask, ask.node.id, "pages_read_engagement")
    metrics = ask.params.get("metric")
    if not metrics:
        raise invalid_param("metric", "is required.")
    period = ask.params.get("period", "day")
    return {"data": [_metric(ask, str(name), period) for name in metrics]}


def _metric(ask: Ask, name: str, period: str) -> Any:
    if name.startswith(GONE):
        raise invalid_param("metric", "The value must be a valid insights metric")
    points = [
        {"value": sum(_of_day(ask.node.id, name, day) for day in _days_before(end, period)), "end_time": stamp(end)}
        for end in _period_ends(ask)
    ]
    title = name.replace("_", " ").capitalize()
    row = {"name": name, "period": period, "values": points, "title": title, "description": f"{title}."}
    return row | {"id": f"{ask.node.id}/insights/{name}/{period}"}


def _days_before(end: datetime, period: str) -> list[date]:
    return [(end - timedelta(days=back)).date() for back in range(1, PERIOD_DAYS.get(period, 1) + 1)]


def _of_day(page_id: str, name: str, day: date) -> int:
    return round(100 * uniforms("page insights", page_id, name, day.isoformat())[0])


def _period_ends(ask: Ask) -> list[datetime]:
    """The ends of the periods from `since` to `until`, both included; a day ends at midnight in California."""
    last = ask.graph.clock().replace(hour=8, minute=0, second=0, microsecond=0)
    ends = [last - timedelta(days=back) for back in reversed(range(MAX_RANGE_DAYS))]
    since, until = (number(ask.params.get(name)) for name in ("since", "until"))
    if since is None and until is None:
        return ends[-2:]
    return [end for end in ends if (since or 0) <= end.timestamp() <= (until or last.timestamp())]
