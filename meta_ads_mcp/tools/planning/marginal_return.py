"""The tool that estimates what one more unit of money would bring, from an account's own history."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from meta_ads_mcp.analysis.numbers import round_number
from meta_ads_mcp.analysis.planning.elasticity import METHOD, Elasticity, estimate_elasticity
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.ids import AccountId, CampaignId
from meta_ads_mcp.errors import NotFound
from meta_ads_mcp.store.store_tables import EVENT_COLUMNS
from meta_ads_mcp.tools.planning.daily_figures import FiguresByDay, read_daily

RECENT_DAYS = 28
VALUE = "purchase_value"
# Of the events, the first that was counted on most days stands for the results.
_PREFERENCE = (VALUE, *EVENT_COLUMNS)
_MIN_SHARE = 0.8


@tool(
    "ads_get_marginal_return",
    Effect.READ,
    toolset="planning",
    keywords="marginal return incremental roas scale budget diminishing returns saturation next dollar elasticity",
)
class GetMarginalReturn(Params):
    """Estimate what more spend would bring, with an 80 % interval, from the account's or campaigns' own daily history:
    elasticity, average and marginal cost per result or return. Meta offers no such figure. It is a correlation, not an
    experiment; with too little history or variation it says so.
    """

    account_id: Annotated[AccountId, Local()]
    campaign_ids: Annotated[list[CampaignId] | None, Local(), Field(min_length=1, max_length=200)] = None
    result: Annotated[
        Literal["purchase_value", "purchase", "lead", "complete_registration", "app_install", "landing_page_view"]
        | None,
        Local(),
        Field(description="Default: purchase_value, or the deepest event of most days"),
    ] = None
    days: Annotated[int, Local(), Field(ge=60, le=730, description="Days of history; they end yesterday")] = 180

    async def run(self, call: Call) -> Result:
        account = await call.account(self.account_id)
        last = account.today(call.now()) - timedelta(days=1)
        first = last - timedelta(days=self.days - 1)
        figures = await read_daily(call, account, first, last, tuple(self.campaign_ids or ()))
        spend = figures.series("spend", first, last)
        if not any(spend):
            raise NotFound("Nothing was spent in this time.", "Give more days, or other campaigns.")
        name = self.result or _usual_result(figures, spend)
        results = figures.series(name, first, last)
        elasticity = estimate_elasticity(spend, results)
        recent = (sum(spend[-RECENT_DAYS:]), sum(results[-RECENT_DAYS:]))
        data = Whole(
            account_id=account.id,
            currency=account.currency,
            result=name,
            period=f"{first} to {last}",
            source=figures.source,
            method=METHOD,
            recent_days=RECENT_DAYS,
            recent_spend=round(recent[0], 2),
            recent_results=round(recent[1], 2),
        )
        if isinstance(elasticity, str):
            return Result(f"A marginal return cannot be estimated: {elasticity}.", data, notes=[_MORE])
        data |= _figures(name, elasticity, recent)
        unit = account.currency
        summary = f"10 % more spend went with {elasticity.value * 10:.1f} % more {name} ({_range(elasticity)})."
        if elasticity.low > 0 and recent[1]:
            summary += f" {_marginal_text(name, data, unit)}"
        return Result(summary, data, notes=[_CAUTION])


_MORE = "More days, or campaigns whose budgets were changed, make an estimate possible; a lift or A/B test is better."
_CAUTION = (
    "Spend that was raised because demand was high makes the estimate too high. Confirm a large change with a test: "
    "ads_experiment_lift_create_test."
)


def _usual_result(figures: FiguresByDay, spend: list[float]) -> str:
    days = [day for day in figures.days.values() if day.get("spend")]
    for name in _PREFERENCE:
        if sum(bool(day.get(name)) for day in days) >= _MIN_SHARE * sum(value > 0 for value in spend):
            return name
    return "purchase"


def _range(elasticity: Elasticity) -> str:
    return f"80 % interval {elasticity.low * 10:.1f} to {elasticity.high * 10:.1f} %"


def _figures(name: str, elasticity: Elasticity, recent: tuple[float, float]) -> Row:
    bounds = {"value": elasticity.value, "low": elasticity.low, "high": elasticity.high}
    row: Row = {"elasticity": {key: round(value, 3) for key, value in bounds.items()} | {"days": elasticity.days}}
    spend, results = recent
    if not results or not spend:
        return row
    if name == VALUE:
        row["average_return"] = round_number(results / spend)
        row["marginal_return"] = {key: round_number(value * results / spend) for key, value in bounds.items()}
        return row
    row["average_cost"] = round_number(spend / results)
    # The highest elasticity is the lowest cost. Without an effect there is no finite cost.
    bound_names = {"value": "value", "low": "high", "high": "low"}
    row["marginal_cost"] = {
        key: round_number(spend / results / bounds[other]) if bounds[other] > 0 else None
        for key, other in bound_names.items()
    }
    return row


def _marginal_text(name: str, data: Row, currency: str) -> str:
    if name == VALUE:
        marginal, average = data["marginal_return"]["value"], data["average_return"]
        return f"The next {currency} brings about {marginal} back, on average {average}."
    marginal, average = data["marginal_cost"]["value"], data["average_cost"]
    return f"The next {name} costs about {marginal} {currency}, on average {average}."
