"""Which of Meta's quotas a call counts on."""

from __future__ import annotations

import pytest

from meta_ads_mcp.graph.quotas import use_case


@pytest.mark.parametrize(
    ("path", "quota"),
    [
        ("act_1/insights", "ads_insights"),
        ("123/insights", "ads_insights"),
        ("act_1/campaigns", "ads_management"),
        ("123", "ads_management"),
        ("act_1", "ads_management"),
        ("act_1/customaudiences", "custom_audience"),
        ("5/users", "custom_audience"),
        ("5/leads", "leadgen"),
        ("5/leadgen_forms", "leadgen"),
        ("5_6/comments", "pages"),
        ("5/media", "instagram"),
    ],
)
def test_the_quota_of_a_path(path: str, quota: str) -> None:
    assert use_case(path) == quota
