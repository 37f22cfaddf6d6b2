"""Group the running ads of an account by the parameters that they add to their links, and list those without any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from meta_ads_mcp.analysis.query.local import local_cursor, local_offset
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Page, Result, Row, Table, Whole
from meta_ads_mcp.domain.destinations import SOURCE_FIELDS, distinct_links

AD_FIELDS = ["id", "name", "campaign{id,name}", f"creative{{id,url_tags,{','.join(SOURCE_FIELDS)}}}"]
MAX_GROUPS, MAX_MISSING = 20, 100


@dataclass(frozen=True)
class TaggedAd:
    """An ad and its parameters: `url_tags` of its creative, or the query of its link. Empty if it has none."""

    row: Row
    tags: str
    leads_to_a_page: bool

    def cells(self) -> list[Any]:
        """Return the ad's id, its name and the name of its campaign."""
        campaign = self.row.get("campaign") or {}
        return [self.row.get("id"), self.row.get("name"), campaign.get("name")]


async def group_by_url_tags(call: Call, parent: str, after: str | None, limit: int) -> Result:
    """Read all running ads below an account, and group them. The ads without parameters are the rows of the answer."""
    start = local_offset(after)
    ads = [
        _tagged(row)
        async for page in call.graph.each_page(
            f"{parent}/ads", fields=AD_FIELDS, limit=100, effective_status=["ACTIVE"]
        )
        for row in page
    ]
    missing = [ad for ad in ads if not ad.tags and ad.leads_to_a_page]
    groups = _groups([ad for ad in ads if ad.tags])
    without_link = sum(not ad.tags and not ad.leads_to_a_page for ad in ads)
    stop = start + max(limit, MAX_MISSING)
    rows = [ad.cells() for ad in missing[start:stop]]
    more = stop < len(missing)
    data: Row = {
        "active_ads": len(ads),
        "groups": groups[:MAX_GROUPS],
        "without_url_tags_count": len(missing),
        "without_url_tags": Whole(Table(["ad_id", "ad_name", "campaign_name"], rows).public()),
    }
    notes = (
        [f"{without_link} ads lead to no web page (forms, messages, apps), so they need none."] if without_link else []
    )
    if len(groups) > MAX_GROUPS:
        notes.append(f"The {MAX_GROUPS} groups with most ads of {len(groups)} are here.")
    if missing:
        notes.append("Add them with ads_bulk_update, or per ad with ads_update_ad_link.")
    page = Page(len(rows), more, local_cursor(stop) if more else None)
    return Result(_summary(parent, ads, missing, groups), Whole(data), page, notes, ((0, local_cursor(start)),))


def _tagged(row: Row) -> TaggedAd:
    creative = row.get("creative") or {}
    links = distinct_links(creative)
    queries = [urlsplit(link).query for link in links]
    return TaggedAd(row, str(creative.get("url_tags") or next(filter(None, queries), "")), bool(links))


def _groups(ads: Sequence[TaggedAd]) -> list[Row]:
    """Return each set of parameters with its ads, the most frequent first."""
    groups: dict[str, list[TaggedAd]] = {}
    for ad in ads:
        groups.setdefault(ad.tags, []).append(ad)
    rows: list[Row] = []
    for tags, members in groups.items():
        campaigns = {str((ad.row.get("campaign") or {}).get("id")) for ad in members}
        example = {"id": members[0].row.get("id"), "name": members[0].row.get("name")}
        rows.append({"url_tags": tags, "ads": len(members), "campaigns": len(campaigns), "example_ad": example})
    return sorted(rows, key=lambda row: -row["ads"])


def _summary(parent: str, ads: Sequence[TaggedAd], missing: Sequence[TaggedAd], groups: Sequence[Row]) -> str:
    return (
        f"{len(ads):,} active {plural('ad', len(ads))} of {parent}: {len(groups)} "
        f"{plural('set', len(groups))} of URL parameters; "
        f"{len(missing):,} {plural('ad', len(missing))} without any."
    )
