"""People of a file: hashed here, sent in batches of one session, and nowhere else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.engine import Engine
from meta_ads_mcp.errors import Throttled, UnknownOutcome
from meta_ads_mcp.tools.audiences import customer_file as people
from tests.support.scripted_graph import ScriptedGraph, confirmed, engine, error_of
from tests.tools.audiences.test_audience_writes import AUDIENCE, with_audience


@pytest.fixture
def client(client: ScriptedGraph) -> ScriptedGraph:
    return with_audience(client)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Meta:
    """Takes batches as Meta does, and remembers them."""

    def __init__(self, client: ScriptedGraph) -> None:
        self.taken: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = []
        self.fail_at: tuple[int, Exception] | None = None
        for method, edge in (("POST", "users"), ("DELETE", "users"), ("POST", "usersreplace")):
            client.answers[method, f"{AUDIENCE}/{edge}"] = self.take

    def take(self, request: Request) -> dict[str, Any]:
        session, payload = request.params["session"], request.params["payload"]
        if self.fail_at and session["batch_seq"] == self.fail_at[0]:
            raise self.fail_at[1]
        self.taken.append((request.method, request.path.partition("/")[2], session, payload))
        return {
            "audience_id": AUDIENCE,
            "session_id": str(session["session_id"]),
            "num_received": len(payload["data"]),
            "num_invalid_entries": 0,
        }


@pytest.fixture
def meta(client: ScriptedGraph) -> Meta:
    return Meta(client)


@pytest.fixture
def server(client: ScriptedGraph, tmp_path: Path) -> Engine:
    (tmp_path / "uploads").mkdir()
    return engine(client, state_dir=tmp_path / "state", upload_roots=(str(tmp_path / "uploads"),))


def file_of(tmp_path: Path, content: str) -> str:
    path = tmp_path / "uploads" / "people.csv"
    path.write_text(content, encoding="utf-8")
    return str(path)


def adding(path: str, **more: Any) -> dict[str, Any]:
    return {"audience_id": AUDIENCE, "operation": "add", "file_path": path, **more}


PLAIN = "Mary.Secret@Example.com"
FILE = f"EMAIL,PHONE,FN\n {PLAIN},+1 (555) 987-6543,Mary\nnobody,,\n\n,,Only\n,,\nx@y.de,12\na@b.de,,A,more\n"


async def test_people_leave_hashed_and_the_unusable_are_counted(server: Engine, meta: Meta, tmp_path: Path) -> None:
    answer = await server.call("ads_update_audience_users", adding(file_of(tmp_path, "\ufeff" + FILE)))
    data = answer.structured["data"]
    ((method, edge, session, payload),) = meta.taken
    assert (method, edge) == ("POST", "users")
    assert payload == {
        "schema": ["EMAIL", "PHONE", "FN"],
        "data": [
            [sha256(PLAIN.lower()), sha256("15559876543"), sha256("mary")],
            ["", "", sha256("only")],
            [sha256("x@y.de"), "", ""],
        ],
    }
    assert session["batch_seq"] == 1
    assert session["last_batch_flag"] is True
    assert session["estimated_num_total"] == 3
    assert 0 < session["session_id"] < 2**63
    assert data["rows"] == {
        "read": 5,
        "valid": 3,
        "records": 3,
        "invalid": {"no value that can match a person": 1, "more values than columns": 1},
        "usable_values": {"EMAIL": 2, "PHONE": 1, "FN": 2},
        "unusable_values": {
            "EMAIL: not an e-mail address": 1,
            "PHONE: not a whole number of the country, or without a country code": 1,
        },
    }
    assert (data["status"], data["received"], data["session_id"]) == ("success", 3, str(session["session_id"]))


async def test_no_plain_value_is_written_anywhere(
    server: Engine, meta: Meta, client: ScriptedGraph, tmp_path: Path
) -> None:
    answer = await server.call("ads_update_audience_users", adding(file_of(tmp_path, FILE)))
    kept = "".join(path.read_text(errors="replace") for path in (tmp_path / "state").rglob("*") if path.is_file())
    sent = json.dumps([dict(request.params) for request in client.sent])
    assert kept
    for text in (kept, sent, json.dumps(answer.structured)):
        assert "secret" not in text.lower()
        assert "9876543" not in text
        assert "people.csv" not in text
    assert sha256(PLAIN.lower()) not in kept
    assert sha256(PLAIN.lower()) not in json.dumps(answer.structured)


@pytest.mark.parametrize(
    ("operation", "method", "edge"), [("remove", "DELETE", "users"), ("replace", "POST", "usersreplace")]
)
async def test_what_takes_people_out_needs_an_agreement(
    server: Engine, meta: Meta, tmp_path: Path, operation: str, method: str, edge: str
) -> None:
    call = adding(file_of(tmp_path, "EMAIL\na@b.de\n"), operation=operation)
    answer = await confirmed(server, "ads_update_audience_users", call)
    assert answer.structured["data"]["status"] == "success"
    assert [taken[:2] for taken in meta.taken] == [(method, edge)]


async def test_an_agreement_is_to_this_file(server: Engine, meta: Meta, tmp_path: Path) -> None:
    call = adding(file_of(tmp_path, "EMAIL\na@b.de\n"), operation="replace")
    pending = await server.call("ads_update_audience_users", call)
    file_of(tmp_path, "EMAIL\nother@b.de\n")
    code = pending.structured["data"]["confirmation"]
    answer = await server.call("ads_update_audience_users", {**call, "confirmation": code})
    assert answer.structured["data"]["status"] == "needs_confirmation"
    assert meta.taken == []


async def test_a_dry_run_counts_and_sends_nothing(server: Engine, meta: Meta, tmp_path: Path) -> None:
    answer = await server.call("ads_update_audience_users", adding(file_of(tmp_path, FILE), dry_run=True))
    assert answer.structured["data"]["rows"]["valid"] == 3
    assert answer.structured["data"]["plan"][0]["parameters"] == {}
    assert meta.taken == []


@pytest.mark.parametrize(
    "failure", [Throttled("slow down", retry_after_seconds=60), UnknownOutcome("The answer was lost.")]
)
async def test_after_a_break_it_goes_on_in_the_same_session(
    server: Engine, meta: Meta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    monkeypatch.setattr(people, "BATCH_ROWS", 2)
    call = adding(file_of(tmp_path, "EMAIL\n" + "".join(f"p{n}@b.de\n" for n in range(5))))
    meta.fail_at = (2, failure)
    error = error_of(await server.call("ads_update_audience_users", call))
    assert "batch 2 of 3" in error["next_step"]
    meta.fail_at = None
    answer = await server.call("ads_update_audience_users", call)
    assert answer.structured["data"]["status"] == "success"
    assert [session["batch_seq"] for _, _, session, _ in meta.taken] == [1, 2, 3]
    assert [session["last_batch_flag"] for _, _, session, _ in meta.taken] == [False, False, True]
    assert len({session["session_id"] for _, _, session, _ in meta.taken}) == 1
    assert [row for *_, payload in meta.taken for row in payload["data"]] == [[sha256(f"p{n}@b.de")] for n in range(5)]
    again = await server.call("ads_update_audience_users", call)
    assert again.structured["data"]["session_id"] != answer.structured["data"]["session_id"]
    assert len(meta.taken) == 6


@pytest.mark.parametrize("change", ["file", "time", "hashed"])
async def test_another_file_or_an_old_session_starts_anew(
    server: Engine, meta: Meta, client: ScriptedGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(people, "BATCH_ROWS", 1)
    hashes = [sha256(f"p{n}") for n in range(2)]
    call = adding(file_of(tmp_path, "EMAIL,EXTERN_ID\n" + "".join(f"{found},1\n" for found in hashes)), hashed=True)
    meta.fail_at = (2, Throttled("slow down", retry_after_seconds=60))
    error_of(await server.call("ads_update_audience_users", call))
    meta.fail_at = None
    if change == "file":
        file_of(tmp_path, "EMAIL,EXTERN_ID\n" + "".join(f"{found},2\n" for found in hashes))
    elif change == "time":
        client.clock.passed_s += 81 * 60
    else:
        call = adding(file_of(tmp_path, "EMAIL,EXTERN_ID\na@b.de,1\nb@b.de,1\n"))
    await server.call("ads_update_audience_users", call)
    assert [session["batch_seq"] for _, _, session, _ in meta.taken] == [1, 1, 2]
    assert len({session["session_id"] for _, _, session, _ in meta.taken}) == 2


async def test_ten_thousand_rows_a_request_with_progress(server: Engine, meta: Meta, tmp_path: Path) -> None:
    rows = 10_001
    heard: list[tuple[float, float | None]] = []

    async def progress(done: float, total: float | None, message: str) -> None:
        heard.append((done, total))

    path = file_of(tmp_path, "EXTERN_ID\n" + "".join(f"{n}\n" for n in range(rows)))
    await server.call("ads_update_audience_users", adding(path), progress)
    assert [len(payload["data"]) for *_, payload in meta.taken] == [10_000, 1]
    assert heard == [(10_000, rows), (rows, rows)]


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ("a@b.de\n", {"schema": ["EMAIL"]}),
        ("EMAIL\na@b.de\n", {"schema": ["EMAIL"]}),
        ("email\r\na@b.de\r\n", {}),
        ('"EMAIL"\n"a@b.de"\n', {}),
        (f"EMAIL\n{sha256('a@b.de')}\n", {"hashed": True}),
    ],
)
async def test_columns_are_named_by_the_header_or_by_schema(
    server: Engine, meta: Meta, tmp_path: Path, content: str, more: dict[str, Any]
) -> None:
    answer = await server.call("ads_update_audience_users", adding(file_of(tmp_path, content), **more))
    assert not answer.is_error, answer.text
    assert [payload["data"] for *_, payload in meta.taken] == [[[sha256("a@b.de")]]]


@pytest.mark.parametrize("mark", [";", "\t"])
async def test_other_separators(server: Engine, meta: Meta, tmp_path: Path, mark: str) -> None:
    await server.call("ads_update_audience_users", adding(file_of(tmp_path, f"EXTERN_ID{mark}GEN\n7{mark}m\n")))
    assert [payload["data"] for *_, payload in meta.taken] == [[["7", sha256("m")]]]


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ("Mail\na@b.de\n", {}),
        ("jane@secret.de\n", {}),
        ("GEN,COUNTRY\nm,DE\n", {}),
        ("Mail,Name\na@b.de,A\n", {"column_map": {"E-Mail": "EMAIL"}}),
        ("EMAIL\na@b.de\n", {"column_map": {"Mail": "PHONE"}}),
        ("EMAIL\na@b.de\n", {"column_map": {"EMAIL": "MAIL"}}),
        ("EMAIL\na@b.de\n", {"default_country": "Atlantis"}),
        ("EMAIL\na@b.de\n", {"schema": ["PHONE"]}),
        ("EMAIL\nnobody\n", {}),
        ("EMAIL\na@b.de\n", {"hashed": True}),
        ("EMAIL\n\x00\n", {}),
        ('EMAIL\n"a@b.de\n', {}),
        ("EMAIL\na@b.de\n", {"schema": ["MAIL"]}),
        ("EMAIL\na@b.de\n", {"operation": "delete"}),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_without_repeating_it(
    server: Engine, meta: Meta, tmp_path: Path, content: str, more: dict[str, Any]
) -> None:
    answer = await server.call("ads_update_audience_users", adding(file_of(tmp_path, content), **more))
    assert error_of(answer)["kind"] == "invalid_arguments"
    assert "secret" not in answer.text.lower()
    assert meta.taken == []


async def test_bytes_that_are_not_text_are_refused(server: Engine, meta: Meta, tmp_path: Path) -> None:
    path = tmp_path / "uploads" / "people.csv"
    path.write_bytes(b"EMAIL\n\x81\xff@b.de\n")
    answer = await server.call("ads_update_audience_users", adding(str(path)))
    assert error_of(answer)["kind"] == "invalid_arguments"


async def sent(server: Engine, meta: Meta, path: str, **more: Any) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The records that leave, by key, and the structured answer."""
    answer = await server.call("ads_update_audience_users", adding(path, **more))
    assert not answer.is_error, answer.text
    payload = meta.taken[-1][3]
    return [dict(zip(payload["schema"], row, strict=True)) for row in payload["data"]], answer.structured


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
    assert any("2 values are left out, and their people are kept" in note for note in answer["notes"])


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


async def test_a_file_outside_the_folders_is_denied(server: Engine, meta: Meta, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(FILE)
    answer = await server.call("ads_update_audience_users", adding(str(tmp_path / "people.csv")))
    assert error_of(answer)["kind"] == "denied"
    assert meta.taken == []


@pytest.mark.parametrize(
    ("state", "operation"),
    [
        ({"subtype": "WEBSITE"}, "add"),
        ({"operation_status": {"code": 471}}, "add"),
        ({"operation_status": {"code": 400}}, "replace"),
    ],
)
async def test_an_audience_that_takes_no_people_is_found_out_first(
    server: Engine, meta: Meta, client: ScriptedGraph, tmp_path: Path, state: dict[str, Any], operation: str
) -> None:
    client.objects[AUDIENCE] |= state
    call = adding(file_of(tmp_path, "EMAIL\na@b.de\n"), operation=operation)
    assert error_of(await server.call("ads_update_audience_users", call))["kind"] == "invalid_arguments"
    assert client.writes == []
