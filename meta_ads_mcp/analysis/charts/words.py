"""Write events, days and subjects as people do, for the titles and labels of charts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from meta_ads_mcp.analysis.series import result_unit

_PLURALS = {
    "reach": "people reached",
    "impressions": "impressions",
    "complete_registration": "registrations",
    "messaging_conversation_started": "conversations",
    "submit_application": "applications",
    "schedule": "appointments",
    "landing_page_view": "page views",
    "app_install": "installs",
    "start_trial": "trials",
    "subscribe": "subscriptions",
    "estimated_ad_recallers": "people who recall the ad",
    "post_engagement": "engagements",
    "video_view": "video views",
    "view_content": "content views",
    "add_to_cart": "carts",
    "initiate_checkout": "checkouts",
}
_SINGULARS = {"reach": "people", "impressions": "impressions"}
GENDERS = {"female": "women", "male": "men", "unknown": "gender unknown"}


def event_words(event: str) -> str:
    """Name results of an event, such as `purchases` or `people reached`."""
    name = event.replace("_", " ")
    return _PLURALS.get(event) or (name if name.endswith("s") else f"{name}s")


def event_word(event: str) -> str:
    """Name one result of an event, such as `purchase`."""
    plural = event_words(event)
    return _SINGULARS.get(event) or (plural.removesuffix("s") if event in _PLURALS else event.replace("_", " "))


def cost_words(event: str) -> str:
    """Name the cost of a result, such as `cost per purchase` or `cost per 1,000 people`."""
    unit = result_unit(event)
    return f"cost per {event_word(event)}" if unit == 1 else f"cost per {unit:,} {event_word(event)}"


def short_day(day: date) -> str:
    """Format a day without its year, such as `3 Oct`."""
    return f"{day.day} {day:%b}"


def days_between(first: date, last: date) -> str:
    """Format a range of days, such as `3 – 9 Oct 2026`."""
    if first == last:
        return f"{short_day(first)} {first.year}"
    if first.year != last.year:
        return f"{short_day(first)} {first.year} – {short_day(last)} {last.year}"
    start = str(first.day) if first.month == last.month else short_day(first)
    return f"{start} – {short_day(last)} {last.year}"


def period_labels(periods: Sequence[tuple[date, date]]) -> list[str]:
    """Label periods: days, weeks by their first day, whole months by their name."""
    whole = [first.day == 1 and (last + timedelta(days=1)).day == 1 for first, last in periods]
    if len(periods) > 1 and sum(whole) >= len(periods) - 2 and any(whole):
        years = len({first.year for first, _ in periods}) > 1
        return [f"{first:%b %Y}" if years else f"{first:%b}" for first, _ in periods]
    return [short_day(first) for first, _ in periods]


def capitalize(text: str) -> str:
    """Write the first letter large and leave the others as they are."""
    return text[:1].upper() + text[1:]
