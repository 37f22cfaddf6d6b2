"""Count each event once in Graph's lists of actions (SDK classes AdsActionStats and AdsHistogramStats).

Graph reports one purchase under several action types: `purchase`, `omni_purchase`,
`offsite_conversion.fb_pixel_purchase` and others. A click is also part of `post_engagement`, which is part of
`page_engagement`. Each event is therefore read from one action type per row, the widest one that the row has. Action
types are never added up.

Order of preference (Meta docs, marketing-api/reference/ads-action-stats): `omni_X` (web, app, shop and store), `X`,
`X_total`, then the channels from wide to narrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from meta_ads_mcp.analysis.numbers import Number, number, total
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
_PREFIX_RANKS = sorted(((prefix, rank) for rank, prefix in enumerate(_PREFIXES) if prefix), key=lambda p: -len(p[0]))
_SUFFIXES = {"_total": 1, "_website": 7, "_mobile_app": 8, "_offline": 9}
_WITH_SUFFIX = frozenset(
    """contact customize_product donate find_location schedule start_trial submit_application subscribe
    recurring_subscription_payment cancel_subscription""".split()
)
_BASE = re.compile(r"[a-z][a-z0-9_]*")
# Action types whose event no rule derives, with their rank in the order of preference.
_IRREGULAR: dict[str, tuple[str, int]] = {
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
_NEW_NAMES = {
    "initiated_checkout": "initiate_checkout",
    "content_view": "view_content",
    "tutorial_completion": "complete_tutorial",
    "custom": "custom_event",
}

# Events in the order of the funnel, the deepest first.
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
# Standard events outside the funnel, so that their columns are known names.
_OTHER_EVENTS = frozenset(
    """achievement_unlocked add_to_wishlist app_use checkin comment complete_tutorial custom_event credit_spent
    games_plays level_achieved like messaging_connection mobile_app_install mobile_app_retention omni_purchase
    page_engagement photo_view post rate receive_offer rsvp search spent_credits tutorial_completion""".split()
)
_ORDER = {event: place for place, event in enumerate((*CONVERSIONS, *TRAFFIC, *ENGAGEMENT))}


@lru_cache(maxsize=4096)
def event_of(action_type: str) -> tuple[str, int]:
    """Return the event that an action type counts, and the rank of the type in the order of preference (0 is first)."""
    if action_type in _IRREGULAR:
        return _IRREGULAR[action_type]
    for prefix, rank in _PREFIX_RANKS:
        base = action_type.removeprefix(prefix)
        if base != action_type and _BASE.fullmatch(base):
            return _NEW_NAMES.get(base, base), rank
    for suffix, rank in _SUFFIXES.items():
        base = action_type.removesuffix(suffix)
        if base != action_type and base in _WITH_SUFFIX:
            return base, rank
    return _NEW_NAMES.get(action_type, action_type), 1


def is_known_event(name: str) -> bool:
    """Return whether a name is an event, or an action type with a dot, such as a custom conversion."""
    is_own_event = name in _ORDER or name in _IRREGULAR or name in _WITH_SUFFIX or name in _OTHER_EVENTS
    return is_own_event or name.startswith(("messaging_", "post_")) or ("." in name and not name.endswith("."))


def event_order(event: str) -> tuple[int, str]:
    """Return a sort key: the deepest event of the funnel first, unknown events last and by name."""
    return _ORDER.get(event, len(_ORDER)), event


# The keys of an action row that say where the action happened: those of the SDK class AdsHistogramStats that are texts.
_BREAKDOWN_KEYS = ACTION_BREAKDOWNS | {
    "interactive_component_sticker_id",
    "interactive_component_sticker_response",
    "promoted_product_set_result",
}
_WINDOW = re.compile(r"[0-9]+d_|skan_|incrementality|(inline|custom|dda)$")
# Where an action happened, as pairs of breakdown and value; empty without action breakdowns.
Split = tuple[tuple[str, str], ...]
# A histogram is a list of figures. A text is a figure that is not a number.
Figure = Number | list[Any] | str


@dataclass(frozen=True)
class EventFigures:
    """The figures of one event in a row, and the action type from which they were read.

    The key of a figure is its attribution window (`""` for the default) and its split, such as
    `("7d_click", (("action_device", "iphone"),))`. `event` is empty if Graph names no action type.
    """

    event: str
    action_type: str
    figures: dict[tuple[str, Split], Figure]

    @property
    def value(self) -> Number | None:
        """Return the default figure without splits, or None if there is none or it is not a number."""
        figure = self.figures.get(("", ()))
        return None if isinstance(figure, list | str) else figure


def is_action_list(value: object) -> bool:
    """Return whether a value of a row is a list of actions or histograms, with or without action types."""
    return (
        isinstance(value, list) and bool(value) and all(isinstance(item, dict) and _is_action(item) for item in value)
    )


def _is_action(item: object) -> bool:
    if not isinstance(item, dict) or "indicator" in item or "values" in item:
        return False
    return any(key == "value" or is_window(key) or is_action_breakdown(key) for key in item)


def events(entries: object, *, additive: bool = True) -> list[EventFigures]:
    """Return each event of a list of actions (`actions`, `action_values`, `cost_per_action_type`, …) once.

    Entries of the same type, split and window are added up if the figures are `additive`, otherwise listed.
    """
    rows = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    each = []
    for event, action_type, places in _preferred_types(tuple([str(row.get("action_type", "")) for row in rows])):
        figures: dict[tuple[str, Split], Figure] = {}
        for place in places:
            for key, figure in _figures(rows[place]):
                figures[key] = join_figures(figures[key], figure, additive=additive) if key in figures else figure
        each.append(EventFigures(event, action_type, figures))
    return each


@lru_cache(maxsize=1024)
def _preferred_types(action_types: tuple[str, ...]) -> list[tuple[str, str, list[int]]]:
    """Return each event, its preferred action type, and the indexes of that type. Cached: rows repeat their types."""
    best: dict[str, tuple[int, str]] = {}
    for action_type in action_types:
        event, rank = event_of(action_type)
        best[event] = min(best.get(event, (rank, action_type)), (rank, action_type))
    return [
        (event, best[event][1], [place for place, name in enumerate(action_types) if name == best[event][1]])
        for event in sorted(best, key=event_order)
    ]


def _figures(entry: Row) -> Iterator[tuple[tuple[str, Split], Figure]]:
    if len(entry) == 2 and "value" in entry and "action_type" in entry:  # a shortcut for most entries
        if (value := figure_of(entry["value"])) is not None:
            yield ("", ()), value
        return
    figures: dict[str, Figure] = {}
    split: list[tuple[str, str]] = []
    for key, value in entry.items():
        figure = figure_of(value)
        if key == "action_type" or figure is None:
            continue
        unknown = key != "value" and not is_window(key)
        if is_action_breakdown(key) or (unknown and isinstance(figure, str)):
            split.append((key, str(value)))
        else:
            figures["" if key == "value" else key] = figure
    for window, figure in figures.items():
        yield (window, tuple(split)), figure


def figure_of(value: Any) -> Figure | None:
    """Parse a figure of Graph: a number, a list of figures, or text that is not a number. An empty one is None."""
    if value in (None, "", []):
        return None
    if isinstance(value, list):
        return [figure_of(item) for item in value]
    parsed = number(value)
    return str(value) if parsed is None else parsed


def join_figures(first: Figure, second: Figure, *, additive: bool) -> Figure:
    """Add two figures of the same place, or list both if they cannot be added."""
    if additive and not isinstance(first, list | str) and not isinstance(second, list | str):
        return total([first, second])
    return [*(first if isinstance(first, list) else [first]), *(second if isinstance(second, list) else [second])]


@lru_cache(maxsize=4096)
def is_action_breakdown(key: str) -> bool:
    """Return whether a key of an action says where it happened. Other keys are attribution windows."""
    return key in _BREAKDOWN_KEYS or (key.startswith("action_") and key != "action_values")


def is_window(key: str) -> bool:
    """Return whether a key of an action is an attribution window (the other keys of SDK class AdsActionStats)."""
    return _WINDOW.match(key) is not None


def values(entries: object) -> dict[str, Number]:
    """Return the default figure of each event of a row without action breakdowns."""
    return {each.event: each.value for each in events(entries) if each.value is not None}


def explain_events(types: Mapping[str, Sequence[str]]) -> str:
    """Name the action types of those events whose name differs. Return an empty text if there are none."""
    texts = [f"{event} = {' or '.join(kinds)}" for event, kinds in types.items() if event and list(kinds) != [event]]
    return "; ".join(texts)
