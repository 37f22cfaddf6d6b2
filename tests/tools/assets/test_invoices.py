"""Invoices with money, sums per currency and state, and never a link that works without a login."""

from __future__ import annotations

from tests.support.sandbox_engine import build_reader
from tests.support.scripted_graph import ScriptedGraph, rows

TOOL = "ads_get_business_invoices"


def invoice(number: int, amount: str, currency: str, status: str) -> dict[str, object]:
    return {
        "id": str(number),
        "amount": amount,
        "currency": currency,
        "payment_status": status,
        "amount_due": {"amount": "0.00" if status == "PAID" else amount, "currency": currency},
    }


async def test_invoices_of_a_period_are_asked_for_without_their_links() -> None:
    graph = ScriptedGraph({"31/business_invoices": rows(invoice(1, "1,234.50", "USD", "PAID"))})
    data = await graph.data(TOOL, business_id="31", start_date="2026-10-01", end_date="2026-10-31")
    assert graph.params("31/business_invoices") == {"start_date": "2026-10-01", "end_date": "2026-10-31", "limit": 25}
    assert not {"download_uri", "cdn_download_uri"} & set(graph.fields("31/business_invoices"))
    assert graph.complaints(_31="Business") == []
    assert data[0]["amount"] == {"minor": 123450, "amount": "1234.50", "currency": "USD"}
    await graph.data(TOOL, business_id="31", issued_from="2026-11-01", issued_until="2026-11-30", type="CM")
    params = graph.params("31/business_invoices")
    assert (params["issue_start_date"], params["issue_end_date"], params["type"]) == ("2026-11-01", "2026-11-30", "CM")


async def test_sums_are_per_currency_and_state() -> None:
    three = [
        invoice(1, "10.10", "USD", "PAID"),
        invoice(2, "0.20", "USD", "PAID"),
        invoice(3, "5000", "JPY", "UNPAID"),
    ]
    answer = await ScriptedGraph({"31/business_invoices": rows(*three)}).call(TOOL, business_id="31")
    notes = answer.structured["notes"]
    assert "2 PAID in USD: 10.30 USD." in notes
    assert "1 UNPAID in JPY: 5,000 JPY." in notes


async def test_no_invoices_are_explained() -> None:
    answer = await ScriptedGraph({"31/business_invoices": rows()}).call(TOOL, business_id="31")
    assert "no credit line, or no invoice" in str(answer.structured["notes"])


async def test_a_period_that_ends_before_it_starts_sends_nothing() -> None:
    graph = ScriptedGraph({})
    await graph.error(TOOL, business_id="31", start_date="2026-10-31", end_date="2026-10-01")
    assert graph.sent == []


async def test_the_demo_has_invoices_and_no_link_is_shown() -> None:
    desk = build_reader()
    answer = await desk.good(TOOL, business_id=desk.world.business_id)
    assert {row["type"] for row in answer["data"]} == {"INV", "CM"}
    assert "UNPAID" in str(answer["notes"])
    assert "http" not in str(answer["data"])
