"""Choose what the chart of a series shows: spend, results, and what a result costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meta_ads_mcp.analysis.charts.panels import Heading, TimeChart, TimePanel
from meta_ads_mcp.analysis.charts.trend_findings import TrendFinding, TrendStory, comparison_title, find_story
from meta_ads_mcp.analysis.charts.words import capitalize, days_between, period_labels
from meta_ads_mcp.analysis.series import BASE, Figures, Period
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.values.text import clean

PARTIAL = "Pale: not a whole period, or not over yet."


@dataclass(frozen=True)
class EarlierWindow:
    """The window with which a series is compared: its periods, and the figures of both windows as a whole."""

    series: Sequence[Period]
    now: Figures
    before: Figures


def trend_chart(story: TrendStory, account: Account, name: str, earlier: EarlierWindow | None = None) -> TimeChart:
    """Describe the chart of a series of the object with this name, which is empty for the account itself."""
    finding = _finding(story, earlier)
    series = story.series
    partial = frozenset(index for index, period in enumerate(series) if period not in story.complete)
    return TimeChart(
        Heading(finding.title, subtitle(account, days_between(series[0].start, series[-1].stop), name)),
        period_labels([(period.start, period.stop) for period in series]),
        [_panel(story, metric, title, finding, earlier) for metric, title in _titles(story).items()],
        partial,
        finding.highlights,
        legend=_legend(story, finding, earlier, has_partial=bool(partial)),
    )


def _finding(story: TrendStory, earlier: EarlierWindow | None) -> TrendFinding:
    if earlier is None:
        return find_story(story)
    days = days_between(earlier.series[0].start, earlier.series[-1].stop) if earlier.series else "the window before"
    return TrendFinding(f"{comparison_title(story, earlier.now, earlier.before)} against {days}")


def subtitle(account: Account, days: str, name: str = "") -> str:
    """Name the object, its account, the days and the time zone."""
    owner = clean(account.name, 60) or account.id
    subject = f"{clean(name, 80)} · {owner}" if name else owner
    return f"{subject} · {days} ({account.timezone_name})"


def _titles(story: TrendStory) -> dict[str, str]:
    """Return the metrics of the chart with the titles of their panels."""
    cost = {story.cost_metric: f"{capitalize(story.cost)}, {story.currency}"} if story.has_cost else {}
    return {"spend": f"Spend, {story.currency}", story.result_metric: capitalize(story.results), **cost}


def _panel(
    story: TrendStory, metric: str, title: str, finding: TrendFinding, earlier: EarlierWindow | None
) -> TimePanel:
    values = [period.figures.metric(metric) for period in story.series]
    before = [period.figures.metric(metric) for period in earlier.series] if earlier else []
    if earlier:
        whole = [Period(story.series[0].start, story.series[-1].stop, part) for part in (earlier.before, earlier.now)]
        note = TrendStory(whole, story.measure, story.currency, story.today, "period").note(
            metric, TrendFinding("", whole[:1], whole[1:])
        )
    else:
        note = story.note(metric, finding) if finding.highlights else ""
    return TimePanel(title, values, metric in BASE, note, before)


def _legend(story: TrendStory, finding: TrendFinding, earlier: EarlierWindow | None, *, has_partial: bool) -> str:
    """Say what the colors mean, and which periods are compared."""
    texts = []
    if finding.highlights:
        counts = [
            f"{len(part)} {story.step}{'s' if len(part) > 1 else ''}" for part in (finding.later, finding.earlier)
        ]
        place = "before" if finding.follows else "at the start"
        texts.append(f"Marked: {counts[0]}, compared with {counts[1]} {place}.")
    if earlier and earlier.series:
        texts.append(f"Grey: {days_between(earlier.series[0].start, earlier.series[-1].stop)}.")
    return "  ".join([*texts, *([PARTIAL] if has_partial else [])])
