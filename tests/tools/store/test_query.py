"""`ads_query`: questions by SQL over the store, and everything that is refused."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.analysis.query.name_templates import NameTemplate
from meta_ads_mcp.errors import AdsError, DataLimit
from meta_ads_mcp.server.resources import schema_text
from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.select_query import StoreQuery
from meta_ads_mcp.store.store_tables import ACCOUNTS, TABLES, view_columns
from tests.support.hostile_sql import HOSTILE, SLOW
from tests.support.sandbox_engine import SandboxEngine, records
from tests.support.stored_figures import StoreServer

SECRET = "the-secret-of-the-file"
SINCE = "2026-11-20"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> StoreServer:
    """A store of two small accounts, in different currencies."""
    server = StoreServer(tmp_path_factory.mktemp("state"))
    answer = asyncio.run(server.start().call("ads_sync", account_ids=server.small, since=SINCE))
    assert not answer.is_error, answer.text
    return server


async def ask(engine: SandboxEngine, sql: str, **arguments: Any) -> list[dict[str, Any]]:
    return records(await engine.data("ads_query", sql=sql, **arguments))


async def test_sums_are_those_of_the_files(server: StoreServer) -> None:
    sql = "SELECT account_id, currency, sum(spend) spend, sum(impressions) impressions FROM insights_daily GROUP BY ALL"
    rows = await ask(server.start(), f"{sql} ORDER BY account_id")
    raw = server.select("insights_daily", "account_id, sum(spend)::DOUBLE", "GROUP BY 1 ORDER BY 1")
    assert [(row["account_id"], row["spend"]) for row in rows] == [(account, round(spend, 6)) for account, spend in raw]


async def test_every_column_of_the_schema_can_be_selected(server: StoreServer) -> None:
    engine = server.start()
    for view in (ACCOUNTS, *TABLES):
        columns = ", ".join(column.name for column in view_columns(view))
        await engine.data("ads_query", sql=f"SELECT {columns} FROM {view} LIMIT 2")


async def test_the_examples_of_the_schema_run(server: StoreServer) -> None:
    engine = server.start()
    for sql in json.loads(schema_text())["examples"].values():
        await engine.data("ads_query", sql=sql)


async def test_sums_over_currencies_are_cautioned_and_groups_are_not(server: StoreServer) -> None:
    engine = server.start()
    mixed = await engine.good("ads_query", sql="SELECT sum(spend) FROM insights_daily")
    assert any("several currencies" in note for note in mixed["notes"])
    for sql in ("SELECT currency, sum(spend) FROM insights_daily GROUP BY 1", "SELECT sum(clicks) FROM insights_daily"):
        grouped = await engine.good("ads_query", sql=sql)
        assert not any("several currencies" in note for note in grouped["notes"])


@pytest.mark.parametrize(
    ("sql", "near"),
    [
        ("SELECT spnd FROM insights_daily", "spend"),
        ("SELECT i.campain_name FROM insights_daily i", "campaign_name"),
        ("SELECT sum(purchases) FROM insights_daily", "purchase"),
        ("SELECT daily_buget FROM structure", "daily_budget"),
        ("SELECT 1 FROM insights_dialy", "insights_daily"),
        ("SELECT meidan(spend) FROM insights_daily", "median"),
    ],
)
async def test_an_unknown_name_is_answered_with_the_nearest(server: StoreServer, sql: str, near: str) -> None:
    error = await server.start().refused("ads_query", sql=sql)
    assert error["kind"] == "invalid_arguments"
    assert f"{near}" in error["next_step"]


async def test_an_empty_table_of_breakdowns_says_how_it_is_filled(server: StoreServer) -> None:
    answer = await server.start().good("ads_query", sql="SELECT age, sum(spend) FROM insights_by_age_gender GROUP BY 1")
    assert any('breakdowns=["age_gender"]' in note for note in answer["notes"])
    assert not any("several currencies" in note for note in answer["notes"])


async def test_rows_beyond_the_limit_are_announced(server: StoreServer) -> None:
    answer = await server.start().good("ads_query", sql="SELECT * FROM range(50)", limit=7)
    assert len(answer["data"]["rows"]) == 7
    assert "more" in answer["summary"]


def test_there_are_400_hostile_statements() -> None:
    assert len(set(HOSTILE)) >= 400


async def test_hostile_statements_are_refused_or_harmless(server: StoreServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    allowed, other = server.small
    secret, new = server.state_dir / "secret.csv", server.state_dir / "new"
    secret.write_text(SECRET)
    (other_file,) = server.folder.glob(f"insights_daily/account_id={other}/*.parquet")
    places = {"file": secret, "new": new, "other": other_file, "folder": server.folder, "other_account": other}
    before, engine = server.content(), server.start(accounts=(allowed,))
    files = set(server.state_dir.rglob("*"))
    for template in HOSTILE:
        if template in SLOW:
            continue
        sql = template
        for name, value in places.items():
            sql = sql.replace("{" + name + "}", str(value))
        answer = await engine.call("ads_query", sql=sql)
        text = json.dumps(answer.structured.get("data")) if not answer.is_error else ""
        assert SECRET not in text, sql
        assert other not in text, sql
        assert str(server.state_dir) not in text, sql
        assert answer.structured.get("error", {}).get("kind") != "internal", sql
    assert set(server.state_dir.rglob("*")) == files
    assert server.content() == before


@pytest.mark.parametrize("sql", SLOW, ids=range(len(SLOW)))
def test_a_query_without_end_is_stopped(server: StoreServer, sql: str) -> None:
    query = StoreQuery(StoreFolder(server.folder), sql, [{"account_id": server.small[0]}], 10, seconds=0.3)
    with pytest.raises(AdsError) as refused:
        asyncio.run(query.run())
    assert refused.value.kind in (DataLimit.kind, "invalid_arguments")


async def test_a_cancelled_query_ends_at_once(server: StoreServer) -> None:
    sql = "SELECT count(*) FROM range(100000000000) a, range(1000000) b"
    query = StoreQuery(StoreFolder(server.folder), sql, [{"account_id": server.small[0]}], 10, seconds=30)
    task = asyncio.create_task(query.run())
    await asyncio.sleep(0.05)
    task.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_an_account_that_is_not_allowed_is_not_found(server: StoreServer) -> None:
    allowed, other = server.small
    engine = server.start(accounts=(allowed,))
    rows = await ask(engine, "SELECT DISTINCT account_id FROM insights_daily UNION SELECT account_id FROM accounts")
    assert [row["account_id"] for row in rows] == [allowed]
    answer = await engine.call("ads_query", sql="SELECT 1", account_ids=[other])
    assert answer.is_error


async def test_a_damaged_file_is_left_out_with_a_note(tmp_path: Path) -> None:
    server = StoreServer(tmp_path)
    await server.start().data("ads_sync", account_ids=server.small, since=SINCE)
    (path,) = server.folder.glob(f"insights_daily/account_id={server.small[0]}/*.parquet")
    path.write_bytes(path.read_bytes()[:500])
    answer = await server.start().good("ads_query", sql="SELECT DISTINCT account_id FROM insights_daily")
    assert answer["data"]["rows"] == [[server.small[1]]]
    assert any("damaged" in note for note in answer["notes"])


WRITER = """
import sys
from datetime import date
from pathlib import Path
from meta_ads_mcp.store.files import StoreFolder
from meta_ads_mcp.store.store_tables import INSIGHTS_DAILY
folder = StoreFolder(Path(sys.argv[1]))
for turn in range(1, 13):
    rows = [{"date": "2026-11-01", "ad_id": str(n), "impressions": turn} for n in range(400)]
    folder.replace_days(INSIGHTS_DAILY, "act_1", (date(2026, 11, 1), date(2026, 11, 1)), rows, date(2026, 11, 2))
"""


def test_a_reader_never_sees_a_part_of_a_file_that_is_being_replaced(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], env=dict(os.environ))
    folder, seen = StoreFolder(tmp_path), set()
    sql = "SELECT count(*), min(impressions), max(impressions) FROM insights_daily"
    while writer.poll() is None:
        answer = asyncio.run(StoreQuery(folder, sql, [{"account_id": "act_1"}], 5).run())
        ((count, low, high),) = answer.rows
        assert not answer.bad_files
        assert (count, low) in ((0, None), (400, high))
        seen.add(high)
    assert writer.returncode == 0
    assert len(seen) > 2


def test_the_connection_itself_reaches_no_file(server: StoreServer) -> None:
    """The second lock, if the check of statements had a hole."""
    import duckdb  # noqa: PLC0415

    from meta_ads_mcp.store.views import data_files, open_views  # noqa: PLC0415

    allowed, other = server.small
    files = data_files(StoreFolder(server.folder), ["insights_daily"], [allowed])
    (other_file,) = server.folder.glob(f"insights_daily/account_id={other}/*.parquet")
    with closing(open_views(["insights_daily"], files, [], {})) as connection:
        assert connection.execute("SELECT count(*) FROM insights_daily").fetchone()[0] > 0
        for sql in (
            f"SELECT * FROM '{other_file}'",
            "SELECT * FROM read_text('/etc/hostname')",
            f"COPY (SELECT 1) TO '{server.state_dir / 'new'}'",
            f"COPY (SELECT 1) TO '{files[0].path}'",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
            "INSTALL httpfs",
            f"ATTACH '{server.state_dir / 'new'}' AS x",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql).fetchall()


async def test_names_are_split_by_a_template_and_those_that_do_not_match_are_counted(server: StoreServer) -> None:
    engine = server.start()
    names = [row[0] for row in server.select("insights_daily", "DISTINCT campaign_name")]
    text = names[0][:-1] + "{last}"
    expected = {values["last"] if (values := NameTemplate.read(text).split(name)) else "unmatched" for name in names}
    sql = "SELECT campaign_last, currency, sum(spend) AS spend FROM insights_daily GROUP BY ALL"
    answer = await engine.good("ads_query", sql=sql, name_templates={"campaign": text})
    assert {row["campaign_last"] for row in records(answer["data"])} == expected
    misses = [name for name in names if NameTemplate.read(text).split(name) is None]
    assert any(f"{len(misses)} of {len(names)} campaign names do not match" in note for note in answer["notes"])


async def test_templates_of_the_file_hold_for_all_accounts_or_for_one(server: StoreServer) -> None:
    first, second = server.small
    file = server.state_dir / "naming.toml"
    file.write_text(f'campaign = "{{all}}"\n[accounts.{first}]\ncampaign = "{{word}} {{*}}"\n')
    engine = server.start()
    try:
        for view, name in (("insights_daily", "campaign_name"), ("structure", "name")):
            sql = f"SELECT DISTINCT account_id, {name}, campaign_all, campaign_word FROM {view}"
            rows = await ask(engine, sql + (" WHERE level = 'campaign'" if view == "structure" else ""), limit=2000)
            for row in rows:
                is_first = row["account_id"] == first
                word = row[name].partition(" ")[0] if " " in row[name] else "unmatched"
                assert row["campaign_word"] == (word if is_first else None)
                assert row["campaign_all"] == (None if is_first else row[name])
            assert {row["account_id"] for row in rows} == {first, second}
        error = await engine.refused("ads_query", sql="SELECT campaign_wrd FROM insights_daily")
        assert "campaign_word" in error["next_step"]
        for content in ("campaign = 5", "campaing = '{a}'", "campaign = '{name}'", "[accounts.acme]\nad = '{a}'", "="):
            file.write_text(content)
            error = await engine.refused("ads_query", sql="SELECT 1 FROM insights_daily")
            assert error["kind"] == "invalid_arguments"
    finally:
        file.unlink()


async def test_a_picture_has_each_currency_apart_or_is_not_drawn(server: StoreServer) -> None:
    engine = server.start()
    sql = "SELECT date, currency, sum(spend) AS spend FROM insights_daily GROUP BY ALL"
    answer = await engine.call("ads_query", sql=sql, chart=True)
    assert [image[:4] for image in answer.images] == [b"\x89PNG"]
    for mixed in (
        "SELECT date, sum(spend) AS spend FROM insights_daily GROUP BY date",
        "SELECT account_id, sum(spend) AS spend FROM insights_daily GROUP BY 1",
    ):
        answer = await engine.call("ads_query", sql=mixed, chart=True)
        assert not answer.images
        assert any("several currencies" in note for note in answer.structured["notes"])
    first = server.small[0]
    answer = await engine.call("ads_query", sql=mixed, chart=True, account_ids=[first])
    assert answer.images
