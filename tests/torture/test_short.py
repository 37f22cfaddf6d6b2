"""A sample of every class of torture; all of it runs with `make torture`."""

from __future__ import annotations

import pytest

from tests.torture.classes import CLASSES, Part


@pytest.mark.loopback
@pytest.mark.real_time
@pytest.mark.parametrize(
    "part",
    [pytest.param(part, id=f"{name}-{part.__name__}") for name, torture in CLASSES.items() for part in torture.parts],
)
def test_a_sample(part: Part) -> None:
    trials = list(part(False))
    assert trials
    assert [trial for trial in trials if trial[1] is not None] == []
