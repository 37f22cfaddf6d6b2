"""Arrange the figures of one object by period, and choose the event that its results count.

Results are those of Meta (`results`, as in Ads Manager) if every row counts the same event. Otherwise, for example for
an account with several objectives, they are the first event of `PREFERENCE` that any row has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from meta_ads_mcp.analysis.actions import values
from meta_ads_mcp.analysis.numbers import Number, number, ratio, round_number, total
from meta_ads_mcp.analysis.results import PER_THOUSAND, ResultEntry, is_additive, is_result_list, result_entries
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import months_before, parse_day

FIELDS = tuple(
    """spend impressions reach frequency clicks ctr cpc cpm actions action_values results account_currency date_start
    date_stop""".split()
)
PREFERENCE = tuple(
    """purchase lead complete_registration app_install subscribe start_trial submit_application schedule contact
    messaging_conversation_started landing_page_view link_click post_engagement video_view""".split()
)


# The key of a row that `meant.with_event` adds: the spend that was meant for the results.
EVENT_SPEND = "event_spend"


@dataclass(frozen=True)
class Measure:
    """The event that `results` counts, or None. `from_meta` says whether it is the one of the field `results`.

    Without an event, `named` has the events that the field names, of which none counts for all rows.
    """

    event: str | None
    from_meta: bool
    named: tuple[str, ...] = ()

    @property
    def additive(self) -> bool:
        """Return whether results of several rows can be added up. Counts of people, such as reach, cannot."""
        return self.event is not None and is_additive(self.event)

    @property
    def unit(self) -> int:
        """Return for how many results `cost_per_result` is the cost."""
        return result_unit(self.event)

    def result_of(self, row: Row) -> Number | None:
        """Return the results of a row of Graph, or None if there is no event."""
        if self.event is None:
            return None
        if self.from_meta:
            entry = _only_result(row)
            return entry.default if entry else 0
        return values(row.get("actions")).get(self.event, 0)

    def note(self) -> str:
        """Explain the results column, or say why there is none."""
        if self.event is None and self.named:
            events = ", ".join(self.named)
            return (
                f"Meta names no single result of all rows ({events}), so there are none; ads_get_insights shows each."
            )
        if self.event is None:
            return "These rows have no conversions and no link clicks, so there are no results."
        if self.from_meta:
            people = "" if self.additive else "; people of several periods cannot be added up"
            cost = "" if self.unit == 1 else f"; cost_per_result is per {self.unit:,}"
            return f"results = {self.event} (as in Ads Manager){cost}{people}."
        return (
            f"results = {self.event}: Meta names no single result here, so this is the first of purchase, lead, …, "
            "link_click that the rows have; cost_per_result is all spend divided by it."
        )


def result_measure(rows: Sequence[Row]) -> Measure:
    """Choose the event that the results of these rows count."""
    entries = [_only_result(row) for row in rows if row.get("results")]
    names = {entry.event if entry and entry.default is not None else None for entry in entries}
    if len(names) == 1 and (event := names.pop()):
        return Measure(event, from_meta=True)
    present = {event for row in rows for event in values(row.get("actions"))}
    event = next((event for event in PREFERENCE if event in present), None)
    return Measure(event, from_meta=False, named=() if event else _named_events(rows))


def _named_events(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the events of all entries of `results`, each once."""
    lists = [row["results"] for row in rows if is_result_list(row.get("results"))]
    return tuple(dict.fromkeys(entry.event for value in lists for entry in result_entries("results", value)))


def result_unit(event: str | None) -> int:
    """Return for how many results Meta gives the cost: 1,000 for reach and impressions, otherwise 1."""
    return 1000 if event in PER_THOUSAND else 1


def unit_notes(events: Iterable[str | None]) -> list[str]:
    """Return a note about events whose cost Meta gives per 1,000, if there are any."""
    names = sorted({event for event in events if event and result_unit(event) != 1})
    return [f"The cost per result of {' and '.join(names)} is per 1,000."] if names else []


def cost_label(event: str | None) -> str:
    """Name the cost of a result, such as `cost per purchase` or `cost per 1,000 reach`."""
    unit = result_unit(event)
    name = (event or "result").replace("_", " ")
    return f"cost per {name}" if unit == 1 else f"cost per {unit:,} {name}"


def _only_result(row: Row) -> ResultEntry | None:
    """Return the entry of `results` if there is exactly one."""
    value: Any = row.get("results")
    entries = result_entries("results", value) if is_result_list(value) else []
    return entries[0] if len(entries) == 1 else None


@dataclass(frozen=True)
class Figures:
    """The figures of a period. Money is in major units of the account's currency.

    Unknown `results` and `reach` are None. `cost_per_result` is the cost of `result_unit` results. `result_spend` is
    the spend that was meant for the results, or None if all of it was.
    """

    spend: Number = 0
    impressions: Number = 0
    clicks: Number = 0
    results: Number | None = None
    value: Number = 0
    reach: Number | None = 0
    result_unit: int = 1
    additive: bool = True
    result_spend: Number | None = None

    def metric(self, name: str) -> Number | None:
        """Return a metric of `METRICS`, or None if it is unknown or its denominator is 0."""
        return METRICS[name](self)

    def display(self, name: str) -> Number | None:
        """Return a metric as answers show it: ratios rounded, amounts and counts exact."""
        return display_value(name, self.metric(name))


METRICS: Mapping[str, Callable[[Figures], Number | None]] = {
    "spend": lambda f: f.spend,
    "impressions": lambda f: f.impressions,
    "reach": lambda f: f.reach,
    "clicks": lambda f: f.clicks,
    "ctr": lambda f: ratio(f.clicks, f.impressions, 100),
    "cpc": lambda f: ratio(f.spend, f.clicks),
    "cpm": lambda f: ratio(f.spend, f.impressions, 1000),
    "results": lambda f: f.results,
    "cost_per_result": lambda f: ratio(f.spend if f.result_spend is None else f.result_spend, f.results, f.result_unit),
    "purchase_roas": lambda f: ratio(f.value, f.spend) if f.value else None,
    "frequency": lambda f: ratio(f.impressions, f.reach),
}
# The denominator of each ratio.
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


def display_value(metric: str, value: Number | None) -> Number | None:
    """Round the value of a ratio; leave amounts and counts exact."""
    return round_number(value) if metric in BASE else value


def good_or_bad(metric: str, direction: str | None) -> str:
    """Return `good`, `bad` or `neutral` for a rise (`up`) or fall (`down`). Spend and impressions are neutral."""
    if direction not in ("up", "down") or metric not in _GOOD_UP | _BAD_UP:
        return "neutral"
    return "good" if (metric in _GOOD_UP) == (direction == "up") else "bad"


def figures(row: Row, measure: Measure) -> Figures:
    """Read the figures of one row of Graph. An empty row is a period without delivery."""
    return Figures(
        spend=number(row.get("spend")) or 0,
        impressions=number(row.get("impressions")) or 0,
        clicks=_clicks(row),
        results=measure.result_of(row),
        value=values(row.get("action_values")).get("purchase", 0),
        reach=number(row.get("reach")) if row else 0,
        result_unit=measure.unit,
        additive=measure.additive,
        result_spend=number(row.get(EVENT_SPEND)),
    )


def _clicks(row: Row) -> Number:
    """Return the clicks of a row, computed from its click-through rate if the count is missing."""
    clicks = number(row.get("clicks"))
    if clicks is not None:
        return clicks
    return round(ratio(number(row.get("ctr")), 100, number(row.get("impressions")) or 0) or 0)


def sum_figures(parts: Sequence[Figures]) -> Figures:
    """Add the figures of several periods. Counts of people become unknown, because they cannot be added."""
    if len(parts) == 1:
        return parts[0]
    results = [part.results for part in parts if part.results is not None and part.additive]
    return Figures(
        spend=total(part.spend for part in parts),
        impressions=total(part.impressions for part in parts),
        clicks=total(part.clicks for part in parts),
        results=total(results) if results else None,
        value=total(part.value for part in parts),
        reach=None,
        result_unit=parts[0].result_unit if parts else 1,
        additive=all(part.additive for part in parts),
        result_spend=_result_spend(parts),
    )


def _result_spend(parts: Sequence[Figures]) -> Number | None:
    """Return the spend that was meant for the results of all parts, or None if it is all of their spend."""
    if all(part.result_spend is None for part in parts):
        return None
    return total(part.spend if part.result_spend is None else part.result_spend for part in parts)


@dataclass(frozen=True)
class Period:
    """One period; `start` and `stop` are included. `delivered` is False if Graph has no row for it."""

    start: date
    stop: date
    figures: Figures
    delivered: bool = True

    @property
    def days(self) -> int:
        """Count the days of the period."""
        return (self.stop - self.start).days + 1


Step = str  # "daily", "weekly" or "monthly"


def periods(rows: Sequence[Row], measure: Measure, last: date, step: Step) -> list[Period]:
    """Arrange Graph's rows in periods from the first row to the day `last`. Periods without a row have zeros.

    Rows without a valid `date_start` are left out; `cautions.date_note` says so.
    """
    by_day = {start: row for row in rows if (start := parse_day(row.get("date_start")))}
    series: list[Period] = []
    for start, row in sorted(by_day.items(), key=lambda item: item[0]):
        if series:
            series += _gap(series[-1].stop + timedelta(days=1), start - timedelta(days=1), measure, step)
        stop = parse_day(row.get("date_stop"))
        if stop is None or stop < start:
            stop = _next(start, step) - timedelta(days=1)
        series.append(Period(start, stop, figures(row, measure)))
    return series + _gap(series[-1].stop + timedelta(days=1), last, measure, step) if series else []


def _gap(start: date, last: date, measure: Measure, step: Step) -> list[Period]:
    """Fill the days from `start` to `last` with periods without delivery."""
    gap = []
    while start <= last:
        following = _next(start, step)
        gap.append(Period(start, min(following - timedelta(days=1), last), figures({}, measure), delivered=False))
        start = following
    return gap


def _next(start: date, step: Step) -> date:
    if step == "monthly":
        return months_before(start.replace(day=1), -1)
    return start + timedelta(days=7 if step == "weekly" else 1)
