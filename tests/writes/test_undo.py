"""Whatever was edited, undoing it in reverse order brings everything back."""

from __future__ import annotations

import pytest

from tests.writes.desk import desk
from tests.writes.edits import leftovers
from tests.writes.valid import VALID


@pytest.mark.parametrize("seed", range(2))
async def test_edits_undone_in_reverse_order_leave_nothing_behind(seed: int) -> None:
    assert await leftovers(150, seed) == {}


async def test_an_undo_can_be_undone() -> None:
    made = desk()
    campaign = made.ids["campaign"]
    old = made.store.nodes[campaign].get("name")
    change = await made.done("ads_update_campaign", campaign_id=campaign, name="New")
    undone = await made.done("ads_undo_change", change_id=change["change_id"])
    assert made.store.nodes[campaign].get("name") == old
    await made.done("ads_undo_change", change_id=undone["change_id"])
    assert made.store.nodes[campaign].get("name") == "New"


@pytest.mark.parametrize(("how", "status"), [("pause", "PAUSED"), ("delete", "DELETED")])
@pytest.mark.parametrize("tool", ["ads_create_campaign", "ads_create_ad_set", "ads_create_ad"])
async def test_what_was_created_is_stopped_or_deleted(tool: str, how: str, status: str) -> None:
    made = desk()
    change = await made.done(tool, **made.filled(VALID[tool]))
    made.store.patch(change["id"], {"status": "ACTIVE"})
    undone = await made.done("ads_undo_change", change_id=change["change_id"], created=how)
    assert made.store.nodes[change["id"]].get("status") == status
    assert undone["changes"]["status"] == {"before": "ACTIVE", "after": status}
