"""What a picture shows: panels of bars or lines, chosen from figures. How they are drawn is in `drawing`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from meta_ads_mcp.analysis.actions import CONVERSIONS, TRAFFIC
from meta_ads_mcp.analysis.charts.panels import Heading, Panel
from meta_ads_mcp.analysis.guardrails import HOURLY
from meta_ads_mcp.analysis.numbers import Number, total
from meta_ads_mcp.analysis.series import BASE, Figures, Measure, Period
from meta_ads_mcp.analysis.trend import is_complete
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row, Table
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.domain.insights_query import InsightsParams

# More bars than these cannot be read; the rest is one bar.
MOST_BARS = 15
# Breakdowns whose values have an order of their own.
ORDINAL = frozenset({"age", *HOURLY})
WITHOUT = "No picture: this server was installed without them. Run: pip install 'meta-ads-local-mcp[charts]'"
NOTHING = "No picture: there are no rows to draw."
TOO_MUCH = "No picture: rows by period and by object (or by action) do not fit into one; ask for one of both."


def pictures(call: Call, heading: Heading, panels: Sequence[Panel], *, lying: bool) -> list[bytes]:
    """The picture as PNG, or none and a note why. `lying` bars have their labels beside them, others below."""
    if not any(any(value for value in panel.values) for panel in panels):
        call.note(NOTHING)
        return []
    try:
        from meta_ads_mcp.analysis.charts import draw as drawing  # noqa: PLC0415  Pillow is an extra
    except ModuleNotFoundError:
        call.note(WITHOUT)
        return []
    draw: Callable[[Heading, Sequence[Panel]], bytes] = drawing.horizontal_bars if lying else drawing.vertical_panels
    return [draw(heading, panels)]


def _heading(account: Account, what: str, days: str) -> Heading:
    """A heading in the account's own currency and time zone."""
    name = clean(account.name, 60) or account.id
    return Heading(f"{name}: {what}", f"{days} · {account.timezone_name} · money in {account.currency}")


def trend_pictures(
    call: Call, object_id: str, series: Sequence[Period], what: Measure, account: Account
) -> list[bytes]:
    """Spend and results as bars, and what a result costs as a line; clicks where there are no results."""
    whose = "" if object_id == account.id else f" of {object_id}"
    labels = [short_day(period.start) for period in series]
    partial = _partial(series, account.today(call.now()))
    panels = [
        Panel(title, labels, [period.figures.metric(name) for period in series], name in BASE, partial)
        for name, title in _titles(what, account.currency).items()
    ]
    head = _heading(account, f"development{whose}", f"{series[0].start} to {series[-1].stop}{_said(partial)}")
    return pictures(call, head, panels, lying=False)


def _titles(what: Measure, currency: str) -> dict[str, str]:
    """The metrics of a trend with the titles of their axes."""
    spend = {"spend": f"Spend, {currency}"}
    if what.event is None:
        return {**spend, "clicks": "Clicks", "cpc": f"Cost per click, {currency}"}
    event = what.event.replace("_", " ")
    return {**spend, "results": f"Results ({event})", "cost_per_result": f"Cost per result ({event}), {currency}"}


def _partial(series: Sequence[Period], today: date) -> frozenset[int]:
    """The places of the periods that are not over, or shorter than the others."""
    return frozenset(at for at, period in enumerate(series) if not is_complete(period, series, today))


def _said(partial: frozenset[int]) -> str:
    return " · pale: incomplete" if partial else ""


def short_day(day: date) -> str:
    return f"{day.day} {day:%b}"


def report_pictures(
    call: Call, asked: InsightsParams, answer: Result, account: Account, rows: Sequence[Row]
) -> list[bytes]:
    """The rows of an insights query as bars: a bar per object or value of the breakdowns, or one per period.

    `rows` are Graph's, for the days.
    """
    table = answer.data
    if not isinstance(table, Table) or not table.rows:
        call.note(NOTHING)
        return []
    named = _names_of_rows(table, asked)
    by_period = asked.time_increment not in (None, "all_days") or len(asked.windows) > 1
    if (named and by_period) or asked.action_breakdowns:
        call.note(TOO_MUCH)
        return []
    series = [Period(_day(row["date_start"]), _day(row["date_stop"]), Figures()) for row in rows]
    more = f" · the first {len(table.rows)} rows" if answer.page and answer.page.has_more else ""
    days = f"{min(period.start for period in series)} to {max(period.stop for period in series)}{more}"
    if named:
        what = " and ".join(name.removesuffix("_name").replace("_", " ") for name in named)
        return pictures(call, _heading(account, f"by {what}", days), _of_rows(table, named, account), lying=True)
    partial = _partial(series, account.today(call.now()))
    labels = [short_day(period.start) for period in series]
    panels = [Panel(title, labels, values, partial=partial) for title, values in _shown(table, account.currency)]
    return pictures(call, _heading(account, "by period", days + _said(partial)), panels, lying=False)


def _day(text: Any) -> date:
    return date.fromisoformat(str(text))


def _names_of_rows(table: Table, asked: InsightsParams) -> list[str]:
    level = asked.own_level or ""
    return [name for name in (*(asked.breakdowns or ()), f"{level}_name") if name in table.columns]


def _shown(table: Table, currency: str) -> list[tuple[str, list[Number | None]]]:
    """Spend and the deepest event of the table, with the titles of their axes."""
    at = {name: place for place, name in enumerate(table.columns)}
    names = [name for name in ("spend", *CONVERSIONS, *TRAFFIC, "clicks", "impressions") if name in at][:2]
    titles = {"spend": f"Spend, {currency}"}
    return [
        (titles.get(name, name.replace("_", " ").capitalize()), [row[at[name]] for row in table.rows]) for name in names
    ]


def _of_rows(table: Table, named: Sequence[str], account: Account) -> list[Panel]:
    """A bar per row, the largest first."""
    places = [table.columns.index(name) for name in named]
    labels = [", ".join(clean(str(row[place]), 40) for place in places) for row in table.rows]
    shown = _shown(table, account.currency)
    by_label = not ORDINAL.isdisjoint(named)
    order = sorted(range(len(labels)), key=lambda at: labels[at] if by_label else -(shown[0][1][at] or 0))
    return [
        keep_largest(Panel(title, [labels[at] for at in order], [values[at] for at in order]))
        for title, values in shown
    ]


def keep_largest(panel: Panel) -> Panel:
    """The first bars, and the others as one."""
    if len(panel.values) <= MOST_BARS:
        return panel
    kept = MOST_BARS - 1
    rest = total(panel.values[kept:])
    labels = [*panel.labels[:kept], f"{len(panel.values) - kept} others"]
    return Panel(panel.title, labels, [*panel.values[:kept], rest], panel.line)
