"""The tool that brings the local store up to date, within Meta's limits."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.dates import MAX_MONTHS_BACK, Day, months_before
from meta_ads_mcp.core.values.ids import AccountId
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.store.duckdb_extra import require_duckdb
from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.state_file import AccountBusy, SyncState
from meta_ads_mcp.store.store_tables import INSIGHTS_DAILY
from meta_ads_mcp.tools.store.account_list import SyncAccount, find_accounts, store_folder
from meta_ads_mcp.tools.store.account_sync import AccountSync, SyncStep

DEFAULT_DAYS = 90
MAX_ACCOUNTS = 200
SECONDS_PER_REQUEST = 1.5
# Points of an account in 300 seconds by tier; a read costs 1 (Meta docs, marketing-api/overview/rate-limiting).
TIER_POINTS, WINDOW_SECONDS = {"standard_access": 9_000}, 300
DEVELOPMENT_POINTS = 60
DEFAULT_SECONDS, MAX_SECONDS = 240, 86_400
RESUME = "Call ads_sync again with the same arguments: it goes on where this call stopped."


@tool(
    "ads_sync",
    Effect.READ,
    keywords="download history store offline local database warehouse backfill cache refresh",
    idempotent=True,
)
class SyncStore(Params):
    """Copy daily figures, structure and changes of ad accounts to the local store for ads_query, within Meta's limits.

    plan=true shows requests and minutes only. Reads missing days, and the last 28 days again; a stopped sync continues.
    Without accounts it updates those in the store. Changes nothing at Meta.
    """

    account_ids: Annotated[list[AccountId] | None, Local(), Field(min_length=1, max_length=MAX_ACCOUNTS)] = None
    all_accounts: Annotated[bool, Local(), Field(description="Every account this server may touch")] = False
    since: Annotated[
        Day | None, Local(), Field(description=f"First day; default: what is stored, or {DEFAULT_DAYS} days")
    ] = None
    breakdowns: Annotated[
        list[Literal["age_gender", "country", "platform", "device"]] | None,
        Local(),
        Field(min_length=1, description="Further tables, insights_by_…; more requests"),
    ] = None
    plan: Annotated[bool, Local()] = False
    max_wait_seconds: Annotated[int, Local(), Field(ge=1, le=MAX_SECONDS)] = DEFAULT_SECONDS

    @model_validator(mode="after")
    def _check_accounts(self) -> Self:
        if self.account_ids and self.all_accounts:
            raise ValueError("give account_ids or all_accounts, not both")
        return self

    async def run(self, call: Call) -> Result:
        require_duckdb()
        folder = store_folder(call)
        state = SyncState(folder.folder)
        try:
            accounts = await find_accounts(call, folder, self.account_ids, all_accounts=self.all_accounts)
            syncs = [self._sync_of(call, folder, state, account) for account in accounts]
            plan = SyncPlan(syncs, str(call.status().get("tier") or "unknown"))
            if self.plan:
                return plan.result()
            deadline = call.now().timestamp() + self.max_wait_seconds
            return await SyncRun(call, plan, deadline).run()
        except sqlite3.Error as failure:
            raise InvalidArguments(
                f"The state of the store cannot be written ({failure}).",
                f"Make room in {folder.folder}, or look at its permissions; then call ads_sync again.",
            ) from None
        finally:
            state.close()

    def _sync_of(self, call: Call, folder: StoreFolder, state: SyncState, entry: SyncAccount) -> AccountSync:
        account = entry.account
        facts = folder.account(account.id) | ({"account_status": entry.status} if entry.status is not None else {})
        first_stored = folder.coverage(INSIGHTS_DAILY, account.id).first
        since = self._first_day(account.today(call.now()), first_stored, entry.created)
        return AccountSync(call, folder, state, account, since, facts, entry.ads, self.breakdowns or ())

    def _first_day(self, today: date, first_stored: date | None, created: date | None) -> date:
        first_wanted = (
            date.fromisoformat(self.since) if self.since else first_stored or today - timedelta(days=DEFAULT_DAYS)
        )
        if first_wanted > today:
            raise InvalidArguments("since lies in the future.", "Give an earlier day, such as 2026-01-01.")
        oldest = months_before(today, MAX_MONTHS_BACK) + timedelta(days=1)
        return max(min(first_wanted, first_stored or first_wanted), oldest, min(created or oldest, today))


@dataclass
class SyncPlan:
    """What a sync will read: requests per account, and the minutes that Meta's limits ask for."""

    syncs: Sequence[AccountSync]
    tier: str
    estimates: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.estimates = {sync.account.id: sync.estimate() for sync in self.syncs}

    @property
    def requests(self) -> int:
        return sum(self.estimates.values())

    @property
    def minutes(self) -> float:
        """Return the minutes: each request takes a moment, and the busiest account waits for its points."""
        points = TIER_POINTS.get(self.tier, DEVELOPMENT_POINTS) - 1
        waits_s = max(((count - 1) // points for count in self.estimates.values() if count), default=0) * WINDOW_SECONDS
        return round(max(self.requests * SECONDS_PER_REQUEST, waits_s) / 60, 1)

    @property
    def text(self) -> str:
        minutes = "less than a minute" if self.minutes < 1 else f"about {self.minutes:g} minutes"
        accounts = f"{len(self.syncs)} {plural('account', len(self.syncs))}"
        return f"{accounts}, about {self.requests} requests, {minutes} ({self.tier} tier)"

    def result(self) -> Result:
        rows = [
            {
                "account_id": sync.account.id,
                "account_name": sync.account.name,
                "requests": self.estimates[sync.account.id],
                "since": sync.since.isoformat(),
                "days_to_read": {
                    name: sum((last - first).days + 1 for first, last in spans) for name, spans in sync.spans().items()
                },
            }
            for sync in self.syncs
        ]
        data = Whole(status="planned", requests=self.requests, minutes=self.minutes, tier=self.tier, accounts=rows)
        notes = ["Requests are an estimate from the number of ads; it becomes exact once an account has been read."]
        if self.tier == "unknown":
            notes.append("Meta has not named the tier yet: minutes are those of the development tier.")
        return Result(f"The sync would read {self.text}. Nothing was read. Call it without plan.", data, notes=notes)


@dataclass
class SyncRun:
    """Run the syncs: an account that has to wait for Meta's limits lets the others go on."""

    call: Call
    plan: SyncPlan
    deadline: float
    outcomes: dict[str, str] = field(default_factory=dict)
    errors: list[Row] = field(default_factory=list)
    stopped: str = ""

    async def run(self) -> Result:
        await self.call.progress(0, max(1, self.plan.requests), f"Plan: {self.plan.text}")
        async with AsyncExitStack() as stack:
            steps = [await stack.enter_async_context(aclosing(sync.steps())) for sync in self.plan.syncs]
            queue = [(0.0, place) for place in range(len(steps))]
            while queue and not self.stopped:
                ready_at, place = heapq.heappop(queue)
                if not await self._wait_until(ready_at):
                    break
                wait_s = await self._advance(place, steps[place])
                if wait_s is not None:
                    heapq.heappush(queue, (self._now() + wait_s if wait_s else 0.0, place))
        return self._result()

    def _now(self) -> float:
        return self.call.now().timestamp()

    async def _wait_until(self, ready_at: float) -> bool:
        """Wait until then. Returns False, without waiting, if the time of this call is up first."""
        if max(ready_at, self._now()) > self.deadline:
            return False
        if ready_at > self._now():
            await self.call.progress(
                self._requests, max(self._requests + 1, self.plan.requests), "Waiting for Meta's limits"
            )
            await self.call.sleep(ready_at - self._now())
        return True

    @property
    def _requests(self) -> int:
        return sum(sync.requests for sync in self.plan.syncs)

    async def _report(self, message: str) -> None:
        """Report progress. The plan is an estimate, so the total grows where it was too low."""
        await self.call.progress(self._requests, max(self._requests + 1, self.plan.requests), message)

    async def _advance(self, place: int, steps: AsyncIterator[SyncStep]) -> float | None:
        """Do one step of an account. Returns the seconds that it has to wait, or None when it has ended."""
        account = self.plan.syncs[place].account
        try:
            step = await anext(steps)
        except StopAsyncIteration:
            self.outcomes[account.id] = "synced"
        except AccountBusy:
            self.outcomes[account.id] = "busy"
            self.call.note(f"{account.id} is being synced by another process, so it was left out here.")
        except AdsError as error:
            self.outcomes[account.id] = "failed"
            self.errors.append(
                {"account_id": account.id, "kind": error.kind, "message": error.message, "next_step": error.next_step}
            )
        except OSError as failure:
            self.outcomes[account.id] = "stopped"
            self.stopped = f"The store cannot be written ({failure.strerror or failure})."
        except sqlite3.Error as failure:
            self.outcomes[account.id] = "stopped"
            self.stopped = f"The store cannot be written ({failure})."
        else:
            await self._report(step.message)
            return step.wait_s
        return None

    def _result(self) -> Result:
        syncs = self.plan.syncs
        rows = [
            {
                "account_id": sync.account.id,
                "account_name": sync.account.name,
                "status": self.outcomes.get(sync.account.id, "incomplete"),
                "requests": sync.requests,
                "rows": sync.rows,
                **_days_of(sync),
            }
            for sync in syncs
        ]
        count = sum(row["status"] == "synced" for row in rows)
        is_complete = count == len(rows)
        data = Whole(
            status="synced" if is_complete else "stopped" if self.stopped else "incomplete",
            requests=self._requests,
            planned_requests=self.plan.requests,
            accounts=rows,
            errors=self.errors,
            next_step="Query it with ads_query." if is_complete else RESUME,
        )
        summary = f"{count} of {len(rows)} {plural('account', len(rows))} up to date: {self._requests} requests, "
        summary += f"{sum(sync.rows for sync in syncs):,} rows read. {self.stopped}".rstrip()
        if self.stopped:
            summary += " What was read before is stored; make room and call ads_sync again."
        elif not is_complete:
            summary += f" {RESUME}"
        return Result(summary, data)


def _days_of(sync: AccountSync) -> Row:
    coverage = sync.folder.coverage(INSIGHTS_DAILY, sync.account.id)
    days = {"first_day": coverage.first, "last_day": coverage.last}
    return {name: day.isoformat() for name, day in days.items() if day}
