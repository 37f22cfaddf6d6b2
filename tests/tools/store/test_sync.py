"""`ads_sync` against the sandbox: what it stores, what it reads again, and how it survives an end at any request."""

from __future__ import annotations

import asyncio
import os
import resource
import stat
import sys
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.store.state_file import SyncState
from tests.support.killed_calls import Killed, KillingTransport, When
from tests.support.stored_figures import StoreServer, new_store_world

# The first day of most syncs here, about three weeks before the clock of the tests.
SINCE = "2026-11-03"
DAY = 86_400


@pytest.fixture
def server(tmp_path: Path) -> StoreServer:
    return StoreServer(tmp_path)


async def sync(server: StoreServer, **arguments: Any) -> Any:
    return await server.start().data("ads_sync", **{"account_ids": server.small, "since": SINCE, **arguments})


def insights_days(server: StoreServer) -> list[tuple[str, str]]:
    spans = [entry.params.get("time_range", "") for entry in server.sandbox.log if entry.path.endswith("/insights")]
    return [(span[10:20], span[31:41]) for span in (text.replace('": "', '":"').replace(", ", ",") for text in spans)]


async def test_sums_equal_the_truth_of_the_world(server: StoreServer) -> None:
    account = server.accounts[1]
    await sync(server, account_ids=[account], breakdowns=["age_gender"], since="2026-11-19")
    truth = server.sandbox.world.truth(account, date(2026, 11, 19), date(2026, 11, 24))
    figures = "sum(spend)::DOUBLE, sum(impressions), sum(purchase), sum(purchase_value)"
    for table in ("insights_daily", "insights_by_age_gender"):
        ((spend, impressions, purchases, value),) = server.select(table, figures, "WHERE date < DATE '2026-11-25'")
        assert round(spend * 100) == truth["spend"]
        assert impressions == truth["impressions"]
        assert purchases == sum(truth[f"purchase:{window}"] for window in ("k1", "k7", "v1"))
        assert round(value * 100) == sum(truth[f"purchase_value:{window}"] for window in ("k1", "k7", "v1"))


async def test_every_object_is_in_the_snapshot(server: StoreServer) -> None:
    await sync(server)
    for account in server.small:
        for level, edge in {"campaign": "campaigns", "ad_set": "adsets", "ad": "ads"}.items():
            ids = {node.id for node in server.start().store.children(account, edge)}
            assert ids == {row[0] for row in server.select("structure", "id", f"WHERE level = '{level}' AND "
                                                           f"account_id = '{account}'")}  # fmt: skip


async def test_a_second_sync_of_a_day_reads_today_alone(server: StoreServer) -> None:
    await sync(server)
    server.sandbox.log.clear()
    await sync(server)
    assert set(insights_days(server)) == {("2026-11-25", "2026-11-25")}


async def test_the_last_28_days_are_read_again_on_the_next_day(server: StoreServer) -> None:
    await sync(server, since="2026-10-01")
    final = f"WHERE account_id = '{server.small[0]}' ORDER BY date"
    before = dict(server.select("insights_daily", "date, is_final", final))
    assert {day for day, is_final in before.items() if is_final} == {day for day in before if day < date(2026, 10, 28)}
    server.clock.passed_s += DAY
    server.sandbox.log.clear()
    await server.start().data("ads_sync")
    assert set(insights_days(server)) == {("2026-10-28", "2026-11-26")}
    after = dict(server.select("insights_daily", "date, is_final", final))
    assert {day for day, is_final in after.items() if is_final} == {day for day in after if day < date(2026, 10, 29)}


async def test_a_state_that_stays_is_prolonged_and_another_one_ends(tmp_path: Path) -> None:
    server = StoreServer(tmp_path, new_store_world())
    account = server.small[0]
    await sync(server)
    server.clock.passed_s += DAY
    campaign = server.start().store.children(account, "campaigns")[0]
    campaign.fields["status"] = "PAUSED" if campaign.get("status") == "ACTIVE" else "ACTIVE"
    await sync(server)
    rows = server.select("structure", "id, valid_from, valid_until", f"WHERE account_id = '{account}'")
    first, second = date(2026, 11, 25), date(2026, 11, 26)
    assert sorted(row[1:] for row in rows if row[0] == campaign.id) == [(first, first), (second, second)]
    others = {row[1:] for row in rows if row[0] != campaign.id and (second, second) != row[1:]}
    assert (first, second) in others


async def test_a_plan_reads_no_figures_and_is_close_to_the_truth(server: StoreServer) -> None:
    plan = await sync(server, plan=True)
    assert not insights_days(server)
    assert not server.folder.exists()
    synced = await sync(server)
    assert plan["status"] == "planned"
    assert plan["requests"] / 2 <= synced["requests"] <= plan["requests"] * 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("last", [0, 2, 4, 5])
async def test_a_killed_sync_ends_as_an_undisturbed_one(tmp_path: Path, last: int, when: When) -> None:
    whole, killed = StoreServer(tmp_path / "whole"), StoreServer(tmp_path / "killed")
    account = whole.small[0]
    await sync(whole, account_ids=[account])
    transport = KillingTransport(killed.sandbox)
    transport.last, transport.when = last, when
    with suppress(Killed):
        await killed.start(transport).call("ads_sync", account_ids=[account], since=SINCE)
    assert transport.count == last + 1
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    before = len(killed.sandbox.log)
    await sync(killed, account_ids=[account])
    assert killed.content() == whole.content()
    # Pages that had arrived were not read again: only the accounts, today, and the request that was lost.
    assert len(killed.sandbox.log) - before <= len(whole.sandbox.log) - last + 2


async def test_a_damaged_file_is_set_aside_and_read_again(server: StoreServer) -> None:
    await sync(server)
    content = server.content()
    (path,) = server.folder.glob(f"insights_daily/account_id={server.small[0]}/*.parquet")
    data = path.read_bytes()
    for damage in (data[: len(data) // 2], data[:4] + bytes(len(data) - 200) + data[-196:], b""):
        path.write_bytes(damage)
        await sync(server)
        assert server.content() == content
        assert path.with_name(path.name + ".damaged").exists()


async def test_a_file_of_an_older_version_gets_the_new_columns(server: StoreServer) -> None:
    import duckdb  # noqa: PLC0415

    await sync(server)
    content = server.content()
    (path,) = server.folder.glob(f"insights_daily/account_id={server.small[0]}/*.parquet")
    ((coverage,),) = duckdb.sql(f"SELECT decode(value) FROM parquet_kv_metadata('{path}')").fetchall()
    duckdb.sql(f"CREATE TABLE old AS SELECT * EXCLUDE (link_clicks, account_id) FROM read_parquet('{path}')")
    duckdb.sql(f"COPY old TO '{path}' (FORMAT parquet, KV_METADATA {{coverage: '{coverage}'}})")
    server.clock.passed_s += DAY
    await sync(server)
    days = "date >= DATE '2026-11-03' AND date < DATE '2026-11-25'"
    clicks = dict(server.select("insights_daily", "ad_id || date, link_clicks", f"WHERE {days}"))
    assert len(content["insights_daily"]) >= len(clicks) > 0
    assert None not in clicks.values()


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of processes")
async def test_a_full_disk_ends_a_sync_with_what_it_has(server: StoreServer, tmp_path: Path) -> None:
    account = server.accounts[1]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
    try:
        answer = await server.start().call("ads_sync", account_ids=[account], since="2026-11-20")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answer.is_error or answer.structured["data"]["status"] == "stopped"
    assert "cannot be written" in answer.text
    await sync(server, account_ids=[account], since="2026-11-20")
    whole = StoreServer(tmp_path / "whole")
    await sync(whole, account_ids=[account], since="2026-11-20")
    assert server.content() == whole.content()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
async def test_files_are_private(server: StoreServer) -> None:
    await sync(server)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in server.folder.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}


async def test_accounts_that_are_not_allowed_are_not_synced(server: StoreServer) -> None:
    allowed, other = server.small
    engine = server.start(accounts=(allowed,))
    error = await engine.refused("ads_sync", account_ids=[other], since=SINCE)
    assert error["kind"] == "denied"
    data = await engine.data("ads_sync", all_accounts=True, since=SINCE)
    assert [row["account_id"] for row in data["accounts"]] == [allowed]


async def test_an_account_that_another_process_syncs_is_left_out(server: StoreServer) -> None:
    busy, free = server.small
    state = SyncState(server.folder)
    now = server.clock.now()
    state.database.execute("INSERT INTO locks VALUES (?, 'other', ?, ?)", (busy, os.getppid(), now + 60))
    data = await sync(server)
    assert {row["account_id"]: row["status"] for row in data["accounts"]} == {busy: "busy", free: "synced"}
    state.database.execute("UPDATE locks SET pid = 999999999")
    data = await sync(server)
    assert {row["status"] for row in data["accounts"]} == {"synced"}
    state.close()


async def test_time_that_is_up_leaves_the_rest_to_the_next_call(server: StoreServer) -> None:
    server.sandbox.usage.tier = "development_access"
    server.sandbox.usage.account_percent = 98.0
    data = await sync(server, max_wait_seconds=1)
    assert data["status"] == "incomplete"
    assert "ads_sync" in data["next_step"]
    server.sandbox.usage.account_percent = 1.0
    server.clock.passed_s += 400
    assert (await sync(server))["status"] == "synced"


async def test_an_empty_store_says_how_to_fill_it(server: StoreServer) -> None:
    error = await server.start().refused("ads_sync")
    assert error["kind"] == "not_found"
    assert "all_accounts" in error["next_step"]


async def test_without_the_extra_one_line_says_how_to_get_it(server: StoreServer) -> None:
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("duckdb", "_duckdb")}
    try:
        sys.modules["duckdb"] = None  # type: ignore[assignment]
        error = await server.start().refused("ads_sync", account_ids=server.small)
    finally:
        sys.modules.pop("duckdb")
        sys.modules.update(kept)
    for way in ("uv tool install", "pip install", "bundle"):
        assert way in error["next_step"]


async def test_a_first_day_that_lies_ahead_is_refused(server: StoreServer) -> None:
    tomorrow = (server.clock.moment() + timedelta(days=2)).date().isoformat()
    error = await server.start().refused("ads_sync", account_ids=server.small, since=tomorrow)
    assert error["kind"] == "invalid_arguments"
