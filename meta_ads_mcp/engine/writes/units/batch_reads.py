"""Read the objects of many steps in batches: before they change, and afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.units.patient_reads import read_patiently
from meta_ads_mcp.core.values.graph_values import same_value
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.authority import GraphPort
from meta_ads_mcp.errors import AdsError, ApiError

# Values that say that a field is not set. Graph leaves such fields out.
_NOTHING: tuple[Any, ...] = (None, "", [], {}, 0, "0")


async def read_objects(
    client: GraphPort, clock: Clock, objects: Sequence[tuple[str, Sequence[str], Change]]
) -> list[Row | AdsError]:
    """Return the fields of each object, or the error of its read. Each is its id, its fields and its change."""
    requests = [
        Request(
            "GET",
            object_id,
            {"fields": ",".join(dict.fromkeys(["id", *names]))},
            account=change.request.account,
            kind=change.node,
        )
        for object_id, names, change in objects
    ]
    try:
        answers = await read_patiently(client.batch, clock.sleep, requests)
    except AdsError as failure:
        return [failure for _ in requests]
    return [_row(answer) for answer in answers]


def _row(answer: Any) -> Row | AdsError:
    if isinstance(answer, AdsError | dict):
        return answer
    return ApiError("Graph's answer is not an object.")


def stale_fields(change: Change, now: Mapping[str, Any]) -> list[str]:
    """Return the fields that the change sets and that are no longer as the plan saw them."""
    names = [name for name in change.after if name in change.before]
    return [name for name in names if not _is_same(now.get(name), change.before[name])]


def has_values(change: Change, now: Mapping[str, Any]) -> bool:
    """Return whether an object has all the values that the change sets."""
    return all(same_value(now.get(name), value) for name, value in change.after.items())


def _is_same(now: Any, plan_value: Any) -> bool:
    if now in _NOTHING and plan_value in _NOTHING:
        return True
    return same_value(now, plan_value) and (same_value(plan_value, now) or isinstance(now, dict | list))
