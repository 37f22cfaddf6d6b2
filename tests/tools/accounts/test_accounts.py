"""Ad accounts: what is required of them, their amounts, and lists over several pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.scripted_graph import ScriptedGraph, call, rows


@pytest.mark.parametrize(
    ("country", "required"), [("DE", True), ("RE", True), ("US", False), ("GB", False), (None, None)]
)
async def test_an_account_says_whether_the_dsa_asks_something_of_it(country: str | None, required: bool | None) -> None:
    shown = {"business_country_code": country} if country else {}
    scripted = ScriptedGraph({"act_1": {"id": "act_1", "account_id": "1", "currency": "EUR", **shown}})
    data = (await call(scripted, "ads_get_account_info", account_id="1")).structured["data"]
    assert data.get("dsa_required") is required
    assert "business_country_code" in scripted.fields("act_1")


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [("USD", 12345, "123.45"), ("JPY", 12345, "12345"), ("KRW", 7, "7"), ("CLP", 990, "990"), ("HUF", 100, "100")],
)
async def test_amounts_are_in_the_currencys_own_unit(currency: str, minor: int, amount: str) -> None:
    row = {"id": "act_1", "account_id": "1", "currency": currency, "amount_spent": str(minor), "balance": str(minor)}
    data = (await call(ScriptedGraph({"act_1": row}), "ads_get_account_info", account_id="1")).structured["data"]
    assert data["amount_spent"] == data["balance"] == {"minor": minor, "amount": amount, "currency": currency}


@pytest.mark.parametrize(
    ("arguments", "count", "requests"),
    [({}, 60, 3), ({"limit": 500}, 60, 3), ({"limit": 40}, 40, 2), ({"limit": 10}, 10, 1)],
)
async def test_the_list_of_accounts_follows_short_pages(arguments: dict[str, Any], count: int, requests: int) -> None:
    accounts = [{"id": f"act_{number}", "account_id": str(number), "currency": "EUR"} for number in range(60)]

    def page(request: Any) -> Any:
        start = int(request.params.get("after") or 0)
        stop = start + min(20, request.params["limit"])
        return rows(*accounts[start:stop], after=str(stop) if stop < len(accounts) else None)

    scripted = ScriptedGraph({"me/adaccounts": page})
    answer = (await call(scripted, "ads_get_ad_accounts", **arguments)).structured
    assert [row["id"] for row in answer["data"]] == [row["id"] for row in accounts[:count]]
    assert answer["page"]["has_more"] is (count < 60)
    assert answer["page"].get("after") == (str(count) if count < 60 else None)
    assert len(scripted.asked) == requests
