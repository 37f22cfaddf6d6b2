"""Compare the rows of an insights query between two windows: a row per object, with each figure of both windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.analysis.comparisons.deltas import Delta
from meta_ads_mcp.analysis.comparisons.windows import WindowPair
from meta_ads_mcp.analysis.numbers import Number, change_pct, number, total
from meta_ads_mcp.analysis.query.local import LOCAL_OPERATORS, matches_value, sort_key
from meta_ads_mcp.analysis.query.vocabulary import resolve
from meta_ads_mcp.analysis.results import is_additive
from meta_ads_mcp.analysis.table import Cells, Column, Sheet, is_dimension, missing_value
from meta_ads_mcp.core.result import Table
from meta_ads_mcp.domain.insights_query import InsightsFilter, InsightsParams
from meta_ads_mcp.errors import InvalidArguments

# What a comparison shows unless the call names fields.
FIELDS = ("spend", "impressions", "clicks", "ctr", "cpc", "purchase", "purchase_roas", "results", "cost_per_result")
SUFFIXES = ("_before", "_change", "_change_pct", "_per_day", "_per_day_before", "_change_per_day_pct")
_DAYS = ("date_start", "date_stop")
_OBJECT_IDS = ("account_id", "campaign_id", "adset_id", "ad_id")
# Scopes of filter fields, such as `ad.impressions`.
_SCOPES = ("account.", "campaign.", "adset.", "ad.")
_SPREAD = 4


def figure_name(field: str) -> str | None:
    """Return the column of a filter or sort key if it is a figure, and None for names, ids and statuses."""
    scope = next((scope for scope in _SCOPES if field.startswith(scope)), "")
    name = field.removeprefix(scope)
    source = resolve(base_name(name)).source
    texts = ("name", "status", "id", "objective", "type", "time", "label", "labels", "ids", "goal", "attribution")
    is_text = is_dimension(source) or name.rsplit("_", 1)[-1] in texts or ":" in name
    return None if is_text else name


def base_name(name: str) -> str:
    """Return the column without the suffix of a comparison: `spend_change_pct` is about `spend`."""
    suffix = next((suffix for suffix in sorted(SUFFIXES, key=len, reverse=True) if name.endswith(suffix)), "")
    return name.removesuffix(suffix)


def figure_filters(query: InsightsParams) -> list[tuple[str, InsightsFilter]]:
    """Return the filters by figures, which are applied to the compared rows. Raises InvalidArguments."""
    filters = [(name, item) for item in query.filtering or () if (name := figure_name(item.field))]
    for name, item in filters:
        if item.operator not in LOCAL_OPERATORS:
            raise InvalidArguments(
                f"{name} cannot be filtered with {item.operator}.",
                f"Use one of {', '.join(LOCAL_OPERATORS)}.",
                allowed=tuple(LOCAL_OPERATORS),
            )
    return filters


def query_of_both(query: InsightsParams, pair: WindowPair) -> dict[str, Any]:
    """Return the changes to a query that reads both windows at once, with all rows and the figures that it needs."""
    names = [base_name(name) for name, _ in figure_filters(query)]
    sort, _ = sort_key(query)
    names += [base_name(sort)] if sort and figure_name(sort) else []
    fields = list(dict.fromkeys([*(query.fields or FIELDS), *names]))
    return {
        "fields": fields,
        "time_ranges": [pair.before, pair.now],
        "time_range": None,
        "date_preset": None,
        "filtering": [item for item in query.filtering or () if not figure_name(item.field)] or None,
        "sort": None,
    }


@dataclass(frozen=True)
class ComparedRows:
    """Rows of both windows by object: `now` and `before` are cells, empty where an object delivered nothing."""

    sheet: Sheet
    pair: WindowPair
    rows: list[tuple[Cells, Cells]]

    @property
    def dimensions(self) -> list[Column]:
        """Return the columns that describe an object."""
        return [column for column in self.sheet.columns if self._describes(column)]

    @property
    def figures(self) -> list[Column]:
        """Return the columns that are compared."""
        return [column for column in self.sheet.columns if not self._describes(column) and column.source not in _DAYS]

    def _describes(self, column: Column) -> bool:
        is_text = is_dimension(column.source) or column in self.sheet.splits
        return column.source not in _DAYS and (is_text or self._is_text(column))

    def _is_text(self, column: Column) -> bool:
        values = [row[column] for row in self.sheet.cells if row.get(column) is not None]
        return bool(values) and all(number(value) is None for value in values)

    def delta(self, column: Column, row: tuple[Cells, Cells]) -> Delta:
        """Return a figure of a row in both windows. What did not deliver has amounts of 0."""
        now, before = (_figure(cells, column) for cells in row)
        return Delta(now, before, column.additive or (column.source == "results" and _is_countable(row)))

    def table(self) -> Table:
        """Build the table: what describes the row, then each figure, its earlier value and its changes."""
        names = dict(zip(self.sheet.columns, self.sheet.names(), strict=True))
        columns = [names[column] for column in self.dimensions]
        for column in self.figures:
            columns += [names[column], *(names[column] + suffix for suffix in self._suffixes(column))]
        return Table(columns, [self._row(row) for row in self.rows])

    def _suffixes(self, column: Column) -> Sequence[str]:
        return SUFFIXES if self._per_day(column) else SUFFIXES[: _SPREAD - 1]

    def _per_day(self, column: Column) -> bool:
        return (column.additive or column.source == "results") and not self.pair.same_length

    def _row(self, row: tuple[Cells, Cells]) -> list[Any]:
        now, before = row
        values = [now.get(column, before.get(column)) for column in self.dimensions]
        for column in self.figures:
            delta = self.delta(column, row)
            values += [*delta.cells(), *(delta.per_day(self.pair) if self._per_day(column) else [])]
        return values

    def totals(self) -> dict[str, Delta]:
        """Return the sums of the additive columns over all rows, by name."""
        names = dict(zip(self.sheet.columns, self.sheet.names(), strict=True))
        return {names[column]: self._total(column) for column in self.figures if column.additive}

    def _total(self, column: Column) -> Delta:
        now, before = (total(number(_figure(row[place], column)) for row in self.rows) for place in (0, 1))
        return Delta(now, before, additive=True)


def _is_countable(row: tuple[Cells, Cells]) -> bool:
    """Return whether the results of a row can be divided by days. People who were reached cannot."""
    return all(is_additive(str(cells.get(Column("result_event")) or "")) for cells in row)


def _figure(cells: Cells, column: Column) -> Any:
    counts = column.additive or column.source == "results"
    missing = 0 if not cells and counts else missing_value(column)
    return cells.get(column, missing)


def compare_rows(sheet: Sheet, pair: WindowPair, breakdowns: Sequence[str]) -> ComparedRows:
    """Join the rows of both windows by object and breakdown values. The sheet holds the rows of both."""
    keys = [
        column
        for column in sheet.columns
        if column.source in _OBJECT_IDS or column.source in breakdowns or column in sheet.splits
    ]
    entries: dict[tuple[str, ...], list[Cells]] = {}
    for cells in sheet.cells:
        entry = entries.setdefault(tuple(str(cells.get(column)) for column in keys), [{}, {}])
        is_now = pair.is_now(cells.get(Column("date_start")), cells.get(Column("date_stop")))
        entry[0 if is_now else 1] = cells
    return ComparedRows(sheet, pair, [(now, before) for now, before in entries.values()])


def select(table: Table, query: InsightsParams) -> Table:
    """Filter and sort compared rows by any column. Without a sort key, the highest spend of the later window is first.

    Raises InvalidArguments for a column that the table lacks.
    """
    rows = table.rows
    for name, condition in figure_filters(query):
        value = _reader(table, name)
        rows = [row for row in rows if matches_value(value(row), condition)]
    name, descending = sort_key(query)
    if not name and "spend" in table.columns:
        name, descending = "spend", True
    return Table(table.columns, _by_value(rows, _reader(table, name), descending=descending) if name else rows)


def _reader(table: Table, name: str) -> Callable[[Sequence[Any]], Any]:
    if name not in table.columns:
        raise InvalidArguments(
            f"{name} is not a column of this comparison.", "Use one of the columns.", allowed=tuple(table.columns)
        )
    place = table.columns.index(name)
    return lambda row: row[place]


def _by_value(rows: Iterable[list[Any]], value: Callable[[Sequence[Any]], Any], *, descending: bool) -> list[list[Any]]:
    """Sort rows by a value. Rows without one are last."""
    each = list(rows)
    with_value = [row for row in each if value(row) is not None]
    numeric = all(number(value(row)) is not None for row in with_value)
    with_value.sort(key=lambda row: value(row) if numeric else str(value(row)), reverse=descending)
    return [*with_value, *(row for row in each if value(row) is None)]


def totals_note(totals: Mapping[str, Delta], rows: int) -> str:
    """Return the sums over all rows as one note, with the earlier sum and the change in percent."""
    texts = [
        f"{name}={_plain(delta.now)} (before {_plain(delta.before)}{_percent(delta)})" for name, delta in totals.items()
    ]
    return f"Totals of all {rows} rows: {', '.join(texts)}."


def _percent(delta: Delta) -> str:
    change: Number | None = change_pct(delta.now, delta.before)
    return "" if change is None else f", {change:+g} %"


def _plain(value: Number | None) -> str:
    return "none" if value is None else f"{value:,}"
