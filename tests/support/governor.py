"""Asking a governor, and what it answers."""

from __future__ import annotations

import pytest

from meta_ads_mcp.errors import Throttled
from tests.support.limits import GOOD, answered

STANDARD = answered(x_ad_account_usage={"acc_id_util_pct": 0.1, "ads_api_access_tier": "standard_access"})
DEVELOPMENT = answered(x_ad_account_usage={"acc_id_util_pct": 0.1, "ads_api_access_tier": "development_access"})


async def made(governor, call, outcome=GOOD):
    await governor.admit(call)
    governor.settle(call, outcome.outcome(call))


async def error_of(governor, call):
    with pytest.raises(Throttled) as caught:
        await governor.admit(call)
    return caught.value


async def count_until_sent_away(governor, call, outcome=GOOD):
    for number in range(1000):
        try:
            await made(governor, call, outcome)
        except Throttled as error:
            return number, error
    raise AssertionError("never sent away")
