"""From the start of the process to the list of tools, beside a plain fastmcp server with as many tools, in turns.

python -m benchmarks.start
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.wire import ALL, OURS, median, plain, serving

ROUNDS = 15
ERAS = ("initialize", "server/discover")


@dataclass(frozen=True)
class Started:
    """Medians: seconds of both, and the ratio of two that ran one after the other."""

    era: str
    tools: int
    plain_s: float
    ours_s: float
    ratio: float


def once(command: Sequence[str], era: str) -> tuple[float, int]:
    """Seconds to the list, and how many tools were in it."""
    began = time.perf_counter()
    with serving(command) as client:
        client.begin(era)
        tools = client.tools(era)
        return time.perf_counter() - began, len(tools)


def measure(command: Sequence[str], era: str, rounds: int = ROUNDS) -> Started:
    _, tools = once(command, era)  # compiles what has not been compiled
    reference = plain(tools)
    once(reference, era)
    pairs = [(once(reference, era)[0], once(command, era)[0]) for _ in range(rounds)]
    seconds = median(theirs for theirs, _ in pairs), median(own_start for _, own_start in pairs)
    return Started(era, tools, *seconds, median(own_start / theirs for theirs, own_start in pairs))


def all_of_it(rounds: int = ROUNDS) -> list[Started]:
    return [measure(command, era, rounds) for era in ERAS for command in (ALL, OURS)]


def main() -> None:
    for result in all_of_it():
        seconds = f"{result.plain_s:.3f} s plain, {result.ours_s:.3f} s ours"
        print(f"{result.era:16} {result.tools:4} tools: {seconds}, {result.ratio:.2f}")


if __name__ == "__main__":
    main()
