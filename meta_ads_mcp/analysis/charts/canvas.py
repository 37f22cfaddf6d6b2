"""Draw shapes and texts as SVG. Coordinates are pixels of the drawing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from meta_ads_mcp.analysis.charts import lettering
from meta_ads_mcp.analysis.charts.lettering import Lettering
from meta_ads_mcp.analysis.charts.panels import Heading

WIDTH, MARGIN = 1200, 56
TITLE, SUBTITLE, PANEL_TITLE, LABEL = 30, 16, 17, 15
INK, GREY, GRID, PAPER = "#17202B", "#5C6773", "#E3E7EB", "#FFFFFF"
BAR, PARTIAL_BAR, BEFORE_BAR, ACCENT, LINE, BAND = "#2F66D0", "#BCCEF2", "#C3CAD2", "#D4560B", "#173A83", "#FFF0E0"
ROOM = WIDTH - 2 * MARGIN
# The fonts by which other programs draw the SVG if they do not have the first.
FAMILIES = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'Noto Sans', sans-serif"


# A number stays in one line with its unit.
_UNITS = re.compile(r"(\d) (%|[A-Z]{3}\b)")


class Canvas:
    """A drawing that grows downwards: `height` is set when everything is drawn."""

    def __init__(self, letters: Lettering) -> None:
        self._letters = letters
        self._parts: list[str] = []
        self._title = ""
        self.height = 0.0

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = LABEL,
        color: str = INK,
        anchor: str = "start",
        bold: bool = False,
        max_width: float | None = None,
        halo: bool = False,
    ) -> None:
        """Draw text whose middle line is at `y`. `anchor` is start, middle or end. A `halo` hides lines behind it."""
        visible = self._letters.write(text)
        if max_width is not None:
            visible = lettering.shorten(visible, max_width, size, bold=bold)
        attributes = f'font-size="{size:g}" fill="{color}"'
        attributes += "" if anchor == "start" else f' text-anchor="{anchor}"'
        attributes += ' font-weight="600"' if bold else ""
        attributes += f' stroke="{PAPER}" stroke-width="5" stroke-linejoin="round" paint-order="stroke"' if halo else ""
        self._parts.append(f'<text x="{_n(x)}" y="{_n(y + size * 0.36)}" {attributes}>{escape(visible)}</text>')

    def width_of(self, text: str, size: float = LABEL, *, bold: bool = False) -> float:
        """Measure the width of a text in pixels."""
        return lettering.width_of(self._letters.write(text), size, bold=bold)

    def bar(
        self, start_x: float, top: float, right: float, bottom: float, color: str = BAR, *, radius: float = 2
    ) -> None:
        """Draw a bar, or nothing if its length is 0."""
        if right <= start_x or bottom <= top:
            return
        size = f'width="{_n(max(right - start_x, 1))}" height="{_n(max(bottom - top, 1))}"'
        corner = f' rx="{radius:g}"' if radius else ""
        self._parts.append(f'<rect x="{_n(start_x)}" y="{_n(top)}" {size}{corner} fill="{color}"/>')

    def line(
        self, points: Sequence[tuple[float, float]], *, color: str = GRID, width: float = 1, dashed: bool = False
    ) -> None:
        """Draw a line through the points."""
        path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        dashes = ' stroke-dasharray="4 4"' if dashed else ""
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width:g}"{dashes} '
            'stroke-linejoin="round" stroke-linecap="round"/>'
        )

    def dot(self, x: float, y: float, radius: float, color: str = LINE) -> None:
        """Draw a dot."""
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{radius:g}" fill="{color}"/>')

    def heading(self, heading: Heading) -> float:
        """Draw the title and the subtitle, and return where they end."""
        self._title = _UNITS.sub("\\1\u00a0\\2", self._letters.write(heading.title))
        y = 56.0
        for line in lettering.wrap(self._title, ROOM, TITLE, lines=2):
            self.text(MARGIN, y, line, size=TITLE, bold=True)
            y += TITLE * 1.3
        self.text(MARGIN, y, heading.subtitle, size=SUBTITLE, color=GREY, max_width=ROOM)
        return y + 32

    def svg(self) -> str:
        """Return the drawing."""
        size = f'width="{WIDTH}" height="{_n(self.height)}" viewBox="0 0 {WIDTH} {_n(self.height)}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FAMILIES}" role="img">'
            f"<title>{escape(self._title)}</title>"
            f'<rect width="100%" height="100%" fill="{PAPER}"/>{"".join(self._parts)}</svg>'
        )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
