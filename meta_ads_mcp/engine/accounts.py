"""What this process knows of accounts: currency and time zone of each, and which account owns an object.

Both never change, so they are looked up once; every list teaches the owners of its rows, so that a look-up is rare.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from meta_ads_mcp.core.nodes import Owner, node_kind
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.ids import account_path
from meta_ads_mcp.errors import Denied, NotFound, PermissionMissing
from meta_ads_mcp.graph.paging import Sender, fetch_pages
from meta_ads_mcp.graph.single_flight import SingleFlight

ACCOUNT_FIELDS = "id,name,currency,timezone_name"
MOST_REMEMBERED = 200_000
_ACCOUNT = re.compile(r"(act_)?[0-9]{1,30}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LONGEST_ZONE = 64


class AccountBook:
    """Accounts and owners, for one token. `allowed` are the accounts this server may touch (empty: all)."""

    def __init__(self, sender: Sender, allowed: Sequence[str] = ()) -> None:
        self._sender = sender
        self.allowed = tuple(account_path(item) for item in allowed)
        self._accounts: dict[str, Account] = {}
        self._owners: dict[str, str] = {}
        self._single = SingleFlight()

    def permit(self, account: str) -> None:
        """Raises Denied when the account is outside the allowlist."""
        if self.allowed and account not in self.allowed:
            raise Denied(
                f"This server may not touch {account}.", "Its owner lists the allowed accounts in META_ADS_ACCOUNTS."
            )

    def known(self) -> list[Account]:
        """The accounts seen so far that this server may touch."""
        return [account for account in self._accounts.values() if not self.allowed or account.id in self.allowed]

    def known_owner(self, object_id: str) -> str | None:
        return object_id if object_id.startswith("act_") else self._owners.get(object_id)

    async def account(self, account_id: str) -> Account:
        """Currency and time zone of an account."""
        if account_id not in self._accounts:
            self.permit(account_id)
            await self._single.run(account_id, lambda: self._fetch(account_id))
        return self._accounts[account_id]

    async def shown(self, account_id: str) -> Account | None:
        """The same, or None where Meta does not show it to this token: not every call needs to know."""
        try:
            return await self.account(account_id)
        except (NotFound, PermissionMissing):
            return None

    async def owner(self, object_id: str, node: str = "any") -> str | None:
        """The account (`act_…`) of an object; None for nodes that belong to none, such as a Page or a business.

        Raises Denied when the owner is outside the allowlist, or when an allowlist is set and no owner can be found.
        """
        kind = node_kind(node)
        known = self.known_owner(object_id)
        if known is None and kind.owner is Owner.SELF:
            known = await self._single.run(object_id, lambda: self._ask_owner(object_id))
        elif known is None and self.allowed and kind.member_edge is not None:
            edge = kind.member_edge
            known = await self._single.run(object_id, lambda: self._search_owner(object_id, edge))
        elif known is None and self.allowed and kind.owner is Owner.PAGE:
            known = await self.owner(await self._page_of(object_id), "Page")
        if known is not None:
            self.permit(known)
        elif self.allowed and kind.owner is not Owner.ABOVE:
            raise _not_of_ours(object_id)
        return known

    def learn(self, rows: Sequence[Row], account: str | None = None) -> None:
        """Remember who owns the rows: they say so themselves, or all are of that account."""
        for row in rows:
            owner = _owner_of(row) or account
            if isinstance(row.get("id"), str) and owner is not None:
                self._remember(row["id"], owner)
            known = _account(row)
            if known is not None:
                self._accounts[known.id] = known

    def _remember(self, object_id: str, owner: str) -> None:
        if len(self._owners) >= MOST_REMEMBERED:
            self._owners.clear()
        self._owners[object_id] = owner

    async def _fetch(self, account_id: str) -> None:
        row = await self._sender.send(Request("GET", account_id, {"fields": ACCOUNT_FIELDS}, account=account_id))
        # Days are then those of UTC, and every answer that has days says so.
        found = _account({"timezone_name": "UTC", **row, "id": account_id}) if isinstance(row, Mapping) else None
        if found is None:
            raise PermissionMissing(
                f"Meta does not show a currency and time zone of {account_id} to this token.",
                "Give its user a role on the ad account.",
            )
        self._accounts[account_id] = found

    async def _ask_owner(self, object_id: str) -> str | None:
        """None where Graph shows the object without an account: nothing stands in the way without an allowlist."""
        row = await self._sender.send(Request("GET", object_id, {"fields": "id,account_id"}))
        owner = _owner_of(row) if isinstance(row, Mapping) else None
        if owner is not None:
            self._remember(object_id, owner)
        return owner

    async def _page_of(self, object_id: str) -> str:
        """The Page of a post (its id begins with it) or of a lead form (which says it)."""
        page, underscore, _ = object_id.partition("_")
        if underscore:
            return page
        row = await self._sender.send(Request("GET", object_id, {"fields": "page_id"}))
        found = row.get("page_id") if isinstance(row, Mapping) else None
        if not isinstance(found, str):
            raise NotFound(f"Meta does not say to which Page {object_id} belongs.")
        return found

    async def _search_owner(self, object_id: str, edge: str) -> str:
        """The allowed account on whose edge the object is."""
        for account in self.allowed:
            if await self._has(account, edge, object_id):
                self._remember(object_id, account)
                return account
        raise _not_of_ours(object_id)

    async def _has(self, account: str, edge: str, object_id: str) -> bool:
        request = Request("GET", f"{account}/{edge}", {"fields": "id"}, account=account)
        try:
            async for found in fetch_pages(self._sender, request, 100, None):
                if any(row.get("id") == object_id for row in found.rows):
                    return True
        except PermissionMissing:
            # What this token may not see there, it does not have there.
            return False
        return False


def _not_of_ours(object_id: str) -> Denied:
    return Denied(
        f"{object_id} belongs to none of the accounts that this server may touch.",
        "Its owner lists the allowed accounts in META_ADS_ACCOUNTS.",
    )


def _owner_of(row: Mapping[str, Any]) -> str | None:
    """The account that a row names as its own."""
    named = str(row.get("account_id") or "")
    return account_path(named) if _ACCOUNT.fullmatch(named) else None


def _account(row: Mapping[str, Any]) -> Account | None:
    """The account in a row, where the row is one and says all of it."""
    node, currency, zone = row.get("id"), row.get("currency"), row.get("timezone_name")
    if not (isinstance(node, str) and isinstance(currency, str) and isinstance(zone, str)):
        return None
    if not (_CURRENCY.fullmatch(currency) and _is_zone(zone)):
        return None
    return Account(node, str(row.get("name") or ""), currency, zone) if node.startswith("act_") else None


@lru_cache(1000)
def _is_zone(name: str) -> bool:
    """Whether the name is that of a time zone which this machine knows."""
    try:
        return len(name) <= _LONGEST_ZONE and ZoneInfo(name) is not None
    except (LookupError, ValueError, OSError):
        return False
