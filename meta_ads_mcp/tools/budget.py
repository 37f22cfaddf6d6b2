"""Create budget schedules, which raise a daily budget for a period (SDK class HighDemandPeriod)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import exactly_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.dates import UnixMoment
from meta_ads_mcp.core.values.ids import AdSetId, CampaignId
from meta_ads_mcp.core.values.money import Money
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams
from meta_ads_mcp.domain.preflight import has_amount
from meta_ads_mcp.errors import InvalidArguments


@tool(
    "ads_create_budget_schedule",
    Effect.CREATE,
    post("{campaign_id}/budget_schedules", "{ad_set_id}/budget_schedules"),
    node="HighDemandPeriod",
    singular="budget schedule",
    keywords="increase sale period black friday high demand",
)
class CreateBudgetSchedule(CreateParams, ConfirmedParams):
    """Raise the daily budget of a campaign or ad set for a period, by an amount or a multiplier. Needs a confirmation.

    ABSOLUTE adds the amount to the budget. Times without an offset are in the account's time zone.
    """

    campaign_id: CampaignId | None = None
    ad_set_id: AdSetId | None = None
    budget_value: Annotated[Money, Field(description="ABSOLUTE: the increase as money; MULTIPLIER: a whole number")]
    budget_value_type: Literal["ABSOLUTE", "MULTIPLIER"]
    time_start: UnixMoment
    time_end: UnixMoment

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        if self.budget_value_type == "MULTIPLIER" and not isinstance(self.budget_value, int):
            raise ValueError("a MULTIPLIER is a whole number, without a currency")
        return exactly_one(self, "campaign_id", "ad_set_id")

    def fields_to_read(self) -> tuple[str, ...]:
        return ("daily_budget",)

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if int(after["time_end"]) <= int(after["time_start"]):
            raise InvalidArguments("time_end is not after time_start.", "Give a period that ends after it starts.")
        if int(after["time_end"]) <= call.now().timestamp():
            raise InvalidArguments("The period is in the past.", "Give a period that ends in the future.")
        if not has_amount(before.get("daily_budget")):
            raise InvalidArguments(
                f"{self.campaign_id or self.ad_set_id} has no daily budget.",
                "Schedule it on the object that has the daily budget.",
            )
        if self.budget_value_type == "MULTIPLIER":
            call.note("Meta's pages disagree on the scale of a MULTIPLIER; check the schedule in Ads Manager.")

    def confirmation_reasons(self, before: Row, after: Row) -> list[str]:
        return ["it raises the budget for that period"]
