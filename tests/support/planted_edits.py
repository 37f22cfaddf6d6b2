"""Whether `ads_explain_change` finds the edits that are planted in demo worlds, and none in quiet ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.world.edits import Edit
from tests.support.clock import FakeClock
from tests.support.sandbox_engine import SandboxEngine
from tests.support.seeded_worlds import moment_of

TOOL = "ads_explain_change"
FIRST = 3
# The moments of worlds repeat after so many seeds.
MOMENTS = 60


@dataclass
class Score:
    """How many planted edits there were, how many were among the first suspects, and what went wrong."""

    planted: int = 0
    by_account: int = 0
    by_campaign: int = 0
    problems: list[str] = field(default_factory=list)


def engine_of(seed: int, *, quiet: bool = False) -> SandboxEngine:
    """The engine on the world of a seed, with one account."""
    world = World(seed=seed, today=moment_of(seed % MOMENTS), accounts=1, ads=60, quiet=quiet)
    return SandboxEngine(SandboxTransport(world, clock=lambda: world.today), FakeClock(world.today))


async def judge(seed: int, score: Score) -> None:
    """Ask about the account and about each campaign that breaks, and about the account of the quiet world."""
    demo = engine_of(seed)
    answer = await demo.data(TOOL, account_id=demo.account)
    for planted in demo.world.planted:
        score.planted += 1
        score.by_account += is_suspect(answer, planted.edit)
        alone = await demo.data(TOOL, object_id=planted.campaign_id)
        score.by_campaign += is_suspect(alone, planted.edit)
        if not is_suspect(answer, planted.edit) or not is_suspect(alone, planted.edit):
            score.problems.append(f"seed {seed}: {planted.anomaly} of {planted.day} by {planted.edit.event_type}")
    quiet = engine_of(seed, quiet=True)
    answer = await quiet.data(TOOL, account_id=quiet.account)
    score.problems += [f"seed {seed}, quiet: {suspect['text']}" for suspect in answer["suspects"]]


def is_suspect(answer: Mapping[str, Any], edit: Edit) -> bool:
    """Tell whether an edit is among the first suspects of an answer."""
    first = [(suspect["object"]["id"], suspect["time"]) for suspect in answer["suspects"][:FIRST]]
    return (edit.object_id, edit.moment.isoformat(timespec="seconds")) in first
