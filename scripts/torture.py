"""Do to the server what a hostile or unlucky world does, and write docs/reliability.md: `make torture`.

Usage: python -m scripts.torture [--short] [class …]

A complete run writes the page; one of single classes writes their rows, and the others stay as the page has them. A
short one only prints. Exit code 1 when a trial failed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.pages import machine, table
from tests.torture import soak, supply
from tests.torture.classes import CLASSES, Outcome, run

DOCS = Path(__file__).parent.parent / "docs"
PAGE, LICENCES = DOCS / "reliability.md", DOCS / "licences.md"
HEAD = """\
# Reliability

What a hostile or unlucky world does to a local server, tried. This page is written by `make torture`; a sample of the
same trials runs in `make test`. What the trials found on the way has a test of its own.
"""
LICENCES_HEAD = """\
# Licences

What is installed with the server, and the licence that each package names. Written by `make torture`.
"""
FONTS = """\

The package contains subsets of the fonts Inter, Noto Sans Thai, Noto Sans Hebrew and Vazirmatn for charts, under the
SIL Open Font License 1.1: [OFL.txt](../meta_ads_mcp/analysis/charts/fonts/OFL.txt).
"""
SUPPLY = """\
## Supply chain

The licences are in [licences.md](licences.md). Known vulnerabilities are looked for by `pip-audit` in the workflow of
this repository; its service was out of reach of the machine that wrote this page, so no result is claimed here.
"""
KNOWN = """\
## Known, and left as it is

A second answer right behind the first on a kept connection is taken for that of the next request: httpcore, which keeps
the connections, offers no way to tell. Through TLS only Graph, or what ends its TLS, could send one.
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
    if not options.short:
        PAGE.write_text(page(outcomes, PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""), encoding="utf-8")
        LICENCES.write_text(licences(), encoding="utf-8")
    return 1 if any(outcome.failed for outcome in outcomes.values()) else 0


def tell(name: str, outcome: Outcome) -> None:
    print(f"{name}: {outcome.tried:,} tried, {len(outcome.failed)} failed, {outcome.seconds:.0f} s", flush=True)
    for trial, wrong in outcome.failed:
        print(f"    {trial}: {wrong}", flush=True)


def page(outcomes: Mapping[str, Outcome], before: str) -> str:
    """The page with these outcomes; what was not tried this time is as it was before."""
    rows = [_row(name, outcomes[name]) if name in outcomes else _kept(name, before) for name in CLASSES]
    summary = table(("class", "tried", "failed", "seconds", "what was tried"), filter(None, rows))
    soaked = "".join(f"* {line}\n" for line in soak.TOLD) or "".join(re.findall(r"(?m)^\* [0-9{].*\n", before))
    return "\n".join([HEAD + summary, *_failed(outcomes), f"## Soak\n\n{soaked}", SUPPLY, KNOWN, f"{machine()}\n"])


def _row(name: str, result: Outcome) -> Sequence[Any]:
    return CLASSES[name].title, f"{result.tried:,}", len(result.failed), f"{result.seconds:.0f}", CLASSES[name].what


def _kept(name: str, before: str) -> Sequence[Any]:
    cells = (line.strip("| ").split(" | ") for line in before.splitlines() if line.startswith("| "))
    return next((entry for entry in cells if entry[0] == CLASSES[name].title), ())


def licences() -> str:
    rows = ((name, entry.version, supply.licence_of(entry)) for name, entry in supply.closure().items())
    return LICENCES_HEAD + table(("package", "version", "licence"), rows) + FONTS


def _failed(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    failed = [f"* {name}: {trial}\n" for name, result in outcomes.items() for trial, _ in result.failed]
    if failed:
        yield f"## Failed\n\n{''.join(failed[:MOST_NAMED])}"


if __name__ == "__main__":
    sys.exit(main())
