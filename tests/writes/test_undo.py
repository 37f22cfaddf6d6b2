"""Whatever was edited, undoing it in reverse order brings everything back."""

from __future__ import annotations

import pytest

from tests.writes.edits import leftovers


@pytest.mark.parametrize("seed", range(2))
async def test_edits_undone_in_reverse_order_leave_nothing_behind(seed: int) -> None:
    assert await leftovers(150, seed) == {}
