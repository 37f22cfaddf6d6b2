"""Write a report of any size to a file: flat rows with the column names of tables, and totals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from meta_ads_mcp.analysis.numbers import Number, number, total
from meta_ads_mcp.analysis.table import Column, Sheet, sheet
from meta_ads_mcp.core.ports import Export
from meta_ads_mcp.core.result import Row, Table
from meta_ads_mcp.core.values.text import clean

PREVIEW_ROWS = 10


@dataclass
class ReportFile:
    """Write pages of Graph's rows to an export. Only the totals and the first rows stay in memory."""

    export: Export
    _totals: dict[str, Decimal] = field(default_factory=dict)
    _first: list[Row] = field(default_factory=list)

    async def fill(self, pages: AsyncIterator[Sequence[Row]]) -> None:
        """Write all pages, one after the other."""
        async for page in pages:
            await self._add(sheet(page))

    async def _add(self, page: Sheet) -> None:
        names = dict(zip(page.columns, page.names(), strict=True))
        for column, name in names.items():
            if column.additive:
                self._sum(name, column, page)
        rows = [dict(zip(names.values(), map(_clean_text, row), strict=True)) for row in page.table().rows]
        self._first += rows[: PREVIEW_ROWS - len(self._first)]
        await self.export.write(rows)

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
        columns = list(dict.fromkeys(name for row in self._first for name in row))
        return Table(columns, [[row.get(name) for name in columns] for row in self._first])


def _clean_text(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value
