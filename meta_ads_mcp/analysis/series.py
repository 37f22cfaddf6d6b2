"""Figures of one object over time, and which event its results are.

Results are Meta's own (`results`, as Ads Manager shows them) where every row names the same event. Otherwise, as for an
account with mixed objectives, they are the first event of `PREFERENCE` that any row has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from meta_ads_mcp.analysis.actions import values
from meta_ads_mcp.analysis.numbers import Number, number, ratio, total
from meta_ads_mcp.analysis.table import indicated_event, result_value
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import months_before

FIELDS = tuple(
    """spend impressions reach frequency clicks ctr cpc cpm actions action_values results account_currency date_start
    date_stop""".split()
)
PREFERENCE = tuple(
    """purchase lead complete_registration app_install subscribe start_trial submit_application schedule contact
    messaging_conversation_started landing_page_view link_click post_engagement video_view""".split()
)


@dataclass(frozen=True)
class Measure:
    """What `results` counts: an event, from Meta's own results or from the actions; None where there is no event.

    `instead` names Meta's result where it is no event, such as reach: people cannot be added up like events.
    """

    event: str | None
    own: bool
    instead: str | None = None

    def of(self, row: Row) -> Number | None:
        if self.event is None:
            return None
        if self.own:
            entries = row.get("results")
            return (result_value(entries[0]) if isinstance(entries, list) and entries else None) or 0
        return values(row.get("actions")).get(self.event, 0)

    def note(self) -> str:
        if self.instead:
            return f"Meta's result here is {self.instead}, which is no event: there is no results column."
        if self.event is None:
            return "No conversion and no click is in these rows, so there are no results."
        if self.own:
            return f"results = {self.event} (Meta's own results)."
        return (
            f"results = {self.event}: Meta names no single result here, so it is the first of purchase, lead, …, "
            "link_click that the rows have; cost_per_result is all spend by it."
        )


def result_measure(rows: Sequence[Row]) -> Measure:
    """The event that the results of these rows are."""
    indicators = {_indicator(row) for row in rows if row.get("results")}
    only = next(iter(indicators)) if len(indicators) == 1 else None
    if only is not None:
        event = indicated_event(only)
        return Measure(event, own=True, instead=None if event else only)
    present = {event for row in rows for event in values(row.get("actions"))}
    return Measure(next((event for event in PREFERENCE if event in present), None), own=False)


def _indicator(row: Row) -> str | None:
    entries = row["results"]
    single = isinstance(entries, list) and len(entries) == 1 and isinstance(entries[0], dict)
    return str(entries[0].get("indicator")) if single else None


@dataclass(frozen=True)
class Figures:
    """What happened in a period. Money is in major units of the account's currency; `reach` None where not known."""

    spend: Number = 0
    impressions: Number = 0
    clicks: Number = 0
    results: Number | None = None
    value: Number = 0
    reach: Number | None = 0

    def metric(self, name: str) -> Number | None:
        """A metric by name, None where there is nothing to divide by."""
        return METRICS[name](self)


METRICS: Mapping[str, Callable[[Figures], Number | None]] = {
    "spend": lambda f: f.spend,
    "impressions": lambda f: f.impressions,
    "reach": lambda f: f.reach,
    "clicks": lambda f: f.clicks,
    "ctr": lambda f: ratio(f.clicks, f.impressions, 100),
    "cpc": lambda f: ratio(f.spend, f.clicks),
    "cpm": lambda f: ratio(f.spend, f.impressions, 1000),
    "results": lambda f: f.results,
    "cost_per_result": lambda f: ratio(f.spend, f.results),
    "purchase_roas": lambda f: ratio(f.value, f.spend) if f.value else None,
    "frequency": lambda f: ratio(f.impressions, f.reach),
}
# What a ratio divides by: too small, and the ratio says nothing.
BASE = {
    "ctr": "impressions",
    "cpm": "impressions",
    "cpc": "clicks",
    "cost_per_result": "results",
    "purchase_roas": "results",
    "frequency": "reach",
}
_GOOD_UP = frozenset({"clicks", "ctr", "results", "purchase_roas"})
_BAD_UP = frozenset({"cpc", "cpm", "cost_per_result", "frequency"})


def good_or_bad(metric: str, direction: str | None) -> str:
    """Whether a rise or fall of a metric is good; spend and what it buys are neutral by themselves."""
    if direction not in ("up", "down") or metric not in _GOOD_UP | _BAD_UP:
        return "neutral"
    return "good" if (metric in _GOOD_UP) == (direction == "up") else "bad"


def figures(row: Row, what: Measure) -> Figures:
    """The figures of one row of Graph; an empty row is a period without delivery."""
    return Figures(
        spend=number(row.get("spend")) or 0,
        impressions=number(row.get("impressions")) or 0,
        clicks=_clicks(row),
        results=what.of(row),
        value=values(row.get("action_values")).get("purchase", 0),
        reach=number(row.get("reach")) if row else 0,
    )


def _clicks(row: Row) -> Number:
    """As Graph counts them; where a row has only the rate, what the rate says."""
    given = number(row.get("clicks"))
    if given is not None:
        return given
    return round(ratio(number(row.get("ctr")), 100, number(row.get("impressions")) or 0) or 0)


def sum_figures(parts: Sequence[Figures]) -> Figures:
    """Periods together. People of several periods cannot be added: their reach is not known."""
    return Figures(
        spend=total(part.spend for part in parts),
        impressions=total(part.impressions for part in parts),
        clicks=total(part.clicks for part in parts),
        results=total(known) if (known := [part.results for part in parts if part.results is not None]) else None,
        value=total(part.value for part in parts),
        reach=parts[0].reach if len(parts) == 1 else None,
    )


@dataclass(frozen=True)
class Period:
    """One period with both its days; `delivered` is False where Graph had no row for it."""

    start: date
    stop: date
    figures: Figures
    delivered: bool = True

    @property
    def days(self) -> int:
        return (self.stop - self.start).days + 1


Step = str  # "daily", "weekly" or "monthly"


def periods(rows: Sequence[Row], what: Measure, last: date, step: Step) -> list[Period]:
    """The periods from the first row to the day `last`, with zeros where Graph has no row."""
    known = {str(row["date_start"]): row for row in rows if row.get("date_start")}
    made: list[Period] = []
    for day in sorted(known):
        start = date.fromisoformat(day)
        if made:
            made += _gap(made[-1].stop + timedelta(days=1), start - timedelta(days=1), what, step)
        row = known[day]
        stop = _day(row.get("date_stop")) or _next(start, step) - timedelta(days=1)
        made.append(Period(start, stop, figures(row, what)))
    return made + _gap(made[-1].stop + timedelta(days=1), last, what, step) if made else []


def _gap(start: date, last: date, what: Measure, step: Step) -> list[Period]:
    """Periods without delivery that fill the days from `start` to `last`."""
    made = []
    while start <= last:
        following = _next(start, step)
        made.append(Period(start, min(following - timedelta(days=1), last), figures({}, what), delivered=False))
        start = following
    return made


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None


def _next(start: date, step: Step) -> date:
    if step == "monthly":
        return months_before(start.replace(day=1), -1)
    return start + timedelta(days=7 if step == "weekly" else 1)
