"""Describe what a chart shows, without saying how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from meta_ads_mcp.analysis.numbers import Number


@dataclass(frozen=True)
class Heading:
    """The finding as title, and the line below it: whose figures, days, time zone, currency."""

    title: str
    subtitle: str


@dataclass(frozen=True)
class TimePanel:
    """The values of one metric by period; an unknown value is None.

    `is_line` draws a rate as a line; amounts are bars, which start at 0. `note` is beside the title. `before` holds
    the values of an earlier window, from its first period on.
    """

    title: str
    values: Sequence[Number | None]
    is_line: bool = False
    note: str = ""
    before: Sequence[Number | None] = ()


@dataclass(frozen=True)
class TimeChart:
    """Panels below each other that share their periods.

    `labels` name the periods. `partial` holds the indexes of periods that are not over, or shorter than the others.
    `highlights` are the first and last index of the periods that the title is about.
    """

    heading: Heading
    labels: Sequence[str]
    panels: Sequence[TimePanel]
    partial: frozenset[int] = frozenset()
    highlights: tuple[int, int] | None = None
    legend: str = ""


@dataclass(frozen=True)
class Bar:
    """One value with its text. Without a value there is only the text. `before` is the value of an earlier window."""

    value: Number | None
    text: str
    before: Number | None = None


@dataclass(frozen=True)
class BarColumn:
    """One metric of all rows, or texts that no axis has room for. `average` is drawn as a line across the rows.

    A `wide` column has as much room as one with bars.
    """

    title: str
    bars: Sequence[Bar]
    average: Number | None = None
    average_text: str = ""
    wide: bool = False

    @property
    def has_bars(self) -> bool:
        """Return whether any row has a bar."""
        return any(bar.value is not None or bar.before is not None for bar in self.bars)


@dataclass(frozen=True)
class RowPanel:
    """Rows with labels, and a column per metric. `highlights` are the rows that the title is about.

    `rest` is the text of a last line without bars, about rows that are not shown. `starts` are the rows before which
    a group ends.
    """

    labels: Sequence[str]
    columns: Sequence[BarColumn]
    title: str = ""
    highlights: frozenset[int] = frozenset()
    rest: str = ""
    starts: frozenset[int] = frozenset()


@dataclass(frozen=True)
class RowChart:
    """Panels of rows below each other. `legend` explains the two colors of bars if there is an earlier window."""

    heading: Heading
    panels: Sequence[RowPanel]
    legend: tuple[str, str] | None = None


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text of a chart."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_of(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_of(item)
