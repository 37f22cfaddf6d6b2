"""`ads_get_pacing`: budgets of months, from `clients.toml` or an argument, with figures of the store or of Graph."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.stored_figures import StoreServer


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
