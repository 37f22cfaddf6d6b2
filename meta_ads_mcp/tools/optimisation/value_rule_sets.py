"""List and delete value rule sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, post, tool
from meta_ads_mcp.core.values.ids import AccountId, ValueRuleSetId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan, Steps
from meta_ads_mcp.domain.checked_read import read_as_kind
from meta_ads_mcp.errors import InvalidArguments, NotFound
from meta_ads_mcp.tools.optimisation.value_rules import (
    SET_FIELDS,
    ProductType,
    describe_rule,
    nested_rows,
    users_of_sets,
)

NODE = "AdsValueAdjustmentRuleCollection"
MAX_NAMED = 20
# The order of the SDK's method and of Meta's page, which write the edge in two ways.
DELETE_EDGES = ("deleteruleset", "delete_rule_set")
ORDER = "The order of the rules counts: for each person only the first rule that fits is used."


@tool(
    "ads_get_value_rule_sets",
    Effect.READ,
    get("{account_id}/value_rule_set"),
    node=NODE,
    singular="value rule set",
    keywords="bid multiplier adjustment bid more less age gender place audience",
)
class GetValueRuleSets(Params):
    """List the value rule sets of an account, or read one: for whom Meta bids how many percent more or less, and which
    ad sets use the set."""

    account_id: AccountId
    value_rule_set_id: Annotated[ValueRuleSetId | None, Local()] = None
    status: Annotated[
        Literal["ACTIVE", "DELETED", "DRAFT"] | None, Field(description="Default: all that are not deleted")
    ] = None
    product_type: ProductType | None = None

    async def run(self, call: Call) -> Result:
        """Read the sets, then the ad sets that use them."""
        if self.value_rule_set_id is not None:
            sets = [await read_as_kind(call, self.value_rule_set_id, NODE, SET_FIELDS)]
        else:
            params: Row = {"status": self.status, "product_type": self.product_type}
            listing = await call.graph.list(
                f"{self.account_id}/value_rule_set",
                fields=SET_FIELDS,
                max_items=1000,
                **{name: value for name, value in params.items() if value is not None},
            )
            sets = listing.rows
        users = await users_of_sets(call, self.account_id) if sets else {}
        rows = [_set_row(row, users.get(str(row.get("id")), [])) for row in sets]
        if any(len(row["rules"]) > 1 for row in rows):
            call.note(ORDER)
        return Result(_summary(self.account_id, rows), rows)


def _set_row(row: Row, users: Sequence[Row]) -> Row:
    rules = [
        {"id": rule.get("id"), "name": rule.get("name"), "text": describe_rule(rule), **_criteria(rule)}
        for rule in nested_rows(row.get("rules"))
    ]
    return {
        **{name: value for name, value in row.items() if name != "rules"},
        "rules": rules,
        "ad_sets": [
            {name: user.get(name) for name in ("id", "name", "effective_status")} for user in users[:MAX_NAMED]
        ],
        "ad_set_count": len(users),
    }


def _first_users(users: Sequence[Row]) -> list[Row]:
    return [{name: user.get(name) for name in ("id", "name", "effective_status")} for user in users[:MAX_NAMED]]


def _criteria(rule: Row) -> Row:
    return {
        **{name: rule.get(name) for name in ("adjust_sign", "adjust_value")},
        "criterias": nested_rows(rule.get("criterias")),
    }


def _summary(account_id: str, rows: Sequence[Row]) -> str:
    if not rows:
        return f"{account_id} has no value rule set; ads_save_value_rule_set makes one."
    used = sum(bool(row["ad_set_count"]) for row in rows)
    return f"{len(rows)} value rule {plural('set', len(rows))} of {account_id}, {used} in use."


@tool(
    "ads_delete_value_rule_set",
    Effect.DELETE,
    post("{value_rule_set_id}/deleteruleset"),
    node=NODE,
    singular="value rule set",
    keywords="remove bid multiplier",
    destructive=True,
)
class DeleteValueRuleSet(ConfirmedParams):
    """Delete a value rule set for good; says first which ad sets lose it. Needs a confirmation.

    These ad sets go back to plain bids.
    """

    account_id: Annotated[AccountId, Local()]
    value_rule_set_id: ValueRuleSetId

    async def plan(self, call: Call) -> Plan:
        """Read the set and its users. Raises InvalidArguments for a set that was deleted already."""
        row = await read_as_kind(call, self.value_rule_set_id, NODE, SET_FIELDS)
        if row.get("status") == "DELETED":
            raise InvalidArguments("This value rule set was deleted already.", "Nothing is left to do.")
        users = (await users_of_sets(call, self.account_id)).get(self.value_rule_set_id, [])
        change = Change(
            Effect.DELETE,
            self._request(DELETE_EDGES[0]),
            NODE,
            object_id=self.value_rule_set_id,
            before={name: row[name] for name in ("name", "status", "rules") if name in row},
            title=str(row.get("name") or ""),
        )
        rules = "; ".join(describe_rule(rule) for rule in nested_rows(row.get("rules")))
        notes = [_users_note(users), *([f"Its rules: {rules}."] if rules else [])]
        details = {"ad_sets": _first_users(users)}
        return Plan([change], f"Delete value rule set {self.value_rule_set_id}.", notes, details)

    def _request(self, edge: str) -> Request:
        return Request(
            "POST",
            f"{self.value_rule_set_id}/{edge}",
            account=self.account_id,
            repeatable=False,
            write=True,
            kind=NODE,
        )

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Delete the set. A refusal of the SDK's edge is followed by the edge of Meta's page."""
        change = plan.changes[0]
        try:
            await steps.do(change)
        except (InvalidArguments, NotFound) as refusal:
            if refusal.graph is None:
                raise
            await steps.do(replace(change, request=self._request(DELETE_EDGES[1])))
        return plan.details


def _users_note(users: Sequence[Row]) -> str:
    if not users:
        return "No ad set that runs or can be started uses it."
    names = ", ".join(f"{row['id']} ({row.get('effective_status')})" for row in users[:MAX_NAMED])
    more = f" and {len(users) - MAX_NAMED} more" if len(users) > MAX_NAMED else ""
    return f"{len(users):,} {plural('ad set', len(users))} will bid without it: {names}{more}."
