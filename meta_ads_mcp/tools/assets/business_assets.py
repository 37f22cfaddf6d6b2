"""List what a business has and who works in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import NO_CURSOR, list_summary
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.partial import attempt, needing, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Listing, Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import BusinessId, PersonId
from meta_ads_mcp.errors import AdsError, Denied
from meta_ads_mcp.tools.accounts import drop_foreign_accounts

AssetGroup = Literal[
    "ad_accounts",
    "pages",
    "datasets",
    "catalogs",
    "instagram_accounts",
    "users",
    "system_users",
    "pending_users",
    "agencies",
]
Relation = Literal["owned", "client", "pending"]


@dataclass(frozen=True)
class AssetList:
    """Describe a kind of asset: its name in sentences, its edge per relation, and the fields to read."""

    noun: str
    edges: Mapping[str, str]
    fields: tuple[str, ...]
    more_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _both(stem: str) -> dict[str, str]:
    return {"owned": f"owned_{stem}", "client": f"client_{stem}"}


# `invite_link` of an invitation is a secret and never asked for.
ASSETS: dict[str, AssetList] = {
    "ad_accounts": AssetList(
        "ad account",
        {**_both("ad_accounts"), "pending": "pending_client_ad_accounts"},
        ("id", "name", "account_status", "currency"),
        {"owned": ("timezone_name",), "client": ("business",)},
    ),
    "pages": AssetList("Page", _both("pages"), ("id", "name", "verification_status")),
    "datasets": AssetList("dataset", _both("pixels"), ("id", "name", "last_fired_time")),
    "catalogs": AssetList("catalog", _both("product_catalogs"), ("id", "name", "vertical", "product_count")),
    "instagram_accounts": AssetList("Instagram account", {"owned": "instagram_accounts"}, ("id", "username")),
    "users": AssetList(
        "user",
        {"owned": "business_users"},
        ("id", "name", "email", "role", "two_fac_status", "pending_email", "title", "finance_permission"),
    ),
    "system_users": AssetList(
        "system user", {"owned": "system_users"}, ("id", "name", "role", "created_time", "finance_permission")
    ),
    "pending_users": AssetList(
        "invitation", {"owned": "pending_users"}, ("id", "email", "role", "status", "created_time", "expiration_time")
    ),
    "agencies": AssetList("agency", {"owned": "agencies"}, ("id", "name", "verification_status")),
}
PENDING_FIELDS = ("id", "ad_account")
_EMAILS = ("email", "pending_email")
MAX_OF_PERSON = 500


@tool(
    "ads_get_business_assets",
    Effect.READ,
    get(
        "{business_id}/owned_ad_accounts",
        "{business_id}/client_ad_accounts",
        "{business_id}/owned_pages",
        "{business_id}/business_users",
        "{person_id}/assigned_ad_accounts",
        "{person_id}/assigned_pages",
    ),
    node="Business",
    singular="asset",
    keywords="who has access people employees partners agencies system users invitations owned client shared",
)
class GetBusinessAssets(ListParams):
    """List what a business has or who works in it. person_id shows which accounts and Pages a person may use.

    Client means shared with the business by its owner. Email addresses are masked.
    """

    business_id: BusinessId
    what: Annotated[AssetGroup, Local()]
    relation: Annotated[Relation, Local(), Field(description="pending: invitations to ad accounts")] = "owned"
    name_contains: Annotated[str | None, Local(), Field(min_length=1, max_length=200)] = None
    person_id: Annotated[PersonId | None, Local(), Field(description="Of users or system_users")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    @model_validator(mode="after")
    def _check_relation(self) -> Self:
        if self.relation not in ASSETS[self.what].edges:
            relations = ", ".join(ASSETS[self.what].edges)
            raise ValueError(f"relation of {self.what} is one of: {relations}")
        if self.person_id is not None and self.what not in ("users", "system_users"):
            raise ValueError("person_id is for what=users or what=system_users")
        return self

    async def run(self, call: Call) -> Result:
        with needing("business_management"):
            if self.person_id is not None:
                return await self._of_person(call, self.person_id)
            return await self._list(call, ASSETS[self.what])

    async def _list(self, call: Call, assets: AssetList) -> Result:
        edge = assets.edges[self.relation]
        is_pending = self.relation == "pending"
        fields = PENDING_FIELDS if is_pending else (*assets.fields, *assets.more_fields.get(self.relation, ()))
        searches_at_meta = self.what == "ad_accounts" and not is_pending
        more = {"search_query": self.name_contains} if searches_at_meta and self.name_contains else {}
        listing = await call.graph.list(
            f"{self.business_id}/{edge}",
            fields=fields,
            limit=self.limit,
            after=self.after,
            max_items=self.max_items,
            **more,
        )
        rows = drop_foreign_accounts(call, [_flatten(row) for row in listing.rows])
        if self.name_contains and not searches_at_meta:
            part = self.name_contains.lower()
            rows = [row for row in rows if part in str(row.get("name") or row.get("username")).lower()]
            call.note("name_contains was compared here, with the rows of this page.")
        return self._result([_mask(row) for row in rows], listing, assets.noun)

    def _result(self, rows: list[Row], listing: Listing, noun: str) -> Result:
        page = Page(len(rows), listing.has_more, listing.after)
        marks = listing.marks if len(rows) == len(listing.rows) else ()
        notes = [NO_CURSOR] if listing.stuck and listing.after is None else []
        summary = list_summary(noun, len(rows), self.business_id, more=listing.after is not None)
        return Result(summary, rows, page, notes, marks=marks)

    async def _of_person(self, call: Call, person: str) -> Result:
        """Return the ad accounts and Pages of a person. A part that cannot be read is named in a note."""
        if call.allowed_accounts() or call.business_id():
            await self._require_person(call, person)
        rows: list[Row] = []
        errors: list[AdsError] = []
        for kind, edge in (("ad_account", "assigned_ad_accounts"), ("page", "assigned_pages")):
            listing = await attempt(
                call.graph.list(f"{person}/{edge}", fields=("id", "name"), limit=100, max_items=MAX_OF_PERSON)
            )
            if isinstance(listing, AdsError):
                errors.append(listing)
                call.note(unread(f"{person}/{edge}", listing))
                continue
            rows += [{"kind": kind, **row} for row in listing.rows]
        if len(errors) > 1:
            raise errors[0]
        visible = drop_foreign_accounts(call, rows)
        return Result(f"{len(visible)} ad accounts and Pages that {person} may use.", visible, Page(len(visible)))

    async def _require_person(self, call: Call, person: str) -> None:
        """Raise Denied unless the business lists the person: Graph names no business for some people."""
        pages = call.graph.each_page(f"{self.business_id}/{ASSETS[self.what].edges['owned']}", fields=("id",))
        if not any([person in [str(row.get("id")) for row in rows] async for rows in pages]):
            raise Denied(
                f"{person} is not among the {self.what} of business {self.business_id}.",
                "List them first: the same call without person_id.",
            )


def _flatten(row: Row) -> Row:
    """Show the account of an invitation as the row itself."""
    account = row.get("ad_account")
    return {**row, **account, "request_id": row.get("id")} if isinstance(account, dict) else row


def _mask(row: Row) -> Row:
    return {name: mask_email(value) if name in _EMAILS and value else value for name, value in row.items()}


def mask_email(address: object) -> str:
    """Keep the first letter and the domain of a colleague's address."""
    name, _, domain = str(address).partition("@")
    return f"{name[:1]}…@{domain}"
