"""Insights: the figures of accounts, campaigns, ad sets and ads, and five views that read them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from meta_ads_mcp.analysis.guardrails import check_arguments
from meta_ads_mcp.analysis.report import Answered, report
from meta_ads_mcp.analysis.selection import prepare
from meta_ads_mcp.spec.insights import InsightsParams
from meta_ads_mcp.spec.params import Local
from meta_ads_mcp.spec.ports import Call
from meta_ads_mcp.spec.result import Result
from meta_ads_mcp.spec.tool import Effect, get, tool


@tool(
    "ads_get_insights",
    Effect.READ,
    get("{object_id}/insights"),
    node="AdsInsights",
    noun="row",
    words="metrics performance report spend results roas breakdown",
)
class GetInsights(InsightsParams):
    """Read figures of an account, campaign, ad set or ad: spend, impressions, clicks, costs, and each conversion once.

    Set level for a row per campaign, ad set or ad, time_increment for a row per period, breakdowns to split rows.
    Long ranges with breakdowns need ads_run_report_and_wait.
    """

    limit: Annotated[int, Field(ge=1, le=1000, description="Page size")] = 100
    after: Annotated[str | None, Local(), Field(max_length=2000, description="page.after of the answer before")] = None
    max_items: Annotated[int | None, Local(), Field(ge=1, le=5000, description="Follow pages up to this many")] = None

    @model_validator(mode="after")
    def _allowed(self) -> Self:
        check_arguments(self, synchronous=True)
        return self

    async def run(self, call: Call) -> Result:
        account = await call.account(self.object_id)
        today = account.today(call.now())
        asked = prepare(self, account, today, synchronous=True)
        for text in asked.notes:
            call.note(text)
        found = await call.graph.list(
            f"{self.object_id}/insights",
            fields=asked.fields,
            limit=self.limit,
            after=self.after,
            max_items=self.max_items,
            **asked.params,
        )
        return report(self, Answered(found.rows, found.after, found.summary, found.marks), account, today)
