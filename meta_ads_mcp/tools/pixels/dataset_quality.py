"""Judge a pixel (dataset): one verdict that follows from its findings, this server's own score, and Meta's ratings."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Annotated, Self, TypeVar

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import fields_for
from meta_ads_mcp.core.params import Local, Params, exactly_one
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import PixelId
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.pixels.health import Signals, age_hours, health, match_rate
from meta_ads_mcp.tools.pixels.match_quality import Channel, quality_findings, read_quality, unrated
from meta_ads_mcp.tools.pixels.stats import PixelStats

T = TypeVar("T")
# Breakdowns of a pixel's recent events (SDK enum AdsPixelStatsResult.Aggregation).
MIXES = {"events": "event", "event_sources": "event_source", "match_keys": "match_keys", "had_pii": "had_pii"}
OWN_SCORE = "health_score is this server's own, from the rules in deductions; Meta publishes no such score."
# Meta does not document the values of DACheck.result, so any other value counts as a failure.
# Deductions of so many points are faults, smaller ones warnings.
FAULT_POINTS = 25
MAX_IN_SUMMARY = 2
_PASS_RESULTS = frozenset({"passed", "pass", "ok", "success"})


@tool(
    "ads_get_dataset_quality",
    Effect.READ,
    get("{pixel_id}", "{pixel_id}/stats", "{pixel_id}/da_checks", "dataset_quality"),
    node="AdsPixel",
    fields="id name last_fired_time is_unavailable match_rate_approx data_use_setting enable_automatic_matching "
    "automatic_matching_fields first_party_cookie_status",
    identity="id",
    singular="dataset",
    keywords="pixel signal health match rate advanced matching checks emq",
    toolset="diagnostics",
)
class GetDatasetQuality(Params):
    """Judge a pixel (dataset): a verdict with its findings, last event, match rate, failed checks, and this server's
    own health score. channels adds Meta's event match quality (0 to 10), coverage and deduplication per server
    event.
    """

    pixel_id: PixelId | None = None
    dataset_id: PixelId | None = None
    channels: Annotated[
        list[Channel] | None,
        Local(),
        Field(min_length=1, max_length=3, description="Also ask for Meta's ratings of these"),
    ] = None

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
        ratings = await self._read_ratings(call, pixel_id)
        findings = _findings(deductions, ratings)
        is_complete = checks is not None and None not in stats.values() and (ratings is not None or not self.channels)
        verdict = _verdict(findings, is_complete=is_complete)
        data = Whole(
            pixel_id=pixel_id,
            name=pixel.get("name"),
            verdict=verdict,
            findings=findings,
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
        if self.channels:
            data["meta_ratings"] = ratings
        return Result(_summary(pixel_id, verdict, findings, score, checks), data, notes=[OWN_SCORE])

    async def _read_ratings(self, call: Call, pixel_id: str) -> dict[str, list[Row]] | None:
        """Return Meta's ratings per channel; None if they are not asked for or could not be read."""
        if not self.channels:
            return None
        ratings = await _part(call, "Meta's ratings (dataset_quality)", read_quality(call, pixel_id, self.channels))
        for note in unrated(ratings or {}):
            call.note(note)
        return ratings

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


def _findings(deductions: list[Row], ratings: dict[str, list[Row]] | None) -> list[Row]:
    """Return all that is wrong, faults first: those of this server's rules, of Meta's checks, and of Meta's ratings."""
    rows = [
        {"severity": "fault" if -row["points"] >= FAULT_POINTS else "warning", "finding": row["rule"]}
        for row in deductions
    ]
    for channel, events in (ratings or {}).items():
        rows += [{"severity": "warning", "finding": text} for text in quality_findings(channel, events)]
    return sorted(rows, key=lambda row: str(row["severity"]) != "fault")


def _verdict(findings: list[Row], *, is_complete: bool) -> str:
    """Return the worst of the findings in words. What could not be read is never taken for healthy."""
    if any(row["severity"] == "fault" for row in findings):
        return "broken"
    if findings:
        return "needs attention"
    return "healthy" if is_complete else "healthy as far as it could be read"


def _summary(pixel_id: str, verdict: str, findings: list[Row], score: int, checks: list[Row] | None) -> str:
    reasons = "; ".join(row["finding"] for row in findings[:MAX_IN_SUMMARY])
    more = f"; and {len(findings) - MAX_IN_SUMMARY} more" if len(findings) > MAX_IN_SUMMARY else ""
    missing = " Meta's checks could not be read, so they are not part of it." if checks is None else ""
    because = f" ({reasons}{more})" if findings else ""
    return f"Dataset {pixel_id}: {verdict}{because}. {score} of 100 on this server's scale.{missing}"


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
