"""Create or change a value rule set, and attach it to ad sets or take it off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.units.unit_params import UnitParams
from meta_ads_mcp.core.units.unit_plan import RefusedRow, UnchangedObject, UnitPlan, UnitStep, id_of_step
from meta_ads_mcp.core.values.ids import AccountId, AdSetId, ValueRuleSetId
from meta_ads_mcp.core.write import Change, Inverse
from meta_ads_mcp.domain.checked_read import read_as_kind
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.object_reads import read_objects_of_kind, update_request
from meta_ads_mcp.tools.optimisation.value_rule_sets import NODE
from meta_ads_mcp.tools.optimisation.value_rules import (
    MAX_RULES,
    SET_FIELDS,
    ProductType,
    ValueRule,
    describe_rule,
    plain_rules,
    without_ids,
)

SET = "set"
AD_SET_FIELDS = (
    "id account_id name status bid_strategy effective_status optimization_goal promoted_object value_rule_set_id "
    "value_rules_applied"
).split()
# Bid strategies of ad sets that can use value rules.
STRATEGIES = ("LOWEST_COST_WITHOUT_CAP", "COST_CAP")
REASON = "bids change, so the cost per result can rise"
BIDS_BACK = "the earlier value rules come back, so bids change"
DELETED = "the value rule set is deleted"
AdSetIds = Annotated[list[AdSetId], Local(), Field(min_length=1, max_length=50)]


@tool(
    "ads_save_value_rule_set",
    Effect.UPDATE,
    post("{account_id}/value_rule_set", "{value_rule_set_id}"),
    node=NODE,
    singular="value rule set",
    keywords="bid more less multiplier adjustment create attach detach",
)
class SaveValueRuleSet(UnitParams):
    """Create or change a value rule set, attach it to ad sets (attach_to) or take rules off them (detach_from). Meta
    then bids more or less for the people that a rule names.

    `rules` replaces all rules of the set: one with an id is kept, one without is added, one left out is deleted.
    Attaching, and changing a set in use, need a confirmation.
    """

    account_id: AccountId
    value_rule_set_id: Annotated[ValueRuleSetId | None, Local(), Field(description="Default: a new set")] = None
    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    rules: Annotated[
        list[ValueRule] | None,
        Field(min_length=1, max_length=MAX_RULES, description="In order; the first that fits a person counts"),
    ] = None
    product_type: ProductType | None = None
    is_default: Annotated[bool | None, Local()] = None
    attach_to: AdSetIds | None = None
    detach_from: AdSetIds | None = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        values = (self.name, self.rules, self.product_type, self.is_default)
        if self.value_rule_set_id is None:
            if any(value is not None for value in values) or self.attach_to:
                if self.name is None or self.rules is None:
                    raise ValueError("a new set requires name and rules; give value_rule_set_id for one that exists")
                if any(rule.id or any(row.id for row in rule.criterias) for rule in self.rules):
                    raise ValueError("rules of a new set have no id")
            elif not self.detach_from:
                raise ValueError("give rules and a name, value_rule_set_id, or detach_from")
        elif self.product_type is not None:
            raise ValueError("product_type cannot be changed")
        elif all(value is None for value in (*values, self.attach_to, self.detach_from)):
            raise ValueError("give name, rules, is_default, attach_to or detach_from")
        both = set(self.attach_to or ()) & set(self.detach_from or ())
        if both:
            raise ValueError(f"{min(both)} is in attach_to and in detach_from")
        return self

    async def plan_unit(self, call: Call) -> UnitPlan:
        """Read the set and the ad sets, and plan the set first, then the ad sets."""
        row = await self._read_set(call)
        set_step = self._new_set() if self.value_rule_set_id is None else self._changed_set(row)
        ids = [*dict.fromkeys([*(self.attach_to or ()), *(self.detach_from or ())])]
        ad_sets = await read_objects_of_kind(call, self.account_id, "AdSet", ids, AD_SET_FIELDS) if ids else []
        steps = [] if set_step is None else [set_step]
        refused: list[RefusedRow] = []
        unchanged: list[UnchangedObject] = []
        for ad_set in ad_sets:
            step = self._ad_set_step(ad_set, has_set_step=bool(steps and steps[0].key == SET))
            if isinstance(step, UnitStep):
                steps.append(step)
            elif isinstance(step, RefusedRow):
                refused.append(step)
            else:
                unchanged.append(step)
        self._note_rules(call, row)
        _note_replaced_sets(call, steps)
        reasons = (REASON,) if self._asks(row, steps) else ()
        return UnitPlan(
            self.account_id, steps, refused, unchanged, reasons=reasons, details=self._details(row), stop_on_error=True
        )

    async def _read_set(self, call: Call) -> Row:
        if self.value_rule_set_id is None:
            return {}
        row = await read_as_kind(call, self.value_rule_set_id, NODE, SET_FIELDS)
        if row.get("status") == "DELETED":
            raise InvalidArguments("This value rule set was deleted.", "Make a new one, without value_rule_set_id.")
        return row

    def _asks(self, row: Row, steps: Sequence[UnitStep]) -> bool:
        """Return whether bids change now: an ad set gets or loses rules, or the rules of a set in use change."""
        has_ad_sets = any(step.change.node == "AdSet" for step in steps)
        return has_ad_sets or self.is_default is True or (self.rules is not None and bool(row.get("last_attach_time")))

    def _rules(self) -> list[Row] | None:
        return None if self.rules is None else [rule.model_dump(exclude_none=True) for rule in self.rules]

    def _details(self, row: Row) -> Row:
        rules = self._rules()
        if rules is None:
            return {}
        details: Row = {"rules": [f"{rule['name']}: {describe_rule(rule)}" for rule in rules]}
        ids = {rule.get("id") for rule in rules}
        deleted = [rule for rule in plain_rules(row.get("rules")) if rule.get("id") not in ids]
        if deleted:
            details["deleted_rules"] = [f"{rule.get('name')}: {describe_rule(rule)}" for rule in deleted]
        return details

    # ---- the set

    def _new_set(self) -> UnitStep | None:
        rules = self._rules()
        if rules is None:
            return None
        params: Row = {"name": self.name, "rules": rules}
        params |= {"product_type": self.product_type} if self.product_type else {}
        change = Change(
            Effect.CREATE,
            Request("POST", f"{self.account_id}/value_rule_set", params, self.account_id, repeatable=False, write=True),
            NODE,
            after={"name": self.name, "rules": rules},
            readable=("name",),
            parent=self.account_id,
            edge="value_rule_set",
            title=str(self.name),
            inverse=Inverse("POST", "{id}/deleteruleset", {}, (DELETED,)),
        )
        return UnitStep(SET, change)

    def _changed_set(self, row: Row) -> UnitStep | None:
        """Return the step that changes the set, or None if only ad sets change."""
        rules, old_rules = self._rules(), plain_rules(row.get("rules"))
        if self.name is None and rules is None and self.is_default is None:
            return None
        _require_known_ids(rules or [], old_rules)
        params: Row = {"name": self.name or row.get("name")}
        params |= {"rules": rules} if rules is not None else {}
        params |= {"is_default_setting": self.is_default} if self.is_default is not None else {}
        before: Row = {"name": row.get("name"), "rules": old_rules, "is_default_setting": row.get("is_default_setting")}
        back = {name: before[name] for name in params if before[name] is not None}
        back |= {"rules": without_ids(old_rules)} if "rules" in back else {}
        change = Change(
            Effect.UPDATE,
            update_request(self.account_id, str(self.value_rule_set_id), params),
            NODE,
            object_id=self.value_rule_set_id,
            before={name: before[name] for name in params},
            after=params,
            readable=tuple(name for name in params if name != "rules"),
            title=str(row.get("name") or ""),
            inverse=Inverse("POST", "{id}", back, (BIDS_BACK,)),
        )
        return UnitStep(SET, change)

    def _note_rules(self, call: Call, row: Row) -> None:
        """State which rules the call deletes, and what its rules do."""
        details = self._details(row)
        for text in details.get("deleted_rules", ()):
            call.note(f"Rule deleted: {text}.")
        for text in details.get("rules", ()):
            call.note(f"Rule of the set: {text}.")

    # ---- ad sets

    def _ad_set_step(self, row: Row, *, has_set_step: bool) -> UnitStep | RefusedRow | UnchangedObject:
        """Return the step of an ad set, or why there is none."""
        name = str(row.get("name") or "")
        before = {key: row.get(key) for key in ("value_rule_set_id", "value_rules_applied")}
        is_attached = bool(before["value_rule_set_id"]) and before["value_rules_applied"] is not False
        if row["id"] in (self.detach_from or ()):
            if not is_attached:
                return UnchangedObject(row["id"], name)
            return self._step(row, {"value_rules_applied": False}, before, ())
        strategy = row.get("bid_strategy")
        if strategy is not None and strategy not in STRATEGIES:
            text = f"its bid strategy is {strategy}; value rules need {' or '.join(STRATEGIES)}"
            return RefusedRow(text, id=row["id"], name=name)
        if is_attached and str(before["value_rule_set_id"]) == self.value_rule_set_id:
            return UnchangedObject(row["id"], name)
        set_id: Any = self.value_rule_set_id or id_of_step(SET)
        after = {"value_rule_set_id": set_id, "value_rules_applied": True}
        return self._step(row, after, before, (SET,) if has_set_step else ())

    def _step(self, row: Row, after: Row, before: Row, needs: tuple[str, ...]) -> UnitStep:
        had_set = before["value_rule_set_id"] and before["value_rules_applied"] is not False
        earlier = {"value_rule_set_id": before["value_rule_set_id"], "value_rules_applied": True}
        change = Change(
            Effect.UPDATE,
            update_request(self.account_id, row["id"], after),
            "AdSet",
            object_id=row["id"],
            before=before,
            after=after,
            readable=tuple(after),
            title=str(row.get("name") or ""),
            validate_only=not needs,
            context=row,
            inverse=Inverse("POST", "{id}", earlier if had_set else {"value_rules_applied": False}, (BIDS_BACK,)),
        )
        return UnitStep(f"ad_set:{row['id']}", change, needs)


def _note_replaced_sets(call: Call, steps: Sequence[UnitStep]) -> None:
    """State which ad sets get a set in place of another."""
    for step in steps:
        before, after = step.change.before, step.change.after
        if step.change.node == "AdSet" and after.get("value_rule_set_id") and before["value_rules_applied"]:
            call.note(
                f"Ad set {step.change.object_id} has the value rule set {before['value_rule_set_id']} until then."
            )


def _require_known_ids(rules: Sequence[Row], old_rules: Sequence[Row]) -> None:
    """Raise InvalidArguments for an id that the set does not have; Graph would refuse the whole set."""
    known = {rule.get("id"): {row.get("id") for row in rule["criterias"]} for rule in old_rules}
    for rule in rules:
        if "id" in rule and rule["id"] not in known:
            raise InvalidArguments(
                f"The set has no rule {rule['id']}.", "See its rules with ads_get_value_rule_sets; a new one has no id."
            )
        wrong = [
            row["id"] for row in rule["criterias"] if "id" in row and row["id"] not in known.get(rule.get("id"), ())
        ]
        if wrong:
            raise InvalidArguments(
                f"Rule {rule.get('id', rule['name'])} has no criterion {wrong[0]}.",
                "See its criteria with ads_get_value_rule_sets; a new one has no id.",
            )
