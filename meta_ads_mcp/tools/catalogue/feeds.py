"""List feeds and the other ways in which items come into a catalog."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, list_result
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.partial import attempt, needing, read_batch, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.feed_addresses import mask_address
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.catalogue.catalogs import SCOPES, explain_kind

TYPES = ("catalog", "product_feed")
FIELDS = (
    "name country created_time default_currency deletion_enabled file_name ingestion_source_type item_sub_type "
    "latest_upload{id,start_time,end_time,error_count,num_detected_items,num_persisted_items,num_invalid_items,"
    "num_deleted_items} override_type product_count schedule update_schedule primary_feeds supplementary_feeds"
)
DETAILS = "delimiter encoding quoted_fields_mode"
RULE_FIELDS = "id,attribute,rule_type,params"
SCHEDULE_FIELDS = "id,interval,interval_count,hour,minute,day_of_week,day_of_month,timezone,url,username"
UNITS = {"HOURLY": "hour", "DAILY": "day", "WEEKLY": "week", "MONTHLY": "month"}


@tool(
    "ads_catalog_list_product_feeds",
    Effect.READ,
    node="ProductFeed",
    fields=FIELDS,
    identity="id",
    singular="feed",
    keywords="data sources upload schedule rules batch api old prices",
)
class ListProductFeeds(ListParams):
    """List a catalog's feeds and its other sources of items: schedule, last upload and its errors, whether missing
    items are deleted. Or read one feed with its rules."""

    entity_id: Annotated[ObjectId, Local()]
    entity_type: Annotated[Literal["catalog", "product_feed"], Local()] = "catalog"
    source_type: Annotated[
        Literal["ALL", "PRIMARY", "SUPPLEMENTARY"], Local(), Field(description="Which other sources")
    ] = "ALL"
    fields: FieldList | None = None

    async def run(self, call: Call) -> Result:
        with needing(*SCOPES[:1]), explain_kind(self.entity_id, self.entity_type, TYPES):
            if self.entity_type == "product_feed":
                return await self._read_one(call)
            listing = await call.graph.list(
                f"{self.entity_id}/product_feeds",
                fields=fields_for(self),
                limit=self.limit,
                after=self.after,
                max_items=self.max_items,
            )
        result = list_result("feed", self.entity_id, listing, feed_row)
        await self._note_other_sources(call, {str(row["id"]) for row in listing.rows if "id" in row})
        return result

    async def _note_other_sources(self, call: Call, feeds: set[str]) -> None:
        if self.after is not None:
            return
        sources = await attempt(
            call.graph.list(
                f"{self.entity_id}/data_sources",
                fields=["id", "name", "app_id", "ingestion_source_type", "upload_type"],
                ingestion_source_type=self.source_type,
            )
        )
        if isinstance(sources, AdsError):
            call.note(unread("Other data sources", sources))
            return
        others = [row for row in sources.rows if str(row.get("id")) not in feeds and row.get("upload_type") != "FEED"]
        for row in others:
            kind = str(row.get("ingestion_source_type")).lower()
            call.note(f"Another source: {row.get('name')} ({row.get('upload_type')}, {kind}, id {row.get('id')}).")

    async def _read_one(self, call: Call) -> Result:
        feed = await call.graph.get(self.entity_id, fields=[*fields_for(self), *DETAILS.split()])
        parts = await read_batch(
            call,
            {
                "rules": Request("GET", f"{self.entity_id}/rules", {"fields": RULE_FIELDS}),
                "schedules": Request("GET", f"{self.entity_id}/upload_schedules", {"fields": SCHEDULE_FIELDS}),
            },
        )
        data = feed_row(feed)
        refine = {"rules": rule_row, "schedules": schedule_row}
        for name, answer in parts.items():
            if isinstance(answer, AdsError):
                call.note(unread(f"The {name} of the feed", answer))
            else:
                data[name] = [refine[name](row) for row in answer.get("data", ())]
        step = f"ads_catalog_get_product_feed_upload_sessions product_feed_id={self.entity_id} shows its uploads."
        return Result(f"Feed {self.entity_id}: {feed.get('name')}.", {**data, "next_step": step})


def feed_row(row: Row) -> Row:
    """Return a feed with its schedules in words and its last upload."""
    plain = {name: value for name, value in row.items() if name not in ("product_count", "latest_upload")}
    if "product_count" in row:
        plain["items"] = row["product_count"]
    for name in ("schedule", "update_schedule"):
        if isinstance(row.get(name), dict):
            plain[name] = describe_schedule(row[name])
    if isinstance(row.get("latest_upload"), dict):
        plain["last_upload"] = upload_row(row["latest_upload"])
    return plain


def upload_row(row: Row) -> Row:
    """Return an upload with plain names. What was deleted or refused is said only if there is any."""
    names = {
        "num_detected_items": "items_in_file",
        "num_persisted_items": "items_saved",
        "num_invalid_items": "items_refused",
        "num_deleted_items": "items_deleted",
        "error_count": "errors",
        "warning_count": "warnings",
    }
    plain: Row = {}
    if row.get("num_deleted_items"):
        plain["items_deleted"] = row["num_deleted_items"]
    for name, value in row.items():
        if name == "url":
            plain[name] = mask_address(value)
        elif name in ("num_invalid_items", "num_deleted_items", "error_count", "warning_count") and not value:
            continue
        else:
            plain[names.get(name, name)] = value
    if "start_time" in row and not row.get("end_time"):
        plain["state"] = "running"
    elif row.get("end_time") and row.get("num_detected_items") == 0:
        plain["state"] = "nothing could be read"
    return plain


def describe_schedule(schedule: Row) -> str:
    """Return a schedule in words: `every day at 03:30 (Europe/Berlin) from https://shop.example/feed.csv`."""
    unit = UNITS.get(str(schedule.get("interval")), str(schedule.get("interval")))
    count = schedule.get("interval_count") or 1
    text = f"every {unit}" if count == 1 else f"every {count} {unit}s"
    if schedule.get("day_of_week"):
        text += f" on {schedule['day_of_week']}"
    if schedule.get("day_of_month"):
        text += f" on day {schedule['day_of_month']}"
    if schedule.get("interval") != "HOURLY" and schedule.get("hour") is not None:
        zone = f" ({schedule['timezone']})" if schedule.get("timezone") else ""
        text += f" at {schedule['hour']:0>2}:{schedule.get('minute') or 0:0>2}{zone}"
    return text + (f" from {mask_address(schedule['url'])}" if schedule.get("url") else "")


def schedule_row(row: Row) -> Row:
    """Return a schedule of a feed in words. A user name is only said to exist."""
    return {"id": row.get("id"), "in_words": describe_schedule(row), "has_login": bool(row.get("username"))}


def rule_row(row: Row) -> Row:
    """Return a feed rule with a sentence for it."""
    return {**row, "in_words": describe_rule(str(row.get("attribute")), str(row.get("rule_type")), rule_params(row))}


def rule_params(row: Row) -> dict[str, Any]:
    """Return the params of a rule, which Graph shows as a list of pairs and takes as an object."""
    params = row.get("params")
    if isinstance(params, list):
        return {str(pair["key"]): pair.get("value") for pair in params if isinstance(pair, dict) and "key" in pair}
    return params if isinstance(params, dict) else {}


def describe_rule(attribute: str, rule_type: str, params: dict[str, Any]) -> str:
    """Return a feed rule in words."""
    if rule_type == "mapping_rule":
        return f"{attribute} is taken from the column {params.get('map_from')}"
    if rule_type == "value_mapping_rule":
        return f"{attribute}: " + ", ".join(f'"{old}" becomes "{new}"' for old, new in params.items())
    if rule_type == "letter_case_rule":
        return f"{attribute} is changed with {params.get('type')}"
    if rule_type == "fallback_rule":
        return f'{attribute} is "{params.get("user_default_value")}" where it is empty'
    return f"{attribute} is changed by the pattern {params.get('regex')}"
