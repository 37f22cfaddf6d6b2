"""Read parts of an answer that may fail independently. The answer keeps the other parts and reports the error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError, ApiError, Denied, PermissionMissing

T = TypeVar("T")


async def attempt(work: Awaitable[T]) -> T | AdsError:
    """Return the result of the work, or its error."""
    try:
        return await work
    except AdsError as error:
        return error


async def attempt_all(*works: Awaitable[T]) -> list[T | AdsError]:
    """Run all works at the same time and return their results or errors in order.

    Raises the first error when every work failed.
    """
    results = await asyncio.gather(*(attempt(work) for work in works))
    errors = [item for item in results if isinstance(item, AdsError)]
    if errors and len(errors) == len(results):
        raise errors[0]
    return list(results)


def unread(what: str, error: AdsError) -> str:
    """Return the note for a part that could not be read: its name, the reason and the next step."""
    return f"{what} could not be read ({error.kind}): {error.message} {error.next_step}"


@contextmanager
def needing(*scopes: str) -> Iterator[None]:
    """Give a PermissionMissing raised inside a next step with the scopes.

    Source of the scopes: Meta docs, the reference page of each edge.
    """
    try:
        yield
    except PermissionMissing as missing:
        step = f"This requires {', '.join(scopes)} on the token, and a role on the Page for its user."
        raise replace(missing, next_step=step) from None


async def read_each(call: Call, requests: Sequence[Request]) -> list[Any | AdsError]:
    """Send requests as one batch, or one by one if this server may not send all of them, and return the answers."""
    answers = await attempt(call.graph.batch(requests))
    if not isinstance(answers, AdsError):
        return answers
    if not isinstance(answers, Denied):
        raise answers
    alone = [await attempt(call.graph.batch([request])) for request in requests]
    return [answer if isinstance(answer, AdsError) else answer[0] for answer in alone]


async def read_batch(call: Call, requests: Mapping[str, Request]) -> dict[str, Row | AdsError]:
    """Send named requests as one batch and return each object, or the error that it ended in, by name."""
    answers = await call.graph.batch(list(requests.values())) if requests else []
    return {name: _with_insights_or_error(answer) for name, answer in zip(requests, answers, strict=True)}


def _with_insights_or_error(answer: Row | AdsError) -> Row | AdsError:
    """Return the object if its nested insights are a list of objects, and an ApiError otherwise."""
    if isinstance(answer, AdsError) or "insights" not in answer or _holds_rows(answer["insights"]):
        return answer
    return ApiError("Graph's answer holds something else than rows.")


def _holds_rows(value: Any) -> bool:
    rows = value.get("data") if isinstance(value, dict) else None
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
