"""Ten thousand random edits through the tools, each undone in reverse order: does anything stay changed?

    python benchmarks/undo.py [EDITS]

Names, statuses, budgets, bids, audiences, creatives, spend caps and rules of a sandbox account are changed through the
write tools and put back with ads_undo_change, 250 at a time. It takes a few minutes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.edits import ROUND, leftovers

EDITS = 10_000


def main(edits: int) -> int:
    started, wrong = time.monotonic(), 0
    for seed in range(0, edits, ROUND):
        differences = asyncio.run(leftovers(min(ROUND, edits - seed), seed))
        for node_id, fields in differences.items():
            wrong += 1
            print(f"seed {seed}: {node_id} {fields}")
    print(f"{edits} edits undone in {time.monotonic() - started:.0f} s; {wrong} objects differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else EDITS))
