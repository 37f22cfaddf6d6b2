"""Read a campaign with its ad sets, ads and creatives, in the form in which new objects are created from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.ids import account_path
from meta_ads_mcp.domain.copying import read_source, source_fields
from meta_ads_mcp.errors import AdsError, InvalidArguments, NotFound

MAX_AD_SETS, MAX_ADS = 50, 200
_LIVE = ("ACTIVE", "PAUSED")
_VIDEO_FIELDS = "id,title,source,length,status"


@dataclass(frozen=True)
class SourceTree:
    """A campaign as Graph shows it: rows of its ad sets and ads, and creatives and videos by id.

    A creative or video that cannot be read is an error.
    """

    account_id: str
    campaign: Row
    ad_sets: Sequence[Row]
    ads: Sequence[Row]
    creatives: dict[str, Row | AdsError] = field(default_factory=dict)

    def ads_of(self, ad_set: Row) -> list[Row]:
        """Return the ads of an ad set."""
        return [ad for ad in self.ads if str(ad.get("adset_id")) == str(ad_set["id"])]


async def read_tree_of_campaign(call: Call, campaign_id: str, ad_statuses: Sequence[str]) -> SourceTree:
    """Return the campaign with its live ad sets, and with the ads that have one of these statuses themselves.

    Raises InvalidArguments for a campaign that is too large for one call.
    """
    campaign = await read_source(call, "Campaign", campaign_id, ("account_id", "is_budget_schedule_enabled"))
    if "objective" not in campaign or not campaign.get("account_id"):
        raise NotFound(f"{campaign_id} is not a campaign.", "List campaigns with ads_get_campaigns.")
    ad_sets = await _children(call, campaign_id, "adsets", [*source_fields("AdSet"), "is_budget_schedule_enabled"])
    ad_sets = [row for row in ad_sets if row.get("status") in _LIVE]
    ads = await _children(call, campaign_id, "ads", [*source_fields("Ad"), "status", "adset_id"])
    ids = {str(row["id"]) for row in ad_sets}
    ads = [row for row in ads if row.get("status") in ad_statuses and str(row.get("adset_id")) in ids]
    for noun, rows, most in (("ad sets", ad_sets, MAX_AD_SETS), ("ads", ads, MAX_ADS)):
        if len(rows) > most:
            raise InvalidArguments(
                f"The campaign has {len(rows)} {noun}; one call copies at most {most}.",
                "Take fewer ads with ad_status_filter, or split the campaign.",
            )
    creatives = await _read_creatives(call, dict.fromkeys(creative_of(ad) for ad in ads))
    return SourceTree(account_path(str(campaign["account_id"])), campaign, ad_sets, ads, creatives)


async def _children(call: Call, campaign_id: str, edge: str, fields: Iterable[str]) -> list[Row]:
    rows: list[Row] = []
    names = list(dict.fromkeys([*fields, "status"]))
    async for page in call.graph.each_page(f"{campaign_id}/{edge}", fields=names, limit=100):
        rows += [dict(row) for row in page]
    return rows


def creative_of(ad: Row) -> str:
    """Return the id of the creative of an ad, or an empty text."""
    creative = ad.get("creative")
    return str(creative.get("id") or "") if isinstance(creative, dict) else ""


async def _read_creatives(call: Call, ids: Iterable[str]) -> dict[str, Row | AdsError]:
    names = [creative for creative in ids if creative]
    fields = ",".join(["account_id", *source_fields("AdCreative")])
    answers = await call.graph.batch([Request("GET", creative, {"fields": fields}) for creative in names])
    rows: dict[str, Row | AdsError] = {}
    for creative, answer in zip(names, answers, strict=True):
        is_old_field = isinstance(answer, InvalidArguments) and "nonexisting field" in answer.message
        rows[creative] = await read_source(call, "AdCreative", creative) if is_old_field else answer
    return rows


async def read_videos(call: Call, ids: Sequence[str]) -> dict[str, Any]:
    """Return the videos by id, each with its `source`, or the error that it ended in."""
    requests = [Request("GET", video, {"fields": _VIDEO_FIELDS}) for video in ids]
    answers = await call.graph.batch(requests) if requests else []
    return dict(zip(ids, answers, strict=True))
