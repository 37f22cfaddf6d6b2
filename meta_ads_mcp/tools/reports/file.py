"""A report of any size into a file: flat rows with canonical columns, and the totals of what can be added."""

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
    """Takes pages of Graph's rows one after the other; keeps the totals and the first rows only."""

    export: Export
    _totals: dict[str, Decimal] = field(default_factory=dict)
    _first: list[Row] = field(default_factory=list)

    async def fill(self, pages: AsyncIterator[Sequence[Row]]) -> None:
        async for page in pages:
            await self._add(sheet(page))

    async def _add(self, page: Sheet) -> None:
        # A name must not depend on which events a page happens to hold.
        names = {column: column.name(several=True) for column in page.columns}
        for column, name in names.items():
            if column.additive:
                self._sum(name, column, page)
        rows = [dict(zip(names.values(), map(_plain, row), strict=True)) for row in page.table().rows]
        self._first += rows[: PREVIEW_ROWS - len(self._first)]
        await self.export.write(rows)

    def _sum(self, name: str, column: Column, page: Sheet) -> None:
        found = (number(cells.get(column)) for cells in page.cells)
        self._totals[name] = self._totals.get(name, Decimal()) + Decimal(str(total(found)))

    @property
    def totals(self) -> dict[str, Number]:
        return {name: total([float(value)]) for name, value in self._totals.items()}

    @property
    def preview(self) -> Table:
        columns = list(dict.fromkeys(name for row in self._first for name in row))
        return Table(columns, [[row.get(name) for name in columns] for row in self._first])


def _plain(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value
