"""Normalize and hash the customer information of conversion events (`user_data`), by Meta's rule for each key.

Source: Meta docs, conversions-api/parameters/customer-information-parameters. The rules agree with the SDK
(serverside.normalize) except where that page says otherwise; `test_match_keys.py` lists each difference. An error names
the key and the rule, never the value.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import unicodedata
from collections.abc import Callable

from meta_ads_mcp.domain.normalization.birth_dates import split_birth_date
from meta_ads_mcp.domain.normalization.hashing import HASH_CHARS
from meta_ads_mcp.domain.normalization.normalization import Context, Unusable, clean_text, normalize_value

# Keys that are hashed, and the key of customer lists that has the same rule.
_RULE_OF = {"em": "EMAIL", "ph": "PHONE", "ge": "GEN", "zp": "ZIP", "country": "COUNTRY"}
HASHED_KEYS = ("em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country")
# Keys that are sent as they are. Meta accepts external_id hashed or not, but always in the same form.
PLAIN_KEYS = ("external_id", "client_ip_address", "client_user_agent", "fbc", "fbp", "lead_id", "madid")
# Keys that hold a list on Graph (SDK class serverside.UserData).
LIST_KEYS = frozenset({*HASHED_KEYS, "external_id"})
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_BROWSER_ID = re.compile(r"fb\.[0-9]\.[0-9]{10,16}\.\S{1,480}")
_LEAD_ID = re.compile(r"[0-9]{15,17}")
_EXPECTED = {
    "fn": "no letters",
    "ln": "no letters",
    "ct": "no letters",
    "st": "no letters",
    "db": "not a date of birth such as 1984-03-31",
    "external_id": "longer than 256 characters",
    "client_ip_address": "not an IPv4 or IPv6 address",
    "client_user_agent": "longer than 1000 characters",
    "fbc": "not a click id (fb.1.<time>.<fbclid>)",
    "fbp": "not a browser id (fb.1.<time>.<number>)",
    "lead_id": "not a lead id of 15 to 17 digits",
    "madid": "not a mobile advertiser id",
}


def normalize_match_key(key: str, value: str, context: Context) -> str:
    """Return the text that is hashed (for HASHED_KEYS) or sent for a value that is not empty.

    The country of the context completes telephone numbers and decides on states and postal codes. Raises Unusable.
    """
    text = clean_text(value)
    if key in _RULE_OF:
        return normalize_value(_RULE_OF[key], text, context)
    normal = _RULES[key](text, context)
    if not normal:
        raise Unusable(_EXPECTED[key])
    return normal


def hash_match_key(key: str, value: str, context: Context, *, already_hashed: bool = False) -> str:
    """Return the value as it is sent: SHA-256 in lower-case hex for HASHED_KEYS, and else the text itself.

    A value that is such a hash already is taken as it is, as the SDK does. Raises Unusable for any other value that
    Meta cannot match; with `already_hashed` for every value of HASHED_KEYS that is not a hash.
    """
    if key not in HASHED_KEYS:
        return normalize_match_key(key, value, context)
    text = value.strip()
    if len(text) == HASH_CHARS and _HASH.fullmatch(text):
        return text.lower()
    if already_hashed:
        raise Unusable("not a SHA-256 hash")
    if _MD5.fullmatch(text):
        raise Unusable("an MD5 hash; Meta takes SHA-256")
    return hashlib.sha256(normalize_match_key(key, text, context).encode()).hexdigest()


def _name(value: str, _: Context) -> str:
    """Keep letters of any alphabet and blanks between words; drop punctuation and symbols."""
    chars = (char for char in unicodedata.normalize("NFC", value.lower()) if unicodedata.category(char)[0] in "LMNZ")
    return " ".join("".join(chars).split())


def _place(value: str, _: Context) -> str:
    """Keep letters of any alphabet; drop digits, blanks, punctuation and symbols."""
    chars = unicodedata.normalize("NFC", value.lower())
    return "".join(char for char in chars if unicodedata.category(char)[0] in "LM")


def _state(value: str, context: Context) -> str:
    """Return the two-letter code of a state of the United States, and letters elsewhere."""
    if context.country != "us":
        return _place(value, context)
    try:
        return normalize_value("ST", value, context)
    except Unusable:
        return ""


def _birth_date(value: str, context: Context) -> str:
    """Return YYYYMMDD. Day and month have to be certain."""
    year, month, day = split_birth_date(value, context.country)
    return f"{year}{month}{day}" if month else ""


def _ip_address(value: str, _: Context) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return ""


def _mobile_id(value: str, context: Context) -> str:
    try:
        return normalize_value("MADID", value, context)
    except Unusable:
        return ""


def _matching(pattern: re.Pattern[str]) -> Callable[[str, Context], str]:
    return lambda value, _: value if pattern.fullmatch(value) else ""


def _limited(maximum: int) -> Callable[[str, Context], str]:
    return lambda value, _: value if len(value) <= maximum else ""


_RULES: dict[str, Callable[[str, Context], str]] = {
    "fn": _name,
    "ln": _name,
    "ct": _place,
    "st": _state,
    "db": _birth_date,
    "external_id": _limited(256),
    "client_ip_address": _ip_address,
    "client_user_agent": _limited(1000),
    "fbc": _matching(_BROWSER_ID),
    "fbp": _matching(_BROWSER_ID),
    "lead_id": _matching(_LEAD_ID),
    "madid": _mobile_id,
}
