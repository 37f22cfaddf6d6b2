"""Which breakdowns Meta joins with which. Source: Meta docs, marketing-api/insights/breakdowns (combining).

Only values of that table are judged. Whatever else is asked goes to Graph, which adds breakdowns faster than any list.
"""

from __future__ import annotations

from collections.abc import Sequence

# A star: may also be joined with the three below.
STARRED = (
    "action_device",
    "action_device impression_device",
    "action_device publisher_platform",
    "action_device publisher_platform impression_device",
    "action_device publisher_platform platform_position",
    "action_device publisher_platform platform_position impression_device",
    "age",
    "gender",
    "age gender",
    "country",
    "region",
    "product_id",
    "publisher_platform",
    "publisher_platform impression_device",
    "publisher_platform platform_position",
    "publisher_platform platform_position impression_device",
    "hourly_stats_aggregated_by_advertiser_time_zone",
    "hourly_stats_aggregated_by_audience_time_zone",
)
PLAIN = (
    "action_reaction",
    "app_id skan_conversion_id",
    "action_converted_product_id",
    *(
        f"action_carousel_card_{key}{more}"
        for key in ("id", "name")
        for more in ("", " impression_device", " country", " age", " gender", " age gender")
    ),
)
JOKERS = frozenset({"action_type", "action_target_id", "action_destination"})
_STARRED = {frozenset(text.split()) for text in STARRED}
_PLAIN = {frozenset(text.split()) for text in PLAIN}
_JUDGED = frozenset().union(*_STARRED, *_PLAIN)


def refused_combination(breakdowns: Sequence[str], action_breakdowns: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with the combination and what to do, or None when it may pass."""
    asked = frozenset(breakdowns) | frozenset(action_breakdowns)
    core = asked - JOKERS
    if core == {"impression_device"}:
        return ("impression_device never stands alone.", "Add publisher_platform.")
    if len(core) < 2 and not (core & {"action_reaction"} and asked & {"action_target_id", "action_destination"}):
        return None
    if not core <= _JUDGED or core in _STARRED:
        return None
    if core in _PLAIN and asked <= core | {"action_type"}:
        return None
    return (
        f"Meta does not join the breakdowns {', '.join(sorted(asked))} (error 1504041).",
        f"Ask for them in separate calls. With {sorted(core)[0]} it joins: {_partners(sorted(core)[0])}.",
    )


def _partners(name: str) -> str:
    found = [sorted(group - {name}) for group in (*_STARRED, *_PLAIN) if name in group and len(group) > 1]
    texts = sorted({"+".join(group) for group in found})
    return ", ".join(texts) if texts else "nothing else"
