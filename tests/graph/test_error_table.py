"""The error table: every row can be reached, and names circuits and quotas that the limits know."""

from __future__ import annotations

from typing import get_args

import pytest

from meta_ads_mcp.errors import GraphError, Throttled
from meta_ads_mcp.graph.classify import classify, find_rule
from meta_ads_mcp.graph.error_table import ANY_CODE, RULES, CircuitName, ErrorRule, QuotaName
from meta_ads_mcp.graph.limits.breaker import Breaker
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.ledger import RULES as QUOTA_RULES
from meta_ads_mcp.graph.limits.tiers import tier_named

CALL = GraphCall("0123abcd", "act_1", "ads_management")


def code_of(rule: ErrorRule) -> int:
    if rule.code == ANY_CODE:
        return 5
    return rule.code if isinstance(rule.code, int) else rule.code[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{code_of(rule)}-{rule.subcode}-{rule.use_case}")
def test_each_row_is_found_by_its_code(rule: ErrorRule) -> None:
    error = GraphError(code_of(rule), "It went wrong.", rule.subcode)
    assert find_rule(error, rule.use_case) is rule


def test_quota_names_are_those_of_the_ledger() -> None:
    assert set(get_args(QuotaName)) <= set(QUOTA_RULES)


@pytest.mark.parametrize("name", get_args(CircuitName))
def test_each_circuit_name_opens_a_circuit(name: CircuitName) -> None:
    rule = next(rule for rule in RULES if rule.circuit == name)
    outcome = classify(CALL, 400, {}, GraphError(code_of(rule), "It went wrong.", rule.subcode, http_status=400))
    assert Breaker().judge(CALL, outcome, tier_named(None), 1000.0)


def test_only_throttling_rows_open_circuits_or_fill_quotas() -> None:
    assert all(issubclass(rule.error, Throttled) for rule in RULES if rule.circuit or rule.quota)
