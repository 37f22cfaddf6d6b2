"""Write the structure of an account to a file that can be edited in a spreadsheet and imported again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.ids import AccountId, CampaignId
from meta_ads_mcp.errors import DataLimit
from meta_ads_mcp.tools.bulk.sheets.cells import protect
from meta_ads_mcp.tools.bulk.sheets.structure import StructureReader, in_tree_order
from meta_ads_mcp.tools.bulk.sheets.structure_columns import (
    COLUMNS,
    EDITABLE,
    LEVELS,
    LINK_COLUMNS,
    Column,
    StructureObject,
)

MAX_ROWS = 20_000
MAX_REMEMBERED_ROWS = 40_000
# Columns without which a file cannot be imported again.
_REQUIRED = ("level", "id", "parent_ref", "row_version")
# Columns whose cells another program or person chose, so that a spreadsheet may convert them.
_FREE_TEXT = ("name", "link_url", "url_tags", "labels")
_AMOUNTS = ("daily_budget", "lifetime_budget", "bid_amount")


@tool(
    "ads_export_structure",
    Effect.READ,
    singular="object",
    keywords="spreadsheet csv xlsx excel file download bulk edit round trip",
)
class ExportStructure(Params):
    """Write the campaigns, ad sets and ads of an account to a private CSV or XLSX file, to edit and import with
    ads_import_structure. The answer has the path and the counts."""

    account_id: AccountId
    levels: Annotated[list[EntityType], Field(min_length=1, max_length=3)] = list(LEVELS)
    campaign_ids: Annotated[list[CampaignId] | None, Field(min_length=1, max_length=50)] = None
    status_filter: Annotated[
        list[Literal["ACTIVE", "PAUSED", "ARCHIVED"]], Field(min_length=1, max_length=3, description="Own status")
    ] = ["ACTIVE", "PAUSED"]
    columns: Annotated[list[Column] | None, Field(min_length=1, max_length=20)] = None
    format: Literal["csv", "xlsx"] = "csv"
    max_rows: Annotated[int, Field(ge=1, le=MAX_ROWS)] = 5000

    async def run(self, call: Call) -> Result:
        account = await call.account(self.account_id)
        columns = [name for name in COLUMNS if self.columns is None or name in {*self.columns, *_REQUIRED}]
        objects = await self._read(call, links=not set(LINK_COLUMNS).isdisjoint(columns))
        moment = call.now().astimezone(account.timezone)
        export = call.exports.open(f"structure_{self.account_id}_{moment:%Y%m%dT%H%M%S}", self.format, for_editing=True)
        try:
            await export.write([self._cells(item, columns, account) for item in objects])
            file = await export.finish()
        finally:
            export.discard()
        remember_values(call, account, objects)
        counts = {level: sum(item.level == level for item in objects) for level in self.levels}
        data: Row = {
            "path": file.path,
            "rows_per_level": counts,
            "columns": columns,
            "currency": account.currency,
            "sha256": file.sha256,
            "snapshot_time": moment.isoformat(timespec="seconds"),
            "next_step": "Edit the file in a spreadsheet, then show its differences with ads_import_structure.",
        }
        notes = ["An empty cell leaves a value as it is, NONE clears an end time, and a missing row changes nothing."]
        return Result(f"{len(objects):,} rows of {self.account_id} in {file.path}.", data, notes=notes, files=(file,))

    async def _read(self, call: Call, *, links: bool) -> list[StructureObject]:
        reader = StructureReader(call, self.account_id, links, self.campaign_ids or ())
        objects: list[StructureObject] = []
        for level in LEVELS:
            if level in self.levels:
                objects += await reader.read_level(level, self.status_filter, self.max_rows - len(objects))
                await call.progress(len(objects), None, f"{len(objects)} rows")
            if len(objects) > self.max_rows:
                raise DataLimit(
                    f"There are more than {self.max_rows:,} rows.", "Give campaign_ids, levels, or a higher max_rows."
                )
        return in_tree_order(objects)

    def _cells(self, item: StructureObject, columns: Sequence[str], account: Account) -> Row:
        return {name: self._cell(name, item.value(name, account)) for name in columns}

    def _cell(self, column: str, text: str) -> Any:
        """Return a cell: amounts are numbers in a workbook, texts keep what a spreadsheet would convert."""
        if column in _AMOUNTS and text and self.format == "xlsx":
            return float(text)
        return protect(text) if column in _FREE_TEXT else text or None


def remember_values(call: Call, account: Account, objects: Sequence[StructureObject]) -> None:
    """Store what the rows of the last files had, so that an import can tell the edits of a stale row."""
    name = state_name(account.id)
    rows: Row = call.exports.read_state(name).get("rows") or {}
    for item in objects:
        rows[item.version] = {column: item.value(column, account) for column in EDITABLE[item.level]}
    latest = list(rows)[-MAX_REMEMBERED_ROWS:]
    call.exports.write_state(name, {"rows": {version: rows[version] for version in latest}})


def state_name(account_id: str) -> str:
    """Return the name under which the values of exported rows are stored."""
    return f"structure_{account_id}"
