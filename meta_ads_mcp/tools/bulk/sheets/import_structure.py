"""Import an edited structure file: show its differences to the account, and carry them out as one unit."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.units.unit_params import UnitParams
from meta_ads_mcp.core.units.unit_plan import RefusedRow, UnitPlan
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.ids import AccountId, account_path
from meta_ads_mcp.errors import AdsError, DataLimit, Denied, InvalidArguments
from meta_ads_mcp.tools.bulk.creative_swaps import CreativeSwaps, read_creatives
from meta_ads_mcp.tools.bulk.edits import EditValues
from meta_ads_mcp.tools.bulk.sheets.differences import (
    NONE,
    RefusedCell,
    SheetDifferences,
    SheetEdit,
    compare_rows,
    read_level,
    read_own_id,
)
from meta_ads_mcp.tools.bulk.sheets.edit_steps import EditSteps
from meta_ads_mcp.tools.bulk.sheets.export_structure import MAX_ROWS, state_name
from meta_ads_mcp.tools.bulk.sheets.new_rows import MAX_NEW_ROWS, NewRows
from meta_ads_mcp.tools.bulk.sheets.structure import StructureReader
from meta_ads_mcp.tools.bulk.sheets.structure_columns import (
    EDITABLE,
    IMPORT_COLUMNS,
    LINK_COLUMNS,
    StructureObject,
    creative_id,
)
from meta_ads_mcp.tools.bulk.sheets.table_file import MAX_FILE_BYTES, SheetRow, read_table

MAX_CHANGED_ROWS = 500
# More objects than this are read by the lists of the account, which takes fewer requests.
MAX_BY_ID = 150
_STATUSES = ("ACTIVE", "PAUSED", "ARCHIVED")
MAX_STALE_SHOWN = 50


@tool(
    "ads_import_structure",
    Effect.UPDATE,
    singular="object",
    keywords="spreadsheet csv xlsx excel file upload bulk edit round trip",
    destructive=True,
)
class ImportStructure(UnitParams):
    """Carry out the edits of a CSV or XLSX file of ads_export_structure, as one unit with one undo.

    Shows only what differs; dry_run=false carries it out. Rows that changed since the export are refused; a missing row
    changes nothing. A row without id is a new object: parent_ref names its parent (an id, or the ref of a new row),
    template_id the object whose settings it copies.
    """

    account_id: AccountId
    file_path: Annotated[
        str, Local(), Field(min_length=1, max_length=4096, description="Absolute path, as ads_export_structure gave it")
    ]
    force: Annotated[bool, Local(), Field(description="Also rows whose object changed since the export")] = False
    on_error: Annotated[Literal["stop", "continue"], Local()] = "stop"
    dry_run: Annotated[bool, Local()] = True

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if not self.dry_run and self.idempotency_key is None:
            raise ValueError("idempotency_key is required with dry_run=false, so that nothing is done twice")
        return self

    async def plan_unit(self, call: Call) -> UnitPlan:
        """Return the unit of the differences. Raises AdsError for a file that cannot be read."""
        rows = self._read_file(call)
        account = await call.account(self.account_id)
        new, known_rows = _new_rows(rows)
        if len(new) > MAX_NEW_ROWS:
            raise DataLimit(f"The file has {len(new)} new rows; one call makes {MAX_NEW_ROWS}.", "Import it in parts.")
        pairs, problems = await self._objects(call, known_rows)
        result = compare_rows(pairs, account, _exported_values(call, account.id), force=self.force)
        result.problems[:0] = problems
        if len(result.edits) > MAX_CHANGED_ROWS:
            raise DataLimit(
                f"The file changes {len(result.edits)} rows; one call changes at most {MAX_CHANGED_ROWS}.",
                "Import it in parts.",
            )
        steps = await self._steps(call, account, result)
        created = NewRows(call, account)
        await created.add(new)
        result.problems += created.problems
        steps.steps += created.steps
        return UnitPlan(
            self.account_id,
            steps.steps,
            refused=result.problems,
            notes=_notes(rows, result),
            details=_details(rows, result, len(created.steps)),
            reasons=("it changes objects from a file",) if steps.steps else (),
            stop_on_error=self.on_error == "stop",
        )

    def _read_file(self, call: Call) -> list[SheetRow]:
        upload = call.exports.reopen(self.file_path, MAX_FILE_BYTES)
        with upload or call.uploads.open(self.file_path, MAX_FILE_BYTES) as upload:
            rows = read_table(upload, IMPORT_COLUMNS)
        if len(rows) > MAX_ROWS:
            raise DataLimit(f"The file has more than {MAX_ROWS:,} rows.", "Import it in parts.")
        return rows

    async def _objects(
        self, call: Call, rows: list[SheetRow]
    ) -> tuple[list[tuple[SheetRow, StructureObject | AdsError]], list[RefusedRow]]:
        """Return the rows with their objects as they are now, and the rows that name none."""
        problems: list[RefusedRow] = []
        own_ids: list[tuple[SheetRow, str]] = []
        levels: dict[str, EntityType] = {}
        for row in rows:
            try:
                level, object_id = read_level(row), read_own_id(row)
                levels[object_id] = level
                own_ids.append((row, object_id))
            except RefusedCell as refusal:
                problems.append(RefusedRow(refusal.reason, row.line, refusal.column))
        objects = await self._read(call, levels, links=any(row.has(name) for row in rows for name in LINK_COLUMNS))
        return [(row, _of_account(objects[object_id], self.account_id)) for row, object_id in own_ids], problems

    async def _read(
        self, call: Call, levels: dict[str, EntityType], *, links: bool
    ) -> dict[str, StructureObject | AdsError]:
        reader = StructureReader(call, self.account_id, links)
        objects: dict[str, StructureObject | AdsError] = {}
        if len(levels) > MAX_BY_ID:
            for level in dict.fromkeys(levels.values()):
                items = await reader.read_level(level, _STATUSES, MAX_ROWS)
                objects |= {item.id: item for item in items if levels.get(item.id) == level}
        rest: dict[str, EntityType] = {object_id: levels[object_id] for object_id in levels if object_id not in objects}
        return objects | await reader.read_ids(rest)

    async def _steps(self, call: Call, account: Account, result: SheetDifferences) -> EditSteps:
        links = [edit.item for edit in result.edits if not set(LINK_COLUMNS).isdisjoint(edit.values)]
        creatives = list(dict.fromkeys(creative_id(item.row) for item in links))
        steps = EditSteps(account.id, CreativeSwaps(account.id, await read_creatives(call, account.id, creatives)))
        for edit in result.edits:
            try:
                _add_steps(steps, edit)
            except AdsError as problem:
                column = next((name for name in LINK_COLUMNS if name in edit.values), "")
                result.problems.append(RefusedRow(problem.message, edit.line, column, edit.item.id))
        return steps


def _exported_values(call: Call, account_id: str) -> Row:
    """Return what exported rows had, by row_version. Empty on a server without a folder for exports."""
    try:
        rows: Row = call.exports.read_state(state_name(account_id)).get("rows") or {}
    except Denied:
        return {}
    return rows


def _new_rows(rows: list[SheetRow]) -> tuple[list[tuple[SheetRow, EntityType]], list[SheetRow]]:
    """Return the rows of new objects with their levels, and all other rows. A wrong level is for the others."""
    new: list[tuple[SheetRow, EntityType]] = []
    others: list[SheetRow] = []
    for row in rows:
        try:
            level = None if row.has("id") or row.has("row_version") else read_level(row)
        except RefusedCell:
            level = None
        if level is None:
            others.append(row)
        else:
            new.append((row, level))
    return new, others


def _add_steps(steps: EditSteps, edit: SheetEdit) -> None:
    fields = EDITABLE[edit.item.level]
    params = {fields[name]: _param(name, value) for name, value in edit.values.items() if name not in LINK_COLUMNS}
    row = {**edit.item.row, "adlabels": _label_ids(edit.item.row.get("adlabels"))}
    if set(LINK_COLUMNS).isdisjoint(edit.values):
        steps.update(edit.item.level, row, params, edit.line)
    else:
        steps.update_ad(row, params, _link_values(edit), edit.line)


def _link_values(edit: SheetEdit) -> EditValues:
    """Return the new link and tags. Raises InvalidArguments for an address that is not a public web address."""
    try:
        return EditValues.model_validate({name: edit.values[name] for name in LINK_COLUMNS if name in edit.values})
    except ValidationError as problem:
        raise InvalidArguments(f"it is not usable: {problem.errors()[0]['msg']}") from None


def _param(column: str, value: Any) -> Any:
    if column == "labels":
        return [{"name": name} for name in value]
    return 0 if column == "end_time" and value == NONE else value


def _label_ids(labels: Any) -> list[Row]:
    """Return labels in the form in which Graph takes them back."""
    rows = labels if isinstance(labels, list) else []
    return [{"id": str(label["id"])} for label in rows if isinstance(label, dict) and "id" in label]


def _of_account(item: StructureObject | AdsError, account_id: str) -> StructureObject | AdsError:
    """Return the object, or an error for one of another account or kind."""
    owner = str(item.row.get("account_id") or "") if isinstance(item, StructureObject) else ""
    if owner and account_path(owner) != account_id:
        return InvalidArguments(f"It belongs to {account_path(owner)}, not to {account_id}.")
    return item


def _notes(rows: list[SheetRow], result: SheetDifferences) -> list[str]:
    count = len(rows)
    text = f"{count:,} {plural('row', count)} in the file: {len(result.edits)} changed, {result.unchanged} unchanged"
    return [f"{text}, {len(result.problems)} refused ({len(result.stale)} of them stale)."]


def _details(rows: list[SheetRow], result: SheetDifferences, count: int) -> Row:
    data: Row = {
        "file_rows": {
            "in_file": len(rows),
            "changed": len(result.edits),
            "new": count,
            "unchanged": result.unchanged,
            "refused": len(result.problems),
        }
    }
    return data | ({"stale": result.stale[:MAX_STALE_SHOWN]} if result.stale else {})
