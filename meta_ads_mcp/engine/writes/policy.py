"""Enforce the guardrails of the server's owner, from a TOML file. Anything that cannot be checked is denied.

deny = ["create_campaign", "edit_targeting"]
[edit_budget]
max_percentage = 20            # a budget may rise by this much in one change
max_amount = "50.00 USD"       # or by this amount; one per currency may be listed
max_value = ["500.00 USD", "60000 JPY"]   # no budget above this, new objects included
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from meta_ads_mcp.core.values.money import format_money, money, to_minor
from meta_ads_mcp.core.values.spend_fields import CAP_ACTION, SpendKind, UnreadableAmount, parse_minor
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.domain.optimization.recommendation_effect import RecommendationEffect
from meta_ads_mcp.domain.rule_effect import RuleEffect
from meta_ads_mcp.engine.writes.effects import (
    Amount,
    amounts_of,
    policy_actions,
    recommendation_effect,
    rule_effect,
    total_of_ad_sets,
)
from meta_ads_mcp.errors import Denied, InvalidArguments

Action = Literal[
    "create_campaign",
    "create_ad_set",
    "create_ad",
    "edit_targeting",
    "edit_creative",
    "edit_status",
    "edit_budget",
    "delete",
    "all",
]


class PolicyError(Exception):
    """Say in one line why the policy file cannot be used."""


@dataclass(frozen=True)
class Policy:
    """Hold the guardrails; without a file nothing is denied. Amounts are per currency, in minor units."""

    deny: frozenset[str] = frozenset()
    max_percentage: float | None = None
    max_amount: Mapping[str, int] = field(default_factory=dict)
    max_value: Mapping[str, int] = field(default_factory=dict)

    def permit(self, change: Change) -> None:
        """Raise Denied for an effect that the policy forbids."""
        forbidden = self.deny & (policy_actions(change) | {"all"})
        if forbidden:
            raise Denied(
                f"The policy of this server denies {min(forbidden)}.",
                "Its owner can change the file that META_ADS_POLICY names.",
            )

    def permit_budgets(self, change: Change, currency: str | None) -> None:
        """Raise Denied when a budget, cap or minimum spend would rise too much at once, or become too large.

        Without a currency, every limit in amounts denies the change.
        """
        if not self.limits_budgets:
            return
        for amount in amounts_of(change):
            if amount.field == "budget_value":
                self._permit_schedule(amount, change, currency)
            elif amount.kind is not SpendKind.BID:
                self._permit_amount(amount, currency)
        total = total_of_ad_sets(change)
        if total is not None:
            self._permit_rise(total, currency)
        if str(change.request.params.get(CAP_ACTION)) in ("reset", "delete"):
            raise _too_much("spend cap", "without the cap, or with the amount spent reset, there is no limit")
        rule, advice = rule_effect(change), recommendation_effect(change)
        if rule is not None and rule.raises_budget:
            self._permit_rule(rule, currency)
        if advice is not None and advice.changes_budgets:
            self._permit_recommendation(advice, currency)

    def permit_total(self, changes: Iterable[Change], currency: str | None, *, keeps_sum: bool) -> None:
        """Raise Denied when all budgets of a unit together would rise by more than `max_amount`.

        Without `keeps_sum` the cuts do not count, because one that Meta refuses does not hold the raises back.
        """
        limit = self._limit(self.max_amount, currency) if self.max_amount else None
        if limit is None or currency is None:
            return
        amounts = [amount for change in changes for amount in amounts_of(change) if amount.existing]
        moves = [amount.new - (amount.old or 0) for amount in amounts if amount.kind is SpendKind.BUDGET]
        total = sum(moves) if keeps_sum else sum(move for move in moves if move > 0)
        if total > limit:
            raise _too_much("the whole plan", f"a rise of {format_money(money(total, currency))} is above max_amount")

    @property
    def limits_budgets(self) -> bool:
        """Return whether the policy limits amounts or percentages."""
        return bool(self.max_value or self.max_amount) or self.max_percentage is not None

    def _permit_amount(self, amount: Amount, currency: str | None) -> None:
        if not amount.readable:
            raise _too_much(amount.place, "its earlier value is not a number")
        if amount.kind is SpendKind.CAP and amount.new == 0:
            if amount.old:
                raise _too_much(amount.place, "without it there is no limit")
            return
        self._permit_value(amount.place, amount.new, currency)
        # Budgets that move from a campaign to its ad sets are measured together.
        if amount.is_raise and not amount.place.startswith("adset_budgets"):
            self._permit_rise(amount, currency)

    def _permit_schedule(self, amount: Amount, change: Change, currency: str | None) -> None:
        """Measure a schedule, which raises a budget for a while by an amount, or by a factor of an unclear scale."""
        budgets = {**change.context, **change.before, **change.after}
        try:
            old = parse_minor(budgets.get("daily_budget")) or 0
        except UnreadableAmount:
            raise _too_much("the budget schedule", "the earlier budget is not a number") from None
        if amount.schedule != "ABSOLUTE" or not amount.readable:
            raise _too_much("the budget schedule", "a MULTIPLIER cannot be held against its limits")
        total = Amount("the budget schedule", "daily_budget", SpendKind.BUDGET, old + amount.new, old)
        self._permit_value(total.place, total.new, currency)
        self._permit_rise(total, currency)

    def _permit_rule(self, rule: RuleEffect, currency: str | None) -> None:
        """Measure a rule by the most that it can do: it repeats its change for as long as its conditions hold."""
        if self.max_percentage is not None or self.max_amount:
            raise _too_much("the rule", "it raises budgets again and again, and the policy limits each rise")
        if rule.limit is None:
            raise _too_much("the rule", "it raises budgets without a `limit`, and the policy has a max_value")
        self._permit_value("the limit of the rule", rule.limit, currency)

    def _permit_recommendation(self, advice: RecommendationEffect, currency: str | None) -> None:
        """Measure a recommendation by the highest budget that it names, against the lowest of its objects."""
        name = f"the recommendation {advice.kind}"
        if not advice.budgets:
            raise _too_much(name, "it can change budgets, and Meta does not say to which amounts")
        self._permit_value(name, max(advice.budgets), currency)
        self._permit_rise(Amount(name, "daily_budget", SpendKind.BUDGET, max(advice.budgets), advice.lowest), currency)

    def _permit_value(self, name: str, new: int, currency: str | None) -> None:
        limit = self._limit(self.max_value, currency)
        if limit is not None and currency is not None and new > limit:
            raise _too_much(
                name, f"{format_money(money(new, currency))} is above max_value {format_money(money(limit, currency))}"
            )

    def _permit_rise(self, amount: Amount, currency: str | None) -> None:
        if not amount.readable:
            raise _too_much(amount.place, "its earlier value is not a number")
        rise, old = amount.new - (amount.old or 0), amount.old or 0
        if rise <= 0 or not amount.existing:
            return
        limit = self._limit(self.max_amount, currency)
        if limit is not None and currency is not None and rise > limit:
            raise _too_much(amount.place, f"a rise of {format_money(money(rise, currency))} is above max_amount")
        if self.max_percentage is not None and not old:
            raise _too_much(amount.place, "it has no earlier value to hold max_percentage against")
        if self.max_percentage is not None and rise * 100 > self.max_percentage * old:
            raise _too_much(
                amount.place, f"a rise of {rise * 100 / old:.0f} % is above max_percentage {self.max_percentage:g}"
            )

    @staticmethod
    def _limit(limits: Mapping[str, int], currency: str | None) -> int | None:
        """Return the limit in that currency. Raises Denied when there are limits in other currencies only."""
        if limits and currency not in limits:
            other = f"not in {currency}" if currency else "and Meta does not show the currency of this account"
            raise Denied(
                f"The policy limits budgets in {', '.join(sorted(limits))}, {other}.",
                "The owner of this server can add an amount in that currency to META_ADS_POLICY.",
            )
        return limits.get(currency or "")


def _too_much(name: str, why: str) -> Denied:
    return Denied(
        f"The policy of this server limits budgets: {name}: {why}.",
        "Choose a smaller change, or ask the owner of this server.",
    )


def load_policy(path: Path | None) -> Policy:
    """Read the policy of a file. Raises PolicyError for one that cannot be read or has an unknown key or value."""
    if path is None:
        return Policy()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise PolicyError(f"META_ADS_POLICY: {path} cannot be read ({type(failure).__name__})") from None
    try:
        file = PolicyFile.model_validate(raw)
    except ValidationError as invalid:
        raise PolicyError(f"META_ADS_POLICY: {_describe(invalid)}") from None
    budget = file.edit_budget
    return Policy(frozenset(file.deny), budget.max_percentage, budget.max_amount, budget.max_value)


def _read_amounts(value: object) -> dict[str, int]:
    """Return currency -> minor units for an amount such as "50.00 USD" or a list of them."""
    amounts = value if isinstance(value, list) else [value]
    limits: dict[str, int] = {}
    for amount in amounts:
        text = amount if isinstance(amount, str) else ""
        try:
            limits[text[-3:]] = to_minor(text, text[-3:])
        except InvalidArguments:
            raise ValueError('takes an amount such as "50.00 USD", or a list of them') from None
    return limits


Amounts = Annotated[dict[str, int], BeforeValidator(_read_amounts)]


class BudgetLimits(BaseModel):
    """Validate the table `edit_budget` of the policy file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    max_percentage: Annotated[float | None, Field(ge=0)] = None
    max_amount: Amounts = Field(default_factory=dict)
    max_value: Amounts = Field(default_factory=dict)


class PolicyFile(BaseModel):
    """Validate the content of the policy file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    deny: list[Action] = Field(default_factory=list)
    edit_budget: BudgetLimits = BudgetLimits()


def _describe(invalid: ValidationError) -> str:
    """Return one line about the first problem: where it is, and what is accepted there."""
    problem = invalid.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"] if isinstance(part, str)) or "the file"
    if problem["type"] == "extra_forbidden":
        *outer, key = problem["loc"]
        model = BudgetLimits if outer else PolicyFile
        where = ".".join(map(str, outer)) or "the file"
        return f"{where} has no key {key}; known are {', '.join(model.model_fields)}"
    if problem["type"] == "literal_error":
        return f"{place} takes a list of {problem.get('ctx', {}).get('expected')}"
    return f"{place}: {problem['msg'].removeprefix('Value error, ')}"
