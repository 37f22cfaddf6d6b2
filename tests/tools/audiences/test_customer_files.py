"""Files as people have them: any columns, encodings, countries; nobody who can match is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.engine.engine import Engine
from meta_ads_mcp.tools.audiences.customer_file import TOO_MANY_VALUES
from tests.support.scripted_graph import error_of
from tests.tools.audiences.conftest import Meta, adding, file_of, sent, sha256


async def test_every_person_with_an_address_is_kept(server: Engine, meta: Meta, tmp_path: Path) -> None:
    people = """EMAIL,FN,LN,CT,ST,COUNTRY
boris@example.com,Борис,Иванов,Москва,,RU
hana@example.jp,花,佐藤,東京,,JP
anna@example.com,Anna,Smith,San Francisco,California,US
"""
    records, answer = await sent(server, meta, file_of(tmp_path, people))
    assert [record["EMAIL"] for record in records] == [
        sha256(address) for address in ("boris@example.com", "hana@example.jp", "anna@example.com")
    ]
    assert [record["FN"] for record in records] == [sha256("борис"), sha256("花"), sha256("anna")]
    assert [record["CT"] for record in records] == ["", "", sha256("sanfrancisco")]
    assert records[2]["ST"] == sha256("ca")
    assert answer["data"]["rows"]["unusable_values"] == {"CT: letters that cannot be written a-z": 2}
    assert any("2 values left out" in note and "is kept" in note for note in answer["notes"])


async def test_national_numbers_take_the_country_of_the_row_or_of_the_call(
    server: Engine, meta: Meta, tmp_path: Path
) -> None:
    path = file_of(tmp_path, "EMAIL,PHONE,COUNTRY\na@b.de,0171 5550101,DE\nc@d.de,020 7946 0102,\n")
    records, answer = await sent(server, meta, path)
    assert [record["PHONE"] for record in records] == [sha256("491715550101"), ""]
    assert any("default_country" in note for note in answer["notes"])
    records, answer = await sent(server, meta, path, default_country="UK")
    assert [record["PHONE"] for record in records] == [sha256("491715550101"), sha256("442079460102")]
    assert [record["COUNTRY"] for record in records] == [sha256("de"), ""]


async def test_metas_customer_list_template(server: Engine, meta: Meta, tmp_path: Path) -> None:
    header = "email,email,phone,madid,fn,ln,zip,ct,st,country,dob,doby,gen,age,uid,value"
    row = "a@b.de,c@d.de,1-555-987-6543,,Mary,Smith,94025,Menlo Park,CA,US,10/21/1968,1968,F,57,1234,500.00"
    records, answer = await sent(server, meta, file_of(tmp_path, f"{header}\n{row}\n"))
    assert [record["EMAIL"] for record in records] == [sha256("a@b.de"), sha256("c@d.de")]
    assert [record["PHONE"] for record in records] == [sha256("15559876543"), ""]
    assert {key: records[0][key] for key in ("DOBY", "DOBM", "DOBD", "GEN")} == {
        "DOBY": sha256("1968"),
        "DOBM": sha256("10"),
        "DOBD": sha256("21"),
        "GEN": sha256("f"),
    }
    assert answer["data"]["rows"] | {"usable_values": {}} == {
        "read": 1,
        "valid": 1,
        "records": 2,
        "usable_values": {},
    }
    (note,) = [note for note in answer["notes"] if note.startswith("Columns left out")]
    assert [name in note for name in ("age (", "uid (", "value (")] == [True, True, True]


async def test_the_advertisers_own_columns(server: Engine, meta: Meta, tmp_path: Path) -> None:
    people = (
        "Mail;Telefon;Vorname;Ort;Kundenwert;last name;LN;Notiz 0171 5550101\na@b.de;0171 5550101;Jo;Köln;7;Meier;X;\n"
    )
    columns = {"mail": "email", "Telefon": "PHONE", "Vorname": "FN", "Ort": "CT", "Kundenwert": "skip"}
    records, answer = await sent(server, meta, file_of(tmp_path, people), column_map=columns, default_country="DE")
    assert records == [
        {
            "EMAIL": sha256("a@b.de"),
            "PHONE": sha256("491715550101"),
            "FN": sha256("jo"),
            "CT": sha256("koln"),
            "LN": sha256("meier"),
        }
    ]
    (note,) = [note for note in answer["notes"] if note.startswith("Columns left out")]
    assert "LN (a second column of LN)" in note
    assert "column 8 (not a key of Meta)" in note
    assert "Kundenwert" not in note
    assert "5550101" not in json.dumps(answer)


async def test_schema_may_skip_columns_and_split_dates(server: Engine, meta: Meta, tmp_path: Path) -> None:
    path = file_of(tmp_path, "7,a@b.de,1984-03-31\n8,c@d.de,\n")
    records, _ = await sent(server, meta, path, schema=["SKIP", "email", "DOB"])
    assert [record["EMAIL"] for record in records] == [sha256("a@b.de"), sha256("c@d.de")]
    assert [record["DOBY"] for record in records] == [sha256("1984"), ""]


@pytest.mark.parametrize(
    ("encoding", "country", "name"),
    [
        ("cp1250", "Poland", "Żaneta"),
        ("cp1251", "UA", "Олена"),
        ("cp1253", "GR", "Ελένη"),
        ("cp1254", "Türkiye", "Gülşen"),
        ("cp1255", "IL", "נועה"),
        ("cp1256", "EG", "ليلى"),
        ("cp1257", "LV", "Līga"),
        ("cp932", "Japan", "佐藤"),
        ("cp949", "KR", "지우"),
        ("gb18030", "CN", "王芳"),
        ("cp950", "TW", "陳怡君"),
        ("cp1252", "DE", "Jürgen"),
    ],
)
async def test_the_country_decides_on_the_code_page_of_a_spreadsheet(
    server: Engine, meta: Meta, tmp_path: Path, encoding: str, country: str, name: str
) -> None:
    path = tmp_path / "uploads" / "people.csv"
    path.write_bytes(f"email;fn\na@b.de;{name}\n".encode(encoding))
    records, answer = await sent(server, meta, str(path), default_country=country)
    assert records == [{"EMAIL": sha256("a@b.de"), "FN": sha256(name.lower())}]
    assert any("not UTF-8" in note for note in answer["notes"])


@pytest.mark.parametrize(
    ("content", "more", "words"),
    [
        (b"PK\x03\x04rest", {}, "workbook"),
        (b"email,phone\n", {}, "no row"),
        (b"Mail,Handy\na@b.de,1\n", {"column_map": {"Post": "EMAIL"}}, "no column 'post'"),
        (b"email,Handy\na@b.de,1\n", {"column_map": {"Post": "PHONE"}}, "no column 'post'"),
    ],
)
async def test_a_wrong_file_or_mapping_is_named(
    server: Engine, meta: Meta, tmp_path: Path, content: bytes, more: dict[str, Any], words: str
) -> None:
    path = tmp_path / "uploads" / "people.csv"
    path.write_bytes(content)
    answer = await server.call("ads_update_audience_users", adding(str(path), **more))
    assert words in error_of(answer)["message"]
    assert meta.taken == []


async def test_of_a_row_that_has_moved_only_what_proves_itself_is_sent(
    server: Engine, meta: Meta, tmp_path: Path
) -> None:
    rows = "fn,ln,email,phone\nJane,Doe, Jr,jane@b.de,+15559876543\nJohn,Roe,john@b.de,+15559876543,\nA,B,c@d.de,1,2\n"
    records, answer = await sent(server, meta, file_of(tmp_path, rows))
    assert [record["EMAIL"] for record in records] == [sha256("john@b.de"), sha256("c@d.de")]
    assert [record["FN"] for record in records] == [sha256("john"), ""]
    assert answer["data"]["rows"]["unusable_values"][TOO_MANY_VALUES] == 2


@pytest.mark.parametrize(
    ("encoding", "prefix", "mark"),
    [
        ("utf-8", "", ","),
        ("utf-8-sig", "", ";"),
        ("utf-16", "", "\t"),
        ("utf-16-le", "", "\t"),
        ("utf-16-be", "", ","),
        ("cp1252", "", ";"),
        ("cp1252", "sep=;\n", ";"),
        ("utf-8", '"sep=|"\n', "|"),
    ],
)
async def test_files_as_spreadsheets_save_them(
    server: Engine, meta: Meta, tmp_path: Path, encoding: str, prefix: str, mark: str
) -> None:
    path = tmp_path / "uploads" / "people.csv"
    lines = [mark.join(("email", "fn", "ct")), mark.join(("a@b.de", "Zoë", '"Gießen"'))]
    path.write_bytes((prefix + "\r\n".join(lines) + "\r\n").encode(encoding))
    records, answer = await sent(server, meta, str(path))
    assert records == [{"EMAIL": sha256("a@b.de"), "FN": sha256("zoë"), "CT": sha256("giessen")}]
    assert any("Windows-1252" in note for note in answer.get("notes", [])) is (encoding == "cp1252")
