"""Define a job of a marketer, the world that all jobs run in, and the ground truth of that world."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.jobs.assistant import Assistant, JobFailed
from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.clock import FakeClock
from tests.support.sandbox_engine import SandboxEngine

NOW = datetime(2026, 10, 14, 15, 30, tzinfo=UTC)
# The purchases that Ads Manager shows for the default window of 7 days after a click and 1 day after a view.
DEFAULT_WINDOW = ("k1", "k7", "v1")


@dataclass(frozen=True)
class Aim:
    """State the most calls and characters that a well-made server costs an assistant."""

    calls: int
    characters: int


@dataclass(frozen=True)
class Job:
    """`request` is what the marketer says, with the ad account by id. `run` does the job and checks its result."""

    number: int
    request: str
    aim: Aim
    run: Callable[[Assistant, Truth], Awaitable[None]]


JOBS: dict[int, Job] = {}


def job(number: int, request: str, *, calls: int, characters: int) -> Callable[[Any], Any]:
    """Register the function as the way to do a job. `{account}` and `{euro_account}` in the request become ids."""

    def register(run: Callable[[Assistant, Truth], Awaitable[None]]) -> Callable[[Assistant, Truth], Awaitable[None]]:
        JOBS[number] = Job(number, request, Aim(calls, characters), run)
        return run

    return register


class Truth:
    """Read the sandbox without any HTTP: what a correct answer has to agree with."""

    def __init__(self, desk: SandboxEngine, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.world: World = desk.world
        self.account = desk.account
        self.raised: tuple[str, str] = ("", "")
        self.people_file = str(write_people(folder / "uploads"))
        self.euro_account = f"act_{self.world.account_ids[1]}"
        # The sandbox generates about 5,000 rows a second; this account has three ads, and 26,000 rows in two years.
        self.small_account = f"act_{self.world.account_ids[-1]}"
        self.rejected_ad = next(node.id for node in desk.nodes("Ad") if node.get("effective_status") == "DISAPPROVED")

        running = [node.get("campaign_id") for node in desk.nodes("Ad", effective_status="ACTIVE")]
        self.biggest_campaign = max(set(running), key=running.count)

    def spend(self, object_id: str, since: date, until: date) -> float:
        """Return the spend of whole days, both included, as an amount with decimals (USD or EUR)."""
        return self.world.truth(object_id, since, until)["spend"] / 100

    def purchases(self, object_id: str, since: date, until: date, windows: Iterable[str] = DEFAULT_WINDOW) -> int:
        metrics = self.world.truth(object_id, since, until)
        return sum(metrics[f"purchase:{window}"] for window in windows)

    def node(self, object_id: str) -> Mapping[str, Any]:
        """Return the stored fields of an object."""
        node = self.world.find(object_id)
        if node is None:
            raise JobFailed(f"the sandbox has no object {object_id}")
        return {name: node.get(name) for name in node.fields}

    @cached_property
    def sales_campaigns(self) -> frozenset[str]:
        """Return the campaigns of the first account that are meant to sell."""
        plans = self.world.plans_of(self.account.removeprefix("act_"))
        return frozenset(plan.id for plan in plans if plan.objective == "OUTCOME_SALES")


def check(condition: object, message: str) -> None:
    """Raise JobFailed with the message unless the condition holds."""
    if not condition:
        raise JobFailed(message)


def rows_of(content: Mapping[str, Any], table: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of a table in `data` (or of the table of that name in it) as dictionaries."""
    data = content["data"] if table is None else content["data"][table]
    return [dict(zip(data["columns"], row, strict=True)) for row in data["rows"]]


def read_csv(path: str) -> list[dict[str, str]]:
    """Return the rows of an exported file."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def is_close(value: float, expected: float) -> bool:
    """Return whether two amounts agree to the cent and to three significant digits."""
    return abs(value - expected) <= max(0.011, abs(expected) * 0.0006)


def open_desk(folder: Path) -> SandboxEngine:
    """Return the demo on a fixed day, with the default list and writes allowed."""
    clock = FakeClock(NOW)
    sandbox = SandboxTransport(World(today=NOW, ads=300), clock=clock.moment)
    roots = (str(folder / "uploads"),)
    return SandboxEngine(
        sandbox,
        clock,
        listed=("default",),
        allow_writes=True,
        demo=True,
        state_dir=folder / "state",
        upload_roots=roots,
    )


def write_people(folder: Path, count: int = 500) -> Path:
    """Write a customer file with umlauts and phone numbers in several forms, and return its path."""
    folder.mkdir(parents=True)
    path = folder / "customers.csv"
    phones = ("0170/49{:05}", "+49 (0)171 49{:05}", "0043 664 49{:05}", "+49172-49{:05}")
    names = (("Jörg", "Müller"), ("Zoë", "Weiß"), ("Łukasz", "Żółty"), ("Anna", "O'Neill"))
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("email", "phone", "fn", "ln", "country"))
        for number in range(count):
            first, last = names[number % 4]
            phone = phones[number % 4].format(number)
            country = "AT" if number % 4 == 2 else "DE"
            rows.writerow((f"Person{number}@Example.com ", phone, first, last, country))
    return path
