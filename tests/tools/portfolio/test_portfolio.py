"""Many accounts in one answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.engine.engine import Options
from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.faults import SandboxResponse, graph_error
from tests.support.sandbox_engine import NOW, SandboxEngine, build_reader, records

SUMMARY, DIAGNOSE = "ads_portfolio_summary", "ads_diagnose_underperformance"


@pytest.fixture(scope="module")
def many() -> World:
    return World(today=NOW, accounts=60, ads=40)


@pytest.fixture
def portfolio(many: World) -> SandboxEngine:
    return build_reader(SandboxTransport(many, clock=lambda: NOW))


def ids(world: World) -> list[str]:
    return [f"act_{one}" for one in world.account_ids]


def members(demo: SandboxEngine) -> list[int]:
    """How many requests each round trip carried."""
    return [len(json.loads(one.params["batch"])) if "batch" in one.params else 1 for one in demo.sandbox.log]


def truth(world: World, account: str, since: str, until: str) -> Mapping[str, int]:
    return world.truth(account, date.fromisoformat(since), date.fromisoformat(until))


def only(kind: str, *, path: str) -> Any:
    return lambda call: "/".join(call.path) == path and call.method == kind


async def test_sixty_accounts_are_two_round_trips_and_one_request_each(portfolio: SandboxEngine, many: World) -> None:
    data = await portfolio.data(SUMMARY, account_ids=ids(many))
    assert members(portfolio) == [50, 10]
    named = {row["account_id"] for row in records(data["by_account"])} | {row["account_id"] for row in data["no_data"]}
    assert named == set(ids(many))


async def test_the_accounts_of_the_token_are_one_list_request_more(portfolio: SandboxEngine, many: World) -> None:
    data = await portfolio.data(SUMMARY)
    assert members(portfolio) == [1, 50, 10]
    assert len(data["by_account"]["rows"]) + len(data["no_data"]) == 60


async def test_every_figure_is_the_true_one_and_sums_stay_in_their_currency(
    portfolio: SandboxEngine, many: World
) -> None:
    data = await portfolio.data(SUMMARY, account_ids=ids(many), date_preset="last_7d")
    table = records(data["by_account"])
    sums: dict[str, dict[str, float]] = {}
    for row in table:
        true = truth(many, row["account_id"], row["since"], row["until"])
        units = offset(row["currency"]) or 0
        assert row["spend"] * units == pytest.approx(true["spend"])
        assert (row["impressions"], row["clicks"]) == (true["impressions"], true["clicks"])
        kept = sums.setdefault(row["currency"], {"spend": 0, "impressions": 0, "clicks": 0, "accounts": 0})
        for name, value in (("spend", true["spend"] / units), ("impressions", true["impressions"]), ("accounts", 1)):
            kept[name] += value
        kept["clicks"] += true["clicks"]
    assert len(sums) == 4
    assert {row["currency"] for row in data["totals"]} == sums.keys()
    for row in data["totals"]:
        found = {name: row[name] for name in sums[row["currency"]]}
        assert found == pytest.approx(sums[row["currency"]])
        assert row["ctr"] == pytest.approx(row["clicks"] / row["impressions"] * 100, rel=1e-3)
        assert "reach" not in row
    grand = sum(row["spend"] for row in data["totals"])
    assert str(round(grand, 2)) not in json.dumps(data)
    for currency in sums:
        shares = [row["share_of_currency_spend_pct"] for row in table if row["currency"] == currency]
        assert sum(shares) == pytest.approx(100, abs=0.1 * len(shares))


async def test_each_account_has_its_own_days(portfolio: SandboxEngine, many: World) -> None:
    """At 15:30 UTC it is the next day in Tokyo already."""
    answer = await portfolio.good(SUMMARY, account_ids=ids(many)[:3], date_preset="yesterday")
    days = {row["timezone_name"]: row["since"] for row in records(answer["data"]["by_account"])}
    assert days == {"America/New_York": "2026-10-13", "Europe/Berlin": "2026-10-13", "Asia/Tokyo": "2026-10-14"}
    assert any("Asia/Tokyo" in note for note in answer["notes"])


async def test_days_that_are_the_same_are_said_once(portfolio: SandboxEngine, many: World) -> None:
    data = await portfolio.data(SUMMARY, account_ids=ids(many)[:2])
    assert (data["since"], data["until"]) == ("2026-09-14", "2026-10-13")
    assert "since" not in data["by_account"]["columns"]


async def test_failed_accounts_are_named_and_in_no_sum(portfolio: SandboxEngine, many: World) -> None:
    first, second, third, *_ = ids(many)
    whole = await portfolio.data(SUMMARY, account_ids=[first, third])
    portfolio.sandbox.faults.add(only("GET", path=second), respond=graph_error(200, "No access"))
    answer = await portfolio.good(SUMMARY, account_ids=[first, second, third])
    data = answer["data"]
    assert [(row["account_id"], row["kind"]) for row in data["errors"]] == [(second, "permission")]
    assert data["errors"][0]["next_step"]
    assert data["totals"] == whole["totals"]
    assert "2 of 3 accounts delivered" in answer["summary"]
    assert "1 could not be read" in answer["summary"]


async def test_a_member_that_fails_for_a_moment_is_asked_again_alone(portfolio: SandboxEngine, many: World) -> None:
    second = ids(many)[1]
    portfolio.sandbox.faults.add(only("GET", path=second), respond=graph_error(2, is_transient=True, status=500))
    data = await portfolio.data(SUMMARY, account_ids=ids(many)[:3])
    assert members(portfolio) == [3, 1]
    assert data["errors"] == []
    assert len(data["by_account"]["rows"]) == 3


async def test_when_nothing_can_be_read_the_answer_is_the_error(portfolio: SandboxEngine, many: World) -> None:
    portfolio.sandbox.faults.add(lambda call: len(call.path) == 1, respond=graph_error(190, subcode=463), times=2)
    error = await portfolio.refused(SUMMARY, account_ids=ids(many)[:2])
    assert error["kind"] == "token"


async def test_accounts_without_delivery_are_named(portfolio: SandboxEngine, many: World) -> None:
    quiet = ids(many)[4]
    data = await portfolio.data(SUMMARY, account_ids=[ids(many)[0], quiet])
    assert data["no_data"] == [{"account_id": quiet, "account_name": "Copperline Fitness", "currency": "USD"}]
    assert [row["account_id"] for row in records(data["by_account"])] == [ids(many)[0]]
    assert [row["accounts"] for row in data["totals"]] == [1]


async def test_that_nobody_delivered_is_believed_only_of_the_insights_themselves(
    portfolio: SandboxEngine, many: World
) -> None:
    """A Graph that leaves the nested figures out looks like accounts that stand still."""
    known = await portfolio.data(SUMMARY, account_ids=ids(many)[:2])
    portfolio.sandbox.log.clear()
    node = {"id": ids(many)[0], "name": "Bare", "currency": "USD", "timezone_name": "UTC", "account_status": 1}
    for account in ids(many)[:2]:
        portfolio.sandbox.faults.add(only("GET", path=account), respond=SandboxResponse(200, node, {}))
    data = await portfolio.data(SUMMARY, account_ids=ids(many)[:2])
    spent = [[row["spend"] for row in records(found["by_account"])] for found in (known, data)]
    assert sorted(spent[0]) == sorted(spent[1])
    assert members(portfolio) == [2, 2]


async def test_the_allowlist_is_the_default_and_holds(many: World) -> None:
    allowed = ids(many)[1:3]
    demo = build_reader(SandboxTransport(many, clock=lambda: NOW))
    demo.engine.options = Options(accounts=tuple(allowed))
    demo.engine.__post_init__()
    data = await demo.data(SUMMARY)
    assert members(demo) == [2]
    assert {row["account_id"] for row in records(data["by_account"])} == set(allowed)
    assert (await demo.refused(SUMMARY, account_ids=ids(many)[:2]))["kind"] == "denied"


async def test_an_account_named_twice_counts_once(portfolio: SandboxEngine, many: World) -> None:
    one = ids(many)[0]
    data = await portfolio.data(SUMMARY, account_ids=[one, one.removeprefix("act_")])
    assert members(portfolio) == [1]
    assert [row["accounts"] for row in data["totals"]] == [1]


async def test_more_accounts_than_one_answer_holds_are_named_running_ones_first(many: World) -> None:
    crowd = World(today=NOW, accounts=62, ads=20)
    demo = build_reader(SandboxTransport(crowd, clock=lambda: NOW))
    answer = await demo.good(SUMMARY)
    left = [row["account_id"] for row in answer["data"]["not_asked"]]
    assert left == [ids(crowd)[61], ids(crowd)[4]], "the disabled account comes last"
    assert any("2 more accounts" in note for note in answer["notes"])


@pytest.mark.parametrize("accounts", [[], ["me"], [f"act_{n}" for n in range(1, 62)]])
async def test_what_is_no_list_of_accounts_is_refused_unsent(portfolio: SandboxEngine, accounts: list[str]) -> None:
    error = await portfolio.refused(SUMMARY, account_ids=accounts)
    assert error["kind"] == "invalid_arguments"
    assert portfolio.sandbox.log == []
