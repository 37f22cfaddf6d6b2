"""Read what a chart requires beside the figures of the answer: the object's name, and each row's own results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meta_ads_mcp.analysis.charts.pictures import Picture, draw_chart
from meta_ads_mcp.analysis.charts.report_chart import report_picture
from meta_ads_mcp.analysis.charts.trend_chart import EarlierWindow, trend_chart
from meta_ads_mcp.analysis.charts.trend_findings import TrendStory
from meta_ads_mcp.analysis.comparisons.meant import event_objects
from meta_ads_mcp.analysis.query.selection import build_request
from meta_ads_mcp.analysis.series import result_measure
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.domain.insights_query import InsightsParams
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.insights.event_days import EVENT_FIELDS, OBJECT_FIELDS, campaign_filter
from meta_ads_mcp.tools.insights.read_all import read_all

MAX_NAME = 100


async def with_report_chart(
    call: Call, query: InsightsParams, answer: Result, account: Account, rows: Sequence[Row]
) -> Result:
    """Add the chart of the rows to an answer."""
    if not rows:
        return add_picture(answer, report_picture(call, query, answer, account, rows))
    name = await object_name(call, query.object_id, account)
    event_rows = await _event_rows(call, query, account, rows)
    return add_picture(answer, report_picture(call, query, answer, account, rows, name, event_rows))


async def trend_picture(
    call: Call, object_id: str, story: TrendStory, account: Account, earlier: EarlierWindow | None
) -> Picture:
    """Draw the chart of a series."""
    name = await object_name(call, object_id, account)
    chart = trend_chart(story, account, name, earlier)
    return draw_chart(call, chart, f"chart-{object_id}-by-{story.step}-{story.series[0].start}")


def add_picture(answer: Result, picture: Picture) -> Result:
    """Return the answer with a picture and its files."""
    return replace(answer, images=list(picture.images), files=(*answer.files, *picture.files))


async def object_name(call: Call, object_id: str, account: Account) -> str:
    """Return the name of an object, or nothing for the account, whose name the chart shows anyway."""
    if object_id == account.id:
        return ""
    try:
        node = await call.graph.get(object_id, fields=["name"])
    except AdsError:
        return object_id
    return clean(str(node.get("name") or object_id), MAX_NAME)


async def _event_rows(
    call: Call, query: InsightsParams, account: Account, rows: Sequence[Row]
) -> tuple[str, Sequence[Row]] | None:
    """Return the event that the spend is meant for, and the rows by the same breakdowns of what is meant for it.

    Graph has no results by breakdown: the event is that of the object, or of most campaigns of an account.
    """
    if not query.breakdowns or query.row_level in ("campaign", "adset", "ad") or query.action_breakdowns:
        return None
    params = build_request(query, account, account.today(call.now()), synchronous=True).params
    period = {name: params[name] for name in ("time_range", "date_preset") if name in params}
    if query.object_id != account.id:
        event = result_measure(await read_all(call, query.object_id, EVENT_FIELDS, **period)).event
        return (event, rows) if event and "actions" in rows[0] else None
    meant = event_objects(await read_all(call, account.id, OBJECT_FIELDS, level="campaign", **period), "campaign_id")
    if meant.event is None:
        return None
    filters = [*params.get("filtering", []), campaign_filter(meant)]
    wanted = ("spend", "reach", "impressions", "actions", "date_start", "date_stop")
    return meant.event, await read_all(call, account.id, wanted, **{**params, "filtering": filters})
