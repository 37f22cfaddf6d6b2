"""Faults that a test plans: the network breaks, Graph throttles, an answer is lost after the write was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from meta_ads_mcp.sandbox.http import SandboxCall, SandboxResponse

Match = Callable[[SandboxCall], bool] | str | None
Reply = SandboxResponse | httpx.Response | Exception | None
Respond = Reply | type[Exception] | Callable[[SandboxCall], Reply]


def graph_error(
    code: int,
    message: str = "",
    *,
    subcode: int | None = None,
    status: int = 400,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> SandboxResponse:
    """An error answer of Graph for a fault; `more` goes into the `error` object."""
    error: dict[str, Any] = {"message": message or f"(#{code}) A planned fault", "type": "OAuthException", "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    return SandboxResponse(
        status, {"error": error | {"fbtrace_id": "AFaultPlannedByATest0"} | more}, dict(headers or {})
    )


@dataclass
class Fault:
    """One planned fault. `times` counts down; `after_processing` lets Graph do the work first."""

    match: Match
    respond: Respond
    times: int
    after_processing: bool = False
    hits: int = 0

    def fits(self, call: SandboxCall) -> bool:
        """Tell whether the fault is still to come and is for this call."""
        if self.hits >= self.times:
            return False
        if callable(self.match):
            return self.match(call)
        return self.match is None or self.match in f"{call.method} {'/'.join(call.path)}"

    def answer(self, call: SandboxCall) -> SandboxResponse | httpx.Response | None:
        """The planned answer; an exception is raised; None means that there is no answer at all."""
        self.hits += 1
        outcome = self.respond
        if isinstance(outcome, type):
            raise outcome("a planned fault")
        answer = outcome(call) if callable(outcome) else outcome
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Faults:
    """The plan. The first fault that fits a call is used."""

    planned: list[Fault] = field(default_factory=list)

    def add(self, match: Match = None, *, respond: Respond, times: int = 1, after_processing: bool = False) -> Fault:
        """Plan a fault for the next `times` calls that match.

        `match` is a piece of `"METHOD path"` (path without version), a predicate of the call, or None for every call.
        `respond` is a `SandboxResponse`, an `httpx.Response`, an exception to raise, or a function of the call that
        returns one of these.
        """
        self.planned.append(Fault(match, respond, times, after_processing))
        return self.planned[-1]

    def clear(self) -> None:
        """Forget all planned faults."""
        self.planned.clear()

    def find(self, call: SandboxCall, *, after_processing: bool) -> Fault | None:
        """Return the first fault for a call at this moment: before Graph answers it, or after."""
        fitting = (fault for fault in self.planned if fault.after_processing is after_processing and fault.fits(call))
        return next(fitting, None)
