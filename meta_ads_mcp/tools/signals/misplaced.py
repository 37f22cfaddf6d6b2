"""Find personal data in a place that holds something else, such as an e-mail address in a name or in an order id.

Such a value would be hashed under the wrong key, or leave this machine in the clear. The text of a finding names the
kind of data, never the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

_EMAIL = re.compile(r"[^\s@/?&=;,<>()]+@[^\s@/?&=;,<>()]+\.[^\s@/?&=;,<>()]{2,}")
_PHONE = re.compile(r"(?<![\w.])\+[0-9][0-9\s().-]{6,18}[0-9](?![\w.])")
_DIGITS = re.compile(r"[0-9]")
# More digits than a name, a city or a state has.
_MIN_NUMBER_DIGITS = 5
_WORDS = frozenset({"fn", "ln", "ct", "st"})
# The keys that an e-mail address or a telephone number belongs to.
_EMAIL_KEYS, _PHONE_KEYS = frozenset({"em"}), frozenset({"ph"})


def find_misplaced(key: str, value: Any) -> str | None:
    """Return the kind of personal data that a value of this key holds and must not hold, or None."""
    for text in _texts(value):
        plain = unquote(text)
        if key not in _EMAIL_KEYS and _EMAIL.search(plain):
            return "an e-mail address"
        if key not in _PHONE_KEYS and _PHONE.search(plain):
            return "a telephone number"
        if key in _WORDS and len(_DIGITS.findall(text)) >= _MIN_NUMBER_DIGITS and not _is_hash(text):
            return "a number"
    return None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _is_hash(text: str) -> bool:
    return re.fullmatch(r"\s*[0-9a-fA-F]{64}\s*", text) is not None
