"""`ads_get_pacing`: budgets of months, from `clients.toml` or an argument, with figures of the store or of Graph."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.stored_figures import StoreServer, new_store_world


@pytest.fixture
def server(tmp_path: Path) -> StoreServer:
    return StoreServer(tmp_path)


def write_clients(server: StoreServer, text: str) -> None:
    (server.state_dir / "clients.toml").write_text(text, encoding="utf-8")


async def only_client(server: StoreServer, **arguments: Any) -> Any:
    data = await server.start().data("ads_get_pacing", **arguments)
    (client,) = data["clients"]
    return client


async def test_spent_is_the_truth_of_the_month(server: StoreServer) -> None:
    account = server.small[0]
    client = await only_client(server, account_id=account, monthly_budget=5000)
    truth = server.sandbox.world.truth(account, date(2026, 11, 1), date(2026, 11, 24))
    units = 100 if client["currency"] != "JPY" else 1
    assert client["spent"] == pytest.approx(truth["spend"] / units)
    assert client["expected_by_now"] == pytest.approx(5000 * 24 / 30)
    forecast = client["forecast"]
    assert client["spent"] <= forecast["low"] <= forecast["spend"] <= forecast["high"]
    assert client["held_out"]["forecasts"] > 0


async def test_the_store_gives_the_same_figures_without_a_request(server: StoreServer) -> None:
    account = server.small[0]
    arguments = {"account_id": account, "monthly_budget": 5000}
    from_graph = await only_client(server, **arguments)
    await server.start().data("ads_sync", account_ids=[account], since="2026-05-01")
    server.sandbox.log.clear()
    stored = await only_client(server, **arguments)
    assert (from_graph["source"], stored["source"]) == ("graph", "store")
    assert not [entry for entry in server.sandbox.log if entry.path.endswith("/insights")]
    assert {**stored, "source": ""} == {**from_graph, "source": ""}


async def test_the_correction_brings_the_forecast_to_the_budget(server: StoreServer) -> None:
    account = server.small[0]
    first = await only_client(server, account_id=account, monthly_budget=10)
    assert first["status"] == "budget spent"
    assert "correction" not in first
    budget = first["forecast"]["spend"] * 1.2
    client = await only_client(server, account_id=account, monthly_budget=budget)
    assert client["status"] == "under"
    rest = client["forecast"]["spend"] - client["spent"]
    percent = client["correction"]["budget_change_percent"]
    assert client["spent"] + rest * (1 + percent / 100) == pytest.approx(budget, rel=0.01)
    (call,) = client["correction"]["calls"]
    assert call["arguments"]["dry_run"] is True
    on_track = await only_client(server, account_id=account, monthly_budget=first["forecast"]["spend"])
    assert on_track["status"] == "on track"


async def test_clients_of_the_file_are_read_and_the_worst_is_first(server: StoreServer) -> None:
    one, two = server.small
    write_clients(server, f'[clients.a]\naccounts = ["{one}"]\nmonthly_budget = 1\n'
                          f'[clients.b]\nname = "Bee"\naccounts = ["{two}"]\nmonthly_budget = 9000000\n')  # fmt: skip
    data = await server.start().data("ads_get_pacing")
    assert [client["client"] for client in data["clients"]] == ["a", "Bee"]
    assert (await only_client(server, clients=["bee"]))["client"] == "Bee"
    limited = await server.start(accounts=(two,)).data("ads_get_pacing")
    assert [client["client"] for client in limited["clients"]] == ["Bee"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[clients.a]\naccounts = ['act_1']\n", "monthly_budget"),
        ("[clients.a]\nmonthly_budget = 5\n", "accounts"),
        ("[clients.a]\naccounts = ['x']\nmonthly_budget = 5\n", "not an id"),
        ("[clients.a]\naccounts = ['act_1']\nmonthly_budget = -5\n", "above 0"),
        ("[clients.a]\naccounts = ['act_1']\nmonthly_budget = 5\nbudget = 3\n", "unknown key"),
        (
            "[clients.a]\naccounts = ['act_1']\nmonthly_budget = 5\nstart = 2026-11-05\nend = 2026-11-01\n",
            "ends before",
        ),
        ("[clients.a]\naccounts = ['act_1']\nmonthly_budget = 5\nstart = 'soon'\n", "not a day"),
        ("clients = 3", "no table"),
        ("[clients", "cannot be read"),
    ],
)
async def test_a_wrong_file_is_refused_with_the_reason(server: StoreServer, text: str, words: str) -> None:
    write_clients(server, text)
    error = await server.start().refused("ads_get_pacing")
    assert error["kind"] == "invalid_arguments"
    assert words in error["message"]
    assert "monthly_budget = 5000" in error["next_step"]


async def test_without_a_file_the_answer_shows_one(server: StoreServer) -> None:
    error = await server.start().refused("ads_get_pacing")
    assert error["kind"] == "not_found"
    assert "[clients.acme]" in error["next_step"]


async def test_accounts_of_two_currencies_have_no_common_budget(server: StoreServer) -> None:
    usd, eur = server.accounts[:2]
    write_clients(server, f'[clients.a]\naccounts = ["{usd}", "{eur}"]\nmonthly_budget = 5\n')
    error = await server.start().refused("ads_get_pacing")
    assert "currencies" in error["message"]


async def test_an_account_that_is_named_twice_counts_once(server: StoreServer) -> None:
    account = server.small[0]
    once = await only_client(server, account_id=account, monthly_budget=5000)
    write_clients(server, f'[clients.a]\naccounts = ["{account}", "{account[4:]}"]\nmonthly_budget = 5000\n')
    assert (await only_client(server))["spent"] == once["spent"]


async def test_a_period_that_begins_later_has_a_forecast_of_its_own_days(server: StoreServer) -> None:
    account = server.small[0]
    text = f'[clients.a]\naccounts = ["{account}"]\nmonthly_budget = 5000\nstart = 2026-11-{{}}\n'
    write_clients(server, text.format("29"))
    late = await only_client(server)
    write_clients(server, text.format("25"))
    now = await only_client(server)
    assert (late["days_left"], now["days_left"]) == (2, 6)
    assert late["spent"] == late["expected_by_now"] == 0
    assert 0 < late["forecast"]["spend"] < now["forecast"]["spend"] / 2


async def test_a_day_ends_when_it_is_over_in_all_time_zones(tmp_path: Path) -> None:
    server = StoreServer(tmp_path, new_store_world())
    facts = {"currency": "EUR", "timezone_name": "Pacific/Kiritimati", "timezone_offset_hours_utc": 14}
    first, second = server.small
    for account, changes in ((first, facts), (second, {"currency": "EUR", "timezone_name": "Europe/Berlin"})):
        server.start().store.nodes[account].fields.update(changes)
    assert (await only_client(server, account_id=first, monthly_budget=9))["days_left"] == 5
    for accounts in (f'"{first}", "{second}"', f'"{second}", "{first}"'):
        write_clients(server, f"[clients.a]\naccounts = [{accounts}]\nmonthly_budget = 5000\n")
        assert (await only_client(server))["days_left"] == 6


@pytest.mark.parametrize(
    ("first", "second", "overlaps"),
    [("", "", True), ('campaigns = ["1"]', "", True), ('campaigns = ["1", "2"]', 'campaigns = ["2"]', True),
     ('campaigns = ["1"]', 'campaigns = ["2"]', False)],
)  # fmt: skip
async def test_clients_that_count_the_same_spend_are_named(
    server: StoreServer, first: str, second: str, overlaps: bool
) -> None:
    entry = f'accounts = ["{server.small[0]}"]\nmonthly_budget = 500\n'
    write_clients(server, f"[clients.ada]\n{entry}{first}\n[clients.bob]\n{entry}{second}\n")
    answer = await server.start().good("ads_get_pacing")
    assert any("ada and bob count the same spend" in note for note in answer["notes"]) == overlaps


async def test_a_currency_that_the_accounts_do_not_have_is_refused(server: StoreServer) -> None:
    account = server.small[0]
    currency = (await only_client(server, account_id=account, monthly_budget=5000))["currency"]
    text = f'[clients.a]\naccounts = ["{account}"]\nmonthly_budget = 5000\ncurrency = '
    write_clients(server, f'{text}"{currency}"')
    assert (await only_client(server))["currency"] == currency
    for wrong in ('"CHF"', '"euro"', "5"):
        write_clients(server, text + wrong)
        error = await server.start().refused("ads_get_pacing")
        assert error["kind"] == "invalid_arguments"
