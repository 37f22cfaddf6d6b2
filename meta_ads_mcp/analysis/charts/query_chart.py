"""Choose the chart of a table that a query made: lines by day, or bars by category. Money of one currency per axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from meta_ads_mcp.analysis.charts.axes import figure
from meta_ads_mcp.analysis.charts.panels import Bar, BarColumn, Heading, RowChart, RowPanel, TimeChart, TimePanel
from meta_ads_mcp.analysis.charts.words import capitalize, days_between, period_labels
from meta_ads_mcp.analysis.numbers import Number
from meta_ads_mcp.core.result import Table
from meta_ads_mcp.core.values.dates import parse_day
from meta_ads_mcp.core.values.text import clean

CURRENCY = "currency"
MAX_PANELS, MAX_BARS, MAX_COLUMNS, MAX_LABEL = 6, 20, 3, 60
NO_NUMBERS = "No picture: it requires a column of numbers, and one of days or of texts."
NEGATIVE = "No picture: it cannot show negative numbers."
SAME_DAY = "No picture: the query has several rows of the same day; add what tells them apart to SELECT, or group them."
ONE_DAY = "No picture of one day: select more days, or a column of texts."


@dataclass(frozen=True)
class _QueryColumns:
    """The places of a table's columns, by what they hold. `day` and `currency` are None where there is none."""

    names: Sequence[str]
    day: int | None
    currency: int | None
    texts: Sequence[int]
    numbers: Sequence[int]


def query_chart(table: Table, *, is_partial: bool = False) -> TimeChart | RowChart | str:
    """Return the chart of a table, or why there is none. `is_partial` says that the query has more rows."""
    columns = _columns(table)
    values = [row[place] for row in table.rows for place in columns.numbers]
    if not columns.numbers or (columns.day is None and not columns.texts and columns.currency is None):
        return NO_NUMBERS
    if any(value < 0 for value in values if value is not None):
        return NEGATIVE
    rest = f" · the first {len(table.rows)} rows" if is_partial else ""
    if columns.day is not None and len({row[columns.day] for row in table.rows}) > 1:
        return _time_chart(table, columns, columns.day, rest)
    if columns.day is not None and not columns.texts and columns.currency is None:
        return ONE_DAY
    return _row_chart(table, columns, rest)


def _columns(table: Table) -> _QueryColumns:
    each = {place: [row[place] for row in table.rows if row[place] is not None] for place in range(len(table.columns))}
    days = [place for place, cells in each.items() if cells and all(_is_day(cell) for cell in cells)]
    texts = [place for place, cells in each.items() if cells and all(isinstance(cell, str) for cell in cells)]
    numbers = [place for place, cells in each.items() if cells and all(_is_number(cell) for cell in cells)]
    currency = next((place for place in texts if table.columns[place].casefold() == CURRENCY), None)
    labels = [place for place in texts if place != currency and place not in days]
    return _QueryColumns(table.columns, days[0] if days else None, currency, labels, numbers)


def _is_day(cell: Any) -> bool:
    return isinstance(cell, str) and _day(cell) is not None


def _day(cell: str) -> date | None:
    """Return the day of a cell: a day, or a moment at midnight, as date_trunc makes it."""
    return parse_day(cell.removesuffix(" 00:00:00"))


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _words(name: str) -> str:
    return clean(name.replace("_", " "), MAX_LABEL)


def _key(row: Sequence[Any], columns: _QueryColumns) -> str:
    """Return what tells the rows of a day apart: texts and the currency."""
    places = [*columns.texts, *([columns.currency] if columns.currency is not None else [])]
    return clean(" · ".join(str(row[place]) for place in places), MAX_LABEL)


# -- lines


def _time_chart(table: Table, columns: _QueryColumns, day: int, rest: str) -> TimeChart | str:
    series: dict[str, dict[date, Sequence[Any]]] = {}
    for row in table.rows:
        when = _day(str(row[day])) if row[day] is not None else None
        if when is None:
            continue
        rows = series.setdefault(_key(row, columns), {})
        if when in rows:
            return SAME_DAY
        rows[when] = row
    days = sorted({when for rows in series.values() for when in rows})
    panels = [
        (key, place)
        for key in _largest(series, columns.numbers[0])
        for place in columns.numbers
        if any(row[place] is not None for row in series[key].values())
    ]
    panels, hidden = panels[:MAX_PANELS], len(panels) - MAX_PANELS
    more = f" · {hidden} more series are not in the picture" if hidden > 0 else ""
    names = " and ".join(dict.fromkeys(_words(columns.names[place]) for _, place in panels))
    heading = Heading(
        capitalize(f"{names} by {_words(columns.names[day])}"), f"{days_between(days[0], days[-1])}{rest}{more}"
    )
    return TimeChart(
        heading,
        period_labels([(when, when) for when in days]),
        [_line(columns.names[place], key, series[key], place, days) for key, place in panels],
    )


def _largest(series: dict[str, dict[date, Sequence[Any]]], place: int) -> list[str]:
    """Return the keys of the series, the largest first."""
    return sorted(series, key=lambda key: -sum(row[place] or 0 for row in series[key].values()))


def _line(name: str, key: str, rows: dict[date, Sequence[Any]], place: int, days: Sequence[date]) -> TimePanel:
    values: list[Number | None] = [rows[when][place] if when in rows else None for when in days]
    return TimePanel(_words(name), values, is_line=True, note=key)


# -- bars


def _row_chart(table: Table, columns: _QueryColumns, rest: str) -> RowChart:
    numbers = columns.numbers[:MAX_COLUMNS]
    groups: dict[str, list[Sequence[Any]]] = {}
    for row in table.rows:
        groups.setdefault("" if columns.currency is None else str(row[columns.currency]), []).append(row)
    rows_of_panel = max(3, MAX_BARS // len(groups))
    shown = dict(list(groups.items())[:MAX_PANELS])
    panels = [_panel(rows, columns, numbers, currency, rows_of_panel) for currency, rows in shown.items()]
    names = " and ".join(_words(columns.names[place]) for place in numbers)
    labels = " and ".join(_words(columns.names[place]) for place in columns.texts) or CURRENCY
    return RowChart(Heading(capitalize(f"{names} by {labels}"), f"{len(table.rows)} rows{rest}"), panels)


def _panel(
    rows: Sequence[Sequence[Any]], columns: _QueryColumns, numbers: Sequence[int], currency: str, most: int
) -> RowPanel:
    first = rows[:most]
    labels = [clean(" · ".join(str(row[place]) for place in columns.texts), MAX_LABEL) or currency for row in first]
    hidden = len(rows) - len(first)
    return RowPanel(
        labels,
        [BarColumn(_words(columns.names[place]), [_bar(row[place]) for row in first]) for place in numbers],
        title=currency,
        rest=f"and {hidden} more rows" if hidden else "",
    )


def _bar(value: Number | None) -> Bar:
    return Bar(value, "–" if value is None else figure(value))
