"""Ad accounts and the Pages they can promote."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList, selection
from meta_ads_mcp.core.params import ListParams, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Listing, Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AccountId, BusinessId, UserId
from meta_ads_mcp.domain.preflight import DSA_COUNTRIES

ACCOUNT_FIELDS = (
    "id account_id name account_status currency timezone_name business_name amount_spent balance spend_cap age "
    "created_time disable_reason"
)
# AdAccount.account_status and disable_reason are integers; the words are Meta's (docs,
# marketing-api/reference/ad-account).
ACCOUNT_STATUS = {
    1: "ACTIVE",
    2: "DISABLED",
    3: "UNSETTLED",
    7: "PENDING_RISK_REVIEW",
    8: "PENDING_SETTLEMENT",
    9: "IN_GRACE_PERIOD",
    100: "PENDING_CLOSURE",
    101: "CLOSED",
    201: "ANY_ACTIVE",
    202: "ANY_CLOSED",
}
DISABLE_REASON = {
    0: "NONE",
    1: "ADS_INTEGRITY_POLICY",
    2: "ADS_IP_REVIEW",
    3: "RISK_PAYMENT",
    4: "GRAY_ACCOUNT_SHUT_DOWN",
    5: "ADS_AFC_REVIEW",
    6: "BUSINESS_INTEGRITY_RAR",
    7: "PERMANENT_CLOSE",
    8: "UNUSED_RESELLER_ACCOUNT",
    9: "UNUSED_ACCOUNT",
    10: "UMBRELLA_AD_ACCOUNT",
    11: "BUSINESS_MANAGER_INTEGRITY_POLICY",
    12: "MISREPRESENTED_AD_ACCOUNT",
    13: "AOAB_DESHARE_LEGAL_ENTITY",
    14: "CTX_THREAD_REVIEW",
    15: "COMPROMISED_AD_ACCOUNT",
}

# FundingSourceDetails.type (Meta docs, marketing-api/reference/ad-account).
FUNDING_TYPE = dict(
    enumerate(
        """
    UNSET CREDIT_CARD FACEBOOK_WALLET FACEBOOK_PAID_CREDIT FACEBOOK_EXTENDED_CREDIT ORDER INVOICE FACEBOOK_TOKEN
    EXTERNAL_FUNDING FEE FX DISCOUNT PAYPAL_TOKEN PAYPAL_BILLING_AGREEMENT FS_NULL EXTERNAL_DEPOSIT TAX DIRECT_DEBIT
    DUMMY ALTPAY STORED_BALANCE
""".split()
    )
)


def label_account(row: Row) -> Row:
    """Replace the codes for status, disable reason and payment type with `{"code", "label"}`.

    A disable reason of 0 (NONE) becomes None. A code that Meta does not document gets the label UNKNOWN.
    """
    account = dict(row)
    if isinstance(row.get("account_status"), int):
        code = row["account_status"]
        account["account_status"] = {"code": code, "label": ACCOUNT_STATUS.get(code, "UNKNOWN")}
    if isinstance(row.get("disable_reason"), int):
        code = row["disable_reason"]
        account["disable_reason"] = {"code": code, "label": DISABLE_REASON.get(code, "UNKNOWN")} if code else None
    funding = row.get("funding_source_details")
    if isinstance(funding, dict) and funding.get("type") in FUNDING_TYPE:
        label = {"code": funding["type"], "label": FUNDING_TYPE[funding["type"]]}
        account["funding_source_details"] = {**funding, "type": label}
    return account


def with_dsa(row: Row) -> Row:
    """Add `dsa_required`: whether the business's country is covered by the EU's Digital Services Act.

    An ad set that targets people in the EU must name a beneficiary and a payor wherever the business is.
    A row without `business_country_code` is returned unchanged.
    """
    country = row.get("business_country_code")
    return {**row, "dsa_required": country in DSA_COUNTRIES} if isinstance(country, str) else row


@tool(
    "ads_get_ad_accounts",
    Effect.READ,
    get("{business_id}/owned_ad_accounts", "{business_id}/client_ad_accounts", "{user_id}/adaccounts"),
    node="AdAccount",
    fields=ACCOUNT_FIELDS,
    identity="id account_id",
    singular="ad account",
    keywords="start clients businesses",
)
class GetAdAccounts(ListParams):
    """List the ad accounts this token reaches: id, currency, time zone, status and spend. Start here. With business_id:
    those of the business and of its clients."""

    user_id: Annotated[Literal["me"] | UserId, Field(description="'me' or a user's id")] = "me"
    business_id: BusinessId | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    fields: FieldList | None = None

    async def run(self, call: Call) -> Result:
        fields = selection(self.fields, ACCOUNT_FIELDS.split(), ("id", "account_id"))
        business = self.business_id or call.business_id()
        edges = ("owned_ad_accounts", "client_ad_accounts") if business else ("adaccounts",)
        return await read_edges(call, self, business or self.user_id, edges, fields, "ad account", whole=True)


@tool(
    "ads_get_account_info",
    Effect.READ,
    get("{account_id}"),
    node="AdAccount",
    identity="id account_id currency",
    fields=f"{ACCOUNT_FIELDS} owner business funding_source_details capabilities timezone_offset_hours_utc "
    "min_daily_budget is_prepay_account user_tasks default_dsa_beneficiary default_dsa_payor business_country_code",
    singular="ad account",
    keywords="currency time zone balance status",
)
class GetAccountInfo(Params):
    """Read one ad account: status, currency, time zone, balance, spend cap, business, what this token may do in it."""

    account_id: AccountId
    fields: FieldList | None = None

    @staticmethod
    def refine(row: Row) -> Row:
        return with_dsa(label_account(row))


PAGE_SOURCES = {"promote_pages": "promote", "owned_pages": "owned", "client_pages": "client", "accounts": "user"}


@tool(
    "ads_get_pages_for_business",
    Effect.READ,
    get("{account_id}/promote_pages", "{business_id}/owned_pages", "{business_id}/client_pages", "me/accounts"),
    node="Page",
    fields="id name category category_list link verification_status",
    identity="id",
    singular="Page",
    keywords="facebook identity promote",
)
class GetPagesForBusiness(ListParams):
    """List Pages: those an ad account may promote, those of a business and its clients, or the token owner's own."""

    account_id: AccountId | None = None
    business_id: BusinessId | None = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _one_owner(self) -> Self:
        if self.account_id and self.business_id:
            raise ValueError("give account_id or business_id, not both")
        return self

    async def run(self, call: Call) -> Result:
        fields = selection(
            self.fields, ["id", "name", "category", "category_list", "link", "verification_status"], ("id",)
        )
        if self.account_id:
            return await read_edges(call, self, self.account_id, ("promote_pages",), fields, "Page")
        business = self.business_id or call.business_id()
        if business:
            return await read_edges(call, self, business, ("owned_pages", "client_pages"), fields, "Page")
        return await read_edges(call, self, "me", ("accounts",), fields, "Page")


async def read_edges(
    call: Call,
    args: ListParams,
    parent: str,
    edges: tuple[str, ...],
    fields: list[str],
    noun: str,
    *,
    whole: bool = False,
) -> Result:
    """Read several edges of one object as a single list; the cursor names the edge to continue in.

    An object on two edges, such as an account that a business owns and shares as a client, is one row with both.
    `whole` follows pages that are shorter than `limit` until `limit` rows are read. Accounts outside
    META_ADS_ACCOUNTS are left out, with a note.
    """
    max_rows = args.max_items or args.limit
    first, cursor = _parse_cursor(args.after, edges)
    rows: list[Row] = []
    marks: list[tuple[int, str]] = []
    after = None
    for edge in edges[first:]:
        listing = await call.graph.list(
            f"{parent}/{edge}",
            fields=fields,
            limit=min(args.limit, max_rows - len(rows)),
            after=cursor,
            max_items=max_rows - len(rows) if args.max_items or whole else None,
        )
        marks += [(len(rows) + start, _cursor(mark, edge, edges)) for start, mark in listing.marks]
        rows += [_with_source(row, edge) for row in listing.rows]
        cursor, after = None, _next_cursor(listing, edge, edges, full=len(rows) >= max_rows)
        if after is not None:
            break
    visible = drop_foreign_accounts(call, _merge_duplicates(rows))
    owner = "this token" if parent == "me" else parent
    summary = f"{len(visible)} {noun}{'' if len(visible) == 1 else 's'} of {owner}{'; more follow' if after else ''}."
    return Result(
        summary,
        visible,
        Page(len(visible), after is not None, after),
        marks=tuple(marks) if len(visible) == len(rows) else (),
    )


def _parse_cursor(after: str | None, edges: tuple[str, ...]) -> tuple[int, str | None]:
    """Split `edge:cursor` into the index of the edge and Graph's cursor."""
    edge, colon, cursor = (after or "").partition(":")
    if colon and edge in edges:
        return edges.index(edge), cursor or None
    return 0, after


def _cursor(mark: str, edge: str, edges: tuple[str, ...]) -> str:
    """Prefix Graph's cursor with its edge when several edges are read."""
    return mark if len(edges) == 1 else f"{edge}:{mark}"


def _next_cursor(listing: Listing, edge: str, edges: tuple[str, ...], *, full: bool) -> str | None:
    """Return where to continue: in this edge, at the start of the next one, or nowhere."""
    if listing.after is not None:
        return _cursor(listing.after, edge, edges)
    following = edges[edges.index(edge) + 1 :]
    return f"{following[0]}:" if full and following else None


def _with_source(row: Row, edge: str) -> Row:
    """Add the edge a Page (`source`) or an account (`relation`) was listed on."""
    if edge in PAGE_SOURCES:
        return {**row, "source": PAGE_SOURCES[edge]}
    account = label_account(row)
    return {**account, "relation": edge.removesuffix("_ad_accounts")} if edge != "adaccounts" else account


def _merge_duplicates(rows: list[Row]) -> list[Row]:
    """Merge rows of the same object; `relation` and `source` then name both edges."""
    rows_by_id: dict[str, Row] = {}
    for number, row in enumerate(rows):
        key = str(row.get("id") or number)
        first = rows_by_id.setdefault(key, row)
        if first is not row:
            both: Row = {name: f"{first[name]}, {row[name]}" for name in ("relation", "source") if name in row}
            rows_by_id[key] = {**first, **both}
    return list(rows_by_id.values())


def drop_foreign_accounts(call: Call, rows: list[Row]) -> list[Row]:
    """Drop ad accounts outside META_ADS_ACCOUNTS and note how many were dropped."""
    accounts = call.allowed_accounts()
    visible = [
        row for row in rows if not accounts or not str(row.get("id")).startswith("act_") or row["id"] in accounts
    ]
    if len(visible) < len(rows):
        call.note(f"{len(rows) - len(visible)} accounts outside META_ADS_ACCOUNTS were left out.")
    return visible
