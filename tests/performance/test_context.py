"""What a client pays for: the lists and usual answers stay within what the page on performance promises."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.support.programs import run_benchmark


@cache
def measured() -> list[dict[str, Any]]:
    sizes: list[dict[str, Any]] = run_benchmark("context")
    return sizes


HELD = ("tools/list, default:", "tools/list, default with writes", "tools/list, everything", "rows of", "campaigns")


@pytest.mark.parametrize("what", HELD)
def test_it_is_within_its_characters(what: str) -> None:
    (found,) = [size for size in measured() if what in size["what"]]
    assert found["most"] is not None
    assert found["chars"] <= found["most"]


def test_nothing_that_is_held_is_forgotten_here() -> None:
    assert len([size for size in measured() if size["most"]]) == len(HELD)


def test_the_answers_are_of_the_promised_size() -> None:
    assert [size["what"] for size in measured() if "rows of" in size["what"]] == ["50 rows of insights, 11 columns"]
