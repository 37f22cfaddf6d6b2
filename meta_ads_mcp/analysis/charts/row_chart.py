"""Draw rows with labels, and columns of bars with their figures. Bars start at 0."""

from __future__ import annotations

from meta_ads_mcp.analysis.charts.canvas import (
    ACCENT,
    BAR,
    BEFORE_BAR,
    GREY,
    GRID,
    INK,
    MARGIN,
    PANEL_TITLE,
    ROOM,
    WIDTH,
    Canvas,
)
from meta_ads_mcp.analysis.charts.lettering import Lettering
from meta_ads_mcp.analysis.charts.panels import Bar, BarColumn, RowChart, RowPanel

# Pixels of a row, of the space between groups of rows, of a panel's title and of its column titles.
ROW, GROUP_SPACE, TITLE_SPACE, COLUMN_SPACE, PANEL_SPACE = 34, 10, 34, 30, 22
MAX_LABEL, COLUMN_GAP = 340, 28


def draw_row_chart(chart: RowChart, letters: Lettering) -> str:
    """Draw the chart as SVG."""
    canvas = Canvas(letters)
    top = canvas.heading(chart.heading)
    if chart.legend:
        top = _draw_legend(canvas, chart.legend, top)
    labels = [canvas.width_of(label) for panel in chart.panels for label in panel.labels]
    width = min(max(labels, default=0), MAX_LABEL) + 18
    for panel in chart.panels:
        top = _Rows(canvas, panel, width, top).draw() + PANEL_SPACE
    canvas.height = top + 12
    return canvas.svg()


def _draw_legend(canvas: Canvas, names: tuple[str, str], top: float) -> float:
    x = float(MARGIN)
    for name, color in zip(names, (BAR, BEFORE_BAR), strict=True):
        canvas.bar(x, top - 6, x + 14, top + 8, color)
        canvas.text(x + 22, top + 1, name, color=GREY)
        x += canvas.width_of(name) + 50
    return top + 34


class _Rows:
    """One panel; `labels` is the width of the labels on its left."""

    def __init__(self, canvas: Canvas, panel: RowPanel, labels: float, top: float) -> None:
        self._canvas, self._panel, self._top = canvas, panel, top
        self._left, self._room = MARGIN + labels, ROOM - labels

    def draw(self) -> float:
        """Draw it, and return where it ends."""
        if self._panel.title:
            self._canvas.text(MARGIN, self._top + 6, self._panel.title, size=PANEL_TITLE, bold=True)
            self._top += TITLE_SPACE
        if any(column.title for column in self._panel.columns):
            self._draw_titles()
        places = self._places()
        for index, label in enumerate(self._panel.labels):
            is_highlight = index in self._panel.highlights
            color = ACCENT if is_highlight else INK
            self._canvas.text(MARGIN, places[index], label, max_width=MAX_LABEL, color=color, bold=is_highlight)
        for column, (start_x, room) in zip(self._panel.columns, self._areas(), strict=True):
            self._draw_column(column, start_x, room, places)
        end = places[-1] + ROW / 2 + (18 if any(column.average for column in self._panel.columns) else 0)
        if self._panel.rest:
            self._canvas.text(MARGIN, end + 14, self._panel.rest, color=GREY, max_width=ROOM)
            end += 30
        return end

    def _draw_titles(self) -> None:
        y = self._top + 6
        for column, (start_x, room) in zip(self._panel.columns, self._areas(), strict=True):
            self._canvas.text(start_x, y, column.title, color=GREY, max_width=room)
        self._canvas.line([(MARGIN, y + 16), (WIDTH - MARGIN, y + 16)], color=GRID)
        self._top += COLUMN_SPACE

    def _places(self) -> list[float]:
        """Return the middle of each row."""
        place, places = self._top + ROW / 2, []
        for index in range(len(self._panel.labels)):
            place += GROUP_SPACE if index in self._panel.starts and index else 0
            places.append(place)
            place += ROW
        return places

    def _areas(self) -> list[tuple[float, float]]:
        """Return the left side and the width of each column. Texts require less room than bars."""
        shares = [1.0 if column.has_bars or column.wide else 0.62 for column in self._panel.columns]
        unit = (self._room - COLUMN_GAP * (len(shares) - 1)) / sum(shares)
        areas, start_x = [], self._left
        for share in shares:
            areas.append((start_x, share * unit))
            start_x += share * unit + COLUMN_GAP
        return areas

    def _draw_column(self, column: BarColumn, start_x: float, room: float, places: list[float]) -> None:
        largest = max((float(value) for bar in column.bars for value in (bar.value, bar.before) if value), default=0)
        text_room = max(self._canvas.width_of(bar.text, bold=True) for bar in column.bars) + 10
        unit = max(room - text_room, 20) / largest if largest and column.has_bars else 0
        if column.average and unit:
            self._draw_average(column, start_x + column.average * unit, places)
        for index, bar in enumerate(column.bars):
            self._draw_bar(bar, start_x, unit, places[index], room, is_highlight=index in self._panel.highlights)

    def _draw_average(self, column: BarColumn, x: float, places: list[float]) -> None:
        bottom = places[-1] + ROW / 2
        self._canvas.line([(x, places[0] - ROW / 2), (x, bottom)], color=GREY, dashed=True)
        self._canvas.text(x, bottom + 10, column.average_text, color=GREY, size=13, anchor="middle")

    def _draw_bar(self, bar: Bar, start_x: float, unit: float, y: float, room: float, *, is_highlight: bool) -> None:
        has_bar = unit and bar.value is not None
        length = (bar.value or 0) * unit
        color = ACCENT if is_highlight else BAR
        if bar.before is not None and unit:
            self._canvas.bar(start_x, y - 11, start_x + length, y + 1, color)
            self._canvas.bar(start_x, y + 2, start_x + bar.before * unit, y + 10, BEFORE_BAR)
            length = max(length, bar.before * unit)
        elif has_bar:
            self._canvas.bar(start_x, y - 10, start_x + length, y + 10, color)
        x = start_x + length + 8 if has_bar and length else start_x
        shade = INK if bar.text != "–" else GREY
        self._canvas.text(x, y, bar.text, bold=is_highlight, max_width=room, color=shade, halo=True)
