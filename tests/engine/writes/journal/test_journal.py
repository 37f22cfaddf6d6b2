"""The journal keeps every change exactly, for ever, for several processes, and passes over what is damaged."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry
from meta_ads_mcp.engine.writes.journal import FILE, Journal
from meta_ads_mcp.engine.writes.journal.index_file import FILE as INDEX
from meta_ads_mcp.errors import InvalidArguments
from tests.support.clock import FakeClock
from tests.support.mcp_process import ROOT
from tests.support.scripted_graph import ACCOUNT, CAMPAIGN, account_graph, engine

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither these modes nor FIFOs")
TEXTS = st.text(max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)
SMALL_SEGMENT_BYTES = 700


def new_entry(journal: Journal, **fields: Any) -> JournalEntry:
    values = {"tool": "ads_update_campaign", "effect": "update", "node": "Campaign", **fields}
    return JournalEntry(journal.new_id(), "", **values)


def identical(first: Any, second: Any) -> bool:
    return json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)


@settings(max_examples=200, deadline=None)
@given(before=st.dictionaries(TEXTS, VALUES, max_size=4), after=st.dictionaries(TEXTS, VALUES, max_size=4))
def test_values_come_back_as_they_were_or_are_refused(before: dict[str, Any], after: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder), FakeClock())
        entry = new_entry(journal, before=before, after=after)
        try:
            journal.intent(entry)
        except InvalidArguments:  # two halves of a surrogate pair, which JSON would join
            assert journal.entries() == []
            assert any("\ud800" <= char <= "\udfff" for char in str((before, after)))
            return
        (stored,) = Journal(Path(folder), FakeClock()).entries()
        assert identical(stored.before, before)
        assert identical(stored.after, after)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), {1: "a"}, {"a"}, b"a", object(), 10**5000, "\ud83d\ude00", "x" * 5_000_000],
    ids=lambda value: type(value).__name__,
)
async def test_a_value_that_cannot_be_stored_exactly_is_refused(value: Any, tmp_path: Path) -> None:
    journal = Journal(tmp_path, FakeClock())
    with pytest.raises(InvalidArguments, match="Nothing was sent"):
        journal.intent(new_entry(journal, before={"x": value}))
    assert journal.entries() == []


async def test_an_earlier_value_that_cannot_be_stored_stops_the_change() -> None:
    graph = account_graph()
    graph.objects[CAMPAIGN]["name"] = "x" * 5_000_000
    answer = await engine(graph).call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Short"})
    assert answer.structured["error"]["kind"] == "invalid_arguments"
    assert graph.writes == []


INTENT = {"phase": "intent", "change_id": "c1", "tool": "t", "effect": "update", "node": "Ad", "time": "x"}
DAMAGED_LINES = [
    "garbage",
    "[1, 2]",
    "null",
    "[" * 50_000,
    '{"change_id": "c1"}',
    '{"phase": "note", "change_id": "c1"}',
    '{"phase": [], "change_id": "c1"}',
    '{"phase": "outcome", "change_id": "c1", "status": {"a": 1}}',
    '{"phase": "outcome", "change_id": "c1", "status": "well"}',
    '{"phase": "outcome", "change_id": "c1", "status": "success", "object_id": []}',
    '{"phase": "outcome", "change_id": "c1", "status": "partial", "not_applied": [1]}',
    '{"phase": "result", "change_id": "c1", "data": "x"}',
    *(
        json.dumps({**INTENT, **wrong})
        for wrong in (
            {"after": []},
            {"before": "y"},
            {"inverse": {"method": "GET", "path": "1", "params": {}, "reasons": []}},
            {"inverse": {"method": "POST", "path": "1", "params": [], "reasons": []}},
            {"inverse": {"method": "POST"}},
            {"started": "now"},
            {"started": 1e400},
            {"effect": "explode"},
            {"key": 5},
            {"time": {}},
            {"tool": None},
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("line", DAMAGED_LINES, ids=lambda line: line[:60])
async def test_a_damaged_line_is_passed_over_and_noted(line: str, tmp_path: Path) -> None:
    graph = account_graph()
    await engine(graph, state_dir=tmp_path).call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Autumn"})
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    server = engine(graph, state_dir=tmp_path)
    answer = await server.call("ads_get_changes", {})
    assert [row["status"] for row in answer.structured["data"]] == ["success"]
    assert any(note.startswith("1 damaged line was passed over") for note in answer.structured["notes"])
    undo = {"change_id": answer.structured["data"][0]["change_id"]}
    assert not (await server.call("ads_undo_change", undo)).is_error


def full_segments(folder: Path) -> int:
    return len(list(folder.glob("journal-*.jsonl")))


def _make_folder(path: Path) -> None:
    path.mkdir()


@POSIX
@pytest.mark.parametrize(
    "make",
    [_make_folder, os.mkfifo, lambda path: path.symlink_to("/dev/null"), lambda path: path.symlink_to(path)],
    ids=["folder", "FIFO", "link", "link to itself"],
)
async def test_something_else_in_place_of_the_journal_is_denied(make: Callable[[Path], Any], tmp_path: Path) -> None:
    make(tmp_path / FILE)
    graph = account_graph()
    new = {"account_id": ACCOUNT, "name": "A", "objective": "OUTCOME_SALES", "idempotency_key": "k"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("ads_get_changes", {}),
        ("ads_create_campaign", new),
        ("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "A"}),
        ("ads_undo_change", {"change_id": "c20261130T000000-00000000"}),
    ]
    for tool, arguments in calls:
        error = (await engine(graph, state_dir=tmp_path).call(tool, arguments)).structured["error"]
        assert error["kind"] == "denied", error
        assert "The change journal cannot be" in error["message"]
    assert graph.writes == []


# Steps of a journal: an intent of a tool with a key, or an outcome of the n-th change.
STEPS = st.lists(
    st.tuples(st.just("intent"), st.sampled_from("ab"), st.sampled_from(["k", "l", None]), st.integers(0, 3))
    | st.tuples(st.just("outcome"), st.sampled_from(["success", "failed", "partial"]), st.none(), st.integers(0, 30))
    | st.tuples(st.just("result"), st.none(), st.none(), st.integers(0, 30))
    | st.tuples(st.just("forget"), st.sampled_from(["delete", "damage", "truncate"]), st.none(), st.just(0)),
    max_size=25,
)


class Model:
    """The journal as a plain dict."""

    def __init__(self) -> None:
        self.entries: dict[str, JournalEntry] = {}

    def nth(self, number: int) -> JournalEntry | None:
        rows = list(self.entries.values())
        return rows[number % len(rows)] if rows else None


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, segment_bytes=st.sampled_from([SMALL_SEGMENT_BYTES, 10_000_000]))
def test_two_processes_with_rotation_see_what_a_plain_dict_holds(steps: list[Any], segment_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, clock, model = Path(name), FakeClock(), Model()
        journals = [Journal(folder, clock, segment_bytes) for _ in range(2)]
        for position, step in enumerate(steps):
            _take(step, journals, position, model, folder)
        for journal in [*journals, Journal(folder, clock, segment_bytes)]:
            _compare(journal, model)


def _take(step: Any, journals: list[Journal], position: int, model: Model, folder: Path) -> None:
    kind, word, key, number = step
    journal = journals[position % 2]
    entry = model.nth(number)
    if kind == "intent":
        undo_of = entry.change_id if entry is not None and number == 1 else None
        new = new_entry(journal, tool=word, key=key, object_id=f"o{number}", undo_of=undo_of)
        journal.intent(new)
        model.entries[new.change_id] = new
    elif kind == "forget":
        journals[position % 2] = Journal(folder, FakeClock())
        _spoil(folder / INDEX, word)
        journals[:] = [Journal(folder, FakeClock(), SMALL_SEGMENT_BYTES) for _ in range(2)]
    elif entry is not None and kind == "outcome":
        journal.outcome(entry.change_id, word, object_id="o9", not_applied=["x"] if word == "partial" else None)
        entry.status, entry.object_id, entry.not_applied = word, "o9", ["x"] if word == "partial" else []
        if word == "success" and entry.undo_of:
            model.entries[entry.undo_of].undone_by = entry.change_id
    elif entry is not None:
        journal.result(entry.change_id, {"n": number})
        entry.result = {"n": number}


def _spoil(index: Path, how: str) -> None:
    if how == "delete":
        for path in index.parent.glob(f"{INDEX}*"):
            path.unlink()
    elif index.exists():
        index.write_bytes(b"garbage" * 1000 if how == "damage" else index.read_bytes()[:5000])


def _compare(journal: Journal, model: Model) -> None:
    rows = list(model.entries.values())
    assert [vars(entry) for entry in journal.entries()] == [vars(entry) for entry in rows]
    assert journal.damaged == 0
    for entry in rows:
        assert journal.entry(entry.change_id) == entry
    for tool in "ab":
        for key in "kl":
            assert journal.with_key(tool, key) == [row for row in rows if (row.tool, row.key) == (tool, key)]


@pytest.mark.parametrize("segment_bytes", [SMALL_SEGMENT_BYTES, 10_000_000])
async def test_a_page_after_a_page_lists_every_change_once(tmp_path: Path, segment_bytes: int) -> None:
    clock = FakeClock()
    journal = Journal(tmp_path, clock, segment_bytes)
    for number in range(25):
        clock.passed_s += 60
        journal.intent(new_entry(journal, account=f"act_{number % 2}", object_id=str(number % 5)))
    query = ChangeQuery(account="act_1", limit=5)
    ids: list[str] = []
    while True:
        page = await journal.find(query)
        ids += [entry.change_id for entry in page.entries]
        assert page.total == 12
        if not page.has_more:
            break
        query = ChangeQuery(account="act_1", limit=5, after=ids[-1])
    assert ids == [entry.change_id for entry in reversed(journal.entries()) if entry.account == "act_1"]
    recent = await journal.find(ChangeQuery(object_id="2", since=clock.now() - 600))
    assert [entry.object_id for entry in recent.entries] == ["2", "2"]


async def test_a_full_journal_keeps_keys_and_undo(tmp_path: Path) -> None:
    graph = account_graph()
    new = {"account_id": ACCOUNT, "name": "A", "objective": "OUTCOME_SALES", "idempotency_key": "k"}

    def server() -> Any:
        made = engine(graph, state_dir=tmp_path)
        made.journal = made.writer.journal = Journal(tmp_path, graph.clock, SMALL_SEGMENT_BYTES)
        return made

    first = await server().call("ads_create_campaign", new)
    changed = await server().call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Autumn"})
    assert full_segments(tmp_path) >= 2
    again = await server().call("ads_create_campaign", new)
    assert again.structured["data"]["id"] == first.structured["data"]["id"]
    undone = await server().call("ads_undo_change", {"change_id": changed.structured["data"]["change_id"]})
    assert undone.structured["data"]["status"] == "success"
    assert graph.objects[CAMPAIGN]["name"] == "Spring"


@POSIX
async def test_what_the_journal_writes_is_its_owners_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state", FakeClock(), SMALL_SEGMENT_BYTES)
    for _ in range(9):
        journal.intent(new_entry(journal))
    await journal.catch_up()
    modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "state").iterdir()}
    assert {FILE, INDEX, "journal-1.jsonl"} <= modes.keys()
    assert set(modes.values()) == {0}


async def test_without_a_place_for_the_index_the_journal_is_read_all_the_same(tmp_path: Path) -> None:
    journal = Journal(tmp_path, FakeClock())
    journal.intent(new_entry(journal, key="k"))
    (tmp_path / INDEX).mkdir()
    assert len(Journal(tmp_path, FakeClock()).with_key("ads_update_campaign", "k")) == 1
    assert (await Journal(tmp_path, FakeClock()).find(ChangeQuery())).total == 1


@pytest.mark.parametrize("change", ["cut", "replaced", "gone", "garbage in front"])
def test_a_changed_journal_is_indexed_anew(tmp_path: Path, change: str) -> None:
    journal = Journal(tmp_path, FakeClock())
    for key in "abc":
        journal.intent(new_entry(journal, key=key))
    assert len(journal.entries()) == 3
    path = tmp_path / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    contents = {"cut": lines[:1], "replaced": lines[2:], "gone": [], "garbage in front": [b"x\n", *lines]}
    path.unlink()
    if contents[change]:
        path.write_bytes(b"".join(contents[change]))
    rest = {"cut": "a", "replaced": "c", "gone": "", "garbage in front": "abc"}[change]
    for reader in (journal, Journal(tmp_path, FakeClock())):
        assert "".join(str(entry.key) for entry in reader.entries()) == rest


CHILD = """
import sys
from pathlib import Path
from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.clock import SystemClock
from meta_ads_mcp.engine.writes.journal import Journal
journal = Journal(Path(sys.argv[1]), SystemClock(), 4000)
for number in range(40):
    entry = JournalEntry(journal.new_id(), "", "t", "create", "Ad", key=str(number), after={"n": number})
    journal.intent(entry)
    if journal.with_key("t", str(number))[0].change_id == entry.change_id:
        journal.outcome(entry.change_id, "success", object_id=f"{number}")
    else:
        journal.outcome(entry.change_id, "failed")
"""


def test_processes_that_write_at_the_same_time_lose_nothing_and_agree_who_is_first(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    children = [subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) for _ in range(3)]
    assert [child.wait(120) for child in children] == [0, 0, 0]
    for path in tmp_path.glob(f"{INDEX}*"):
        path.unlink()
    journal = Journal(tmp_path, FakeClock())
    entries = journal.entries()
    assert (len(entries), journal.damaged) == (120, 0)
    assert full_segments(tmp_path) > 3
    for number in range(40):
        assert [entry.status for entry in entries if entry.key == str(number)].count("success") == 1


def test_an_index_of_another_version_is_built_anew(tmp_path: Path) -> None:
    journal = Journal(tmp_path, FakeClock())
    journal.intent(new_entry(journal))
    connection = sqlite3.connect(tmp_path / INDEX)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert len(Journal(tmp_path, FakeClock()).entries()) == 1


def test_a_key_is_found_in_a_journal_that_was_put_back(tmp_path: Path) -> None:
    """The index of the other journal has as many bytes behind it, and does not know the key."""
    journal = Journal(tmp_path, FakeClock())
    path = tmp_path / FILE
    for key in ("a", "b", "k"):
        journal.intent(new_entry(journal, key=key))
    backup = path.read_bytes()
    path.unlink()
    for key in ("c", "d"):
        journal.intent(new_entry(journal, key=key))
    assert len(journal.entries()) == 2
    path.write_bytes(backup)
    assert len(Journal(tmp_path, FakeClock()).with_key("ads_update_campaign", "k")) == 1
    assert len(journal.with_key("ads_update_campaign", "a")) == 1
