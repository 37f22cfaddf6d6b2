"""What people did, counted once.

Graph reports one purchase several times: as `purchase`, `omni_purchase`, `offsite_conversion.fb_pixel_purchase`, …, and
a click again inside `post_engagement`, and that inside `page_engagement`. Each event therefore gets one column, read
from one action type per row: the widest one that the row has. Nothing is ever added across types.

Order of preference (Meta docs, marketing-api/reference/ads-action-stats): `omni_X` (web, app, shop and store together),
`X`, `X_total`, then the channels from wide to narrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from meta_ads_mcp.analysis.numbers import Number, number
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.enums import ACTION_BREAKDOWNS

_PREFIXES = (
    "omni_",
    "",
    "web_app_in_store_",
    "onsite_web_app_",
    "web_in_store_",
    "onsite_web_",
    "onsite_app_",
    "offsite_conversion.fb_pixel_",
    "app_custom_event.fb_mobile_",
    "offline_conversion.",
    "onsite_conversion.",
)
# The longest prefix first: `onsite_web_app_` must not be read as `onsite_web_`.
_LONGEST_FIRST = sorted(((prefix, rank) for rank, prefix in enumerate(_PREFIXES) if prefix), key=lambda p: -len(p[0]))
_SUFFIXES = {"_total": 1, "_website": 7, "_mobile_app": 8, "_offline": 9}
_WITH_SUFFIX = frozenset(
    """contact customize_product donate find_location schedule start_trial submit_application subscribe
    recurring_subscription_payment cancel_subscription""".split()
)
_BASE = re.compile(r"[a-z][a-z0-9_]*")
# The same event under a name that no rule derives, with its place in the order.
_ODD: dict[str, tuple[str, int]] = {
    "onsite_conversion.lead_grouped": ("lead", 3),
    "leadgen_grouped": ("lead", 4),
    "onsite_conversion.lead": ("lead", 5),
    "leadgen.other": ("lead", 6),
    "mobile_app_install": ("app_install", 1),
    "app_install": ("app_install", 2),
    "onsite_conversion.messaging_conversation_started_7d": ("messaging_conversation_started", 0),
    "onsite_conversion.total_messaging_connection": ("messaging_connection", 0),
    "post": ("post_share", 0),
    "comment": ("post_comment", 0),
    "like": ("page_like", 0),
}
_SPELLED = {
    "initiated_checkout": "initiate_checkout",
    "content_view": "view_content",
    "tutorial_completion": "complete_tutorial",
    "custom": "custom_event",
}

# Columns in the order of the funnel, deepest first; other events follow by name.
CONVERSIONS = (
    "purchase",
    "lead",
    "complete_registration",
    "app_install",
    "subscribe",
    "start_trial",
    "submit_application",
    "schedule",
    "contact",
    "messaging_conversation_started",
    "initiate_checkout",
    "add_payment_info",
    "add_to_cart",
    "view_content",
)
TRAFFIC = ("landing_page_view", "link_click")
ENGAGEMENT = (
    "video_view",
    "post_engagement",
    "page_engagement",
    "post_reaction",
    "post_comment",
    "post_share",
    "post_save",
    "page_like",
    "photo_view",
)
_ORDER = {event: place for place, event in enumerate((*CONVERSIONS, *TRAFFIC, *ENGAGEMENT))}


@lru_cache(maxsize=4096)
def event_of(action_type: str) -> tuple[str, int]:
    """The event an action type counts, and how far down the order of preference the type stands (0 is first)."""
    if action_type in _ODD:
        return _ODD[action_type]
    for prefix, rank in _LONGEST_FIRST:
        base = action_type.removeprefix(prefix)
        if base != action_type and _BASE.fullmatch(base):
            return _SPELLED.get(base, base), rank
    for suffix, rank in _SUFFIXES.items():
        base = action_type.removesuffix(suffix)
        if base != action_type and base in _WITH_SUFFIX:
            return base, rank
    return _SPELLED.get(action_type, action_type), 1


def event_order(event: str) -> tuple[int, str]:
    return _ORDER.get(event, len(_ORDER)), event


Split = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Counted:
    """One event of a row: the action type it was read from, and its figures.

    A figure's key is the attribution window (`""` for the default one) and its place in the action breakdowns (`()`
    without any), such as `("7d_click", (("action_device", "iphone"),))`.
    """

    event: str
    action_type: str
    figures: dict[tuple[str, Split], Number]

    @property
    def value(self) -> Number | None:
        return self.figures.get(("", ()))


def canonical(entries: object) -> list[Counted]:
    """The events of a list of action rows (`actions`, `action_values`, `cost_per_action_type`, …), each once."""
    rows = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    made = []
    for event, action_type, places in _chosen(tuple([str(row.get("action_type", "")) for row in rows])):
        figures: dict[tuple[str, Split], Number] = {}
        for place in places:
            figures.update(_figures(rows[place]))
        made.append(Counted(event, action_type, figures))
    return made


@lru_cache(maxsize=1024)
def _chosen(action_types: tuple[str, ...]) -> list[tuple[str, str, list[int]]]:
    """Each event with the action type to read it from and where in the list that stands; rows repeat the same lists."""
    chosen: dict[str, tuple[int, str]] = {}
    for action_type in action_types:
        event, rank = event_of(action_type)
        chosen[event] = min(chosen.get(event, (rank, action_type)), (rank, action_type))
    return [
        (event, chosen[event][1], [place for place, known in enumerate(action_types) if known == chosen[event][1]])
        for event in sorted(chosen, key=event_order)
    ]


def _figures(entry: Row) -> Iterator[tuple[tuple[str, Split], Number]]:
    if len(entry) == 2 and "value" in entry:  # the type and one figure, as nearly all are
        if (only := number(entry["value"])) is not None:
            yield ("", ()), only
        return
    split = tuple(
        (key, str(value)) for key, value in entry.items() if is_action_breakdown(key) and key != "action_type"
    )
    for key, text in entry.items():
        if not is_action_breakdown(key) and (value := number(text)) is not None:
            yield ("" if key == "value" else key, split), value


@lru_cache(maxsize=4096)
def is_action_breakdown(key: str) -> bool:
    """Whether a key of an action row says where the action falls; the others are figures per attribution window."""
    return key in ACTION_BREAKDOWNS or (key.startswith("action_") and key != "action_values")


def values(entries: object) -> dict[str, Number]:
    """Event → its default figure, for a row without action breakdowns."""
    return {counted.event: counted.value for counted in canonical(entries) if counted.value is not None}


def not_self_evident(types: Mapping[str, Sequence[str]]) -> str:
    """Which action types the columns stand for, where the name does not say it; empty when all do."""
    told = [f"{event} = {' or '.join(kinds)}" for event, kinds in types.items() if list(kinds) != [event]]
    return "; ".join(told)
