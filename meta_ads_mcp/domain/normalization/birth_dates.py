"""Split a date of birth into the year, month and day that Meta matches."""

from __future__ import annotations

import re
from datetime import date

_YEAR_FIRST = re.compile(r"([0-9]{4})([-/. ]?)([0-9]{1,2})\2([0-9]{1,2})(?:[T ].*)?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})(?:[T ].*)?")
# Countries that write the month before the day (Unicode CLDR, short date formats).
_MONTH_FIRST = frozenset({"us", "ph", "fm", "mh", "pw", "gu", "mp", "as", "pr", "vi"})


def split_birth_date(text: str, country: str = "") -> tuple[str, str, str]:
    """Return (year, month, day) as texts; ("", "", "") for a text that is not a date.

    Takes 1984-03-31, 1984/3/31, 19840331, 31.03.1984, 31/03/1984 and 03/31/1984. Where day and month could be
    exchanged, the country (alpha-2, lower case) decides; without a country only the year is returned.
    """
    if parts := _YEAR_FIRST.fullmatch(text):
        return _real(parts[1], parts[3], parts[4])
    parts = _YEAR_LAST.fullmatch(text)
    if parts is None:
        return "", "", ""
    first, second, year = parts[1], parts[3], parts[4]
    day_first, month_first = _real(year, second, first), _real(year, first, second)
    if parts[2] == "." or not month_first[0] or day_first == month_first:
        return day_first
    if not day_first[0]:
        return month_first
    if not country:
        return year, "", ""
    return month_first if country in _MONTH_FIRST else day_first


def _real(year: str, month: str, day: str) -> tuple[str, str, str]:
    """Return the parts of a date that exists, padded with zeros."""
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return "", "", ""
    return year, f"{int(month):02d}", f"{int(day):02d}"
