"""Choose what the chart of a breakdown shows: spend, results, and each row's cost for its own result."""

from __future__ import annotations

from collections.abc import Sequence

from meta_ads_mcp.analysis.charts.axes import amount_writer, figure, price
from meta_ads_mcp.analysis.charts.panels import Bar, BarColumn, Heading, RowChart, RowPanel
from meta_ads_mcp.analysis.charts.split_findings import SplitRow, average_cost, split_finding
from meta_ads_mcp.analysis.charts.words import capitalize, cost_words, event_words
from meta_ads_mcp.analysis.numbers import ratio, total
from meta_ads_mcp.core.ports import Account

# Rows of a chart, and those of a natural order, of which none is left out.
MAX_ROWS, MAX_ORDINAL_ROWS = 14, 40


def split_chart(
    rows: Sequence[SplitRow],
    account: Account,
    noun: str,
    subtitle: str,
    *,
    starts: frozenset[int] = frozenset(),
    ordinal: bool = False,
    hidden: int = 0,
) -> RowChart:
    """Describe the chart of rows in their order. `hidden` is the number of further rows that were not read.

    Rows that do not fit are summed up in a line of text: a bar of all others would be the longest.
    """
    most = MAX_ORDINAL_ROWS if ordinal else MAX_ROWS
    visible, others = rows[:most], rows[most:]
    finding = split_finding(visible, noun, account.currency)
    rest = _rest(others, rows, noun, account.currency, hidden)
    panel = RowPanel(
        [row.label for row in visible], _columns(visible, account.currency), "", finding.highlights, rest, starts
    )
    return RowChart(Heading(finding.title, subtitle), [panel])


def _columns(rows: Sequence[SplitRow], currency: str) -> list[BarColumn]:
    write = amount_writer([row.spend for row in rows])
    spend = BarColumn(f"Spend, {currency}", [Bar(row.spend, write(row.spend)) for row in rows])
    # Meta counts no conversions outside of its own apps by region or hour: nothing is known then, not 0.
    events = {row.event for row in rows if row.results is not None} if any(row.results for row in rows) else set()
    if not events - {None}:
        return [spend]
    return [spend, *(_same_event(rows, currency) if len(events) == 1 else _own_events(rows, currency))]


def _same_event(rows: Sequence[SplitRow], currency: str) -> list[BarColumn]:
    event = next(row.event for row in rows if row.event) or ""
    average = average_cost(rows)
    return [
        BarColumn(capitalize(event_words(event)), [Bar(row.results, _count(row)) for row in rows]),
        BarColumn(
            f"{capitalize(cost_words(event))}, {currency}",
            [Bar(row.cost, price(row.cost)) for row in rows],
            average,
            f"all together {price(average)}",
        ),
    ]


def _own_events(rows: Sequence[SplitRow], currency: str) -> list[BarColumn]:
    """Return the results of each row by their own names, because bars of different events have no common axis."""
    counts = [f"{_count(row)} {event_words(row.event)}" if row.event else "–" for row in rows]
    costs = [f"{price(row.cost)} {_each(row.event)}" if row.event and row.cost is not None else "–" for row in rows]
    return [
        BarColumn("Its own results", [Bar(None, text) for text in counts]),
        BarColumn(f"Cost per result, {currency}", [Bar(None, text) for text in costs]),
    ]


def _each(event: str) -> str:
    return cost_words(event).removeprefix("cost ")


def _count(row: SplitRow) -> str:
    return "–" if row.results is None else figure(row.results)


def _rest(others: Sequence[SplitRow], rows: Sequence[SplitRow], noun: str, currency: str, hidden: int) -> str:
    texts = []
    if others:
        spend = total(row.spend for row in others)
        share = ratio(spend, total(row.spend for row in rows), 100) or 0
        texts.append(f"{len(others)} other {noun}: {figure(spend)} {currency}, {share:.0f} % of the spend.")
    return " ".join([*texts, *(["More rows exist that were not read."] if hidden else [])])
