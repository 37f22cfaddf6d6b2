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


# AdAccount.disable_reason (Meta docs, marketing-api/reference/ad-account). 0 means that the account is not disabled.
DISABLE_REASONS = [
    "ADS_INTEGRITY_POLICY",
    "ADS_IP_REVIEW",
    "RISK_PAYMENT",
    "GRAY_ACCOUNT_SHUT_DOWN",
    "ADS_AFC_REVIEW",
    "BUSINESS_INTEGRITY_RAR",
    "PERMANENT_CLOSE",
    "UNUSED_RESELLER_ACCOUNT",
    "UNUSED_ACCOUNT",
    "UMBRELLA_AD_ACCOUNT",
    "BUSINESS_MANAGER_INTEGRITY_POLICY",
    "MISREPRESENTED_AD_ACCOUNT",
    "AOAB_DESHARE_LEGAL_ENTITY",
    "CTX_THREAD_REVIEW",
    "COMPROMISED_AD_ACCOUNT",
]


@pytest.mark.parametrize(("code", "label"), [*enumerate(DISABLE_REASONS, 1), (99, "UNKNOWN")])
async def test_a_disabled_account_says_why(code: int, label: str) -> None:
    row = {"id": "act_1", "account_id": "1", "currency": "EUR", "account_status": 2, "disable_reason": code}
    data = (await call(ScriptedGraph({"act_1": row}), "ads_get_account_info", account_id="1")).structured["data"]
    assert data["disable_reason"] == {"code": code, "label": label}


async def test_an_object_on_two_edges_is_one_row() -> None:
    one, two = ({"id": f"act_{number}", "account_id": str(number), "currency": "EUR"} for number in (1, 2))
    scripted = ScriptedGraph({"5/owned_ad_accounts": rows(one, two), "5/client_ad_accounts": rows(two)})
    answer = (await call(scripted, "ads_get_ad_accounts", business_id="5")).structured
    assert [(row["id"], row["relation"]) for row in answer["data"]] == [("act_1", "owned"), ("act_2", "owned, client")]
    assert (answer["page"]["count"], answer["summary"]) == (2, "2 ad accounts of 5.")
    pages = ScriptedGraph({"5/owned_pages": rows({"id": "7", "name": "Shop"}), "5/client_pages": rows({"id": "7"})})
    (row,) = (await call(pages, "ads_get_pages_for_business", business_id="5")).structured["data"]
    assert row["source"] == "owned, client"
