"""Clean text from outside: from advertisers, visitors and Meta. It is data, never instructions or a secret.

Invisible and bidirectional control characters can hide instructions from a person and show them to a model; what
looks like a token must not travel on, whoever wrote it.
"""

from __future__ import annotations

import math
import re
from typing import Any

# C0 and C1 controls without tab and newline; soft hyphen; fillers; zero-width, bidirectional and other invisible marks;
# line and paragraph separators; variation selectors but the two of emoji; byte order mark; interlinear annotations;
# shorthand and musical format controls; tag characters and the variation selectors of plane 14; lone surrogates.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
    # An emoji's variation selector says something once; a run of them carries hidden bytes.
    "|[\ufe0e\ufe0f](?=[\ufe0e\ufe0f])"
)
# Arabic, Syriac, Indic, Myanmar and Khmer letters, and emoji: between two of them a joiner changes what is seen.
_JOINING_LETTERS = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u2190-\u2bff\U0001f000-\U0001faff"
_STRAY_JOINER = re.compile(f"(?<![{_JOINING_LETTERS}\ufe0f])[\u200c\u200d]|[\u200c\u200d](?![{_JOINING_LETTERS}])")
# Terminal sequences as a whole: CSI (colours, cursor) and OSC (titles, links).
_ANSI = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?")

# Meta's and Instagram's tokens; an app's token is its id, a bar and its secret.
_TOKEN = re.compile(
    r"EAA[A-Za-z0-9]{16,}|(?:IGAA|IGQ)[A-Za-z0-9_-]{16,}|(?<![0-9])[0-9]{10,20}(?:\||%7C)[A-Za-z0-9_-]{20,}"
)
_SECRET_PARAMETER = re.compile(
    r"(access_token|appsecret_proof|app_?secret|client_secret|fb_exchange_token|input_token)"
    r"\\*[\"']?\s*(=|%3D|:)\s*\\*[\"']?[^&\s\"'<>\\]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(bearer\s+)[A-Za-z0-9._|~+/-]{12,}=*", re.IGNORECASE)
MAX_TEXT_CHARS = 4000
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# One escape of a JSON text: a pair of surrogates, half of a pair, or anything else.
_JSON_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
# What takes the place of this server's own secrets in Graph's answers. A value with it is not what Graph has.
REMOVED_MARK = "[secret]"


def redact(text: str) -> str:
    """Return the text without anything that looks like a Meta token or carries one as a parameter."""
    if "EAA" in text or "IG" in text or "|" in text or "%7C" in text:
        text = _TOKEN.sub("[token]", text)
    if ("=" in text or ":" in text or "%3" in text) and ("_" in text or "ecret" in text.lower()):
        text = _SECRET_PARAMETER.sub(r"\1=[removed]", text)
    return _BEARER.sub(r"\1[removed]", text) if "earer" in text else text


def replace_lone_surrogates(text: str) -> str:
    """Return the text with U+FFFD for each half of a surrogate pair, which no encoding has."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def replace_escaped_surrogates(json_text: str) -> str:
    """Return JSON of which no text, once decoded, has half of a surrogate pair. Texts that were cut end in one."""
    if "\\ud" not in json_text and "\\uD" not in json_text:
        return json_text
    return _JSON_ESCAPE.sub(lambda match: "\\ufffd" if match[1] else match[0], json_text)


def with_article(noun: str) -> str:
    """Return the noun with its indefinite article: "an ad set", "a campaign"."""
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"


def show_hidden(text: str) -> str:
    """Return the text with every hidden character written out (`\\u202e`), and nothing removed or shortened.

    For what a person agrees to: a text that is sent as it is must be seen as it is.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return _INVISIBLE.sub(_escape, _STRAY_JOINER.sub(_escape, text))


def _escape(match: re.Match[str]) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in match[0])


def clean(text: str, longest: int = MAX_TEXT_CHARS) -> str:
    """Return the text without hidden characters and secrets, cut at `longest` characters."""
    if not (text.isascii() and text.isprintable()):
        text = _INVISIBLE.sub("", _STRAY_JOINER.sub("", _ANSI.sub("", text)))
    text = redact(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def clean_all(value: Any) -> Any:
    """`clean` for every text inside a value, which becomes plain JSON: what JSON does not have becomes text or null."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, (list, tuple)):
        return [clean_all(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(key), 200): clean_all(item) for key, item in value.items()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int)) else clean(str(value))
