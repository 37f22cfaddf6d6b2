"""Change many campaigns, ad sets and ads as one unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from meta_ads_mcp.core.nodes import ENTITY_KINDS, node_kind
from meta_ads_mcp.core.params import Local, exactly_one
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.units.unit_params import KeyedUnitParams
from meta_ads_mcp.core.units.unit_plan import MAX_UNIT_OBJECTS, RefusedRow, UnitPlan
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.core.values.text import with_article
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.bulk.budgets import MAX_CHECKED_MINOR, budget_of, change_by_percent, read_minimum
from meta_ads_mcp.tools.bulk.creative_swaps import CreativeSwaps, read_creatives
from meta_ads_mcp.tools.bulk.edit_plan import EditPlanner, ObjectToEdit
from meta_ads_mcp.tools.bulk.edits import EditValues, NamePattern, explain, read_rows
from meta_ads_mcp.tools.bulk.names import check_template, uses_parents
from meta_ads_mcp.tools.bulk.object_reads import (
    ReadTarget,
    is_of_account,
    is_of_kind,
    is_other_kind,
    read_for_changes,
)
from meta_ads_mcp.tools.bulk.object_selection import ObjectSelection, select_objects

_COMMON = "id account_id name status effective_status adlabels updated_time"
_FIELDS: dict[EntityType, str] = {
    "campaign": f"{_COMMON} daily_budget lifetime_budget bid_strategy spend_cap stop_time",
    "ad_set": f"{_COMMON} campaign_id daily_budget lifetime_budget bid_amount bid_strategy end_time",
    "ad": f"{_COMMON} adset_id campaign_id bid_amount creative",
}


@tool(
    "ads_bulk_update",
    Effect.UPDATE,
    singular="object",
    keywords="bulk many several all mass change edit pause budget percent rename label url utm landing page bid",
    destructive=True,
)
class BulkUpdate(KeyedUnitParams):
    """Change many campaigns, ad sets and ads with one confirmation and one undo: status, budget, bid, name, link, URL
    tags, labels. Give `edits` per object, or `select` and one `set` for all that match.

    Cuts are sent before raises, pauses before activations. A repeat with the same idempotency_key continues where the
    call stopped. To move budget with a constant sum call ads_shift_budget {account_id, level, from_ids, to_ids,
    percent, idempotency_key}; from_ids ["worst"], to_ids ["best"] are the ad sets of each campaign by cost per result.
    """

    account_id: AccountId
    edits: Annotated[
        list[Any] | None,
        Local(),
        Field(
            min_length=1,
            max_length=MAX_UNIT_OBJECTS,
            description="[{level: campaign | ad_set | ad, id, set: {…}}]",
            json_schema_extra={"items": {"type": "object"}},
        ),
    ] = None
    select: Annotated[ObjectSelection | None, Local()] = None
    set: Annotated[EditValues | None, Local()] = None
    rename: Annotated[
        NamePattern | None,
        Local(),
        Field(description="find and replace, or template, e.g. {campaign} | {name} | {n:02}, and start"),
    ] = None
    max_objects: Annotated[int, Local(), Field(ge=1, le=MAX_UNIT_OBJECTS)] = 50
    on_error: Annotated[Literal["stop", "continue"], Local()] = "stop"

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        if self.select is None and (self.set is not None or self.rename is not None):
            raise ValueError("set and rename go with select; each row of edits has its own set")
        if self.select is not None and self.set is None and self.rename is None:
            raise ValueError("select requires set or rename")
        return exactly_one(self, "edits", "select")

    async def plan_unit(self, call: Call) -> UnitPlan:
        """Read the objects, compute their new values, and refuse the rows that cannot get theirs."""
        account = await call.account(self.account_id)
        problems: list[RefusedRow] = []
        if self.select is not None:
            objects = await self._selected(call, self.select)
        else:
            objects, problems = await self._of_edits(call)
        planner = await self._planner(call, account, objects)
        planner.add(objects)
        rows = sorted([*problems, *planner.refused], key=lambda row: row.row or 0)
        return UnitPlan(
            self.account_id,
            list(planner.steps.values()),
            rows,
            planner.unchanged,
            notes=[*planner.swaps.notes(), *_note_names(planner)],
            stop_on_error=self.on_error == "stop",
        )

    # ---- which objects

    async def _selected(self, call: Call, selection: ObjectSelection) -> list[ObjectToEdit]:
        values = self._values_for_all()
        other = values.columns_of_other_levels(selection.level)
        if other:
            raise InvalidArguments(
                f"{with_article(_label(selection.level))} has no {', '.join(other)}.".capitalize(),
                "Select objects of another level, or leave it out.",
            )
        fields = _fields(selection.level, parents=uses_parents(values))
        node = ENTITY_KINDS[selection.level]
        rows = await select_objects(call, self.account_id, selection, node, fields, self.max_objects)
        return [ObjectToEdit(row, selection.level, values) for row in rows]

    def _values_for_all(self) -> EditValues:
        """Return the values of `set` with the pattern of `rename`. Raises InvalidArguments for two kinds of names."""
        columns = self.set.model_dump(exclude_none=True) if self.set else {}
        if self.rename is not None:
            columns["rename"] = self.rename.model_dump(exclude_none=True)
        try:
            values = EditValues.model_validate(columns)
        except ValidationError as invalid:
            reasons = "; ".join(reason for _, reason in explain(invalid))
            raise InvalidArguments(f"set and rename do not go together: {reasons}.") from None
        check_template(values.rename)
        return values

    async def _of_edits(self, call: Call) -> tuple[list[ObjectToEdit], list[RefusedRow]]:
        edits, problems = read_rows(self.edits or [])
        for edit in edits.values():
            check_template(edit.set.rename)
        targets = [
            ReadTarget(edit.id, edit.node, _fields(edit.level, parents=uses_parents(edit.set)))
            for edit in edits.values()
        ]
        answers = await read_for_changes(call, self.account_id, targets)
        objects: list[ObjectToEdit] = []
        for (number, edit), answer in zip(edits.items(), answers, strict=True):
            reason = _why_not(answer, edit.node, self.account_id)
            if reason or isinstance(answer, AdsError):
                problems.append(RefusedRow(reason or str(answer), number, "id", edit.id))
            else:
                objects.append(ObjectToEdit({**answer, "id": edit.id}, edit.level, edit.set, number))
        return objects, problems

    # ---- what else has to be read

    async def _planner(self, call: Call, account: Account, objects: Sequence[ObjectToEdit]) -> EditPlanner:
        with_links = [item for item in objects if item.values.link_url is not None or item.values.url_tags is not None]
        creatives = [
            str(item.row["creative"]["id"]) for item in with_links if isinstance(item.row.get("creative"), dict)
        ]
        sources = await read_creatives(call, self.account_id, list(dict.fromkeys(creatives)))
        swaps = CreativeSwaps(self.account_id, sources)
        minimum = await read_minimum(call, self.account_id) if any(map(_may_be_small, objects)) else 0
        labels = await self._read_labels(call) if any(item.values.add_labels for item in objects) else {}
        return EditPlanner(account, swaps, labels, minimum)

    async def _read_labels(self, call: Call) -> dict[str, str]:
        pages = call.graph.each_page(f"{self.account_id}/adlabels", fields=["id", "name"])
        return {str(row["name"]): str(row["id"]) async for page in pages for row in page}


def _fields(level: EntityType, *, parents: bool) -> list[str]:
    distinct = node_kind(ENTITY_KINDS[level]).distinct_field
    names = [*_FIELDS[level].split(), *([distinct] if distinct else [])]
    if parents:
        names += {"campaign": [], "ad_set": ["campaign{name}"], "ad": ["campaign{name}", "adset{name}"]}[level]
    return list(dict.fromkeys(names))


def _label(level: EntityType) -> str:
    return node_kind(ENTITY_KINDS[level]).label


def _why_not(answer: Row | AdsError, node: str, account_id: str) -> str | None:
    """Return why an object cannot be edited, or None."""
    label = node_kind(node).label
    if isinstance(answer, AdsError):
        other = f"It is not {with_article(label)} that this token can see"
        return other if is_other_kind(answer) else f"{answer.message} {answer.next_step}"
    if not is_of_kind(answer, node):
        return f"It is not {with_article(label)} that this token can see"
    return None if is_of_account(answer, account_id) else f"It belongs to another ad account than {account_id}"


def _may_be_small(item: ObjectToEdit) -> bool:
    """Return whether a new daily budget can be below the account's minimum, which then has to be read."""
    budget = budget_of(item.row)
    if budget is None or budget[0] != "daily_budget":
        return False
    if item.values.budget_change_percent is not None:
        return change_by_percent(budget[1], item.values.budget_change_percent) < MAX_CHECKED_MINOR
    amount = item.values.daily_budget
    return isinstance(amount, str) or (amount is not None and amount < MAX_CHECKED_MINOR)


def _note_names(planner: EditPlanner) -> list[str]:
    """Note new names that several objects get."""
    changes = [step.change for step in planner.steps.values() if step.change.effect is Effect.UPDATE]
    names = [str(change.after["name"]) for change in changes if "name" in change.after]
    twice = list(dict.fromkeys(name for name in names if names.count(name) > 1))
    return [f"{len(twice)} of the new names are given to more than one object, such as {twice[0]!r}."] if twice else []
