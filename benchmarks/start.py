"""From the start of the process to the list of tools, beside a plain fastmcp server with as many tools, in turns.

python -m benchmarks.start
python -m benchmarks.start --peer COMMAND [--ours COMMAND]

With `--peer` the reference is another server that is installed here, such as "/some/venv/bin/meta-ads-mcp". For a fair
comparison install this one from its wheel into an environment of its own too, and name it with `--ours`: a checkout
hashes its sources at every start, and its environment has more packages to look through.
"""

from __future__ import annotations

import argparse
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.wire import ALL, OURS, median, plain, serving, used_cpu

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


@dataclass(frozen=True)
class Peer:
    """Medians of seconds to the list: on the clock and of the processor, of a server beside ours."""

    tools: int
    clock_s: float
    cpu_s: float


def compare(commands: Sequence[Sequence[str]], rounds: int = ROUNDS) -> list[Peer]:
    """Start the servers in turns, without calling a tool."""
    listed = [timed(command)[2] for command in commands]  # compiles what has not been compiled
    turns = [[timed(command) for command in commands] for _ in range(rounds)]
    return [
        Peer(tools, median(clock for clock, _, _ in column), median(cpu for _, cpu, _ in column))
        for tools, column in zip(listed, zip(*turns, strict=True), strict=True)
    ]


def timed(command: Sequence[str]) -> tuple[float, float, int]:
    """Return seconds on the clock and of the processor to the list, and how many tools were in it."""
    began = time.perf_counter()
    with serving(command, is_peer=True) as client:
        client.begin("initialize")
        tools = client.tools("initialize")
        return time.perf_counter() - began, used_cpu(client.process.pid), len(tools)


def all_of_it(rounds: int = ROUNDS) -> list[Started]:
    return [measure(command, era, rounds) for era in ERAS for command in (ALL, OURS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=shlex.split, help="the command of another server")
    parser.add_argument("--ours", type=shlex.split, default=OURS, help="the command of this one, as installed")
    options = parser.parse_args()
    if options.peer:
        for name, result in zip(("peer", "ours"), compare([options.peer, options.ours]), strict=True):
            print(f"{name}: {result.tools} tools, {result.clock_s:.3f} s, {result.cpu_s:.3f} s of processor time")
        return
    for result in all_of_it():
        seconds = f"{result.plain_s:.3f} s plain, {result.ours_s:.3f} s ours"
        print(f"{result.era:16} {result.tools:4} tools: {seconds}, {result.ratio:.2f}")


if __name__ == "__main__":
    main()
