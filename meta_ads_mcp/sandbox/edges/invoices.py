"""Monthly invoices of a business with a credit line. Source: SDK class OmegaCustomerTrx."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import uniforms
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves

Json = Any
MONTHS = 6
# The last month is unpaid, and one month has a credit memo.
UNPAID_MONTH, CREDIT_MONTH = 1, 3


@serves("GET", "Business/business_invoices")
def invoices(ask: Ask) -> EdgeListing:
    """Return the invoices of the agency, newest first; another business has no credit line."""
    if ask.node.id != ask.graph.world.business_id:
        return EdgeListing([])
    today = ask.graph.clock().date()
    rows = [row for back in range(1, MONTHS + 1) for row in _of_month(ask, today, back)]
    return EdgeListing([row for row in rows if _fits(row, ask)])


def _fits(row: dict[str, Json], ask: Ask) -> bool:
    start, end = row["billing_period"].split(" - ")
    params = ask.params
    return (
        params.get("type") in (None, row["type"])
        and params.get("invoice_id") in (None, row["invoice_id"])
        and end >= str(params.get("start_date") or "")
        and start <= str(params.get("end_date") or "9999")
        and row["invoice_date"] >= str(params.get("issue_start_date") or "")
        and row["invoice_date"] <= str(params.get("issue_end_date") or "9999")
    )


def _of_month(ask: Ask, today: date, back: int) -> list[dict[str, Json]]:
    index = today.year * 12 + today.month - 1 - back
    first = date(index // 12, index % 12 + 1, 1)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    issue_index = index + 1
    issue_date = date(issue_index // 12, issue_index % 12 + 1, 3)
    amount = round(18_000 + 9_000 * uniforms("invoice", ask.node.id, index)[0], 2)
    number = f"FBADS-{first:%y%m}-0042"
    row: dict[str, Json] = {
        "id": f"90{index:013d}",
        "invoice_id": number,
        "type": "INV",
        "invoice_type": "MONTHLY",
        "invoice_date": issue_date.isoformat(),
        "due_date": issue_date.replace(day=28).isoformat(),
        "billing_period": f"{first.isoformat()} - {last.isoformat()}",
        "amount": f"{amount:.2f}",
        "amount_due": {"amount": f"{amount if back == UNPAID_MONTH else 0:.2f}", "currency": "USD"},
        "currency": "USD",
        "payment_status": "UNPAID" if back == UNPAID_MONTH else "PAID",
        "payment_term": "NET 30",
        "entity": "Meta Platforms, Inc.",
        "advertiser_name": ask.node.get("name"),
        "ad_account_ids": list(ask.graph.world.account_ids[:1]),
        "liability_type": "SEQUENTIAL",
        "download_uri": f"https://business.facebook.com/invoice/{number}?sandbox",
        "cdn_download_uri": f"https://cdn.sandbox.example/{number}.pdf",
    }
    if back != CREDIT_MONTH:
        return [row]
    credit = {**row, "id": f"91{index:013d}", "invoice_id": f"{number}-CM", "type": "CM", "amount": "-250.00"}
    return [{**credit, "amount_due": {"amount": "0.00", "currency": "USD"}}, row]
