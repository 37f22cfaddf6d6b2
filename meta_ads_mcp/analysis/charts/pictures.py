"""Choose what a picture shows: panels of bars or lines. Module `draw` draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from meta_ads_mcp.analysis.actions import CONVERSIONS, TRAFFIC
from meta_ads_mcp.analysis.charts.panels import Heading, Panel
from meta_ads_mcp.analysis.numbers import Number, total
from meta_ads_mcp.analysis.query.guardrails import HOURLY
from meta_ads_mcp.analysis.series import BASE, Figures, Measure, Period, cost_label
from meta_ads_mcp.analysis.trend import is_complete
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Result, Row, Table
from meta_ads_mcp.core.values.dates import parse_day
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.domain.insights_query import InsightsParams

# The other bars are joined into one.
MAX_BARS = 15
# Breakdowns whose values are in a natural order.
ORDINAL = frozenset({"age", *HOURLY})
NOT_INSTALLED = (
    "No picture: this server was installed without charts. Run: uv tool install 'meta-ads-local-mcp[charts]' "
    "(with pip: pip install 'meta-ads-local-mcp[charts]'; the bundle has no charts)."
)
NO_ROWS = "No picture: there are no rows to draw."
NO_DAYS = "No picture: Meta returned rows without valid days."
TWO_DIMENSIONS = "No picture: it cannot show rows by period and by object (or by action). Request only one of them."


def draw_pictures(call: Call, heading: Heading, panels: Sequence[Panel], *, horizontal: bool) -> list[bytes]:
    """Draw one picture as PNG. Without figures or without the extra `charts`, add a note and return no picture."""
    if not any(any(value for value in panel.values) for panel in panels):
        call.note(NO_ROWS)
        return []
    try:
        from meta_ads_mcp.analysis.charts import draw as drawing  # noqa: PLC0415  Pillow is an extra
    except ModuleNotFoundError:
        call.note(NOT_INSTALLED)
        return []
    draw: Callable[[Heading, Sequence[Panel]], bytes] = (
        drawing.horizontal_bars if horizontal else drawing.vertical_panels
    )
    return [draw(heading, panels)]


def _heading(account: Account, subject: str, days: str) -> Heading:
    """Name the account, the subject, the days, the time zone and the currency."""
    name = clean(account.name, 60) or account.id
    return Heading(f"{name}: {subject}", f"{days} · {account.timezone_name} · money in {account.currency}")


def trend_pictures(
    call: Call, object_id: str, series: Sequence[Period], measure: Measure, account: Account
) -> list[bytes]:
    """Draw spend and results as bars and the cost per result as a line, or clicks if there are no results."""
    subject = "" if object_id == account.id else f" of {object_id}"
    labels = [short_day(period.start) for period in series]
    partial = _partial(series, account.today(call.now()))
    panels = [
        Panel(title, labels, [period.figures.metric(name) for period in series], name in BASE, partial)
        for name, title in _titles(measure, account.currency).items()
    ]
    head = _heading(account, f"development{subject}", f"{series[0].start} to {series[-1].stop}{_legend(partial)}")
    return draw_pictures(call, head, panels, horizontal=False)


def _titles(measure: Measure, currency: str) -> dict[str, str]:
    """Return the metrics of a trend with the titles of their panels."""
    spend = {"spend": f"Spend, {currency}"}
    if measure.event is None:
        return {**spend, "clicks": "Clicks", "cpc": f"Cost per click, {currency}"}
    event = measure.event.replace("_", " ")
    cost = cost_label(measure.event).capitalize()
    return {**spend, "results": f"Results ({event})", "cost_per_result": f"{cost}, {currency}"}


def _partial(series: Sequence[Period], today: date) -> frozenset[int]:
    """Return the indexes of the periods that are not over, or shorter than the others."""
    return frozenset(index for index, period in enumerate(series) if not is_complete(period, series, today))


def _legend(partial: frozenset[int]) -> str:
    return " · pale: incomplete" if partial else ""


def short_day(day: date) -> str:
    """Format a day without its year, such as `3 Oct`."""
    return f"{day.day} {day:%b}"


def report_pictures(
    call: Call, query: InsightsParams, answer: Result, account: Account, rows: Sequence[Row]
) -> list[bytes]:
    """Draw the rows of an insights query: a bar per object or breakdown value, or a bar per period.

    `rows` are Graph's rows, which have the days that the answer may lack.
    """
    table = answer.data
    if not isinstance(table, Table) or not table.rows:
        call.note(NO_ROWS)
        return []
    label_columns = _label_columns(table, query)
    by_period = query.time_increment not in (None, "all_days") or len(query.windows) > 1
    if (label_columns and by_period) or query.action_breakdowns:
        call.note(TWO_DIMENSIONS)
        return []
    series = [Period(*dates, Figures()) for row in rows if (dates := _dates(row))]
    if len(series) < len(rows):
        call.note(NO_DAYS)
        return []
    suffix = f" · the first {len(table.rows)} rows" if answer.page and answer.page.has_more else ""
    days = f"{min(period.start for period in series)} to {max(period.stop for period in series)}{suffix}"
    if label_columns:
        subject = " and ".join(name.removesuffix("_name").replace("_", " ") for name in label_columns)
        panels = _row_panels(table, label_columns, account)
        return draw_pictures(call, _heading(account, f"by {subject}", days), panels, horizontal=True)
    partial = _partial(series, account.today(call.now()))
    labels = [short_day(period.start) for period in series]
    panels = [Panel(title, labels, values, partial=partial) for title, values in _metrics(table, account.currency)]
    return draw_pictures(call, _heading(account, "by period", days + _legend(partial)), panels, horizontal=False)


def _dates(row: Row) -> tuple[date, date] | None:
    first, last = parse_day(row.get("date_start")), parse_day(row.get("date_stop"))
    return (first, last) if first and last else None


def _label_columns(table: Table, query: InsightsParams) -> list[str]:
    level = query.row_level or ""
    return [name for name in (*(query.breakdowns or ()), f"{level}_name") if name in table.columns]


def _metrics(table: Table, currency: str) -> list[tuple[str, list[Number | None]]]:
    """Return spend and the deepest event of the table, each with its title and its values."""
    places = {name: place for place, name in enumerate(table.columns)}
    names = [name for name in ("spend", *CONVERSIONS, *TRAFFIC, "clicks", "impressions") if name in places][:2]
    titles = {"spend": f"Spend, {currency}"}
    return [
        (titles.get(name, name.replace("_", " ").capitalize()), [row[places[name]] for row in table.rows])
        for name in names
    ]


def _row_panels(table: Table, label_columns: Sequence[str], account: Account) -> list[Panel]:
    """Return panels with a bar per row, the largest first."""
    places = [table.columns.index(name) for name in label_columns]
    labels = [", ".join(clean(str(row[place]), 40) for place in places) for row in table.rows]
    metrics = _metrics(table, account.currency)
    by_label = not ORDINAL.isdisjoint(label_columns)
    order = sorted(range(len(labels)), key=lambda index: labels[index] if by_label else -(metrics[0][1][index] or 0))
    return [
        keep_first(Panel(title, [labels[index] for index in order], [values[index] for index in order]))
        for title, values in metrics
    ]


def keep_first(panel: Panel) -> Panel:
    """Keep the first `MAX_BARS - 1` bars and add up the others in one bar."""
    if len(panel.values) <= MAX_BARS:
        return panel
    count = MAX_BARS - 1
    rest = total(panel.values[count:])
    labels = [*panel.labels[:count], f"{len(panel.values) - count} others"]
    return Panel(panel.title, labels, [*panel.values[:count], rest], panel.line)
