"""Write the outcome of every item of a batch to a private CSV file: an answer shows the first failures only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Exported, Row
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.catalogue.batches.item_rows import ItemRequest, ItemRows

# The order of the file: what needs work comes first.
REFUSED_HERE, REFUSED_BY_META, UNKNOWN, ACCEPTED = "not_sent", "refused", "unknown", "accepted"
_ORDER = (REFUSED_HERE, REFUSED_BY_META, UNKNOWN, ACCEPTED)


def outcome_rows(
    rows: ItemRows, refused: Sequence[Row], warnings: Sequence[Row], unfinished: Sequence[ItemRequest]
) -> list[Row]:
    """Return a row for each item, failures first. `refused` and `warnings` are Meta's, by the id of the item."""
    reasons, remarks = _texts_by_id(refused), _texts_by_id(warnings)
    unknown = {request.line for request in unfinished}
    outcomes = [_row(row.line, row.item_id, "", REFUSED_HERE, f"{row.column}: {row.reason}", "") for row in rows.bad]
    for request in rows.requests:
        reason = reasons.get(request.item_id, "")
        outcome = REFUSED_BY_META if reason else UNKNOWN if request.line in unknown else ACCEPTED
        remark = remarks.get(request.item_id, "")
        outcomes.append(_row(request.line, request.item_id, request.method, outcome, reason, remark))
    return sorted(outcomes, key=lambda row: (_ORDER.index(str(row["outcome"])), int(str(row["row"]))))


def _row(line: int, item_id: str, method: str, outcome: str, reason: str, warning: str) -> Row:
    return {"row": line, "id": item_id, "method": method, "outcome": outcome, "reason": reason, "warning": warning}


def _texts_by_id(rows: Sequence[Row]) -> Mapping[str, str]:
    texts: dict[str, list[str]] = {}
    for row in rows:
        texts.setdefault(str(row["id"]), []).append(str(row["reason"]))
    return {item_id: "; ".join(dict.fromkeys(reasons)) for item_id, reasons in texts.items()}


async def write_outcomes(call: Call, catalog_id: str, outcomes: Sequence[Row]) -> Exported | None:
    """Return the finished file, or None, with a note, where this server has no folder for it."""
    file = await attempt(_write(call, catalog_id, outcomes))
    if isinstance(file, AdsError):
        call.note(f"The outcomes of all items could not be written to a file: {file.message}")
        return None
    return file


async def _write(call: Call, catalog_id: str, outcomes: Sequence[Row]) -> Exported:
    export = call.exports.open(f"items_{catalog_id}_{call.now().astimezone(UTC):%Y%m%dT%H%M%S}", "csv")
    try:
        await export.write(outcomes)
        return await export.finish()
    finally:
        export.discard()
