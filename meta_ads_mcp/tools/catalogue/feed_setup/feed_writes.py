"""Create feeds, fetch them now, and add rules that rewrite an attribute."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import FilePart, Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import CatalogId, ProductFeedId
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Plan, Steps
from meta_ads_mcp.domain.checked_read import read_as_kind
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.catalogue.catalogs import SCOPES
from meta_ads_mcp.tools.catalogue.feed_setup.feed_forms import (
    ZONE_NOTE,
    FeedAddress,
    FeedCountry,
    FeedCurrency,
    FeedSchedule,
    FeedType,
    ItemSubType,
    OverrideType,
    UpdateSchedule,
    lacks_zone,
    word_of,
)
from meta_ads_mcp.tools.catalogue.feed_setup.feed_rules import RuleParams, check_rule_params, keys_of_rule
from meta_ads_mcp.tools.catalogue.feeds import FIELDS as FEED_FIELDS
from meta_ads_mcp.tools.catalogue.feeds import describe_rule, describe_schedule, feed_row, upload_row
from meta_ads_mcp.tools.catalogue.upload_sessions import FIELDS as UPLOAD_FIELDS

MAX_FEED_BYTES = 100 * 1024 * 1024
MIME = {"csv": "text/csv", "tsv": "text/tab-separated-values", "xml": "application/xml", "gz": "application/gzip"}
# From this share of missing items on, a file is likely to be incomplete.
MISSING_SHARE = 0.1
ENCODINGS = frozenset("AUTODETECT LATIN1 UTF16BE UTF16LE UTF32BE UTF32LE UTF8".split())
Delimiter = Literal["AUTODETECT", "BAR", "COMMA", "SEMICOLON", "TAB", "TILDE"]
Encoding = Annotated[str, word_of(ENCODINGS), Field(max_length=20, description="Such as UTF8")]
QuotedFieldsMode = Literal["AUTODETECT", "OFF", "ON"]


@tool(
    "ads_catalog_create_product_feed",
    Effect.CREATE,
    post("{catalog_id}/product_feeds"),
    node="ProductFeed",
    keywords="new data feed schedule daily hourly supplementary csv",
)
class CreateProductFeed(ConfirmedParams, CreateParams):
    """Create a feed in a catalog. schedule replaces all its items at each fetch, update_schedule only updates and adds.
    deletion_enabled=true deletes items that a file lacks, and needs a confirmation.
    """

    catalog_id: CatalogId
    name: Annotated[str, Field(min_length=1, max_length=200)]
    schedule: FeedSchedule | None = None
    update_schedule: UpdateSchedule | None = None
    default_currency: FeedCurrency | None = None
    country: FeedCountry | None = None
    feed_type: FeedType | None = None
    delimiter: Delimiter | None = None
    encoding: Encoding | None = None
    quoted_fields_mode: QuotedFieldsMode | None = None
    deletion_enabled: bool = False
    ingestion_source_type: Literal["primary_feed", "supplementary_feed"] | None = None
    override_type: OverrideType | None = None
    override_value: Annotated[str | None, Field(max_length=100)] = None
    primary_feed_ids: Annotated[list[ProductFeedId] | None, Field(min_length=1, max_length=50)] = None
    selected_override_fields: Annotated[list[str] | None, Field(min_length=1, max_length=50)] = None
    item_sub_type: ItemSubType | None = None

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if (self.ingestion_source_type == "supplementary_feed") != (self.primary_feed_ids is not None):
            raise ValueError("a supplementary_feed goes with primary_feed_ids, and primary_feed_ids with it")
        if (self.override_type is None) != (self.override_value is None):
            raise ValueError("override_type goes with override_value")
        return self

    @classmethod
    def has_steps(cls) -> bool:
        return False

    async def plan(self, call: Call) -> Plan:
        if lacks_zone(self.schedule, self.update_schedule):
            call.note(ZONE_NOTE)
        schedules = {name: getattr(self, name) for name in ("schedule", "update_schedule") if getattr(self, name)}
        names = set(type(self).model_fields) - {"catalog_id", "dry_run", "confirmation", "idempotency_key", *schedules}
        values = {name: getattr(self, name) for name in sorted(names) if getattr(self, name) is not None}
        params = {**values, **{name: schedule.to_graph() for name, schedule in schedules.items()}}
        change = Change(
            Effect.CREATE,
            Request("POST", f"{self.catalog_id}/product_feeds", params, repeatable=False, write=True),
            "ProductFeed",
            after=values,
            readable=("name", "deletion_enabled"),
            parent=self.catalog_id,
            edge="product_feeds",
        )
        words = {name: describe_schedule(item.model_dump(exclude_none=True)) for name, item in schedules.items()}
        return Plan([change], f"Create the feed {self.name}.", details=words)

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        with needing(*SCOPES[:1]):
            feed = str((await steps.do(plan.changes[0]))["id"])
        row = feed_row(await call.graph.get(feed, fields=["id", *FEED_FIELDS.split()]))
        step = f"ads_catalog_create_feed_upload_session product_feed_id={feed} fetches it now."
        return {
            "id": feed,
            **row,
            "next_step": step if self.schedule or self.update_schedule else f"{step} It has no schedule yet.",
        }


@dataclass(frozen=True)
class FeedFile:
    """A local file of items: its part of the request, and how many rows it has (None if that cannot be counted)."""

    part: FilePart
    rows: int | None


@tool(
    "ads_catalog_create_feed_upload_session",
    Effect.CREATE,
    post("{product_feed_id}/uploads"),
    node="ProductFeedUpload",
    keywords="fetch feed now refresh prices upload file",
    upload=True,
)
class CreateFeedUpload(ConfirmedParams, CreateParams):
    """Fetch a feed now: from its schedule's address, another one, or a local file. update_only=false replaces the feed,
    which can remove items; it needs a confirmation."""

    product_feed_id: ProductFeedId
    url: FeedAddress | None = None
    file_path: Annotated[
        str | None, Local(), Field(max_length=4000, description="Absolute path: csv, tsv, xml, or gz of these")
    ] = None
    update_only: bool = True

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        if self.url is not None and self.file_path is not None:
            raise ValueError("give url or file_path")
        return self

    @classmethod
    def has_steps(cls) -> bool:
        return False

    async def plan(self, call: Call) -> Plan:
        fields = [
            "id",
            "name",
            *node_kind("ProductFeed").effect_fields,
            "latest_upload{id,start_time,end_time}",
        ]
        with needing(*SCOPES[:1]):
            feed = await read_as_kind(call, self.product_feed_id, "ProductFeed", fields)
        last = feed.get("latest_upload")
        if isinstance(last, dict) and last.get("start_time") and not last.get("end_time"):
            raise InvalidArguments(
                f"Upload {last.get('id')} of this feed is still running since {last['start_time']}.",
                f"Follow it with ads_catalog_get_product_feed_upload_sessions upload_session_id={last.get('id')}.",
            )
        if self.url is None and self.file_path is None and not isinstance(feed.get("schedule"), dict):
            raise InvalidArguments("This feed has no schedule with an address.", "Give url or file_path.")
        file = self._read(call)
        notes = self._warnings(feed, file)
        params: Row = {"update_only": self.update_only, **({"url": self.url} if self.url else {})}
        change = Change(
            Effect.CREATE,
            Request(
                "POST",
                f"{self.product_feed_id}/uploads",
                params,
                repeatable=False,
                write=True,
                patience="upload",
                files={"file": file.part} if file else {},
            ),
            "ProductFeedUpload",
            before={"items": feed.get("product_count"), "file": file.part[0] if file else None},
            after={**params, **({"file": file.part[0]} if file else {})},
            parent=self.product_feed_id,
            edge="uploads",
            title=str(feed.get("name") or ""),
            context=feed,
        )
        details: Row = {"items_now": feed.get("product_count"), "rows_in_file": file.rows if file else None}
        figures = {name: value for name, value in details.items() if value is not None}
        return Plan([change], f"Fetch the feed {feed.get('name')}.", notes, figures)

    def _read(self, call: Call) -> FeedFile | None:
        if self.file_path is None:
            return None
        ending = self.file_path.rpartition(".")[2].lower()
        if ending not in MIME:
            raise InvalidArguments("A feed file ends in .csv, .tsv, .xml or .gz.", "Export the items in one of these.")
        with call.uploads.open(self.file_path, MAX_FEED_BYTES) as upload:
            content = upload.file.read()
            return FeedFile((upload.name, content, MIME[ending]), count_rows(upload.name, content))

    def _warnings(self, feed: Row, file: FeedFile | None) -> list[str]:
        count = feed.get("product_count")
        if self.update_only or not isinstance(count, int):
            return []
        if file is None or file.rows is None:
            return [f"The feed has {count} items now; the rows of the new file are not known before Meta has read it."]
        if file.rows < count * (1 - MISSING_SHARE):
            return [
                f"The file has {file.rows} rows and the feed {count} items: {count - file.rows} items would vanish."
            ]
        return []

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        session = str((await steps.do(plan.changes[0]))["id"])
        row = await call.graph.get(session, fields=["id", *UPLOAD_FIELDS.split()])
        step = f"ads_catalog_get_product_feed_upload_sessions upload_session_id={session} follows it."
        return {**upload_row(row), **plan.details, "next_step": step}


def count_rows(name: str, content: bytes) -> int | None:
    """Return the number of items of a CSV or TSV file, packed or not. Raises InvalidArguments for one without any.

    An XML file is not counted.
    """
    if name.lower().endswith(".gz"):
        try:
            content, name = gzip.decompress(content), name[:-3]
        except (OSError, EOFError):
            raise InvalidArguments("The .gz file cannot be unpacked.", "Pack it again.") from None
    ending = name.rpartition(".")[2].lower()
    if ending not in ("csv", "tsv"):
        return None
    text = content.decode("utf-8-sig", errors="replace")
    rows = csv.reader(io.StringIO(text), delimiter="\t" if ending == "tsv" else ",")
    header = [cell.strip().lower() for cell in next(rows, [])]
    if "id" not in header:
        raise InvalidArguments(
            "The first row of the file has no column id.",
            "A feed file begins with the names of its columns: id, title, price and others.",
        )
    count = sum(any(row) for row in rows)
    if not count:
        raise InvalidArguments("The file has no items.", "Export the items again.")
    return count


@tool(
    "ads_catalog_create_feed_rule",
    Effect.CREATE,
    post("{product_feed_id}/rules"),
    node="ProductFeedRule",
    keywords="map column value transform replace upper case fallback attribute",
)
class CreateFeedRule(CreateParams):
    """Add a rule that rewrites one attribute of a feed from its next upload on. dry_run=true shows sample rows before
    and after. One rule per attribute and type."""

    product_feed_id: ProductFeedId
    attribute: Annotated[str, Field(min_length=1, max_length=80, description="Such as title")]
    rule_type: Literal["fallback_rule", "letter_case_rule", "mapping_rule", "regex_replace_rule", "value_mapping_rule"]
    params: RuleParams

    @model_validator(mode="after")
    def _check_params(self) -> Self:
        try:
            check_rule_params(self.rule_type, self.params)
        except ValueError as problem:
            raise InvalidArguments(
                f"The params do not fit: {problem}.", "Correct them.", allowed=keys_of_rule(self.rule_type)
            ) from None
        return self

    @classmethod
    def has_steps(cls) -> bool:
        return False

    async def plan(self, call: Call) -> Plan:
        with needing(*SCOPES[:1]):
            rules = await call.graph.list(
                f"{self.product_feed_id}/rules", fields=["id", "attribute", "rule_type", "params"], limit=100
            )
        self._reject_second(rules.rows)
        values: Row = {"attribute": self.attribute, "rule_type": self.rule_type, "params": self.params}
        change = Change(
            Effect.CREATE,
            Request("POST", f"{self.product_feed_id}/rules", values, repeatable=False, write=True),
            "ProductFeedRule",
            after=values,
            readable=("attribute", "rule_type"),
            parent=self.product_feed_id,
            edge="rules",
        )
        words = describe_rule(self.attribute, self.rule_type, self.params)
        details: Row = {"in_words": words}
        if self.dry_run:
            details["samples"] = await self._samples(call)
        return Plan([change], f"Add a feed rule: {words}.", details=details)

    def _reject_second(self, rules: Sequence[Mapping[str, Any]]) -> None:
        same = [
            row for row in rules if (row.get("attribute"), row.get("rule_type")) == (self.attribute, self.rule_type)
        ]
        if same:
            raise InvalidArguments(
                f"The feed has a {self.rule_type} for {self.attribute} already: {same[0].get('id')}.",
                f"Change it with ads_catalog_update_entity entity_type=feed_rule entity_id={same[0].get('id')}.",
            )

    async def _samples(self, call: Call) -> list[Row]:
        """Return Meta's own samples of the rule: rows before and after."""
        params: dict[str, Any] = {"attribute": self.attribute, "rule_type": self.rule_type}
        params["params"] = json.dumps(self.params)
        answer = await call.graph.get(f"{self.product_feed_id}/rule_preview_samples", **params)
        rows = answer.get("data")
        return [row for row in rows if isinstance(row, dict)][:10] if isinstance(rows, list) else []

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        rule = str((await steps.do(plan.changes[0]))["id"])
        step = "It works from the next upload on: ads_catalog_create_feed_upload_session starts one."
        return {"id": rule, "in_words": plan.details["in_words"], "next_step": step}
