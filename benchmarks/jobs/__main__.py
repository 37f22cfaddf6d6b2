"""Do the 25 jobs, check every answer against the sandbox, and print what each cost.

python -m benchmarks.jobs [--json] [--transcript] [NUMBER …]   exit code 1 if a job fails or all cost more than they may

--transcript prints each call and its answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.jobs import changing_many, reading, writing  # noqa: F401  they register the jobs
from benchmarks.jobs.assistant import Assistant, JobFailed
from benchmarks.jobs.job import JOBS, Job, Truth, open_desk

MAX_CALLS = 80
MAX_CHARACTERS = 200_000


@dataclass(frozen=True)
class Outcome:
    """State what a job cost; `failure` is empty if it is complete and correct."""

    job: Job
    calls: int
    characters: int
    failure: str


async def do_jobs(numbers: list[int], *, show_calls: bool = False) -> list[Outcome]:
    """Do the jobs in order in one demo, as one user does in a day."""
    with tempfile.TemporaryDirectory() as folder:
        truth = Truth(open_desk(Path(folder)), Path(folder))
        # The undo of job 6 follows at once, as the user asks for it.
        ordered = sorted(numbers, key=lambda number: {18: 6.5}.get(number, number))
        return [await _do(JOBS[number], truth, show_calls=show_calls) for number in ordered]


async def _do(job: Job, truth: Truth, *, show_calls: bool) -> Outcome:
    request = job.request.format_map(vars(truth))
    assistant, failure = Assistant(truth.desk, request), ""
    try:
        await job.run(assistant, truth)
    except (JobFailed, LookupError, StopIteration, ValueError, TypeError) as problem:
        failure = str(problem) if isinstance(problem, JobFailed) else repr(problem)
    if show_calls:
        print(f"==== {job.number}: {request}", *assistant.transcript, sep="\n")
    return Outcome(job, assistant.calls, assistant.characters, failure)


def measure(numbers: list[int] | None = None, *, show_calls: bool = False) -> list[Outcome]:
    """Do the jobs of these numbers, or all."""
    return asyncio.run(do_jobs(numbers or sorted(JOBS), show_calls=show_calls))


def main(arguments: list[str]) -> int:
    numbers = [int(word) for word in arguments if word.isdigit()]
    outcomes = measure(numbers, show_calls="--transcript" in arguments)
    calls, characters = sum(o.calls for o in outcomes), sum(o.characters for o in outcomes)
    if "--json" in arguments:
        rows = [[o.job.number, o.calls, o.characters, o.failure] for o in outcomes]
        print(json.dumps({"jobs": rows, "calls": calls, "characters": characters}))
        return 0
    for outcome in outcomes:
        aim, state = outcome.job.aim, outcome.failure or "complete and correct"
        print(
            f"{outcome.job.number:3} {outcome.calls:3} calls (aim {aim.calls}) {outcome.characters:7,} characters"
            f" (aim {aim.characters:,}) {state}"
        )
    print(f"{sum(not o.failure for o in outcomes)} of {len(outcomes)}; {calls} calls, {characters:,} characters")
    return int(any(o.failure for o in outcomes) or calls > MAX_CALLS or characters > MAX_CHARACTERS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
