"""No sequence of calls, and no rule that they made, passes the policy, and each check behind that is required."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.spend_fields import SPEND_FIELDS
from meta_ads_mcp.engine.writes import policy as policy_module
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.engine.writes.units.unit_call import UnitCall
from tests.safety import policy
from tests.support.every_tool import TOOLS
from tests.support.property_runner import run_property

EXAMPLES = 200
EXAMPLES_OF_GROUP = 60
# A hole shows within these.
MAX_EXAMPLES = 300
GROUPS = {
    "rules": "ads_create_ad_rule ads_update_ad_rule",
    "budgets": "ads_update_ad_set ads_update_campaign ads_update_spend_cap ads_create_budget_schedule",
    "copies": "ads_duplicate_entity ads_clone_ad_set_bundle ads_create_ad_set",
    "bulk": "ads_bulk_update ads_set_status ads_shift_budget ads_undo_change",
    "undo": "ads_update_campaign ads_update_ad_set ads_activate_entity ads_undo_change",
}


def tools(names: str) -> list[Tool]:
    return [tool for tool in TOOLS if tool.name in names.split()]


def test_no_state_violates_the_policy() -> None:
    run_property(policy.check, EXAMPLES)


@pytest.mark.parametrize("names", GROUPS.values(), ids=GROUPS)
def test_no_state_violates_the_policy_after_calls_of_one_group(names: str) -> None:
    run_property(partial(policy.check, tools=tools(names)), EXAMPLES_OF_GROUP)


def forget_daily_spend_caps(patch: pytest.MonkeyPatch) -> None:
    patch.delitem(SPEND_FIELDS, "daily_spend_cap")


def overlook_rules(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(policy_module, "rule_effect", lambda change: None)
    patch.setattr("meta_ads_mcp.engine.writes.effects.rule_effect", lambda change: None)


def trust_limits_of_rules(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Policy, "_permit_rule", lambda *_: None)


def read_only_whole_numbers(patch: pytest.MonkeyPatch) -> None:
    """Take an earlier amount that is written as a float for none."""

    def read(value: object) -> int | None:
        return int(value) if isinstance(value, int) or str(value).isdigit() else None  # type: ignore[call-overload,no-any-return]

    patch.setattr("meta_ads_mcp.engine.writes.effects.parse_minor", read)


def look_at_words_of_tools(patch: pytest.MonkeyPatch) -> None:
    """Hold against the policy only the words that a tool gives."""
    patch.setattr(policy_module, "policy_actions", lambda change: change.actions)


def measure_no_schedules(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Policy, "_permit_schedule", lambda *_: None)


def measure_no_units(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(UnitCall, "_permit", lambda *_: None)
    patch.setattr(Policy, "permit_total", lambda *_, **__: None)


def measure_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Policy, "permit_budgets", lambda *_: None)


# Hole → the patch that makes it, and the tools through which it shows.
HOLES: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "daily_spend_cap is no amount": (forget_daily_spend_caps, "ads_update_ad_set"),
    "rules are not looked into": (overlook_rules, GROUPS["rules"]),
    "limits of rules are not measured": (trust_limits_of_rules, GROUPS["rules"]),
    "floats are no earlier amounts": (read_only_whole_numbers, "ads_update_ad_set"),
    "only a tool's own words count": (look_at_words_of_tools, "ads_activate_entity ads_duplicate_entity ads_delete_ad"),
    "schedules are not measured": (measure_no_schedules, "ads_create_budget_schedule"),
    "units are not measured": (measure_no_units, GROUPS["bulk"]),
    "undo is not measured": (measure_nothing, GROUPS["undo"]),
}


@pytest.mark.parametrize(("hole", "names"), HOLES.values(), ids=HOLES)
def test_a_hole_is_noticed(
    hole: Callable[[pytest.MonkeyPatch], None], names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hole(monkeypatch)
    with pytest.raises(policy.ForbiddenState):
        run_property(partial(policy.check, tools=tools(names)), MAX_EXAMPLES, explain=False)
