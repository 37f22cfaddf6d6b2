"""What every class of torture gives: trials, each a name and what was wrong with it (None when nothing was)."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterator

Trial = tuple[str, str | None]
Trials = Iterator[Trial]


def tried(name: str, check: Callable[[], object]) -> Trial:
    """The trial of a check that raises when something is wrong."""
    try:
        check()
    except Exception as wrong:  # noqa: BLE001  whatever is wrong is the trial's result
        return name, told(wrong)
    return name, None


async def awaited(name: str, running: Awaitable[object]) -> Trial:
    """The same of what has to be waited for."""
    try:
        await running
    except Exception as wrong:  # noqa: BLE001  the trial's result
        return name, told(wrong)
    return name, None


def told(wrong: BaseException) -> str:
    return f"{type(wrong).__name__}: {str(wrong)[:400]}"


def chosen(name: str, one_in: int) -> bool:
    """One in so many names, the same ones at every run."""
    return zlib.crc32(name.encode()) % one_in == 0


def turn(name: str, count: int) -> int:
    """A number below the count, the same at every run, whichever names are chosen."""
    return zlib.adler32(name.encode()) % count
