"""A governor on a clock that the test moves."""

from __future__ import annotations

import pytest

from meta_ads_mcp.graph.limits.governor import Governor
from tests.support.limits import FakeClock, Heard


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def governor(clock, heard, tmp_path):
    return Governor(clock=clock, events=heard, state_dir=tmp_path)
