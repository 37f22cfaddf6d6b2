"""Read what is excluded for a whole ad account.

Source: Meta docs, marketing-api/reference/ad-account/account_controls; SDK classes AdAccountBusinessConstraints and
PublisherBlockList.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.listing import list_result, plural
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.partial import attempt_all, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Listing, Page, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AccountId, BlockListId
from meta_ads_mcp.errors import AdsError

WRITABLE = ("audience_controls", "placement_controls", "placement_controls_per_objective")
CONTROL_FIELDS = (
    *WRITABLE,
    "is_age_restriction_enabled",
    "is_gender_exclusion_enabled",
    "campaigns_with_error",
    "status",
)
LEVELS = "brand_safety_content_filter_levels"
LIST_FIELDS = (
    "id name is_auto_blocking_on is_eligible_at_campaign_level last_update_time last_update_user owner_ad_account_id"
).split()
PUBLISHER_FIELDS = "id domain_url publisher_name"


@tool(
    "ads_get_account_controls",
    Effect.READ,
    get("{account_id}/account_controls", "{account_id}", "{account_id}/publisher_block_lists"),
    node="AdAccountBusinessConstraints",
    fields=" ".join(CONTROL_FIELDS),
    singular="publisher",
    keywords="excluded age place placement inventory filter brand safety block list publisher blocklist",
)
class GetAccountControls(ListParams):
    """Read what is excluded for a whole ad account: ages, places, placements, inventory filter, block lists. With
    block_list_id: the publishers of that list."""

    account_id: AccountId
    block_list_id: Annotated[BlockListId | None, Local(), Field(description="Lists its publishers instead")] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50

    async def run(self, call: Call) -> Result:
        """Read the controls, the filter levels and the lists at the same time, or the publishers of a list."""
        if self.block_list_id is not None:
            return await self._publishers(call, self.block_list_id)
        controls, account, lists = await attempt_all(
            call.graph.get(f"{self.account_id}/account_controls", fields=CONTROL_FIELDS),
            call.graph.get(self.account_id, fields=["id", LEVELS]),
            call.graph.list(
                f"{self.account_id}/publisher_block_lists",
                fields=LIST_FIELDS,
                limit=self.limit,
                after=self.after,
                max_items=self.max_items,
            ),
        )
        data: Row = {"account_id": self.account_id}
        parts: list[str] = []
        page = Page(0)
        if isinstance(controls, AdsError):
            call.note(unread("The controls", controls))
        else:
            row = first_row(controls)
            data["controls"] = row
            parts += describe_controls(row)
        if isinstance(account, AdsError):
            call.note(unread("The inventory filter", account))
        elif isinstance(account, dict):
            data["filter_levels"] = account.get(LEVELS) or []
            parts.append(f"inventory filter {', '.join(map(str, data['filter_levels'])) or 'not set'}")
        if isinstance(lists, AdsError):
            call.note(unread("The block lists", lists))
        elif isinstance(lists, Listing):
            data["block_lists"] = lists.rows
            page = Page(len(lists.rows), lists.has_more, lists.after)
            parts.append(f"{len(lists.rows):,} block {plural('list', len(lists.rows))}")
        return Result(f"{self.account_id}: {'; '.join(parts)}.", Whole(data), page)

    async def _publishers(self, call: Call, block_list: str) -> Result:
        path = f"{block_list}/paged_web_publishers"
        listing = await call.graph.list(
            path,
            fields=PUBLISHER_FIELDS.split(),
            limit=self.limit,
            after=self.after,
            max_items=self.max_items,
        )
        return list_result("publisher", path, listing)


def first_row(body: Any) -> Row:
    """Return the controls of an account, which Graph lists as one row; an empty row if it has none."""
    rows = body.get("data") if isinstance(body, Mapping) else None
    row = rows[0] if isinstance(rows, list) and rows else None
    return row if isinstance(row, dict) else {}


def describe_controls(row: Mapping[str, Any]) -> list[str]:
    """Return the controls in words: ages, places, placements, and the campaigns that they stop."""
    audience, placements = row.get("audience_controls"), row.get("placement_controls")
    audience = audience if isinstance(audience, Mapping) else {}
    excluded = placements.get("placement_exclusions") if isinstance(placements, Mapping) else None
    parts = [f"minimum age {audience['age_min']}"] if audience.get("age_min") else ["no minimum age of its own"]
    if places := [name for name in ("geo_locations", "excluded_geo_locations") if audience.get(name)]:
        parts.append(f"places limited by {' and '.join(places)}")
    if audience.get("exclusions"):
        parts.append("audiences excluded")
    parts.append(f"placements excluded: {', '.join(map(str, excluded))}" if excluded else "no placement excluded")
    campaigns = row.get("campaigns_with_error")
    if isinstance(campaigns, list) and campaigns:
        parts.append(f"{len(campaigns):,} {plural('campaign', len(campaigns))} stopped by the controls")
    return parts
