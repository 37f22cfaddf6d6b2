"""Move money between campaigns or ad sets, with a constant sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.params import Local, exactly_one
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Final, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.units.unit_params import KeyedUnitParams
from meta_ads_mcp.core.units.unit_plan import UnitPlan, UnitStep
from meta_ads_mcp.core.values.ids import AccountId, ObjectId
from meta_ads_mcp.core.values.money import Money, format_money, money, to_minor
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.bulk.budgets import MAX_CHECKED_MINOR, BudgetField, budget_of, read_minimum, without_budget
from meta_ads_mcp.tools.bulk.object_reads import read_objects_of_kind, update_request
from meta_ads_mcp.tools.bulk.ranked_ad_sets import rank_ad_sets, read_costs
from meta_ads_mcp.tools.bulk.shifts import Split, amounts_to_take, groups_of, shares

_COMMON = "id account_id name status effective_status daily_budget lifetime_budget budget_remaining".split()
_MORE = {"campaign": ["stop_time"], "ad_set": ["campaign_id", "end_time", "learning_stage_info"]}
_AVERAGES = (
    "The costs are averages of the last 14 days. What more money would bring is not known: Graph has no outcome curve."
)
WORST, BEST = "worst", "best"


def _rank_or_id(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    return value if value in (WORST, BEST) else validate(value)


RankedId = Annotated[
    ObjectId, WrapValidator(_rank_or_id), Field(json_schema_extra={"pattern": f"^([0-9]+|{WORST}|{BEST})$"})
]


@dataclass(frozen=True)
class BudgetMove:
    """The budget of one object before and after. `needs` are the ids of the cuts that a raise waits for."""

    row: Row
    before: int
    after: int
    needs: tuple[str, ...] = ()


@tool(
    "ads_shift_budget",
    Effect.UPDATE,
    singular="object",
    keywords="move budget reallocate from worst to best ad set campaign constant sum",
)
class ShiftBudget(KeyedUnitParams):
    """Move money between campaigns or ad sets while the sum stays the same. One confirmation, one undo.

    from_ids=["worst"] with to_ids=["best"] picks the ad sets of each campaign by cost per result. If both
    sides are ad sets of the same campaigns, the money stays within each campaign.
    """

    account_id: AccountId
    level: Annotated[Literal["campaign", "ad_set"], Local()]
    from_ids: Annotated[
        list[RankedId], Local(), Field(min_length=1, max_length=20, description='["worst"]: that of each campaign')
    ]
    to_ids: Annotated[list[RankedId], Local(), Field(min_length=1, max_length=20, description='["best"] for ["worst"]')]
    amount: Annotated[Money | None, Local(), Field(description='In all, such as "50.00 EUR"')] = None
    percent: Annotated[float | None, Local(), Field(ge=1, le=90, description="Of the budgets of from_ids")] = None
    split: Annotated[Split, Local()] = "proportional"
    min_remaining: Annotated[Money | None, Local(), Field(description="No source falls below this")] = None
    context: Annotated[bool, Local(), Field(description="Show the cost per result of both sides")] = True

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        both = set(self.from_ids) & set(self.to_ids)
        if both:
            raise ValueError(f"{min(both)} is in from_ids and in to_ids")
        if {WORST, BEST} & {*self.from_ids, *self.to_ids}:
            if (self.from_ids, self.to_ids) != ([WORST], [BEST]):
                raise ValueError('from_ids=["worst"] goes with to_ids=["best"] and no other ids')
            if self.level != "ad_set" or self.percent is None:
                raise ValueError("worst and best are ad sets of the same campaign: give level=ad_set and percent")
        return exactly_one(self, "amount", "percent")

    async def plan_unit(self, call: Call) -> UnitPlan:
        """Compute the cuts and the raises. Raises InvalidArguments when the sum could not stay the same."""
        account = await call.account(self.account_id)
        if self.from_ids != [WORST]:
            return await self.plan_moves(call, account)
        ranked = await rank_ad_sets(call, account)
        call.note(ranked.note())
        args = self.model_copy(update={"from_ids": ranked.worst, "to_ids": ranked.best})
        return await args.plan_moves(call, account)

    async def plan_moves(self, call: Call, account: Account) -> UnitPlan:
        """Return the unit for ids that are known."""
        rows = await self._read(call)
        kind = self._kind_of_budget(rows)
        floor = await self._floor(call, account, rows, kind)
        moves = self._moves(account, rows, floor)
        notes = [f"{row['name']} is in the learning phase." for row in rows.values() if _is_learning(row)]
        costs = await self._costs(call, account) if self.context else {}
        return UnitPlan(
            self.account_id,
            [self._step(kind, move) for move in moves],
            notes=[*notes, *([_AVERAGES] if costs else []), "Large moves can restart the learning phase."],
            details={"shift": _table(moves, account.currency, costs)},
            reasons=("it moves budget to other objects",),
            stop_on_error=True,
            keeps_sum=True,
        )

    async def _read(self, call: Call) -> dict[str, Row]:
        ids = list(dict.fromkeys([*self.from_ids, *self.to_ids]))
        node = ENTITY_KINDS[self.level]
        rows = await read_objects_of_kind(call, self.account_id, node, ids, [*_COMMON, *_MORE[self.level]])
        return {row["id"]: row for row in rows}

    def _kind_of_budget(self, rows: Mapping[str, Row]) -> BudgetField:
        """Return the kind of budget that all objects have. Raises InvalidArguments for none, and for mixed ones."""
        kinds: dict[BudgetField, list[str]] = {}
        for object_id, row in rows.items():
            budget = budget_of(row)
            if budget is None:
                raise InvalidArguments(f"{without_budget(row, self.level)}. Nothing was changed.", "Leave it out.")
            kinds.setdefault(budget[0], []).append(object_id)
        if len(kinds) > 1:
            text = "; ".join(f"{kind.replace('_', ' ')}: {', '.join(ids)}" for kind, ids in kinds.items())
            raise InvalidArguments(
                f"Daily and lifetime budgets cannot be mixed ({text}). Nothing was changed.",
                "Move money between budgets of one kind.",
            )
        return next(iter(kinds))

    async def _floor(self, call: Call, account: Account, rows: Mapping[str, Row], kind: BudgetField) -> int:
        """Return what a source keeps at least: `min_remaining`, the account's minimum, or a minor unit."""
        least = 1 if self.min_remaining is None else to_minor(self.min_remaining, account.currency)
        smallest = min(_minor(rows[object_id]) for object_id in self.from_ids)
        may_be_small = smallest * (1 - (self.percent or 100) / 100) < MAX_CHECKED_MINOR
        if kind == "daily_budget" and may_be_small:
            least = max(least, await read_minimum(call, self.account_id))
        return least

    def _moves(self, account: Account, rows: Mapping[str, Row], floor: int) -> list[BudgetMove]:
        budgets = {object_id: _minor(row) for object_id, row in rows.items()}
        parents = {object_id: str(row.get("campaign_id") or "") for object_id, row in rows.items()}
        groups: Sequence[tuple[list[str], list[str]]] = [(list(self.from_ids), list(self.to_ids))]
        if self.amount is None:
            groups = groups_of({key: parents[key] for key in self.from_ids}, {key: parents[key] for key in self.to_ids})
        amount = None if self.amount is None else to_minor(self.amount, account.currency)
        moves: list[BudgetMove] = []
        for sources, targets in groups:
            source_budgets = {key: budgets[key] for key in sources}
            takes = amounts_to_take(source_budgets, floor, self.split, amount=amount, percent=self.percent)
            gains = shares(sum(takes.values()), {key: budgets[key] for key in targets}, self.split)
            cuts = [BudgetMove(rows[key], budgets[key], budgets[key] - take) for key, take in takes.items() if take]
            needs = tuple(str(cut.row["id"]) for cut in cuts)
            raises = [BudgetMove(rows[key], budgets[key], budgets[key] + gain, needs) for key, gain in gains.items()]
            moves += [*cuts, *(move for move in raises if move.after != move.before)]
        return moves

    def _step(self, kind: BudgetField, move: BudgetMove) -> UnitStep:
        node = ENTITY_KINDS[self.level]
        values: Row = {kind: str(move.after)}
        request = update_request(self.account_id, str(move.row["id"]), values, budget_change=node == "AdSet")
        change = Change(
            Effect.UPDATE,
            request,
            node,
            object_id=str(move.row["id"]),
            before={kind: move.row[kind]},
            after=values,
            readable=(kind,),
            title=str(move.row.get("name") or ""),
            validate_only=True,
            context={name: move.row[name] for name in ("id", "status", "end_time", "stop_time") if name in move.row},
        )
        return UnitStep(str(move.row["id"]), change, move.needs)

    async def _costs(self, call: Call, account: Account) -> dict[str, Row]:
        """Return spend, results and cost per result of each object. A failure leaves them out, with a note."""
        costs = await attempt(read_costs(call, account, self.level, [*self.from_ids, *self.to_ids]))
        if isinstance(costs, AdsError):
            call.note(f"The cost per result could not be read ({costs.kind}).")
            return {}
        return costs


def _minor(row: Row) -> int:
    budget = budget_of(row)
    return budget[1] if budget else 0


def _is_learning(row: Row) -> bool:
    stage: Any = row.get("learning_stage_info")
    return isinstance(stage, Mapping) and stage.get("status") == "LEARNING"


def _table(moves: Sequence[BudgetMove], currency: str, costs: Mapping[str, Row]) -> Row:
    """Return the moves as a table, with the sums before and after, which are equal."""
    columns = ["id", "name", "before", "after", "delta"]
    figures = ["spend", "results", "cost_per_result"] if costs else []
    rows: list[list[Any]] = []
    for move in moves:
        amounts = [
            format_money(money(value, currency)) for value in (move.before, move.after, move.after - move.before)
        ]
        cells = costs.get(str(move.row["id"]), {})
        rows.append([move.row["id"], move.row.get("name"), *amounts, *(cells.get(name) for name in figures)])
    before, after = sum(move.before for move in moves), sum(move.after for move in moves)
    return Final(
        {
            "columns": [*columns, *figures],
            "rows": rows,
            "sum_before": format_money(money(before, currency)),
            "sum_after": format_money(money(after, currency)),
        }
    )
