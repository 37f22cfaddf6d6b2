"""Which of Meta's quotas a path counts on (Meta docs, marketing-api and graph-api overview/rate-limiting)."""

from __future__ import annotations

_BY_EDGE = {
    "insights": "ads_insights",
    "customaudiences": "custom_audience",
    "users": "custom_audience",
    "usersreplace": "custom_audience",
    "leads": "leadgen",
    "leadgen_forms": "leadgen",
    "comments": "pages",
    "feed": "pages",
    "photos": "pages",
    "media": "instagram",
}


def use_case(path: str) -> str:
    """`ads_management` unless the last edge of the path belongs to another quota."""
    return _BY_EDGE.get(path.rsplit("/", 1)[-1], "ads_management")
