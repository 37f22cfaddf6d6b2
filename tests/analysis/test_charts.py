"""Charts: what is on them, that they say what the figures say, and that every name can be written."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from fastmcp import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from meta_ads_mcp.analysis.charts import raster
from meta_ads_mcp.analysis.charts.axes import figure, percent, price, scale
from meta_ads_mcp.analysis.charts.canvas import ACCENT, BAND, BAR, BEFORE_BAR, PARTIAL_BAR
from meta_ads_mcp.analysis.charts.lettering import Lettering, lettering, shorten, width_of, wrap
from meta_ads_mcp.analysis.charts.panels import Bar, BarColumn, Heading, RowChart, RowPanel, TimeChart, TimePanel
from meta_ads_mcp.analysis.charts.pictures import NO_ROWS
from meta_ads_mcp.analysis.charts.report_chart import TWO_DIMENSIONS
from meta_ads_mcp.analysis.charts.row_chart import draw_row_chart
from meta_ads_mcp.analysis.charts.split_chart import MAX_ROWS, split_chart
from meta_ads_mcp.analysis.charts.split_findings import SplitRow, split_finding
from meta_ads_mcp.analysis.charts.time_chart import draw_time_chart
from meta_ads_mcp.analysis.charts.trend_findings import TrendStory, find_story
from meta_ads_mcp.analysis.charts.words import days_between
from meta_ads_mcp.analysis.series import Figures, Measure, Period
from meta_ads_mcp.core.ports import Account
from tests.support.answers import check_success
from tests.support.examples import demo_ids
from tests.support.mcp_process import MODERN, McpProcess
from tests.support.sandbox_engine import SandboxEngine, build_server, shared_world

LARGEST = 300_000
HEADING = Heading("Cost per purchase rose", "Harbor & Pine · Europe/Berlin")
ACCOUNT = Account("act_1", "Harbor & Pine", "EUR", "Europe/Berlin")
TODAY = date(2026, 11, 25)
# Names in scripts that the package's own fonts have, and in those that only a system may have.
OWN_SCRIPTS = ["Clínica Vale Verde", "Магазин", "Ψωμί", "متجر العطور", "ร้านค้า", "חנות", "Đồng hồ"]
FOREIGN = ["温泉 旅館", "サロン", "한국어 상점"]


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def count(image: Image.Image, color: str) -> int:
    """Count the pixels of a color."""
    wanted = tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))
    return sum(number for number, pixel in image.getcolors(image.width * image.height) or [] if pixel == wanted)


def bar_widths(svg: str, color: str = BAR) -> list[float]:
    return [float(width) for width in re.findall(rf'<rect [^>]*width="([0-9.]+)"[^>]*fill="{color}"', svg)]


def row_chart(values: list[Any], labels: list[str] | None = None) -> RowChart:
    column = BarColumn("Spend", [Bar(value, "text") for value in values])
    return RowChart(HEADING, [RowPanel(labels or [f"row {n}" for n, _ in enumerate(values)], [column])])


def test_bars_are_as_long_as_their_values_and_start_at_zero() -> None:
    first, second, third = bar_widths(draw_row_chart(row_chart([100, 50, 25]), Lettering()))
    assert second == pytest.approx(first / 2, abs=0.2)
    assert third == pytest.approx(first / 4, abs=0.2)


def test_periods_of_a_chart_are_marked_pale_or_grey() -> None:
    labels = [f"{day} Oct" for day in range(1, 31)]
    panels = [
        TimePanel("Spend", list(range(1, 31)), before=[5] * 30),
        TimePanel("Cost", [2, None, 3] * 10, is_line=True),
    ]
    chart = TimeChart(HEADING, labels, panels, partial=frozenset({29}), highlights=(20, 28), legend="Grey: September.")
    image = opened(raster.png(draw_time_chart(chart, Lettering()), system_fonts=False))
    assert image.width == 2400, "twice the width of the drawing, for slides"
    assert all(count(image, color) > 1000 for color in (BAR, PARTIAL_BAR, BEFORE_BAR, BAND))


@pytest.mark.parametrize("values", [[0, 0], [None, 0], [0.0001], [10**12, 1]])
def test_odd_values_are_drawn(values: list[Any]) -> None:
    assert "<svg" in draw_row_chart(row_chart(values), Lettering())
    assert "<svg" in draw_time_chart(TimeChart(HEADING, ["x"] * len(values), [TimePanel("x", values)]), Lettering())


# ---- letters


@pytest.mark.parametrize("name", OWN_SCRIPTS)
def test_scripts_of_the_package_need_no_font_of_the_system(name: str) -> None:
    letters = lettering([name], lambda _: pytest.fail("a font of the system was asked for"))
    assert letters.write(name) == name
    cell = f'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="40"><text y="30">{name}</text></svg>'
    width, inked = 400 * raster.SCALE, opened_alpha(raster.png(cell, system_fonts=False))
    assert sum(inked) > 50, "nothing was drawn"
    assert len(inked) == width * 40 * raster.SCALE


def opened_alpha(png: bytes) -> list[int]:
    return [int(value > 0) for value in Image.open(io.BytesIO(png)).convert("RGBA").getchannel("A").tobytes()]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_name_without_a_font_becomes_a_number_that_the_notes_explain(name: str) -> None:
    letters = lettering([name, "Sale"], frozenset)
    assert letters.write(f"{name} – Sale") == "(1) – Sale"
    assert letters.write(name) == "(1)", "the same name has the same number"
    (note,) = letters.notes()
    assert f"(1) = {name}" in note


def test_a_symbol_without_a_font_is_left_out_and_named() -> None:
    letters = lettering(["🔥 Sale 🔥"], frozenset)
    assert letters.write("🔥 Sale 🔥") == "Sale"
    assert "🔥" in letters.notes()[0]


def test_characters_that_no_font_has_are_detected() -> None:
    # U+0378 is not assigned, so no font has it; the others are in the fonts of the package.
    assert raster.find_missing("a\u0378Жท") == {"\u0378"}


@pytest.mark.parametrize("name", ["", "x" * 300, "a\u202eb", "<b>&amp;", "a\x00b"])
def test_every_name_makes_a_valid_drawing(name: str) -> None:
    letters = lettering([name], frozenset)
    svg = draw_row_chart(RowChart(Heading(name, name), row_chart([1, 2], [name, "b"]).panels), letters)
    assert opened(raster.png(svg, system_fonts=False))
    assert "\u202e" not in svg


def test_long_titles_are_broken_into_even_lines() -> None:
    text = "The cost per purchase rose by thirteen percent since the fifteenth of November in this account"
    lines = wrap(text, 1000, 30, lines=2)
    assert " ".join(lines) == text
    assert max(width_of(line, 30, bold=True) for line in lines) < 1000
    assert min(map(len, lines)) > 0.6 * max(map(len, lines))
    assert shorten("a long label", 40, 15).endswith("…")


# ---- numbers


@given(st.floats(0.01, 1e12), st.integers(2, 6))
def test_an_axis_has_few_round_marks_and_holds_the_largest_value(largest: float, marks: int) -> None:
    axis = scale([largest, 0, None], marks=marks)
    assert axis.marks[0] == 0
    assert axis.top >= largest * 0.99
    assert 2 <= len(axis.marks) <= marks + 2
    assert len({figure(mark, axis.step) for mark in axis.marks}) == len(axis.marks), "two marks read alike"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (1200, "1,200"), (0.25, "0.25"), (3_400_000, "3.4M"), (2.5e9, "2.5B"), (99.5, "99.5")]
)
def test_figures_read_as_people_write_them(value: float, text: str) -> None:
    assert figure(value) == text


def test_costs_and_changes_read_as_people_write_them() -> None:
    assert [price(value) for value in (None, 3.4, 118.4, 0.0042, 8)] == ["–", "3.40", "118", "0.0042", "8"]
    assert [percent(value) for value in (None, 12.4, -4.2, 210, 0.0)] == ["", "+12 %", "−4.2 %", "×3.1", "0 %"]
    assert days_between(date(2026, 10, 3), date(2026, 10, 9)) == "3 – 9 Oct 2026"
    assert days_between(date(2026, 12, 30), date(2027, 1, 2)) == "30 Dec 2026 – 2 Jan 2027"


# ---- findings


def story(costs: list[float], *, results: int = 100) -> TrendStory:
    """A daily series that ends yesterday, with these costs per purchase."""
    first = TODAY - timedelta(days=len(costs))
    days = [first + timedelta(days=index) for index in range(len(costs))]
    series = [
        Period(day, day, Figures(cost * results, 50_000, 900, results)) for day, cost in zip(days, costs, strict=True)
    ]
    return TrendStory(series, Measure("purchase", from_meta=True), "EUR", TODAY, "day")


def test_a_break_is_the_title_and_its_days_are_marked() -> None:
    finding = find_story(story([20.0, 20.5, 19.5, 20.0] * 5 + [40.0, 41.0, 39.0, 40.0, 40.5]))
    assert "rose on 20 Nov" in finding.title
    assert "20.00 to 40.10 EUR" in finding.title
    assert finding.highlights == (20, 24)
    assert finding.follows


def test_a_slow_rise_is_the_title_and_the_last_third_is_marked() -> None:
    finding = find_story(story([20 + 0.4 * index for index in range(30)]))
    assert finding.title.startswith("The cost per purchase rose by")
    assert finding.highlights == (20, 29)


def test_a_steady_series_says_so_and_marks_nothing() -> None:
    finding = find_story(story([20.0, 20.4, 19.6] * 10))
    assert "steady cost per purchase of about 20.00 EUR" in finding.title
    assert finding.highlights is None


def test_the_row_that_pays_more_for_the_same_result_is_marked() -> None:
    rows = [
        SplitRow("Sales A", 1000, 50, "purchase"),
        SplitRow("Sales B", 1000, 25, "purchase"),
        SplitRow("Leads", 5000, 10, "lead"),
    ]
    finding = split_finding(rows, "campaigns", "EUR")
    assert finding.title.startswith("Sales B: 40.00 EUR per purchase, 100 % more than the other campaigns (20.00)")
    assert finding.highlights == {1}


def test_every_row_has_the_cost_of_its_own_result() -> None:
    rows = [SplitRow("Sales", 1000, 50, "purchase"), SplitRow("Reach", 300, 60_000, "reach", unit=1000)]
    chart = split_chart(rows, ACCOUNT, "campaigns", "days")
    _, results, costs = chart.panels[0].columns
    assert [bar.text for bar in results.bars] == ["50 purchases", "60,000 people reached"]
    assert [bar.text for bar in costs.bars] == ["20.00 per purchase", "5.00 per 1,000 people"]


def test_rows_that_do_not_fit_are_a_line_of_text_and_not_the_longest_bar() -> None:
    rows = [SplitRow(f"ad {number}", 10) for number in range(40)]
    (panel,) = split_chart(rows, ACCOUNT, "ads", "days").panels
    assert len(panel.labels) == len(panel.columns[0].bars) == MAX_ROWS
    assert panel.rest == "26 other ads: 260 EUR, 65 % of the spend."


def test_results_that_meta_does_not_count_are_not_shown_as_zero() -> None:
    rows = [SplitRow(name, 10, 0, "purchase") for name in ("Texas", "Florida")]
    assert [column.title for column in split_chart(rows, ACCOUNT, "regions", "days").panels[0].columns] == [
        "Spend, EUR"
    ]


# ---- through the server


CALLS: dict[str, dict[str, Any]] = {
    "ads_portfolio_summary": {},
    "ads_insights_performance_trend": {"object_id": "AdAccount"},
    "ads_get_insights": {"object_id": "AdAccount", "breakdowns": ["age", "gender"]},
}


def arguments(made: SandboxEngine, tool: str, **more: Any) -> dict[str, Any]:
    """With the id of the demo's own account."""
    known = {name: demo_ids(made.world)(value) if name == "object_id" else value for name, value in CALLS[tool].items()}
    return {**known, **more}


async def blocks(tool: str, **more: Any) -> tuple[list[Any], dict[str, Any]]:
    made = build_server(shared_world())
    async with Client(made.server) as client:
        answer = await client.call_tool_mcp(tool, arguments(made, tool, chart=True, **more))
    assert not answer.is_error, answer.content
    return answer.content, dict(answer.structured_content or {})


@pytest.mark.parametrize("tool", CALLS)
async def test_a_picture_comes_after_the_two_texts(tool: str) -> None:
    content, structured = await blocks(tool)
    assert [block.type for block in content[:3]] == ["text", "text", "image"]
    assert content[2].mime_type == "image/png"
    png = base64.b64decode(content[2].data)
    assert len(png) < LARGEST
    assert opened(png).width == 2400
    assert not any("No picture" in note for note in structured.get("notes", []))


async def test_a_comparison_of_accounts_draws_both_windows() -> None:
    content, _ = await blocks("ads_portfolio_summary", date_preset="last_7d", compare_to="previous_period")
    image = opened(base64.b64decode(content[2].data))
    assert count(image, BEFORE_BAR) > 1000
    assert count(image, ACCENT) > 1000 or count(image, BAR) > 1000


@pytest.mark.parametrize("tool", CALLS)
async def test_there_is_none_unless_it_is_asked_for(tool: str) -> None:
    made = build_server(shared_world())
    async with Client(made.server) as client:
        answer = await client.call_tool_mcp(tool, arguments(made, tool))
    assert [block.type for block in answer.content] == ["text", "text"]


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"breakdowns": ["age"], "time_increment": "7"}, TWO_DIMENSIONS),
        ({"breakdowns": None, "action_breakdowns": ["action_device"]}, TWO_DIMENSIONS),
        ({"filtering": [{"field": "spend", "operator": "GREATER_THAN", "value": ["999999999"]}]}, NO_ROWS),
    ],
)
async def test_rows_that_make_no_picture_say_so(more: dict[str, Any], note: str) -> None:
    content, structured = await blocks("ads_get_insights", **more)
    assert [block.type for block in content] == ["text", "text"]
    assert note in structured["notes"]


async def test_weeks_start_on_monday_and_a_short_first_week_is_pale() -> None:
    days = {"since": "2026-09-03", "until": "2026-11-15"}
    content, structured = await blocks("ads_insights_performance_trend", granularity="weekly", time_range=days)
    periods = structured["data"]["periods"]
    place = periods["columns"].index("date_start")
    starts = [date.fromisoformat(row[place]) for row in periods["rows"]]
    assert starts[0] == date(2026, 9, 3)
    assert all(day.weekday() == 0 for day in starts[1:])
    assert count(opened(base64.b64decode(content[2].data)), PARTIAL_BAR) > 1000


@pytest.mark.parametrize("era", ["2025-11-25", MODERN])
def test_the_files_for_slides_are_linked_in_the_answer(tmp_path: Path, era: str) -> None:
    with McpProcess(tmp_path, "--demo", era=era) as wire:
        account = check_success(wire.call("ads_get_ad_accounts", {"limit": 1}))["data"][0]["id"]
        query = {"object_id": account, "level": "campaign", "chart": True}
        content = wire.call("ads_get_insights", query)["content"]
    assert [block["type"] for block in content] == ["text", "text", "image", "resource_link", "resource_link"]
    drawing, picture = content[3:]
    assert [block["mimeType"] for block in (drawing, picture)] == ["image/svg+xml", "image/png"]
    paths = [Path(unquote(urlsplit(block["uri"]).path)) for block in (drawing, picture)]
    assert [path.stat().st_size for path in paths] == [drawing["size"], picture["size"]]
    assert paths[0].read_text(encoding="utf-8").startswith("<svg ")
    assert paths[1].read_bytes() == base64.b64decode(content[2]["data"])


def test_serving_imports_no_library_for_pictures() -> None:
    code = (
        "import sys; import meta_ads_mcp.server.server, meta_ads_mcp.server.catalogue as catalogue; "
        "catalogue.collect(); print('resvg_py' in sys.modules, 'PIL' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False False"
