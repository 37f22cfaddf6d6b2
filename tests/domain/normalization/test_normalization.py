"""Each key is normalized by Meta's rule, and an unusable value is described without repeating it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.domain.normalization.birth_dates import split_birth_date
from meta_ads_mcp.domain.normalization.normalization import KEYS, Context, Unusable, normalize_value
from meta_ads_mcp.domain.normalization.transliteration import to_latin

YEAR = 2026
DEVICE = "38400000-8cf0-11bd-b23e-10b96e40000d"


def normalize(key: str, value: str, country: str = "") -> str:
    return normalize_value(key, value, Context(country, YEAR))


@pytest.mark.parametrize(
    ("key", "value", "country", "normal"),
    [
        ("EMAIL", " Mary@Example.COM\t", "", "mary@example.com"),
        ("EMAIL", "\ufeffmary@example.com\u200b.", "", "mary@example.com"),
        ("EMAIL", "mailto:Mary@example.com", "", "mary@example.com"),
        ("EMAIL", "<mary@example.com>", "", "mary@example.com"),
        ("EMAIL", "Mary Smith <Mary@example.com> ", "", "mary@example.com"),
        ("GEN", "Herr", "", "m"),
        ("GEN", "Mme.", "", "f"),
        ("GEN", "女", "", "f"),
        ("ZIP", "〒100-0001", "jp", "1000001"),
        ("GEN", "Female", "", "f"),
        ("GEN", "M", "", "m"),
        ("GEN", "Mr.", "", "m"),
        ("GEN", "weiblich", "", "f"),
        ("DOBY", "1984", "", "1984"),
        ("DOBY", "1900", "", "1900"),
        ("DOBY", str(YEAR), "", str(YEAR)),
        ("DOBM", "3", "", "03"),
        ("DOBD", "31", "", "31"),
        ("LN", "O'Brien-Smith ", "", "obriensmith"),
        ("FN", "Valéry", "", "valéry"),
        ("FN", "Vale\u0301ry", "", "valéry"),
        ("FN", "정", "", "정"),
        ("FN", "Борис", "", "борис"),
        ("LN", "佐藤", "", "佐藤"),
        ("LN", "Groß", "", "groß"),
        ("FI", " Ána", "", "a"),
        ("FI", "Øystein", "", "o"),
        ("FI", "Æthelred", "", "a"),
        ("ST", "CA", "us", "ca"),
        ("ST", "California", "us", "ca"),
        ("ST", "California", "", "ca"),
        ("ST", "new york", "us", "ny"),
        ("ST", "Washington, D.C.", "us", "dc"),
        ("ST", "Puerto Rico", "us", "pr"),
        ("ST", "Nordrhein-Westfalen", "de", "nordrheinwestfalen"),
        ("ST", "Baden-Württemberg", "de", "badenwurttemberg"),
        ("ST", "Île-de-France", "fr", "iledefrance"),
        ("CT", "São Paulo", "br", "saopaulo"),
        ("CT", "St. John's", "", "stjohns"),
        ("CT", "Gießen", "de", "giessen"),
        ("CT", "København", "dk", "kobenhavn"),
        ("CT", "Æbeltoft", "dk", "aebeltoft"),
        ("CT", "Łódź", "pl", "lodz"),
        ("CT", "İzmir", "tr", "izmir"),
        ("CT", "Diyarbak\u0131r", "tr", "diyarbakir"),
        ("CT", "Đà Nẵng", "vn", "danang"),
        ("CT", "Þorlákshöfn", "is", "thorlakshofn"),
        ("CT", "Kāne\u02bbohe", "us", "kaneohe"),
        ("CT", "ＯＳＡＫＡ", "jp", "osaka"),  # noqa: RUF001  full-width letters
        ("ZIP", "94025-1234", "us", "94025"),
        ("ZIP", "94025-1234", "", "94025"),
        ("ZIP", "SW1A 1AA", "gb", "sw1a1"),
        ("ZIP", "sw1a1", "gb", "sw1a1"),
        ("ZIP", "M1 1AE", "gb", "m11"),
        ("ZIP", "10115", "de", "10115"),
        ("ZIP", "01310-100", "br", "01310100"),
        ("ZIP", "K1A 0B1", "ca", "k1a0b1"),
        ("COUNTRY", "US", "", "us"),
        ("COUNTRY", "UK", "", "gb"),
        ("COUNTRY", "GBR", "", "gb"),
        ("COUNTRY", "Germany", "", "de"),
        ("COUNTRY", "Deutschland", "", "de"),
        ("COUNTRY", "日本", "", "jp"),
        ("COUNTRY", "united  states", "", "us"),
        ("MADID", DEVICE.upper(), "", DEVICE),
        ("MADID", DEVICE.replace("-", ""), "", DEVICE),
        ("EXTERN_ID", " Kunde-7 ", "", "Kunde-7"),
    ],
)
def test_the_rule_of_each_key(key: str, value: str, country: str, normal: str) -> None:
    assert normalize(key, value, country) == normal


@pytest.mark.parametrize(
    ("key", "value", "country"),
    [
        ("EMAIL", "mary", ""),
        ("EMAIL", "mary@localhost", ""),
        ("EMAIL", "a@b.co, c@d.co", ""),
        ("EMAIL", "a@b.co>, <c@d.co", ""),
        ("EMAIL", "<mary", ""),
        ("PHONE", "12345", ""),
        ("PHONE", "1" * 16, ""),
        ("PHONE", "1234²³²³", ""),
        ("PHONE", "0171 5550101", ""),
        ("GEN", "x", ""),
        ("DOBY", "77", ""),
        ("DOBY", "1899", ""),
        ("DOBY", str(YEAR + 1), ""),
        ("DOBY", "19845", ""),
        ("DOBM", "13", ""),
        ("DOBM", "00", ""),
        ("DOBD", "99", ""),
        ("DOBD", "32", ""),
        ("FN", "!!!", ""),
        ("FI", "Борис", ""),
        ("CT", "東京", "jp"),
        ("CT", "Москва", "ru"),
        ("CT", "Straße 東", ""),
        ("CT", "123", ""),
        ("ST", "Ontario", "us"),
        ("ST", "XX", "us"),
        ("ST", "東京都", "jp"),
        ("ZIP", "1", ""),
        ("ZIP", "9402", "us"),
        ("ZIP", "SW1A", "gb"),
        ("ZIP", "12345", "gb"),
        ("COUNTRY", "Atlantis", ""),
        ("COUNTRY", "XX", ""),
        ("COUNTRY", "EU", ""),
        ("MADID", "00000000-0000-0000-0000-000000000000", ""),
        ("MADID", "device", ""),
        ("EXTERN_ID", "x" * 300, ""),
    ],
)
def test_an_unusable_value_is_described_without_repeating_it(key: str, value: str, country: str) -> None:
    with pytest.raises(Unusable) as error:
        normalize(key, value, country)
    assert value not in str(error.value)
    assert str(error.value).startswith(key)


@pytest.mark.parametrize(
    ("text", "country", "parts"),
    [
        ("1984-03-31", "", ("1984", "03", "31")),
        ("1984-03-31T00:00:00Z", "", ("1984", "03", "31")),
        ("1984/3/1", "", ("1984", "03", "01")),
        ("19840331", "", ("1984", "03", "31")),
        ("31.03.1984", "", ("1984", "03", "31")),
        ("1.3.1984", "us", ("1984", "03", "01")),
        ("31/03/1984", "", ("1984", "03", "31")),
        ("03/31/1984", "", ("1984", "03", "31")),
        ("03-04-1984", "us", ("1984", "03", "04")),
        ("03/04/1984", "gb", ("1984", "04", "03")),
        ("03/04/1984", "", ("1984", "", "")),
        ("04/04/1984", "", ("1984", "04", "04")),
        ("1984-02-30", "", ("", "", "")),
        ("31/31/1984", "", ("", "", "")),
        ("03/04/84", "us", ("", "", "")),
        ("yesterday", "", ("", "", "")),
    ],
)
def test_a_date_of_birth_is_split(text: str, country: str, parts: tuple[str, str, str]) -> None:
    assert split_birth_date(text, country) == parts


@given(st.text(st.characters(min_codepoint=0xC0, max_codepoint=0x24F, categories=["L"]), min_size=1, max_size=20))
def test_no_letter_of_a_latin_alphabet_is_lost(text: str) -> None:
    letters = to_latin(text)
    assert letters == "" or len(letters) >= len(text)
    assert set(letters) <= set("abcdefghijklmnopqrstuvwxyz")


@given(st.sampled_from(KEYS), st.text(max_size=40), st.sampled_from(["", "us", "gb", "de", "jp"]))
def test_a_normal_value_is_normal_already(key: str, value: str, country: str) -> None:
    try:
        normal = normalize(key, value, country)
    except Unusable:
        return
    assert normal
    assert normalize(key, normal, country) == normal
