"""Bring the store up to date for one account: request by request, so that it goes on after a stop at any of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil

from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import ApiError, DataLimit, InvalidArguments, Throttled
from meta_ads_mcp.store.coverage import ONE_DAY, Days
from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.state_file import AccountLock, SyncState
from meta_ads_mcp.store.store_tables import BREAKDOWNS, CHANGES, INSIGHTS_DAILY, STRUCTURE, StoreTable
from meta_ads_mcp.tools.store.read_jobs import (
    PAGE_ROWS,
    ReadJob,
    changes_job,
    insights_job,
    structure_job,
)
from meta_ads_mcp.tools.store.snapshots import add_snapshot
from meta_ads_mcp.tools.store.store_rows import (
    STRUCTURE_EDGES,
    change_row,
    insights_row,
    structure_rows,
    synced_text,
)

# Rows of one insights query. Meta computes a query as a whole, so a larger one may be refused or time out.
QUERY_ROWS = 5_000
MAX_QUERY_DAYS = 366
# Ads with delivery on a day, as a share of all ads, and rows of a breakdown per ad: guesses until days were read.
ACTIVE_SHARE = 0.75
BREAKDOWN_ROWS = {"age_gender": 12, "country": 3, "platform": 8, "device": 3}
MAX_PAGES = 2_000


@dataclass(frozen=True)
class SyncStep:
    """What happened last: a request was answered, or `wait_s` seconds have to pass before the next one."""

    message: str
    requests: int = 0
    wait_s: float = 0.0


@dataclass
class AccountSync:
    """The sync of one account. `ads` is the number of its ads where Graph said it; `since` is the first day wanted."""

    call: Call
    folder: StoreFolder
    state: SyncState
    account: Account
    since: date
    facts: Row
    ads: int | None = None
    breakdowns: Sequence[str] = ()
    requests: int = 0
    rows: int = 0
    tables: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.today = self.account.today(self.call.now())
        self._density = dict(self.facts.get("rows_per_day") or {})
        there = {name for name, (table, _) in BREAKDOWNS.items() if self.folder.files(table, [self.account.id])}
        self.breakdowns = [name for name in BREAKDOWNS if name in there | set(self.breakdowns)]

    # ---- the plan

    def spans(self) -> dict[str, list[Days]]:
        """Return the days to read of each table that has days, the newest first. Sends nothing."""
        tables = [CHANGES, INSIGHTS_DAILY, *(BREAKDOWNS[name][0] for name in self.breakdowns)]
        return {table.name: self._missing(table) for table in tables}

    def estimate(self) -> int:
        """Estimate the requests of the sync."""
        structure = 0 if self._has_snapshot() else 2 + ceil((self.ads or 1) / STRUCTURE_EDGES["ad"][2])
        requests = structure
        for name, spans in self.spans().items():
            days = sum((last - first).days + 1 for first, last in spans)
            density = 0.2 if name == CHANGES.name else self._rows_per_day(name)
            requests += max(len(spans), ceil(days * density / PAGE_ROWS))
        return requests

    def _missing(self, table: StoreTable) -> list[Days]:
        period = (min(self.since, self.today), self.today)
        coverage = self.folder.coverage(table, self.account.id)
        return coverage.missing(period, self.today, table.restate_days)[::-1]

    def _has_snapshot(self) -> bool:
        return self.today in self.folder.coverage(STRUCTURE, self.account.id).read_on

    def _rows_per_day(self, table: str) -> float:
        if table in self._density:
            return max(0.05, float(self._density[table]))
        each = BREAKDOWN_ROWS.get(table.removeprefix("insights_by_"), 1)
        return max(0.5, (self.ads or 50) * ACTIVE_SHARE * each)

    # ---- the work

    async def steps(self) -> AsyncGenerator[SyncStep]:
        """Do the work, a step per request. Raises AccountBusy, AdsError, and OSError where nothing can be written.

        Whatever has arrived is stored before a step ends.
        """
        with self.state.hold(self.account.id, self._now()) as lock:
            self._keep_facts()
            if not self._has_snapshot():
                async for step in self._read_structure(lock):
                    yield step
            for name, spans in self.spans().items():
                table = CHANGES if name == CHANGES.name else _insights_table(name)
                for span in spans:
                    async for step in self._read_days(table, span, lock):
                        yield step
            self._keep_facts(is_done=True)

    async def _read_structure(self, lock: AccountLock) -> AsyncIterator[SyncStep]:
        jobs = {level: structure_job(self.account.id, level) for level in STRUCTURE_EDGES}
        for job in jobs.values():
            async for step in self._read_all(job, lock):
                yield step
        now = self._now()
        each = {level: self.state.staged(job.name, now).rows for level, job in jobs.items()}
        self.ads = len(each["ad"])
        snapshot = [
            row for level, rows in each.items() for raw in rows for row in structure_rows(level, raw, self.account)
        ]
        states = self.folder.read_rows(STRUCTURE, self.account.id)
        coverage = self.folder.coverage(STRUCTURE, self.account.id)
        coverage.add((self.today, self.today), self.today)
        rows = add_snapshot(states, snapshot, self.today, synced_text(self.call.now()))
        self.folder.replace_rows(STRUCTURE, self.account.id, rows, coverage)
        for job in jobs.values():
            self.state.drop(job.name)

    async def _read_days(self, table: StoreTable, span: Days, lock: AccountLock) -> AsyncIterator[SyncStep]:
        """Read the days of a span, the newest first, in queries of a size that Meta answers."""
        last = span[1]
        while last >= span[0]:
            first = max(span[0], last - (self._query_days(table) - 1) * ONE_DAY)
            job = self._job(table, (first, last))
            try:
                async for step in self._read_all(job, lock):
                    yield step
            except DataLimit:
                self.state.drop(job.name)
                if first == last:
                    raise
                self._density[table.name] = max(self._rows_per_day(table.name), QUERY_ROWS / (last - first).days) * 2
                continue
            self._store_days(table, job)
            last = first - ONE_DAY

    def _query_days(self, table: StoreTable) -> int:
        if table is CHANGES:
            return MAX_QUERY_DAYS
        return min(MAX_QUERY_DAYS * 3, max(1, int(QUERY_ROWS / self._rows_per_day(table.name))))

    def _job(self, table: StoreTable, days: Days) -> ReadJob:
        return changes_job(self.account, days) if table is CHANGES else insights_job(table, self.account.id, days)

    def _store_days(self, table: StoreTable, job: ReadJob) -> None:
        days = job.days or (self.today, self.today)
        raw = self.state.staged(job.name, self._now()).rows
        rows = list(self._table_rows(table, raw))
        self.folder.replace_days(table, self.account.id, days, rows, self.today)
        self.state.drop(job.name)
        self.rows += len(rows)
        if table is not CHANGES:
            self._density[table.name] = len(rows) / ((days[1] - days[0]).days + 1)
            self._keep_facts()

    def _table_rows(self, table: StoreTable, raw: Sequence[Row]) -> Iterator[Row]:
        now = self.call.now()
        for row in raw:
            if table is CHANGES:
                if (change := change_row(row, self.account, now)) is not None:
                    yield change
            else:
                yield insights_row(row, table, self.account, self.today, now)

    async def _read_all(self, job: ReadJob, lock: AccountLock) -> AsyncIterator[SyncStep]:
        """Read the pages of a job that have not arrived yet, and stage them."""
        rows_so_far = self.state.staged(job.name, self._now())
        after, count = rows_so_far.after, rows_so_far.count
        while count == 0 or after is not None:
            lock.renew(self._now())
            try:
                listing = await self.call.graph.list(
                    f"{job.account}/{job.edge}", fields=job.fields, limit=job.limit, after=after, **job.params
                )
            except Throttled as limit:
                yield SyncStep(limit.message, wait_s=float(limit.retry_after_seconds or 60))
                continue
            except (InvalidArguments, ApiError):
                if count == 0 or count != rows_so_far.count:
                    raise
                self.state.drop(job.name)  # the cursor is no longer valid: read the list from its start
                after, count, rows_so_far = None, 0, self.state.staged(job.name, self._now())
                continue
            self.state.stage(job.name, count, listing.rows, listing.after, self._now())
            after, count = listing.after, count + 1
            self.requests += 1
            if count > MAX_PAGES:
                raise DataLimit(f"{self.account.id} has more than {MAX_PAGES} pages of {job.edge}.")
            yield SyncStep(f"{self.account.name or self.account.id}: {_what(job)}", 1)

    # ---- facts

    def _now(self) -> float:
        return self.call.now().timestamp()

    def _keep_facts(self, *, is_done: bool = False) -> None:
        account = self.account
        self.facts |= {
            "id": account.id,
            "name": account.name,
            "currency": account.currency,
            "timezone_name": account.timezone_name,
            "utc_offset_hours": account.utc_offset_hours,
            "rows_per_day": self._density,
        }
        if is_done:
            days = self.folder.coverage(INSIGHTS_DAILY, account.id)
            self.facts["synced_at"] = synced_text(self.call.now())
            self.facts |= {name: str(day) for name, day in (("first_day", days.first), ("last_day", days.last)) if day}
        self.folder.keep_account(account.id, self.facts)


def _insights_table(name: str) -> StoreTable:
    return next(
        (table for table, _ in BREAKDOWNS.values() if table.name == name),
        INSIGHTS_DAILY,
    )


def _what(job: ReadJob) -> str:
    return f"{job.edge} {job.days[0]} to {job.days[1]}" if job.days else job.edge
