"""The lifetimes of Graph's versions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from meta_ads_mcp.core.graph_versions import (
    GRAPH_VERSION,
    VERSIONS,
    WARN_DAYS_BEFORE_END,
    days_until_end,
    end_warning,
    has_ended,
)
from meta_ads_mcp.settings import load

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("version", "ended"), [("v19.0", True), ("v24.0", True), ("v25.0", False), ("v26.0", False), ("v28.0", False)]
)
def test_whether_a_version_has_ended(version: str, ended: bool) -> None:
    assert has_ended(version, TODAY) is ended
    assert bool(end_warning(version, TODAY)) is ended


def test_the_default_version_is_known_and_served() -> None:
    assert GRAPH_VERSION in VERSIONS
    assert not has_ended(GRAPH_VERSION, TODAY)


@pytest.mark.parametrize("version", [version for version in VERSIONS.values() if version.ends])
def test_a_warning_comes_before_a_version_ends(version) -> None:
    first = version.ends - timedelta(days=WARN_DAYS_BEFORE_END)
    assert end_warning(version.name, first - timedelta(days=1)) is None
    assert f"in {WARN_DAYS_BEFORE_END} days" in end_warning(version.name, first)
    assert days_until_end(version.name, version.ends) == 0
    assert "has ended" in end_warning(version.name, version.ends)


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_every_known_version_can_be_set(version: str) -> None:
    assert load(environ={"META_API_VERSION": version}).api_version == version
