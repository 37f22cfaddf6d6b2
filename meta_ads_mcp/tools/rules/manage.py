"""Create, change and delete automated rules. An enabled rule acts without asking, at any hour, also on budgets."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, delete, post, tool
from meta_ads_mcp.core.values.ids import AccountId, RuleId
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams
from meta_ads_mcp.errors import InvalidArguments, NotFound, PermissionMissing
from meta_ads_mcp.tools.rules.rule_spec import (
    EvaluationSpec,
    ExecutionSpec,
    ScheduleSpec,
    acts_by_itself,
    check_schedule,
)
from meta_ads_mcp.tools.rules.sentence import in_words

Name = Annotated[str, Field(min_length=1, max_length=200)]
# The models still reject unknown keys. Repeating their schemas would add thousands of characters to the tool list.
AS_CREATED = WithJsonSchema({"type": "object", "description": "As in ads_create_ad_rule"})
SPECS = ("evaluation_spec", "execution_spec", "schedule_spec")


async def note_in_words(call: Call, object_id: str, rule: Row) -> None:
    """Note what the rule will do as a sentence. Skipped when the account's currency is unreadable."""
    try:
        currency = (await call.account(object_id)).currency
    except (NotFound, PermissionMissing):
        return  # The sentence would show amounts in the wrong unit.
    call.note(f"In words: {in_words(rule, currency)}")


def automation_reasons(before: Row, after: Row) -> list[str]:
    """Require a confirmation when a rule that changes anything is turned on, or changed while it is on."""
    rule = {**before, **after}
    turns_on = before.get("status") != "ENABLED"
    if rule.get("status") != "ENABLED" or not acts_by_itself(rule.get("execution_spec")):
        return []
    if not turns_on and not after.keys() & set(SPECS):
        return []
    kind = (rule.get("execution_spec") or {}).get("execution_type", "unknown")
    return [f"the rule then acts by itself ({kind}), without asking anybody"]


@tool(
    "ads_create_ad_rule",
    Effect.CREATE,
    post("{account_id}/adrules_library"),
    node="AdRule",
    singular="rule",
    keywords="new automation automated stop loss scale",
)
class CreateAdRule(CreateParams, ConfirmedParams):
    """Create an automated rule, DISABLED: when it runs, on which conditions it acts, and what it does.

    Money is in minor units. ENABLED needs a confirmation, unless it only notifies.
    """

    account_id: AccountId
    name: Name
    evaluation_spec: EvaluationSpec
    execution_spec: ExecutionSpec
    schedule_spec: ScheduleSpec | None = None
    status: Literal["ENABLED", "DISABLED"] = "DISABLED"

    @model_validator(mode="after")
    def _pre_flight(self) -> Self:
        check_schedule(self.evaluation_spec.evaluation_type, self.schedule_spec)
        return self

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        await note_in_words(call, self.account_id, after)

    def confirmation_reasons(self, before: Row, after: Row) -> list[str]:
        return automation_reasons(before, after)

    async def describe_effect(self, call: Call) -> Row:
        is_off = self.status == "DISABLED"
        step = "The rule is off. Review it, then turn it on with ads_update_ad_rule." if is_off else "The rule is on."
        return {"next_step": step}


@tool(
    "ads_update_ad_rule",
    Effect.UPDATE,
    post("{rule_id}"),
    node="AdRule",
    singular="rule",
    keywords="enable disable turn on off automation",
)
class UpdateAdRule(ConfirmedParams):
    """Change an automated rule's name, status or specs; a spec that you give replaces the earlier one completely.

    Turning on a rule that acts by itself, and changing it while it is on, need a confirmation.
    """

    rule_id: RuleId
    name: Name | None = None
    status: Literal["ENABLED", "DISABLED"] | None = None
    evaluation_spec: Annotated[EvaluationSpec | None, AS_CREATED] = None
    execution_spec: Annotated[ExecutionSpec | None, AS_CREATED] = None
    schedule_spec: Annotated[ScheduleSpec | None, AS_CREATED] = None

    def fields_to_read(self) -> tuple[str, ...]:
        return SPECS

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        rule = {**before, **after}
        if self.evaluation_spec or self.schedule_spec:
            kind = (rule.get("evaluation_spec") or {}).get("evaluation_type")
            try:
                check_schedule(kind, rule.get("schedule_spec"))
            except ValueError as error:
                raise InvalidArguments(
                    f"The changed rule would be invalid: {error}.", "Give both specs together."
                ) from None
        await note_in_words(call, self.rule_id, rule)

    def confirmation_reasons(self, before: Row, after: Row) -> list[str]:
        return automation_reasons(before, after)


@tool(
    "ads_delete_ad_rule",
    Effect.DELETE,
    delete("{rule_id}"),
    node="AdRule",
    singular="rule",
    keywords="remove automation",
)
class DeleteAdRule(ConfirmedParams):
    """Delete an automated rule for good; ads_update_ad_rule turns it off instead. Needs a confirmation."""

    rule_id: RuleId
