"""Read Meta's recommendations and the objects that they are about.

Source: Meta docs, marketing-api/overview/performance-recommendations; SDK class AdAccountRecommendations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Final, Row
from meta_ads_mcp.core.values.ids import account_path
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.core.values.spend_fields import SPEND_FIELDS, UnreadableAmount, parse_minor
from meta_ads_mcp.core.values.text import clean
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.bulk.object_reads import ReadTarget, is_of_kind, is_other_kind, read_for_changes

_FIELDS = {
    "AdSet": "id account_id name status daily_budget lifetime_budget bid_amount bid_strategy targeting promoted_object",
    "Campaign": "id account_id name status daily_budget lifetime_budget bid_strategy advantage_state_info",
    "Ad": "id account_id name status creative",
}
# Fields that an undo can put back; the others only show the difference.
RESTORABLE = {
    "AdSet": "name status daily_budget lifetime_budget bid_amount bid_strategy targeting promoted_object".split(),
    "Campaign": "name status daily_budget lifetime_budget bid_strategy".split(),
    "Ad": "name status creative".split(),
}
# Longer names of objects are cut in sentences.
MAX_NAME_CHARS = 120
# Graph shows object ids as texts or as one text.
_ID = re.compile(r"[0-9]{1,30}")


async def list_recommendations(call: Call, account_id: str) -> list[Row]:
    """Return all recommendations of an account. Graph nests the list in one row."""
    body = await call.graph.get(f"{account_id}/recommendations")
    rows = body.get("data")
    nested = [row.get("recommendations") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    return [item for part in nested if isinstance(part, list) for item in part if isinstance(item, dict)]


def object_ids(recommendation: Mapping[str, Any]) -> list[str]:
    """Return the ids of the objects that a recommendation names, each once."""
    return list(dict.fromkeys(_ID.findall(str(recommendation.get("object_ids") or ""))))


async def read_objects(call: Call, account_id: str, ids: Sequence[str]) -> dict[str, Row]:
    """Map the id of each object to its fields and its SDK class (`kind`).

    An object is an ad set, a campaign or an ad; Graph does not say which, so the fields of each kind are tried in
    turn. Objects that are neither are left out. Raises InvalidArguments for an object of another account.
    """
    objects: dict[str, Row] = {}
    for kind, names in _FIELDS.items():
        remaining = [object_id for object_id in ids if object_id not in objects]
        # The field that only this kind has is read along, so that an object of another kind is noticed.
        fields = [*names.split(), str(node_kind(kind).distinct_field)]
        answers = await read_for_changes(
            call, account_id, [ReadTarget(object_id, kind, fields) for object_id in remaining]
        )
        for object_id, answer in zip(remaining, answers, strict=True):
            if isinstance(answer, AdsError):
                if not is_other_kind(answer):
                    raise answer
            elif is_of_kind(answer, kind):
                _require_account(answer, account_id)
                objects[object_id] = {**{n: answer[n] for n in names.split() if n in answer}, "kind": kind}
    return {object_id: objects[object_id] for object_id in ids if object_id in objects}


def _require_account(row: Mapping[str, Any], account_id: str) -> None:
    owner = str(row.get("account_id") or "")
    if owner and account_path(owner) != account_id:
        raise InvalidArguments(
            f"The recommendation names {row.get('id')}, which belongs to {account_path(owner)}.",
            "Apply it in Ads Manager.",
        )


def describe_objects(objects: Mapping[str, Row], currency: str | None) -> str:
    """Return the objects in words, with their status and their budgets."""
    return "; ".join(_describe(object_id, row, currency) for object_id, row in objects.items())


def _describe(object_id: str, row: Row, currency: str | None) -> str:
    amounts = [
        f"{name.replace('_', ' ')} {_amount(row[name], currency)}" for name in SPEND_FIELDS if row.get(name) is not None
    ]
    parts = [str(row.get("status") or "status unknown"), *amounts]
    name = clean(str(row.get("name")), MAX_NAME_CHARS)
    return f'{node_kind(str(row["kind"])).label} {object_id} "{name}" ({", ".join(parts)})'


def _amount(value: Any, currency: str | None) -> str:
    money = _money(value, currency)
    return format_money(money) if isinstance(money, dict) else str(value)


def describe_differences(rows: Sequence[Row], currency: str | None) -> str:
    """Return differences in words: objects with their fields, amounts with their currency."""
    return "; ".join(
        f"{node_kind(str(row['kind'])).label} {row['id']} {_describe_difference(name, sides, currency)}"
        for row in rows
        for name, sides in row["changes"].items()
    )


def _describe_difference(name: str, sides: Row, currency: str | None) -> str:
    if any(isinstance(value, Mapping | list) for value in sides.values()):
        return f"{name} (see changed_objects)"
    return f"{name}: {_amount(sides['before'], currency)} → {_amount(sides['after'], currency)}"


def differences_with_money(rows: Sequence[Row], currency: str | None) -> list[Row]:
    """Return differences with their amounts as money objects."""
    return [{**row, "changes": Final(_with_money(row["changes"], currency))} for row in rows]


def _with_money(changes: Row, currency: str | None) -> Row:
    return {
        name: {side: _money(value, currency) for side, value in sides.items()} if name in SPEND_FIELDS else sides
        for name, sides in changes.items()
    }


def _money(value: Any, currency: str | None) -> Any:
    try:
        minor = parse_minor(value)
    except UnreadableAmount:
        return value
    return value if minor is None or currency is None else money(minor, currency)


def differences(before: Mapping[str, Row], now: Mapping[str, Row]) -> list[Row]:
    """Return what differs, an object for each: `id`, `kind`, `name` and `changes` (field → before and after)."""
    rows: list[Row] = []
    for object_id, old in before.items():
        new = now.get(object_id)
        if new is None:
            continue
        names = [name for name in (*old, *new) if name not in ("id", "account_id", "kind")]
        changes = {n: {"before": old.get(n), "after": new.get(n)} for n in names if old.get(n) != new.get(n)}
        if changes:
            rows.append({"id": object_id, "kind": old["kind"], "name": old.get("name"), "changes": changes})
    return rows
