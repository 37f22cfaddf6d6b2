"""Check whether dynamic ads can work: event sources, how many of their ids are items, and Meta's checks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Local, Params, exactly_one
from meta_ads_mcp.core.partial import attempt, needing, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import CatalogId, ObjectId, PixelId, ProductSetId
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.catalogue.catalogs import SCOPES

# Below this share of matching ids, the usual cause is content_type or an id with another prefix (Meta docs,
# marketing-api/advantage-catalog-ads/audiences).
GOOD_MATCH = 0.9
EVENTS = ("ViewContent", "AddToCart", "Purchase")
MAX_PIXELS = 5
CHECK_FIELDS = "key,title,description,result,user_message,action_uri"
COUNTS = (
    "total_matched_content_ids",
    "total_unmatched_content_ids",
    "unique_matched_content_ids",
    "unique_unmatched_content_ids",
    "total_content_ids_matched_other_catalogs",
)
STAT_FIELDS = ("date_start", "date_stop", "event", "event_source", "device_type", *COUNTS)
ConnectionMethod = Literal["ALL", "APP", "BROWSER", "SERVER"]


@tool(
    "ads_catalog_get_dynamic_ads_health",
    Effect.READ,
    get("{catalog_id}/event_stats", "{dataset_id}/da_checks"),
    node="ProductCatalog",
    keywords="retargeting match rate content ids event source pixel checks can it show",
)
class GetDynamicAdsHealth(Params):
    """Check whether dynamic ads can work. For a catalog: its event sources with their match rate and a verdict each.
    For a product set or a dataset: Meta's checks."""

    catalog_id: CatalogId | None = None
    product_set_id: ProductSetId | None = None
    dataset_id: PixelId | None = None
    event_source_id: Annotated[ObjectId | None, Local(), Field(description="Only this source")] = None
    by_device: Annotated[bool, Local()] = False
    checks: Annotated[list[str] | None, Field(min_length=1, max_length=50)] = None
    connection_method: ConnectionMethod | None = None
    with_issue_only: Annotated[bool | None, Field(description="product_set_id only")] = None

    @model_validator(mode="after")
    def _check_subject(self) -> Self:
        if self.with_issue_only is not None and self.product_set_id is None:
            raise ValueError("with_issue_only goes with product_set_id")
        if (self.event_source_id or self.by_device) and self.catalog_id is None:
            raise ValueError("event_source_id and by_device go with catalog_id")
        return exactly_one(self, "catalog_id", "product_set_id", "dataset_id")

    async def run(self, call: Call) -> Result:
        with needing(*SCOPES[:1], "ads_read"):
            if self.catalog_id is not None:
                return await self._of_catalog(call, self.catalog_id)
            subject = self.product_set_id or str(self.dataset_id)
            rows = await self._checks(call, subject)
        bad = [row for row in rows if row.get("result") != "passed"]
        if self.product_set_id is not None:
            return await self._of_set(call, self.product_set_id, rows, bad)
        verdict = _verdict_of_checks(rows, bad)
        return Result(f"Dataset {subject}: {verdict}", {"verdict": verdict, "checks": rows})

    async def _of_set(self, call: Call, set_id: str, rows: list[Row], bad: list[Row]) -> Result:
        fields = ["id", "name", "product_count", "product_catalog{id,name}"]
        row = await call.graph.get(set_id, fields=fields)
        verdict = _verdict_of_checks(rows, bad)
        if row.get("product_count") == 0:
            verdict = "the set has no items, so its ads cannot show."
        subject = {
            "id": set_id,
            "name": row.get("name"),
            "items": row.get("product_count"),
            "catalog": row.get("product_catalog"),
        }
        data = {"verdict": verdict, "product_set": subject, "checks": rows}
        return Result(f"Product set {set_id}: {verdict}", data)

    async def _checks(self, call: Call, subject: str) -> list[Row]:
        params: dict[str, Any] = {
            "checks": self.checks,
            "connection_method": self.connection_method,
            "with_issue_only": self.with_issue_only if self.product_set_id else None,
        }
        values = {name: value for name, value in params.items() if value is not None}
        fields = [] if self.product_set_id else CHECK_FIELDS.split(",")
        listing = await call.graph.list(f"{subject}/da_checks", fields=fields, limit=100, **values)
        return [check_row(row) for row in listing.rows]

    async def _of_catalog(self, call: Call, catalog: str) -> Result:
        listing = await call.graph.list(
            f"{catalog}/external_event_sources", fields=["id", "name", "source_type"], limit=100
        )
        sources = [row for row in listing.rows if self.event_source_id in (None, str(row.get("id")))]
        breakdowns: dict[str, Any] = {"breakdowns": ["DEVICE_TYPE"]} if self.by_device else {}
        stats = await attempt(
            call.graph.list(f"{catalog}/event_stats", fields=list(STAT_FIELDS), limit=500, max_items=5000, **breakdowns)
        )
        if isinstance(stats, AdsError):
            call.note(unread("The event statistics", stats))
        figures = figures_of([] if isinstance(stats, AdsError) else stats.rows, by_device=self.by_device)
        checks = await self._checks_of_pixels(call, sources)
        rows = [self._source(row, figures, checks.get(str(row.get("id")))) for row in sources]
        call.note("Only sources that this token may see are here. Statistics cover 28 days and some events only.")
        verdict = _verdict_of_sources(rows)
        return Result(f"Catalog {catalog}: {verdict}", {"verdict": verdict, "sources": rows})

    async def _checks_of_pixels(self, call: Call, sources: Sequence[Row]) -> dict[str, list[Row]]:
        pixels = [str(row["id"]) for row in sources if row.get("source_type") == "PIXEL" and "id" in row][:MAX_PIXELS]
        params: dict[str, Any] = {
            "fields": CHECK_FIELDS,
            "checks": self.checks,
            "connection_method": self.connection_method,
        }
        values = {name: value for name, value in params.items() if value is not None}
        answers = (
            await call.graph.batch([Request("GET", f"{pixel}/da_checks", values) for pixel in pixels]) if pixels else []
        )
        checks = {}
        for pixel, answer in zip(pixels, answers, strict=True):
            if isinstance(answer, AdsError):
                call.note(unread(f"The checks of pixel {pixel}", answer))
            else:
                checks[pixel] = [check_row(row) for row in answer.get("data", ())]
        return checks

    def _source(self, row: Row, figures: Sequence[SourceFigures], checks: list[Row] | None) -> Row:
        mine = [figure for figure in figures if figure.source == str(row.get("id"))]
        bad = [check for check in checks or () if check.get("result") != "passed"]
        return {
            **row,
            "verdict": verdict_of(mine, bad),
            "events": [figure.row() for figure in mine],
            "failed_checks": bad,
        }


@dataclass
class SourceFigures:
    """The ids of one event of one source that are items, and those that are not, in all and day by day."""

    source: str
    event: str
    device: str = ""
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    days: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row of Graph's statistics."""
        for name in COUNTS:
            self.counts[name] += _int(row.get(name))
        hits, misses = self.days.get(str(row.get("date_start")), (0, 0))
        hits_now, misses_now = (_int(row.get(name)) for name in COUNTS[:2])
        self.days[str(row.get("date_start"))] = (hits + hits_now, misses + misses_now)

    @property
    def rate(self) -> float | None:
        """The share of ids that are items, or None without any id."""
        return _rate(self.counts[COUNTS[0]], self.counts[COUNTS[1]])

    @property
    def rate_text(self) -> str | None:
        return _percent(self.rate)

    def row(self) -> Row:
        """Return the figures for an answer: shares in percent, of all ids and of different ids."""
        counts, days = self.counts, [self.days[day] for day in sorted(self.days)]
        others = counts["total_content_ids_matched_other_catalogs"]
        total = counts[COUNTS[0]] + counts[COUNTS[1]]
        row = {
            "event": self.event,
            "device": self.device,
            "ids_matched": counts[COUNTS[0]],
            "ids_not_matched": counts[COUNTS[1]],
            "match_rate": self.rate_text,
            "match_rate_of_different_ids": _percent(_rate(counts[COUNTS[2]], counts[COUNTS[3]])),
            "match_rate_last_day": _percent(_rate(*days[-1])) if days else None,
            "match_rate_28_days_ago": _percent(_rate(*days[0])) if len(days) > 1 else None,
            "items_of_other_catalogs": _percent(others / total) if others and total else None,
        }
        return {name: value for name, value in row.items() if value not in (None, "")}


def figures_of(rows: Sequence[Mapping[str, Any]], *, by_device: bool = False) -> list[SourceFigures]:
    """Return the figures per source and event (and device) of Graph's statistics, sources in their order."""
    figures: dict[tuple[str, str, str], SourceFigures] = {}
    for row in rows:
        source = row.get("event_source")
        source_id = str(source.get("id")) if isinstance(source, Mapping) else str(source)
        device = str(row.get("device_type") or "") if by_device else ""
        key = (source_id, str(row.get("event")), device)
        figures.setdefault(key, SourceFigures(*key)).add(row)
    return list(figures.values())


def verdict_of(figures: Sequence[SourceFigures], bad_checks: Sequence[Row]) -> str:
    """Return what the figures and checks of a source mean for dynamic ads."""
    events = {figure.event for figure in figures if figure.rate is not None}
    if not events:
        return "no events with content ids in 28 days: retargeting by products cannot work"
    low = sorted({figure.event for figure in figures if figure.rate is not None and figure.rate < GOOD_MATCH})
    if low:
        return f"too few ids of {', '.join(low)} are items: look at content_type, and for a prefix of the ids"
    missing = [event for event in EVENTS if event not in events]
    if missing:
        return f"works, but {', '.join(missing)} never came in 28 days"
    return f"works, with failed checks ({len(bad_checks)})" if bad_checks else "works"


def check_row(row: Row) -> Row:
    """Return a check of Meta's; the address of its repair without the query."""
    plain = {name: value for name, value in row.items() if name != "description" or value != f"{row.get('title')}."}
    if isinstance(row.get("action_uri"), str):
        parts = urlsplit(row["action_uri"])
        plain["action_uri"] = f"{parts.scheme}://{parts.netloc}{parts.path}"
    return plain


def _verdict_of_checks(rows: Sequence[Row], bad: Sequence[Row]) -> str:
    if not rows:
        return "Meta gives no checks."
    return f"{len(bad)} of {len(rows)} checks failed." if bad else f"all {len(rows)} checks passed."


def _verdict_of_sources(rows: Sequence[Row]) -> str:
    if not rows:
        return "no event source is connected, so retargeting by products cannot work."
    good = sum(str(row["verdict"]).startswith("works") for row in rows)
    return f"{good} of {len(rows)} event sources work."


def _rate(hits: int, misses: int) -> float | None:
    return hits / (hits + misses) if hits + misses else None


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share * 100:.1f} %"


def _int(value: Any) -> int:
    return int(value) if str(value).isdigit() else 0
