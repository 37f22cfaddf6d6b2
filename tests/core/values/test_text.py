"""Texts of outsiders: what hides is removed, what is read stays, and no secret passes."""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.values.text import MAX_TEXT_CHARS, clean, clean_all, redact, replace_escaped_surrogates

READABLE = [
    "Sommer-Angebot: 20 % Rabatt für Müller & Söhne!",
    "line one\nline two\tand a tab",
    "عرض خاص لفترة محدودة",
    "مبيعات می‌خواهم",  # Persian with a zero-width non-joiner
    "מבצע לזמן מוגבל",
    "विशेष ऑफ़र क्‍षमा",  # Hindi with a zero-width joiner
    "শুধুমাত্র আজ র‍্যাব",  # Bengali with a zero-width joiner
    "ข้อเสนอพิเศษ",
    "特別オファー 한국어 할인",
    "👩‍👩‍👧‍👦 family, 🏳️‍🌈 flag, 👩🏽‍💻 coder, ❤️‍🔥, 🧑‍🚀 ✌🏿 1️⃣ 🇩🇪",
    "“quotes” \u2013 dashes — and … dots · • ™ © € ₹",
]
HIDDEN = {
    "zero-width space": "a\u200bb",
    "zero-width joiners": "a\u200c\u200db",
    "marks of direction": "a\u200e\u200f\u061cb",
    "overrides of direction": "a\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069b",
    "word joiner and operators": "a\u2060\u2061\u2064b",
    "byte order mark": "a\ufeffb",
    "soft hyphen": "a\u00adb",
    "tag characters": "a" + "".join(chr(0xE0000 + ord(letter)) for letter in "do it") + "b",
    "variation selectors": "a\ufe00\ufe05\U000e0100\U000e01efb",
    "Hangul fillers": "a\u115f\u1160\u3164\uffa0b",
    "controls": "a\x00\x07\x08\x7f\x9fb",
    "separators of lines": "a\u2028\u2029b",
    "colours": "a\x1b[1;31mb",
    "cursor movement": "a\x1b[2J\x1b[10;5Hb",
    "C1 sequence": "a\x9b31mb",
    "title of the terminal": "a\x1b]0;evil\x07b",
    "link of the terminal": "a\x1b]8;;https://evil.example\x1b\\b",
    "lone surrogate": "a\ud800b",
    "musical formatting": "a\U0001d173b",
}


@pytest.mark.parametrize("text", READABLE)
def test_scripts_of_the_world_and_emoji_stay_readable(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_characters_are_removed(name: str) -> None:
    assert clean(HIDDEN[name]) == "ab"


def test_every_invisible_character_of_unicode_is_removed() -> None:
    # Seen by a reader: signs that stand before Arabic, Syriac or Kaithi numbers. The two C1 openers of terminal
    # sequences take what follows them away, too.
    visible = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    forgotten = [
        f"{code:04x}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        and code not in visible
        and code not in (9, 10, 0x9B, 0x9D)
        if clean(f"a{chr(code)}b") != "ab"
    ]
    assert forgotten == []


@pytest.mark.parametrize(
    "bits",
    ["😀" + "\ufe0f" * 8, "😀" + "\ufe0e\ufe0f" * 8, "क" + "\u200d\u200c" * 8 + "ख", "😀" + "\u200d\ufe0f" * 8 + "😀"],
)
def test_no_run_of_joiners_or_selectors_carries_bytes(bits: str) -> None:
    assert sum(clean(bits).count(mark) for mark in "\ufe0e\ufe0f\u200c\u200d") <= 1


SECRETS = [
    "EAABsbCS1iHgBA0ZCx9",
    "https://graph.facebook.com/v26.0/1/ads?limit=5&access_token=EAAx1&after=2",
    "https://x/?access_token=plainvalue",
    "https%3A%2F%2Fx%2F%3Faccess_token%3Dplainvalue%26a%3D1",
    '{"access_token":"plainvalue"}',
    '{\\"access_token\\": \\"plainvalue\\"}',
    "appsecret_proof=plainvalue",
    "client_secret: plainvalue",
    "app_secret='plainvalue'",
    "fb_exchange_token=plainvalue&input_token=plainvalue",
    "Authorization: Bearer plainvalue-and-more",
    "1234567890123456|AbCdEfGhIjKlMnOpQrStUvWxYz0",
    "IGQVJplainvalueplainvalue",
    "EAA\u200bBsbCS1iHgBA0\u202eZCx9EAABsb",
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_removed(text: str) -> None:
    shown = clean(text)
    for part in ("plainvalue", "BsbCS1iHg", "EAAx1", "AbCdEfGh"):
        assert part not in shown


@pytest.mark.parametrize(
    "text", ["EAA is a word", "access token", "the access_token is missing", "a=b&c=d", "12|34", "bearer of news"]
)
def test_text_that_is_not_a_secret_stays(text: str) -> None:
    assert clean(text) == text


def test_text_around_a_secret_stays() -> None:
    assert redact("https://x/?a=1&access_token=abc&b=2") == "https://x/?a=1&access_token=[removed]&b=2"


@given(st.text(), st.integers(10, 50))
def test_cleaning_is_done_once_and_keeps_the_length(text: str, longest: int) -> None:
    cleaned = clean(text, longest)
    assert len(cleaned) <= longest
    assert clean(cleaned, longest) == cleaned
    cleaned.encode()


def test_a_long_text_ends_with_dots() -> None:
    assert clean("x" * (MAX_TEXT_CHARS + 1)) == "x" * (MAX_TEXT_CHARS - 1) + "…"
    assert clean("x" * MAX_TEXT_CHARS) == "x" * MAX_TEXT_CHARS


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a\u200b": ["b\u200b", ("c\u200b",)]}, {"a": ["b", ["c"]]}),
        ({1: float("nan"), "b": [float("inf"), 1.5]}, {"1": None, "b": [None, 1.5]}),
        ([True, None, 5], [True, None, 5]),
        (ValueError("access_token=abc"), "access_token=[removed]"),
    ],
)
def test_every_value_becomes_clean_json(value: Any, shown: Any) -> None:
    assert clean_all(value) == shown
    json.dumps(clean_all(value), allow_nan=False)


@pytest.mark.parametrize(
    ("json_text", "value"),
    [
        (r'"a\ud83d"', "a\ufffd"),
        (r'"\udc00\ud83d\ude00"', "\ufffd\U0001f600"),
        (r'"\\ud83d"', r"\ud83d"),
        (r'"\\\uD83D"', "\\\ufffd"),
        ('"plain"', "plain"),
    ],
)
def test_half_a_pair_of_surrogates_does_not_survive_decoding(json_text: str, value: str) -> None:
    assert json.loads(replace_escaped_surrogates(json_text)) == value
