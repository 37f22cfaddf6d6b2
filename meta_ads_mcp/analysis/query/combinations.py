"""Check which breakdowns Meta can combine. Source: Meta docs, marketing-api/insights/breakdowns (combining).

Only breakdowns of that table are checked. Others are sent to Graph, which adds breakdowns faster than any list.
"""

from __future__ import annotations

from collections.abc import Sequence

# Starred in Meta's table: these can also be combined with the JOKERS below.
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
        f"action_carousel_card_{key}{suffix}"
        for key in ("id", "name")
        for suffix in ("", " impression_device", " country", " age", " gender", " age gender")
    ),
)
JOKERS = frozenset({"action_type", "action_target_id", "action_destination"})
# Breakdowns that require another one.
COMPANIONS = {
    "impression_device": "publisher_platform",
    "platform_position": "publisher_platform",
    "skan_conversion_id": "app_id",
}
_STAR_SETS = {frozenset(text.split()) for text in STARRED}
_PLAIN = {frozenset(text.split()) for text in PLAIN}
_ALL_NAMES = frozenset().union(*_STAR_SETS, *_PLAIN)


def combination_problem(breakdowns: Sequence[str], action_breakdowns: Sequence[str]) -> tuple[str, str] | None:
    """Return the problem of a combination and the next step, or None if the combination may be valid."""
    names = frozenset(breakdowns) | frozenset(action_breakdowns)
    core = names - JOKERS
    for name, companion in COMPANIONS.items():
        if core == {name} or (name in core and companion not in core and core not in (*_STAR_SETS, *_PLAIN)):
            return (f"Meta accepts {name} only together with {companion}.", f"Add {companion}.")
    if len(core) < 2 and not (core & {"action_reaction"} and names & {"action_target_id", "action_destination"}):
        return None
    if not core <= _ALL_NAMES or core in _STAR_SETS:
        return None
    if core in _PLAIN and names <= core | {"action_type"}:
        return None
    first = sorted(core)[0]
    return (
        f"Meta cannot combine the breakdowns {', '.join(sorted(names))} (error 1504041).",
        f"Request them in separate calls. {first} can be combined with: {_partners(first)}.",
    )


def _partners(name: str) -> str:
    groups = [sorted(group - {name}) for group in (*_STAR_SETS, *_PLAIN) if name in group and len(group) > 1]
    texts = sorted({"+".join(group) for group in groups})
    return ", ".join(texts) if texts else "nothing else"
