"""The properties of tests/safety with many more examples: other ones at every seed, for as long as there is time."""

from __future__ import annotations

import time
from collections.abc import Mapping

from tests.safety import allowlist, policy, question
from tests.support.property_runner import Property, run_property
from tests.support.unit_runs import check_interrupted, check_undo
from tests.torture.trial import Trials, tried

PROPERTIES: Mapping[str, Property] = {"allowlist": allowlist.check, "policy": policy.check, "question": question.check}
UNITS: Mapping[str, Property] = {"undo of a unit": check_undo, "interrupted unit": check_interrupted}
SECONDS_EACH = 1200.0
EXAMPLES = 250


def properties(full: bool) -> Trials:
    """Each trial is a property with a seed of its own."""
    for name, check in {**PROPERTIES, **UNITS}.items():
        ends, seed = time.monotonic() + SECONDS_EACH, 1
        while seed == 1 or (full and time.monotonic() < ends):
            examples = EXAMPLES if full else EXAMPLES // 25

            def run(check: Property = check, seed: int = seed, examples: int = examples) -> None:
                run_property(check, examples, seed=seed)

            yield tried(f"{name}, seed {seed}", run)
            seed += 1
