"""Read what an object has spent already, before a cap is set that could stop its delivery at once.

An ad account shows it in `amount_spent`. Campaigns and ad sets have no such field (SDK classes Campaign and AdSet), so
their insights are read: the spend of all time for a cap of the whole life, that of today for a daily one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.values.money import offset
from meta_ads_mcp.core.values.spend_fields import SPEND_FIELDS, SpendKind
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.writes.effects import SPENT_TODAY, SPENT_TOTAL, amounts_of, spent_field
from meta_ads_mcp.errors import AdsError

_PERIODS = {SPENT_TOTAL: "maximum", SPENT_TODAY: "today"}
_NODES = frozenset({"Campaign", "AdSet"})


async def with_spend(call: Call, change: Change, account: Account | None) -> Change:
    """Return the change with the spend that its caps are compared with in its `context`, in minor units.

    A spend that cannot be read is left out, and then counts as more than the cap.
    """
    caps = [name for name in change.after if SPEND_FIELDS.get(name) is SpendKind.CAP]
    if change.node not in _NODES or change.object_id is None or account is None or not caps:
        return change
    unclear = [amount for amount in amounts_of(change) if amount.field in caps and amount.new and not amount.is_raise]
    fields = {spent_field(amount.field) for amount in unclear}
    spent = {name: await _read_spend(call, change.object_id, _PERIODS[name], account) for name in sorted(fields)}
    known = {name: value for name, value in spent.items() if value is not None}
    return replace(change, context={**change.context, **known})


async def _read_spend(call: Call, object_id: str, period: str, account: Account) -> int | None:
    try:
        page = await call.graph.list(f"{object_id}/insights", fields=["spend"], limit=1, date_preset=period)
    except AdsError:
        return None
    return _minor(page.rows[0], account.currency) if page.rows else 0


def _minor(row: Mapping[str, Any], currency: str) -> int | None:
    """Return the spend of a row, which is in major units, in minor units. None if it cannot be read."""
    units = offset(currency)
    try:
        value = Decimal(str(row.get("spend")))
    except InvalidOperation:
        return None
    return int(value * units) if units is not None and value.is_finite() else None
