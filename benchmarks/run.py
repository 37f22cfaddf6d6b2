"""Measure everything and write docs/performance.md: `make bench`, about ten minutes on a quiet machine.

python -m benchmarks.run [part …]     only these parts are measured again; the others stay as the page has them
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import call, context, explain, growth, memory, requests, start
from benchmarks.jobs import __main__ as jobs
from scripts.pages import machine, table

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
HEAD = """\
# Performance

A client starts this server every time it opens, and every token of it is paid by the user. This page is written by
`make bench`; what does not depend on time is held by `tests/performance/`. References run beside ours in the same
minutes, in turns: ratios hold on other machines, seconds do not. Why a start is light is in
[decisions/start.md](decisions/start.md).
"""
START = """\
From the start of the process to the answer to `tools/list`. The reference is a plain fastmcp server of the same version
with as many trivial tools of five typed arguments. Medians, in turns. Aim: at most 0.65 with everything listed.
"""
CALL = """\
Over stdio, against the embedded sandbox in the server's process; the reference is an empty tool of a plain fastmcp
server. Aim: a cheap read adds at most 1.5 ms at the median and 5 ms at the 99th percentile.
"""
CONTEXT = """\
Characters of compact JSON as the client receives it; tokens of o200k. Of a list, models are shown the name, description
and schema of each tool; titles and hints are for the client.
"""
REQUESTS = """\
Graph's calls of one call of each tool, in a process that knows the accounts and nothing else. A write reads whose the
object is and the values it replaces, writes, and reads what became of it. Members of a batch share a round trip, and
each counts on Meta's limits. "Again" is the same read once more.
"""
MEMORY = """\
The most that was resident in a process of its own. Aims: idle 100 MB, 2,500 ads 120 MB, a million rows 150 MB.
"""
GROWTH = """\
Processor time, memory taken meanwhile (traced) and round trips, with all pages followed as a client does. One call of a
portfolio has 60 accounts. Ten times as many items may take ten times as much.
"""
EXPLAIN = """\
Two edits are planted in each demo world, each of which breaks a metric of a campaign. They should be among the first
three suspects of `ads_explain_change`, and the quiet world of the same seed should have none. Aim: 95 %.
"""
JOBS = """\
Jobs of a performance marketer, done with the default list and writes allowed, and checked against the sandbox. The
script uses only what a client sees: every id and every unlisted tool comes from the request or from an earlier answer
of the same job. Characters are those of both text blocks of every answer. Aim: 25 of 25, at most 80 calls and 200,000
characters. Job 15 exports the account with three ads, 26,496 rows, so that `make test` can do all jobs: the sandbox
generates about 4,000 rows a second. Of the largest account, 326,267 rows of 74 days took 78 s of processor time and at
most 188 MB in the process with the sandbox, where 948 MB were resident when it kept the rows of a run.
"""
NONE = "-"
Rows = Iterable[Sequence[Any]]


def start_part() -> str:
    rows = (
        (result.era, result.tools, f"{result.plain_s:.2f} s", f"{result.ours_s:.2f} s", f"**{result.ratio:.2f}**")
        for result in start.all_of_it()
    )
    return START + table(("first request", "tools", "plain fastmcp", "ours", "ratio"), rows)


def call_part() -> str:
    timings = call.measure()
    empty = timings[0]
    rows = (
        (
            result.name,
            _ms(result.middle),
            _ms(result.middle - empty.middle),
            _ms(result.high),
            _ms(result.high - empty.high),
        )
        for result in timings
    )
    elapsed, most = call.overlap()
    overlap = (
        f"{call.AT_ONCE} reads at once, every request answered in {call.DELAY_S} s: {elapsed:.2f} s, {most} under way"
        " together. Against the network the pool of 20 connections is the bound."
    )
    return f"{CALL}{table(('call', 'median', 'added', '99th percentile', 'added'), rows)}\n{overlap}\n"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2f} ms"


def context_part() -> str:
    rows = ((size.what, f"{size.chars:,}", _or_none(size.tokens), _or_none(size.most)) for size in context.sizes())
    return CONTEXT + table(("what", "characters", "tokens", "held to"), rows)


def _or_none(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"


def requests_part() -> str:
    rows = (
        (result.what, result.calls, result.round_trips, _or_none(result.again))
        for result in asyncio.run(requests.all_of_it())
    )
    return REQUESTS + table(("tool", "calls", "round trips", "again"), rows)


def memory_part() -> str:
    rows = ((used.what, f"{used.peak_mb:.0f} MB", f"{used.seconds:.1f} s") for used in memory.all_of_it())
    return MEMORY + table(("what", "memory", "time"), rows)


def growth_part() -> str:
    growth.measure("list of ads", 10)  # what is loaded once is no growth
    rows = (_grown(growth.measure(what, items)) for what in growth.KINDS for items in growth.SIZES)
    return GROWTH + table(("what", "items", "time", "per item", "memory", "round trips"), rows)


def _grown(result: growth.Grown) -> Sequence[Any]:
    each = f"{1e6 * result.seconds / result.items:,.0f} µs"
    return (
        result.what,
        f"{result.items:,}",
        f"{result.seconds:.2f} s",
        each,
        f"{result.peak_mb:.1f} MB",
        result.round_trips,
    )


def explain_part() -> str:
    score = asyncio.run(explain.measure(explain.WORLDS))
    quiet = sum("quiet" in problem for problem in score.problems)
    rows = (
        ("the account", f"{score.by_account} of {score.planted}", quiet),
        ("the campaign", f"{score.by_campaign} of {score.planted}", NONE),
    )
    return f"{EXPLAIN}\n{explain.WORLDS} worlds.\n{table(('asked about', 'found', 'suspects in quiet worlds'), rows)}"


def jobs_part() -> str:
    outcomes = jobs.measure()
    rows = [
        (o.job.number, o.job.request.partition(".")[0], o.calls, f"{o.characters:,}", o.failure or "correct")
        for o in outcomes
    ]
    total = ("", "all", sum(o.calls for o in outcomes), f"{sum(o.characters for o in outcomes):,}", "")
    return JOBS + table(("job", "request", "calls", "characters", "outcome"), [*rows, total])


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "start": ("Start", start_part),
    "call": ("One call", call_part),
    "context": ("Context", context_part),
    "requests": ("Requests", requests_part),
    "memory": ("Memory", memory_part),
    "growth": ("Growth", growth_part),
    "jobs": ("Jobs", jobs_part),
    "explain": ("Explained changes", explain_part),
}


def kept() -> dict[str, str]:
    """The parts that the page has, by title."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return {title: f"{body.strip()}\n" for title, body in re.findall(r"(?ms)^## ([^\n]+)\n(.*?)(?=^## |\Z)", text)}


def main(names: Sequence[str]) -> int:
    unknown = set(names) - PARTS.keys()
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
        return 2
    sections = kept()
    for name, (title, part) in PARTS.items():
        if name in names or not names or title not in sections:
            print(f"measuring {name}", flush=True)
            sections[title] = f"{part()}\n{machine()}\n"
            parts = [f"## {heading}\n\n{sections[heading]}" for heading, _ in PARTS.values() if heading in sections]
            PAGE.write_text("\n".join([HEAD, *parts]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
