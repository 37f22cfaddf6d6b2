"""Turn the edits of a bulk update into steps: values before and after for each object, or the reason why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.unit_plan import RefusedRow, UnchangedObject, UnitStep, id_of_step
from meta_ads_mcp.core.values.dates import to_unix
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.values.money import format_money, money, to_minor
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.bulk.budgets import BUDGETS, below_minimum, budget_of, change_by_percent, without_budget
from meta_ads_mcp.tools.bulk.creative_swaps import REASON, CreativeSwaps
from meta_ads_mcp.tools.bulk.edits import EditValues
from meta_ads_mcp.tools.bulk.names import name_problem, new_name
from meta_ads_mcp.tools.bulk.object_reads import update_request

_ENDED = ("ARCHIVED", "DELETED")


class RowProblem(Exception):
    """Say why an object cannot get the values: the column, and the reason."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


@dataclass(frozen=True)
class ObjectToEdit:
    """An object with the values that it gets: its row of Graph, its level, and the number of its input row."""

    row: Row
    level: EntityType
    values: EditValues
    number: int | None = None


@dataclass
class EditPlanner:
    """Plan the steps of one call. `labels` maps the names of the account's labels to their ids."""

    account: Account
    swaps: CreativeSwaps
    labels: Mapping[str, str]
    minimum: int = 0
    steps: dict[str, UnitStep] = field(default_factory=dict)
    refused: list[RefusedRow] = field(default_factory=list)
    unchanged: list[UnchangedObject] = field(default_factory=list)

    def add(self, objects: Sequence[ObjectToEdit]) -> None:
        """Plan the steps of the objects. Objects that cannot get their values are refused, with the reason."""
        for index, item in enumerate(objects):
            name = str(item.row.get("name") or "")
            try:
                self._add(item, name, index)
            except RowProblem as problem:
                self.refused.append(RefusedRow(problem.reason, item.number, problem.column, item.row["id"], name))

    def _add(self, item: ObjectToEdit, name: str, index: int) -> None:
        row, node = item.row, ENTITY_KINDS[item.level]
        values = {**self._plain_values(item, index), **self._budget(item), **self._labels(item)}
        values = {key: value for key, value in values.items() if not _has(row, key, value)}
        helper = self._creative(item)
        if helper is not None:
            values["creative"] = id_of_step(helper.key)
        if not values:
            self.unchanged.append(UnchangedObject(row["id"], name))
            return
        _require_editable(row, values)
        needs = [step.key for step in (helper, *self._new_labels(values, row["id"])) if step is not None]
        before = {key: _before(row, key) for key in values}
        params = {**values, **({"creative": {"creative_id": values["creative"]}} if helper else {})}
        change = Change(
            Effect.UPDATE,
            update_request(
                self.account.id,
                row["id"],
                params,
                budget_change=node == "AdSet" and not values.keys().isdisjoint(BUDGETS),
            ),
            node,
            object_id=row["id"],
            before=before,
            after=values,
            readable=tuple(values),
            title=name,
            reasons=(REASON,) if helper is not None and row.get("status") != "ACTIVE" else (),
            validate_only=True,
            context={key: row[key] for key in ("id", "status", "end_time", "stop_time", "bid_strategy") if key in row},
        )
        if helper is not None:
            self.steps.setdefault(helper.key, helper)
        self.steps[row["id"]] = UnitStep(row["id"], change, tuple(needs), row=item.number)

    def _plain_values(self, item: ObjectToEdit, index: int) -> Row:
        values: Row = {}
        set_ = item.values
        name = new_name(set_, item.row, item.level, index)
        if name is not None:
            problem = name_problem(name)
            if problem:
                raise RowProblem("name", problem)
            values["name"] = name
        if set_.status is not None:
            values["status"] = set_.status
        if set_.bid_strategy is not None:
            values["bid_strategy"] = set_.bid_strategy
        if set_.bid_amount is not None:
            values["bid_amount"] = str(self._minor("bid_amount", set_.bid_amount))
        if set_.end_time is not None:
            column = "stop_time" if item.level == "campaign" else "end_time"
            values[column] = to_unix(set_.end_time, self.account.timezone)
        return values

    def _budget(self, item: ObjectToEdit) -> Row:
        """Return the new budget. Raises RowProblem for an object without a budget of this kind."""
        values = item.values
        amounts = [(name, value) for name in BUDGETS if (value := getattr(values, name)) is not None]
        if not amounts and values.budget_change_percent is None:
            return {}
        column = amounts[0][0] if amounts else "budget_change_percent"
        budget = budget_of(item.row)
        if budget is None:
            raise RowProblem(column, without_budget(item.row, item.level))
        name, old = budget
        if amounts and amounts[0][0] != name:
            raise RowProblem(
                column, f"It has a {name.replace('_', ' ')}, and Meta does not change the kind of a budget"
            )
        if amounts:
            new = self._minor(column, amounts[0][1])
        else:
            new = self._up_to_maximum(old, change_by_percent(old, values.budget_change_percent or 0), values)
            if new == old:
                raise RowProblem(column, "The percentage changes nothing at this budget")
        problem = below_minimum(new, self.minimum, self.account.currency) if name == "daily_budget" else None
        if new <= 0 or problem:
            raise RowProblem(column, problem or "A budget is more than 0")
        return {name: str(new)}

    def _up_to_maximum(self, old: int, new: int, values: EditValues) -> int:
        """Return the new budget, at most the maximum for a raise. Raises RowProblem for a budget that is there now."""
        if values.budget_max is None or new <= old:
            return new
        most = self._minor("budget_max", values.budget_max)
        if old >= most:
            amounts = [format_money(money(value, self.account.currency)) for value in (old, most)]
            raise RowProblem("budget_max", f"It has {amounts[0]} already, and budget_max is {amounts[1]}")
        return min(new, most)

    def _minor(self, column: str, value: int | str) -> int:
        try:
            return to_minor(value, self.account.currency)
        except InvalidArguments as problem:
            raise RowProblem(column, f"{problem.message} {problem.next_step}") from None

    def _labels(self, item: ObjectToEdit) -> Row:
        """Return the whole new list of labels, because an update replaces the list."""
        add, remove = item.values.add_labels or [], item.values.remove_labels or []
        if not add and not remove:
            return {}
        present = {str(label.get("name")): label for label in item.row.get("adlabels") or ()}
        names = [name for name in dict.fromkeys([*present, *add]) if name not in remove]
        if names == list(present):
            return {}
        ids = {**self.labels, **{name: str(label.get("id")) for name, label in present.items()}}
        return {"adlabels": [{"id": ids[name] if name in ids else id_of_step(f"label:{name}")} for name in names]}

    def _new_labels(self, values: Row, object_id: str) -> list[UnitStep]:
        """Return the steps that create the labels which the account does not have."""
        references = [label["id"] for label in values.get("adlabels") or () if isinstance(label["id"], dict)]
        steps = []
        for reference in references:
            (key,) = reference.values()
            if key not in self.steps:
                self.steps[key] = UnitStep(key, self._label_change(key.removeprefix("label:")), item=object_id)
            steps.append(self.steps[key])
        return steps

    def _label_change(self, name: str) -> Change:
        path = f"{self.account.id}/adlabels"
        return Change(
            Effect.CREATE,
            Request("POST", path, {"name": name}, account=self.account.id, repeatable=False, write=True),
            "AdLabel",
            after={"name": name},
            readable=("name",),
            title=name,
            parent=self.account.id,
            edge="adlabels",
        )

    def _creative(self, item: ObjectToEdit) -> UnitStep | None:
        if item.values.link_url is None and item.values.url_tags is None:
            return None
        column = "link_url" if item.values.link_url is not None else "url_tags"
        creative = item.row.get("creative")
        if not isinstance(creative, Mapping):
            raise RowProblem(column, "This token cannot see the creative of the ad")
        try:
            return self.swaps.plan(str(creative["id"]), item.values, item.row["id"])
        except AdsError as problem:
            raise RowProblem(column, f"{problem.message} {problem.next_step}") from None


def _has(row: Mapping[str, Any], key: str, value: Any) -> bool:
    """Return whether an object has the value already."""
    return key != "adlabels" and row.get(key) not in (None, "") and same_value(row[key], value)


def _before(row: Mapping[str, Any], key: str) -> Any:
    if key == "creative":
        return str(row["creative"]["id"])
    if key == "adlabels":
        return [{"id": str(label["id"])} for label in row.get("adlabels") or ()]
    return row.get(key)


def _require_editable(row: Mapping[str, Any], values: Row) -> None:
    """Raise RowProblem for an archived or deleted object, of which Meta changes the name alone."""
    if row.get("status") in _ENDED and values.keys() - {"name"}:
        raise RowProblem("id", f"It is {str(row['status']).lower()}, so that only its name can change")
