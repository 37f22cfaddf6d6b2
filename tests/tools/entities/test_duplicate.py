"""Copies of campaigns, ad sets and ads, and what is left when a step fails."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import AdsError, ApiError
from tests.support.write_cases import (
    AD,
    AD_SET,
    CAMPAIGN,
    OPEN,
    PAGE,
    Case,
    Refused,
    call,
    check,
    on_the_wire,
    shop,
)

TOOL = "ads_duplicate_entity"
RENAMED = {"rename_strategy": "ONLY_TOP_LEVEL_RENAME", "rename_suffix": " - Copy"}
COPIED = {"status_option": "PAUSED", "rename_options": RENAMED, "deep_copy": "true"}


def copy(kind: str, source: str, sent: dict[str, Any], **arguments: Any) -> Case:
    return Case(TOOL, {"entity_type": kind, "entity_id": source, **arguments}, f"{source}/copies", sent)


CASES: dict[str, Case | Refused] = {
    "an ad set": copy("ad_set", AD_SET, COPIED),
    "a campaign": copy("campaign", CAMPAIGN, COPIED),
    "an ad has nothing below it": copy("ad", AD, {name: COPIED[name] for name in COPIED if name != "deep_copy"}),
    "the top alone": copy("ad_set", AD_SET, {**COPIED, "deep_copy": "false"}, deep_copy=False),
    "a suffix of any script": copy(
        "ad_set",
        AD_SET,
        {**COPIED, "rename_options": {**RENAMED, "rename_suffix": " · コピー 🙂"}},
        rename_suffix=" · コピー 🙂",
    ),
    "another campaign": copy("ad_set", AD_SET, {**COPIED, "campaign_id": OPEN}, target_parent_id=OPEN),
    "another ad set": copy(
        "ad",
        AD,
        {"status_option": "PAUSED", "rename_options": RENAMED, "adset_id": AD_SET},
        target_parent_id=AD_SET,
    ),
    "times": copy(
        "ad_set",
        AD_SET,
        {**COPIED, "start_time": "2027-01-04T00:00:00+0100"},
        start_time="2027-01-04T00:00:00+0100",
        end_time=None,
    ),
    "a campaign has no parent": Refused(
        TOOL, {"entity_type": "campaign", "entity_id": CAMPAIGN, "target_parent_id": OPEN}, ["target_parent_id"]
    ),
    "a pixel of a campaign": Refused(
        TOOL,
        {"entity_type": "campaign", "entity_id": CAMPAIGN, "promoted_object": {"page_id": PAGE}},
        ["promoted_object", "ad set"],
        nothing_read=True,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_is_sent_or_refused(case: Case | Refused) -> None:
    await check(case)


PROMOTED = {"entity_type": "ad_set", "entity_id": AD_SET, "promoted_object": {"pixel_id": "41"}}


async def test_a_copy_gets_its_pixel_while_it_is_a_draft() -> None:
    client = shop()
    answer = await call(client, TOOL, PROMOTED)
    first, second = client.writes
    assert (first.path, on_the_wire(first)["status_option"]) == (f"{AD_SET}/copies", "PAUSED")
    assert (second.path, on_the_wire(second)) == (
        answer.structured["data"]["id"],
        {"promoted_object": {"pixel_id": "41"}},
    )


async def test_a_copy_whose_pixel_is_refused_is_named() -> None:
    client = shop()

    def refuse(request: Request) -> AdsError | None:
        return ApiError("That pixel is not yours.") if "promoted_object" in request.params else None

    client.refuse = refuse
    answer = await call(client, TOOL, PROMOTED)
    made = next(key for key in client.edges[f"{AD_SET}/copies"])
    error = answer.structured["error"]
    assert made in error["message"]
    assert "ads_delete_ad_set" in error["next_step"]
    assert len([request for request in client.writes if request.path.endswith("/copies")]) == 1
