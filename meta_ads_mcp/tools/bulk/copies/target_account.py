"""Know what the target account of a copy can use: its Pages, pixels, Instagram accounts, and shared audiences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.partial import read_batch
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.ids import account_path
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.bulk.copies.references import Kind, Reference

# Kind → the edge of the account that lists what it can use, and the field that names it.
_EDGES: Mapping[Kind, tuple[str, str]] = {
    "page": ("promote_pages", "name"),
    "pixel": ("adspixels", "name"),
    "instagram_user": ("instagram_accounts", "username"),
}
_MAX_ROWS = 200


@dataclass(frozen=True)
class TargetAccount:
    """What an account can use: per kind the ids with their names, and the audiences of the source that it shares.

    A kind that could not be read is missing.
    """

    usable: Mapping[Kind, Mapping[str, str]]
    shared_audiences: frozenset[str]

    def has(self, reference: Reference) -> bool:
        """Return whether the account can use what a reference names."""
        if reference.kind == "audience":
            return reference.value in self.shared_audiences
        return reference.value in self.usable.get(reference.kind, {})

    def candidates(self, kind: Kind) -> list[Row]:
        """Return what the account could use instead."""
        return [{"id": object_id, "name": name} for object_id, name in self.usable.get(kind, {}).items()]


async def read_target(call: Call, account_id: str, audiences: Iterable[str]) -> TargetAccount:
    """Read what the account can use, and which of these audiences are shared with it, in one batch."""
    requests: dict[str, Request] = {
        kind: Request("GET", f"{account_id}/{edge}", {"fields": f"id,{name}", "limit": _MAX_ROWS}, account=account_id)
        for kind, (edge, name) in _EDGES.items()
    }
    shares = {
        f"audience:{audience}": Request("GET", f"{audience}/adaccounts", {"fields": "id", "limit": _MAX_ROWS})
        for audience in audiences
    }
    answers = await read_batch(call, {**requests, **shares})
    usable: dict[Kind, dict[str, str]] = {}
    for kind, (_, name) in _EDGES.items():
        rows = _rows(answers[kind])
        if rows is not None:
            usable[kind] = {str(row["id"]): str(row.get(name) or "") for row in rows}
    keys = [key for key in shares if any(_is(row, account_id) for row in _rows(answers[key]) or ())]
    return TargetAccount(usable, frozenset(key.partition(":")[2] for key in keys))


def _rows(answer: Row | AdsError) -> list[Row] | None:
    return None if isinstance(answer, AdsError) else list(answer.get("data") or [])


def _is(row: Mapping[str, Any], account_id: str) -> bool:
    return account_path(str(row.get("id") or "")) == account_id
