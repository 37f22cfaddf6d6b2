"""Say in one sentence what a series of periods shows, and which periods the sentence is about.

A break comes first (module `breaks`): a figure that stays at another level from a day on. Without one it is the
direction of the costs or results (module `trend`), and otherwise that nothing changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from meta_ads_mcp.analysis.breaks import FACTORS, Break, find_breaks
from meta_ads_mcp.analysis.charts.axes import figure, percent, price
from meta_ads_mcp.analysis.charts.words import capitalize, cost_words, event_words, short_day
from meta_ads_mcp.analysis.numbers import Number, change_pct
from meta_ads_mcp.analysis.series import BASE, Figures, Measure, Period, sum_figures
from meta_ads_mcp.analysis.trend import MIN_PERIODS, is_complete, trends
from meta_ads_mcp.core.values.dates import time_range

# The most days before a break with which those after it are compared.
MAX_DAYS_BEFORE = 21
# Less than this share of the level before counts as nothing.
STOPPED = 0.03
# A change of the cost that a title names, in percent.
MIN_COST_CHANGE = 10
_FACTORS = {
    "spend": "spend",
    "cpm": "the price of impressions (CPM)",
    "ctr": "the click rate",
    "conversion_rate": "the conversion rate",
    "value_per_result": "the value per purchase",
}
STEPS = {"daily": "day", "weekly": "week", "monthly": "month"}


@dataclass(frozen=True)
class TrendFinding:
    """A sentence, and the periods that it compares. `highlights` are the first and last index of the later ones."""

    title: str
    earlier: Sequence[Period] = ()
    later: Sequence[Period] = ()
    highlights: tuple[int, int] | None = None

    @property
    def follows(self) -> bool:
        """Return whether the later periods come right after the earlier ones."""
        return bool(self.earlier and self.later) and (self.later[0].start - self.earlier[-1].stop).days == 1


@dataclass(frozen=True)
class TrendStory:
    """A series with what is required to tell its story. `step` is `day`, `week`, `month` or `period`.

    `has_cost` is False if the spend was meant for other events as well, so that it is not the cost of this event.
    """

    series: Sequence[Period]
    measure: Measure
    currency: str
    today: date
    step: str
    has_cost: bool = True

    @property
    def complete(self) -> list[Period]:
        """Return the periods that are over and as long as the others."""
        return [period for period in self.series if is_complete(period, self.series, self.today)]

    @property
    def cost(self) -> str:
        """Name the cost of this series: per result, or per click without results."""
        return cost_words(self.measure.event) if self.measure.event else "cost per click"

    @property
    def cost_metric(self) -> str:
        return "cost_per_result" if self.measure.event else "cpc"

    @property
    def result_metric(self) -> str:
        return "results" if self.measure.event else "clicks"

    @property
    def results(self) -> str:
        return event_words(self.measure.event) if self.measure.event else "clicks"

    def levels(self, metric: str, finding: TrendFinding) -> tuple[Number | None, Number | None]:
        """Return a metric of both sides of a finding: per period, or the ratio of the sums."""
        return _level(metric, finding.earlier), _level(metric, finding.later)

    def note(self, metric: str, finding: TrendFinding) -> str:
        """Describe how a metric changed, such as `64 → 27 a day (−58 %)`."""
        before, after = self.levels(metric, finding)
        if before is None or after is None:
            return ""
        if metric in BASE:
            return f"{price(before)} → {price(after)} ({percent(change_pct(after, before))})".replace(" ()", "")
        unit = f" a {self.step}" if self.step != "period" else ""
        return f"{figure(before)} → {figure(after)}{unit} ({percent(change_pct(after, before))})".replace(" ()", "")


def _level(metric: str, periods: Sequence[Period]) -> Number | None:
    if not periods:
        return None
    if metric in BASE:
        return sum_figures([period.figures for period in periods]).metric(metric)
    values = [value for period in periods if (value := period.figures.metric(metric)) is not None]
    return sum(values) / len(values) if values else None


def find_story(story: TrendStory) -> TrendFinding:
    """Return the finding of a series."""
    return _break_finding(story) or _direction_finding(story) or TrendFinding(_totals(story))


def _break_finding(story: TrendStory) -> TrendFinding | None:
    days = story.complete
    if story.step != "day" or len(days) < MIN_PERIODS:
        return None
    breaks = find_breaks(days, time_range(days[0].start, days[-1].start), FACTORS)
    if not breaks:
        return None
    shift = max(breaks, key=lambda item: item.z)
    end = min((item.day for item in breaks if item.factor == shift.factor and item.day > shift.day), default=None)
    start = max((item.day for item in breaks if item.factor == shift.factor and item.day < shift.day), default=None)
    earlier = [day for day in days if day.start < shift.day and (start is None or day.start >= start)]
    later = [day for day in days if day.start >= shift.day and (end is None or day.start < end)]
    places = [index for index, period in enumerate(story.series) if period in later]
    finding = TrendFinding("", earlier[-MAX_DAYS_BEFORE:], later, (places[0], places[-1]))
    return TrendFinding(_break_title(story, shift, finding), finding.earlier, finding.later, finding.highlights)


def _break_title(story: TrendStory, shift: Break, finding: TrendFinding) -> str:
    day = short_day(shift.day)
    if shift.factor == "spend" and shift.after < STOPPED * shift.before:
        return f"Delivery stopped on {day}, after {figure(shift.before)} {story.currency} a day"
    if shift.factor == "spend" and shift.before < STOPPED * shift.after:
        return f"Delivery started on {day}, with {figure(shift.after)} {story.currency} a day"
    change = percent(shift.change_pct)
    rises = shift.after > shift.before
    subject = f"{capitalize(_FACTORS[shift.factor])} {'rose' if rises else 'fell'} on {day} ({change})"
    before, after = story.levels(story.cost_metric, finding) if story.has_cost else (None, None)
    cost_change = change_pct(after, before)
    if before is None or after is None or cost_change is None or abs(cost_change) < MIN_COST_CHANGE:
        return f"{subject}; the {story.cost} stayed about the same" if before and after else subject
    verb = "went from" if shift.factor != "spend" else "moved from"
    return f"{subject}: the {story.cost} {verb} {price(before)} to {price(after)} {story.currency}"


def _direction_finding(story: TrendStory) -> TrendFinding | None:
    """Name what changes most of cost and results, or else spend. The last third of the periods is highlighted."""
    complete = story.complete
    if len(complete) < MIN_PERIODS:
        return None
    third = len(complete) // 3
    later = complete[-third:]
    places = [index for index, period in enumerate(story.series) if period in later]
    finding = TrendFinding("", complete[:third], later, (places[0], places[-1]))
    directions = {row[0]: row[5] for row in trends(complete, list(story_metrics(story))).rows}
    moving = [metric for metric in story_metrics(story) if directions.get(metric) in ("rising", "falling")]
    if not moving:
        return None
    # Spend is a means: it is the title only if neither results nor their cost change.
    metric = max(moving, key=lambda name: (name != "spend", abs(change_pct(*story.levels(name, finding)[::-1]) or 0)))
    before, after = story.levels(metric, finding)
    title = _direction_title(story, metric, story_metrics(story)[metric], before, after)
    return TrendFinding(title, finding.earlier, finding.later, finding.highlights)


def story_metrics(story: TrendStory) -> dict[str, str]:
    """Return the metrics that a title may be about, the most important first, with their names."""
    cost = {story.cost_metric: f"the {story.cost}"} if story.has_cost else {}
    return {**cost, story.result_metric: story.results, "spend": "spend"}


def _direction_title(story: TrendStory, metric: str, name: str, before: Number | None, after: Number | None) -> str:
    unit = f" {story.currency}" if metric != story.result_metric else ""
    per = "" if metric in BASE or story.step == "period" else f" a {story.step}"
    write = price if metric in BASE else figure
    verb = "rose" if (after or 0) > (before or 0) else "fell"
    values = f"from {write(before or 0)} to {write(after or 0)}{unit}{per}"
    return f"{capitalize(name)} {verb} by {percent(change_pct(after, before)).lstrip('+−')}, {values}"


def _totals(story: TrendStory) -> str:
    """Describe a series without a change: what was spent, and what it brought."""
    figures = sum_figures([period.figures for period in story.series])
    cost = figures.metric(story.cost_metric) if story.has_cost else None
    results = figures.metric(story.result_metric)
    bought = f" bought {figure(results)} {story.results}" if results else " was spent"
    each = f" at a steady {story.cost} of about {price(cost)} {story.currency}" if cost and results else ""
    return f"{figure(figures.spend)} {story.currency}{bought}{each}"


def comparison_title(story: TrendStory, now: Figures, before: Figures) -> str:
    """Compare the figures of a window with those of an earlier one: results, their cost, and spend."""
    changes = {
        capitalize(name.removeprefix("the ")): change_pct(now.metric(metric), before.metric(metric))
        for metric, name in story_metrics(story).items()
    }
    parts = [f"{name} {_change(change)}" for name, change in changes.items() if change is not None]
    texts = [parts[0], *(part[:1].lower() + part[1:] for part in parts[1:])] if parts else []
    return ", ".join(texts) or "Nothing was delivered in the window before"


def _change(change: Number) -> str:
    return "unchanged" if abs(change) < 0.5 else percent(change)
