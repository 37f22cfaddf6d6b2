"""Draw panels of bars or lines that share their periods, on axes that start at 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from meta_ads_mcp.analysis.charts.axes import Scale, figure, scale
from meta_ads_mcp.analysis.charts.canvas import (
    ACCENT,
    BAND,
    BAR,
    BEFORE_BAR,
    GREY,
    GRID,
    LABEL,
    LINE,
    MARGIN,
    PANEL_TITLE,
    PARTIAL_BAR,
    WIDTH,
    Canvas,
)
from meta_ads_mcp.analysis.charts.lettering import Lettering
from meta_ads_mcp.analysis.charts.panels import TimeChart, TimePanel

# Pixels of a panel, from the middle of its title to its axis, and of the space below.
TITLE_SPACE, HEIGHT, SPACE = 30, 128, 34
MAX_DOTS = 120
Point = tuple[float, float | None]


def draw_time_chart(chart: TimeChart, letters: Lettering) -> str:
    """Draw the chart as SVG."""
    canvas = Canvas(letters)
    top = canvas.heading(chart.heading) + 10
    axes = [scale((*panel.values, *panel.before), marks=4) for panel in chart.panels]
    figures = [figure(mark, axis.step) for axis in axes for mark in axis.marks]
    start_x = MARGIN + max(canvas.width_of(text) for text in figures) + 12
    for panel, axis in zip(chart.panels, axes, strict=True):
        _Panel(canvas, chart, panel, axis, start_x, top + TITLE_SPACE).draw()
        top += TITLE_SPACE + HEIGHT + SPACE
    bottom = top - SPACE
    _draw_days(canvas, chart, start_x, bottom + 20)
    canvas.height = bottom + 48
    if chart.legend:
        canvas.text(MARGIN, bottom + 54, chart.legend, color=GREY, max_width=WIDTH - 2 * MARGIN)
        canvas.height += 30
    return canvas.svg()


class _Panel:
    """One panel; `top` and `bottom` are those of its bars."""

    def __init__(
        self, canvas: Canvas, chart: TimeChart, panel: TimePanel, axis: Scale, start_x: float, top: float
    ) -> None:
        self._canvas, self._chart, self._panel, self._axis = canvas, chart, panel, axis
        self._left, self._top, self._bottom = start_x, top, top + HEIGHT
        self._step = (WIDTH - MARGIN - start_x) / len(chart.labels)

    def draw(self) -> None:
        self._draw_mark()
        self._draw_title()
        self._draw_axis()
        if self._panel.is_line:
            self._draw_line(self._points(self._panel.before), BEFORE_BAR)
            self._draw_line(self._points(self._panel.values), LINE)
        else:
            self._draw_bars()

    def _draw_mark(self) -> None:
        if self._chart.highlights is None:
            return
        first, last = self._chart.highlights
        right = self._left + self._step * (last + 1)
        self._canvas.bar(self._left + self._step * first, self._top - 6, right, self._bottom, BAND, radius=0)

    def _draw_title(self) -> None:
        y = self._top - TITLE_SPACE + 8
        self._canvas.text(MARGIN, y, self._panel.title, size=PANEL_TITLE, bold=True)
        if self._panel.note:
            self._canvas.text(WIDTH - MARGIN, y, self._panel.note, color=ACCENT, anchor="end", bold=True)

    def _draw_axis(self) -> None:
        for mark in self._axis.marks:
            y = self._y(mark)
            self._canvas.line([(self._left, y), (WIDTH - MARGIN, y)], color=GRID if mark else GREY)
            text = figure(mark, self._axis.step)
            self._canvas.text(self._left - 10, y, text, color=GREY, anchor="end")

    def _draw_bars(self) -> None:
        gap = self._step * 0.14
        for index, value in enumerate(self._panel.values):
            x = self._left + self._step * index
            before = self._panel.before[index] if index < len(self._panel.before) else None
            right = x + self._step - gap
            if self._panel.before:
                self._canvas.bar(x + gap, self._y(before or 0), x + self._step * 0.62, self._bottom, BEFORE_BAR)
            color = PARTIAL_BAR if index in self._chart.partial else BAR
            start = x + (self._step * 0.38 if self._panel.before else gap)
            self._canvas.bar(start, self._y(value or 0), right, self._bottom, color)

    def _draw_line(self, points: Sequence[Point], color: str) -> None:
        """Draw a line through the known points. It is interrupted at unknown ones, and pale at partial periods."""
        for index, ((x, y), (following, after)) in enumerate(pairwise(points)):
            if y is not None and after is not None:
                is_partial = color == LINE and not self._chart.partial.isdisjoint((index, index + 1))
                shade = PARTIAL_BAR if is_partial else color
                self._canvas.line([(x, y), (following, after)], color=shade, width=2.5)
        if len(points) <= MAX_DOTS:
            for index, (x, y) in enumerate(points):
                if y is not None:
                    is_partial = color == LINE and index in self._chart.partial
                    self._canvas.dot(x, y, 3, PARTIAL_BAR if is_partial else color)

    def _points(self, values: Sequence[float | None]) -> list[Point]:
        return [
            (self._left + self._step * (index + 0.5), None if value is None else self._y(value))
            for index, value in enumerate(values[: len(self._chart.labels)])
        ]

    def _y(self, value: float) -> float:
        return self._bottom - value / self._axis.top * (self._bottom - self._top)


def _draw_days(canvas: Canvas, chart: TimeChart, start_x: float, y: float) -> None:
    """Draw as many days as fit side by side, and emphasize the first highlight."""
    step = (WIDTH - MARGIN - start_x) / len(chart.labels)
    widest = max(canvas.width_of(label) for label in chart.labels)
    every = math.ceil((widest + 22) / step)
    start = chart.highlights[0] % every if chart.highlights else 0
    for index in range(start, len(chart.labels), every):
        x = start_x + step * (index + 0.5)
        half = canvas.width_of(chart.labels[index]) / 2
        x = min(max(x, MARGIN + half), WIDTH - MARGIN - half)
        is_first = chart.highlights is not None and index == chart.highlights[0]
        color = ACCENT if is_first else GREY
        canvas.text(x, y, chart.labels[index], size=LABEL, color=color, anchor="middle", bold=is_first)
