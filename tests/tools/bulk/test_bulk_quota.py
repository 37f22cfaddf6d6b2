"""The two promises of the benchmark of bulk changes: Meta never refuses, and no time is wasted."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.support.programs import run_benchmark


@cache
def runs() -> dict[str, dict[str, Any]]:
    return {run["tier"]: run for run in run_benchmark("bulk")}


@pytest.mark.parametrize("tier", ["development_access", "standard_access"])
def test_meta_never_refuses_a_bulk_change_and_no_time_is_wasted(tier: str) -> None:
    run = runs()[tier]
    assert run["objects"] > 90
    assert run["refusals"] == 0
    assert run["ratio"] <= 1.25
