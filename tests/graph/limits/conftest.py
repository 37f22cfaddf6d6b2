"""A governor on a clock that the test moves."""

from __future__ import annotations

import pytest

from meta_ads_mcp.graph.limits.governor import Governor
from tests.support.clock import FakeClock
from tests.support.limits import START
from tests.support.recorders import EventRecorder


@pytest.fixture
def clock():
    return FakeClock(START)


@pytest.fixture
def heard():
    return EventRecorder()


@pytest.fixture
def governor(clock, heard, tmp_path):
    return Governor(clock=clock, events=heard, state_dir=tmp_path)
