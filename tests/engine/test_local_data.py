"""Under an account allowlist this machine's own data shows nothing of other accounts."""

from __future__ import annotations

from pathlib import Path

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
from tests.support.clock import FakeClock
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
