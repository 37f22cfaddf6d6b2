"""Show how uploads of feeds and batches of items went: what was saved, refused and deleted, with sample rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import list_result
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.partial import attempt, needing, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.ids import CatalogId, FeedUploadId, ProductFeedId
from meta_ads_mcp.errors import AdsError, NotFound
from meta_ads_mcp.tools.catalogue.catalogs import SCOPES
from meta_ads_mcp.tools.catalogue.feeds import describe_rule, rule_params, upload_row

FIELDS = (
    "filename input_method url start_time end_time error_count warning_count num_detected_items num_persisted_items "
    "num_invalid_items num_deleted_items"
)
ERROR_FIELDS = ["id", "summary", "description", "severity", "error_type", "total_count", "affected_surfaces"]
STATUS_FIELDS = "handle status errors errors_total_count warnings warnings_total_count ids_of_invalid_requests".split()
MAX_EXPLAINED = 5
MAX_SAMPLES = 5
FINISHED = "finished"
FAILED = frozenset({"canceled", "error"})


@tool(
    "ads_catalog_get_product_feed_upload_sessions",
    Effect.READ,
    node="ProductFeedUpload",
    fields=FIELDS,
    identity="id",
    singular="upload",
    keywords="feed upload errors rows deleted items batch handle status old prices",
)
class GetUploadSessions(ListParams):
    """See how uploads of a feed went: the sessions with the errors of the last one, one session's errors with sample
    rows, or an items batch (catalog_id and handle)."""

    product_feed_id: ProductFeedId | None = None
    upload_session_id: FeedUploadId | None = None
    catalog_id: CatalogId | None = None
    handle: Annotated[str | None, Field(min_length=1, max_length=500, description="Of ads_catalog_items_batch")] = None
    error_priority: Literal["HIGH", "MEDIUM", "LOW"] | None = None
    invalid_ids: Annotated[bool, Local()] = True
    limit: Annotated[int, Field(ge=1, le=100)] = 10

    @model_validator(mode="after")
    def _check_subject(self) -> Self:
        if (self.catalog_id is None) != (self.handle is None):
            raise ValueError("catalog_id goes with handle")
        subjects = [self.product_feed_id, self.upload_session_id, self.handle]
        if sum(subject is not None for subject in subjects) != 1:
            raise ValueError("give one of product_feed_id, upload_session_id, or catalog_id with handle")
        return self

    async def run(self, call: Call) -> Result:
        with needing(*SCOPES[:1]):
            if self.handle is not None:
                return await self._read_batch(call)
            if self.upload_session_id is not None:
                return await self._read_session(call, self.upload_session_id)
            return await self._list_sessions(call, str(self.product_feed_id))

    async def _list_sessions(self, call: Call, feed: str) -> Result:
        listing = await call.graph.list(
            f"{feed}/uploads",
            fields=["id", *FIELDS.split()],
            limit=self.limit,
            after=self.after,
            max_items=self.max_items,
        )
        result = list_result("upload", feed, listing, upload_row)
        rows = list(result.data) if isinstance(result.data, list) else []
        if rows and self.after is None:
            note_state(call, listing.rows)
            if listing.rows[0].get("error_count"):
                rows[0] = {**rows[0], "errors_by_kind": await self._errors(call, str(rows[0]["id"]))}
        return Result(result.summary, rows, result.page, marks=result.marks)

    async def _read_session(self, call: Call, session: str) -> Result:
        row = await call.graph.get(session, fields=["id", *FIELDS.split()])
        data = {**upload_row(row), "errors_by_kind": await self._errors(call, session)}
        return Result(f"Upload {session} of {row.get('start_time')}.", data)

    async def _errors(self, call: Call, session: str) -> list[Row]:
        """Return the kinds of errors of an upload, the first of them with sample rows and suggested rules."""
        params: dict[str, Any] = {"error_priority": self.error_priority} if self.error_priority else {}
        errors = await attempt(call.graph.list(f"{session}/errors", fields=ERROR_FIELDS, limit=100, **params))
        if isinstance(errors, AdsError):
            call.note(unread("The errors of the upload", errors))
            return []
        ids = [str(row["id"]) for row in errors.rows[:MAX_EXPLAINED] if "id" in row]
        samples = await self._parts(call, ids, "samples", "id,retailer_id,row_number", {"limit": MAX_SAMPLES})
        rules = await self._parts(call, ids, "suggested_rules", "attribute,type,params", {})
        return [
            _error_row(row, samples.get(key, []), rules.get(key, []))
            for row in errors.rows
            for key in [str(row.get("id"))]
        ]

    async def _parts(self, call: Call, ids: Sequence[str], edge: str, fields: str, params: Row) -> dict[str, list[Row]]:
        requests = [Request("GET", f"{error}/{edge}", {"fields": fields, **params}) for error in ids]
        answers = await call.graph.batch(requests) if requests else []
        return {
            error: answer.get("data", [])
            for error, answer in zip(ids, answers, strict=True)
            if not isinstance(answer, AdsError)
        }

    async def _read_batch(self, call: Call) -> Result:
        status = await batch_status(
            call, str(self.catalog_id), str(self.handle), self.error_priority, load_ids=self.invalid_ids
        )
        state = str(status.get("status"))
        data = {**status, "next_step": _batch_step(state)}
        return Result(f"Items batch of catalog {self.catalog_id}: {state}.", data)


async def batch_status(
    call: Call, catalog: str, handle: str, priority: str | None = None, *, load_ids: bool = True
) -> Row:
    """Return the state of an items batch. Raises NotFound when Graph has none."""
    params: dict[str, Any] = {"handle": handle, "load_ids_of_invalid_requests": load_ids}
    params |= {"error_priority": priority} if priority else {}
    listing = await call.graph.list(
        f"{catalog}/check_batch_request_status",
        fields=STATUS_FIELDS,
        **params,
    )
    if not listing.rows:
        raise NotFound("Meta shows no batch for this handle.", "Handles of old batches expire; read the items.")
    return listing.rows[0]


def _batch_step(state: str) -> str:
    if state == FINISHED:
        return "Refused items are in errors and ids_of_invalid_requests; the others are saved."
    if state in FAILED:
        return "Some items may be saved. Read them with ads_catalog_list_products before sending anything again."
    return "Meta still works on it: call again in a minute."


def note_state(call: Call, uploads: Sequence[Row]) -> None:
    """Say what the uploads of a feed mean: items that vanished, and a file that cannot be read any more."""
    last = uploads[0]
    if last.get("num_deleted_items"):
        call.note(f"The last upload deleted {last['num_deleted_items']} items, which were missing from the file.")
    good = next((row for row in uploads if row.get("num_persisted_items")), None)
    if good is not last and last.get("end_time"):
        since = good.get("start_time") if good else None
        when = f"since {since}" if since else "in any of these uploads"
        call.note(f"The last upload saved no item. Prices and stock are those of the last good upload ({when}).")


def _error_row(row: Row, samples: Sequence[Row], rules: Sequence[Row]) -> Row:
    names = ("id", "summary", "description", "severity", "error_type")
    plain: Row = {name: row[name] for name in names if name in row}
    if plain.get("description") == plain.get("summary"):
        plain.pop("description", None)
    plain["count"] = row.get("total_count")
    plain["affects"] = row.get("affected_surfaces")
    plain["sample_rows"] = [
        {"line": item.get("row_number"), "retailer_id": item.get("retailer_id")} for item in samples
    ]
    plain["suggested_rules"] = [_suggestion(rule) for rule in rules]
    return {name: value for name, value in plain.items() if value not in (None, [])}


def _suggestion(rule: Row) -> Row:
    params = rule_params(rule)
    words = describe_rule(str(rule.get("attribute")), str(rule.get("type")), params)
    return {"attribute": rule.get("attribute"), "rule_type": rule.get("type"), "params": params, "in_words": words}
