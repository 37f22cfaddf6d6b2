"""Do to the server what a hostile or unlucky world does, and write docs/reliability.md: `make torture`.

Usage: python -m scripts.torture [--short] [class …]

A complete run writes the page; a short one, or one of single classes, only prints. Exit code 1 when a trial failed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.run import machine, table
from tests.torture import soak
from tests.torture.classes import CLASSES, Outcome, run

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"
HEAD = """\
# Reliability

What a hostile or unlucky world does to a local server, tried. This page is written by `make torture`; a sample of the
same trials runs in `make test`. What the trials found on the way has a test of its own.
"""
# Of what failed; the command prints all of it.
MOST_NAMED = 50


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="torture", description="Do the worst to the server.")
    parser.add_argument("classes", nargs="*", metavar="class", help=", ".join(CLASSES))
    parser.add_argument("--short", action="store_true", help="a sample of the trials")
    options = parser.parse_args(arguments)
    if unknown := set(options.classes) - CLASSES.keys():
        parser.error(f"no such class: {', '.join(sorted(unknown))}; there are {', '.join(CLASSES)}")
    outcomes = {}
    for name in options.classes or CLASSES:
        outcomes[name] = run(CLASSES[name], full=not options.short)
        tell(name, outcomes[name])
    if not (options.short or options.classes):
        PAGE.write_text(page(outcomes), encoding="utf-8")
    return 1 if any(outcome.failed for outcome in outcomes.values()) else 0


def tell(name: str, outcome: Outcome) -> None:
    print(f"{name}: {outcome.tried:,} tried, {len(outcome.failed)} failed, {outcome.seconds:.0f} s", flush=True)
    for trial, wrong in outcome.failed:
        print(f"    {trial}: {wrong}", flush=True)


def page(outcomes: Mapping[str, Outcome]) -> str:
    rows = (
        (CLASSES[name].title, f"{one.tried:,}", len(one.failed), f"{one.seconds:.0f}", CLASSES[name].what)
        for name, one in outcomes.items()
    )
    parts = [HEAD + table(("class", "tried", "failed", "seconds", "what was tried"), rows)]
    parts += [*_failed(outcomes), f"## Soak\n\n{''.join(f'* {line}{chr(10)}' for line in soak.TOLD)}", machine() + "\n"]
    return "\n".join(parts)


def _failed(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    failed = [f"* {name}: {trial}\n" for name, one in outcomes.items() for trial, _ in one.failed]
    if failed:
        yield f"## Failed\n\n{''.join(failed[:MOST_NAMED])}"


if __name__ == "__main__":
    sys.exit(main())
