"""Write a report of any size to a file: flat rows with the column names of tables, and totals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from meta_ads_mcp.analysis.numbers import Number, number, total
from meta_ads_mcp.analysis.query.local import local_selection
from meta_ads_mcp.analysis.query.vocabulary import only_requested, with_requested_counts
from meta_ads_mcp.analysis.report import query_sheet
from meta_ads_mcp.analysis.table import Column, Sheet, missing_value
from meta_ads_mcp.core.ports import Export
from meta_ads_mcp.core.result import Exported, Row, Table
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.domain.insights_query import InsightsParams

PREVIEW_ROWS = 10


@dataclass
class ReportFile:
    """Write pages of Graph's rows to an export. Only the columns, the totals and the first rows stay in memory."""

    export: Export
    query: InsightsParams
    _names: dict[Column, str] = field(default_factory=dict)
    _totals: dict[str, Decimal] = field(default_factory=dict)
    _first: list[Row] = field(default_factory=list)
    _has_splits: bool = False

    async def fill(self, pages: AsyncIterator[Sequence[Row]]) -> Exported:
        """Write all pages, one after the other, and finish the file."""
        async for page in pages:
            sheet = with_requested_counts(query_sheet(page, self.query), self.query)
            matches = local_selection(self.query).apply(sheet)
            await self._add(only_requested(matches, self.query))
        return await self.export.finish(self._missing())

    async def _add(self, page: Sheet) -> None:
        for column in page.columns:
            self._names.setdefault(column, self._new_name(column))
            if column.additive:
                self._sum(self._names[column], column, page)
        self._has_splits = self._has_splits or bool(page.splits)
        # All columns so far, so that a count that a page lacks is 0 in its rows, too.
        whole = replace(page, columns=list(self._names))
        names = self._names.values()
        rows = [dict(zip(names, map(_clean_text, row), strict=True)) for row in whole.table().rows]
        self._first += rows[: PREVIEW_ROWS - len(self._first)]
        await self.export.write(rows)

    def _new_name(self, column: Column) -> str:
        return column.name if column.name not in self._names.values() else "_".join(filter(None, column))

    def _missing(self) -> Row:
        """Return the counts that are 0 in rows of earlier pages. With action breakdowns a row may lack them."""
        if self._has_splits:
            return {}
        return {name: value for column, name in self._names.items() if (value := missing_value(column)) is not None}

    def _sum(self, name: str, column: Column, page: Sheet) -> None:
        values = (number(cells.get(column)) for cells in page.cells)
        self._totals[name] = self._totals.get(name, Decimal()) + Decimal(str(total(values)))

    @property
    def totals(self) -> dict[str, Number]:
        """Return the sums of the additive columns. Money is in major units."""
        return {name: total([float(value)]) for name, value in self._totals.items()}

    @property
    def preview(self) -> Table:
        """Return the first rows."""
        columns, missing = list(self._names.values()), self._missing()
        return Table(columns, [[row.get(name, missing.get(name)) for name in columns] for row in self._first])


def _clean_text(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value
