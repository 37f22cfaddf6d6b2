"""Find the time zone of a time of a Page without an offset: that of the ad accounts that promote the Page.

Graph gives a Page no time zone (SDK class Page).
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from meta_ads_mcp.core.partial import read_batch
from meta_ads_mcp.core.ports import Call, find_zone
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.values.dates import check_clock_time, names_its_offset, to_unix
from meta_ads_mcp.errors import AdsError, InvalidArguments

MAX_ACCOUNTS = 50


async def read_moment(call: Call, page_id: str, name: str, moment: str) -> tuple[int, tzinfo | None]:
    """Return a moment as Unix seconds, and the zone in which to show it (None for Unix seconds).

    Raises InvalidArguments if it has no offset and the accounts of the Page are in no or in several time zones.
    """
    if names_its_offset(moment):
        return to_unix(moment, UTC), _offset_of(moment)
    zone_name = await _zone_name(call, page_id, moment)
    zone = find_zone(zone_name)
    if zone is None:
        raise _no_zone(name, moment, f"This machine does not know the time zone {zone_name}.")
    note = check_clock_time(name, moment, zone)
    call.note(note or f"{name} is read in {zone_name}, the time zone of the ad account that promotes the Page.")
    return to_unix(moment, zone), zone


def _offset_of(moment: str) -> tzinfo | None:
    return None if moment.isdigit() else datetime.fromisoformat(moment).tzinfo


async def _zone_name(call: Call, page_id: str, moment: str) -> str:
    accounts = await _accounts(call)
    zones = {str(row["timezone_name"]) for row in accounts if row.get("timezone_name")}
    if len(zones) > 1:
        params = {"fields": "id", "limit": 100}
        requests = {
            row["id"]: Request("GET", f"{row['id']}/promote_pages", params, account=row["id"]) for row in accounts
        }
        answers = await read_batch(call, requests)
        zones = {
            str(row.get("timezone_name"))
            for row in accounts
            if not isinstance(answer := answers[row["id"]], AdsError)
            and any(str(page.get("id")) == page_id for page in answer.get("data") or [])
        }
    if len(zones) != 1:
        names = f" ({', '.join(sorted(zones))})" if zones else ""
        raise _no_zone("The time", moment, f"The ad accounts of Page {page_id} do not name one time zone{names}.")
    return zones.pop()


async def _accounts(call: Call) -> list[dict[str, str]]:
    allowed = list(call.allowed_accounts())[:MAX_ACCOUNTS]
    if allowed:
        known = [await call.account(account) for account in allowed]
        return [{"id": account.id, "timezone_name": account.timezone_name} for account in known]
    listing = await call.graph.list("me/adaccounts", fields=["id", "timezone_name"], limit=MAX_ACCOUNTS)
    return [row for row in listing.rows if row.get("id")]


def _no_zone(name: str, moment: str, reason: str) -> InvalidArguments:
    return InvalidArguments(f"{name} has no offset from UTC. {reason}", f"Give the offset, such as {moment}-05:00.")
