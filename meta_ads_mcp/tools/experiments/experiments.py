"""Studies: split tests and lift tests, with their cells and objectives."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, read_list
from meta_ads_mcp.core.params import ListParams, Params, at_least_one
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.graph_values import parse_json_text
from meta_ads_mcp.core.values.ids import AccountId, BusinessId, StudyId
from meta_ads_mcp.errors import AdsError, Denied

# confidence_level is a parameter of writes only (Meta docs, marketing-api/reference/ad-study).
FIELDS = (
    "id name description type start_time end_time cooldown_start_time observation_end_time created_time updated_time "
    "canceled_time results_first_available_date"
)
PARTS = (
    "cells{id,name,treatment_percentage,control_percentage,adsets{id,name},campaigns{id,name}}",
    "objectives{id,name,type,is_primary,results,last_updated_results}",
)
NO_SIGNIFICANCE = (
    "Meta gives no significance here, and this server computes none. Compare the cells with ads_get_insights on the "
    "ad sets of each."
)


@tool(
    "ads_get_ad_studies",
    Effect.READ,
    get("{account_id}/ad_studies", "{business_id}/ad_studies"),
    node="AdStudy",
    fields=FIELDS,
    identity="id",
    singular="study",
    keywords="ab test split test lift experiment",
)
class GetAdStudies(ListParams):
    """List the studies (A/B tests, lift tests) of an ad account or a business: type, period, state."""

    account_id: AccountId | None = None
    business_id: BusinessId | None = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _an_owner(self) -> Self:
        return at_least_one(self, "account_id", "business_id")

    async def run(self, call: Call) -> Result:
        if self.business_id and call.allowed_accounts():
            raise Denied(
                "A business's studies may be of accounts that this server may not touch.", "Ask with account_id."
            )
        return await read_list(call, self, f"{self.business_id or self.account_id}/ad_studies")


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
        objectives = [_decoded(item) for item in _rows(study.get("objectives"))]
        if self.breakdowns:
            objectives = list(await asyncio.gather(*(self._split(call, item) for item in objectives)))
        cells = [_flat(cell) for cell in _rows(study.get("cells"))]
        told = f"Study {self.study_id}: {len(cells)} cell(s), {len(objectives)} objective(s)."
        return Result(told, {**study, "cells": cells, "objectives": objectives}, notes=[NO_SIGNIFICANCE])

    async def _split(self, call: Call, objective: Row) -> Row:
        """The objective's results by the breakdowns, which only the objective itself takes."""
        fields = ["id", "results", "last_updated_results"]
        found = await attempt(call.graph.get(str(objective.get("id")), fields=fields, breakdowns=self.breakdowns))
        if isinstance(found, AdsError):
            call.note(unread(f"The breakdown of objective {objective.get('id')}", found))
            return objective
        return {**objective, **_decoded(found)}


def _decoded(objective: Row) -> Row:
    """Results are JSON texts (SDK class AdStudyObjective: list<string>)."""
    shown = dict(objective)
    if isinstance(shown.get("results"), list):
        shown["results"] = [parse_json_text(item) for item in shown["results"]]
    if "last_updated_results" in shown:
        shown["last_updated_results"] = parse_json_text(shown["last_updated_results"])
    return shown


def _flat(cell: Row) -> Row:
    return {name: _rows(value) if name in ("adsets", "campaigns") else value for name, value in cell.items()}


def _rows(edge: Any) -> list[Row]:
    """The rows of an edge that was asked inside `fields`."""
    rows = edge.get("data") if isinstance(edge, Mapping) else edge
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
