"""Read studies (split tests and lift tests) with their cells and objectives."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, plural, read_list
from meta_ads_mcp.core.params import ListParams, Local, Params, at_least_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AccountId, AdSetId, BusinessId, CampaignId, StudyId
from meta_ads_mcp.errors import Denied
from meta_ads_mcp.tools.experiments.study import break_down, decode_results, edge_rows

# confidence_level is left out: it can be written but not read (Meta docs, marketing-api/reference/ad-study).
FIELDS = (
    "id name description type start_time end_time cooldown_start_time observation_end_time created_time updated_time "
    "canceled_time results_first_available_date"
)
PARTS = (
    "cells{id,name,treatment_percentage,control_percentage,adsets{id,name},campaigns{id,name}}",
    "objectives{id,name,type,is_primary,results,last_updated_results}",
)
NO_SIGNIFICANCE = (
    "Meta returns no significance here. ads_experiment_abtest_get_test compares the cells of a split test, and says "
    "whether a winner can be called."
)


@tool(
    "ads_get_ad_studies",
    Effect.READ,
    get(
        "{account_id}/ad_studies",
        "{business_id}/ad_studies",
        "{campaign_id}/ad_studies",
        "{ad_set_id}/ad_studies",
        "{account_id}/impacting_ad_studies",
    ),
    node="AdStudy",
    fields=FIELDS,
    identity="id",
    singular="study",
    keywords="ab test split test lift experiment",
)
class GetAdStudies(ListParams):
    """List the studies (A/B tests, lift tests) of an ad account, a business, a campaign or an ad set: type, period.

    impacting=true lists those that change the account's delivery now.
    """

    account_id: AccountId | None = None
    business_id: BusinessId | None = None
    campaign_id: Annotated[CampaignId | None, Local(), Field(description="Its studies")] = None
    ad_set_id: Annotated[AdSetId | None, Local(), Field(description="Its studies")] = None
    impacting: Annotated[bool, Local(), Field(description="Only studies that change delivery now; with account_id")] = (
        False
    )
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_owner(self) -> Self:
        if self.campaign_id and self.ad_set_id:
            raise ValueError("give campaign_id or ad_set_id, not both")
        if self.impacting and (self.account_id is None or self.business_id or self.campaign_id or self.ad_set_id):
            raise ValueError("impacting requires account_id, and takes no business_id, campaign_id or ad_set_id")
        return at_least_one(self, "account_id", "business_id", "campaign_id", "ad_set_id")

    async def run(self, call: Call) -> Result:
        if self.business_id and call.allowed_accounts():
            raise Denied(
                "A business's studies may belong to accounts that this server may not use.",
                "Give account_id instead of business_id.",
            )
        owner = self.campaign_id or self.ad_set_id or self.business_id or self.account_id
        return await read_list(call, self, f"{owner}/{'impacting_ad_studies' if self.impacting else 'ad_studies'}")


Breakdown = Literal["age", "cell_id", "country", "gender"]


@tool(
    "ads_get_study_details",
    Effect.READ,
    get("{study_id}"),
    node="AdStudy",
    fields=FIELDS,
    identity="id",
    singular="study",
    keywords="ab test split test lift cells objectives results winner",
)
class GetStudyDetails(Params):
    """Read one study with its cells (their ad sets and campaigns) and its objectives with Meta's results."""

    study_id: StudyId
    fields: FieldList | None = None
    breakdowns: Annotated[list[Breakdown], Field(min_length=1, max_length=2, description="Of results")] | None = None

    async def run(self, call: Call) -> Result:
        study = await call.graph.get(self.study_id, fields=[*fields_for(self), *PARTS])
        objectives = [decode_results(item) for item in edge_rows(study.get("objectives"))]
        if self.breakdowns:
            objectives = list(await asyncio.gather(*(break_down(call, item, self.breakdowns) for item in objectives)))
        cells = [_flatten_edges(cell) for cell in edge_rows(study.get("cells"))]
        summary = (
            f"Study {self.study_id}: {len(cells)} {plural('cell', len(cells))}, "
            f"{len(objectives)} {plural('objective', len(objectives))}."
        )
        return Result(summary, {**study, "cells": cells, "objectives": objectives}, notes=[NO_SIGNIFICANCE])


def _flatten_edges(cell: Row) -> Row:
    return {name: edge_rows(value) if name in ("adsets", "campaigns") else value for name, value in cell.items()}
