"""Know the currency and time zone of accounts, and the account of each object.

Both never change, so they are looked up once. Lists also tell the owners of their rows, so a look-up is rare.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from meta_ads_mcp.core.nodes import NodeKind, Owner, node_kind
from meta_ads_mcp.core.ports import Account, find_zone
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.ids import account_path
from meta_ads_mcp.engine.business_limit import BusinessAssets
from meta_ads_mcp.engine.catalog_access import CatalogAccess, ids_in_catalog
from meta_ads_mcp.engine.request_ids import ANY, SHARED, SHARED_PAGE
from meta_ads_mcp.errors import Denied, InvalidArguments, NotFound, PermissionMissing
from meta_ads_mcp.graph.paging import Sender, fetch_pages
from meta_ads_mcp.graph.single_flight import SingleFlight

ACCOUNT_FIELDS = "id,name,currency,timezone_name"
MAX_OWNERS = 200_000
_ACCOUNT = re.compile(r"(act_)?[0-9]{1,30}")
# Graph's refusal of a field names the kind of the object.
_NODE_TYPE = re.compile(r"on node type \((\w+)\)")
_LIMITED = "Its owner limits it with META_ADS_ACCOUNTS or META_ADS_BUSINESS_ID."
_CURRENCY = re.compile(r"[A-Z]{3}")
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")


class AccountBook:
    """Know the accounts and the owners of objects, for one token.

    `listed` are the accounts that this server may touch, or else those of the business that `business` names; without
    both the token alone decides. `sender` sends the look-ups themselves, which are not authorized in turn.
    """

    def __init__(
        self, sender: Sender, listed: Sequence[str] = (), business: Callable[[], str | None] = lambda: None
    ) -> None:
        self._sender = sender
        self.listed = tuple(account_path(item) for item in listed)
        self._business = BusinessAssets(sender, business)
        self._last_business: str | None = None
        self._accounts: dict[str, Account] = {}
        self._owners: dict[str, str] = {}
        # Ids without an account → the kind that Graph says.
        self._without_account: dict[str, str] = {}
        self.catalogs = CatalogAccess(sender, self.listed, business)
        self._single = SingleFlight()

    @property
    def is_limited(self) -> bool:
        """Return whether this server may touch some accounts only."""
        return bool(self.listed) or self._business.limit is not None

    @property
    def allowed(self) -> tuple[str, ...]:
        """Return the accounts that this server may touch, as far as they are known."""
        return self.listed or self._business.known_accounts()

    def permit(self, account: str) -> None:
        """Raise Denied for an account outside the allowlist."""
        if not self.is_allowed(account):
            raise Denied(
                f"This server may not touch {account}.",
                "Its owner limits it with META_ADS_ACCOUNTS or META_ADS_BUSINESS_ID.",
            )

    def is_allowed(self, account: str | None) -> bool:
        """Return whether this server may touch the account. Without a limit it may touch every one."""
        return not self.is_limited or account in self.allowed

    def known_accounts(self) -> list[Account]:
        """Return the accounts seen so far that this server may touch."""
        return [account for account in self._accounts.values() if self.is_allowed(account.id)]

    def known_owner(self, object_id: str) -> str | None:
        """Return the account (`act_...`) of an object if no request is required to know it."""
        if object_id.startswith("act_"):
            return object_id
        # Some parameters take the number of an account alone.
        account = f"act_{object_id}"
        return account if account in self.allowed else self._owners.get(object_id)

    async def account(self, account_id: str) -> Account:
        """Return currency and time zone of an account. Raises Denied for an account outside the allowlist."""
        await self._load()
        self.permit(account_id)
        if account_id not in self._accounts:
            await self._single.run(account_id, lambda: self._fetch(account_id))
        return self._accounts[account_id]

    async def account_if_visible(self, account_id: str) -> Account | None:
        """Return currency and time zone of an account, or None if Meta does not show it to this token."""
        try:
            return await self.account(account_id)
        except (NotFound, PermissionMissing):
            return None

    async def with_prefix(self, object_id: str) -> str:
        """Return `act_…` for the bare number of an ad account that this server may touch, any other id as it is.

        A number that is not known yet is looked up as an object first, and as an account only if there is none.
        """
        account_id = f"act_{object_id}"
        if not object_id.isdigit() or object_id in self._owners or object_id in self._without_account:
            return object_id
        if account_id in self._accounts or account_id in self.allowed:
            return account_id
        try:
            await self.require(object_id)
        except (NotFound, PermissionMissing) as error:
            try:
                account = await self.account_if_visible(account_id)
            except Denied:
                raise error from None
            return account_id if account else object_id
        return object_id

    async def owner(self, object_id: str, node: str = ANY) -> str | None:
        """Return the account (`act_...`) of an object that an argument names, or None for one above accounts.

        It is None for a comment, too, whose account follows from the Page whose token the requests use.

        Raises Denied if the owner is outside the allowlist, or if an allowlist is set and Graph names no owner.
        """
        is_above = node_kind(node).owner in (Owner.ABOVE, Owner.BY_PAGE)
        return None if is_above else await self.require(object_id, node)

    async def require(self, object_id: str, node: str = ANY, page: str | None = None) -> str | None:
        """Return the account of an object that a request names, and raise Denied unless this server may touch it.

        `node` is only a hint where to look first: Graph's answer about the object decides. `page` is the Page whose
        token can read it. An object above accounts, such as a business, has no account.
        """
        if object_id == self._business.limit:
            return None
        await self._load()
        owner = self.known_owner(object_id)
        if owner is None and object_id not in self._without_account:
            owner = await self._find_owner(object_id, node_kind(node), page)
        if owner is not None:
            self.permit(owner)
        return owner

    async def _load(self) -> None:
        """Read the accounts of the business, if these are the limit. Forget what another profile's business has."""
        if self._last_business != self._business.limit:
            self._last_business = self._business.limit
            self._without_account.clear()
        if not self.listed:
            await self._business.load()

    def is_business(self, object_id: str) -> bool:
        """Return whether Graph has said that an object is a business."""
        return self._without_account.get(object_id) == "Business"

    async def _find_owner(self, object_id: str, kind: NodeKind, page: str | None) -> str | None:
        """Look up the account of an object, first where its kind by the caller says."""
        if not self.is_limited:
            if kind.owner is not Owner.SELF:
                return None
            return await self._single.run(object_id, lambda: self._ask_owner(object_id, page))
        if page is not None and kind.name == ANY and "_" in object_id:
            # With the token of a Page, such an id is one of its posts or a comment.
            kind = node_kind("PagePost" if object_id.startswith(f"{page}_") else "Comment")
        try:
            if kind.owner in (Owner.MEMBER, Owner.PAGE, Owner.PARENT, Owner.BY_PAGE):
                with suppress(InvalidArguments):  # the refusal of a field: it is an object of another kind
                    return await self._single.run(object_id, lambda: self._owner_by_kind(object_id, kind, page))
            return await self._single.run(object_id, lambda: self._ask_owner(object_id, page, kind.name))
        except (NotFound, PermissionMissing):
            if kind.owner in (Owner.ABOVE, Owner.BY_PAGE):
                raise (_foreign(object_id) if kind.owner is Owner.ABOVE else _unnamed(object_id, kind)) from None
            raise

    def learn(self, rows: Sequence[Row], account: str | None = None) -> None:
        """Remember the owner of each row: the account that it names, or else `account`."""
        for row in rows:
            owner = _owner_of(row) or account
            if isinstance(row.get("id"), str) and owner is not None:
                self._remember(row["id"], owner)
            details = _account(row)
            if details is not None:
                self._accounts[details.id] = details

    def learn_in_catalog(self, path: str, answer: Any) -> None:
        """Remember that what an answer lists or creates below an object of a catalog is in that catalog, too."""
        if node_kind(self._without_account.get(path.partition("/")[0], ANY)).owner is Owner.CATALOG:
            self._without_account |= dict.fromkeys(ids_in_catalog(path, answer), "ProductCatalog")

    def _remember(self, object_id: str, owner: str) -> None:
        if len(self._owners) >= MAX_OWNERS:
            self._owners.clear()
        self._owners[object_id] = owner

    async def _fetch(self, account_id: str) -> None:
        row = await self._read(account_id, ACCOUNT_FIELDS)
        if not isinstance(row.get("timezone_name"), str):
            row.pop("timezone_name", None)
        elif find_zone(row["timezone_name"]) is None:
            row |= await self._read(account_id, "timezone_offset_hours_utc")
        # Without a time zone, days are those of UTC, and every answer that has days says so.
        account = _account({"timezone_name": "UTC", **row, "id": account_id}, complete=True)
        if account is None:
            raise PermissionMissing(
                f"Meta does not show the currency of {account_id} to this token.",
                "Give its user a role on the ad account.",
            )
        self._accounts[account_id] = account

    async def _read(self, account_id: str, fields: str) -> dict[str, Any]:
        row = await self._sender.send(Request("GET", account_id, {"fields": fields}, account=account_id))
        return dict(row) if isinstance(row, Mapping) else {}

    async def _ask_owner(self, object_id: str, page: str | None, hint: str = ANY) -> str | None:
        """Ask Graph for the account of an object.

        Without an allowlist an object that shows no account is None. With one, an object of a kind that stands above
        accounts is None, one of another kind is looked up as that kind, and everything else raises Denied. With the
        `hint` SHARED or SHARED_PAGE, what Graph does not show, or of a kind that no account owns, is an entry of
        one of Meta's own lists, which has no account.
        """
        try:
            row = await self._sender.send(Request("GET", object_id, {"fields": "id,account_id"}, page=page))
        except InvalidArguments as refusal:
            return await self._owner_without_field(object_id, refusal, page, hint)
        except (NotFound, PermissionMissing):
            if hint not in (SHARED, SHARED_PAGE) or not self.is_limited:
                raise
            self._without_account[object_id] = SHARED
            return None
        owner = _owner_of(row) if isinstance(row, Mapping) and is_same_id(row.get("id"), object_id) else None
        if owner is not None:
            self._remember(object_id, owner)
        elif self.is_limited:
            raise _foreign(object_id)
        return owner

    async def _owner_without_field(
        self, object_id: str, refusal: InvalidArguments, page: str | None, hint: str
    ) -> str | None:
        """Handle the refusal of the field `account_id`, in which Graph names the kind of the object."""
        match = _NODE_TYPE.search(refusal.message)
        kind = node_kind(match[1]) if match else None
        if not self.is_limited:
            raise refusal
        if kind is not None and (kind.owner is Owner.ABOVE or _is_shared(kind, hint)):
            self._without_account[object_id] = kind.name
            return None
        if kind is not None and kind.owner is Owner.CATALOG:
            await self.catalogs.require(object_id, kind)
            self._without_account[object_id] = kind.name
            return None
        if kind is not None and kind.parent is not None and kind.needs_page and page is None:
            raise _unnamed(object_id, kind)
        try:
            return await self._owner_by_kind(object_id, kind, page)
        except InvalidArguments:
            raise _foreign(object_id) from None

    async def _owner_by_kind(self, object_id: str, kind: NodeKind | None, page: str | None) -> str | None:
        """Return the account of an object whose account its kind leads to. Raises Denied for all other kinds.

        It is None for what the business of this server has, and none of its accounts.

        Raises InvalidArguments if Graph says that the object is of another kind.
        """
        if kind is not None and kind.owner is Owner.MEMBER:
            return await self._search_owner(object_id, kind)
        if kind is not None and kind.owner is Owner.PAGE and "_" in object_id:
            return await self._owner_through(object_id, object_id.partition("_")[0], "Page", page)
        if kind is not None and kind.owner is Owner.BY_PAGE and page is not None:
            return await self._owner_by_token(object_id, page)
        if kind is not None and kind.parent is not None:
            name, parent_kind = kind.parent
            row = await self._sender.send(Request("GET", object_id, {"fields": f"id,{name}"}, page=page))
            is_answer = isinstance(row, Mapping) and is_same_id(row.get("id"), object_id)
            parent = _id_in(row.get(name)) if is_answer else None
            if parent is None:
                raise _unnamed(object_id, kind)
            return await self._owner_through(object_id, parent, parent_kind, page)
        raise _foreign(object_id)

    async def _owner_by_token(self, object_id: str, page: str) -> str | None:
        """Return the account of the Page whose token may change a comment."""
        # Graph names no account and no Page for a comment. `can_remove` is false on comments of other Pages.
        row = await self._sender.send(Request("GET", object_id, {"fields": "id,can_remove"}, page=page))
        if not isinstance(row, Mapping) or not is_same_id(row.get("id"), object_id) or row.get("can_remove") is False:
            raise _foreign(object_id)
        return await self._owner_through(object_id, page, "Page", page)

    async def _owner_through(self, object_id: str, parent: str, parent_kind: str, page: str | None) -> str | None:
        """Return the account of the object to which this one belongs."""
        owner, kind = self.known_owner(parent), node_kind(parent_kind)
        if owner is None and kind.owner is Owner.SELF:
            row = await self._sender.send(Request("GET", parent, {"fields": "id,account_id"}))
            owner = _owner_of(row) if isinstance(row, Mapping) and is_same_id(row.get("id"), parent) else None
            if owner is None:
                raise _foreign(object_id)
            self._remember(parent, owner)
        if owner is None and parent not in self._without_account:
            owner = await self._owner_by_kind(parent, kind, page)
        if owner is None:
            self._without_account[object_id] = parent_kind
            return None
        self.permit(owner)
        self._remember(object_id, owner)
        return owner

    async def _search_owner(self, object_id: str, kind: NodeKind) -> str | None:
        """Return the allowed account on whose edge the object is, or None if the business of this server has it.

        Raises Denied if it is on no edge.
        """
        if not self.listed and await self._business.has(object_id, kind.name):
            self._without_account[object_id] = kind.name
            return None
        for account in self.allowed:
            if await self._is_member(account, kind.member_edge or "", object_id):
                return account
        raise _foreign(object_id)

    async def _is_member(self, account: str, edge: str, object_id: str) -> bool:
        """Return whether the object is on the edge of an allowed account, and remember the members on the way."""
        request = Request("GET", f"{account}/{edge}", {"fields": "id"}, account=account)
        try:
            async for listing in fetch_pages(self._sender, request, 100, None):
                ids = [str(row["id"]) for row in listing.rows if row.get("id")]
                for member in ids:
                    self._remember(member, self._owners.get(member, account))
                if object_id in ids:
                    return True
        except PermissionMissing:
            pass  # an edge that this token may not read holds nothing that it may use
        return False


def is_same_id(answer_id: Any, object_id: str) -> bool:
    """Return whether the id in an answer is that of the request. Graph drops `act_` in some answers."""
    return isinstance(answer_id, str | int) and str(answer_id).removeprefix("act_") == object_id.removeprefix("act_")


def _foreign(object_id: str) -> Denied:
    return Denied(f"{object_id} belongs to none of the accounts that this server may touch.", _LIMITED)


def _is_shared(kind: NodeKind, hint: str) -> bool:
    """Return whether an object of this kind can be an entry of the list of Meta that holds its id."""
    return (hint in (SHARED, SHARED_PAGE) and kind.owner is Owner.UNKNOWN) or (
        hint == SHARED_PAGE and kind.name == "Page"
    )


def _unnamed(object_id: str, kind: NodeKind) -> Denied:
    parent = node_kind(kind.parent[1] if kind.parent is not None else "Page").label
    text = f"Meta does not say to which {parent} the {kind.label} {object_id} belongs"
    return Denied(f"{text}, so this server cannot tell whether it may touch it.", f"{_LIMITED} Use Ads Manager for it.")


def _id_in(value: Any) -> str | None:
    """Return the id in the field of an object: the text itself, or the `id` of an object."""
    text = str(value.get("id") if isinstance(value, Mapping) else value)
    return text if _ACCOUNT.fullmatch(text) else None


def _owner_of(row: Mapping[str, Any]) -> str | None:
    """Return the account (`act_...`) that a row names as its owner, or None."""
    account_id = str(row.get("account_id") or "")
    return account_path(account_id) if _ACCOUNT.fullmatch(account_id) else None


def _account(row: Mapping[str, Any], *, complete: bool = False) -> Account | None:
    """Return the account that a row describes, or None if the row is not an account or lacks details.

    Without `complete`, a row whose time zone this machine does not know lacks its offset.
    """
    node, currency, zone = row.get("id"), row.get("currency"), row.get("timezone_name")
    if not (isinstance(node, str) and isinstance(currency, str) and isinstance(zone, str)):
        return None
    offset_hours = _offset_hours(row)
    is_account = _CURRENCY.fullmatch(currency) and node.startswith("act_")
    if not is_account or (find_zone(zone) is None and offset_hours is None and not complete):
        return None  # what lacks its offset is fetched when it is required
    zone = zone if _ZONE.fullmatch(zone) else "unknown"
    return Account(node, str(row.get("name") or ""), currency, zone, offset_hours)


def _offset_hours(row: Mapping[str, Any]) -> float | None:
    """Return the account's offset from UTC in hours, where Graph states a possible one."""
    hours = row.get("timezone_offset_hours_utc")
    if isinstance(hours, bool) or not isinstance(hours, int | float):
        return None
    return float(hours) if -24 < hours < 24 else None
