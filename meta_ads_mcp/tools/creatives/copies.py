"""Check that a new creative is the copy that was planned."""

from __future__ import annotations

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.copying import differences, read_source, writable_creative
from meta_ads_mcp.errors import ApiError

MAX_FIELD_NAMES = 5


async def check_copy(call: Call, creative_id: str, params: Row) -> None:
    """Compare every field that Graph shows of a new creative with what was sent. Raises ApiError for a difference."""
    actual = writable_creative(await read_source(call, "AdCreative", creative_id))
    changes = differences(params, actual)
    if changes:
        raise ApiError(
            f"The new creative {creative_id} is not a faithful copy ({', '.join(list(changes)[:MAX_FIELD_NAMES])} "
            "differ), so the ad was not changed.",
            f"Check creative {creative_id} before using it; ads_undo_change can remove it.",
            details={"difference": changes},
        )
