"""List the default metrics of a Page, and the metrics that Meta removed with their replacements.

Source: Meta docs, docs/platforminsights/page/deprecated-metrics: removed on 2025-06-15, 2025-11-15 and with v26.0.
"""

from __future__ import annotations

from collections.abc import Sequence

DEFAULT = ("page_media_view", "page_total_media_view_unique", "page_post_engagements", "page_views_total")
_VIEWS, _REACH = "page_media_view", "page_total_media_view_unique"
# A metric without a replacement has "".
_REMOVED = {
    "page_impressions_unique": _REACH,
    "post_impressions_unique": "post_total_media_view_unique",
    "page_engaged_users": "page_post_engagements",
    "page_consumptions": "page_post_engagements",
    "page_fans": "page_follows",
    "page_fans_city": "page_follows_city",
    "page_fans_country": "page_follows_country",
    "page_fan_adds": "page_daily_follows",
    "page_fan_removes": "page_daily_unfollows_unique",
    "total_video_impressions": _VIEWS,
    "total_video_impressions_unique": _REACH,
    "total_video_views_unique": "page_video_views_unique",
    # No data since November 2026 (Meta blog, introducing-graph-api-v27-and-marketing-api-v27).
    "total_video_consumption_rate": "",
}
_FAMILIES = {
    "page_impressions": _VIEWS,
    "page_posts_impressions": _VIEWS,
    "post_impressions": "post_media_view",
    "page_fan_adds": "page_daily_follows",
    "page_fan_removes": "page_daily_unfollows_unique",
    "page_fans": "page_follows",
    "page_consumptions": "page_post_engagements",
}


def present_name(metric: str) -> str | None:
    """Return the replacement of a removed metric, "" if it has none; None for a metric that is not removed."""
    if metric in _REMOVED:
        return _REMOVED[metric]
    return next((new for family, new in _FAMILIES.items() if metric.startswith(f"{family}_") or metric == family), None)


def require_present(metrics: Sequence[str]) -> Sequence[str]:
    """Return the metrics unchanged; for a model validator.

    Raises ValueError that names the replacement of each removed metric.
    """
    old_names = [
        f"Meta removed {metric}: {_advice(new)}" for metric in metrics if (new := present_name(metric)) is not None
    ]
    if old_names:
        raise ValueError("; ".join(old_names))
    return metrics


def _advice(replacement: str) -> str:
    return f"ask for {replacement}" if replacement else "leave it out, nothing replaces it"
