"""Rate the signal quality of a pixel (dataset) with this server's own score."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Self, TypeVar

from pydantic import model_validator

from meta_ads_mcp.core.listing import fields_for
from meta_ads_mcp.core.params import Params, exactly_one
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import PixelId
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.pixels.health import Signals, age_hours, health, match_rate
from meta_ads_mcp.tools.pixels.stats import PixelStats

T = TypeVar("T")
# Breakdowns of a pixel's recent events (SDK enum AdsPixelStatsResult.Aggregation).
MIXES = {"events": "event", "event_sources": "event_source", "match_keys": "match_keys", "had_pii": "had_pii"}
OWN_SCORE = "health_score is this server's own, from the rules in deductions; Meta publishes no such score."
# Meta does not document the values of DACheck.result, so any other value counts as a failure.
_PASS_RESULTS = frozenset({"passed", "pass", "ok", "success"})


@tool(
    "ads_get_dataset_quality",
    Effect.READ,
    get("{pixel_id}", "{pixel_id}/stats", "{pixel_id}/da_checks"),
    node="AdsPixel",
    fields="id name last_fired_time is_unavailable match_rate_approx data_use_setting enable_automatic_matching "
    "automatic_matching_fields first_party_cookie_status",
    identity="id",
    singular="dataset",
    keywords="pixel signal health match rate advanced matching checks emq",
    toolset="diagnostics",
)
class GetDatasetQuality(Params):
    """Judge a pixel (dataset): a health score with each deduction's rule, last firing, match rate, mix, failed checks.

    The score is this server's own, not Meta's.
    """

    pixel_id: PixelId | None = None
    dataset_id: PixelId | None = None

    @model_validator(mode="after")
    def _one_id(self) -> Self:
        return exactly_one(self, "pixel_id", "dataset_id")

    async def run(self, call: Call) -> Result:
        pixel_id = str(self.pixel_id or self.dataset_id)
        pixel = await call.graph.get(pixel_id, fields=fields_for(self))
        stats = await self._read_stats(call, pixel_id)
        checks = await self._failing_checks(call, pixel_id)
        sources = stats["event_sources"]
        signals = Signals(checks or (), sources.counts() if sources else {})
        score, deductions = health(pixel, call.now(), signals)
        data = Whole(
            pixel_id=pixel_id,
            name=pixel.get("name"),
            health_score=score,
            deductions=deductions,
            last_fired_time=pixel.get("last_fired_time"),
            last_fired_hours_ago=age_hours(pixel.get("last_fired_time"), call.now()),
            match_rate_percent=match_rate(pixel),
            automatic_matching=pixel.get("enable_automatic_matching"),
            automatic_matching_fields=pixel.get("automatic_matching_fields"),
            is_unavailable=pixel.get("is_unavailable"),
            data_use_setting=pixel.get("data_use_setting"),
            first_party_cookie_status=pixel.get("first_party_cookie_status"),
        )
        data |= {name: part.totals_table().public() if part else None for name, part in stats.items()}
        data["failing_checks"] = checks
        return Result(_summary(pixel_id, score, deductions, checks), data, notes=[OWN_SCORE])

    async def _read_stats(self, call: Call, pixel_id: str) -> dict[str, PixelStats | None]:
        """Read the totals of Meta's default window per breakdown; None for a breakdown that failed."""
        return {
            name: await _part(call, f"The mix of {name}", _stats(call, pixel_id, aggregation))
            for name, aggregation in MIXES.items()
        }

    async def _failing_checks(self, call: Call, pixel_id: str) -> list[Row] | None:
        """Read Meta's checks and keep those that fail; None if they could not be read."""
        body = await _part(call, "Meta's checks (da_checks)", call.graph.get(f"{pixel_id}/da_checks"))
        if body is None:
            return None
        rows = body.get("data") if isinstance(body.get("data"), list) else []
        return [dict(row) for row in rows or [] if isinstance(row, Mapping) and not _passes(row)]


def _summary(pixel_id: str, score: int, deductions: list[Row], checks: list[Row] | None) -> str:
    reasons = f": {'; '.join(row['rule'] for row in deductions)}" if deductions else ""
    missing = " Meta's checks could not be read, so they are not part of it." if checks is None else ""
    return f"Dataset {pixel_id}: {score} of 100 on this server's scale{reasons}.{missing}"


async def _stats(call: Call, pixel_id: str, aggregation: str) -> PixelStats:
    stats = PixelStats()
    async for buckets in call.graph.each_page(f"{pixel_id}/stats", aggregation=aggregation):
        stats.add(buckets)
    return stats


async def _part(call: Call, what: str, work: Awaitable[T]) -> T | None:
    """Read a part of the answer; note a failure and return None, so that the other parts still appear."""
    result = await attempt(work)
    if isinstance(result, AdsError):
        call.note(unread(what, result))
        return None
    return result


def _passes(check: Mapping[str, object]) -> bool:
    return str(check.get("result", "")).lower() in _PASS_RESULTS
