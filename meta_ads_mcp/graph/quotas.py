"""Tell on which of Meta's quotas a request counts."""

from __future__ import annotations

from meta_ads_mcp.core.nodes import DEFAULT_QUOTA, QUOTA_OF_EDGE


def use_case(path: str) -> str:
    """Return the quota of a path, which its last edge decides."""
    return QUOTA_OF_EDGE.get(path.rsplit("/", 1)[-1], DEFAULT_QUOTA)
