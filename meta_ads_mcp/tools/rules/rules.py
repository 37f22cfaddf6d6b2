"""Read automated rules, with a sentence for each (`in_words`), and their execution history."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, read_list
from meta_ads_mcp.core.params import ListParams, Params
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AccountId, RuleId
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.rules.sentence import in_words

FIELDS = "id name status evaluation_spec execution_spec schedule_spec created_time updated_time"
# Fields of the SDK class AdRuleHistory, without the copies of the rule's specs.
HISTORY_FIELDS = ("timestamp", "is_manual", "results", "exception_code", "exception_message")
MAX_HISTORY = 50


def explain_rule(rule: Row, currency: str) -> Row:
    """Add `in_words` to a rule that has an execution_spec."""
    return {**rule, "in_words": in_words(rule, currency)} if "execution_spec" in rule else rule


@tool(
    "ads_get_ad_rules",
    Effect.READ,
    get("{account_id}/adrules_library"),
    node="AdRule",
    fields=FIELDS,
    identity="id account_id",
    singular="rule",
    keywords="automation automated condition schedule",
)
class GetAdRules(ListParams):
    """List an account's automated rules: what each watches, what it does and when, also in words (in_words)."""

    account_id: AccountId
    fields: FieldList | None = None

    async def run(self, call: Call) -> Result:
        currency = (await call.account(self.account_id)).currency
        path = f"{self.account_id}/adrules_library"
        return await read_list(call, self, path, refine=lambda rule: explain_rule(rule, currency))


@tool(
    "ads_get_rule_details",
    Effect.READ,
    get("{rule_id}", "{rule_id}/history"),
    node="AdRule",
    fields=f"{FIELDS} created_by disable_error_code",
    identity="id account_id",
    singular="rule",
    keywords="automation automated history executions",
)
class GetRuleDetails(Params):
    """Read one automated rule, also in words; with include_history, what it did to which objects, newest first."""

    rule_id: RuleId
    fields: FieldList | None = None
    include_history: bool = False
    hide_no_changes: Annotated[bool, Field(description="Of the history, only runs that changed something")] = False

    async def run(self, call: Call) -> Result:
        rule = await call.graph.get(self.rule_id, fields=fields_for(self))
        data = explain_rule(rule, (await call.account(self.rule_id)).currency)
        if self.include_history:
            data |= await self._history(call)
        return Result(f"Rule {self.rule_id}.", data)

    async def _history(self, call: Call) -> Row:
        runs = await attempt(
            call.graph.list(
                f"{self.rule_id}/history",
                fields=HISTORY_FIELDS,
                limit=MAX_HISTORY,
                hide_no_changes=self.hide_no_changes or None,
            )
        )
        if isinstance(runs, AdsError):
            call.note(unread("The history", runs))
            return {}
        if runs.has_more:
            call.note(f"The history has more than {MAX_HISTORY} entries; the newest are shown.")
        if not runs.rows:
            call.note("The history is empty.")
        return {"history": runs.rows}
