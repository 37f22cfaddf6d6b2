"""Create conversion lift studies, which keep a share of the people from seeing ads."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AdSetId, CampaignId
from meta_ads_mcp.core.write import Plan
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.experiments.create_study import NewStudy, Objective
from meta_ads_mcp.tools.experiments.study import ROWS_OF_LIST, Study

MIN_SECONDS = 5 * 86_400
Members = Field(min_length=1, max_length=100)


@tool(
    "ads_experiment_lift_create_test",
    Effect.CREATE,
    post("{business_id}/ad_studies"),
    node="AdStudy",
    singular="study",
    keywords="conversion lift holdout incrementality control group",
)
class CreateLiftExperiment(NewStudy):
    """Start a conversion lift study over an ad account, campaigns or ad sets: holdout_percent of the people see no ads.

    Needs a confirmation. At least 5 days. If Meta refuses, a representative of Meta usually has to enable lift studies
    for the account.
    """

    holdout_percent: Annotated[int, Field(ge=1, le=50, description="People kept from seeing the ads")]
    campaigns: Annotated[list[CampaignId] | None, Field(min_length=1, max_length=100)] = None
    ad_sets: Annotated[list[AdSetId] | None, Field(min_length=1, max_length=100)] = None
    objectives: Annotated[list[Objective], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if self.campaigns and self.ad_sets:
            raise ValueError("name campaigns or ad_sets, not both")
        return self

    @property
    def members(self) -> dict[str, str]:
        """The ids of the campaigns or ad sets in the study; empty if it covers the whole account."""
        kind = "Campaign" if self.campaigns else "AdSet"
        return dict.fromkeys(self.campaigns or self.ad_sets or (), kind)

    async def plan(self, call: Call) -> Plan:
        times = await self.times_to_unix(call)
        if times["end_time"] - times["start_time"] < MIN_SECONDS:
            raise InvalidArguments("A lift study runs for at least 5 days.", "Give a later end_time.")
        edge = "campaigns" if self.campaigns else "adsets" if self.ad_sets else "adaccounts"
        cell: Row = {
            "name": "Test",
            "treatment_percentage": 100 - self.holdout_percent,
            "control_percentage": self.holdout_percent,
            edge: list(self.members) or [self.account_id.removeprefix("act_")],
        }
        objectives = [item.model_dump(exclude_none=True) for item in self.objectives]
        reason = f"{self.holdout_percent} % of the people are kept from seeing these ads"
        plan = await self.plan_study(call, times, {"type": "LIFT", "cells": [cell], "objectives": objectives}, reason)
        await self._name_studies_in_the_way(call)
        return plan

    async def _name_studies_in_the_way(self, call: Call) -> None:
        """Add a note for each study that changes delivery of the account now or later."""
        path = f"{self.account_id}/impacting_ad_studies"
        answer = await attempt(call.graph.list(path, fields=ROWS_OF_LIST, limit=100))
        if isinstance(answer, AdsError):
            call.note(unread("The studies that change delivery of this account", answer))
            return
        now = call.now().timestamp()
        for study in map(Study, answer.rows):
            if study.state(now) in ("running", "planned"):
                call.note(f"Study {study.label} is {study.state(now)} in this account: a second one disturbs it.")
