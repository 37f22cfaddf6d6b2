"""Write what other people's clients made of the sandbox into docs/sandbox.md."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "sandbox.md"
START, END = "<!-- compat:start -->", "<!-- compat:end -->"

# What is not answered as the client expects, and why.
REASONS = {
    "getByIds": "Graph refuses `/?ids=1,2` in every version since 2026-10-27",
    **dict.fromkeys(
        (
            "GET AdAccount/reachestimate",
            *(f"GET {kind}/targetingsentencelines" for kind in ("Ad", "AdAccount", "AdSet")),
        ),
        "Graph answers with an object here; the cursor of the Node SDK expects a list",
    ),
    **dict.fromkeys(
        (
            "GET AdAccount/opportunity_score_history",
            "GET ProductFeed/rule_preview_samples",
            "GET ProductSet/da_checks",
        ),
        "the Node SDK has no method for this edge; Python's SDK 26 has it in a class of its own",
    ),
    "ads_insights_dma": "removed by Meta on 2026-06-22; the tap itself refuses the stream",
}
# Why a stream has no records although it is read to its end.
EMPTY = {
    "ads_insights_comscore_market": "comscore_market",
    "ads_insights_action_product_id": "product_id",
    "ads_insights_demographics_comscore_market_region": "comscore_market",
}


@dataclass(frozen=True)
class Row:
    """One call or stream: its name, its number of records, and its problem, which is empty where all is right."""

    name: str
    records: int | None
    problem: str


@dataclass(frozen=True)
class Outcome:
    """What a client made of the sandbox."""

    title: str
    version: str
    rows: list[Row]


def section(outcomes: list[Outcome]) -> str:
    """Write the outcomes as a part of the page."""
    today = datetime.now(UTC).date().isoformat()
    parts = [
        f"Run on {today} with Python {sys.version_info.major}.{sys.version_info.minor}; written by `make compat`.",
        "",
    ]
    for outcome in outcomes:
        parts += [f"### {outcome.title} {outcome.version}", "", summary(outcome), "", *table(outcome), ""]
    return "\n".join(parts).rstrip()


def summary(outcome: Outcome) -> str:
    """Say how many calls or streams were right."""
    wrong = [row for row in outcome.rows if row.problem]
    text = f"{len(outcome.rows) - len(wrong)} of {len(outcome.rows)} as expected."
    explained = sum(row.name in REASONS for row in wrong)
    return text if not wrong else f"{text} {explained} of the {len(wrong)} others are explained below."


def table(outcome: Outcome) -> list[str]:
    """Write the streams with their records; of a client without records only what is not right."""
    rows = (
        outcome.rows if any(row.records is not None for row in outcome.rows) else [r for r in outcome.rows if r.problem]
    )
    if not rows:
        return []
    lines = ["| call or stream | records | result |", "| --- | --- | --- |"]
    lines += [f"| {row.name} | {'' if row.records is None else row.records} | {result(row)} |" for row in rows]
    return lines


def result(row: Row) -> str:
    """Say what came out of a call or stream: ok, why there are no records, or the problem and its reason."""
    if row.problem:
        return REASONS.get(row.name, row.problem.replace("|", "\\|").replace("\n", " ")[:200])
    if row.records == 0:
        return f"ok; the sandbox has no data for the breakdown {EMPTY[row.name]}" if row.name in EMPTY else "ok; none"
    return "ok"


def write_page(text: str) -> None:
    """Put the text between the markers of the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")
