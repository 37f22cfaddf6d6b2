"""The cookbook: every call still works against the demo, and the page shows these calls."""

from __future__ import annotations

from tests.support.programs import load_script

cookbook = load_script("cookbook")


def test_the_page_shows_calls_that_work() -> None:
    page = cookbook.PAGE.read_text(encoding="utf-8")
    assert cookbook.calls_of(cookbook.render()) == cookbook.calls_of(page), "run python scripts/cookbook.py"
    assert len(cookbook.JOBS) == 10
