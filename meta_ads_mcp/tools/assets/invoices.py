"""List the invoices of a business with a credit line."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import list_result, tool_declaration
from meta_ads_mcp.core.params import ListParams, Wire
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import Day
from meta_ads_mcp.core.values.ids import BusinessId
from meta_ads_mcp.core.values.money import format_money, money, offset

# Not `download_uri` and `cdn_download_uri`: these links work without a login.
FIELDS = (
    "id invoice_id type invoice_type invoice_date due_date billing_period amount amount_due currency payment_status "
    "payment_term entity advertiser_name ad_account_ids liability_type"
)
NO_INVOICES = (
    "The business has no credit line, or no invoice in this period. Only businesses with monthly invoicing have "
    "invoices; payments by card are in Ads Manager only."
)


@tool(
    "ads_get_business_invoices",
    Effect.READ,
    get("{business_id}/business_invoices"),
    node="OmegaCustomerTrx",
    fields=FIELDS,
    identity="id",
    singular="invoice",
    keywords="bill monthly credit line owed due paid unpaid statement accounting",
)
class GetBusinessInvoices(ListParams):
    """List a business's monthly invoices: amount, what is due, period, accounts, with sums per currency.

    Only businesses with a credit line have them.
    """

    business_id: BusinessId
    start_date: Annotated[Day | None, Field(description="Billing period, with end_date")] = None
    end_date: Day | None = None
    issued_from: Annotated[Day | None, Wire("issue_start_date")] = None
    issued_until: Annotated[Day | None, Wire("issue_end_date")] = None
    invoice_id: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    type: Annotated[
        Literal["CM", "DM", "INV", "PRO_FORMA"] | None, Field(description="CM credit memo, DM debit memo")
    ] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for first, last in (("start_date", "end_date"), ("issued_from", "issued_until")):
            low, high = getattr(self, first), getattr(self, last)
            if low and high and high < low:
                raise ValueError(f"{last} must not be before {first}")
        return self

    async def run(self, call: Call) -> Result:
        path = f"{self.business_id}/business_invoices"
        with needing("business_management", "a finance role in the business"):
            listing = await call.graph.list(
                path,
                fields=FIELDS.split(),
                limit=self.limit,
                after=self.after,
                max_items=self.max_items,
                start_date=self.start_date,
                end_date=self.end_date,
                issue_start_date=self.issued_from,
                issue_end_date=self.issued_until,
                invoice_id=self.invoice_id,
                type=self.type,
            )
        if not listing.rows:
            call.note(NO_INVOICES)
        for sentence in _sums(listing.rows):
            call.note(sentence)
        return list_result(tool_declaration(self).singular, path, listing, refine=_with_money)


def _with_money(row: Row) -> Row:
    """Return the invoice with its amounts as money objects. Graph gives them as text in major units."""
    currency = str(row.get("currency") or "")
    due = row.get("amount_due")
    due_currency = str(due.get("currency") or currency) if isinstance(due, dict) else currency
    return {
        **row,
        "amount": _money(row.get("amount"), currency),
        "amount_due": _money(due.get("amount") if isinstance(due, dict) else due, due_currency),
    }


def _money(value: Any, currency: str) -> Any:
    minor = _minor(value, currency)
    return value if minor is None else money(minor, currency)


def _minor(value: Any, currency: str) -> int | None:
    """Return an amount of major units in minor units; None if it is not an amount, or the currency is not known."""
    units = offset(currency)
    try:
        return int(Decimal(str(value).replace(",", "")) * units) if units and value is not None else None
    except InvalidOperation:
        return None


def _sums(rows: list[Row]) -> list[str]:
    """Return a sentence per currency and payment state with the number and the sum of the invoices."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        currency = str(row.get("currency") or "")
        minor = _minor(row.get("amount"), currency)
        if minor is not None:
            sums[currency, str(row.get("payment_status") or "unknown")].append(minor)
    return [
        f"{len(amounts)} {state} in {currency}: {format_money(money(sum(amounts), currency))}."
        for (currency, state), amounts in sorted(sums.items())
    ]
