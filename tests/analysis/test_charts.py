"""Pictures: what is on them, that they are optional, and that they are what the figures say."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from typing import Any

import pytest
from fastmcp import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from meta_ads_mcp.analysis.charts import draw as drawing
from meta_ads_mcp.analysis.charts import pictures as charts
from meta_ads_mcp.analysis.charts.draw import BAR, HEAD, LINE, PARTIAL_BAR, figure, scale
from meta_ads_mcp.analysis.charts.panels import Heading, Panel
from meta_ads_mcp.analysis.charts.pictures import MAX_BARS, NOT_INSTALLED
from tests.support.examples import demo_ids
from tests.support.sandbox_engine import SandboxEngine, build_server, shared_world

PNG = b"\x89PNG\r\n\x1a\n"
LARGEST = 150_000
HEADING = Heading("Harbor & Pine", "last_30d · Europe/Berlin · money in EUR")


def opened(png: bytes) -> Image.Image:
    assert png.startswith(PNG)
    return Image.open(io.BytesIO(png)).convert("RGB")


def amount_of(image: Image.Image, color: str) -> int:
    """Pixels of that colour, up to what smoothing and reducing the colours change."""
    wanted = tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))
    counts = image.getcolors(image.width * image.height) or []
    return sum(
        count
        for count, pixel in counts
        if isinstance(pixel, tuple) and all(abs(a - b) < 24 for a, b in zip(pixel, wanted, strict=True))
    )


def widths(image: Image.Image) -> list[int]:
    """The lengths of the lying bars, from the top, in pixels."""
    found: list[int] = []
    inside = False
    for y in range(HEAD, image.height):
        row = image.crop((0, y, image.width, y + 1))
        length = amount_of(row, BAR)
        if length > 3 and not inside:
            found.append(length)
        inside = length > 3
    return found


def test_bars_are_as_long_as_their_values_and_start_at_zero() -> None:
    image = opened(drawing.horizontal_bars(HEADING, [Panel("Spend, EUR", ["a", "b", "c"], [100, 50, 25])]))
    first, second, third = widths(image)
    assert second == pytest.approx(first / 2, abs=3)
    assert third == pytest.approx(first / 4, abs=3)


def test_standing_bars_and_lines_share_the_days() -> None:
    labels = [f"{day} Oct" for day in range(1, 31)]
    panels = [
        Panel("Spend, EUR", labels, list(range(1, 31)), partial=frozenset({29})),
        Panel("Cost", labels, [2, None, 3] * 10, line=True),
    ]
    image = opened(drawing.vertical_panels(HEADING, panels))
    assert all(amount_of(image, color) > 100 for color in (BAR, PARTIAL_BAR, LINE))
    assert image.size == (1200, HEAD + 2 * 210 + 36)


@pytest.mark.parametrize("values", [[0, 0], [None, 0], [0.0001], [10**12, 1]])
@pytest.mark.parametrize("lying", [True, False])
def test_odd_values_are_drawn(values: list[Any], lying: bool) -> None:
    draw = drawing.horizontal_bars if lying else drawing.vertical_panels
    assert opened(draw(HEADING, [Panel("x", [f"{n}" for n in range(len(values))], values)]))


@pytest.mark.parametrize("name", ["Clínica Vale Verde", "温泉", "Магазин", "", "x" * 300, "a\u202eb", "🌲"])
def test_every_name_can_be_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Panel("Spend, EUR", [name, "b"], [1, 2])
    assert opened(drawing.horizontal_bars(Heading(name, name), [panel]))
    monkeypatch.setattr(drawing, "FONTS", ("no such font.ttf",))
    drawing._with_font.cache_clear()
    written, _ = drawing._with_font(name, 20)
    assert written.isascii()
    assert opened(drawing.horizontal_bars(Heading(name, name), [panel]))
    drawing._with_font.cache_clear()


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


def test_more_bars_than_can_be_read_become_one() -> None:
    many = Panel("Spend", [f"{n}" for n in range(40)], [1] * 40)
    cut = charts.keep_first(many)
    assert len(cut.values) == MAX_BARS
    assert sum(value or 0 for value in cut.values) == 40
    assert cut.labels[-1] == "26 others"


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
    assert [block.type for block in content] == ["text", "text", "image"]
    assert content[2].mime_type == "image/png"
    png = base64.b64decode(content[2].data)
    assert len(png) < LARGEST
    assert amount_of(opened(png), BAR) > 1000
    assert not any("No picture" in note for note in structured.get("notes", []))


@pytest.mark.parametrize("tool", CALLS)
async def test_there_is_none_unless_it_is_asked_for(tool: str) -> None:
    made = build_server(shared_world())
    async with Client(made.server) as client:
        answer = await client.call_tool_mcp(tool, arguments(made, tool))
    assert [block.type for block in answer.content] == ["text", "text"]


@pytest.mark.parametrize("tool", CALLS)
async def test_without_the_extra_the_figures_come_with_a_note(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.delitem(sys.modules, "meta_ads_mcp.analysis.charts.draw")
    monkeypatch.delattr("meta_ads_mcp.analysis.charts.draw")
    content, structured = await blocks(tool)
    assert [block.type for block in content] == ["text", "text"]
    assert NOT_INSTALLED in structured["notes"]
    assert structured["data"]


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"breakdowns": ["age"], "time_increment": "7"}, charts.TWO_DIMENSIONS),
        ({"breakdowns": None, "action_breakdowns": ["action_device"]}, charts.TWO_DIMENSIONS),
        ({"filtering": [{"field": "spend", "operator": "GREATER_THAN", "value": ["999999999"]}]}, charts.NO_ROWS),
    ],
)
async def test_rows_that_make_no_picture_say_so(more: dict[str, Any], note: str) -> None:
    content, structured = await blocks("ads_get_insights", **more)
    assert [block.type for block in content] == ["text", "text"]
    assert note in structured["notes"]


async def test_periods_stand_beside_each_other() -> None:
    content, _ = await blocks("ads_get_insights", breakdowns=None, time_increment="7")
    image = opened(base64.b64decode(content[2].data))
    assert amount_of(image, PARTIAL_BAR) > 100, "the last week has two days only"


def test_serving_imports_no_library_for_pictures() -> None:
    code = (
        "import sys; import meta_ads_mcp.server.server, meta_ads_mcp.server.catalogue as catalogue; "
        "catalogue.collect(); print('PIL' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
