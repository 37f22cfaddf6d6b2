"""Give the lines of a report that has many windows without having them all in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Generic, TypeVar, overload

from meta_ads_mcp.sandbox.insights.dates import Range

Line = TypeVar("Line")


@dataclass
class WindowedLines(Sequence[Line], Generic[Line]):
    """The lines of each window, one window after the other. `counts` are the numbers of their lines.

    The lines of the window that was read last are kept until the last line has been read.
    """

    windows: Sequence[Range]
    counts: Sequence[int]
    lines_of: Callable[[Range], list[Line]]
    _last: dict[int, list[Line]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._starts = list(accumulate(self.counts, initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, position: int) -> Line: ...

    @overload
    def __getitem__(self, position: slice) -> Sequence[Line]: ...

    def __getitem__(self, position: int | slice) -> Line | Sequence[Line]:
        if isinstance(position, int):
            return self._slice(range(len(self))[position], 1)[0]
        start, stop, _ = position.indices(len(self))
        lines = self._slice(start, stop - start)
        if stop == len(self):
            self._last.clear()
        return lines

    def _slice(self, start: int, count: int) -> list[Line]:
        lines: list[Line] = []
        while len(lines) < count:
            position = start + len(lines)
            number = bisect_right(self._starts, position) - 1
            first = position - self._starts[number]
            lines += self._window(number)[first : first + count - len(lines)]
        return lines

    def _window(self, number: int) -> list[Line]:
        if number not in self._last:
            self._last.clear()
            self._last[number] = self.lines_of(self.windows[number])
        return self._last[number]
