"""Choose the chart of an insights query: a row per object or breakdown value, or a bar per period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from meta_ads_mcp.analysis.actions import values
from meta_ads_mcp.analysis.charts.panels import RowChart, TimeChart
from meta_ads_mcp.analysis.charts.pictures import NO_PICTURE, NO_ROWS, Picture, draw_chart
from meta_ads_mcp.analysis.charts.split_chart import split_chart
from meta_ads_mcp.analysis.charts.split_findings import SplitRow
from meta_ads_mcp.analysis.charts.trend_chart import subtitle, trend_chart
from meta_ads_mcp.analysis.charts.trend_findings import TrendStory
from meta_ads_mcp.analysis.charts.words import GENDERS, days_between
from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.analysis.query.guardrails import HOURLY
from meta_ads_mcp.analysis.results import result_entries
from meta_ads_mcp.analysis.series import Period, figures, result_measure, result_unit
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row, Table
from meta_ads_mcp.core.values.dates import parse_day
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.domain.insights_query import InsightsParams

# Breakdowns whose values are in a natural order.
ORDINAL = frozenset({"age", "frequency_value", *HOURLY})
NOUNS = {
    "campaign": "campaigns",
    "adset": "ad sets",
    "ad": "ads",
    "age": "age groups",
    "gender": "genders",
    "country": "countries",
    "region": "regions",
    "publisher_platform": "platforms",
    "platform_position": "placements",
    "device_platform": "devices",
    "impression_device": "devices",
    **dict.fromkeys(HOURLY, "hours"),
}
NO_DAYS = "No picture: Meta returned rows without valid days."
TWO_DIMENSIONS = "No picture: it cannot show rows by period and by object (or by action). Request only one of them."
NO_SPEND = "No picture: it requires spend among the fields."
STEPS = {"1": "day", "7": "week", "monthly": "month"}


def report_picture(
    call: Call,
    query: InsightsParams,
    answer: Result,
    account: Account,
    rows: Sequence[Row],
    name: str = "",
    event_rows: tuple[str, Sequence[Row]] | None = None,
) -> Picture:
    """Draw the rows of an insights query. `rows` are Graph's, which have the days that the answer may lack.

    `name` is that of the object, empty for an account. `event_rows` are an event and the rows by the same breakdowns
    of the campaigns that are meant for it.
    """
    table = answer.data
    if not isinstance(table, Table) or not table.rows:
        call.note(NO_ROWS)
        return NO_PICTURE
    splits = _splits(query)
    by_period = query.time_increment not in (None, "all_days") or len(query.windows) > 1
    problem = _problem(query, rows, splits=bool(splits), by_period=by_period)
    if problem:
        call.note(problem)
        return NO_PICTURE
    periods = sorted((_period(row) for row in rows), key=lambda period: period[0])
    days = days_between(periods[0][0], max(last for _, last in periods))
    file = f"chart-{query.object_id}-{'-'.join(splits) or query.time_increment or 'period'}-{periods[0][0]}"
    if splits:
        more = bool(answer.page and answer.page.has_more)
        chart: RowChart | TimeChart = _split(query, account, rows, subtitle(account, days, name), event_rows, more=more)
    else:
        chart = _series(query, account, rows, account.today(call.now()), name)
    return draw_chart(call, chart, file)


def _problem(query: InsightsParams, rows: Sequence[Row], *, splits: bool, by_period: bool) -> str:
    if (splits and by_period) or query.action_breakdowns:
        return TWO_DIMENSIONS
    if any(_days(row) is None for row in rows):
        return NO_DAYS
    if not any("spend" in row for row in rows):
        return NO_SPEND
    return "" if any(number(row.get("spend")) for row in rows) else NO_ROWS


def _days(row: Row) -> tuple[date, date] | None:
    first, last = parse_day(row.get("date_start")), parse_day(row.get("date_stop"))
    return (first, last) if first and last else None


def _period(row: Row) -> tuple[date, date]:
    days = _days(row)
    if days is None:
        raise ValueError("a row without days")
    return days


def _splits(query: InsightsParams) -> list[str]:
    """Return the fields whose values name the rows."""
    level = query.row_level or ""
    return [*(query.breakdowns or ()), *([f"{level}_name"] if level in ("campaign", "adset", "ad") else [])]


def _split(
    query: InsightsParams,
    account: Account,
    rows: Sequence[Row],
    text: str,
    event_rows: tuple[str, Sequence[Row]] | None,
    *,
    more: bool,
) -> RowChart:
    splits = _splits(query)
    ordinal = not ORDINAL.isdisjoint(splits)
    dims = sorted(splits, key=lambda name: name not in ORDINAL)
    by_key = {_key(row, splits): row for row in event_rows[1]} if event_rows else {}
    event = event_rows[0] if event_rows else None
    each = [(row, _split_row(row, dims, splits, event, by_key)) for row in rows]
    if ordinal:
        each.sort(key=lambda item: _key(item[0], dims))
    else:
        each.sort(key=lambda item: -item[1].spend)
    groups = [str(row.get(dims[0])) for row, _ in each]
    starts = frozenset(i for i in range(1, len(each)) if len(dims) > 1 and ordinal and groups[i] != groups[i - 1])
    noun = NOUNS.get(splits[0].removesuffix("_name"), "groups") if len(splits) == 1 else "groups"
    chart_rows = [row for _, row in each]
    return split_chart(chart_rows, account, noun, text, starts=starts, ordinal=ordinal, hidden=int(more))


def _key(row: Row, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in names)


def _split_row(
    row: Row, dims: Sequence[str], splits: Sequence[str], event: str | None, by_key: Mapping[tuple[str, ...], Row]
) -> SplitRow:
    label = " · ".join(_label(name, row) for name in dims)
    spend = number(row.get("spend")) or 0
    if event is not None:
        part = by_key.get(_key(row, splits), {})
        people = event in ("reach", "impressions")
        count = number(part.get(event)) if people else values(part.get("actions")).get(event, 0)
        return SplitRow(label, spend, count or 0, event, number(part.get("spend")) or 0, result_unit(event))
    entries = result_entries("results", row["results"]) if isinstance(row.get("results"), list) else []
    if len(entries) != 1:
        return SplitRow(label, spend)
    return SplitRow(label, spend, entries[0].default, entries[0].event, unit=result_unit(entries[0].event))


def _label(name: str, row: Row) -> str:
    value = row.get(name)
    if value in (None, ""):
        return str(row.get(name.replace("_name", "_id")) or "not known")
    text = clean(str(value), 80)
    if name == "gender":
        return GENDERS.get(text, text)
    if name == "age":
        return text.replace("-", "–")
    if name in HOURLY:
        return f"{text[:5]}–{text[-8:-3]}"
    if name.endswith("_platform"):
        return text.replace("_", " ").title()
    return text if name.endswith("_name") or name in ("country", "region") else text.replace("_", " ")


def _series(query: InsightsParams, account: Account, rows: Sequence[Row], today: date, name: str) -> TimeChart:
    measure = result_measure(rows)
    series = sorted((Period(*_period(row), figures(row, measure)) for row in rows), key=lambda period: period.start)
    # All spend of an account by one event is not the cost of the event: money was spent for other goals as well.
    has_cost = query.object_id != account.id or measure.from_meta or measure.event is None
    step = STEPS.get(query.time_increment or "", "period")
    return trend_chart(TrendStory(series, measure, account.currency, today, step, has_cost), account, name)
