"""Distill ISO 3166 and Google's libphonenumber into the data that customer matching uses.

Writes `meta_ads_mcp/domain/normalization/countries.json` and, for the tests, `tests/support/phone_numbers.json`. Both
packages are needed once, for this script only: the server does not depend on them (`phonenumbers` takes 48 MB).

    pip install phonenumbers pycountry && python scripts/distill_countries.py

The shape of the first file, by ISO 3166-1 alpha-2 code in lower case:

    {"de": {"names": ["deu", "germany"], "phone": {"code": 49, "exit": "00", "trunk": "0", "lengths": [4, 5, ...],
                                                   "pattern": "...", "mobile": "..."}}}

`exit` is the international prefix, `trunk` the national one (both regular expressions), `insert` what libphonenumber
puts in place of a trunk prefix, `lengths` and `pattern` the national numbers without a trunk prefix. A country whose
numbering plan libphonenumber does not know has no `phone`. libphonenumber is under the Apache License 2.0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import phonenumbers
import pycountry
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

ROOT = Path(__file__).parent.parent
COUNTRIES = ROOT / "meta_ads_mcp" / "domain" / "normalization" / "countries.json"
EXAMPLES = ROOT / "tests" / "support" / "phone_numbers.json"
EXAMPLE_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)


def numbering_plan(region: str) -> dict[str, Any]:
    """Return the numbering plan of a region as libphonenumber has it."""
    data = PhoneMetadata.metadata_for_region(region)
    plan: dict[str, Any] = {"code": data.country_code, "exit": data.international_prefix}
    if data.national_prefix_for_parsing:
        plan["trunk"] = data.national_prefix_for_parsing
    if data.national_prefix_transform_rule:
        plan["insert"] = data.national_prefix_transform_rule
    if data.main_country_for_code:
        plan["main"] = True
    plan["lengths"] = [length for length in data.general_desc.possible_length if length > 0]
    plan["pattern"] = data.general_desc.national_number_pattern
    if data.mobile and data.mobile.national_number_pattern:
        plan["mobile"] = data.mobile.national_number_pattern
    return plan


def countries() -> dict[str, Any]:
    """Return every ISO country with its alpha-3 code, its English names and its numbering plan."""
    rows: dict[str, Any] = {}
    for country in sorted(pycountry.countries, key=lambda item: item.alpha_2):
        names = [
            country.alpha_3,
            country.name,
            getattr(country, "common_name", ""),
            getattr(country, "official_name", ""),
        ]
        row: dict[str, Any] = {"names": list(dict.fromkeys(name.lower() for name in names if name))}
        if country.alpha_2 in phonenumbers.SUPPORTED_REGIONS:
            row["phone"] = numbering_plan(country.alpha_2)
        rows[country.alpha_2.lower()] = row
    return rows


def examples() -> list[list[str]]:
    """Return for every region: [region, national form, international form, E.164 digits]."""
    rows = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in EXAMPLE_TYPES:
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None and pycountry.countries.get(alpha_2=region):
                forms = (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164)
                national, international, e164 = (phonenumbers.format_number(number, form) for form in forms)
                rows.append([region.lower(), national, international, e164.removeprefix("+")])
    return rows


def main() -> None:
    """Write both files."""
    COUNTRIES.write_text(_lines(countries()), encoding="utf-8")
    EXAMPLES.write_text(json.dumps(examples(), ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def _lines(rows: dict[str, Any]) -> str:
    """Encode one country per line, so that an update is readable as a diff."""
    encoded = (
        f"{json.dumps(code)}:{json.dumps(row, ensure_ascii=False, separators=(',', ':'))}" for code, row in rows.items()
    )
    return "{\n" + ",\n".join(encoded) + "\n}\n"


if __name__ == "__main__":
    main()
