"""Billing: money objects in every currency, and a cap of 0 that is no cap."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import Transient
from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, rows

PATH = "act_2"
MINIMA = rows({"currency": "USD", "min_daily_budget_imp": 100}, {"currency": "JPY", "min_daily_budget_imp": 130})


def account(**more: Any) -> dict[str, Any]:
    return {"id": PATH, "account_id": "2", "name": "Shop", "currency": "JPY", "timezone_name": "Asia/Tokyo", **more}


async def limit(**more: Any) -> Any:
    graph = ScriptedGraph({PATH: account(**more), f"{PATH}/minimum_budgets": MINIMA})
    return (await call(graph, "ads_get_spend_limit", account_id="2")).structured


@pytest.mark.parametrize(
    ("cap", "spent", "remaining", "percent"),
    [
        ("100000", "25000", {"minor": 75000, "amount": "75000", "currency": "JPY"}, 25.0),
        ("100000", "0", {"minor": 100000, "amount": "100000", "currency": "JPY"}, 0.0),
        ("100", "150", {"minor": 0, "amount": "0", "currency": "JPY"}, 150.0),
    ],
)
async def test_what_is_left_of_a_cap(cap: str, spent: str, remaining: dict[str, Any], percent: float) -> None:
    data = (await limit(spend_cap=cap, amount_spent=spent))["data"]
    assert (data["has_spend_cap"], data["remaining"], data["percent_used"]) == (True, remaining, percent)
    assert data["spend_cap"]["amount"] == cap


@pytest.mark.parametrize("cap", ["0", None])
async def test_no_cap_leaves_nothing_to_remain(cap: str | None) -> None:
    answer = await limit(spend_cap=cap, amount_spent="25000")
    assert answer["data"]["has_spend_cap"] is False
    assert not {"remaining", "percent_used", "spend_cap"} & set(answer["data"])
    assert any("no spend cap" in note for note in answer["notes"])


async def test_the_minima_are_those_of_the_accounts_currency() -> None:
    data = (await limit(spend_cap="0", amount_spent="0"))["data"]
    assert data["minimum_budgets"]["min_daily_budget_imp"] == {"minor": 130, "amount": "130", "currency": "JPY"}


async def test_minima_that_cannot_be_read_are_named() -> None:
    graph = ScriptedGraph({PATH: account(spend_cap="0"), f"{PATH}/minimum_budgets": Transient("later")})
    answer = await call(graph, "ads_get_spend_limit", account_id="2")
    assert any("minimum budgets" in note for note in answer.structured["notes"])


async def test_billing_is_told_as_meta_gives_it() -> None:
    funding = {"id": "9", "display_string": "Visa *4242", "type": 1}
    row = account(balance="1200", amount_spent="5", account_status=3, funding_source_details=funding)
    data = (await call(ScriptedGraph({PATH: row}), "ads_get_billing_info", account_id="act_2")).structured["data"]
    assert data["balance"] == {"minor": 1200, "amount": "1200", "currency": "JPY"}
    assert data["account_status"] == {"code": 3, "label": "UNSETTLED"}
    assert data["funding_source_details"]["display_string"] == "Visa *4242"
    assert data["funding_source_details"]["type"] == {"code": 1, "label": "CREDIT_CARD"}


async def test_without_the_task_there_is_no_payment_method_and_no_error() -> None:
    answer = await call(ScriptedGraph({PATH: account()}), "ads_get_billing_info", account_id="2")
    assert any("MANAGE" in note for note in answer.structured["notes"])


async def test_both_work_on_the_sandbox(demo: SandboxEngine, account: str, small_account: str) -> None:
    capped = await demo.data("ads_get_spend_limit", account_id=account)
    assert capped["remaining"]["minor"] == capped["spend_cap"]["minor"] - capped["amount_spent"]["minor"]
    assert (await demo.data("ads_get_spend_limit", account_id=small_account))["has_spend_cap"] is False
    assert (await demo.data("ads_get_billing_info", account_id=account))["funding_source_details"]


async def test_the_accounts_own_page_names_the_kind_of_payment_too() -> None:
    graph = ScriptedGraph({PATH: account(funding_source_details={"id": "9", "display_string": "Invoice", "type": 6})})
    data = (await call(graph, "ads_get_account_info", account_id="2")).structured["data"]
    assert data["funding_source_details"]["type"] == {"code": 6, "label": "INVOICE"}
