"""Read daily figures of an account or of some campaigns: from the local store where it has them, else from Graph."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date

from meta_ads_mcp.analysis.actions import values
from meta_ads_mcp.analysis.cautions import date_note
from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import parse_day
from meta_ads_mcp.store.coverage import days_between
from meta_ads_mcp.store.duckdb_extra import has_duckdb, require_duckdb
from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.store_tables import EVENT_COLUMNS, INSIGHTS_DAILY
from meta_ads_mcp.store.views import data_files, open_views, quote

STORE, GRAPH = "store", "graph"
# A day of the store is used if it was read after the day was over, or today.
FIELDS = ("spend", "impressions", "clicks", "actions", "action_values", "date_start")
_FIGURES = ("spend", "impressions", "clicks")


@dataclass(frozen=True)
class FiguresByDay:
    """Figures by day, with 0 for days without delivery, and where they are from. Money is in major units.

    Each day has spend, impressions, clicks, the events of the store's columns, and purchase_value.
    """

    days: dict[date, Row]
    source: str

    def series(self, name: str, first: date, last: date) -> list[float]:
        """Return a figure of each day from the first to the last."""
        return [float(self.days.get(day, {}).get(name) or 0) for day in days_between(first, last)]

    def insights_rows(self) -> list[Row]:
        """Return the days with delivery as rows of Graph's insights, for the analyses that read those."""
        return [_insights_row(day, figures) for day, figures in sorted(self.days.items())]


def _insights_row(day: date, figures: Row) -> Row:
    events = [{"action_type": name, "value": figures[name]} for name in EVENT_COLUMNS if figures.get(name)]
    amounts = [{"action_type": "purchase", "value": figures["purchase_value"]}] if figures.get("purchase_value") else []
    dates = {"date_start": day.isoformat(), "date_stop": day.isoformat()}
    plain = {name: figures.get(name) or 0 for name in _FIGURES}
    return {**plain, "actions": events, "action_values": amounts, **dates}


async def read_daily(
    call: Call, account: Account, first: date, last: date, campaigns: Sequence[str] = ()
) -> FiguresByDay:
    """Return the figures of the days from the first to the last, in the account's time zone. Raises AdsError."""
    from_store = _stored(call, account, first, last, campaigns)
    return from_store if from_store is not None else await _from_graph(call, account, first, last, campaigns)


def _stored(call: Call, account: Account, first: date, last: date, campaigns: Sequence[str]) -> FiguresByDay | None:
    """Return the figures from the store, or None if it lacks one of the days or was filled before they were over."""
    if call.store_dir is None or not has_duckdb():
        return None
    folder, today = StoreFolder(call.store_dir), account.today(call.now())
    if not folder.files(INSIGHTS_DAILY, [account.id]):
        return None
    read_on = folder.coverage(INSIGHTS_DAILY, account.id).read_on
    if any(day not in read_on or (read_on[day] <= day < today) for day in days_between(first, last)):
        return None
    figures = [*_FIGURES, *EVENT_COLUMNS, "purchase_value"]
    sums = ", ".join(f"sum({name})::DOUBLE AS {name}" for name in figures)
    where = f"date BETWEEN DATE '{first}' AND DATE '{last}'"
    if campaigns:
        where += f" AND campaign_id IN ({', '.join(map(quote, campaigns))})"
    sql = f"SELECT date, {sums} FROM insights_daily WHERE {where} GROUP BY date"  # noqa: S608  names of this module, quoted ids
    try:
        files = data_files(folder, [INSIGHTS_DAILY.name], [account.id])
        with closing(open_views([INSIGHTS_DAILY.name], files, [], {})) as connection:
            rows = connection.execute(sql).fetchall()
    except require_duckdb().Error:
        return None
    return FiguresByDay({row[0]: dict(zip(figures, row[1:], strict=True)) for row in rows}, STORE)


async def _from_graph(call: Call, account: Account, first: date, last: date, campaigns: Sequence[str]) -> FiguresByDay:
    params: Row = {
        "level": "account",
        "time_increment": "1",
        "time_range": {"since": first.isoformat(), "until": last.isoformat()},
    }
    if campaigns:
        params["filtering"] = [{"field": "campaign.id", "operator": "IN", "value": list(campaigns)}]
    days: dict[date, Row] = {}
    async for page in call.graph.each_page(f"{account.id}/insights", fields=FIELDS, whole=True, **params):
        days |= {day: _figures(row) for row in page if (day := parse_day(row.get("date_start"))) is not None}
        for note in date_note(page):
            call.note(note)
    return FiguresByDay(days, GRAPH)


def _figures(row: Row) -> Row:
    events, amounts = values(row.get("actions")), values(row.get("action_values"))
    return {
        **{name: number(row.get(name)) or 0 for name in _FIGURES},
        **{name: events.get(name, 0) for name in EVENT_COLUMNS},
        "purchase_value": amounts.get("purchase", 0),
    }
