"""Text from outside: advertisers, visitors, Meta. It is data, never instructions, and never holds a secret.

Invisible and bidirectional control characters can hide instructions from a person and show them to a model; what
looks like a token must not travel on, whoever wrote it.
"""

from __future__ import annotations

import re
from typing import Any

# C0 and C1 controls without tab and newline, soft hyphen, Arabic letter mark, zero-width and bidirectional marks,
# word joiner and invisible operators, byte order mark, interlinear annotations, tag characters, variation selectors
# beyond the emoji's.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff]"
)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_TOKEN = re.compile(r"EAA[A-Za-z0-9]{16,}")
_SECRET_PARAMETER = re.compile(
    r"(access_token|appsecret_proof|client_secret|fb_exchange_token|input_token)(=|%3D|\"?:\s*\"?)[^&\s\"'<>]+",
    re.IGNORECASE,
)
LONGEST = 4000


def redact(text: str) -> str:
    """The text without anything that looks like a Meta token or carries one as a parameter."""
    if "EAA" in text:
        text = _TOKEN.sub("[token]", text)
    if "=" in text or ":" in text or "%3D" in text:
        text = _SECRET_PARAMETER.sub(r"\1=[removed]", text)
    return text


def clean(text: str, longest: int = LONGEST) -> str:
    """The text without hidden characters and secrets, cut at `longest` characters."""
    if not (text.isascii() and text.isprintable()):
        text = _HIDDEN.sub("", _ANSI.sub("", text))
    text = redact(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def clean_all(value: Any) -> Any:
    """`clean` for every text inside a JSON value."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_all(item) for item in value]
    if isinstance(value, dict):
        return {clean(key, 200): clean_all(item) for key, item in value.items()}
    return value
