"""Does ads_explain_change find the edits that are planted in demo worlds?

    python benchmarks/explain.py [WORLDS]

Two edits are planted in each world. They must be among the first three suspects, when the account is asked about and
when the campaign is; the quiet world of each seed must have no suspect. 200 worlds take three minutes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.planted_edits import Score, judge

WORLDS = 200
# The tests use the worlds before this one.
FIRST_SEED = 1000
MIN_SHARE = 0.95


async def measure(worlds: int) -> Score:
    """Judge as many worlds."""
    score = Score()
    for seed in range(FIRST_SEED, FIRST_SEED + worlds):
        await judge(seed, score)
    return score


def main(worlds: int) -> int:
    started = time.monotonic()
    score = asyncio.run(measure(worlds))
    for problem in score.problems:
        print(problem)
    print(
        f"{score.planted} planted edits in {worlds} worlds: {score.by_account} among the first suspects of the account,"
        f" {score.by_campaign} of the campaign; {sum('quiet' in problem for problem in score.problems)} suspects in"
        f" quiet worlds; {time.monotonic() - started:.0f} s"
    )
    return 0 if min(score.by_account, score.by_campaign) >= MIN_SHARE * score.planted else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else WORLDS))
