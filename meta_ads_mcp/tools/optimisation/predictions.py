"""List and read reach and frequency predictions. Source: SDK class ReachFrequencyPrediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, read_list
from meta_ads_mcp.core.params import ListParams, Local
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Final, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AccountId, PredictionId
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.domain.checked_read import read_as_kind

NODE = "ReachFrequencyPrediction"
EDGE = "reachfrequencypredictions"
FIELDS = (
    "name status status_message reservation_status buying_type objective_name optimization_goal_name "
    "campaign_time_start campaign_time_stop currency external_budget external_reach external_impression "
    "external_minimum_budget external_maximum_budget external_minimum_reach external_maximum_reach "
    "audience_size_lower_bound audience_size_upper_bound frequency_cap interval_frequency_cap "
    "interval_frequency_cap_reset_period curve_budget_reach placement_breakdown prediction_mode prediction_progress "
    "expiration_time target_spec time_created"
)
READY, PENDING = 1, 2
STATUSES = {READY: "ready", PENDING: "pending"}
RESERVATIONS = {0: "not reserved", 1: "reserved", 2: "canceled"}
# Amounts in minor units of the account's currency.
_AMOUNTS = ("external_budget", "external_minimum_budget", "external_maximum_budget")
MAX_POINTS = 20


@tool(
    "ads_get_reach_frequency_predictions",
    Effect.READ,
    get("{account_id}/reachfrequencypredictions"),
    node=NODE,
    fields=FIELDS,
    identity="id account_id",
    singular="prediction",
    keywords="reserved buying quote guaranteed reach curve frequency cap",
)
class GetReachFrequencyPredictions(ListParams):
    """List an account's reach and frequency predictions, or read one with its curve of reach by budget."""

    account_id: AccountId
    prediction_id: Annotated[PredictionId | None, Local(), Field(description="Reads one, with its curve")] = None
    fields: FieldList | None = None

    async def run(self, call: Call) -> Result:
        """Read the list, or the one prediction."""
        account = await call.account(self.account_id)
        if self.prediction_id is None:
            return await read_list(
                call,
                self,
                f"{self.account_id}/{EDGE}",
                refine=lambda row: prediction_row(row, account, with_curve=False),
            )
        row = await read_as_kind(call, self.prediction_id, NODE, fields_for(self))
        return Result(describe(row, account), prediction_row(row, account))


def prediction_row(row: Mapping[str, Any], account: Account, *, with_curve: bool = True) -> Row:
    """Return a prediction for people: words for its states, money for its amounts, and the curve as a table."""
    result: Row = {name: value for name, value in row.items() if name not in ("curve_budget_reach", "status")}
    result["state"] = state_of(row)
    for name in _AMOUNTS:
        if isinstance(row.get(name), int):
            result[name] = money(row[name], account.currency)
    if figures := _figures(row, account):
        result["figures"] = figures
    curve = row.get("curve_budget_reach")
    if with_curve and isinstance(curve, Mapping):
        result["curve"] = _curve(curve, account)
    return result


def state_of(row: Mapping[str, Any]) -> str:
    """Return the state in words. From 3 on Meta has refused the prediction; `status_message` says why."""
    status = row.get("status")
    words = STATUSES.get(status, f"refused ({status})") if isinstance(status, int) else "unknown"
    reservation = RESERVATIONS.get(row.get("reservation_status") or 0)
    return f"{words}, {reservation}" if reservation and status == READY else words


def _figures(row: Mapping[str, Any], account: Account) -> Row:
    """Return frequency and price per 1,000 impressions, computed from budget, impressions and reach."""
    impressions, reach, budget = (row.get(f"external_{name}") for name in ("impression", "reach", "budget"))
    figures: Row = {}
    if isinstance(impressions, int) and isinstance(reach, int) and reach:
        figures["frequency"] = round(impressions / reach, 2)
    if isinstance(impressions, int) and isinstance(budget, int) and impressions:
        figures["cpm"] = money(round(budget * 1000 / impressions), account.currency)
    return Final(figures) if figures else {}


def _curve(curve: Mapping[str, Any], account: Account) -> Row:
    """Return points of the curve as a table, evenly chosen if there are many."""
    columns = [name for name in ("budget", "reach", "impression") if isinstance(curve.get(name), list)]
    points = list(zip(*(curve[name] for name in columns), strict=False))
    step = max(1, -(-len(points) // MAX_POINTS))
    rows = [
        [
            format_money(money(value, account.currency)) if name == "budget" and isinstance(value, int) else value
            for name, value in zip(columns, point, strict=True)
        ]
        for point in points[::step]
    ]
    return Final({"columns": columns, "rows": rows})


def describe(row: Mapping[str, Any], account: Account) -> str:
    """Return the prediction in one sentence: what the budget reaches, and its state."""
    parts = [f"Prediction {row.get('id')} is {state_of(row)}"]
    if isinstance(row.get("external_budget"), int) and isinstance(row.get("external_reach"), int):
        budget = format_money(money(row["external_budget"], account.currency))
        parts.append(f"{budget} reach {row['external_reach']:,} people")
    frequency = _figures(row, account).get("frequency")
    if frequency is not None:
        parts[-1] += f", {frequency:g} times each"
    if row.get("status_message"):
        parts.append(str(row["status_message"]))
    if row.get("expiration_time"):
        parts.append(f"it ends at {row['expiration_time']}")
    return f"{'; '.join(parts)}."
