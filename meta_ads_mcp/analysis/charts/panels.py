"""Describe what a chart shows, without a drawing library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meta_ads_mcp.analysis.numbers import Number


@dataclass(frozen=True)
class Heading:
    """The title, and the line below it: days, time zone, currency."""

    title: str
    subtitle: str


@dataclass(frozen=True)
class Panel:
    """One set of axes. `labels` name the values in order; an unknown value is None.

    `line` draws a rate as a line; amounts are bars, which start at 0. `partial` holds the indexes of periods that are
    not over, or shorter than the others.
    """

    title: str
    labels: Sequence[str]
    values: Sequence[Number | None]
    line: bool = False
    partial: frozenset[int] = frozenset()
