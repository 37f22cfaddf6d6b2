"""Circuits on disk: a restart, a second process, a damaged file, a full disk."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meta_ads_mcp.graph.limits.breaker_state import CAREFUL_S, BreakerState
from meta_ads_mcp.graph.limits.circuit import Circuit, read, written
from meta_ads_mcp.graph.limits.store import CircuitStore
from tests.support.limits import OTHER, READ, START
from tests.support.recorders import EventRecorder

BLOCK = Circuit("0123abcd", "act_1", None, "temporary_block", START + 1800, last_error="368", changed_at=START)


def shared(directory, heard=None):
    return BreakerState(CircuitStore(directory), heard or EventRecorder())


def opened(process, circuit=BLOCK, now=START):
    process.change(lambda breaker: breaker.trip(circuit), now)


def refusal(process, call=READ, now=START):
    process.refresh(now)
    found = process.breaker.refusal(call, now)
    return found and (found[0].reason, found[1])


def test_a_restart_and_a_second_process_respect_an_open_circuit(tmp_path):
    first, second = shared(tmp_path), shared(tmp_path)
    assert refusal(second) is None
    opened(first)
    assert refusal(second) == ("temporary_block", 1800)
    assert refusal(shared(tmp_path), now=START + 100) == ("temporary_block", 1700)
    assert refusal(shared(tmp_path), now=START + 1800) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_this_user_reads_it_and_nothing_is_left_beside_it(tmp_path):
    directory = tmp_path / "state"
    opened(shared(directory))
    assert stat.S_IMODE((directory / "circuits.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert sorted(path.name for path in directory.iterdir()) == ["circuits.json", "circuits.lock"]


def test_a_shorter_circuit_of_another_process_does_not_shorten(tmp_path):
    first, second = shared(tmp_path), shared(tmp_path)
    opened(first)
    opened(second, Circuit("0123abcd", "act_1", None, "retry_after_hint", START + 60, changed_at=START + 1), START + 1)
    for process in (first, second, shared(tmp_path)):
        assert refusal(process, now=START + 1) == ("temporary_block", 1799)
        assert process.breaker.open(START + 1)[0].trip_count == 2


def test_of_two_records_the_higher_count_of_trips_is_kept():
    often = Circuit("0123abcd", "act_1", None, "temporary_block", START + 60, trip_count=5)
    assert BLOCK.merged(often).trip_count == often.merged(BLOCK).trip_count == 5


def test_a_closed_circuit_of_failures_is_closed_for_all(tmp_path):
    first, second = shared(tmp_path), shared(tmp_path)
    opened(first, Circuit("0123abcd", "act_1", "ads_management", "failures", START + 30, changed_at=START))
    assert refusal(second) == ("failures", 30)
    second.change(lambda breaker: breaker.claim_probe(READ, START + 31), START + 31)
    assert refusal(first, now=START + 32) == ("failures", 5)
    second.change(lambda breaker: breaker.close_failures(READ, START + 33), START + 33)
    assert refusal(first, now=START + 34) is None
    assert not first.breaker.half_open(READ, START + 34)


def test_unchanged_files_are_not_read_again(tmp_path, monkeypatch):
    opened(shared(tmp_path))
    store = CircuitStore(tmp_path)
    assert store.changed()
    store.load(START)
    assert not store.changed()


GARBAGE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe\x00",
    b'{"circuits": 5}',
    b'{"circuits": [5]}',
    b"[" * 100_000,
    b'{"circuits": []}' + b" " * 1_000_001,
    b'{"circuits": [{"token_key": 5, "open_until": NaN}]}',
    b'{"circuits": [{"reason": "x", "open_until": 1e999}]}',
]


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_a_damaged_file_is_set_aside_and_is_no_amnesty(tmp_path, text):
    heard = EventRecorder()
    before = shared(tmp_path, heard)
    opened(before)
    (tmp_path / "circuits.json").write_bytes(text)
    assert refusal(before) == ("temporary_block", 1800)
    assert refusal(before, OTHER) == ("state_damaged", CAREFUL_S)
    assert [level for level, _ in heard.named("meta_limits_state_damaged")] == ["warning"]
    assert [path.read_bytes() for path in tmp_path.glob("circuits.json.damaged-*")] == [text]
    for process in (before, shared(tmp_path)):
        assert refusal(process, OTHER, START + CAREFUL_S) is None
        assert refusal(process, now=START + CAREFUL_S) == ("temporary_block", 1500)


def test_what_is_still_legible_in_a_damaged_file_is_kept(tmp_path):
    (tmp_path / "circuits.json").write_text(json.dumps({"circuits": [written(BLOCK), {"reason": 5}]}))
    assert refusal(shared(tmp_path)) == ("temporary_block", 1800)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 400), st.integers(0, 400))
def test_no_damage_lets_a_call_through(tmp_path, noise, at, cut):
    process = shared(tmp_path)
    opened(process)
    whole = (tmp_path / "circuits.json").read_bytes()
    (tmp_path / "circuits.json").write_bytes(whole[:at] + noise + whole[at + cut :])
    for survivor in (process, shared(tmp_path)):
        remaining = refusal(survivor)
        text_is_whole = survivor.breaker.refusal(OTHER, START) is None
        assert remaining is not None or (text_is_whole and not _names_the_block(tmp_path))
    for path in tmp_path.iterdir():
        path.unlink()


def _names_the_block(directory):
    """Whether the file, which is sound JSON of circuits, still speaks of this token and account."""
    circuits = json.loads((directory / "circuits.json").read_text())["circuits"]
    return any(
        (one["token_key"], one["account"], one["open_until"]) == ("0123abcd", "act_1", START + 1800) for one in circuits
    )


@pytest.mark.parametrize(
    "change",
    [
        {"open_until": START + 1e9},
        {"open_until": 10**400},
        {"trip_count": True},
        {"trip_count": -1},
        {"reason": None},
        {"account": 7},
        {"open_until": "soon"},
        {"last_error": None},
        {"probe_until": float("nan")},
    ],
)
def test_a_record_is_sound_or_brought_within_reason_or_refused(change):
    circuit = read({**written(BLOCK), **change}, START)
    assert circuit is None or circuit.open_until == START + 86_400


@given(
    st.builds(
        Circuit,
        st.none() | st.text("0123456789abcdef", min_size=1, max_size=16),
        st.none() | st.sampled_from(["act_1", "-"]),
        st.none() | st.sampled_from(["ads_insights"]),
        st.sampled_from(["failures", "abuse_signal"]),
        st.floats(0, START + 86_400),
        st.integers(0, 1000),
        st.text(max_size=50),
        st.floats(0, START),
        st.floats(0, START),
    )
)
def test_what_is_written_is_read(circuit):
    assert read(json.loads(json.dumps(written(circuit))), START) == circuit


def test_without_a_directory_circuits_live_in_memory():
    process = shared(None)
    opened(process)
    assert refusal(process) == ("temporary_block", 1800)


def test_what_could_not_be_written_is_written_when_it_can_be(tmp_path):
    heard = EventRecorder()
    (tmp_path / "state").write_text("a file where the directory should be")
    process = shared(tmp_path / "state", heard)
    opened(process)
    assert refusal(process) == ("temporary_block", 1800)
    assert len(heard.named("meta_limits_state_unwritable")) == 1
    (tmp_path / "state").unlink()
    assert refusal(process) == ("temporary_block", 1800)
    assert refusal(shared(tmp_path / "state")) == ("temporary_block", 1800)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_file_that_may_not_be_read_makes_careful(tmp_path):
    opened(shared(tmp_path))
    (tmp_path / "circuits.json").chmod(0)
    assert refusal(shared(tmp_path), OTHER) == ("state_damaged", CAREFUL_S)


WRITER = """
import sys
from pathlib import Path
from meta_ads_mcp.graph.limits.circuit import Circuit
from meta_ads_mcp.graph.limits.breaker_state import BreakerState
from meta_ads_mcp.graph.limits.store import CircuitStore

class Silence:
    def emit(self, level, event, **fields): raise SystemExit(event)

process = BreakerState(CircuitStore(Path(sys.argv[1])), Silence())
common = Circuit("t", "act_0", None, "x", 1.9e9)
for number in range(40):
    circuit = Circuit("t", f"act_{sys.argv[2]}{number:02}", None, "temporary_block", float(sys.argv[3]) + 1800)
    process.change(lambda breaker: (breaker.trip(circuit), breaker.trip(common)), 1.8e9)
"""


def test_concurrent_processes_lose_nothing(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(number), str(START)]) for number in (1, 2, 3)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    process = shared(tmp_path)
    process.refresh(START)
    trips = {circuit.account: circuit.trip_count for circuit in process.breaker.open(START)}
    assert trips.pop("act_0") == 120
    assert len(trips) == 120
