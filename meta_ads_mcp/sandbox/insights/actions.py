"""Action rows: the names Meta gives to what people did, and their values per attribution window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from meta_ads_mcp.sandbox.insights.metrics import EVENTS, WINDOWS
from meta_ads_mcp.sandbox.insights.split import spread

Sums = Mapping[str, int]

# action_type -> the metrics and events it counts. docs: marketing-api/reference/ads-action-stats
ACTION_TYPES: dict[str, tuple[str, ...]] = {
    "link_click": ("link_click",),
    "landing_page_view": ("landing_page_view",),
    "omni_landing_page_view": ("landing_page_view",),
    "post_reaction": ("reaction",),
    "comment": ("comment",),
    "post": ("share",),
    "onsite_conversion.post_save": ("save",),
    "like": ("like",),
    "video_view": ("video_3s",),
    "post_engagement": ("link_click", "reaction", "comment", "share", "save", "video_3s"),
    "page_engagement": ("link_click", "reaction", "comment", "share", "save", "video_3s", "like"),
    "view_content": ("view_content",),
    "omni_view_content": ("view_content",),
    "offsite_conversion.fb_pixel_view_content": ("view_content",),
    "onsite_web_view_content": ("view_content",),
    "add_to_cart": ("add_to_cart",),
    "omni_add_to_cart": ("add_to_cart",),
    "offsite_conversion.fb_pixel_add_to_cart": ("add_to_cart",),
    "onsite_web_add_to_cart": ("add_to_cart",),
    "initiate_checkout": ("initiate_checkout",),
    "omni_initiated_checkout": ("initiate_checkout",),
    "offsite_conversion.fb_pixel_initiate_checkout": ("initiate_checkout",),
    "onsite_web_initiate_checkout": ("initiate_checkout",),
    "purchase": ("purchase",),
    "omni_purchase": ("purchase",),
    "offsite_conversion.fb_pixel_purchase": ("purchase",),
    "onsite_web_purchase": ("purchase",),
    "onsite_web_app_purchase": ("purchase",),
    "web_in_store_purchase": ("purchase",),
    "lead": ("lead_pixel", "lead_form"),
    "offsite_conversion.fb_pixel_lead": ("lead_pixel",),
    "onsite_conversion.lead_grouped": ("lead_form",),
    "leadgen_grouped": ("lead_form",),
    "mobile_app_install": ("install",),
    "omni_app_install": ("install",),
    "onsite_conversion.messaging_conversation_started_7d": ("message",),
    "onsite_conversion.total_messaging_connection": ("message",),
}
VALUE_TYPES = {name: ("purchase_value",) for name, event_names in ACTION_TYPES.items() if event_names == ("purchase",)}

# Not returned with region and hourly breakdowns. docs: marketing-api/insights/breakdowns
OFF_META = frozenset(
    {"view_content", "add_to_cart", "initiate_checkout", "purchase", "purchase_value", "lead_pixel", "install"}
)

# Attribution windows -> the metric windows they add up. 7d_view and 28d_view have given nothing since 2026-01-12.
SHOWN_WINDOWS: dict[str, tuple[str, ...]] = {
    "1d_click": ("k1",),
    "7d_click": ("k1", "k7"),
    "28d_click": ("k1", "k7", "k28"),
    "1d_view": ("v1",),
}
DEFAULT = ("k1", "k7", "v1")

DEVICES = {"iphone": 0.44, "android_smartphone": 0.41, "desktop": 0.11, "ipad": 0.04}
REACTIONS = {"like": 0.8, "love": 0.14, "wow": 0.03, "haha": 0.02, "sorry": 0.01}


@dataclass(frozen=True)
class Style:
    """How action rows are shown: extra windows, the action breakdowns, whether off-Meta actions are there."""

    windows: tuple[str, ...] = ()
    breakdowns: tuple[str, ...] = ("action_type",)
    off_meta: bool = True


def metrics_of(names: Iterable[str]) -> list[str]:
    """The stored metrics behind metrics and events."""
    events = {*EVENTS, "purchase_value"}
    return [item for name in names for item in ([f"{name}:{w}" for w in WINDOWS] if name in events else [name])]


def value_in(sums: Sums, event_names: Sequence[str], windows: Sequence[str]) -> int:
    """Return the sum of metrics, of conversions within some windows."""
    total = 0
    for name in event_names:
        total += sums[name] if name in sums else sum(sums.get(f"{name}:{window}", 0) for window in windows)
    return total


def value_within(sums: Sums, event_names: Sequence[str], window: str) -> int:
    """The value within one attribution window; what is no conversion counts as clicked."""
    if window == "1d_view":
        event_names = [name for name in event_names if name not in sums]
    return value_in(sums, event_names, SHOWN_WINDOWS[window])


def counts(sums: Sums, types: Mapping[str, tuple[str, ...]], style: Style) -> dict[str, tuple[int, dict[str, int]]]:
    """Per action type with a count: the default value and the value per asked window."""
    events = _events_of(tuple(types.items()), off_meta=style.off_meta)
    values = dict.fromkeys(types, 0)
    for metric, value in sums.items():
        for name in events.types_by_metric.get(metric, ()):
            values[name] += value
    windows = [item for item in style.windows if item in SHOWN_WINDOWS]
    return {
        name: (value, {item: value_within(sums, events.by_type[name], item) for item in windows})
        for name, value in values.items()
        if value
    }


@dataclass(frozen=True)
class _Events:
    """The metrics and events that action types count, and the action types that a stored metric counts for."""

    by_type: Mapping[str, tuple[str, ...]]
    types_by_metric: Mapping[str, Sequence[str]]


@lru_cache
def _events_of(types: tuple[tuple[str, tuple[str, ...]], ...], *, off_meta: bool) -> _Events:
    by_type = {name: tuple(item for item in names if off_meta or item not in OFF_META) for name, names in types}
    by_metric: dict[str, list[str]] = {}
    for name, names in by_type.items():
        for metric in metrics_of(names):
            if metric.partition(":")[2] in ("", *DEFAULT):
                by_metric.setdefault(metric, []).append(name)
    return _Events(by_type, by_metric)


def rows(sums: Sums, types: Mapping[str, tuple[str, ...]], style: Style, show: Any) -> list[dict[str, str]]:
    """Action rows; `show` writes a number as text."""
    result = []
    for name, (value, by_window) in counts(sums, types, style).items():
        for extra, part in _break_down(name, value, style):
            row = {"action_type": name, **extra, "value": show(part)}
            result.append(
                row | {window: show(_part(amount, part, value)) for window, amount in by_window.items() if amount}
            )
    return result


def _part(amount: int, part: int, whole: int) -> int:
    return amount if part == whole else round(amount * part / whole)


def _break_down(name: str, value: int, style: Style) -> list[tuple[dict[str, str], int]]:
    shares = _shares(name, style)
    if not shares:
        return [({}, value)]
    label, weights = shares
    parts = spread(value, list(weights.values()), 0.5)
    return [({label: key}, part) for key, part in zip(weights, parts, strict=True) if part]


def _shares(name: str, style: Style) -> tuple[str, dict[str, float]] | None:
    if "action_device" in style.breakdowns:
        return "action_device", DEVICES
    if "action_reaction" in style.breakdowns and name == "post_reaction":
        return "action_reaction", REACTIONS
    return None
