"""The local store: syncs killed at each request, full disks, damaged files, and processes that work at once."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.select_query import StoreQuery
from tests.support.killed_calls import Killed, KillingTransport, When
from tests.support.stored_figures import StoreServer
from tests.torture.files import DAMAGES
from tests.torture.trial import Trials, awaited, chosen, tried, turn

# Ten days before the clock of the tests.
SINCE = "2026-11-15"
BREAKDOWNS = ("age_gender", "country")
# Accounts of the short run, and of the full one.
FEW, MANY = 1, 3
DISK_CALLS = ("open", "mkdir", "replace", "rename", "fsync", "chmod", "close")
# The largest file that may be written, in bytes: nothing, a page of SQLite, less than a table, less than the largest.
FILE_LIMITS = (0, 4_096, 20_000, 30_000, 40_000, 60_000)
SUMS = "SELECT date, sum(spend), sum(impressions) FROM insights_daily GROUP BY date"
SYNCING = """
import asyncio, sys
from pathlib import Path
from tests.torture.store import SyncTrial
asyncio.run(SyncTrial(Path(sys.argv[1]), int(sys.argv[2])).sync_to_the_end())
"""
Content = dict[str, list[tuple[Any, ...]]]


class SyncTrial:
    """A state directory and the last accounts of a world of its own."""

    def __init__(self, state_dir: Path, accounts: int) -> None:
        self.server = StoreServer(state_dir)
        self.arguments = {
            "account_ids": self.server.accounts[-accounts:],
            "since": SINCE,
            "breakdowns": list(BREAKDOWNS),
        }

    async def sync(self, transport: Any = None) -> Any:
        return await self.server.start(transport).call("ads_sync", self.arguments)

    async def killed_at(self, last: int, when: When) -> bool:
        """Sync until the process ends at a request. Returns whether there was such a request."""
        transport = KillingTransport(self.server.sandbox)
        transport.last, transport.when = last, when
        with suppress(Killed):
            await self.sync(transport)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        with suppress(Killed):
            await asyncio.gather(*others, return_exceptions=True)
        return transport.count > last

    async def sync_to_the_end(self, calls: int = 20) -> None:
        """Sync until all accounts are up to date, as the answers say."""
        answer: Any = None
        for _ in range(calls):
            answer = await self.sync()
            assert answer.structured.get("error", {}).get("kind") != "internal", answer.text
            if not answer.is_error and answer.structured["data"]["status"] == "synced":
                return
            await asyncio.sleep(0.05)
        raise AssertionError(answer.text)

    async def query(self) -> Any:
        answer = await self.server.start().call("ads_query", {"sql": SUMS})
        assert answer.structured.get("error", {}).get("kind") != "internal", answer.text
        return answer


@cache
def _undisturbed(accounts: int) -> tuple[Content, int]:
    """Return what a sync stores, and its requests."""
    with asyncio.Runner() as runner:
        return runner.run(_sync_undisturbed(accounts))


async def _sync_undisturbed(accounts: int) -> tuple[Content, int]:
    with tempfile.TemporaryDirectory() as folder:
        trial = SyncTrial(Path(folder), accounts)
        transport = KillingTransport(trial.server.sandbox)
        await trial.sync(transport)
        return trial.server.content(), transport.count


def _differences(content: Content, expected: Content) -> str:
    return ", ".join(
        f"{table}: {len(content.get(table, []))} rows for {len(rows)}"
        for table, rows in expected.items()
        if content.get(table) != rows
    )


async def _ends_as(trial: SyncTrial, expected: Content) -> None:
    await trial.sync_to_the_end()
    content = trial.server.content()
    assert content == expected, _differences(content, expected)
    parts = [path.name for path in trial.server.folder.rglob("*.part")]
    assert not parts, parts


# -- killed


def kills(full: bool) -> Trials:
    """A sync of several accounts with breakdowns, killed at each request; then killed again at the next, and ended."""
    accounts = MANY if full else FEW
    with asyncio.Runner() as runner:
        expected, count = _undisturbed(accounts)
        for last in range(count) if full else (turn("request", count),):
            for when in ("before", "after"):
                name = f"request {last + 1} of {count}, {when}"
                yield runner.run(awaited(name, _killed(accounts, last, when, expected)))


async def _killed(accounts: int, last: int, when: When, expected: Content) -> None:
    with tempfile.TemporaryDirectory() as folder:
        trial = SyncTrial(Path(folder), accounts)
        assert await trial.killed_at(last, when), "there is no such request"
        await trial.query()
        await trial.killed_at(2, when)
        await _ends_as(trial, expected)


# -- a full disk


def full_disks(full: bool) -> Trials:
    """No room at each call that changes the disk, and for files of several sizes: a clear answer, nothing lost."""
    with asyncio.Runner() as runner:
        expected, _ = _undisturbed(FEW)
        for call in DISK_CALLS if full else ("replace",):
            count = runner.run(_count(call))
            for number in range(count) if full else (count // 2,):
                name = f"{call} {number + 1} of {count}"
                yield runner.run(awaited(name, _on_full_disk(_failing(call, number), expected)))
        for most in FILE_LIMITS if full else FILE_LIMITS[2:3]:
            yield runner.run(awaited(f"files up to {most} bytes", _on_full_disk(_limited(most), expected)))


class _Counted:
    """A function of `os` that fails from one of its calls on; or never."""

    def __init__(self, function: Callable[..., Any], first: int | None) -> None:
        self.function, self.first, self.count = function, first, 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        number, self.count = self.count, self.count + 1
        if self.first is not None and number >= self.first and not self._frees_room(arguments):
            if self.function is os.close:
                self.function(*arguments, **named)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.function(*arguments, **named)

    def _frees_room(self, arguments: tuple[Any, ...]) -> bool:
        return self.function.__name__ == "open" and not arguments[1] & (os.O_CREAT | os.O_WRONLY | os.O_RDWR)


@contextmanager
def _failing(call: str, first: int | None) -> Iterator[_Counted]:
    counted = _Counted(getattr(os, call), first)
    with mock.patch.object(os, call, counted):
        yield counted


@contextmanager
def _limited(most: int) -> Iterator[None]:
    import resource  # noqa: PLC0415  Windows has none

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def _count(call: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        trial = SyncTrial(Path(folder), FEW)
        with _failing(call, None) as counted:
            await trial.sync()
    return counted.count


async def _on_full_disk(trouble: Any, expected: Content) -> None:
    with tempfile.TemporaryDirectory() as folder:
        trial = SyncTrial(Path(folder), FEW)
        with trouble:
            answer = await trial.sync()
        error = answer.structured.get("error", {})
        assert error.get("kind") != "internal", answer.text
        assert not error or error["next_step"], answer.text
        await trial.query()
        await _ends_as(trial, expected)


# -- damage


def damages(full: bool) -> Trials:
    """Every file of the store damaged in every way: queries go on, and the next sync brings all of it back."""
    with asyncio.Runner() as runner:
        expected, _ = _undisturbed(FEW)
        for name in runner.run(_files()):
            for damage, spoil in DAMAGES.items():
                if full or chosen(f"{name}, {damage}", 60):
                    yield runner.run(awaited(f"{name} is {damage}", _damaged(name, spoil, expected)))


async def _files() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        trial = SyncTrial(Path(folder), FEW)
        await trial.sync()
        paths = [path for path in trial.server.folder.rglob("*") if path.is_file()]
        return sorted(str(path.relative_to(folder)) for path in paths if not path.name.endswith(("-shm", "-wal")))


async def _damaged(name: str, spoil: Callable[[Path], object], expected: Content) -> None:
    with tempfile.TemporaryDirectory() as folder:
        trial = SyncTrial(Path(folder), FEW)
        await trial.sync()
        spoil(Path(folder) / name)
        await trial.query()
        await _ends_as(trial, expected)


# -- processes


def processes(full: bool) -> Trials:
    """Two processes sync the same accounts while this one queries: whole days only, and one equal store."""
    for number in range(4 if full else 1):
        yield tried(f"two syncs and queries, turn {number + 1}", lambda: _at_once(MANY if full else FEW))


def _at_once(accounts: int) -> None:
    expected, _ = _undisturbed(accounts)
    sums = _sums(expected)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", SYNCING, folder, str(accounts)]
        running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        trial = SyncTrial(Path(folder), accounts)
        queries = 0
        while any(process.poll() is None for process in running):
            queries += 1
            with suppress(subprocess.TimeoutExpired):
                running[0].wait(0.05)
            for account in trial.arguments["account_ids"]:
                _whole_days(trial.server.folder, str(account), sums)
        errors = [process.communicate()[1] for process in running]
        assert all(process.returncode == 0 for process in running), errors
        assert trial.server.content() == expected, _differences(trial.server.content(), expected)
        assert queries


def _sums(content: Content) -> dict[tuple[str, str], int]:
    """Return the number of rows by account and day."""
    sums: dict[tuple[str, str], int] = {}
    for row in content["insights_daily"]:
        account = next(str(value) for value in row if str(value).startswith("act_"))
        key = (account, row[0].isoformat())
        sums[key] = sums.get(key, 0) + 1
    return sums


def _whole_days(folder: Path, account: str, expected: dict[tuple[str, str], int]) -> None:
    sql = "SELECT date, count(*) FROM insights_daily GROUP BY date"
    answer = asyncio.run(StoreQuery(StoreFolder(folder), sql, [{"account_id": account}], 2_000).run())
    assert not answer.bad_files, answer.bad_files
    assert all(expected[account, day] == rows for day, rows in answer.rows), (account, answer.rows)
