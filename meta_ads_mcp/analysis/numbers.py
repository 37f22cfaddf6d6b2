"""Figures as Graph writes them and as an answer shows them.

Graph sends every number as text; money of insights is in major units of the account's currency. Ratios are rounded to
four significant digits and never to fewer than two decimals; amounts and counts are exact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from meta_ads_mcp.core.values.money import offset

Number = int | float
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE]-?[0-9]+)?")
SIGNIFICANT = 4
# No account has a figure of more; quotients and products of longer ones do not fit into a float.
MOST_DIGITS = 60


def number(value: Any) -> Number | None:
    """The number that a text of Graph holds; None when it holds none, or one that no account can have."""
    if isinstance(value, str):
        return _written(value) if len(value) <= MOST_DIGITS else None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value if abs(value) < 10**MOST_DIGITS else None
    return _written(str(value))


def _written(text: str) -> Number | None:
    if text.isascii() and text.isdigit():  # most of them; the pattern takes longer to say the same
        return int(text)
    if not _NUMBER.fullmatch(text):
        return None
    return int(text) if text.lstrip("-").isdigit() else whole(float(text))


def whole(value: float) -> Number:
    """16.0 as 16."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def round_number(value: Number | None) -> Number | None:
    """A ratio as it is shown."""
    if value is None or not math.isfinite(value):
        return None
    if not value:
        return 0
    places = SIGNIFICANT - 1 - math.floor(math.log10(abs(value)))
    return whole(round(float(value), max(2, places)))


def total(values: Iterable[Number | None]) -> Number:
    """The exact decimal sum, without the binary dust of adding floats."""
    counts, rest = 0, Decimal()
    for value in values:
        if isinstance(value, int):
            counts += value
        elif value is not None:
            rest += Decimal(str(value))
    return whole(float(counts + rest))


def ratio(over: Number | None, under: Number | None, factor: Number = 1) -> float | None:
    """None where there is nothing to divide by."""
    return None if over is None or not under else over / under * factor


def change_pct(now: Number | None, before: Number | None) -> Number | None:
    """The change in percent, one decimal; None without a value or from zero, which has no percentage."""
    if now is None or not before:
        return None
    return whole(round((now - before) / abs(before) * 100, 1))


def amount(value: Number, currency: str) -> str:
    """An amount in major units as a person reads it: `1,234.50 EUR`."""
    return f"{value:,.0f} {currency}" if offset(currency) == 1 else f"{value:,.2f} {currency}"
