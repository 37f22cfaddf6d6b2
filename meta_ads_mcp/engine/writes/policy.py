"""Guardrails of the server's owner: a TOML file that fails closed.

deny = ["create_campaign", "edit_targeting"]
[edit_budget]
max_percentage = 20            # a budget may rise by this much in one change
max_amount = "50.00 USD"       # or by this amount; one per currency may be listed
max_value = ["500.00 USD", "60000 JPY"]   # no budget above this, new objects included
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.money import format_money, money, to_minor
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.errors import Denied, InvalidArguments

ACTIONS = (
    "create_campaign",
    "create_ad_set",
    "create_ad",
    "edit_targeting",
    "edit_creative",
    "edit_status",
    "edit_budget",
    "delete",
    "all",
)
BUDGETS = ("daily_budget", "lifetime_budget", "spend_cap")
_LIMITS = ("max_percentage", "max_amount", "max_value")


class PolicyError(Exception):
    """The policy file cannot be used; one line that says why."""


@dataclass(frozen=True)
class Policy:
    """The guardrails; without a file nothing is denied. Amounts are per currency, in minor units."""

    deny: frozenset[str] = frozenset()
    max_percentage: float | None = None
    max_amount: dict[str, int] = field(default_factory=dict)
    max_value: dict[str, int] = field(default_factory=dict)

    def permit(self, change: Change) -> None:
        """Raises Denied for an action that the policy forbids."""
        forbidden = self.deny & (change.actions | {"all"})
        if forbidden:
            raise Denied(
                f"The policy of this server denies {min(forbidden)}.",
                "Its owner can change the file that META_ADS_POLICY names.",
            )

    def permit_budgets(self, change: Change, currency: str | None) -> None:
        """Raises Denied when a budget would rise too much at once, or become too large.

        Without a currency, which Meta did not say, no limit in amounts can be held, so nothing passes one.
        """
        for name in BUDGETS:
            new = change.after.get(name)
            if isinstance(new, int):
                old = self._earlier(change, name)
                self._removal(name, new, old)
                self._value(name, new, currency)
                first_cap = name == "spend_cap" and not old
                self._rise(name, new, old, currency, existing=change.object_id is not None and not first_cap)
        self._moved(change, currency)
        schedules = (
            [change.after] if "budget_value" in change.after else change.after.get("budget_schedule_specs") or ()
        )
        for schedule in schedules:
            self._schedule(change, schedule, currency)

    def _moved(self, change: Change, currency: str | None) -> None:
        """Budgets of several ad sets: each by itself, and together against the campaign's that they replace."""
        rows = change.after.get("adset_budgets") or ()
        for own in rows:
            for name in set(BUDGETS) & own.keys():
                self._value(f"adset_budgets of {own.get('adset_id')}", own[name], currency)
        for name in BUDGETS[:2]:
            total = sum(own.get(name) or 0 for own in rows)
            if total:
                old = self._earlier(change, name)
                self._rise(f"{name} of all ad sets", total, old, currency, existing=change.object_id is not None)

    def _schedule(self, change: Change, schedule: Row, currency: str | None) -> None:
        """Check a schedule, which raises the daily budget for a period by an amount or by a factor.

        Raises Denied for a factor when there is any limit, because Meta's pages leave its scale open.
        """
        if schedule.get("budget_value_type") == "ABSOLUTE":
            new = change.after.get("daily_budget")
            base = new if isinstance(new, int) else self._earlier(change, "daily_budget")
            self._value("the budget schedule", base + schedule["budget_value"], currency)
            self._rise("the budget schedule", base + schedule["budget_value"], base, currency, existing=True)
        elif self._limits_budgets:
            raise _too_much("the budget schedule", "a MULTIPLIER cannot be held against its limits")

    @property
    def _limits_budgets(self) -> bool:
        return bool(self.max_value or self.max_amount) or self.max_percentage is not None

    def _earlier(self, change: Change, name: str) -> int:
        """The budget so far, in minor units. What is no number passes no limit."""
        try:
            return int(change.before.get(name) or 0)
        except (TypeError, ValueError, OverflowError):
            if self._limits_budgets:
                raise _too_much(name, "its earlier value is no number") from None
            return 0

    def _removal(self, name: str, new: int, old: int) -> None:
        """A spend cap of 0 is none: no limit of the policy would hold."""
        if name == "spend_cap" and new == 0 and old and self._limits_budgets:
            raise _too_much(name, "without it there is no limit")

    def _value(self, name: str, new: int, currency: str | None) -> None:
        limit = self._limit(self.max_value, currency)
        if limit is not None and currency is not None and new > limit:
            raise _too_much(
                name, f"{format_money(money(new, currency))} is above max_value {format_money(money(limit, currency))}"
            )

    def _rise(self, name: str, new: int, old: int, currency: str | None, *, existing: bool) -> None:
        if not existing or new <= old:
            return
        limit = self._limit(self.max_amount, currency)
        if limit is not None and currency is not None and new - old > limit:
            raise _too_much(name, f"a rise of {format_money(money(new - old, currency))} is above max_amount")
        if self.max_percentage is not None and not old:
            raise _too_much(name, "it has no earlier value to hold max_percentage against")
        if self.max_percentage is not None and (new - old) * 100 > self.max_percentage * old:
            raise _too_much(
                name, f"a rise of {(new - old) * 100 / old:.0f} % is above max_percentage {self.max_percentage:g}"
            )

    @staticmethod
    def _limit(limits: dict[str, int], currency: str | None) -> int | None:
        """The limit in that currency. A limit in other currencies only cannot be applied, so nothing passes it."""
        if limits and currency not in limits:
            raise Denied(
                f"The policy limits budgets in {', '.join(sorted(limits))}, not in {currency or 'a currency unknown'}.",
                "The owner of this server can add an amount in that currency to META_ADS_POLICY.",
            )
        return limits.get(currency or "")


def _too_much(name: str, why: str) -> Denied:
    return Denied(
        f"The policy of this server limits budgets: {name}: {why}.",
        "Choose a smaller change, or ask the owner of this server.",
    )


def load_policy(path: Path | None) -> Policy:
    """The policy of a file. Raises PolicyError for one that cannot be read or has an unknown key."""
    if path is None:
        return Policy()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as failure:
        raise PolicyError(f"META_ADS_POLICY: {path} cannot be read ({type(failure).__name__})") from None
    _known(raw, ("deny", "edit_budget"), "the file")
    budget = raw.get("edit_budget", {})
    if not isinstance(budget, dict):
        raise PolicyError("META_ADS_POLICY: edit_budget is a table")
    _known(budget, _LIMITS, "edit_budget")
    return Policy(
        _deny(raw.get("deny", [])),
        _percentage(budget.get("max_percentage")),
        _amounts(budget.get("max_amount"), "max_amount"),
        _amounts(budget.get("max_value"), "max_value"),
    )


def _known(table: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(table) - set(keys))
    if unknown:
        raise PolicyError(f"META_ADS_POLICY: {where} has no key {unknown[0]}; known are {', '.join(keys)}")


def _deny(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(item in ACTIONS for item in value):
        raise PolicyError(f"META_ADS_POLICY: deny is a list of {', '.join(ACTIONS)}")
    return frozenset(value)


def _percentage(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise PolicyError("META_ADS_POLICY: max_percentage is a number that is not negative")
    return float(value)


def _amounts(value: Any, name: str) -> dict[str, int]:
    written_amounts = [] if value is None else value if isinstance(value, list) else [value]
    found = {}
    for amount in written_amounts:
        currency = amount[-3:] if isinstance(amount, str) else ""
        try:
            found[currency] = to_minor(amount if isinstance(amount, str) else "", currency)
        except InvalidArguments:
            raise PolicyError(f'META_ADS_POLICY: {name} is an amount such as "50.00 USD", or a list of them') from None
    return found
