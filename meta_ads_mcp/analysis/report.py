"""Insights rows as an answer: the table, what was left out of it, totals, attribution and currency."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from textwrap import wrap

from meta_ads_mcp.analysis.actions import CONVERSIONS, ENGAGEMENT, TRAFFIC, event_order, not_self_evident
from meta_ads_mcp.analysis.guardrails import ASYNC_TOOL, REACH, whole_range
from meta_ads_mcp.analysis.numbers import Number, amount, number
from meta_ads_mcp.analysis.selection import DEFAULT_FIELDS, OPT_IN
from meta_ads_mcp.analysis.table import Column, Sheet, sheet
from meta_ads_mcp.core.fields import names as names_of
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Listing, Page, Result, Row, Table
from meta_ads_mcp.domain.insights_query import InsightsParams

# Without `fields`, engagement details and the costs of everything but these would double the table.
COSTED = frozenset(CONVERSIONS + TRAFFIC) - {"initiate_checkout", "add_payment_info", "add_to_cart", "view_content"}
DETAILS = frozenset(ENGAGEMENT) - {"video_view", "post_engagement"}
NOT_ADDED = "Reach, frequency, costs and rates cannot be added."
# Characters of the figures in one note of totals.
TOTALS_WIDTH = 500
UNSPLIT = (
    "Rows without a value in the action breakdown hold what it does not split, such as spend; costs and ROAS beside a "
    "value are therefore not those of that part."
)
DELIVERED = '[{"field":"ad.impressions","operator":"GREATER_THAN","value":0}]'


def report(query: InsightsParams, found: Listing, account: Account, today: date) -> Result:
    """The answer to an insights query. `today` is the day in the account's time zone."""
    if not found.rows:
        page = Page(0, found.after is not None, found.after)
        return Result(_nothing(query, account, today), Table([], []), page, _why_empty(query), found.marks)
    whole = sheet(found.rows, breakdowns=query.breakdowns or (), fields=query.fields or DEFAULT_FIELDS)
    made, notes = _trimmed(whole, query)
    constants, made = _constants(made, query)
    totals, about = _totals(made, found, query)
    one_to_one = len(made.cells) == len(found.rows)
    return Result(
        f"{_rows(len(made.cells))} of {_summary(query, found, account, constants, totals)}",
        made.table(),
        Page(len(made.cells), found.after is not None, found.after),
        [*notes, *_notes(made, query, constants), *_missing(found, query), *([] if one_to_one else [UNSPLIT]), *about],
        found.marks if one_to_one else (),
    )


def _trimmed(made: Sheet, query: InsightsParams) -> tuple[Sheet, list[str]]:
    """Without the noise of the default fields; what the caller named stays."""
    noise = [] if query.fields else [column for column in made.columns if _is_noise(column)]
    details = sorted({column.event for column in noise if column.source == "actions"}, key=event_order)
    note = [f"Left out: {', '.join(details)}; name fields=[actions] to see them."] if details else []
    return made.without(noise), note


def _is_noise(column: Column) -> bool:
    if column.source == "cost_per_action_type":
        return column.event not in COSTED
    detail = column.event in DETAILS or column.event.startswith(("messaging_", "photo_", "post_net_", "post_un"))
    return column.source == "actions" and detail and column.event not in COSTED


def _constants(made: Sheet, query: InsightsParams) -> tuple[dict[str, str], Sheet]:
    """Dimensions that are the same in all rows and were not asked for: they are said once instead."""
    dropped = {"account_currency", "attribution_setting", "account_id", "account_name", "results_indicator"}
    if query.one_period and len(made.cells) > 1:
        dropped |= {"date_start", "date_stop"}
    known = {name: str(value) for name in dropped if (value := made.constant(name)) is not None}
    if query.time_increment == "1":
        known["date_stop"] = ""
    gone = [Column(name) for name in known if name not in (query.fields or ())]
    return known, made.without(gone)


def _totals(made: Sheet, found: Listing, query: InsightsParams) -> tuple[dict[str, Number], list[str]]:
    if query.default_summary and found.summary:
        whole, _ = _trimmed(sheet([found.summary], fields=query.fields or DEFAULT_FIELDS), query)
        own = {name: value for name, cell in _named(whole) if (value := number(cell)) is not None}
        return own, _told("Meta's own totals, over all rows, people counted once", own)
    if len(made.cells) < 2 or _overlap(query):
        return {}, ["The time ranges overlap, so nothing is added up."] if len(made.cells) > 1 else []
    totals = made.totals()
    told = _told(f"Totals of these {len(made.cells)} rows", totals)
    return totals, [*told[:-1], *(f"{last} {NOT_ADDED}" for last in told[-1:])]


def _told(what: str, totals: dict[str, Number]) -> list[str]:
    """Totals as notes: they are no row of the table, which has columns and rows alone."""
    figures = ", ".join(f"{name}={json.dumps(value)}" for name, value in totals.items())
    lines = wrap(figures, TOTALS_WIDTH, break_long_words=False, break_on_hyphens=False)
    return [f"{what}: {line.rstrip(',')}." for line in lines]


def _named(made: Sheet) -> Iterator[tuple[str, object]]:
    for name, column in zip(made.names(), made.columns, strict=True):
        yield name, made.cells[0].get(column)


def _overlap(query: InsightsParams) -> bool:
    windows = sorted(query.windows, key=lambda window: window.since)
    return any(later.first <= earlier.last for earlier, later in pairwise(windows))


def _notes(made: Sheet, query: InsightsParams, constants: dict[str, str]) -> list[str]:
    shown = {column.event for column in made.columns if column.event}
    told = not_self_evident({event: kinds for event, kinds in made.types.items() if event in shown})
    setting = constants.get("attribution_setting")
    windows = sorted({column.window for column in made.columns if column.window})
    notes = [f"Events: {told}."] if told else []
    if shown:
        notes.append(_attribution(setting, windows))
    if indicator := constants.get("results_indicator"):
        notes.append(f"results are {indicator}.")
    if query.row_level == "ad" and any(row.get(Column("impressions")) == 0 for row in made.cells):
        notes.append(f"Rows without impressions can be filtered out: filtering={DELIVERED}.")
    return notes


def _missing(found: Listing, query: InsightsParams) -> list[str]:
    """Fields that the caller named and no row has. Graph leaves out what it has no value for, without a word."""
    left_out = REACH if query.breakdowns else frozenset()
    seen = {name for row in found.rows for name in row} | left_out
    names = [name for name in names_of(query.fields or ()) if name not in seen]
    if not names:
        return []
    rankings = [name for name in names if name.endswith("_ranking")] if query.row_level != "ad" else []
    where = " Rankings exist at level=ad." if rankings else ""
    why = "none was counted, or it does not exist at this level."
    return [f"Meta gives no value for {', '.join(names)} here: {why}{where}"]


def _attribution(setting: str | None, windows: Sequence[str]) -> str:
    named = setting or "each ad set's own setting"
    extra = f"; columns ending in {', '.join(windows)} count that window alone" if windows else ""
    return f"Attribution: {named}{extra}."


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"


def _summary(
    query: InsightsParams, found: Listing, account: Account, constants: dict[str, str], totals: dict[str, Number]
) -> str:
    days = _days(found.rows)
    level = f" by {query.row_level}" if query.row_level else ""
    split = f" and {', '.join(query.breakdowns)}" if query.breakdowns else ""
    more = "; more follow, ask again with page.after" if found.after else ""
    currency = constants.get("account_currency", account.currency)
    spend = totals.get("spend") if totals else number(found.rows[0].get("spend")) if len(found.rows) == 1 else None
    spent = f" Spend {amount(spend, currency)}." if spend is not None else ""
    where = f"{query.object_id}{level}{split}, {days} ({account.timezone_name})"
    return f"{where}, money in {currency}{more}.{spent}"


def _days(rows: Sequence[Row]) -> str:
    starts = [str(row["date_start"]) for row in rows if "date_start" in row]
    stops = [str(row["date_stop"]) for row in rows if "date_stop" in row]
    return f"{min(starts)} to {max(stops)}" if starts and stops else "whole period"


def _nothing(query: InsightsParams, account: Account, today: date) -> str:
    whole = whole_range(query, today)
    period = f"{whole.since} to {whole.until}" if whole else query.preset or "these periods"
    return f"No rows of {query.object_id}, {period} ({account.timezone_name})."


def _why_empty(query: InsightsParams) -> list[str]:
    """Graph gives no row, not a row of zeros, where nothing was delivered."""
    reasons = ["Nothing was delivered in this period, or the filter leaves nothing: Meta gives no zero rows."]
    if OPT_IN & set(query.breakdowns or ()):
        reasons.append(
            "This breakdown needs an opt-in of the account, without which Meta may give no rows and no error; in "
            f"reports ({ASYNC_TOOL}) Meta takes it up to ten times a day."
        )
    return reasons
