"""Normalize people's data by Meta's rule for each key, before it is hashed.

Sources: Meta docs, marketing-api/audiences/guides/custom-audiences#hash, and for the postal code (no dashes) also
conversions-api/parameters/customer-information-parameters. Nothing here keeps, logs or repeats a value: an error names
the key and the rule only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from meta_ads_mcp.domain.normalization.countries import find_country
from meta_ads_mcp.domain.normalization.phone_numbers import complete_number
from meta_ads_mcp.domain.normalization.transliteration import to_latin
from meta_ads_mcp.domain.normalization.us_states import STATE_CODES, STATE_NAMES

Key = Literal[
    "EMAIL",
    "PHONE",
    "GEN",
    "DOBY",
    "DOBM",
    "DOBD",
    "LN",
    "FN",
    "FI",
    "ST",
    "CT",
    "ZIP",
    "COUNTRY",
    "MADID",
    "EXTERN_ID",
]
KEYS: tuple[str, ...] = get_args(Key)
# Mobile advertiser ids and the advertiser's own ids are sent as they are.
NOT_HASHED = frozenset({"MADID", "EXTERN_ID"})
# Keys that can match a person. The others only narrow a match down.
IDENTIFYING = frozenset({"EMAIL", "PHONE", "MADID", "EXTERN_ID", "LN", "FN"})
MAX_VALUE_CHARS = 256
MIN_BIRTH_YEAR = 1900

_EMAIL = re.compile(r"[^@\s<>()\[\]:;,\"]+@[^@\s.<>()\[\]:;,\"]+(\.[^@\s.<>()\[\]:;,\"]+)+")
# An address as mail programs write it: mailto:a@b.com, <a@b.com> or Jane Doe <a@b.com>.
_WRITTEN_EMAIL = re.compile(r"(?:mailto:\s*)?(?:[^<>@]*<)?([^<>]*)>?")
_MADID = re.compile(r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})")
_GENDERS = {
    **dict.fromkeys(
        "m male man men mr männlich mann herr masculino masculin homme hombre monsieur sr maschio uomo 男 男性".split(),
        "m",
    ),
    **dict.fromkeys("f female woman women mrs ms miss w weiblich frau feminino femenino féminin femme".split(), "f"),
    **dict.fromkeys("mujer mulher madame mme sra femmina donna 女 女性".split(), "f"),
}
_UK_POSTCODE = re.compile(r"([a-z]{1,2}[0-9][a-z0-9]?)([0-9])([a-z]{2})?")


class Unusable(Exception):
    """A value that Meta cannot match. The text states the key and the rule, never the value."""


@dataclass(frozen=True)
class Context:
    """What the rules use besides the value: the country of the person and the current year.

    `country` is an ISO 3166-1 alpha-2 code in lower case, or "" when it is unknown.
    """

    country: str = ""
    year: int = 9999


def normalize_value(key: str, value: str, context: Context) -> str:
    """Return the text that is hashed (or sent, for NOT_HASHED) for a value that is not empty.

    Raises Unusable for a value that Meta cannot match.
    """
    text = clean_text(value)
    # The advertiser's own ids are compared exactly, so their case is kept.
    normal = text if key == "EXTERN_ID" else _RULES[key](text.lower(), context)
    if not normal or len(normal) > MAX_VALUE_CHARS:
        raise Unusable(f"{key}: {_EXPECTED[key]}")
    return normal


def clean_text(value: str) -> str:
    """Drop surrounding blanks and invisible characters, such as a zero-width space or a byte order mark."""
    if value.isascii():
        return value.strip()
    return "".join(char for char in value if unicodedata.category(char) != "Cf").strip()


def _email(value: str, _: Context) -> str:
    written = _WRITTEN_EMAIL.fullmatch(value)
    value = (written[1] if written else value).strip(" .")
    return value if _EMAIL.fullmatch(value) else ""


def _phone(value: str, context: Context) -> str:
    return complete_number(value, context.country)


def _gender(value: str, _: Context) -> str:
    return _GENDERS.get(value.rstrip("."), "")


def _birth_year(value: str, context: Context) -> str:
    is_year = re.fullmatch("[0-9]{4}", value) and MIN_BIRTH_YEAR <= int(value) <= context.year
    return value if is_year else ""


def _two_digits(maximum: int) -> Callable[[str, Context], str]:
    def rule(value: str, _: Context) -> str:
        return f"{int(value):02d}" if re.fullmatch("[0-9]{1,2}", value) and 1 <= int(value) <= maximum else ""

    return rule


def _name(value: str, _: Context) -> str:
    """Keep the letters of any alphabet, with their accents; drop blanks, punctuation and symbols."""
    if value.isascii():
        return "".join(filter(str.isalnum, value))
    return "".join(char for char in unicodedata.normalize("NFC", value) if unicodedata.category(char)[0] in "LMN")


def _initial(value: str, _: Context) -> str:
    return to_latin(_name(value, _)[:1])[:1]


def _city(value: str, _: Context) -> str:
    return to_latin(value)


def _state(value: str, context: Context) -> str:
    """Return a two-letter code for the United States, and a-z elsewhere.

    The name of a state of the United States becomes its code when the country is unknown, too.
    """
    state = to_latin(value)
    if context.country == "us":
        return state if state in STATE_CODES else STATE_NAMES.get(state, "")
    return state if context.country else STATE_NAMES.get(state, state)


def _zip(value: str, context: Context) -> str:
    """Drop blanks and dashes; keep five digits for the US, and area, district and sector for the UK."""
    code = re.sub(r"[\s〒-]", "", value)
    if context.country == "us" or (not context.country and re.fullmatch("[0-9]{5}-[0-9]{4}", value)):
        return code[:5] if re.fullmatch("[0-9]{5}([0-9]{4})?", code) else ""
    if context.country == "gb":
        parts = _UK_POSTCODE.fullmatch(code)
        return f"{parts[1]}{parts[2]}" if parts else ""
    return code if re.fullmatch("[a-z0-9]{2,12}", code) else ""


def _country(value: str, _: Context) -> str:
    return find_country(value)


def _mobile_id(value: str, _: Context) -> str:
    """Restore missing hyphens. An id of zeros means that the person has opted out of tracking."""
    parts = _MADID.fullmatch(value)
    return "-".join(parts.groups()) if parts and value.strip("0-") else ""


_RULES: dict[str, Callable[[str, Context], str]] = {
    "EMAIL": _email,
    "PHONE": _phone,
    "GEN": _gender,
    "DOBY": _birth_year,
    "DOBM": _two_digits(12),
    "DOBD": _two_digits(31),
    "LN": _name,
    "FN": _name,
    "FI": _initial,
    "ST": _state,
    "CT": _city,
    "ZIP": _zip,
    "COUNTRY": _country,
    "MADID": _mobile_id,
}
_EXPECTED = {
    "EMAIL": "not an e-mail address",
    "PHONE": "not a whole number of the country, or without a country code",
    "GEN": "not m or f",
    "DOBY": "not a year from 1900 to this year",
    "DOBM": "not a month from 01 to 12",
    "DOBD": "not a day from 01 to 31",
    "LN": "no letters",
    "FN": "no letters",
    "FI": "not a letter that can be written a-z",
    "ST": "not a state of its country in letters that can be written a-z",
    "CT": "letters that cannot be written a-z",
    "ZIP": "not a postal code of its country",
    "COUNTRY": "not a country",
    "MADID": "not a mobile advertiser id",
    "EXTERN_ID": "longer than 256 characters",
}
