"""Parts of an answer that may fail by themselves: one part's error is told, the others are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from meta_ads_mcp.errors import AdsError

T = TypeVar("T")


async def attempt(work: Awaitable[T]) -> T | AdsError:
    """The answer, or the error it ended in."""
    try:
        return await work
    except AdsError as error:
        return error


async def attempt_all(*works: Awaitable[T]) -> list[T | AdsError]:
    """All of them at the same time, in order. Raises the first error when every one failed."""
    found = await asyncio.gather(*(attempt(work) for work in works))
    errors = [item for item in found if isinstance(item, AdsError)]
    if errors and len(errors) == len(found):
        raise errors[0]
    return list(found)


def unread(what: str, error: AdsError) -> str:
    """The note for a part that could not be read: what, why, and what to do."""
    return f"{what} could not be read ({error.kind}): {error.message} {error.next_step}"
