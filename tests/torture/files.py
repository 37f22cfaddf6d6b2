"""Files: what may lie in upload folders, in export names and in the state directory, and what a full disk does."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest import mock

from meta_ads_mcp.engine.files.exports import FolderExports
from meta_ads_mcp.engine.files.uploads import RootedUploads
from meta_ads_mcp.engine.writes.journal import FILE as JOURNAL
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.graph.limits.governor import Governor
from tests.support.elicitors import Person
from tests.support.recorders import EventRecorder
from tests.support.sandbox_bench import Bench
from tests.support.sandbox_engine import SandboxEngine
from tests.torture.graph import checked
from tests.torture.trial import Trials, awaited, chosen, tried

SECRET = b"GIF89a nobody may read this"
UPLOADS: dict[str, Callable[[str], dict[str, Any]]] = {
    "ads_upload_ad_image": lambda path: {"account_id": "{account}", "file_path": path},
    "ads_upload_ad_video": lambda path: {"account_id": "{account}", "file_path": path},
    "ads_update_audience_users": lambda path: {"audience_id": "{audience}", "operation": "add", "file_path": path},
}
LONGEST_S = 5.0


def hostile_paths(root: Path, outside: Path) -> Iterator[tuple[str, str]]:
    """Names of what is no file of the folder, and where it is; all of it is made."""
    secret = outside / "secret.gif"
    secret.write_bytes(SECRET)
    (root / "sub").mkdir()
    for name, target in {
        "link out": secret, "link to a folder": outside, "link to nothing": root / "none", "loop": root / "loop",
        "link to a device": Path("/dev/zero"), "link to itself's memory": Path("/proc/self/environ"),
    }.items():  # fmt: skip
        (root / name).symlink_to(target)
        yield name, str(root / name)
    yield "through a link", str(root / "link to a folder" / "secret.gif")
    os.mkfifo(root / "pipe")
    yield "pipe", str(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listening, suppress(OSError):
        listening.bind(str(root / "socket"))
        yield "socket", str(root / "socket")
    (root / "empty").touch()
    with (root / "sparse").open("wb") as sparse:
        sparse.truncate(100 * 2**30)
    yield from (("empty", str(root / "empty")), ("100 GB", str(root / "sparse")), ("folder", str(root / "sub")))
    yield from (("the root", str(root)), ("blank", ""), ("relative", "secret.gif"), ("NUL", f"{root}/a\0b"))
    for name in ("/dev/zero", "/dev/stdin", "/dev/tty", "/proc/self/mem", "/proc/self/environ", "/etc/passwd", "/"):
        yield name, name
    for rest in (
        "../outside/secret.gif",
        "sub/../../outside/secret.gif",
        "./../outside/secret.gif",
        "x" * 5000,
        "\n",
        "~",
    ):
        yield rest[:30], f"{root}/{rest}"
    yield from (
        ("home", "~/secret.gif"),
        ("variable", "$HOME/x"),
        ("address", f"file://{secret}"),
        ("itself", str(secret)),
    )
    yield from (("half a pair", f"{root}/\ud800"), ("share", "\\\\host\\share\\x"), ("drive", "C:\\Windows\\win.ini"))


def uploads(full: bool) -> Trials:
    """Every hostile path through every tool that takes one: refused at once, and nothing of it is sent."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        root, outside = Path(folder) / "root", Path(folder) / "outside"
        root.mkdir()
        outside.mkdir()
        bench = Bench(root)
        for name, path in list(hostile_paths(root, outside)):
            for tool in UPLOADS:
                yield runner.run(awaited(f"{tool}, {name}", _upload(bench, tool, path)))
        yield tried("swapped while it is opened", lambda: _swapped(root, outside, 2000 if full else 200))


async def _upload(bench: Bench, tool: str, path: str) -> None:
    made = bench.again()
    given = made.filled(UPLOADS[tool](path))
    started = time.monotonic()
    found = checked(await made.call(tool, given, Person(True)))
    assert time.monotonic() - started < LONGEST_S
    assert found["error"]["kind"] in ("denied", "invalid_arguments", "not_found"), found
    assert made.writes == [], "something was sent"


def _swapped(root: Path, outside: Path, times: int) -> None:
    """A file that somebody swaps for a link to a secret, and back, as fast as possible."""
    good, place, done = root / "good.gif", root / "swapped.gif", threading.Event()
    good.write_bytes(b"GIF89a good")

    def swap() -> None:
        for turn in range(10**9):
            if done.is_set():
                return
            beside = root / "beside"
            (beside.symlink_to if turn % 2 else beside.hardlink_to)(outside / "secret.gif" if turn % 2 else good)
            beside.replace(place)
            beside.unlink(missing_ok=True)

    thread = threading.Thread(target=swap)
    thread.start()
    read = set()
    try:
        for _ in range(times):
            with suppress(AdsError), RootedUploads([root]).open(str(place), 10**6).file as file:
                read.add(file.read())
    finally:
        done.set()
        thread.join()
    assert SECRET not in read
    assert read == {b"GIF89a good"}, "never read"


NAMES = ("../x", "/x", "a/b", "..", ".", "", "a.b", "x" * 300, "\0", "a\n", "~", "$HOME", "con:", "é", "\u202ex")


def exports(full: bool) -> Trials:
    """Names of exports that lead elsewhere, and folders for them that are something else."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        bench = Bench(Path(folder))
        for name in NAMES:
            yield tried(f"name {name[:12]!r}", lambda name=name: _named(Path(folder), name))
        for what, spoil in SPOILT_FOLDERS.items():
            with tempfile.TemporaryDirectory() as state:
                spoil(Path(state) / "exports")
                yield runner.run(awaited(f"exports is {what}", export(bench, Path(state))))


def _named(state: Path, name: str) -> None:
    with suppress(InvalidArguments):
        FolderExports(state).open(name, "csv")
        raise AssertionError(f"{name!r} was opened")
    assert FolderExports(state).names() == []


SPOILT_FOLDERS: dict[str, Callable[[Path], object]] = {
    "a file": lambda path: path.write_text(""),
    "a link to nothing": lambda path: path.symlink_to("/nowhere/at/all"),
    "a link to a device": lambda path: path.symlink_to("/dev/null"),
}


async def export(bench: Bench, state: Path) -> None:
    made = bench.again(state_dir=state)
    started = await made.call("ads_create_async_report", {"object_id": made.account})
    given = {"report_run_id": started.structured["data"]["report_run_id"], "save_as": "csv"}
    for _ in range(3):
        await made.call("ads_get_report_status", {"report_run_id": given["report_run_id"]})
        await made.clock.sleep(60)
    found = checked(await made.call("ads_get_report_results", given))
    assert found.get("error", {}).get("kind") == "denied", str(found)[:200]


FAILURES = {code: getattr(errno, code) for code in ("ENOSPC", "EACCES", "EROFS", "EIO", "EMFILE", "EDQUOT", "ESTALE")}
CALLS = ("open", "write", "fsync", "mkdir", "replace", "rename", "lseek", "close")
Step = tuple[str, dict[str, Any]]
NEW = {"objective": "OUTCOME_TRAFFIC", "idempotency_key": "k"}
STEPS: tuple[Step, ...] = (
    ("ads_get_campaigns", {"account_id": "{account}", "limit": 2}),
    ("ads_create_campaign", {"account_id": "{account}", "name": "Kept", **NEW}),
    ("ads_update_campaign", {"campaign_id": "{campaign}", "name": "Renamed"}),
    ("ads_get_changes", {}),
    ("ads_rate_status", {}),
)  # fmt: skip


def machine(bench: Bench, state: Path) -> SandboxEngine:
    """A desk that keeps everything of a real server in the folder."""
    made = bench.again(state_dir=state)
    client: Any = made.engine.client
    client._governor = made.engine.limits = Governor(clock=made.clock, events=EventRecorder(), state_dir=state)
    return made


def disk(full: bool) -> Trials:
    """Every system call that fails with every error while the state is written: clear answers, no lost write."""
    with tempfile.TemporaryDirectory() as files, asyncio.Runner() as runner:
        bench = Bench(Path(files))
        for call in CALLS:
            for name, number in FAILURES.items() if full else list(FAILURES.items())[:2]:
                yield runner.run(awaited(f"{call} fails with {name}", _on_disk(bench, failing(call, number))))
        yield runner.run(awaited("a line half written", _on_disk(bench, half_written())))
        if Path("/dev/full").exists():
            yield runner.run(awaited("the audit log on a full disk", _on_full(bench)))


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def failing(call: str, number: int) -> Iterator[None]:
    """That call of `os` fails, for paths and descriptors of the state directory alike.

    Not for temporary folders of earlier trials, which are removed whenever garbage is collected.
    """
    with without_garbage_collection(), mock.patch.object(os, call, side_effect=OSError(number, os.strerror(number))):
        yield


def half_written() -> Any:
    """What a disk does that has only some bytes left."""
    write = os.write
    return mock.patch.object(os, "write", lambda descriptor, content: write(descriptor, content[: len(content) // 2]))


async def _on_disk(bench: Bench, broken: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = machine(bench, Path(folder) / "state")
        with broken:
            answers = [checked(await made.call(tool, made.filled(given), Person(True))) for tool, given in STEPS]
        _nothing_lost(made, answers)


async def _on_full(bench: Bench) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = machine(bench, Path(folder))
        (Path(folder) / "audit").mkdir()
        (Path(folder) / "audit" / "2026-11-25.jsonl").symlink_to("/dev/full")
        answers = [checked(await made.call(tool, made.filled(given), Person(True))) for tool, given in STEPS]
        _nothing_lost(made, answers)


def _nothing_lost(made: SandboxEngine, answers: list[dict[str, Any]]) -> None:
    """Reads go on; a write is refused before it is sent, or done and told."""
    assert "data" in answers[0], answers[0]
    for answer, is_made in zip(answers[1:3], ("Kept", "Renamed"), strict=True):
        there = bool(made.nodes("Campaign", name=is_made))
        told_done = answer.get("data", {}).get("status") == "success"
        assert there == told_done or answer["error"]["kind"] == "unknown_outcome", f"{is_made}: {there}, {answer}"
        named = [entry.after.get("name") for entry in made.engine.journal.entries()]
        assert not there or is_made in named, f"{is_made} was made, and the journal does not know it"
        if not there:
            assert answer["error"]["kind"] == "denied", answer


# After a damage a write may be refused; without the record of Meta's limits this server pauses for some minutes.
REFUSED, PAUSED = ("denied", "unknown_outcome"), ("circuit_open", "throttled")
DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut in half": lambda path: path.write_bytes((whole := path.read_bytes())[: len(whole) // 2]),
    "one byte short": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "garbage": lambda path: path.write_bytes(os.urandom(5000)),
    "zeros": lambda path: path.write_bytes(bytes(5000)),
    "garbage behind": lambda path: path.write_bytes(path.read_bytes() + b"\xff\xfe{half a li"),
    "garbage in front": lambda path: path.write_bytes(b"\xef\xbb\xbf\x00{\n" + path.read_bytes()),
    "a list": lambda path: path.write_text("[1, 2]\n"),
    "null": lambda path: path.write_text("null\n"),
    "wrong types": lambda path: path.write_text('{"version": 1, "circuits": {"a": 1}, "change_id": 5, "phase": []}\n'),
    "rows of wrong types": lambda path: path.write_text(
        json.dumps({"phase": "intent", "change_id": "c1", "tool": 5, "effect": [], "node": None, "time": {}}) + "\n"
        + json.dumps({"phase": "outcome", "change_id": "c1", "status": {"a": 1}, "object_id": []}) + "\n"
        + json.dumps({"phase": "result", "change_id": "c1", "data": "x"}) + "\n"
    ),
    "very deep": lambda path: path.write_text("[" * 100_000 + "\n"),
    "large": lambda path: path.write_bytes(b'{"change_id": "x"}\n' * 200_000),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link to nothing": lambda path: (path.unlink(), path.symlink_to("/nowhere/at/all")),
    "a link to itself": lambda path: (path.unlink(), path.symlink_to(path)),
    "gone": lambda path: path.unlink(),
}  # fmt: skip


def damaged(full: bool) -> Trials:
    """Every file of the state, damaged in every way between two starts."""
    with tempfile.TemporaryDirectory() as files, asyncio.Runner() as runner:
        bench = Bench(Path(files))
        for name in runner.run(_state_files(bench)):
            for damage, spoil in DAMAGES.items():
                if not (full or chosen(f"{name}, {damage}", 16)):
                    continue
                yield runner.run(awaited(f"{name} is {damage}", damaged_state(bench, name, spoil)))


async def _lived(bench: Bench, state: Path) -> None:
    made = machine(bench, state)
    for tool, given in STEPS:
        checked(await made.call(tool, made.filled(given), Person(True)))
    del made
    gc.collect()  # the process has ended: nothing of it holds a file
    circuits = state / "circuits.json"
    if not circuits.exists():
        circuits.write_text('{"version": 1, "circuits": []}')


async def _state_files(bench: Bench) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        await _lived(bench, Path(folder))
        return _files(Path(folder))


def _files(folder: Path) -> list[str]:
    """List the files of the state; what SQLite keeps only while a connection is open comes and goes with it."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return sorted(path.relative_to(folder).as_posix() for path in paths)


async def damaged_state(bench: Bench, name: str, spoil: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        await _lived(bench, state)
        spoil(state / name)
        kept = _bytes(state / name) if name == JOURNAL else b""
        made = machine(bench, state)
        answers = [checked(await made.call(tool, made.filled(given), Person(True))) for tool, given in STEPS]
        for answer in answers:
            assert "data" in answer or answer["error"]["kind"] in (REFUSED if name == JOURNAL else PAUSED), answer
        if name == JOURNAL:
            assert _bytes(state / name).startswith(kept), "what was in the journal is gone"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
