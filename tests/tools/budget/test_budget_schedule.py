"""Budget schedules: an absolute amount or a multiplier."""

from __future__ import annotations

import pytest

from tests.support.write_cases import (
    CAMPAIGN,
    Refused,
    check,
)


@pytest.mark.parametrize("kind", ["RELATIVE", ""])
async def test_a_budget_schedule_is_absolute_or_a_multiplier(kind: str) -> None:
    arguments = {"campaign_id": CAMPAIGN, "budget_value": 1, "time_start": 0, "time_end": 1800000000}
    refused = Refused(
        "ads_create_budget_schedule", {**arguments, "budget_value_type": kind}, ["ABSOLUTE", "MULTIPLIER"]
    )
    await check(refused)
