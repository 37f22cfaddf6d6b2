"""What goes wrong in the demo: delivery issues, review feedback, learning stages, recommendations."""

from __future__ import annotations

from typing import Any

Json = Any

CAMPAIGN = [
    {
        "level": "CAMPAIGN",
        "error_code": 2859024,
        "error_summary": "Low-quality landing page",
        "error_message": "People leave the landing page soon after they open it.",
        "error_type": "SOFT_ERROR",
    }
]
DISABLED_ACCOUNT = [
    {
        "level": "AD_ACCOUNT",
        "error_code": 1885316,
        "error_summary": "Ad account disabled",
        "error_message": "The account was disabled after a payment was declined.",
        "error_type": "HARD_ERROR",
    }
]
AD = [
    {
        "level": "AD",
        "error_code": 1815869,
        "error_summary": "Ad rejected",
        "error_message": "The ad does not comply with the advertising standards on personal attributes.",
        "error_type": "HARD_ERROR",
    }
]
REVIEW = {
    "global": {
        "PERSONAL_ATTRIBUTES": "Ads must not contain content that asserts or implies personal attributes.",
    }
}
RECOMMENDATIONS = [
    {
        "title": "Audience overlap",
        "message": "Another ad set reaches many of the same people.",
        "code": 1942002,
        "importance": "MEDIUM",
        "confidence": "HIGH",
        "blame_field": "targeting",
    }
]


def learning(place: int, edit_age: int) -> dict[str, Json]:
    """`learning_stage_info` of an ad set; `edited` is Unix time of the last significant edit."""
    status = ("SUCCESS", "SUCCESS", "LEARNING", "FAIL")[place % 4]
    conversions = {"SUCCESS": 50, "LEARNING": 21, "FAIL": 9}[status]
    return {
        "status": status,
        "conversions": conversions,
        "last_sig_edit_ts": edit_age,
        "attribution_windows": ["1d_view", "7d_click"],
    }
