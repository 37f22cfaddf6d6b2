"""Meta gives the bounds 1,000 and 1,000 for every audience below them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.scripted_graph import ScriptedGraph, call, rows


def bounds(prefix: str, size: int) -> dict[str, Any]:
    return {f"{prefix}_lower_bound": size, f"{prefix}_upper_bound": size, "estimate_ready": True}


@pytest.mark.parametrize(("users", "month"), [(1000, -1), (-1, 1000)])
async def test_metas_smallest_estimate_is_not_told_as_a_range(users: int, month: int) -> None:
    bodies = {
        "act_1/reachestimate": {"data": bounds("users", users)},
        "act_1/delivery_estimate": rows(bounds("estimate_mau", month)),
    }
    spec = {"geo_locations": {"countries": ["DE"]}}
    answer = await call(ScriptedGraph(bodies), "ads_estimate_audience_size", account_id="1", targeting_spec=spec)
    assert answer.text.startswith("Fewer than 1,000 accounts")
