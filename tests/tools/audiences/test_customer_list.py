"""People of a file: hashed here, sent in batches of one session, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.engine.engine import Engine
from meta_ads_mcp.errors import Throttled, UnknownOutcome
from meta_ads_mcp.tools.audiences import customer_file as people
from meta_ads_mcp.tools.audiences.customer_file import TOO_MANY_VALUES
from tests.support.scripted_graph import ScriptedGraph, confirmed, error_of
from tests.tools.audiences.conftest import AUDIENCE, Meta, adding, file_of, sha256

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
            [sha256("a@b.de"), "", ""],
        ],
    }
    assert session["batch_seq"] == 1
    assert session["last_batch_flag"] is True
    assert session["estimated_num_total"] == 4
    assert 0 < session["session_id"] < 2**63
    assert data["rows"] == {
        "read": 5,
        "valid": 4,
        "records": 4,
        "invalid": {"no value that can match a person": 1},
        "usable_values": {"EMAIL": 3, "PHONE": 1, "FN": 2},
        "unusable_values": {
            "EMAIL: not an e-mail address": 1,
            "PHONE: not a whole number of the country, or without a country code": 1,
            TOO_MANY_VALUES: 1,
        },
    }
    assert (data["status"], data["received"], data["session_id"]) == ("success", 4, str(session["session_id"]))


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
    assert answer.structured["data"]["rows"]["valid"] == 4
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
