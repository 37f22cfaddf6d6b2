"""Measure everything and write docs/performance.md: `make bench`, about twenty minutes on a quiet machine.

python -m benchmarks.run [part …]     only these parts are measured again; the others stay as the page has them
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import bulk, call, context, explain, growth, journal, memory, quota, requests, start, store
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
most 188 MB in the process with the sandbox. 54,704 rows took 180 MB, and 312 MB when it kept the rows of a run.
"""
QUOTA = """\
Meta is simulated with the limits that it documents, on a virtual clock. "Shortest" is what no schedule is faster than.
The naive client sends as fast as it can and repeats what is refused. Bulk changes rename ads of one account through
`ads_bulk_update`, with a person who agrees. Aims: no refusals, at most 1.25 times the shortest.
"""
JOURNAL = """\
The first index of an old journal of one million lines is built in a thread. The event loop should not stand still
meanwhile. Aim: at most 50 ms of processor time.
"""
STORE = """\
Invented rows of 60 accounts, two years and 114 ads each, in a Parquet file per account and year. A query runs as
`ads_query` runs it, in a new database in memory. Medians.
"""
SYNC = """\
A first sync of 60 demo accounts with the limits of the development tier, on a virtual clock. The optimum reads each
list in full pages and none twice. Aims: no request that Meta would refuse, at most 1.25 times the optimum.
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
    rows = [(o.job.number, o.job.request, o.calls, f"{o.characters:,}", o.failure or "correct") for o in outcomes]
    total = ("", "all", sum(o.calls for o in outcomes), f"{sum(o.characters for o in outcomes):,}", "")
    return JOBS + table(("job", "request", "calls", "characters", "outcome"), [*rows, total])


def quota_part() -> str:
    rows = [
        (work.name, tier.tier.removesuffix("_access"), f"{work.shortest_s(tier):.1f} s", *_paced(work, tier))
        for work in quota.workloads()
        for tier in (quota.DEVELOPMENT, quota.STANDARD)
    ]
    head = ("work", "tier", "shortest", "governed", "refusals", "naive", "refusals")
    bulk_results = [bulk.measure(tier, objects) for tier, objects in bulk.RUNS]
    bulk_rows = [
        (run.objects, run.tier.removesuffix("_access"), *_seconds(run.shortest_s, run.seconds), f"{run.ratio:.2f}")
        for run in bulk_results
    ]
    bulk_head = ("ads renamed", "tier", "shortest", "took", "ratio")
    refusals = f"Refusals of bulk changes: {sum(run.refusals for run in bulk_results)}."
    return f"{QUOTA}{table(head, rows)}{table(bulk_head, bulk_rows)}\n{refusals}\n"


def _seconds(*values: float) -> list[str]:
    return [f"{value:.0f} s" for value in values]


def _paced(work: quota.Workload, tier: quota.Quota) -> Sequence[Any]:
    cells: list[Any] = []
    for result in (quota.governed(work, tier), quota.naive(work, tier)):
        ratio = (result.seconds or 0) / work.shortest_s(tier)
        cells += [f"{result.seconds:.1f} s ({ratio:.2f})" if result.seconds else "given up", result.refusals]
    return cells


def journal_part() -> str:
    with tempfile.TemporaryDirectory() as folder:
        journal.write_journal(Path(folder), journal.LINES)
        result = asyncio.run(journal.measure(Path(folder), journal.LINES))
    wall_ms, cpu_ms = (max(values) for values in zip(*result.longest, strict=True))
    row = (f"{result.lines:,}", f"{result.seconds:.0f} s", f"{wall_ms:.0f} ms", f"{cpu_ms:.0f} ms")
    return JOURNAL + table(("lines", "index", "longest standstill", "most processor time of one"), [row])


def store_part() -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "queries"
        store.fill(folder)
        size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
        queries = store.measure_queries(folder)
        sync = store.measure_sync(Path(name) / "sync")
    rows = [
        (each["what"], f"{each['seconds']:.3f} s", f"{each['cpu_seconds']:.3f} s", f"{each['most_seconds']:.1f} s")
        for each in queries
    ]
    total = f"{store.ACCOUNTS * store.DAYS * store.ADS:,} rows take {size / 1e6:.0f} MB."
    names = ("requests", "optimum", "ratio", "refusals", "virtual_minutes")
    head = ("requests", "optimum", "ratio", "refusals", "minutes by the virtual clock")
    head_of_queries = ("query", "time", "processor time", "aim")
    return f"{STORE}{table(head_of_queries, rows)}\n{total}\n\n{SYNC}{table(head, [[sync[name] for name in names]])}"


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "start": ("Start", start_part),
    "call": ("One call", call_part),
    "context": ("Context", context_part),
    "requests": ("Requests", requests_part),
    "memory": ("Memory", memory_part),
    "growth": ("Growth", growth_part),
    "quota": ("Meta's limits", quota_part),
    "journal": ("Journal", journal_part),
    "store": ("Local store", store_part),
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
