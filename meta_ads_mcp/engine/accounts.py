"""What this process knows of accounts: currency and time zone of each, and which account owns an object.

Both never change, so they are looked up once; every list teaches the owners of its rows, so that a look-up is rare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meta_ads_mcp.errors import Denied, InvalidArguments, NotFound
from meta_ads_mcp.graph.paging import Sender, pages
from meta_ads_mcp.graph.single import Single
from meta_ads_mcp.spec.ids import account_path
from meta_ads_mcp.spec.ports import Account
from meta_ads_mcp.spec.request import Request
from meta_ads_mcp.spec.result import Row

ACCOUNT_FIELDS = "id,name,currency,timezone_name"
# Nodes that say themselves to which account they belong (SDK field `account_id`).
OWNED = frozenset(
    {"Campaign", "AdSet", "Ad", "AdCreative", "CustomAudience", "AdRule", "CustomConversion", "AdReportRun", "any"}
)
# Nodes that do not: the account's edge on which one of its own is found.
MEMBER_OF = {
    "AdVideo": "advideos",
    "Page": "promote_pages",
    "AdsPixel": "adspixels",
    "IGUser": "instagram_accounts",
    "AdStudy": "ad_studies",
}
MOST_REMEMBERED = 200_000


class AccountBook:
    """Accounts and owners, for one token. `allowed` are the accounts this server may touch (empty: all)."""

    def __init__(self, sender: Sender, allowed: Sequence[str] = ()) -> None:
        self._sender = sender
        self.allowed = tuple(account_path(item) for item in allowed)
        self._accounts: dict[str, Account] = {}
        self._owners: dict[str, str] = {}
        self._single = Single()

    def permit(self, account: str) -> None:
        """Raises Denied when the account is outside the allowlist."""
        if self.allowed and account not in self.allowed:
            raise Denied(
                f"This server may not touch {account}.", "Its owner lists the allowed accounts in META_ADS_ACCOUNTS."
            )

    def known_owner(self, object_id: str) -> str | None:
        return object_id if object_id.startswith("act_") else self._owners.get(object_id)

    async def account(self, account_id: str) -> Account:
        """Currency and time zone of an account."""
        if account_id not in self._accounts:
            self.permit(account_id)
            await self._single.run(account_id, lambda: self._fetch(account_id))
        return self._accounts[account_id]

    async def owner(self, object_id: str, node: str = "any") -> str | None:
        """The account (`act_…`) of an object; None for nodes that belong to none, such as a Page or a business.

        Raises Denied when the owner is outside the allowlist, or when an allowlist is set and no owner can be found.
        """
        known = self.known_owner(object_id)
        if known is None and node in OWNED:
            known = await self._single.run(object_id, lambda: self._ask_owner(object_id))
        elif known is None and self.allowed and node in MEMBER_OF:
            known = await self._single.run(object_id, lambda: self._search_owner(object_id, MEMBER_OF[node]))
        elif known is None and self.allowed and node in ("PagePost", "LeadgenForm"):
            known = await self.owner(await self._page_of(object_id), "Page")
        if known is not None:
            self.permit(known)
        return known

    def learn(self, rows: Sequence[Row], account: str | None = None) -> None:
        """Remember who owns the rows: they say so themselves, or all are of that account."""
        for row in rows:
            owner = row.get("account_id") or account
            if isinstance(row.get("id"), str) and isinstance(owner, str):
                self._remember(row["id"], account_path(owner))
            if {"id", "currency", "timezone_name"} <= row.keys() and str(row["id"]).startswith("act_"):
                self._accounts[row["id"]] = _account(row)

    def _remember(self, object_id: str, owner: str) -> None:
        if len(self._owners) >= MOST_REMEMBERED:
            self._owners.clear()
        self._owners[object_id] = owner

    async def _fetch(self, account_id: str) -> None:
        row = await self._sender.send(Request("GET", account_id, {"fields": ACCOUNT_FIELDS}, account=account_id))
        self._accounts[account_id] = _account(row)

    async def _ask_owner(self, object_id: str) -> str:
        row = await self._sender.send(Request("GET", object_id, {"fields": "id,account_id"}))
        owner = row.get("account_id") if isinstance(row, Mapping) else None
        if not isinstance(owner, str):
            raise NotFound(f"Meta does not say to which ad account {object_id} belongs.")
        self._remember(object_id, account_path(owner))
        return account_path(owner)

    async def _page_of(self, object_id: str) -> str:
        """The Page of a post (its id begins with it) or of a lead form (which says it)."""
        page, underscore, _ = object_id.partition("_")
        if underscore:
            return page
        row = await self._sender.send(Request("GET", object_id, {"fields": "page_id"}))
        if not isinstance(row.get("page_id"), str):
            raise NotFound(f"Meta does not say to which Page {object_id} belongs.")
        return str(row["page_id"])

    async def _search_owner(self, object_id: str, edge: str) -> str:
        """The allowed account on whose edge the object is."""
        for account in self.allowed:
            request = Request("GET", f"{account}/{edge}", {"fields": "id"}, account=account)
            async for found in pages(self._sender, request, 100, None):
                if any(row.get("id") == object_id for row in found.rows):
                    self._remember(object_id, account)
                    return account
        raise Denied(
            f"{object_id} belongs to none of the accounts that this server may touch.",
            "Its owner lists the allowed accounts in META_ADS_ACCOUNTS.",
        )


def _account(row: Mapping[str, Any]) -> Account:
    currency, zone = row.get("currency"), row.get("timezone_name")
    if not isinstance(currency, str) or not isinstance(zone, str):
        raise InvalidArguments(
            f"Meta does not show the currency and time zone of {row.get('id')} to this token.",
            "Give its user a role on the ad account.",
        )
    return Account(str(row.get("id")), str(row.get("name", "")), currency, zone)
