"""People's data as Meta matches it: normalised by the rule of each key, then SHA-256 in lower-case hex.

Source: Meta docs, marketing-api/audiences/guides/custom-audiences#hash. Mobile advertiser ids and the advertiser's own
ids are not hashed. Nothing here keeps, logs or repeats a value: what is wrong with it is said in words.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Literal, get_args

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
KEYS = frozenset(get_args(Key))
NOT_HASHED = frozenset({"MADID", "EXTERN_ID"})
# A value of these alone says who somebody is; the others narrow it down.
IDENTIFYING = frozenset({"EMAIL", "PHONE", "MADID", "EXTERN_ID", "LN", "FN"})

_HASH = re.compile(r"[0-9a-f]{64}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_MADID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_GENDERS = {"m": "m", "male": "m", "f": "f", "female": "f"}
# A telephone number with its country code (ITU E.164).
_PHONE_DIGITS = range(7, 16)


class Unusable(Exception):
    """A value that Meta could not match; the text says why, without the value."""


def hashed_row(row: Mapping[str, str], *, already_hashed: bool = False) -> list[str]:
    """The values of a row in the order of its keys, ready for Graph; an empty value stays empty.

    Raises Unusable for a value of the wrong form, and for a row that identifies nobody.
    """
    country = row.get("COUNTRY", "").strip().lower()
    made = {key: _hashed(key, value, country, already_hashed=already_hashed) for key, value in row.items()}
    if not any(made.get(key) for key in IDENTIFYING):
        raise Unusable("no value that identifies a person")
    return list(made.values())


def _hashed(key: str, value: str, country: str, *, already_hashed: bool) -> str:
    if not value.strip():
        return ""
    if already_hashed and key not in NOT_HASHED:
        given = value.strip().lower()
        if not _HASH.fullmatch(given):
            raise Unusable(f"{key}: not a SHA-256 hash")
        return given
    normal = normalize_value(key, value, country)
    return normal if key in NOT_HASHED else hashlib.sha256(normal.encode()).hexdigest()


def normalize_value(key: str, value: str, country: str = "") -> str:
    """The value as it is hashed. `country` (lower-case ISO code, may be empty) decides how states and zips look.

    Raises Unusable.
    """
    # The advertiser's own ids are compared as they are.
    made = value.strip()[:257] if key == "EXTERN_ID" else _RULES[key](value.strip().lower(), country)
    made = "" if len(made) > 256 else made
    if not made:
        raise Unusable(f"{key}: {_EXPECTED[key]}")
    return made


def _email(value: str, _: str) -> str:
    return value if _EMAIL.fullmatch(value) else ""


def _phone(value: str, _: str) -> str:
    digits = re.sub("[^0-9]", "", value).lstrip("0")
    return digits if len(digits) in _PHONE_DIGITS else ""


def _year(value: str, _: str) -> str:
    return value if re.fullmatch("(19|20)[0-9]{2}", value) else ""


def _number_up_to(most: int) -> Callable[[str, str], str]:
    def rule(value: str, _: str) -> str:
        return f"{int(value):02d}" if re.fullmatch("[0-9]{1,2}", value) and 1 <= int(value) <= most else ""

    return rule


def _letters(value: str, _: str = "") -> str:
    """Without blanks, punctuation and symbols, in any script."""
    return "".join(char for char in unicodedata.normalize("NFC", value) if unicodedata.category(char)[0] in "LMN")


def _initial(value: str, _: str) -> str:
    return _letters(value)[:1]


def _latin(value: str, _: str = "") -> str:
    """a-z only; accents go, the letters under them stay."""
    return re.sub("[^a-z]", "", unicodedata.normalize("NFKD", value))


def _state(value: str, country: str) -> str:
    state = _letters(value)
    return "" if country == "us" and not re.fullmatch("[a-z]{2}", state) else state


def _zip(value: str, country: str) -> str:
    """Without blanks; of the United States the first five digits, of the United Kingdom area, district and sector."""
    code = re.sub(r"[\s-]", "", value)
    if country == "us" or (not country and re.fullmatch("[0-9]{5}-[0-9]{4}", value)):
        return code[:5] if re.fullmatch("[0-9]{5}([0-9]{4})?", code) else ""
    if country == "gb":
        return code[:-2] if re.fullmatch("[a-z]{1,2}[0-9][a-z0-9]?[0-9][a-z]{2}", code) else ""
    return code if 2 <= len(code) <= 12 else ""


def _country(value: str, _: str) -> str:
    return value if re.fullmatch("[a-z]{2}", value) else ""


def _mobile_id(value: str, _: str) -> str:
    """All zeros stand for somebody who does not want to be tracked."""
    return value if _MADID.fullmatch(value) and value.strip("0-") else ""


_RULES: dict[str, Callable[[str, str], str]] = {
    "EMAIL": _email,
    "PHONE": _phone,
    "GEN": lambda value, _: _GENDERS.get(value, ""),
    "DOBY": _year,
    "DOBM": _number_up_to(12),
    "DOBD": _number_up_to(31),
    "LN": _letters,
    "FN": _letters,
    "FI": _initial,
    "ST": _state,
    "CT": _latin,
    "ZIP": _zip,
    "COUNTRY": _country,
    "MADID": _mobile_id,
}
_EXPECTED = {
    "EMAIL": "not an e-mail address",
    "PHONE": "not 7 to 15 digits with the country code",
    "GEN": "not m or f",
    "DOBY": "not a year such as 1984",
    "DOBM": "not a month from 01 to 12",
    "DOBD": "not a day from 01 to 31",
    "LN": "no letters",
    "FN": "no letters",
    "FI": "no letter",
    "ST": "not a state (of the United States: two letters)",
    "CT": "no letters a-z",
    "ZIP": "not a postal code of its country",
    "COUNTRY": "not a country code of two letters",
    "MADID": "not a mobile advertiser id",
    "EXTERN_ID": "longer than 256 characters",
}
