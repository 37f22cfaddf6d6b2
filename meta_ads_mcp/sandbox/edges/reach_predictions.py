"""Reach and frequency: quotes, reservations and their end. Source: SDK class ReachFrequencyPrediction; docs
marketing-api/reachandfrequency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges import lists
from meta_ads_mcp.sandbox.edges.estimates import audience
from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.writing import known_node, make, need, now
from meta_ads_mcp.sandbox.refusal import Refusal, invalid
from meta_ads_mcp.sandbox.world.build import stamp
from meta_ads_mcp.sandbox.world.optimization import prediction_figures

Json = Any
KIND = "ReachFrequencyPrediction"
READY, PENDING, RESERVED, CANCELED = 1, 2, 1, 2
MAX_DAYS = 90
HOLD = timedelta(hours=24)

serves("GET", "AdAccount/reachfrequencypredictions")(lists.linked)


@serves("POST", "AdAccount/reachfrequencypredictions")
def predict(ask: Ask) -> Json:
    """Quote, reserve or cancel. Without an action, Graph quotes."""
    if "CAN_USE_REACH_AND_FREQUENCY" not in (ask.node.get("capabilities") or ()):
        raise Refusal("(#10) The ad account cannot use reach and frequency buying", code=10)
    action = ask.params.get("action", "quote")
    return _quote(ask) if action == "quote" else _settle(ask, action)


def _quote(ask: Ask) -> Json:
    params = ask.params
    need(params, "target_spec", "start_time", "stop_time", "destination_ids")
    if ("budget" in params) == ("reach" in params):
        raise invalid(None, "Give a budget or a reach", "budget")
    start, stop = params["start_time"], params["stop_time"]
    if start <= ask.graph.clock().timestamp() or not start < stop <= start + MAX_DAYS * 86_400:
        raise invalid(None, f"The campaign starts in the future and lasts at most {MAX_DAYS} days", "stop_time")
    people, _ = audience(params["target_spec"])
    account = ask.graph.world.accounts[ask.node.account]
    budget = params.get("budget") or _budget_for(int(params["reach"]), people, account.cpm)
    fields = {
        **prediction_figures(budget, people, account.cpm),
        "account_id": int(ask.node.account),
        "name": f"Prediction of {stamp(now(ask))[:10]}",
        "prediction_mode": params.get("prediction_mode", 1),
        "objective_name": params.get("objective", "REACH"),
        "optimization_goal_name": params.get("optimization_goal", "REACH"),
        "currency": account.currency,
        "campaign_time_start": _time(start),
        "campaign_time_stop": _time(stop),
        "time_created": stamp(now(ask)),
        "target_spec": params["target_spec"],
        **{n: params[n] for n in ("frequency_cap", "interval_frequency_cap_reset_period") if n in params},
    }
    return {"id": make(ask, KIND, fields, [(ask.node.id, "reachfrequencypredictions")], prefix="69").id}


def _budget_for(reach: int, people: int, cpm: float) -> int:
    if reach >= people:
        raise invalid(None, "The reach is above the size of the audience", "reach")
    return round(reach * people / (people - reach) * cpm / 1000)


def _time(seconds: int) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))


def _settle(ask: Ask, action: str) -> Json:
    need(ask.params, "rf_prediction_id")
    node = known_node(ask, KIND, ask.params["rf_prediction_id"])
    if action == "reserve":
        if node.get("reservation_status") == RESERVED or node.get("status") != READY:
            raise invalid(None, "Only a finished quote can be reserved", "rf_prediction_id")
        fields = {"reservation_status": RESERVED, "expiration_time": stamp(now(ask) + HOLD)}
    else:
        if node.get("reservation_status") != RESERVED:
            raise invalid(None, "The prediction is not reserved", "rf_prediction_id")
        fields = {"reservation_status": CANCELED, "expiration_time": None}
    ask.graph.world.store.patch(node.id, fields)
    return {"id": node.id, "success": True}
