"""Write docs/comparison.md: what the tools of other servers correspond to here, from scripts/comparison.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.pages import table

DATA = Path(__file__).with_name("comparison.toml")
SECTIONS = ("hosted", "cli", "typescript")
DIFFERENCES = """\
Both are good choices. The hosted server needs no installation, signs in with Facebook, and has a few things that Graph
offers to nobody else: rules for pixel events, suggested catalog filters and previews as pictures. This server runs on
your machine with a token of your own, asks before it spends, keeps a journal with undo, and can be limited to single
accounts and to budgets. It covers lead forms, automated rules, comments, targeting search and bulk changes, for which
the hosted server had no tool when this page was written.
"""


def read_comparison() -> Mapping[str, Any]:
    """Return the data file: for each other server its title, its source and its tools."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


def named_tools() -> set[str]:
    """Return all tools of this server that the page names."""
    data = read_comparison()
    return {name for section in SECTIONS for row in data[section]["tools"].values() for name in row["ours"]}


def comparison_lines() -> Iterator[str]:
    data = read_comparison()
    yield "# Comparison"
    yield f"What the tools of other servers correspond to here, as of {data['dated']}."
    yield ""
    yield from DIFFERENCES.splitlines()
    for section in SECTIONS:
        yield from _section(data[section])


def _section(section: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"## {section['title']}"
    yield ""
    yield f"Source: {section['source']}."
    yield ""
    rows = (
        (f"`{name}`", ", ".join(f"`{tool}`" for tool in row["ours"]) or "-", row.get("note", ""))
        for name, row in section["tools"].items()
    )
    yield from table(("there", "here", "remark"), rows).strip().splitlines()
