"""Compare the rows of a structure file with the account: what was edited, is stale, or is damaged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.units.unit_plan import RefusedRow
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.bulk.budgets import without_budget
from meta_ads_mcp.tools.bulk.sheets.cells import (
    DamagedCell,
    SheetCell,
    read_id,
    read_money,
    read_text,
    read_time,
    read_word,
    unprotect,
)
from meta_ads_mcp.tools.bulk.sheets.structure_columns import (
    EDITABLE,
    LEVELS,
    SHOWN,
    StructureObject,
    id_of_version,
    minor_units,
    split_labels,
)
from meta_ads_mcp.tools.bulk.sheets.table_file import SheetRow

# The word that clears an end time.
NONE = "NONE"
STATUSES = ("ACTIVE", "PAUSED", "ARCHIVED")
_AMOUNTS = ("daily_budget", "lifetime_budget", "bid_amount")
_WORDS = ("status", "bid_strategy")
_PERCENT = "budget_change_percent"
MAX_NAME_CHARS = 400


@dataclass(frozen=True)
class SheetEdit:
    """What a row of the file changes: columns with values as Graph takes them, labels and links as they are named."""

    line: int
    item: StructureObject
    values: Row


@dataclass
class SheetDifferences:
    """Hold what a file changes: the edited rows, the refused rows, the new rows, and how many rows change nothing."""

    edits: list[SheetEdit] = field(default_factory=list)
    problems: list[RefusedRow] = field(default_factory=list)
    stale: list[Row] = field(default_factory=list)
    unchanged: int = 0


class RefusedCell(Exception):
    """A cell that cannot be carried out, with its column."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def read_level(row: SheetRow) -> EntityType:
    """Return the level of a row. Raises RefusedCell for an unknown one."""
    text = unprotect(row.cell("level").text).strip().lower()
    for level in LEVELS:
        if level == text:
            return level
    raise RefusedCell("level", f"the level is {text[:40] or 'empty'}, not campaign, ad_set or ad")


def read_own_id(row: SheetRow) -> str:
    """Return the id of the object of a row. Raises RefusedCell, also for a new object."""
    row_id = id_of_version(unprotect(row.cell("row_version").text))
    if not row.has("id"):
        if row_id is not None:
            raise RefusedCell("id", f"it is empty, but the row_version belongs to {row_id}")
        raise RefusedCell("id", "it is empty; empty row_version too for a new object")
    try:
        return read_id(row.cell("id"), row_id)
    except DamagedCell as damage:
        raise RefusedCell("id", str(damage)) from None


@dataclass(frozen=True)
class RowComparison:
    """Compare one row with its object. `file_values` are what the object had when it was exported, if that is known."""

    row: SheetRow
    item: StructureObject
    account: Account
    file_values: Mapping[str, str] | None

    def changes(self) -> dict[str, Any]:
        """Return the new value of each column that was edited. Raises RefusedCell for the first one that cannot be."""
        self._check_shown()
        values: Row = {}
        for column in EDITABLE[self.item.level]:
            if self.row.has(column) and not self._is_as_exported(column):
                value = self._read(column)
                if value != self._current(column):
                    values[column] = value
        if self.row.has(_PERCENT):
            values |= self._scaled(values)
        return values

    def _is_as_exported(self, column: str) -> bool:
        """Return whether the user left the cell as it was exported, whatever the object has now."""
        if self.file_values is None or column not in self.file_values:
            return False
        earlier = self.file_values[column]
        try:
            value = _read_cell(column, self.row.cell(column), self.account, earlier)
        except DamagedCell:
            return False
        return bool(value == _comparable(column, earlier, self.account))

    def _read(self, column: str) -> Any:
        try:
            value = _read_cell(column, self.row.cell(column), self.account, self.item.value(column, self.account))
        except DamagedCell as damage:
            raise RefusedCell(column, str(damage)) from None
        if column == "status" and value not in STATUSES and value != self._current(column):
            raise RefusedCell(column, f"a file cannot set the status {str(value)[:20]}; write {', '.join(STATUSES)}")
        if column in _AMOUNTS[:2] and value != self._current(column) and not minor_units(self.item.row.get(column)):
            raise RefusedCell(column, self._other_budget())
        if column == "name" and not 0 < len(value.strip()) <= MAX_NAME_CHARS:
            raise RefusedCell(column, f"a name has 1 to {MAX_NAME_CHARS} characters")
        return value

    def _other_budget(self) -> str:
        """Return why the object cannot get a budget of this kind."""
        if any(minor_units(self.item.row.get(name)) for name in _AMOUNTS[:2]):
            return "Meta does not change the kind of a budget; change the one that the object has"
        return without_budget(self.item.row, self.item.level)

    def _current(self, column: str) -> Any:
        return _comparable(column, self.item.value(column, self.account), self.account)

    def _check_shown(self) -> None:
        """Raise RefusedCell for an edited cell that only shows something, and for a column of another level."""
        level = self.item.level
        for column in ("objective", "optimization_goal", "start_time", "currency", "parent_ref", *_all_editable()):
            if column in EDITABLE[level] or not self.row.has(column):
                continue
            is_shown = column in SHOWN[level] or column in ("currency", "parent_ref")
            if not is_shown:
                raise RefusedCell(column, f"{'an' if level[0] == 'a' else 'a'} {level} has no {column}; empty the cell")
            self._check_same(column)

    def _check_same(self, column: str) -> None:
        current = self.item.value(column, self.account)
        cell = self.row.cell(column)
        try:
            if column == "parent_ref":
                is_same = read_id(cell, self.item.parent) == self.item.parent
            else:
                is_same = _read_cell(column, cell, self.account, current) == _comparable(column, current, self.account)
        except DamagedCell as damage:
            raise RefusedCell(column, str(damage)) from None
        if not is_same:
            raise RefusedCell(column, "it cannot be changed by a file; put the exported value back or empty the cell")

    def _scaled(self, values: Row) -> Row:
        """Return the budget of the object, changed by the percentage of the row."""
        budget = next((name for name in _AMOUNTS[:2] if minor_units(self.item.row.get(name))), None)
        if budget is None or self.item.level == "ad":
            raise RefusedCell(_PERCENT, "the object has no budget of its own")
        if not {"daily_budget", "lifetime_budget"}.isdisjoint(values):
            raise RefusedCell(_PERCENT, "give a new budget or a percentage, not both")
        try:
            percent = Decimal(unprotect(self.row.cell(_PERCENT).text).strip().removesuffix("%"))
        except InvalidOperation:
            raise RefusedCell(_PERCENT, "it is not a number like 10 or -12.5") from None
        old = minor_units(self.item.row.get(budget)) or 0
        new = int((old * (100 + percent) / 100).to_integral_value(ROUND_HALF_UP)) if percent.is_finite() else 0
        if new <= 0 or new == old:
            raise RefusedCell(_PERCENT, f"{percent}% of the budget is not another budget above 0")
        return {budget: new}

    def differences(self, values: Row) -> Row:
        """Return per edited column what was exported, what is now, and what is wanted, as texts of the file."""
        return {
            column: {
                "exported": (self.file_values or {}).get(column),
                "now": self.item.value(column, self.account),
                "wanted": self.row.cell(column).text,
            }
            for column in values
        }


def _all_editable() -> list[str]:
    return list(dict.fromkeys(column for columns in EDITABLE.values() for column in columns))


def _read_cell(column: str, cell: SheetCell, account: Account, current: str) -> Any:
    """Return what a cell means, in the form of `_comparable`. Raises DamagedCell."""
    if column in _AMOUNTS:
        return read_money(cell, account.currency, _comparable(column, current, account))
    if column.endswith("_time"):
        if unprotect(cell.text).strip().upper() == NONE and column == "end_time":
            return NONE if current else ""
        return read_time(cell, account.timezone, current or None)
    if column in _WORDS or column in ("objective", "optimization_goal", "currency"):
        return read_word(cell)
    text = read_text(cell, current)
    return sorted(split_labels(text)) if column == "labels" else text


def _comparable(column: str, text: str, account: Account) -> Any:
    """Return an exported text in the form in which cells are compared."""
    if column in _AMOUNTS:
        return read_money(SheetCell(text), account.currency, None) if text else None
    return sorted(split_labels(text)) if column == "labels" else text


def compare_rows(
    rows: Iterable[tuple[SheetRow, StructureObject | AdsError]],
    account: Account,
    exported_by_version: Mapping[str, Mapping[str, str]],
    *,
    force: bool,
) -> SheetDifferences:
    """Return what the rows change. A row whose object changed since the export is stale, unless `force` is set."""
    result = SheetDifferences()
    lines: dict[str, int] = {}
    for row, item in rows:
        if isinstance(item, AdsError):
            result.problems.append(RefusedRow(f"the object could not be read: {item.message}", row.line, "id"))
            continue
        if item.id in lines:
            result.problems.append(RefusedRow(f"line {lines[item.id]} has the same id", row.line, "id", item.id))
            continue
        lines[item.id] = row.line
        _compare_row(result, row, item, account, exported_by_version, force)
    return result


def _compare_row(
    result: SheetDifferences,
    row: SheetRow,
    item: StructureObject,
    account: Account,
    exported_by_version: Mapping[str, Mapping[str, str]],
    force: bool,
) -> None:
    version = unprotect(row.cell("row_version").text).strip()
    comparison = RowComparison(row, item, account, exported_by_version.get(version) if version else None)
    try:
        values = comparison.changes()
    except RefusedCell as refusal:
        result.problems.append(RefusedRow(refusal.reason, row.line, refusal.column, item.id, _short(item.name)))
        return
    if not values:
        result.unchanged += 1
    elif version and version != item.version and not force:
        differences = comparison.differences(values)
        result.stale.append({"line": row.line, "id": item.id, "columns": differences})
        result.problems.append(
            RefusedRow(_stale_reason(differences), row.line, next(iter(values)), item.id, _short(item.name))
        )
    else:
        result.edits.append(SheetEdit(row.line, item, values))


def _stale_reason(differences: Row) -> str:
    parts = (
        f"{column} exported {value['exported'] or 'unknown'}, now {value['now'] or 'empty'}, wanted {value['wanted']}"
        for column, value in differences.items()
    )
    return f"stale: the object changed since the export ({_short('; '.join(parts), 300)}); force=true overwrites it"


def _short(text: str, most: int = 80) -> str:
    return clean(text, most)
