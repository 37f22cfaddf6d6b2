"""The tool that answers questions by SQL over the local store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import md5
from typing import Annotated

from pydantic import Field

from meta_ads_mcp.analysis.charts.pictures import NO_PICTURE, NO_ROWS, Picture, draw_chart
from meta_ads_mcp.analysis.charts.query_chart import CURRENCY, query_chart
from meta_ads_mcp.analysis.query.name_templates import UNMATCHED
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Closed, Local, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Table
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.domain.insights_query import Chart
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.store.duckdb_extra import require_duckdb
from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.name_columns import NameLevel
from meta_ads_mcp.store.select_query import NameCount, QueryAnswer, StoreQuery
from meta_ads_mcp.store.statement import MAX_CHARS, Statement
from meta_ads_mcp.store.store_tables import ACCOUNT_COLUMNS, ACCOUNTS, BREAKDOWNS, CHANGES, MONEY_COLUMNS
from meta_ads_mcp.tools.store.account_list import HOW_TO_SYNC, store_folder, visible_accounts
from meta_ads_mcp.tools.store.naming_file import name_columns

MAX_ROWS = 2_000
MAX_LISTED, MAX_NAME = 3, 80


class NameTemplates(Closed):
    """A template per level."""

    campaign: str | None = None
    ad_set: str | None = None
    ad: str | None = None

    def by_level(self) -> dict[NameLevel, str]:
        """Return the templates that were given."""
        each: tuple[tuple[NameLevel, str | None], ...] = (
            ("campaign", self.campaign),
            ("ad_set", self.ad_set),
            ("ad", self.ad),
        )
        return {level: text for level, text in each if text is not None}


@tool(
    "ads_query",
    Effect.READ,
    toolset="store",
    calls_graph=False,
    keywords="sql select database store analytics pivot join local offline history",
)
class QueryStore(Params):
    """Answer a question by one SELECT (DuckDB SQL) over the local store that ads_sync fills; sends nothing to Meta.

    Views: insights_daily (account_id, date, campaign_name, ad_set_name, ad_id, ad_name, currency, spend, impressions,
    clicks, reach, purchase, purchase_value, lead, …), insights_by_age_gender, structure, changes, accounts. All
    columns and examples: resource ads://store/schema. Group money by currency.
    """

    sql: Annotated[str, Local(), Field(min_length=1, max_length=MAX_CHARS)]
    account_ids: Annotated[
        list[AccountId] | None, Local(), Field(min_length=1, description="Read these accounts only; faster")
    ] = None
    limit: Annotated[int, Local(), Field(ge=1, le=MAX_ROWS, description="Rows in the answer")] = 100
    name_templates: Annotated[
        NameTemplates | None,
        Local(),
        Field(
            description='Split names into columns: {"campaign": "{market}_{goal}_{*}"} adds campaign_market and '
            "campaign_goal; default: naming.toml",
        ),
    ] = None
    chart: Chart = False

    async def run(self, call: Call) -> Result:
        require_duckdb()
        folder = store_folder(call)
        accounts = _accounts(call, folder, self.account_ids)
        templates = self.name_templates.by_level() if self.name_templates else None
        names = name_columns(call, templates)
        answer = await StoreQuery(folder, self.sql, accounts, self.limit, names).run()
        for note in _notes(answer, accounts):
            call.note(note)
        count, reach = len(answer.rows), len(accounts)
        summary = f"{count:,} {plural('row', count)} from {reach:,} {plural('account', reach)}."
        if answer.has_more:
            summary += f" There are more: aggregate, or add LIMIT and OFFSET (limit is {self.limit})."
        table = Table(answer.columns, answer.rows)
        picture = self._draw(call, answer, table, accounts) if self.chart else NO_PICTURE
        return Result(summary, table, images=list(picture.images), files=picture.files)

    def _draw(self, call: Call, answer: QueryAnswer, table: Table, accounts: Sequence[Row]) -> Picture:
        """Draw the rows, unless their money could have several currencies on one axis."""
        if not answer.rows:
            call.note(NO_ROWS)
            return NO_PICTURE
        if has_unnamed_currencies(answer, accounts):
            call.note("No picture: its money has several currencies. Add the column currency to SELECT and GROUP BY.")
            return NO_PICTURE
        chart = query_chart(table, is_partial=answer.has_more)
        if isinstance(chart, str):
            call.note(chart)
            return NO_PICTURE
        return draw_chart(call, chart, f"chart-query-{md5(self.sql.encode(), usedforsecurity=False).hexdigest()[:10]}")


def _accounts(call: Call, folder: StoreFolder, wanted: Sequence[str] | None) -> list[Row]:
    """Return the rows of the view `accounts`. Raises NotFound where an account, or any, was never synced."""
    visible = visible_accounts(call, folder)
    missing = [account for account in wanted or () if account not in visible]
    if missing or not visible:
        what = f"{missing[0]} is not in the local store." if missing else "The local store is empty."
        raise NotFound(what, HOW_TO_SYNC)
    return [_account_row(account, folder.account(account)) for account in wanted or visible]


def _account_row(account: str, facts: Row) -> Row:
    names = {"account_id": account, "account_name": facts.get("name")}
    return {column.name: names.get(column.name, facts.get(column.name)) for column in ACCOUNT_COLUMNS}


def _notes(answer: QueryAnswer, accounts: Sequence[Row]) -> list[str]:
    caution = currency_note(answer.statement, accounts) if answer.rows else empty_note(answer.statement)
    notes = [caution, *unmatched_notes(answer.name_counts), *freshness_notes(answer.statement, accounts)]
    if answer.bad_files:
        notes.append(
            f"{len(answer.bad_files)} damaged files were left out: run ads_sync, which reads their days again."
        )
    return [note for note in notes if note]


def currency_note(statement: Statement, accounts: Sequence[Row]) -> str:
    """Return a warning where money of several currencies may have been added, or an empty text."""
    currencies = sorted({str(account["currency"]) for account in accounts})
    reads_money = bool(statement.tables - {ACCOUNTS, CHANGES})
    if len(currencies) < 2 or not reads_money or not statement.mixes_money:
        return ""
    return (
        f"The accounts have several currencies ({', '.join(currencies)}), and the query may add or compare money of "
        "different ones. Add currency to SELECT and GROUP BY (and to PARTITION BY) of every step."
    )


def has_unnamed_currencies(answer: QueryAnswer, accounts: Sequence[Row]) -> bool:
    """Return whether rows have money of several currencies, and no column says of which."""
    is_named = CURRENCY in {name.casefold() for name in answer.columns}
    has_several = len({account["currency"] for account in accounts}) > 1
    reads_money = bool(MONEY_COLUMNS & answer.statement.columns)
    return bool(currency_note(answer.statement, accounts)) or (reads_money and has_several and not is_named)


def unmatched_notes(counts: Sequence[NameCount]) -> list[str]:
    """Say how many names the templates do not split."""
    return [
        f"{count.unmatched} of {count.names} {count.level.replace('_', ' ')} names do not match the template, such as "
        f"{clean(count.example, MAX_NAME)!r}: their columns are '{UNMATCHED}'."
        for count in counts
        if count.unmatched
    ]


def empty_note(statement: Statement) -> str:
    """Say how tables of breakdowns are filled, which are empty until they are asked for; or return an empty text."""
    names = [name for name, (table, _) in BREAKDOWNS.items() if table.name in statement.tables]
    if not names:
        return ""
    return f"No rows match. Tables of breakdowns are filled by ads_sync with breakdowns={json.dumps(names)}."


def freshness_notes(statement: Statement, accounts: Sequence[Row]) -> list[str]:
    """Say up to which day the store has figures, and which accounts are behind."""
    if not statement.tables - {ACCOUNTS}:
        return []
    unfinished = [str(account["account_id"]) for account in accounts if not account.get("synced_at")]
    moments = sorted(str(account["synced_at"]) for account in accounts if account.get("synced_at"))
    notes = [f"Synced {moments[0]} UTC (the oldest account); the last days may still change."] if moments else []
    if unfinished:
        account_names = ", ".join(unfinished[:MAX_LISTED])
        notes.append(f"{len(unfinished)} accounts were never synced to the end ({account_names}): run ads_sync again.")
    return notes
