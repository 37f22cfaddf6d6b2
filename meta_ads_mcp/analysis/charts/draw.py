"""Draw panels with Pillow, on axes that start at 0. Requires the extra `charts`."""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from meta_ads_mcp.analysis.charts.panels import Heading, Panel
from meta_ads_mcp.analysis.numbers import Number

# Pixels of the picture. It is drawn SCALE times larger and then reduced, which smooths slanted lines.
WIDTH, MARGIN, SCALE = 1200, 48, 2
TITLE, SUBTITLE, LABEL = 27, 18, 17
INK, GREY, GRID, PAPER = "#1F2933", "#66727F", "#E4E8EC", "#FFFFFF"
BAR, PARTIAL_BAR, LINE = "#2F6FAB", "#B4CFE6", "#C4551A"
# Fonts of common systems that have more than ASCII, which is all that Pillow's built-in font has.
FONTS = (
    "DejaVuSans.ttf",
    "Arial.ttf",
    "arial.ttf",
    "segoeui.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "Arial Unicode.ttf",
    "meiryo.ttc",
    "msyh.ttc",
    "malgun.ttf",
    "Hiragino Sans GB.ttc",
)
_ASCII = {"\u00b7": "|", "\u2013": "-", "\u2014": "-", "\u2026": "...", "\u2019": "'", "\u2212": "-"}
# Pixels of a horizontal bar with the gap after it, and of a vertical panel.
ROW, PANEL = 34, 210
HEAD = 104
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def _font(name: str | None, size: int) -> Font | None:
    try:
        return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    except OSError:
        return None


@cache
def _has_glyph(name: str, character: str) -> bool:
    """Return whether a font has a glyph. Missing ones are drawn like a character that does not exist."""
    font = _font(name, 24)
    return font is not None and _render(font, character) != _render(font, "\uffff")


def _render(font: Font, character: str) -> bytes:
    image = Image.new("L", (48, 48))
    ImageDraw.Draw(image).text((4, 4), character, font=font, fill=255)
    return image.tobytes()


@cache
def _with_font(text: str, size: int) -> tuple[str, Font]:
    """Return the text and a font that has all of its glyphs, or the text reduced to ASCII if there is none."""
    special = {character for character in text if not character.isascii()}
    for name in FONTS:
        font = _font(name, size)
        if font is not None and all(_has_glyph(name, character) for character in special):
            return text, font
    plain = unicodedata.normalize("NFKD", "".join(_ASCII.get(character, character) for character in text))
    ascii_text = "".join(c if c.isascii() else "" if unicodedata.combining(c) else "?" for c in plain)
    font = _font(FONTS[0], size) or _font(None, size)
    if font is None:
        raise OSError("Pillow has no font")
    return ascii_text, font


class Canvas:
    """A canvas with coordinates in pixels of the finished picture."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._image = Image.new("RGB", (width * SCALE, height * SCALE), PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def text(self, x: float, y: float, text: str, *, size: int = LABEL, color: str = INK, anchor: str = "lm") -> None:
        """Draw text. `anchor` is Pillow's two-letter anchor."""
        drawable, font = _with_font(text, size * SCALE)
        self._draw.text((x * SCALE, y * SCALE), drawable, font=font, fill=color, anchor=anchor)

    def width_of(self, text: str, size: int = LABEL) -> float:
        """Measure the width of a text in pixels."""
        drawable, font = _with_font(text, size * SCALE)
        return font.getlength(drawable) / SCALE

    def shorten(self, text: str, max_width: float, size: int = LABEL) -> str:
        """Shorten the text to at most that many pixels."""
        while len(text) > 4 and self.width_of(text, size) > max_width:
            text = f"{text[:-2].rstrip('. …')}…"
        return text

    def bar(self, start_x: float, top: float, right: float, bottom: float, color: str = BAR) -> None:
        """Draw a bar, or nothing if its length is 0."""
        if right > start_x and bottom > top:
            first, last = (start_x * SCALE, top * SCALE), (right * SCALE - 1, bottom * SCALE - 1)
            self._draw.rectangle([first, (max(first[0], last[0]), max(first[1], last[1]))], fill=color)

    def line(self, points: Sequence[tuple[float, float]], *, color: str = GRID, width: float = 1) -> None:
        """Draw a line through the points."""
        pixels = [(x * SCALE, y * SCALE) for x, y in points]
        self._draw.line(pixels, fill=color, width=round(width * SCALE), joint="curve")

    def dot(self, x: float, y: float, radius: float) -> None:
        """Draw a dot in the color of lines."""
        box = [(x - radius) * SCALE, (y - radius) * SCALE, (x + radius) * SCALE, (y + radius) * SCALE]
        self._draw.ellipse(box, fill=LINE)

    def png(self) -> bytes:
        """Encode the picture as PNG, with few colors for a small file."""
        image = self._image.resize(self._size, Image.Resampling.LANCZOS)
        image = image.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        file = io.BytesIO()
        image.save(file, "PNG", optimize=True)
        return file.getvalue()

    def heading(self, heading: Heading) -> None:
        """Draw the title and the subtitle."""
        room = self._size[0] - 2 * MARGIN
        self.text(MARGIN, 40, self.shorten(heading.title, room, TITLE), size=TITLE)
        self.text(MARGIN, 73, self.shorten(heading.subtitle, room, SUBTITLE), size=SUBTITLE, color=GREY)


@dataclass(frozen=True)
class Scale:
    """An axis from 0 to `top`, with a mark every `step`."""

    top: float
    step: float

    @property
    def marks(self) -> list[float]:
        """Return the values of the marks, from 0 on."""
        return [self.step * number for number in range(math.floor(self.top / self.step * 1.001) + 1)]


def scale(values: Sequence[Number | None], *, marks: int = 4, tight: bool = False) -> Scale:
    """Choose an axis with round marks. It ends at the largest value if `tight`, otherwise at the next mark."""
    largest = max((float(value) for value in values if value is not None), default=0.0) or 1.0
    rough = largest / marks
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    return Scale(largest if tight else step * math.ceil(largest / step * 0.999), step)


def figure(value: Number, step: float = 0.0) -> str:
    """Format a number for an axis, such as 1,200, 0.25 or 3.4M. `step` is the distance of marks."""
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:,.2f}".rstrip("0").rstrip(".") + letter
    exact = max(0, 1 - math.floor(math.log10(step))) if step else (2 if abs(value) < 100 else 0)
    text = f"{value:,.{min(exact, 4)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def horizontal_bars(heading: Heading, panels: Sequence[Panel]) -> bytes:
    """Draw horizontal bars with labels on their left, as PNG.

    Panels with the same labels are side by side, others below each other.
    """
    shared_labels = all(list(panel.labels) == list(panels[0].labels) for panel in panels)
    heights = [44 + ROW * len(panel.values) + 40 for panel in panels]
    height = max(heights) if shared_labels else sum(heights)
    canvas = Canvas(WIDTH, HEAD + height + 8)
    canvas.heading(heading)
    names = _label_width(canvas, panels)
    if shared_labels:
        room = (WIDTH - 2 * MARGIN - names) / len(panels)
        for number, panel in enumerate(panels):
            _draw_horizontal(canvas, panel, HEAD, MARGIN + names + number * room, room, names if number == 0 else 0)
    else:
        top = HEAD
        for panel, part in zip(panels, heights, strict=True):
            _draw_horizontal(canvas, panel, top, MARGIN + names, WIDTH - 2 * MARGIN - names, names)
            top += part
    return canvas.png()


def _label_width(canvas: Canvas, panels: Sequence[Panel]) -> float:
    widest = max(canvas.width_of(label) for panel in panels for label in panel.labels)
    return min(widest, 330) + 16


def _draw_horizontal(canvas: Canvas, panel: Panel, top: float, start_x: float, room: float, names: float) -> None:
    """Draw one panel. `names` is the width of the labels on its left, or 0 if another panel shows them."""
    axis = scale(panel.values, tight=True)
    canvas.text(start_x, top + 14, panel.title, size=SUBTITLE)
    first, bottom = top + 40, top + 44 + ROW * len(panel.values)
    # Figures are drawn behind the bars, so the longest bar leaves room for them.
    length = room - 30 - max(canvas.width_of(figure(value or 0)) for value in panel.values)
    for mark in axis.marks:
        x = start_x + mark / axis.top * length
        canvas.line([(x, first - 4), (x, bottom)])
        canvas.text(x, bottom + 16, figure(mark, axis.step), color=GREY, anchor="mm")
    for number, (label, value) in enumerate(zip(panel.labels, panel.values, strict=True)):
        middle = first + ROW * (number + 0.5)
        end = start_x + (value or 0) / axis.top * length
        canvas.bar(start_x, middle - ROW * 0.34, end, middle + ROW * 0.34)
        canvas.text(end + 8, middle, "no value" if value is None else figure(value), color=GREY)
        if names:
            canvas.text(start_x - 14, middle, canvas.shorten(label, names - 14), anchor="rm")
    canvas.line([(start_x, first - 4), (start_x, bottom)], color=GREY)


def vertical_panels(heading: Heading, panels: Sequence[Panel]) -> bytes:
    """Draw panels of the same days below each other, as PNG. The days are below the last panel."""
    canvas = Canvas(WIDTH, HEAD + PANEL * len(panels) + 36)
    canvas.heading(heading)
    axes = [scale(panel.values) for panel in panels]
    marks = [figure(mark, axis.step) for axis in axes for mark in axis.marks]
    start_x = MARGIN + max(canvas.width_of(mark) for mark in marks) + 14
    for number, (panel, axis) in enumerate(zip(panels, axes, strict=True)):
        _draw_vertical(canvas, panel, axis, start_x, HEAD + number * PANEL)
    _draw_days(canvas, panels[-1].labels, start_x, HEAD + PANEL * len(panels) - 14)
    return canvas.png()


def _draw_vertical(canvas: Canvas, panel: Panel, axis: Scale, start_x: float, top: float) -> None:
    first, bottom, right = top + 42.0, top + PANEL - 14.0, WIDTH - MARGIN
    canvas.text(MARGIN, top + 14, panel.title, size=SUBTITLE)
    for mark in axis.marks:
        y = bottom - mark / axis.top * (bottom - first)
        canvas.line([(start_x, y), (right, y)], color=GRID if mark else GREY)
        canvas.text(start_x - 10, y, figure(mark, axis.step), color=GREY, anchor="rm")
    width = (right - start_x) / len(panel.values)
    heights = [None if value is None else value / axis.top * (bottom - first) for value in panel.values]
    if panel.line:
        _draw_line(
            canvas, [(start_x + width * (i + 0.5), None if h is None else bottom - h) for i, h in enumerate(heights)]
        )
        return
    gap = width * 0.14
    for number, height in enumerate(heights):
        x = start_x + width * number
        color = PARTIAL_BAR if number in panel.partial else BAR
        canvas.bar(x + gap, bottom - (height or 0), x + width - gap, bottom, color)


def _draw_line(canvas: Canvas, points: Sequence[tuple[float, float | None]]) -> None:
    """Draw a line through the known points. It is interrupted at unknown ones."""
    for (x, y), (following, after) in pairwise(points):
        if y is not None and after is not None:
            canvas.line([(x, y), (following, after)], color=LINE, width=2.5)
    for x, y in points:
        if y is not None and len(points) <= 120:
            canvas.dot(x, y, 3.2)


def _draw_days(canvas: Canvas, labels: Sequence[str], left: float, bottom: float) -> None:
    """Draw as many days as fit side by side."""
    width = (WIDTH - MARGIN - left) / len(labels)
    every = math.ceil((max(canvas.width_of(label) for label in labels) + 26) / width)
    for number in range(0, len(labels), every):
        canvas.text(left + width * (number + 0.5), bottom + 18, labels[number], color=GREY, anchor="mm")
