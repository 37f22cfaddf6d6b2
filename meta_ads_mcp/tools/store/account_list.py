"""Find the accounts of the local store, and the folder in which it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from meta_ads_mcp.core.partial import read_batch
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError, Denied, NotFound
from meta_ads_mcp.store.files import StoreFolder

FIELDS = (
    *"id account_id name currency timezone_name timezone_offset_hours_utc account_status created_time".split(),
    "ads.limit(1).summary(true){id}",
)
LIST_LIMIT = 100
HOW_TO_SYNC = (
    "Run ads_sync with account_ids or all_accounts=true (in a shell: meta-ads-mcp sync --accounts act_123, or "
    "meta-ads-mcp sync --all-accounts)."
)


@dataclass(frozen=True)
class SyncAccount:
    """An account to sync. `ads` and `created` (a day in its time zone) are None where Graph was not asked."""

    account: Account
    status: int | None = None
    ads: int | None = None
    created: date | None = None


def store_folder(call: Call) -> StoreFolder:
    """Return the folder of the store. Raises Denied where this server has none."""
    if call.store_dir is None:
        raise Denied("This server has no folder for a local store.", "Its owner sets META_ADS_STATE_DIR.")
    return StoreFolder(call.store_dir)


def visible_accounts(call: Call, folder: StoreFolder) -> list[str]:
    """Return the accounts of the store that this server may touch."""
    allowed = call.allowed_accounts()
    return [account for account in folder.accounts() if not allowed or account in allowed]


def stored_account(folder: StoreFolder, account: str) -> Account | None:
    """Return an account as the store has it, or None."""
    facts = folder.account(account)
    offset = facts.get("utc_offset_hours")
    if not facts.get("currency"):
        return None
    return Account(
        account,
        str(facts.get("name") or ""),
        str(facts["currency"]),
        str(facts.get("timezone_name") or "UTC"),
        float(offset) if isinstance(offset, int | float) else None,
    )


async def find_accounts(
    call: Call, folder: StoreFolder, account_ids: Sequence[str] | None, *, all_accounts: bool
) -> list[SyncAccount]:
    """Return the accounts to sync: those that are named, all that can be reached, or else those in the store.

    Raises NotFound where the store is empty, and the first error if no account could be read.
    """
    if all_accounts and not call.allowed_accounts():
        return [_sync_account(row) for row in await _list_reachable(call) if row.get("currency")]
    if account_ids or all_accounts:
        return await _read_accounts(call, list(dict.fromkeys(account_ids or call.allowed_accounts())))
    each = [stored_account(folder, account) for account in visible_accounts(call, folder)]
    if not any(each):
        raise NotFound("The local store is empty.", HOW_TO_SYNC)
    return [SyncAccount(account) for account in each if account is not None]


async def _read_accounts(call: Call, ids: Sequence[str]) -> list[SyncAccount]:
    requests = {account: Request("GET", account, {"fields": ",".join(FIELDS)}, account=account) for account in ids}
    answers = await read_batch(call, requests)
    errors = {account: answer for account, answer in answers.items() if isinstance(answer, AdsError)}
    if errors and len(errors) == len(ids):
        raise next(iter(errors.values()))
    for account, error in errors.items():
        call.note(f"{account} could not be read ({error.kind}): {error.message}")
    return [_sync_account(answer) for answer in answers.values() if not isinstance(answer, AdsError)]


async def _list_reachable(call: Call) -> list[Row]:
    business = call.business_id()
    edges = ("owned_ad_accounts", "client_ad_accounts") if business else ("adaccounts",)
    rows: list[Row] = []
    for edge in edges:
        async for page in call.graph.each_page(f"{business or 'me'}/{edge}", fields=FIELDS, limit=LIST_LIMIT):
            rows += page
    return list({str(row.get("id")): row for row in rows}.values())


def _sync_account(row: Row) -> SyncAccount:
    offset, status = row.get("timezone_offset_hours_utc"), row.get("account_status")
    account = Account(
        str(row.get("id")),
        str(row.get("name") or ""),
        str(row.get("currency") or ""),
        str(row.get("timezone_name") or "UTC"),
        float(offset) if isinstance(offset, int | float) else None,
    )
    return SyncAccount(account, status if isinstance(status, int) else None, _count(row), _created(row, account))


def _count(row: Row) -> int | None:
    ads: Any = row.get("ads")
    summary = ads.get("summary") if isinstance(ads, dict) else None
    count = summary.get("total_count") if isinstance(summary, dict) else None
    if isinstance(count, int):
        return count
    return len(ads.get("data") or ()) if isinstance(ads, dict) else 0


def _created(row: Row, account: Account) -> date | None:
    try:
        return datetime.fromisoformat(str(row.get("created_time"))).astimezone(account.timezone).date()
    except ValueError:
        return None
