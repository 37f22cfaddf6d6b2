"""Carry out a report of any size: split, run, download and join its parts, and continue in a later call.

What is done is stored after each step, so the same call continues where the last one stopped, also in another process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Listing, Row
from meta_ads_mcp.domain.insights_query import InsightsParams
from meta_ads_mcp.errors import AdsError, DataLimit, NotFound, Transient
from meta_ads_mcp.tools.reports.parts import ReportPart, split_part
from meta_ads_mcp.tools.reports.run import ReportRun

# Runs that Meta computes at the same time, and how often a run that fails at Meta is started again.
MAX_RUNS, MAX_ATTEMPTS = 3, 3
MAX_PARTS = 500
PAGE_ROWS = 1000
POLL_GROWTH, MAX_POLL_SECONDS = 1.5, 60.0
# Arguments that do not change the rows.
_STEERING = {"max_wait_seconds", "poll_interval_seconds", "result_limit", "save_as"}


class ReportRunsPort(Protocol):
    """How runs are started, polled and read."""

    async def start(self, query: Any) -> str: ...

    async def poll(self, run_id: str) -> ReportRun: ...

    async def read_page(self, run_id: str, **paging: Any) -> Listing: ...


@dataclass
class ReportJob:
    """The parts of one report. `parts` are in the order of their rows."""

    call: Call
    query: InsightsParams
    account: Account
    runs: ReportRunsPort
    deadline: float
    parts: list[ReportPart] = field(default_factory=list)
    started: float = 0.0

    def __post_init__(self) -> None:
        today = self.account.today(self.call.now())
        arguments = self.query.model_dump(mode="json", exclude=_STEERING, exclude_none=True)
        digest = hashlib.sha256(json.dumps([arguments, str(today)], sort_keys=True).encode()).hexdigest()[:20]
        self.today, self.name = today, f"report_{digest}"
        self._load()

    def _load(self) -> None:
        state = self.call.exports.read_state(self.name)
        try:
            self.parts = [ReportPart.load(part) for part in state.get("parts") or [{}]]
            self.started = float(state.get("started") or self.call.now().timestamp())
        except (TypeError, ValueError):
            self.parts, self.started = [ReportPart()], self.call.now().timestamp()

    def _store(self) -> None:
        parts = [part.state() for part in self.parts]
        self.call.exports.write_state(self.name, {"started": self.started, "parts": parts})

    @property
    def done(self) -> bool:
        return all(part.done for part in self.parts)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def run_ids(self) -> list[str]:
        """Return the runs at Meta, in the order of the rows."""
        return [part.run_id for part in self.parts if part.run_id]

    def is_over(self) -> bool:
        """Return whether the time of this call is up."""
        return self.call.now().timestamp() >= self.deadline

    async def advance(self, poll_seconds: float) -> bool:
        """Work until all rows are here or the time is up. Returns whether all are here. Raises AdsError."""
        interval = poll_seconds
        await self._start_waiting()
        while not self.done and not self.is_over():
            moved = await self._step()
            await self._start_waiting()
            if self.done or moved:
                interval = poll_seconds
                continue
            await self.call.sleep(max(0.0, min(interval, self.deadline - self.call.now().timestamp())))
            interval = min(interval * POLL_GROWTH, MAX_POLL_SECONDS)
        return self.done

    async def _step(self) -> bool:
        """Look once at each running part. Returns whether one of them moved on."""
        moved = False
        for part in [part for part in self.parts if part.run_id and not part.done]:
            if self.is_over():
                break
            changed = await self._guard(part, self._look)
            if changed and part in self.parts:  # it was computed, and not replaced
                await self._download(part)
            moved = moved or changed
        return moved

    async def _start_waiting(self) -> None:
        """Start runs for waiting parts, as many as may run at the same time."""
        while not self.is_over():
            waiting = [part for part in self.parts if not part.run_id]
            if not waiting or sum(bool(part.run_id) and not part.done for part in self.parts) >= MAX_RUNS:
                return
            await self._guard(waiting[0], self._start)

    async def _guard(self, part: ReportPart, work: Callable[[ReportPart], Awaitable[bool]]) -> bool:
        """Do some work on a part. A part that is too large is split, one whose run is lost is started again."""
        result = await attempt(work(part))
        if not isinstance(result, AdsError):
            return result
        if isinstance(result, DataLimit):
            smaller = await split_part(self.call, part, self.query, self.today)
        elif isinstance(result, NotFound | Transient) and part.run_id and part.attempts + 1 < MAX_ATTEMPTS:
            smaller = [replace(part, run_id=None, after=None, size=0, rows=0, attempts=part.attempts + 1)]
        else:
            raise result
        self._replace(part, smaller)
        if len(self.parts) > MAX_PARTS:
            raise result
        return True

    async def _start(self, part: ReportPart) -> bool:
        run_id = await self.runs.start(part.query(self.query))
        self._replace(part, [replace(part, run_id=run_id)])
        return True

    async def _look(self, part: ReportPart) -> bool:
        run = await self.runs.poll(str(part.run_id))
        share = sum(100 if other.done else run.percent if other is part else 0 for other in self.parts) / len(
            self.parts
        )
        await self.call.progress(share, 100, f"Part {self.parts.index(part) + 1} of {len(self.parts)}: {run.status}")
        run.raise_if_failed()
        return run.done

    async def _download(self, part: ReportPart) -> None:
        """Read the pages that are still missing, until the time is up."""
        spool = self.call.exports.spool(self._spool_name(part))
        while not part.done and not self.is_over():
            listing = await self.runs.read_page(str(part.run_id), limit=PAGE_ROWS, after=part.after)
            size = await spool.append(listing.rows, part.size)
            rows, is_last = part.rows + len(listing.rows), listing.after is None
            part = self._replace(part, [replace(part, after=listing.after, size=size, rows=rows, done=is_last)])

    def _spool_name(self, part: ReportPart) -> str:
        return f"{self.name}_{part.run_id}"

    def _replace(self, part: ReportPart, others: Sequence[ReportPart]) -> ReportPart:
        """Put parts in the place of one, store it, and return the first."""
        at = self.parts.index(part)
        self.parts[at : at + 1] = others
        self._store()
        return others[0]

    async def pages(self) -> AsyncIterator[Sequence[Row]]:
        """Give all downloaded rows, part by part."""
        for part in self.parts:
            async for rows in self.call.exports.spool(self._spool_name(part)).pages():
                yield rows

    def close(self) -> None:
        """Forget the parts and their rows, so that the next such call starts anew."""
        for part in self.parts:
            self.call.exports.spool(self._spool_name(part)).delete()
        self.call.exports.write_state(self.name, {})
