"""Filter and sort rows by columns that Graph cannot filter or sort by, such as `purchase` or `cost_per_result`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.analysis.query.vocabulary import local_name, resolve
from meta_ads_mcp.analysis.results import EVENT_COLUMNS
from meta_ads_mcp.analysis.table import Cells, Column, Sheet, missing_value
from meta_ads_mcp.domain.insights_query import InsightsFilter, InsightsParams
from meta_ads_mcp.errors import InvalidArguments

LOCAL_OPERATORS = {
    "EQUAL": "=",
    "NOT_EQUAL": "≠",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": "≥",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "≤",
    "IN": "in",
    "NOT_IN": "not in",
    "IN_RANGE": "in range",
    "NOT_IN_RANGE": "not in range",
}
_CURSOR = "local"
_NEGATIONS = {"NOT_EQUAL": "EQUAL", "NOT_IN": "IN", "NOT_IN_RANGE": "IN_RANGE"}


@dataclass(frozen=True)
class LocalSelection:
    """The filters and the sort key of a query that are applied after all rows were read."""

    filters: tuple[tuple[str, InsightsFilter], ...] = ()
    sort: str = ""
    descending: bool = False

    def __bool__(self) -> bool:
        return bool(self.filters or self.sort)

    @property
    def columns(self) -> list[str]:
        """Return the columns that must be read."""
        sort = [self.sort] if self.sort else []
        return [*(name for name, _ in self.filters), *sort, *(["spend"] if self.sorts_by_cost else [])]

    @property
    def sorts_by_cost(self) -> bool:
        """Return whether the sort key is the cost of an event, which a row without the event does not have."""
        return self.sort.startswith("cost_per_")

    def apply(self, sheet: Sheet) -> Sheet:
        """Return the sheet with the matching rows in order. Rows without a value are last.

        A row with spend and without the event has the highest cost of all.
        """
        cells = [
            row for row in sheet.cells if all(matches_column(row, name, condition) for name, condition in self.filters)
        ]
        if self.sort:
            ranks = [(self._rank(row), row) for row in cells]
            ranked = [(rank, row) for rank, row in ranks if rank is not None]
            ranked.sort(key=itemgetter(0), reverse=self.descending)
            cells = [*(row for _, row in ranked), *(row for rank, row in ranks if rank is None)]
        return replace(sheet, cells=cells)

    def _rank(self, row: Cells) -> tuple[float, float] | None:
        """Return what orders a row: its value, then its spend where the cost is not known. None if it has neither."""
        value = number(_value(row, self.sort))
        if value is not None:
            return float(value), 0.0
        spend = (number(_value(row, "spend")) or 0) if self.sorts_by_cost else 0
        return (math.inf, float(spend)) if spend > 0 else None

    def note(self, matches: int, rows: int) -> str:
        """Say what was done here and not by Meta."""
        conditions = [
            f"{name} {LOCAL_OPERATORS[condition.operator]} {', '.join(map(str, condition.value))}"
            for name, condition in self.filters
        ]
        parts = [
            *([f"filtered by {' and '.join(conditions)}"] if conditions else []),
            *([f"sorted by {self.sort}"] if self.sort else []),
            *(["ranked spend without the event as the highest cost"] if self.sorts_by_cost else []),
        ]
        return f"Meta cannot do this, so this server read all {rows} rows and {' and '.join(parts)}: {matches} match."


def local_selection(query: InsightsParams) -> LocalSelection:
    """Return what Graph cannot do. Raises InvalidArguments for an operator that events do not have."""
    filters = [(name, item) for item in query.filtering or () if (name := local_name(item.field))]
    for name, item in filters:
        if item.operator not in LOCAL_OPERATORS:
            raise InvalidArguments(
                f"{name} cannot be filtered with {item.operator}.",
                f"Use one of {', '.join(LOCAL_OPERATORS)}.",
                allowed=tuple(LOCAL_OPERATORS),
            )
    sort, descending = sort_key(query)
    return LocalSelection(tuple(filters), local_name(sort) or "" if sort else "", descending)


def local_cursor(row: int) -> str:
    """Return the cursor of a row in a list that is filtered or sorted here."""
    return f"{_CURSOR}~{row}"


def local_offset(after: str | None) -> int:
    """Return the row of such a cursor. Raises InvalidArguments for a cursor of Graph."""
    if not after:
        return 0
    match = re.fullmatch(rf"{_CURSOR}(~([0-9]{{1,6}}))?", after)
    if match is None:
        raise InvalidArguments(
            "'after' does not belong to this query.", "Start again without it; page.after of an answer fits that query."
        )
    return int(match[2] or 0)


def sort_key(query: InsightsParams) -> tuple[str, bool]:
    """Return the column of `sort` and whether it descends."""
    if not query.sort:
        return "", False
    name, _, direction = query.sort[0].rpartition("_")
    return name, direction == "descending"


def graph_params(query: InsightsParams) -> dict[str, Any]:
    """Return the parameters of the query without those filters and sort keys that Graph does not have."""
    params = query.query()
    local = local_selection(query)
    filters = [item.graph_param() for item in query.filtering or () if not local_name(item.field)]
    if local.filters:
        params.pop("filtering", None)
        params |= {"filtering": filters} if filters else {}
    if local.sort:
        params.pop("sort", None)
    return params


def _value(row: Mapping[Column, Any], name: str) -> Any:
    if name in EVENT_COLUMNS.values():
        return row.get(Column(name))
    column = resolve(name).column
    return row.get(column, missing_value(column))


def matches_column(row: Cells, name: str, condition: InsightsFilter) -> bool:
    """Return whether the column of a row meets a condition."""
    return matches_value(_value(row, name), condition)


def matches_value(value: Any, condition: InsightsFilter) -> bool:
    """Return whether a value meets a condition whose operator is one of `LOCAL_OPERATORS`."""
    if condition.operator in _NEGATIONS:
        return not _holds(_NEGATIONS[condition.operator], value, condition.value)
    return _holds(condition.operator, value, condition.value)


def _holds(operator: str, value: Any, operands: Sequence[Any]) -> bool:
    figure = number(value)
    numbers = [parsed for item in operands if (parsed := number(item)) is not None]
    if figure is None or len(numbers) < len(operands):
        return operator in ("EQUAL", "IN") and value is not None and str(value) in map(str, operands)
    if operator in ("EQUAL", "IN"):
        return figure in numbers
    if operator == "IN_RANGE":
        return min(numbers) <= figure <= max(numbers)
    return {
        "GREATER_THAN": figure > numbers[0],
        "GREATER_THAN_OR_EQUAL": figure >= numbers[0],
        "LESS_THAN": figure < numbers[0],
        "LESS_THAN_OR_EQUAL": figure <= numbers[0],
    }[operator]
