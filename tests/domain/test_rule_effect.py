"""The most that an automated rule can do."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.domain.rule_effect import effect_of_rule

LOWERS = {"amount": -20, "unit": "PERCENTAGE", "limit": 100}
RAISES = {"amount": 20, "unit": "PERCENTAGE"}
LIMITED = {**RAISES, "limit": 9000}


@pytest.mark.parametrize(
    ("changes", "raises", "limit"),
    [
        ([LOWERS], False, None),
        ([RAISES], True, None),
        ([LIMITED], True, 9000),
        ([LOWERS, RAISES], True, None),
        ([LIMITED, RAISES], True, None),
        ([LIMITED, {**RAISES, "limit": 7000}, LOWERS], True, 9000),
        ([{**RAISES, "limit": "many"}], True, None),
        (["no object"], True, None),
        ([], True, None),
    ],
)
def test_every_change_spec_counts(changes: list[Any], raises: bool, limit: int | None) -> None:
    options = [{"field": "change_spec", "operator": "EQUAL", "value": change} for change in changes]
    effect = effect_of_rule({"execution_type": "CHANGE_BUDGET", "execution_options": options})
    assert (effect.raises_budget, effect.limit) == (raises, limit)
