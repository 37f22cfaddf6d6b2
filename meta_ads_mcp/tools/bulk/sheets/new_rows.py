"""Plan the new objects of a structure file: rows without an id, each after a template of the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.unit_plan import RefusedRow, UnitStep, id_of_step
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.ids import account_path
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.domain.copying import is_set, read_source, require_copyable, writable_ad_set
from meta_ads_mcp.domain.preflight import with_advantage_audience
from meta_ads_mcp.errors import AdsError
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
from meta_ads_mcp.tools.bulk.sheets.differences import RefusedCell
from meta_ads_mcp.tools.bulk.sheets.structure_columns import EDITABLE, PARENT_FIELD, split_labels
from meta_ads_mcp.tools.bulk.sheets.table_file import SheetRow

MAX_NEW_ROWS = 200
_EDGES: dict[EntityType, str] = {"campaign": "campaigns", "ad_set": "adsets", "ad": "ads"}
_AMOUNTS = ("daily_budget", "lifetime_budget", "bid_amount")
# What a new campaign takes of its template, and a new ad.
_OF_CAMPAIGN = ("objective", "special_ad_categories", "special_ad_category_country", "buying_type", "bid_strategy")
_OF_AD = ("tracking_specs", "conversion_domain")
# Columns of other levels, and those that a new object cannot have.
_NOT_FOR_NEW = ("budget_change_percent", "link_url", "url_tags", "row_version")


@dataclass
class NewRows:
    """Plan the steps of new rows, in the order of the file: a row can stand below a new one by its `ref`."""

    call: Call
    account: Account
    steps: list[UnitStep] = field(default_factory=list)
    problems: list[RefusedRow] = field(default_factory=list)
    _refs: dict[str, EntityType] = field(default_factory=dict)
    _templates: dict[str, Row | AdsError] = field(default_factory=dict)

    async def add(self, rows: Sequence[tuple[SheetRow, EntityType]]) -> None:
        """Plan rows with their levels, campaigns first. A row that cannot be created is refused with its column."""
        for level in _EDGES:
            for row, own_level in rows:
                if own_level == level:
                    await self._add(row, level)

    async def _add(self, row: SheetRow, level: EntityType) -> None:
        try:
            params, needs = await self._params(row, level)
        except RefusedCell as refusal:
            self.problems.append(RefusedRow(refusal.reason, row.line, refusal.column))
            return
        except DamagedCell as damage:
            self.problems.append(RefusedRow(str(damage), row.line))
            return
        key = self._key(row, level)
        self.steps.append(UnitStep(key, self._change(level, params, is_first=not needs), needs, row=row.line))

    def _key(self, row: SheetRow, level: EntityType) -> str:
        ref = unprotect(row.cell("ref").text).strip()
        if ref:
            self._refs[ref] = level
        return f"new:{ref}" if ref else f"new:{row.line}"

    async def _params(self, row: SheetRow, level: EntityType) -> tuple[Row, tuple[str, ...]]:
        """Return the parameters of the new object, and the step of its parent if that is new."""
        if not row.has("name"):
            raise RefusedCell("name", "a new object needs a name")
        for column in _NOT_FOR_NEW:
            if row.has(column):
                raise RefusedCell(column, "a new object cannot have it; empty the cell, or change it afterwards")
        ref = unprotect(row.cell("ref").text).strip()
        if ref in self._refs:
            raise RefusedCell("ref", f"another row has the ref {ref[:40]}")
        if row.has("status") and read_word(row.cell("status")) != "PAUSED":
            raise RefusedCell("status", "a new object is created PAUSED; write PAUSED or empty the cell")
        params = {**await self._of_template(row, level), **self._values(row, level), "status": "PAUSED"}
        parent, needs = self._parent(row, level)
        return self._complete(level, row, params | parent), needs

    def _values(self, row: SheetRow, level: EntityType) -> Row:
        values: Row = {}
        for column, name in EDITABLE[level].items():
            if row.has(column) and column != "status":
                try:
                    values[name] = self._value(column, row.cell(column))
                except DamagedCell as damage:
                    raise RefusedCell(column, str(damage)) from None
        return values

    def _value(self, column: str, cell: SheetCell) -> Any:
        if column in _AMOUNTS:
            return read_money(cell, self.account.currency, None)
        if column.endswith("_time"):
            return read_time(cell, self.account.timezone, None)
        if column == "bid_strategy":
            return read_word(cell)
        text = read_text(cell, "")
        return [{"name": name} for name in split_labels(text)] if column == "labels" else text

    def _parent(self, row: SheetRow, level: EntityType) -> tuple[Row, tuple[str, ...]]:
        if level == "campaign":
            return {}, ()
        name, text = PARENT_FIELD[level], unprotect(row.cell("parent_ref").text).strip()
        above: EntityType = "campaign" if level == "ad_set" else "ad_set"
        if text in self._refs:
            if self._refs[text] != above:
                raise RefusedCell("parent_ref", f"the row with the ref {text[:40]} is not the {above} above it")
            return {name: id_of_step(f"new:{text}")}, (f"new:{text}",)
        try:
            return {name: read_id(row.cell("parent_ref"), None)}, ()
        except DamagedCell as damage:
            raise RefusedCell("parent_ref", f"{damage}, or the ref of a new row") from None

    async def _of_template(self, row: SheetRow, level: EntityType) -> Row:
        if not row.has("template_id"):
            if level == "campaign":
                return {}
            raise RefusedCell("template_id", "a new ad set or ad needs an object whose settings it takes")
        try:
            template_id = read_id(row.cell("template_id"), None)
        except DamagedCell as damage:
            raise RefusedCell("template_id", str(damage)) from None
        source = await self._template(template_id, level)
        if isinstance(source, AdsError):
            raise RefusedCell("template_id", source.message)
        if level == "ad_set":
            params = writable_ad_set(source, self.call.now())
            return {name: value for name, value in params.items() if name not in ("adlabels", "campaign_id")}
        names = _OF_CAMPAIGN if level == "campaign" else _OF_AD
        params = {name: source[name] for name in names if is_set(source.get(name))}
        return params | ({"creative": {"creative_id": str(source["creative"]["id"])}} if level == "ad" else {})

    async def _template(self, template_id: str, level: EntityType) -> Row | AdsError:
        """Return an object of the account of this level, or why it cannot be a template."""
        key = f"{level}:{template_id}"
        if key not in self._templates:
            self._templates[key] = await self._read_template(template_id, level)
        return self._templates[key]

    async def _read_template(self, template_id: str, level: EntityType) -> Row | AdsError:
        node = ENTITY_KINDS[level]
        try:
            source = await read_source(self.call, node, template_id, ("account_id",))
            require_copyable(node, source)
        except AdsError as problem:
            return problem
        required = {"campaign": "objective", "ad_set": "optimization_goal", "ad": "creative"}[level]
        if account_path(str(source.get("account_id"))) != self.account.id or not source.get(required):
            return AdsError(f"{template_id} is not an object of this level in {self.account.id}")
        return source

    def _complete(self, level: EntityType, row: SheetRow, params: Row) -> Row:
        """Return the parameters with what Graph requires. Raises RefusedCell for what nobody gave."""
        budgets = [name for name in ("daily_budget", "lifetime_budget") if row.has(name)]
        if len(budgets) > 1:
            raise RefusedCell("lifetime_budget", "give a daily or a lifetime budget, not both")
        if budgets:  # in place of the budget of the template
            params = {
                key: value
                for key, value in params.items()
                if key not in {"daily_budget", "lifetime_budget"} - {*budgets}
            }
        if level == "campaign":
            if row.has("objective"):
                params["objective"] = read_word(row.cell("objective"))
            if "objective" not in params:
                raise RefusedCell("objective", "a new campaign needs an objective, or a template_id")
            params.setdefault("special_ad_categories", [])
            if not budgets:
                params.pop("bid_strategy", None)
                params["is_adset_budget_sharing_enabled"] = False
        if level == "ad_set":
            params["targeting"] = with_advantage_audience(params.get("targeting") or {})
            if row.has("start_time"):
                params["start_time"] = read_time(row.cell("start_time"), self.account.timezone, None)
        return params

    def _change(self, level: EntityType, params: Row, *, is_first: bool) -> Change:
        path = f"{self.account.id}/{_EDGES[level]}"
        creative: Mapping[str, Any] = params.get("creative") or {}
        after = {**params, **({"creative": creative["creative_id"]} if creative else {})}
        return Change(
            Effect.CREATE,
            Request("POST", path, params, account=self.account.id, repeatable=False, write=True),
            ENTITY_KINDS[level],
            after=after,
            readable=tuple(name for name in after if name != "adlabels"),
            parent=self.account.id,
            edge=_EDGES[level],
            validate_only=is_first,
            title=str(params["name"]),
        )
