"""Read `clients.toml`: the clients of an agency, their accounts or campaigns, and what they may spend in a month."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.values.ids import account_path
from meta_ads_mcp.errors import InvalidArguments, NotFound
from meta_ads_mcp.store.toml_file import read_toml

FILE = "clients.toml"
EXAMPLE = '[clients.acme]\naccounts = ["act_123"]\nmonthly_budget = 5000\n'
_KEYS = {"accounts", "campaigns", "monthly_budget", "start", "end", "name", "currency"}
_CURRENCY = re.compile(r"[A-Z]{3}")
MAX_OVERLAPS = 3
_ID = re.compile(r"[0-9]{1,30}")


@dataclass(frozen=True)
class ClientBudget:
    """A client: its budget of a calendar month in major units, and what it is for.

    Without `campaigns`, all spend of the accounts counts. `start` and `end` limit the days that count.
    """

    key: str
    name: str
    accounts: tuple[str, ...]
    monthly_budget: float
    campaigns: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    # What the person wrote, to be compared with that of the accounts; empty where nothing was written.
    currency: str = ""

    @property
    def names(self) -> set[str]:
        """Return the key and the name, for comparison."""
        return {self.key.casefold(), self.name.casefold()}


def clients_path(call: Call) -> Path | None:
    """Return where the file is looked for: in the state directory of this server."""
    return None if call.store_dir is None else call.store_dir.parent / FILE


def read_clients(call: Call) -> list[ClientBudget]:
    """Return the clients of the file. Raises NotFound without a file, InvalidArguments for a wrong one."""
    path = clients_path(call)
    content = None if path is None else read_toml(path, EXAMPLE)
    if content is None:
        where = path or f"{FILE} in the state directory"
        raise NotFound(
            f"There is no file of clients at {where}.",
            f"Give account_id and monthly_budget, or create it, for example: {EXAMPLE!r}.",
        )
    clients = content.get("clients")
    if not isinstance(clients, Mapping) or not clients:
        raise InvalidArguments(f"{FILE} has no table [clients.NAME].", f"It looks like {EXAMPLE!r}.")
    return [_client(str(key), value) for key, value in clients.items()]


def _client(key: str, value: Any) -> ClientBudget:
    if not isinstance(value, Mapping):
        raise _wrong(key, "is not a table")
    unknown = sorted(set(value) - _KEYS)
    if unknown:
        raise _wrong(key, f"has the unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    budget = value.get("monthly_budget")
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 < budget < 1e12:
        raise _wrong(key, "has no monthly_budget, a number above 0 in major units of the account's currency")
    accounts = tuple(dict.fromkeys(account_path(number) for number in _ids(key, "accounts", value)))
    if not accounts:
        raise _wrong(key, "names no accounts")
    start, end = _day(key, "start", value), _day(key, "end", value)
    if start and end and end < start:
        raise _wrong(key, "ends before it starts")
    name = str(value.get("name") or key)
    currency = value.get("currency", "")
    if not isinstance(currency, str) or (currency and not _CURRENCY.fullmatch(currency)):
        raise _wrong(key, "has a currency that is not a code such as EUR")
    campaigns = tuple(dict.fromkeys(_ids(key, "campaigns", value)))
    return ClientBudget(key, name, accounts, float(budget), campaigns, start, end, currency)


def overlap_notes(clients: Sequence[ClientBudget]) -> list[str]:
    """Say which clients count the same spend: the same account with all campaigns, or with a common one."""
    pairs = [(first, second) for first, second in combinations(clients, 2) if _share_spend(first, second)]
    notes = [
        f"{first.key} and {second.key} count the same spend of {', '.join(_common(first, second))}: "
        "name the campaigns of each in clients.toml."
        for first, second in pairs[:MAX_OVERLAPS]
    ]
    return notes + ([f"{len(pairs) - MAX_OVERLAPS} more pairs overlap."] if len(pairs) > MAX_OVERLAPS else [])


def _share_spend(first: ClientBudget, second: ClientBudget) -> bool:
    apart = first.campaigns and second.campaigns and not set(first.campaigns) & set(second.campaigns)
    return bool(_common(first, second)) and not apart


def _common(first: ClientBudget, second: ClientBudget) -> list[str]:
    return [account for account in first.accounts if account in second.accounts]


def _ids(key: str, name: str, value: Mapping[str, Any]) -> list[str]:
    entries = value.get(name, [])
    if not isinstance(entries, list):
        raise _wrong(key, f"has {name} that is not a list")
    ids = [str(entry).removeprefix("act_") for entry in entries]
    if not all(_ID.fullmatch(item) for item in ids):
        raise _wrong(key, f"has an entry of {name} that is not an id")
    return ids


def _day(key: str, name: str, value: Mapping[str, Any]) -> date | None:
    day = value.get(name)
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day)
        except ValueError:
            day = 0
    if day is not None and type(day) is not date:
        raise _wrong(key, f"has a {name} that is not a day such as 2026-12-01")
    return day


def _wrong(key: str, problem: str) -> InvalidArguments:
    return InvalidArguments(
        f"Client {key[:60]!r} in {FILE} {problem}.", f"Correct it; an entry looks like {EXAMPLE!r}."
    )
