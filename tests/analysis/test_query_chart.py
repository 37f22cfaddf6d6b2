"""Charts of queries: lines by day, bars by category, one currency per panel, and what cannot be drawn."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.analysis.charts import query_chart as charts
from meta_ads_mcp.analysis.charts.panels import RowChart, TimeChart
from meta_ads_mcp.analysis.charts.query_chart import MAX_BARS, MAX_PANELS, query_chart
from meta_ads_mcp.core.result import Table

DAYS = ("2026-11-01", "2026-11-02", "2026-11-04")


def time_chart(columns: list[str], rows: list[list[Any]]) -> TimeChart:
    chart = query_chart(Table(columns, rows))
    assert isinstance(chart, TimeChart), chart
    return chart


def row_chart(columns: list[str], rows: list[list[Any]]) -> RowChart:
    chart = query_chart(Table(columns, rows))
    assert isinstance(chart, RowChart), chart
    return chart


def test_days_and_numbers_are_lines_with_a_panel_each() -> None:
    rows = [[day, number, number / 2, None] for number, day in enumerate(DAYS)]
    chart = time_chart(["date", "spend", "rate", "empty"], rows[::-1])
    assert [(panel.title, list(panel.values), panel.is_line) for panel in chart.panels] == [
        ("spend", [0, 1, 2], True),
        ("rate", [0, 0.5, 1], True),
    ]
    assert chart.labels == ["1 Nov", "2 Nov", "4 Nov"]


def test_moments_of_date_trunc_are_days() -> None:
    assert len(time_chart(["week", "n"], [[f"{day} 00:00:00", 1] for day in DAYS]).labels) == 3


def test_each_currency_has_panels_of_its_own_and_gaps_stay() -> None:
    rows = [[DAYS[0], "EUR", 5], [DAYS[0], "USD", 90], [DAYS[1], "USD", 80], [DAYS[2], "EUR", 6]]
    chart = time_chart(["date", "currency", "spend"], rows)
    assert [(panel.note, list(panel.values)) for panel in chart.panels] == [
        ("USD", [90, 80, None]),
        ("EUR", [5, None, 6]),
    ]
    bars = row_chart(["name", "currency", "spend"], [["a", "EUR", 5], ["b", "USD", 90], ["c", "EUR", 1]])
    assert [(panel.title, list(panel.labels)) for panel in bars.panels] == [("EUR", ["a", "c"]), ("USD", ["b"])]


def test_more_than_there_is_room_for_is_counted() -> None:
    rows = [[day, f"s{number}", number] for number in range(MAX_PANELS + 3) for day in DAYS]
    chart = time_chart(["date", "name", "n"], rows)
    assert len(chart.panels) == MAX_PANELS
    assert chart.panels[0].note == f"s{MAX_PANELS + 2}"
    assert "3 more series" in chart.heading.subtitle
    bars = row_chart(["name", "n"], [[f"s{number}", number] for number in range(MAX_BARS + 5)])
    assert bars.panels[0].rest == "and 5 more rows"


@pytest.mark.parametrize(
    ("columns", "rows", "problem"),
    [
        (["n"], [[5]], charts.NO_NUMBERS),
        (["name"], [["a"]], charts.NO_NUMBERS),
        (["name", "flag"], [["a", True]], charts.NO_NUMBERS),
        (["name", "n"], [["a", None]], charts.NO_NUMBERS),
        (["name", "n"], [["a", -1]], charts.NEGATIVE),
        (["date", "n"], [[DAYS[0], 1], [DAYS[0], 2], [DAYS[1], 2]], charts.SAME_DAY),
        (["date", "n"], [[DAYS[0], 1]], charts.ONE_DAY),
    ],
)
def test_tables_without_a_chart_say_why(columns: list[str], rows: list[list[Any]], problem: str) -> None:
    assert query_chart(Table(columns, rows)) == problem
