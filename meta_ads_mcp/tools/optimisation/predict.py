"""Ask for a reach and frequency quote, reserve one, or cancel a reservation."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.dates import UnixMoment, to_unix
from meta_ads_mcp.core.values.ids import AccountId, CampaignId, ObjectId, PredictionId
from meta_ads_mcp.core.values.money import Money, to_minor
from meta_ads_mcp.core.write import Change, ConfirmedParams, Inverse, Plan, Steps
from meta_ads_mcp.domain.checked_read import read_as_kind
from meta_ads_mcp.domain.targeting import PLACES, TargetingSpec
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.optimisation.predictions import EDGE, FIELDS, NODE, PENDING, READY, describe, prediction_row

# prediction_mode: reach from a budget, or the budget for a reach.
BY_BUDGET, BY_REACH = 1, 0
HOURS_PER_DAY = 24
POLL_SECONDS = (2.0, 3.0, 5.0, 10.0)
RESERVED, CANCELED = 1, 2
QUOTE_ARGUMENTS = (
    "budget reach objective optimization_goal destination_ids start_time stop_time targeting frequency_cap "
    "frequency_cap_days curve_points campaign_id"
).split()
COMMITS = "reserving commits the budget at a fixed price"
GIVES_BACK = "canceling gives the reserved inventory back, and the price is lost"


@tool(
    "ads_create_reach_frequency_prediction",
    Effect.CREATE,
    post("{account_id}/reachfrequencypredictions"),
    node=NODE,
    singular="prediction",
    keywords="reserved buying quote guaranteed reach book cancel reservation",
)
class CreateReachFrequencyPrediction(ConfirmedParams):
    """Ask for a reach and frequency quote (how many people a budget reaches, how often), reserve one, or cancel. A
    quote spends nothing; reserving and canceling need a confirmation.

    Then create the ad set with rf_prediction_id in a campaign with buying_type RESERVED. Not open to every account.
    """

    account_id: AccountId
    action: Literal["quote", "reserve", "cancel"]
    prediction_id: Annotated[PredictionId | None, Local(), Field(description="For reserve and cancel")] = None
    budget: Annotated[Money | None, Field(description='Or reach. Minor units (500000), or "5000.00 USD"')] = None
    reach: Annotated[int | None, Field(ge=1, description="People, instead of budget")] = None
    objective: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    optimization_goal: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    destination_ids: Annotated[
        list[ObjectId] | None, Field(min_length=1, max_length=5, description="Page, and Instagram account")
    ] = None
    start_time: UnixMoment | None = None
    stop_time: UnixMoment | None = None
    targeting: Annotated[TargetingSpec | None, Local()] = None
    frequency_cap: Annotated[int | None, Field(ge=1, le=90, description="Most views per person")] = None
    frequency_cap_days: Annotated[int | None, Local(), Field(ge=1, le=90)] = None
    curve_points: Annotated[int | None, Local(), Field(ge=10, le=200)] = None
    campaign_id: Annotated[CampaignId | None, Local()] = None
    idempotency_key: Annotated[str, Local(), Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _check_action(self) -> Self:
        if self.action != "quote":
            if self.prediction_id is None:
                raise ValueError(f"action={self.action} requires prediction_id")
            extra = [name for name in QUOTE_ARGUMENTS if getattr(self, name) is not None]
            if extra:
                raise ValueError(f"action={self.action} takes no {extra[0]}")
            return self
        if self.prediction_id is not None:
            raise ValueError("action=quote takes no prediction_id; it makes a new prediction")
        if (self.budget is None) == (self.reach is None):
            raise ValueError("a quote requires budget or reach, and not both")
        missing = [n for n in ("destination_ids", "start_time", "stop_time", "targeting") if getattr(self, n) is None]
        if missing:
            raise ValueError(f"a quote requires {' and '.join(missing)}")
        if self.frequency_cap_days is not None and self.frequency_cap is None:
            raise ValueError("frequency_cap_days requires frequency_cap")
        if not _names_a_place(self.targeting):
            raise ValueError("targeting requires geo_locations with a place; Meta quotes for named places only")
        return self

    async def plan(self, call: Call) -> Plan:
        """Plan the quote, or read the prediction that is reserved or canceled."""
        account = await call.account(self.account_id)
        if self.action == "quote":
            if self.campaign_id:
                await read_as_kind(call, self.campaign_id, "Campaign", ["id"])
            return Plan([self._quote(call, account)], f"Quote reach and frequency for {self.account_id}.")
        return await self._settle(call, account, str(self.prediction_id))

    def _quote(self, call: Call, account: Account) -> Change:
        start, stop = (to_unix(str(value), account.timezone) for value in (self.start_time, self.stop_time))
        if stop <= start or start <= call.now().timestamp():
            raise InvalidArguments(
                "The campaign has to start in the future and to stop after it starts.", "Correct start_time, stop_time."
            )
        budget = None if self.budget is None else to_minor(self.budget, account.currency)
        params: Row = {
            "action": "quote",
            "budget": budget,
            "reach": self.reach,
            "prediction_mode": BY_REACH if budget is None else BY_BUDGET,
            "objective": self.objective,
            "optimization_goal": self.optimization_goal,
            "destination_ids": self.destination_ids,
            "start_time": start,
            "stop_time": stop,
            "target_spec": self.targeting,
            "frequency_cap": self.frequency_cap,
            "interval_frequency_cap_reset_period": self.frequency_cap_days and self.frequency_cap_days * HOURS_PER_DAY,
            "num_curve_points": self.curve_points,
            "campaign_group_id": self.campaign_id,
        }
        goal = {"external_reach": self.reach} if budget is None else {"external_budget": budget}
        return Change(
            Effect.CREATE,
            self._request({name: value for name, value in params.items() if value is not None}),
            NODE,
            after=goal,
            parent=self.account_id,
            edge=EDGE,
        )

    def _request(self, params: Row) -> Request:
        return Request(
            "POST",
            f"{self.account_id}/{EDGE}",
            params,
            account=self.account_id,
            repeatable=False,
            write=True,
            kind="AdAccount",
        )

    async def _settle(self, call: Call, account: Account, prediction: str) -> Plan:
        row = await read_as_kind(call, prediction, NODE, ["id", "account_id", *FIELDS.split()])
        is_reserved = row.get("reservation_status") == RESERVED
        if self.action == "reserve":
            self._require_reservable(row, is_reserved=is_reserved)
        elif not is_reserved:
            raise InvalidArguments(
                f"Prediction {prediction} is not reserved.", "Look with ads_get_reach_frequency_predictions."
            )
        params = {"action": self.action, "rf_prediction_id": prediction}
        budget = row.get("external_budget")
        after: Row = {"reservation_status": RESERVED if self.action == "reserve" else CANCELED}
        inverse = None
        if self.action == "reserve":
            after["lifetime_budget"] = budget
            inverse = Inverse("POST", f"{self.account_id}/{EDGE}", {**params, "action": "cancel"}, (GIVES_BACK,))
        change = Change(
            Effect.UPDATE,
            self._request(params),
            NODE,
            object_id=prediction,
            before={"reservation_status": row.get("reservation_status") or 0},
            after=after,
            readable=("reservation_status",),
            title=str(row.get("name") or ""),
            reasons=(COMMITS if self.action == "reserve" else GIVES_BACK,),
            inverse=inverse,
        )
        return Plan([change], f"{self.action.capitalize()} prediction {prediction}.", [describe(row, account)])

    def _require_reservable(self, row: Row, *, is_reserved: bool) -> None:
        if is_reserved:
            raise InvalidArguments("This prediction is reserved already.", "Create its ad set with rf_prediction_id.")
        if row.get("status") != READY:
            text = str(row.get("status_message") or "Meta is still working on it")
            raise InvalidArguments(f"This prediction cannot be reserved: {text}.", "Ask for another quote.")

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Send the request, and read the prediction until it is ready."""
        change = plan.changes[0]
        body = await steps.do(change)
        prediction = str(change.object_id or body["id"])
        row = await self._read_when_ready(call, prediction)
        if row is None:
            return {"id": prediction}
        account = await call.account(self.account_id)
        data: Row = {"id": prediction, "prediction": prediction_row(row, account), "summary": describe(row, account)}
        return data | {"next_step": self._next_step(prediction, row)}

    async def _read_when_ready(self, call: Call, prediction: str) -> Row | None:
        for wait in (*POLL_SECONDS, None):
            row = await attempt(call.graph.get(prediction, fields=["id", *FIELDS.split()]))
            if isinstance(row, AdsError):
                call.note(f"The prediction could not be read ({row.kind}); look with its id.")
                return None
            if row.get("status") != PENDING or wait is None:
                return row
            await call.sleep(wait)
        return None

    def _next_step(self, prediction: str, row: Row) -> str:
        if row.get("status") == PENDING:
            return f"Read it again with ads_get_reach_frequency_predictions prediction_id={prediction}."
        if self.action == "quote" and row.get("status") == READY:
            return f"Reserve it with action=reserve and prediction_id={prediction}, or ask for another quote."
        if self.action == "reserve":
            return "Create the ad set with this rf_prediction_id before the reservation ends; ads_undo_change cancels."
        return "Ask for another quote with action=quote."


def _names_a_place(targeting: Any) -> bool:
    places = (targeting or {}).get("geo_locations") or {}
    return any(places.get(name) for name in PLACES)
