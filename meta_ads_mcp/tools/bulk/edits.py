"""Define the edits of a bulk update: the values of `set`, and the rows of `edits` with a reason for each bad one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.params import Closed, opaque_object
from meta_ads_mcp.core.units.unit_plan import RefusedRow
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.enums import BidStrategy, EntityType
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.core.values.money import Money
from meta_ads_mcp.core.values.text import with_article
from meta_ads_mcp.web.addresses import PublicUrl

MAX_NAME_CHARS = 400
Label = Annotated[str, Field(min_length=1, max_length=200)]
# Columns that only some levels have.
_LEVELS: dict[str, tuple[EntityType, ...]] = {
    "daily_budget": ("campaign", "ad_set"),
    "lifetime_budget": ("campaign", "ad_set"),
    "budget_change_percent": ("campaign", "ad_set"),
    "budget_max": ("campaign", "ad_set"),
    "bid_amount": ("ad_set", "ad"),
    "bid_strategy": ("campaign", "ad_set"),
    "end_time": ("campaign", "ad_set"),
    "link_url": ("ad",),
    "url_tags": ("ad",),
}


class NameReplacement(Closed):
    """A text in names, and what takes its place."""

    find: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]
    replace: Annotated[str, Field(max_length=MAX_NAME_CHARS)]


class NamePattern(Closed):
    """How new names are made: find and replace, or a template with a number that starts at `start`."""

    find: Annotated[str | None, Field(min_length=1, max_length=MAX_NAME_CHARS)] = None
    replace: Annotated[str | None, Field(max_length=MAX_NAME_CHARS)] = None
    template: Annotated[str | None, Field(min_length=1, max_length=MAX_NAME_CHARS)] = None
    start: Annotated[int, Field(ge=0, le=100_000)] = 1

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if (self.find is None) != (self.replace is None) or (self.find is None) == (self.template is None):
            raise ValueError("give find and replace, or template with start")
        return self


class EditValues(Closed):
    """The values that an object gets. What is left out stays."""

    model_config = ConfigDict(
        json_schema_extra=opaque_object(
            "status, name, name_replace {find, replace}, daily_budget, lifetime_budget, budget_change_percent, "
            "budget_max (no raise above it), bid_amount, bid_strategy, end_time, link_url, url_tags, add_labels, "
            "remove_labels"
        )
    )

    status: Literal["ACTIVE", "PAUSED", "ARCHIVED"] | None = None
    name: Annotated[str | None, Field(min_length=1, max_length=MAX_NAME_CHARS)] = None
    name_replace: NameReplacement | None = None
    rename: NamePattern | None = None
    daily_budget: Money | None = None
    lifetime_budget: Money | None = None
    budget_change_percent: Annotated[float | None, Field(gt=-100, le=1000)] = None
    budget_max: Money | None = None
    bid_amount: Money | None = None
    bid_strategy: BidStrategy | None = None
    end_time: Moment | None = None
    link_url: PublicUrl | None = None
    url_tags: Annotated[str | None, Field(max_length=1000)] = None
    add_labels: Annotated[list[Label] | None, Field(min_length=1, max_length=20)] = None
    remove_labels: Annotated[list[Label] | None, Field(min_length=1, max_length=20)] = None

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("give at least one value")
        budgets = [self.daily_budget, self.lifetime_budget, self.budget_change_percent]
        if sum(value is not None for value in budgets) > 1:
            raise ValueError("give only one of daily_budget, lifetime_budget or budget_change_percent")
        if self.budget_max is not None and self.budget_change_percent is None:
            raise ValueError("budget_max goes with budget_change_percent")
        if sum(value is not None for value in (self.name, self.name_replace, self.rename)) > 1:
            raise ValueError("give only one of name, name_replace or rename")
        return self

    def columns_of_other_levels(self, level: EntityType) -> list[str]:
        """Return the given columns that an object of this level does not have."""
        return [name for name in self.model_dump(exclude_none=True) if level not in _LEVELS.get(name, (level,))]


class ObjectEdit(Closed):
    """A row of `edits`."""

    level: EntityType
    id: ObjectId
    set: EditValues

    @property
    def node(self) -> str:
        """Return the SDK class of the object."""
        return ENTITY_KINDS[self.level]


def read_rows(rows: Sequence[Any]) -> tuple[dict[int, ObjectEdit], list[RefusedRow]]:
    """Return the valid rows by their number, from 1, and a reason for each of the others."""
    edits: dict[int, ObjectEdit] = {}
    rows_with_problems: list[RefusedRow] = []
    row_of: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        problems = _problems(row, number)
        if not problems:
            edit = ObjectEdit.model_validate(row)
            if edit.id in row_of:
                problems = [RefusedRow(f"The object is in row {row_of[edit.id]} already", number, "id", edit.id)]
            else:
                row_of[edit.id] = number
                edits[number] = edit
        rows_with_problems += problems
    return edits, rows_with_problems


def _problems(row: Any, number: int) -> list[RefusedRow]:
    object_id = str(row.get("id") or "")[:40] if isinstance(row, dict) else ""
    try:
        edit = ObjectEdit.model_validate(row)
    except ValidationError as invalid:
        return [RefusedRow(reason, number, column, object_id) for column, reason in explain(invalid)]
    return [
        RefusedRow(f"{_with_article(edit.level)} has no {column}", number, column, object_id)
        for column in edit.set.columns_of_other_levels(edit.level)
    ]


def _with_article(level: EntityType) -> str:
    return with_article(level.replace("_", " ")).capitalize()


def explain(invalid: ValidationError) -> list[tuple[str, str]]:
    """Return (column, reason) for each problem of a row."""
    problems: dict[str, str] = {}
    for problem in invalid.errors(include_url=False, include_input=False):
        place = tuple(part for part in problem["loc"] if isinstance(part, str))
        column = ".".join(place[1:] if place[:1] == ("set",) and len(place) > 1 else place)
        problems.setdefault(column, _reason(problem))
    return list(problems.items())


_ROW_FORM = '{"level": "campaign", "id": "…", "set": {"daily_budget": "50.00 USD"}}'


def _reason(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        if problem["loc"][-1] in EditValues.model_fields:
            return f"It belongs inside set: {_ROW_FORM}"
        return f"There is no such column; known in set are {', '.join(EditValues.model_fields)}"
    if problem["type"] == "missing":
        return "It is required"
    if problem["type"] == "literal_error":
        return f"It takes {problem['ctx']['expected']}"
    text = str(problem["msg"]).removeprefix("Value error, ")
    return text[:1].upper() + text[1:]
