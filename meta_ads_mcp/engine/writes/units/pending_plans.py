"""Remember the plan that a confirmation code stands for, so that a stale plan is compared object by object.

With a state directory the plans are private files, because the code may be redeemed by another process. They hold the
values that the journal would hold, for as long as a code is valid.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.private_files import make_private_subfolder, open_private_to_read, replace_private
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.writes.units.agreed_values import agreed_values
from meta_ads_mcp.engine.writes.units.unit_steps import StepState

FOLDER = "plans"
MAX_PLANS = 20
# Codes hold for ten minutes. A stale plan is explained for longer.
MAX_AGE_SECONDS = 7200.0


@dataclass(frozen=True)
class PlannedObject:
    """A step of a plan as the user saw it: what is changed, its values before, and the values that it was to get."""

    label: str
    id: str | None
    name: str
    before: Row
    after: Row

    @classmethod
    def of(cls, state: StepState) -> PlannedObject:
        """Return the step with the fields that it changes."""
        change = state.step.change
        before = {name: change.before[name] for name in change.after if name in change.before}
        row = [state.label, change.object_id, state.name, before, wanted_values(change)]
        return cls(*json.loads(json.dumps(row, default=str)))


def wanted_values(change: Change) -> Row:
    """Return the values to which a code is bound. A new object may get others that are new at each planning."""
    return change.after if change.object_id is not None else agreed_values(change)


class PendingPlans:
    """Hold plans by their code. Without a state directory they are in memory."""

    def __init__(self, clock: Clock, state_dir: Path | None) -> None:
        self._clock = clock
        self._folder = state_dir / FOLDER if state_dir is not None else None
        self._plans: dict[str, str] = {}

    def keep(self, code: str, tool: str, digest: str, states: Iterable[StepState]) -> None:
        """Remember the plan of a code. A disk that takes no file costs the explanation, not the change."""
        objects = {state.step.key: asdict(PlannedObject.of(state)) for state in states}
        text = json.dumps({"tool": tool, "digest": digest, "objects": objects}, default=str)
        if self._folder is None:
            self._plans[_name(code)] = text
            while len(self._plans) > MAX_PLANS:
                del self._plans[next(iter(self._plans))]
            return
        with suppress(OSError):
            make_private_subfolder(self._folder)
            self._remove_old(self._folder)
            replace_private(self._folder / _name(code), text.encode())
            os.utime(self._folder / _name(code), (self._clock.now(), self._clock.now()))

    def find(self, code: str, tool: str, digest: str) -> Mapping[str, PlannedObject]:
        """Return the plan of a code by the keys of its steps. Empty if it is not known, or belongs to another call."""
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            plan = json.loads(self._read(code))
            if (plan["tool"], plan["digest"]) == (tool, digest):
                return {key: PlannedObject(**row) for key, row in plan["objects"].items()}
        return {}

    def forget(self, code: str) -> None:
        """Remove the plan of a code that was redeemed."""
        self._plans.pop(_name(code), None)
        if self._folder is not None:
            with suppress(OSError):
                (self._folder / _name(code)).unlink(missing_ok=True)

    def _read(self, code: str) -> str:
        if self._folder is None:
            return self._plans[_name(code)]
        with os.fdopen(open_private_to_read(self._folder / _name(code)), encoding="utf-8") as file:
            return file.read()

    def _remove_old(self, folder: Path) -> None:
        """Remove plans that nobody can redeem any more, and the oldest of many."""
        paths = sorted(folder.iterdir(), key=lambda path: path.lstat().st_mtime, reverse=True)
        for number, path in enumerate(paths):
            if number >= MAX_PLANS - 1 or self._clock.now() - path.lstat().st_mtime > MAX_AGE_SECONDS:
                path.unlink(missing_ok=True)


def _name(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()[:32]
