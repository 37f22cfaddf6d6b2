"""Say what is wrong with a catalog and what keeps which of its items from being shown, in one answer.

Meta's diagnostics know faults of items and of events. Hidden items, feeds that fail, deleted items and empty product
sets are not in them, so they are read beside the diagnostics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.partial import attempt, needing, read_batch, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import CatalogId
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.catalogue.catalogs import SCOPES
from meta_ads_mcp.tools.catalogue.dynamic_ads_health import GOOD_MATCH, STAT_FIELDS, SourceFigures, figures_of
from meta_ads_mcp.tools.catalogue.feed_setup.feed_forms import word_of
from meta_ads_mcp.tools.catalogue.feeds import FIELDS as FEED_FIELDS
from meta_ads_mcp.tools.catalogue.feeds import feed_row
from meta_ads_mcp.tools.catalogue.product_filter import describe_filter

FIELDS = (
    "title subtitle severity type error_code affected_entity affected_channels affected_features "
    "number_of_affected_items number_of_affected_entities diagnostics"
)
MAX_SAMPLES = 3
HIDDEN = {"visibility": {"eq": "staging"}}
MAX_HIDDEN = 1_000
MUST_FIX, OPPORTUNITY = "MUST_FIX", "OPPORTUNITY"
DYNAMIC_ADS = "da"
Severity = Literal["MUST_FIX", "OPPORTUNITY"]
# SDK enum ProductCatalogDiagnosticGroup.Types.
ISSUE_TYPES = frozenset(
    """
    AR_VISIBILITY_ISSUES ATTRIBUTES_INVALID ATTRIBUTES_MISSING CATEGORY CHECKOUT DA_VISIBILITY_ISSUES
    EVENT_SOURCE_ISSUES IMAGE_QUALITY LOW_QUALITY_TITLE_AND_DESCRIPTION POLICY_VIOLATION SHOPS_VISIBILITY_ISSUES
    """.split()
)
IssueType = Annotated[str, word_of(ISSUE_TYPES), Field(max_length=60)]
# SDK enum ProductCatalogDiagnosticGroup.AffectedChannels.
CHANNELS = frozenset(
    """
    b2c_marketplace c2c_marketplace da daily_deals daily_deals_legacy ig_product_tagging marketplace
    marketplace_ads_deprecated marketplace_shops mini_shops offline_conversions shops universal_checkout whatsapp
    """.split()
)
Channel = Annotated[str, word_of(CHANNELS), Field(max_length=40)]
# Type of a group -> the tool that mends it.
REPAIRS = {
    "ATTRIBUTES_INVALID": "ads_catalog_items_batch corrects the items, or ads_catalog_create_feed_rule the feed.",
    "ATTRIBUTES_MISSING": "ads_catalog_items_batch adds them, or a fallback rule of ads_catalog_create_feed_rule.",
    "CATEGORY": "ads_catalog_create_feed_rule maps the categories.",
    "IMAGE_QUALITY": "Give other image addresses with ads_catalog_items_batch (image_link).",
    "LOW_QUALITY_TITLE_AND_DESCRIPTION": "Write better texts with ads_catalog_items_batch.",
    "POLICY_VIOLATION": "Delete the items with ads_catalog_items_batch, or ask for a review in Commerce Manager.",
    "EVENT_SOURCE_ISSUES": "ads_catalog_get_dynamic_ads_health shows the match rate per event source.",
}


@tool(
    "ads_catalog_get_diagnostics",
    Effect.READ,
    get("{catalog_id}/diagnostics"),
    node="ProductCatalog",
    keywords="catalogue faults items rejected not showing image price policy must fix old prices",
)
class GetDiagnostics(Params):
    """List what is wrong with a catalog, worst first: Meta's diagnostics, hidden items, failing feeds, deleted items,
    empty product sets, events that match no item; each with samples and the tool that fixes it."""

    catalog_id: CatalogId
    severities: Annotated[list[Severity] | None, Field(min_length=1)] = None
    types: Annotated[list[IssueType] | None, Field(min_length=1, description="Such as IMAGE_QUALITY")] = None
    affected_channels: Annotated[
        list[Channel] | None, Field(min_length=1, description="da (dynamic ads), shops, …")
    ] = None
    affected_entities: Annotated[
        list[Literal["product_catalog", "product_event", "product_item", "product_set"]] | None, Field(min_length=1)
    ] = None
    affected_features: Annotated[list[Literal["augmented_reality", "checkout"]] | None, Field(min_length=1)] = None

    async def run(self, call: Call) -> Result:
        names = ("severities", "types", "affected_channels", "affected_entities", "affected_features")
        params: dict[str, Any] = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        with needing(*SCOPES[:1]):
            groups = await call.graph.list(
                f"{self.catalog_id}/diagnostics", fields=FIELDS.split(), limit=100, max_items=500, **params
            )
        findings = [group_finding(row) for row in groups.rows]
        total = None
        if not params:
            examination = Examination(call, self.catalog_id)
            findings += await examination.find()
            findings = merge_events(findings)
            total = examination.items
        findings.sort(key=lambda finding: (finding["severity"] != MUST_FIX, -(number(finding.get("items")) or 0)))
        return Result(_summary(self.catalog_id, findings), Whole(self._data(findings, total)))

    def _data(self, findings: list[Row], total: int | None) -> Row:
        data: Row = {"findings": findings, "counts_overlap": "One item can be in several findings: do not add them up."}
        if total is not None:
            data["items_in_catalog"] = total
        if not findings:
            data.pop("counts_overlap")
            data["next_step"] = "Nothing is wrong. ads_catalog_get_dynamic_ads_health product_set_id checks one set."
        return data


def _summary(catalog: str, findings: Sequence[Row]) -> str:
    must = sum(finding["severity"] == MUST_FIX for finding in findings)
    count = len(findings)
    if not findings:
        return f"Nothing is wrong with catalog {catalog}."
    return f"{count:,} {plural('finding', count)} in catalog {catalog}, {must} of them must be fixed."


def finding(severity: str, kind: str, title: str, repair: str, **more: Any) -> Row:
    """Return one finding: what is wrong, how many items it touches, whether they show in ads, and what mends it."""
    filled = {name: value for name, value in more.items() if value not in (None, [], "")}
    return {"severity": severity, "kind": kind, "title": title, **filled, "repair": repair}


def group_finding(group: Row) -> Row:
    """Return a group of Meta's diagnostics as a finding."""
    channels = [str(name) for name in group.get("affected_channels") or ()]
    is_fatal = group.get("severity") == MUST_FIX and DYNAMIC_ADS in channels
    return finding(
        str(group.get("severity")),
        str(group.get("type")),
        str(group.get("title") or group.get("subtitle") or "Unknown fault"),
        REPAIRS.get(str(group.get("type")), "Look at the items with ads_catalog_list_products."),
        entity=group.get("affected_entity"),
        items=group.get("number_of_affected_items") or None,
        not_in_dynamic_ads=(is_fatal and group.get("affected_entity") == "product_item") or None,
        channels=channels,
        error_types=_error_types(group),
        sample_items=_samples(group),
    )


def _error_types(group: Row) -> list[str]:
    parts = [part for part in group.get("diagnostics") or () if isinstance(part, dict)]
    return list(dict.fromkeys(str(part["error_type"]) for part in parts if part.get("error_type")))


def _samples(group: Row) -> list[Row]:
    """Return sample items of a group. The members of `diagnostics` are objects without a documented form."""
    samples: list[Row] = []
    for part in group.get("diagnostics") or ():
        for value in part.values() if isinstance(part, dict) else ():
            if isinstance(value, list):
                samples += [item for item in value if isinstance(item, dict) and item.get("id")]
    return [{name: item[name] for name in ("id", "retailer_id") if name in item} for item in samples[:MAX_SAMPLES]]


def merge_events(findings: list[Row]) -> list[Row]:
    """Put what the event statistics show into Meta's own finding about events, so that one fault is told once."""
    groups = [row for row in findings if row["kind"] == "EVENT_SOURCE_ISSUES" and "sources" not in row]
    figures = [row for row in findings if row["kind"] == "EVENT_SOURCE_ISSUES" and "sources" in row]
    if not groups or not figures:
        return findings
    groups[0]["sources"] = [source for row in figures for source in row["sources"]]
    return [row for row in findings if row not in figures]


@dataclass
class Examination:
    """Find what Meta's diagnostics do not tell: hidden items, feeds, product sets, events."""

    call: Call
    catalog: str
    items: int | None = None
    currency: str | None = None
    _findings: list[Row] = field(default_factory=list)

    async def find(self) -> list[Row]:
        """Return the findings. A part that cannot be read is a note."""
        parts = await attempt(read_batch(self.call, self._requests()))
        if isinstance(parts, AdsError):
            self.call.note(unread("Feeds, product sets and events", parts))
            return []
        readers = {
            "the catalog": self._count,
            "hidden items": self._hidden,
            "feeds": self._feeds,
            "product sets": self._sets,
            "events": self._events,
        }
        findings: list[Row] = []
        for name, reader in readers.items():
            answer = parts[name]
            if isinstance(answer, AdsError):
                self.call.note(unread(name[:1].upper() + name[1:], answer))
            else:
                findings += reader(answer)
        return findings

    def _requests(self) -> Mapping[str, Request]:
        catalog = self.catalog
        sets = "id,name,filter,product_count"
        return {
            "the catalog": Request("GET", catalog, {"fields": "id,product_count"}),
            "hidden items": Request(
                "GET",
                f"{catalog}/products",
                {"filter": HIDDEN, "fields": "id,retailer_id,currency", "limit": MAX_HIDDEN},
            ),
            "feeds": Request(
                "GET", f"{catalog}/product_feeds", {"fields": f"id,{','.join(FEED_FIELDS.split())}", "limit": 100}
            ),
            "product sets": Request("GET", f"{catalog}/product_sets", {"fields": sets, "limit": 500}),
            "events": Request("GET", f"{catalog}/event_stats", {"fields": ",".join(STAT_FIELDS), "limit": 1000}),
        }

    def _count(self, answer: Row) -> Iterator[Row]:
        count = answer.get("product_count")
        self.items = count if isinstance(count, int) else None
        return iter(())

    def _hidden(self, answer: Row) -> Iterator[Row]:
        rows = answer.get("data") or []
        if rows:
            more = "more than " if len(rows) == MAX_HIDDEN and "next" in (answer.get("paging") or {}) else ""
            yield finding(
                MUST_FIX,
                "HIDDEN_ITEMS",
                f"{more}{len(rows)} items are hidden (visibility staging)",
                "ads_catalog_items_batch or ads_catalog_update_entity with visibility published shows them.",
                entity="product_item",
                items=len(rows),
                not_in_dynamic_ads=True,
                sample_items=[
                    {"id": row.get("id"), "retailer_id": row.get("retailer_id")} for row in rows[:MAX_SAMPLES]
                ],
            )

    def _feeds(self, answer: Row) -> Iterator[Row]:
        for feed in answer.get("data") or ():
            yield from feed_findings(feed)

    def _sets(self, answer: Row) -> Iterator[Row]:
        for row in answer.get("data") or ():
            if row.get("product_count") == 0:
                yield finding(
                    MUST_FIX,
                    "EMPTY_PRODUCT_SET",
                    f"Product set {row.get('name')} has no items, so ads with it do not show",
                    "Change its filter with ads_catalog_update_entity; ads_catalog_list_product_sets account_id names "
                    "the ad sets that use it.",
                    entity="product_set",
                    product_set={"id": row.get("id"), "filter": describe_filter(row.get("filter"))},
                )

    def _events(self, answer: Row) -> Iterator[Row]:
        low = [figure for figure in figures_of(answer.get("data") or ()) if is_low(figure)]
        if low:
            yield finding(
                MUST_FIX,
                "EVENT_SOURCE_ISSUES",
                f"Fewer than {GOOD_MATCH:.0%} of the ids in events are items of this catalog",
                REPAIRS["EVENT_SOURCE_ISSUES"],
                entity="product_event",
                sources=[
                    {"id": figure.source, "event": figure.event, "match_rate": figure.rate_text} for figure in low
                ],
            )


def is_low(figure: SourceFigures) -> bool:
    """Return whether too few ids of an event are items."""
    return figure.rate is not None and figure.rate < GOOD_MATCH


def feed_findings(feed: Row) -> Iterator[Row]:
    """Yield what the last upload of a feed shows: it failed, refused rows, or deleted items."""
    upload = feed.get("latest_upload")
    if not isinstance(upload, dict) or not upload.get("end_time"):
        return
    row = feed_row(feed)
    where = {"id": feed.get("id"), "name": feed.get("name"), "items": row.get("items"), "schedule": row.get("schedule")}
    step = f"ads_catalog_get_product_feed_upload_sessions product_feed_id={feed.get('id')} shows the errors."
    if upload.get("num_detected_items") == 0 and upload.get("error_count"):
        title = f"The last upload of {feed.get('name')} saved nothing: its items keep old prices and stock"
        yield finding(
            MUST_FIX,
            "FEED_NOT_READ",
            title,
            step,
            entity="product_feed",
            feed=where,
            last_upload=upload.get("start_time"),
        )
    if upload.get("num_invalid_items"):
        title = f"{upload['num_invalid_items']} rows of {feed.get('name')} were refused"
        yield finding(MUST_FIX, "ROWS_REFUSED", title, step, entity="product_feed", feed=where)
    if upload.get("num_deleted_items"):
        title = (
            f"The last upload of {feed.get('name')} deleted {upload['num_deleted_items']} items missing from its file"
        )
        repair = "If that was a mistake, upload the complete file with ads_catalog_create_feed_upload_session."
        yield finding(
            MUST_FIX,
            "ITEMS_DELETED",
            title,
            repair,
            entity="product_feed",
            feed=where,
            items=upload["num_deleted_items"],
        )
