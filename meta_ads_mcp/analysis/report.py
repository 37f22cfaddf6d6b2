"""Build the answer to an insights query: the table, totals, and notes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from textwrap import wrap

from meta_ads_mcp.analysis.actions import CONVERSIONS, ENGAGEMENT, TRAFFIC, event_order
from meta_ads_mcp.analysis.numbers import Number, amount, number
from meta_ads_mcp.analysis.query.guardrails import whole_range
from meta_ads_mcp.analysis.query.local import local_cursor, local_selection
from meta_ads_mcp.analysis.query.selection import IDENTITY, default_fields
from meta_ads_mcp.analysis.query.vocabulary import only_requested, requested_windows, with_requested_counts
from meta_ads_mcp.analysis.report_notes import empty_notes, missing_fields, table_notes
from meta_ads_mcp.analysis.results import EVENT_COLUMNS
from meta_ads_mcp.analysis.table import Column, Sheet, sheet
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Listing, Page, Result, Row, Table
from meta_ads_mcp.domain.insights_query import InsightsParams

# Without `fields`, engagement details and the costs of other events would double the table.
EVENTS_WITH_COST = frozenset(CONVERSIONS + TRAFFIC) - {
    "initiate_checkout",
    "add_payment_info",
    "add_to_cart",
    "view_content",
}
DETAILS = frozenset(ENGAGEMENT) - {"video_view", "post_engagement"}
ALL = slice(None)
NOT_ADDITIVE = "Reach, frequency, costs and rates cannot be added."
# Characters of the figures in one note of totals.
TOTALS_WIDTH = 500


def report(
    query: InsightsParams,
    listing: Listing,
    account: Account,
    today: date,
    *,
    all_rows: bool = True,
    window: slice = ALL,
) -> Result:
    """Build the answer. `today` is the date in the account's time zone; `all_rows` is False for a later page.

    If the query has filters or a sort key that Graph does not have, `listing` must hold all rows. They are applied
    here, and `window` selects the rows of the answer.
    """
    page = Page(0, listing.after is not None, listing.after)
    if not listing.rows:
        return Result(_empty_summary(query, account, today), Table([], []), page, empty_notes(query), listing.marks)
    local = local_selection(query)
    whole = with_requested_counts(query_sheet(listing.rows, query), query)
    missing = missing_fields(whole, query, today)
    matches = local.apply(whole) if local else whole
    visible, notes = _without_details(only_requested(matches, query), query)
    constants, visible = _without_constants(visible, query)
    totals, totals_notes = _totals(visible, listing, query, all_rows=all_rows)
    notes += [local.note(len(matches.cells), len(listing.rows))] if local else []
    answer = replace(visible, cells=visible.cells[window])
    page, marks = _position(listing, visible, window, local=bool(local))
    return Result(
        f"{_count(len(answer.cells))} of {_summary(query, listing, account, constants, totals, after=page.after)}",
        answer.table(),
        page,
        [*notes, *table_notes(answer, query, constants), *missing, *totals_notes],
        marks,
    )


def query_sheet(rows: Sequence[Row], query: InsightsParams) -> Sheet:
    """Build the sheet of the rows of a query."""
    windows = (*(query.action_attribution_windows or ()), *requested_windows(query.fields or ()))
    fields = query.fields or default_fields(query)
    return sheet(rows, breakdowns=query.breakdowns or (), fields=fields, windows=windows)


def _position(
    listing: Listing, visible: Sheet, window: slice, *, local: bool
) -> tuple[Page, tuple[tuple[int, str], ...]]:
    """Return the page of the answer, and the marks from which a shortened answer can go on."""
    count = len(visible.cells[window])
    if not local:
        one_to_one = count == len(listing.rows)
        return Page(count, listing.after is not None, listing.after), listing.marks if one_to_one else ()
    start = window.start or 0
    more = start + count < len(visible.cells)
    return Page(count, more, local_cursor(start + count) if more else None), ((0, local_cursor(start)),)


def _without_details(whole: Sheet, query: InsightsParams) -> tuple[Sheet, list[str]]:
    """Leave out the details of the default fields, and name them. Requested fields stay complete."""
    if query.fields:
        return whole, []
    details = [column for column in whole.columns if _is_detail(column)]
    events = sorted({column.event for column in details if column.source == "actions"}, key=event_order)
    costs = sorted({column.event for column in details if column.source != "actions"} - set(events), key=event_order)
    texts = [*events, *([f"the cost per event of {', '.join(costs)}"] if costs else [])]
    fields = [name for name, group in (("actions", events), ("cost_per_action_type", costs)) if group]
    note = [f"Left out: {', '.join(texts)}; set fields=[{', '.join(fields)}] to see them."] if texts else []
    return whole.without(details), note


def _is_detail(column: Column) -> bool:
    if column.source == "cost_per_action_type":
        return column.event not in EVENTS_WITH_COST
    detail = column.event in DETAILS or column.event.startswith(("messaging_", "photo_", "post_net_", "post_un"))
    return column.source == "actions" and detail and column.event not in EVENTS_WITH_COST


def _without_constants(whole: Sheet, query: InsightsParams) -> tuple[dict[str, str], Sheet]:
    """Leave out dimensions that were not requested and have the same value in all rows, and return the values."""
    droppable = {"account_currency", "attribution_setting", "account_id", "account_name", *EVENT_COLUMNS.values()}
    if not query.fields and query.row_level in IDENTITY:
        droppable.discard("result_event")
    if query.one_period and len(whole.cells) > 1:
        droppable |= {"date_start", "date_stop"}
    constants = {name: str(value) for name in sorted(droppable) if (value := whole.constant(name)) is not None}
    if query.time_increment == "1":
        constants["date_stop"] = ""
    return constants, whole.without(Column(name) for name in constants if name not in (query.fields or ()))


def _totals(
    visible: Sheet, listing: Listing, query: InsightsParams, *, all_rows: bool
) -> tuple[dict[str, Number], list[str]]:
    """Return the totals of all rows and the notes with them. Pages of a list are not added up."""
    if query.default_summary and listing.summary:
        meta, _ = _without_details(only_requested(query_sheet([listing.summary], query), query), query)
        cells = zip(meta.names(), meta.columns, strict=True)
        totals = {name: value for name, column in cells if (value := number(meta.cells[0].get(column))) is not None}
        return totals, _total_notes("Meta's own totals, over all rows, people counted once", totals)
    if len(visible.cells) < 2:
        return {}, []
    if _overlap(query):
        return {}, ["The time ranges overlap, so nothing is added up."]
    if listing.after is not None or not all_rows:
        return {}, ["This is one page of several, so nothing is added up; default_summary=true brings Meta's totals."]
    totals = visible.totals()
    notes = _total_notes(f"Totals of all {len(visible.cells)} rows", totals)
    return totals, [*notes[:-1], *(f"{last} {NOT_ADDITIVE}" for last in notes[-1:])]


def _total_notes(label: str, totals: dict[str, Number]) -> list[str]:
    """Return the totals as notes, because a table has only columns and rows."""
    figures = ", ".join(f"{name}={json.dumps(value)}" for name, value in totals.items())
    lines = wrap(figures, TOTALS_WIDTH, break_long_words=False, break_on_hyphens=False)
    return [f"{label}: {line.rstrip(',')}." for line in lines]


def _overlap(query: InsightsParams) -> bool:
    windows = sorted(query.windows, key=lambda window: window.since)
    return any(later.first <= earlier.last for earlier, later in pairwise(windows))


def _count(rows: int) -> str:
    return f"{rows:,} {plural('row', rows)}"


def _summary(
    query: InsightsParams,
    listing: Listing,
    account: Account,
    constants: dict[str, str],
    totals: dict[str, Number],
    *,
    after: str | None,
) -> str:
    level = f" by {query.row_level}" if query.row_level else ""
    split = f" and {', '.join(query.breakdowns)}" if query.breakdowns else ""
    rest = "; more follow, call again with page.after" if after else ""
    currency = constants.get("account_currency", account.currency)
    only_row = listing.rows[0] if len(listing.rows) == 1 else {}
    spend = totals.get("spend") if totals else number(only_row.get("spend"))
    spend_text = f" Spend {amount(spend, currency)}." if spend is not None else ""
    subject = f"{query.object_id}{level}{split}, {_days(listing.rows)} ({account.timezone_name})"
    return f"{subject}, money in {currency}{rest}.{spend_text}"


def _days(rows: Sequence[Row]) -> str:
    starts = [str(row["date_start"]) for row in rows if "date_start" in row]
    stops = [str(row["date_stop"]) for row in rows if "date_stop" in row]
    return f"{min(starts)} to {max(stops)}" if starts and stops else "whole period"


def _empty_summary(query: InsightsParams, account: Account, today: date) -> str:
    days = whole_range(query, today)
    period = f"{days.since} to {days.until}" if days else query.preset or "these periods"
    return f"No rows of {query.object_id}, {period} ({account.timezone_name})."
