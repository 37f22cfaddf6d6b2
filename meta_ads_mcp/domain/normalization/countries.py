"""Look up countries by name or code, and their telephone numbering plans.

The data is in countries.json, which scripts/distill_countries.py writes from ISO 3166 and Google's libphonenumber
(Apache License 2.0). It is read at the first use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("countries.json")
# Common names that ISO 3166 does not have: abbreviations, and countries' names in their main languages.
_ALIASES = {
    "uk": "gb",
    "great britain": "gb",
    "england": "gb",
    "scotland": "gb",
    "wales": "gb",
    "northern ireland": "gb",
    "u.s.": "us",
    "u.s.a.": "us",
    "america": "us",
    "deutschland": "de",
    "österreich": "at",
    "schweiz": "ch",
    "suisse": "ch",
    "svizzera": "ch",
    "españa": "es",
    "italia": "it",
    "nederland": "nl",
    "holland": "nl",
    "the netherlands": "nl",
    "belgië": "be",
    "belgique": "be",
    "brasil": "br",
    "méxico": "mx",
    "danmark": "dk",
    "sverige": "se",
    "norge": "no",
    "suomi": "fi",
    "polska": "pl",
    "česko": "cz",
    "türkiye": "tr",
    "turkey": "tr",
    "россия": "ru",
    "russia": "ru",
    "україна": "ua",
    "ελλάδα": "gr",
    "日本": "jp",
    "대한민국": "kr",
    "south korea": "kr",
    "中国": "cn",
    "台灣": "tw",
    "taiwan": "tw",
    "vietnam": "vn",
    "ivory coast": "ci",
    "cape verde": "cv",
    "uae": "ae",
}


@dataclass(frozen=True)
class NumberingPlan:
    """The telephone numbers of a country.

    `exit` (international prefix), `trunk` (national prefix), `pattern` (a whole national number without a trunk prefix)
    and `mobile` (the same for mobile phones) are regular expressions. `insert` replaces a trunk prefix, and is "" when
    the prefix is only dropped. `lengths` are the possible numbers of digits.
    """

    code: str
    exit: str
    trunk: str
    insert: str
    lengths: frozenset[int]
    pattern: str
    mobile: str


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    rows: dict[str, Mapping[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return rows


@cache
def _codes() -> Mapping[str, str]:
    names = {name: code for code, row in _rows().items() for name in row["names"]}
    return {**names, **{code: code for code in _rows()}, **_ALIASES}


def find_country(text: str) -> str:
    """Return the ISO 3166-1 alpha-2 code in lower case for a code or a name; "" when it is unknown."""
    return _codes().get(" ".join(text.lower().split()), "")


@cache
def numbering_plan(country: str) -> NumberingPlan | None:
    """Return the numbering plan of a country (alpha-2, lower case); None when there is none."""
    row = _rows().get(country, {}).get("phone")
    if row is None:
        return None
    return NumberingPlan(
        code=str(row["code"]),
        exit=row.get("exit") or "00",
        trunk=row.get("trunk", ""),
        insert=row.get("insert", ""),
        lengths=frozenset(row["lengths"]),
        pattern=row["pattern"],
        mobile=row.get("mobile", ""),
    )


@cache
def plans_by_code() -> Mapping[str, tuple[NumberingPlan, ...]]:
    """Return the numbering plans of each calling code, the main country's first (such as the US for 1)."""
    plans: dict[str, list[NumberingPlan]] = {}
    for country in sorted(_rows(), key=lambda code: not _rows()[code].get("phone", {}).get("main", False)):
        plan = numbering_plan(country)
        if plan is not None:
            plans.setdefault(plan.code, []).append(plan)
    return {code: tuple(group) for code, group in plans.items()}
