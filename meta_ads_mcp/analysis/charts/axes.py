"""Choose axes with round marks, and write numbers as charts show them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from meta_ads_mcp.analysis.numbers import Number


@dataclass(frozen=True)
class Scale:
    """An axis from 0 to `top`, with a mark every `step`."""

    top: float
    step: float

    @property
    def marks(self) -> list[float]:
        """Return the values of the marks, from 0 on."""
        return [self.step * number for number in range(math.floor(self.top / self.step * 1.001) + 1)]


def scale(values: Sequence[Number | None], *, marks: int = 4) -> Scale:
    """Choose an axis with round marks, which ends at the largest value."""
    largest = max((float(value) for value in values if value is not None), default=0.0) or 1.0
    rough = largest / marks
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    return Scale(largest, step)


def figure(value: Number, step: float = 0.0) -> str:
    """Format a number, such as 1,200, 0.25 or 3.4M. `step` is the distance of marks."""
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:,.2f}".rstrip("0").rstrip(".") + letter
    exact = max(0, 1 - math.floor(math.log10(step))) if step else (2 if abs(value) < 100 else 0)
    text = f"{value:,.{min(exact, 4)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount_writer(values: Sequence[Number]) -> Callable[[Number], str]:
    """Return a function that writes amounts below each other with the same number of digits after the point."""
    digits = 0 if max(values, default=0) >= 100 else 2
    return lambda value: f"{value:,.{digits}f}"


def price(value: Number | None) -> str:
    """Format a cost with two digits after the point if it is small, such as 3.40, 118 or 0.0042."""
    if value is None:
        return "–"
    if isinstance(value, int) or abs(value) >= 100:
        return figure(value)
    return f"{value:.4f}".rstrip("0") if 0 < abs(value) < 0.1 else f"{value:.2f}"


def percent(change: Number | None) -> str:
    """Format a change, such as `+12 %`, `−4.2 %` or `×3.1`. An unknown change is empty."""
    if change is None:
        return ""
    if change >= 200:
        return f"×{change / 100 + 1:.1f}"
    digits = 0 if abs(change) >= 10 else 1
    number = f"{abs(change):.{digits}f}".removesuffix(".0")
    sign = "" if number == "0" else "+" if change > 0 else "−"
    return f"{sign}{number} %"
