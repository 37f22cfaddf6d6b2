"""Answer an insights query that compares two windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from meta_ads_mcp.analysis.cautions import today_note
from meta_ads_mcp.analysis.charts.trend_chart import EarlierWindow
from meta_ads_mcp.analysis.comparisons import objects
from meta_ads_mcp.analysis.comparisons.deltas import METRICS, Delta, deltas, long_table, spend_sentence
from meta_ads_mcp.analysis.comparisons.meant import EventObjects, event_objects
from meta_ads_mcp.analysis.comparisons.windows import Earlier, WindowPair, pair_of_period
from meta_ads_mcp.analysis.query.local import local_cursor, local_offset
from meta_ads_mcp.analysis.query.selection import build_request
from meta_ads_mcp.analysis.query.vocabulary import only_requested, with_requested_counts
from meta_ads_mcp.analysis.report import query_sheet
from meta_ads_mcp.analysis.report_notes import table_notes
from meta_ads_mcp.analysis.series import FIELDS, Figures, Measure, Step, figures, periods, result_measure
from meta_ads_mcp.analysis.trend import period_table
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Page, Result, Row, Table, Whole
from meta_ads_mcp.core.values.dates import TimeRange
from meta_ads_mcp.domain.insights_query import InsightsParams
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.insights.event_days import read_periods
from meta_ads_mcp.tools.insights.read_all import no_delivery, read_all

Compare = Earlier | TimeRange
CAMPAIGN = ("campaign_id", "spend", "impressions", "clicks", "results", "actions", "date_start", "date_stop")


def check_comparison(query: InsightsParams) -> None:
    """Reject arguments that cannot be compared. Raises InvalidArguments."""
    if query.time_ranges:
        raise InvalidArguments("compare_to and time_ranges exclude each other.", "Give time_range and compare_to.")
    if query.time_increment not in (None, "all_days"):
        raise InvalidArguments(
            "compare_to compares whole windows, not rows by period.",
            "Leave time_increment out, or compare periods with ads_insights_performance_trend and its compare_to.",
        )
    objects.figure_filters(query)


async def compare_insights(
    call: Call, query: InsightsParams, compare_to: Compare, *, after: str | None, count: int
) -> tuple[Result, list[Row]]:
    """Read both windows and compare them, for the object itself or for each row of the query.

    Also return Graph's rows of the later window, for a picture; none for the object itself.
    """
    account = await call.account(query.object_id)
    today = account.today(call.now())
    pair = pair_of_period(query.preset or "", query.time_range, compare_to, today)
    if _is_one_row(query):
        return await _compare_object(call, query, pair, account), []
    return await _compare_rows(call, query, pair, account, after=after, count=count)


def _is_one_row(query: InsightsParams) -> bool:
    whole = not query.breakdowns and not query.action_breakdowns and not query.fields and not query.filtering
    return whole and (query.level is None or query.level == query.row_level == "account")


async def _compare_object(call: Call, query: InsightsParams, pair: WindowPair, account: Account) -> Result:
    rows = await read_all(call, query.object_id, FIELDS, time_ranges=pair.ranges)
    if not rows:
        return no_delivery(query.object_id, pair.now)
    now, before, note = await figures_of_both(call, query.object_id, pair, rows)
    each = deltas(now, before)
    summary = (
        f"{query.object_id}, {pair.text()} ({account.timezone_name}). "
        f"{spend_sentence(each['spend'], account.currency, pair)}"
    )
    growing = today_note(pair.now, account.timezone_name, account.today(call.now()))
    notes = [note, f"Money in {account.currency}.", *pair.notes(), *growing, *_objects_hint(query)]
    return Result(summary, long_table(each, pair), notes=notes)


def _objects_hint(query: InsightsParams) -> list[str]:
    if not query.object_id.startswith("act_"):
        return []
    return ["level=campaign, adset or ad compares each object; ads_diagnose_underperformance explains a change."]


async def figures_of_both(
    call: Call, object_id: str, pair: WindowPair, rows: Sequence[Row]
) -> tuple[Figures, Figures, str]:
    """Return the figures of both windows and a note about their results. `rows` are Graph's, one for each window.

    The results of an account, and their cost, are those of the campaigns that are meant for its main event.
    """
    if not object_id.startswith("act_"):
        measure = result_measure(rows)
        now, before = (_in_window(rows, pair, measure, now=is_now) for is_now in (True, False))
        return now, before, measure.note()
    parts = await read_all(call, object_id, CAMPAIGN, level="campaign", time_ranges=pair.ranges)
    meant = event_objects(parts, "campaign_id")
    now, before = (_limited(rows, parts, pair, meant, now=is_now) for is_now in (True, False))
    return now, before, meant.note()


def _in_window(rows: Sequence[Row], pair: WindowPair, measure: Measure, *, now: bool) -> Figures:
    matches = window_rows(rows, pair, now=now)
    return figures(matches[0] if matches else {}, measure)


def _limited(rows: Sequence[Row], parts: Sequence[Row], pair: WindowPair, meant: EventObjects, *, now: bool) -> Figures:
    whole = _in_window(rows, pair, Measure(None, from_meta=False), now=now)
    return meant.limit(whole, window_rows(parts, pair, now=now), "campaign_id")


def window_rows(rows: Sequence[Row], pair: WindowPair, *, now: bool) -> list[Row]:
    """Return the rows of one of the windows."""
    return [row for row in rows if pair.is_now(row.get("date_start"), row.get("date_stop")) == now]


async def _compare_rows(
    call: Call, query: InsightsParams, pair: WindowPair, account: Account, *, after: str | None, count: int
) -> tuple[Result, list[Row]]:
    both = query.model_copy(update=objects.query_of_both(query, pair))
    request = build_request(both, account, account.today(call.now()), synchronous=True)
    fields = list(dict.fromkeys([*request.fields, "date_start", "date_stop"]))
    rows = await read_all(call, query.object_id, fields, **request.params)
    if not rows:
        return no_delivery(query.object_id, pair.now), []
    sheet = with_requested_counts(only_requested(query_sheet(rows, both), both), both)
    compared = objects.compare_rows(sheet, pair, query.breakdowns or ())
    table = objects.select(compared.table(), query)
    start = local_offset(after)
    page, marks = _page(len(table.rows), start, count)
    totals = {} if sheet.splits else compared.totals()
    notes = [f"Money in {account.currency}.", *request.notes, *table_notes(sheet, both, {}), *pair.notes()]
    if len(compared.rows) > 1 and totals:
        notes.append(objects.totals_note(totals, len(compared.rows)))
    if len(table.rows) < len(compared.rows):
        notes.append(f"{len(table.rows)} of {len(compared.rows)} rows match the filter, which this server applied.")
    rows_of_page = Table(table.columns, table.rows[start : start + count])
    spend = f" {spend_sentence(totals['spend'], account.currency, pair)}" if "spend" in totals else ""
    result = Result(f"{_subject(query, page, pair, account)}.{spend}", rows_of_page, page, notes, marks)
    return result, window_rows(rows, pair, now=True)


def _page(rows: int, start: int, count: int) -> tuple[Page, tuple[tuple[int, str], ...]]:
    size = max(0, min(count, rows - start))
    more = start + size < rows
    return Page(size, more, local_cursor(start + size) if more else None), ((0, local_cursor(start)),)


def _subject(query: InsightsParams, page: Page, pair: WindowPair, account: Account) -> str:
    level = f" by {query.row_level}" if query.row_level else ""
    split = f" and {', '.join(query.breakdowns)}" if query.breakdowns else ""
    rest = "; more follow, call again with page.after" if page.has_more else ""
    rows = f"{page.count:,} {plural('row', page.count)}"
    return f"{rows} of {query.object_id}{level}{split}, {pair.text()} ({account.timezone_name}){rest}"


async def compare_periods(
    call: Call, object_id: str, pair: WindowPair, step: Step, increment: str, account: Account
) -> tuple[Row, str, EarlierWindow]:
    """Compare the whole windows of a trend, and return the periods of the earlier one. Also a sentence about spend."""
    rows, _ = await read_periods(call, object_id, FIELDS, increment, time_range=pair.before.model_dump())
    series = periods(rows, result_measure(rows), pair.before.last, step)
    wholes = await read_all(call, object_id, FIELDS, time_ranges=pair.ranges)
    now, before, _ = await figures_of_both(call, object_id, pair, wholes)
    each = deltas(now, before)
    data: Row = {
        "window": pair.now.model_dump(),
        "window_before": pair.before.model_dump(),
        "comparison": Whole(long_table(each, pair).public()),
    }
    if series:
        metrics = [name for name in METRICS if any(period.figures.metric(name) for period in series)] or ["spend"]
        data["periods_before"] = Whole(period_table(series, metrics, set(), changes=False).public())
    sentence = f"Compared with {pair.before.since} to {pair.before.until}: {_lower(each, account, pair)}"
    return data, sentence, EarlierWindow(series, now, before)


def _lower(each: Mapping[str, Delta], account: Account, pair: WindowPair) -> str:
    if "spend" not in each:
        return "nothing was delivered."
    sentence = spend_sentence(each["spend"], account.currency, pair)
    return sentence[:1].lower() + sentence[1:]
