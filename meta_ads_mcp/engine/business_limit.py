"""Know what the business of META_ADS_BUSINESS_ID has: its ad accounts, Pages and pixels, read once from its edges.

Where no account is listed in META_ADS_ACCOUNTS, these are the limit of this server. What cannot be found on an edge
does not belong to the business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import AdsError, Denied, PermissionMissing
from meta_ads_mcp.graph.paging import Sender, fetch_pages
from meta_ads_mcp.graph.single_flight import SingleFlight

# Kind -> edges of a business with the objects that it owns, and that clients share with it (SDK class Business).
_EDGES = {
    "AdAccount": ("owned_ad_accounts", "client_ad_accounts"),
    "Page": ("owned_pages", "client_pages"),
    "AdsPixel": ("owned_pixels", "client_pixels"),
}


class BusinessAssets:
    """Read the assets of a business. `business` names it, or None; it can change with the active profile."""

    def __init__(self, sender: Sender, business: Callable[[], str | None]) -> None:
        self._sender = sender
        self._name_business = business
        # Business and kind -> ids.
        self._ids: dict[tuple[str, str], tuple[str, ...]] = {}
        self._single = SingleFlight()

    @property
    def limit(self) -> str | None:
        """Return the id of the business to which this server is limited."""
        return self._name_business()

    def known_accounts(self) -> tuple[str, ...]:
        """Return the ad accounts (`act_…`) of the business; empty before they are read."""
        return self._ids.get((self.limit or "", "AdAccount"), ())

    async def load(self) -> None:
        """Read the ad accounts of the business, if there is one. Raises Denied if they cannot be read."""
        business = self.limit
        if business is None or (business, "AdAccount") in self._ids:
            return
        try:
            await self._ids_of(business, "AdAccount")
        except AdsError as failure:
            raise Denied(
                f"The ad accounts of business {business} cannot be read ({failure.kind}), so this server does not know "
                "what it may touch.",
                "Its owner limits it with META_ADS_BUSINESS_ID, which requires a token with business_management, or "
                "with META_ADS_ACCOUNTS.",
            ) from None

    async def has(self, object_id: str, kind: str) -> bool:
        """Return whether the business has the object. False for a kind that it does not list."""
        business = self.limit
        return business is not None and kind in _EDGES and object_id in await self._ids_of(business, kind)

    async def _ids_of(self, business: str, kind: str) -> Iterable[str]:
        if (business, kind) not in self._ids:
            await self._single.run(f"{business} {kind}", lambda: self._read(business, kind))
        return self._ids[business, kind]

    async def _read(self, business: str, kind: str) -> None:
        owned, shared = _EDGES[kind]
        ids = await self._list(f"{business}/{owned}")
        with suppress(PermissionMissing):  # what this token may not list it may not use
            ids += await self._list(f"{business}/{shared}")
        self._ids[business, kind] = tuple(dict.fromkeys(ids))

    async def _list(self, path: str) -> list[str]:
        pages = fetch_pages(self._sender, Request("GET", path, {"fields": "id"}), 100, None)
        return [str(row["id"]) async for page in pages for row in page.rows if row.get("id")]
