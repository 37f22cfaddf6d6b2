"""Cells of structure files: what a spreadsheet leaves alone, and what it damages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.tools.bulk.sheets.cells import (
    CellKind,
    DamagedCell,
    SheetCell,
    protect,
    read_id,
    read_money,
    read_text,
    read_time,
    unprotect,
)
from tests.support.spreadsheets import save_like_libreoffice

NEW_YORK = ZoneInfo("America/New_York")
ID = "120203123456789012"
END = "2026-12-31T23:59:00-0500"
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["007", "=1+1", "'=1+1", "1/2", "1e5", "TRUE", "May 2026", "-10%", "@home", "", "50.00", "2026-12-01", "''", "+x"]
)


@given(TEXTS)
def test_a_text_comes_back_from_its_protected_form(text: str) -> None:
    assert unprotect(protect(text)) == text


@given(TEXTS)
def test_a_protected_text_survives_a_spreadsheet(text: str) -> None:
    assert read_text(SheetCell(save_like_libreoffice(protect(text))), "another") in (text, text.replace("\r", "\n"))


@pytest.mark.parametrize(
    "text", ["Prospecting | US | 01", "Broad 25-45", "Ünïcode 漢", "a, b; c", "https://x.example/"]
)
def test_an_ordinary_name_is_exported_as_it_is(text: str) -> None:
    assert protect(text) == text


@given(st.integers(10**14, 10**18 - 1))
def test_a_rounded_id_is_the_id_of_the_row_version(number: int) -> None:
    for digits in (6, 12, 15):
        assert read_id(SheetCell(f"{number:.{digits - 1}E}"), str(number)) == str(number)
    assert read_id(SheetCell(save_like_libreoffice(str(number)), "number"), str(number)) == str(number)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("1.20203123456789E+17", None),
        ("120203123456789000", None),
        ("1,20203E+17", "120999123456789012"),
        ("120203123456789013", ID),
        ("12 02", None),
        ("act_1", None),
        ("1E+17", ID),
    ],
)
def test_an_id_that_cannot_be_known_is_damaged(text: str, known: str | None) -> None:
    with pytest.raises(DamagedCell):
        read_id(SheetCell(text), known)


@pytest.mark.parametrize(
    ("text", "minor"),
    [("50.00", 5000), ("50", 5000), ("50,00", 5000), ("60.5", 6050), ("60.50 USD", 6050), ("1250.00", 125000)],
)
def test_an_amount_is_read_exactly(text: str, minor: int) -> None:
    assert read_money(SheetCell(text), "USD", 5000) == minor


@pytest.mark.parametrize("text", ["60,00", "1,200", "1.200", "1.2E+03", "60.005", "6o", "-5", "60.00 EUR", "12/50"])
def test_an_ambiguous_amount_is_damaged(text: str) -> None:
    with pytest.raises(DamagedCell):
        read_money(SheetCell(text), "USD", 5000)


@pytest.mark.parametrize("text", [END, "2026-12-31 23:59:00", "2026-12-31T23:59", "2027-01-01T05:59:00+01:00"])
def test_a_time_in_another_form_is_the_same_time(text: str) -> None:
    assert read_time(SheetCell(text), NEW_YORK, END) == END


def test_a_new_time_without_an_offset_is_of_the_accounts_clocks() -> None:
    assert read_time(SheetCell("2026-12-30T12:00"), NEW_YORK, END) == "2026-12-30T12:00:00-0500"


@pytest.mark.parametrize("text", ["31.12.2026 23:59", "12/31/26", "46387.9", "2026-12-31", "2026-13-01T00:00", "soon"])
def test_a_date_of_a_spreadsheet_is_damaged(text: str) -> None:
    with pytest.raises(DamagedCell):
        read_time(SheetCell(text), NEW_YORK, END)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("2", "formula"), ("=1+1", "text"), ("#NAME?", "error"), ("#####", "text"), ("7", "number"), ("1.2E+17", "text")],
)
def test_a_text_that_a_spreadsheet_replaced_is_damaged(text: str, kind: CellKind) -> None:
    with pytest.raises(DamagedCell):
        read_text(SheetCell(text, kind), "Spring")


def test_question_marks_of_an_old_encoding_are_no_edit() -> None:
    assert read_text(SheetCell("Sommer ? ?"), "Sommer 漢 字") == "Sommer 漢 字"
