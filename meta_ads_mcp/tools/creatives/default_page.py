"""Infer `page_id` for a creative without one: only when exactly one candidate Page exists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import InvalidArguments, NotFound, PermissionMissing

_MAX_ROWS = 100


async def infer_page(call: Call, account_id: str) -> str:
    """Return the only Page of the first source that has Pages.

    Raises InvalidArguments when no source has a Page, or the first has several.
    """
    async for ids, source in _sources(call, account_id):
        if len(ids) == 1:
            call.note(f"page_id {ids[0]}: the only Page that {source}.")
            return ids[0]
        if ids:
            raise InvalidArguments(
                f"page_id is missing, and several Pages {_PLURAL[source]}: {', '.join(ids)}.", "Give page_id."
            )
    raise InvalidArguments(
        "page_id is missing, and no Page is known for the account.",
        "Give page_id; ads_get_pages_for_business lists Pages.",
    )


_PROMOTABLE, _IN_TRACKING = "this account can promote", "this account's ads track"
_CLIENT, _OF_USER = "the business has from its clients", "is assigned to this token's user"
_PLURAL = {
    _PROMOTABLE: "can be promoted by the account",
    _IN_TRACKING: "are tracked by its ads",
    _CLIENT: "are those of the business's clients",
    _OF_USER: "are assigned to this token's user",
}


async def _sources(call: Call, account_id: str) -> AsyncIterator[tuple[list[str], str]]:
    """Yield Page ids and their source, closest to the account first.

    Where the server is restricted to accounts or a business, no source goes beyond them.
    """
    yield _numeric_ids(await _rows(call, f"{account_id}/promote_pages", "name")), _PROMOTABLE
    yield _numeric_ids(_tracked_pages(await _rows(call, f"{account_id}/ads", "tracking_specs"))), _IN_TRACKING
    if call.allowed_accounts():
        return
    if business := call.business_id():
        yield _numeric_ids(await _rows(call, f"{business}/client_pages", "name")), _CLIENT
        return
    yield _numeric_ids(await _rows(call, "me/assigned_pages", "name")), _OF_USER


async def _rows(call: Call, path: str, field: str) -> list[Row]:
    """Return the rows of a list, or an empty list when the token has no access."""
    try:
        return list((await call.graph.list(path, fields=["id", field], limit=_MAX_ROWS)).rows)
    except (PermissionMissing, NotFound, InvalidArguments):
        return []


def _tracked_pages(ads: list[Row]) -> Iterator[Row]:
    for ad in ads:
        specs: Any = ad.get("tracking_specs")
        for spec in specs if isinstance(specs, list) else []:
            pages = spec.get("page") if isinstance(spec, dict) else None
            for page in pages if isinstance(pages, list) else [pages]:
                yield {"id": page}


def _numeric_ids(rows: Iterator[Row] | list[Row]) -> list[str]:
    ids = (str(row.get("id") or "") for row in rows)
    return list(dict.fromkeys(node for node in ids if node.isascii() and node.isdigit()))
