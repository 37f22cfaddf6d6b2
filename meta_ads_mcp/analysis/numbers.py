"""Parse the numbers of Graph and round them for an answer.

Graph sends every number as text. Money of insights is in major units of the account's currency. Ratios are rounded to
four significant digits and to at least two decimals. Amounts and counts are exact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from meta_ads_mcp.core.values.money import offset

Number = int | float
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
SIGNIFICANT_DIGITS = 4
# Longer numbers are not figures of an account, and their products do not fit into a float.
MAX_DIGITS = 60


def number(value: Any) -> Number | None:
    """Parse a figure of Graph, which is text or a JSON number. Return None for anything else, booleans included.

    Text may have a sign, decimals and an exponent (`1.5E+3`), but no separators of thousands.
    """
    if isinstance(value, str):
        return _parse(value) if len(value) <= MAX_DIGITS else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 10**MAX_DIGITS else None


def _parse(text: str) -> Number | None:
    if text.isascii() and text.isdigit():  # a shortcut for most figures
        return int(text)
    if not _NUMBER.fullmatch(text):
        return None
    if text.lstrip("+-").isdigit():
        return int(text)
    value = float(text)
    return whole(value) if abs(value) < 10**MAX_DIGITS else None


def whole(value: float) -> Number:
    """Turn a float without decimals into an int: 16.0 becomes 16."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def round_number(value: Number | None) -> Number | None:
    """Round a ratio to four significant digits, and to at least two decimals. Return None if it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    if not value:
        return 0
    places = SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value)))
    return whole(round(float(value), max(2, places)))


def total(values: Iterable[Number | None]) -> Number:
    """Add decimally, so that the sum has no binary rounding errors. None counts as 0."""
    counts, rest = 0, Decimal()
    for value in values:
        if isinstance(value, int):
            counts += value
        elif value is not None:
            rest += Decimal(str(value))
    return whole(float(counts + rest))


def ratio(numerator: Number | None, denominator: Number | None, factor: Number = 1) -> float | None:
    """Divide, and multiply by `factor`. Return None if a value is missing or the denominator is 0."""
    return None if numerator is None or not denominator else numerator / denominator * factor


def change_pct(now: Number | None, before: Number | None) -> Number | None:
    """Return the change in percent with one decimal, or None if a value is missing or the earlier value is 0."""
    if now is None or not before:
        return None
    return whole(round((now - before) / abs(before) * 100, 1))


def amount(value: Number, currency: str) -> str:
    """Format an amount in major units, such as `1,234.50 EUR`."""
    return f"{value:,.0f} {currency}" if offset(currency) == 1 else f"{value:,.2f} {currency}"
