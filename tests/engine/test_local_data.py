"""Under an account allowlist this machine's own data shows nothing of other accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from meta_ads_mcp.core.changes import ChangeQuery, JournalEntry
from meta_ads_mcp.engine.accounts import AccountBook
from meta_ads_mcp.engine.files.exports import FolderExports
from meta_ads_mcp.engine.local_data import (
    ExportOwners,
    OwnedExports,
    VisibleChanges,
    VisibleExports,
    visible_status,
)
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.errors import Denied, NotFound
from tests.safety import allowlist
from tests.support.clock import FakeClock
from tests.support.rival_business import RIVAL
from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph


def entry(change_id: str, account: str | None, page: str | None = None) -> JournalEntry:
    return JournalEntry(change_id, "", "ads_update_campaign", "update", "Campaign", account=account, page=page)


@pytest.fixture
def journal() -> Journal:
    journal = Journal(None, FakeClock())
    for change in (entry("c1", "act_1"), entry("c2", "act_2"), entry("c3", None), entry("c4", None, page="60")):
        journal.intent(change)
    return journal


def book(*allowed: str) -> AccountBook:
    known = AccountBook(ScriptedGraph(), allowed)
    known.learn([{"id": "60", "account_id": "1"}])
    return known


async def test_changes_of_other_accounts_are_neither_listed_nor_found(journal: Journal) -> None:
    visible = VisibleChanges(journal, book("act_1"))
    page = await visible.find(ChangeQuery())
    assert [change.change_id for change in page.entries] == ["c4", "c1"]
    assert page.total == 2
    assert await visible.get("c2") is None
    assert await visible.get("c3") is None
    assert await visible.get("c1") is not None
    first = await visible.find(ChangeQuery(limit=1))
    assert (first.has_more, first.total) == (True, 2)
    rest = await visible.find(ChangeQuery(limit=1, after="c4"))
    assert ([change.change_id for change in rest.entries], rest.has_more) == (["c1"], False)


async def test_without_an_allowlist_every_change_is_shown(journal: Journal) -> None:
    assert (await VisibleChanges(journal, book()).find(ChangeQuery())).total == 4


@pytest.fixture
def files(tmp_path: Path) -> FolderExports:
    return FolderExports(tmp_path)


async def write(files: FolderExports, owners: ExportOwners, name: str, *accounts: str) -> None:
    export = OwnedExports(files, owners, accounts).open(name, "csv")
    await export.write([{"spend": 1}])
    await export.finish()


async def test_files_of_other_accounts_are_neither_listed_nor_read(tmp_path: Path, files: FolderExports) -> None:
    owners = ExportOwners(tmp_path)
    await write(files, owners, "mine", "act_1")
    await write(files, owners, "theirs", "act_2")
    await write(files, owners, "both", "act_1", "act_2")
    await write(files, owners, "nobody")
    visible = VisibleExports(files, owners, book("act_1"))
    assert visible.names() == ["mine.csv"]
    assert visible.beginning("mine.csv", 100)[0].startswith("spend")
    for name in ("theirs.csv", "both.csv", "nobody.csv", "../export_owners.jsonl"):
        with pytest.raises(NotFound):
            visible.beginning(name, 100)
    assert len(VisibleExports(files, owners, book()).names()) == 4


async def test_a_damaged_record_hides_its_file(tmp_path: Path, files: FolderExports) -> None:
    owners = ExportOwners(tmp_path)
    await write(files, owners, "mine", "act_1")
    with (tmp_path / "export_owners.jsonl").open("a") as file:
        file.write('{"name": "mine.csv", "accounts": "act_1"}\n{"name"\n["x"]\n')
    assert VisibleExports(files, owners, book("act_1")).names() == ["mine.csv"]


def test_limits_of_other_accounts_are_not_shown() -> None:
    status = {
        "usage": [{"key": "ads_insights:10001"}, {"key": "ads_insights:20002"}, {"key": "app"}],
        "writePacer": [{"key": "act_20002"}],
        "tier": "standard",
    }
    assert visible_status(status, ("act_10001",)) == {
        "usage": [{"key": "ads_insights:10001"}, {"key": "app"}],
        "writePacer": [],
        "tier": "standard",
    }
    assert visible_status(status, None) == status


async def test_a_link_in_place_of_the_folder_is_neither_written_nor_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("a,b")
    state = tmp_path / "state"
    state.mkdir()
    (state / "exports").symlink_to(outside)
    linked = FolderExports(state)
    with pytest.raises(Denied):
        linked.open("report", "csv")
    assert linked.names() == []
    with pytest.raises(NotFound):
        linked.beginning("secret.csv", 100)


LIMITS: dict[str, Any] = {"accounts": {"accounts": allowlist.accounts(1)}, "business": {}}


@pytest.fixture(params=LIMITS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> SandboxEngine:
    """A server with a limit. Graph names no account for a catalog, so changes there name none either."""
    bench = allowlist.bench()
    return bench.again(
        state_dir=tmp_path, **(LIMITS[request.param] or {"business_id": bench.sandbox.world.business_id})
    )


async def test_a_batch_whose_answer_was_lost_is_not_sent_again_under_a_limit(desk: SandboxEngine) -> None:
    row = {"method": "UPDATE", "data": {"id": "HP-00001", "price": "1.00 USD"}}
    batch = {"catalog_id": desk.ids["catalog"], "requests": [row], "idempotency_key": "k"}
    desk.sandbox.faults.add("items_batch", respond=httpx.ReadTimeout, after_processing=True)
    assert (await desk.call("ads_catalog_items_batch", batch)).is_error
    desk.clock.passed_s += 60
    again = await desk.call("ads_catalog_items_batch", batch)
    assert not again.is_error, again.text
    assert len(desk.writes) == 1


async def test_a_change_in_an_allowed_catalog_is_found_and_undone(desk: SandboxEngine) -> None:
    new = {"catalog_id": desk.ids["catalog"], "name": "Green", "filter": {"color": {"eq": "Moss"}}}
    made = await desk.done("ads_catalog_create_product_set", **new)
    rows = await desk.data("ads_get_changes", object_id=made["id"])
    assert [row["change_id"] for row in rows] == [made["change_id"]]
    await desk.done("ads_undo_change", change_id=made["change_id"], created="delete")
    assert made["id"] not in desk.store.nodes


async def test_a_change_in_a_catalog_of_another_business_is_not_found(desk: SandboxEngine) -> None:
    foreign = allowlist.ownership(2).foreign
    kinds = ("ProductCatalog", "ProductSet", "ProductFeed")
    subjects = [(foreign[kind][0], None) for kind in kinds] + [(None, foreign["ProductCatalog"][0]), (None, RIVAL)]
    for number, (object_id, parent) in enumerate(subjects):
        change = entry(f"c20261125T100000-0000000{number}", None)
        change.object_id, change.parent = object_id, parent
        desk.engine.journal.intent(change)
        desk.engine.journal.outcome(change.change_id, "success", object_id=object_id)
        assert (await desk.refused("ads_undo_change", change_id=change.change_id))["kind"] == "not_found"
        if object_id is not None:
            assert await desk.data("ads_get_changes", object_id=object_id) == []
