"""Circuits on disk: a restart, a second process, a damaged file, a full disk."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import asdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meta_ads_mcp.graph.limits.breaker_state import CAREFUL_S, BreakerState
from meta_ads_mcp.graph.limits.circuit import Circuit, parse_circuit
from meta_ads_mcp.graph.limits.ledger import PointLedger, charges
from meta_ads_mcp.graph.limits.state import LimitState
from meta_ads_mcp.graph.limits.tiers import tier_named
from tests.support.limits import OTHER, READ, START
from tests.support.recorders import EventRecorder

FILE = "score.sqlite3"
BLOCK = Circuit("0123abcd", "act_1", None, "temporary_block", START + 1800, last_error="368", changed_at=START)


class Process:
    """What one process has: the state of the limits, and the circuits in it, wired as the governor wires them."""

    def __init__(self, directory, heard=None):
        self.heard = heard or EventRecorder()
        path = directory / FILE if directory is not None else None
        self.state = LimitState(path, self._trouble)
        self.circuits = BreakerState(self.state, self.heard, directory)
        self.breaker = self.circuits.breaker
        self.refresh, self.change = self.circuits.refresh, self.circuits.change

    def _trouble(self, cause, lost):
        self.heard.emit("warning", "damaged" if lost else "unwritable")
        if lost:
            self.circuits.open_careful_circuit(START)


def shared(directory, heard=None):
    return Process(directory, heard)


def written(circuit):
    """A circuit as version 0.1 wrote it into `circuits.json`."""
    return asdict(circuit)


def old_file(directory, content):
    directory.mkdir(exist_ok=True)
    (directory / "circuits.json").write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    (directory / "circuits.lock").touch()


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
def test_only_this_user_can_read_the_file(tmp_path):
    directory = tmp_path / "state"
    opened(shared(directory))
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_a_shorter_circuit_of_another_process_does_not_shorten(tmp_path):
    first, second = shared(tmp_path), shared(tmp_path)
    opened(first)
    opened(second, Circuit("0123abcd", "act_1", None, "retry_after_hint", START + 60, changed_at=START + 1), START + 1)
    for process in (first, second, shared(tmp_path)):
        assert refusal(process, now=START + 1) == ("temporary_block", 1799)
        assert process.breaker.open(START + 1)[0].trip_count == 2


def test_of_two_records_the_higher_count_of_trips_is_kept():
    often = Circuit("0123abcd", "act_1", None, "temporary_block", START + 60, trip_count=5)
    assert BLOCK.merge_with(often).trip_count == often.merge_with(BLOCK).trip_count == 5


def test_a_closed_circuit_of_failures_is_closed_for_all(tmp_path):
    first, second = shared(tmp_path), shared(tmp_path)
    opened(first, Circuit("0123abcd", "act_1", "ads_management", "failures", START + 30, changed_at=START))
    assert refusal(second) == ("failures", 30)
    second.change(lambda breaker: breaker.claim_probe(READ, START + 31), START + 31)
    assert refusal(first, now=START + 32) == ("failures", 5)
    second.change(lambda breaker: breaker.close_failures(READ, START + 33), START + 33)
    assert refusal(first, now=START + 34) is None
    assert not first.breaker.half_open(READ, START + 34)


def test_the_points_of_this_process_do_not_cause_circuits_to_be_read_again(tmp_path):
    first, second = shared(tmp_path), shared(tmp_path)
    first.refresh(START)
    before = first.state.version(START)
    PointLedger(first.state).record(charges(READ, tier_named(None)), START)
    assert first.state.version(START) == before
    PointLedger(second.state).record(charges(READ, tier_named(None)), START)
    assert first.state.version(START) != before


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
def test_a_damaged_file_of_an_older_version_is_no_amnesty(tmp_path, text):
    heard = EventRecorder()
    old_file(tmp_path, text)
    assert refusal(shared(tmp_path, heard), OTHER) == ("state_damaged", CAREFUL_S)
    assert [level for level, _ in heard.named("meta_limits_state_damaged")] == ["warning"]
    for _ in range(2):
        assert refusal(shared(tmp_path), OTHER, START + CAREFUL_S) is None
    assert not list(tmp_path.glob("circuits.*"))


def test_circuits_of_an_older_version_are_taken_over_once(tmp_path):
    old_file(tmp_path, {"version": 1, "circuits": [written(BLOCK)]})
    assert refusal(shared(tmp_path)) == ("temporary_block", 1800)
    assert not list(tmp_path.glob("circuits.*"))
    assert refusal(shared(tmp_path), now=START + 100) == ("temporary_block", 1700)


def test_what_is_legible_in_a_damaged_file_of_an_older_version_is_kept(tmp_path):
    old_file(tmp_path, {"circuits": [written(BLOCK), {"reason": 5}]})
    assert refusal(shared(tmp_path)) == ("temporary_block", 1800)
    assert refusal(shared(tmp_path), OTHER) == ("state_damaged", CAREFUL_S)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=4000), st.integers(0, 20_000))
def test_no_damage_lets_a_running_process_call(tmp_path, noise, position):
    process = shared(tmp_path)
    opened(process)
    del process.state
    path = tmp_path / FILE
    whole = path.read_bytes()
    path.with_name("damaged").write_bytes(whole[:position] + noise + whole[position + len(noise) :])
    path.with_name("damaged").replace(path)
    assert refusal(process) is not None
    for entry in tmp_path.iterdir():
        entry.unlink()


def test_a_damaged_file_makes_a_new_process_careful(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database" * 1000)
    assert refusal(shared(tmp_path), OTHER) == ("state_damaged", CAREFUL_S)
    assert refusal(shared(tmp_path), OTHER) == ("state_damaged", CAREFUL_S)
    assert (tmp_path / f"{FILE}.damaged").exists()


def test_a_deleted_file_is_written_again(tmp_path):
    process = shared(tmp_path)
    opened(process)
    for entry in tmp_path.iterdir():
        entry.unlink()
    assert refusal(process) == ("temporary_block", 1800)
    assert refusal(shared(tmp_path)) == ("temporary_block", 1800)


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
    circuit = parse_circuit({**written(BLOCK), **change}, START)
    assert circuit is None or circuit.open_until == START + 86_400


@given(
    st.builds(
        Circuit,
        st.none() | st.text("0123456789abcdef", min_size=1, max_size=16),
        st.none() | st.sampled_from(["act_1", "-"]),
        st.none() | st.sampled_from(["ads_insights"]),
        st.sampled_from(["failures", "abuse_signal"]),
        st.floats(START, START + 86_400),
        st.integers(0, 1000),
        st.text(max_size=50),
        st.floats(0, START),
        st.floats(0, START),
    )
)
def test_a_stored_circuit_is_read_unchanged(circuit):
    process = shared(None)
    opened(process, circuit)
    with process.state.transaction(START) as rows:
        (record,) = rows.circuits()
    assert parse_circuit(record, START) == circuit


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
    assert len(heard.named("unwritable")) == 1
    (tmp_path / "state").unlink()
    assert refusal(process, now=START + 29) == ("temporary_block", 1771)
    assert not (tmp_path / "state").exists()
    assert refusal(process, now=START + 30) == ("temporary_block", 1770)
    assert refusal(shared(tmp_path / "state"), now=START + 30) == ("temporary_block", 1770)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_file_that_may_not_be_read_makes_careful(tmp_path):
    opened(shared(tmp_path))
    (tmp_path / FILE).chmod(0)
    assert refusal(shared(tmp_path), OTHER) == ("state_damaged", CAREFUL_S)


WRITER = """
import sys
from pathlib import Path
from meta_ads_mcp.graph.limits.circuit import Circuit
from meta_ads_mcp.graph.limits.breaker_state import BreakerState
from meta_ads_mcp.graph.limits.state import LimitState

class Silence:
    def emit(self, level, event, **fields): raise SystemExit(event)

state = LimitState(Path(sys.argv[1]) / "score.sqlite3", lambda cause, lost: sys.exit(cause))
process = BreakerState(state, Silence())
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
