"""Recommendations of an account: what they say, what applying them changes, and the history of the score.

Source: docs marketing-api/overview/performance-recommendations and marketing-api/best-practices (history). Graph does
not document what applying a recommendation changes; here each kind changes what its text says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, change, need
from meta_ads_mcp.sandbox.refusal import invalid, invalid_param
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.ids import image_hash

Json = Any
MAX_HISTORY_DAYS = 45
DEFAULT_HISTORY_DAYS = 14
LATENCY_DAYS = 2  # docs: data may be missing the most recent two days
RAISE_PERCENT = 20


@dataclass(frozen=True)
class Advice:
    """One recommendation: its kind, the objects that it is about, and what applying it sets on each.

    Without `changes` it has no signature and is carried out by hand.
    """

    kind: str
    body: str
    points: int
    lift: str
    objects: tuple[GraphNode, ...]
    changes: Mapping[str, Mapping[str, Json]]
    more: Mapping[str, Json]

    def signature(self, account: str) -> str:
        """Return the signature, which is another one as soon as the objects are others."""
        return image_hash(0, account, self.kind, *(node.id for node in self.objects))


@serves("GET", "AdAccount/recommendations")
def recommendations(ask: Ask) -> Json:
    """Return one row that holds the list. Source: docs marketing-api/overview/performance-recommendations."""
    now = int(ask.graph.clock().timestamp())
    names = ask.params.get("recommendation_names")
    rows = [
        _row(ask, advice, now - 86400 * (place + 1))
        for place, advice in enumerate(_open_advice(ask))
        if not names or advice.kind in names
    ]
    return {"data": [{"recommendations": rows}]}


def _row(ask: Ask, advice: Advice, moment: int) -> dict[str, Json]:
    content = {"body": advice.body, "lift_estimate": advice.lift, "opportunity_score_lift": advice.points}
    row: dict[str, Json] = {
        "type": advice.kind,
        "object_ids": [node.id for node in advice.objects],
        "recommendation_stage": "mid_flight_recommendation",
        "recommendation_time": moment,
        "recommendation_content": {**content, **advice.more},
        "url": f"https://adsmanager.facebook.com/adsmanager/manage?act={ask.node.account}",
    }
    signature = {"recommendation_signature": advice.signature(ask.node.id)} if advice.changes else {}
    return signature | row


@serves("POST", "AdAccount/recommendations")
def apply(ask: Ask) -> Json:
    """Make the changes of a recommendation. A signature that is not in the list any more is refused."""
    need(ask.params, "recommendation_signature")
    signature = ask.params["recommendation_signature"]
    matches = [advice for advice in _open_advice(ask) if advice.changes and advice.signature(ask.node.id) == signature]
    if not matches:
        raise invalid(None, "The recommendation is no longer available", "recommendation_signature")
    (advice,) = matches
    for node in advice.objects:
        if node.id in advice.changes:
            change(ask, node, advice.changes[node.id])
    memory = ask.graph.world.store.memory
    memory["applied", ask.node.id] = [*memory.get(("applied", ask.node.id), ()), advice.kind]
    score = min(100.0, float(ask.node.get("opportunity_score") or 0) + advice.points)
    ask.graph.world.store.patch(ask.node.id, {"opportunity_score": score})
    return SUCCESS


def _open_advice(ask: Ask) -> list[Advice]:
    applied = ask.graph.world.store.memory.get(("applied", ask.node.id), ())
    makers: Sequence[Callable[[Ask], Advice | None]] = (_fatigue, _fragmentation, _audience, _scale)
    advice = [item for make_advice in makers if (item := make_advice(ask)) is not None]
    return [item for item in advice if item.kind not in applied]


def _running(ask: Ask, edge: str) -> list[GraphNode]:
    nodes = ask.graph.world.store.children(ask.node.id, edge)
    return [node for node in nodes if node.get("effective_status") == "ACTIVE"]


def _fatigue(ask: Ask) -> Advice | None:
    ad_sets = _running(ask, "adsets")[:1]
    body = "Some ads have been shown to the same people many times. New pictures can lower the cost."
    return Advice("CREATIVE_FATIGUE", body, 4, "3%", tuple(ad_sets), {}, {}) if ad_sets else None


def _fragmentation(ask: Ask) -> Advice | None:
    """Return the advice to join two ad sets: the second one is paused."""
    ad_sets = _running(ask, "adsets")[1:3]
    if len(ad_sets) < 2:
        return None
    body = "Two ad sets deliver to similar people. Pausing one leaves the learning phase sooner."
    return Advice("FRAGMENTATION", body, 6, "5%", tuple(ad_sets), {ad_sets[1].id: {"status": "PAUSED"}}, {})


def _audience(ask: Ask) -> Advice | None:
    ad_set = next((node for node in _running(ask, "adsets")[3:] if not _is_advantage(node)), None)
    if ad_set is None:
        return None
    targeting = {**ad_set.get("targeting"), "targeting_automation": {"advantage_audience": 1}}
    body = "Advantage+ audience can find results beyond the people that the ad set names."
    return Advice("ADVANTAGE_PLUS_AUDIENCE", body, 5, "4%", (ad_set,), {ad_set.id: {"targeting": targeting}}, {})


def _is_advantage(ad_set: GraphNode) -> bool:
    automation = (ad_set.get("targeting") or {}).get("targeting_automation") or {}
    return bool(automation.get("advantage_audience"))


def _scale(ask: Ask) -> Advice | None:
    campaign = next((node for node in _running(ask, "campaigns") if node.get("daily_budget")), None)
    if campaign is None:
        return None
    budget = int(campaign.get("daily_budget")) * (100 + RAISE_PERCENT) // 100
    body = f"The campaign has low costs. A daily budget that is {RAISE_PERCENT} % higher can bring more results."
    changes = {campaign.id: {"daily_budget": str(budget)}}
    return Advice("SCALE_GOOD_CAMPAIGN", body, 3, "2%", (campaign,), changes, {"recommended_daily_budget": budget})


# ---- History of the score


@serves("GET", "AdAccount/opportunity_score_history")
def score_history(ask: Ask) -> Json:
    """Return a row per day. Numbers are texts, changes have a sign. The last two days are not known yet."""
    today = ask.graph.clock().date()
    until = _day(ask, "to_date") or today
    since = _day(ask, "from_date") or until - timedelta(days=DEFAULT_HISTORY_DAYS)
    if since > until or (until - since).days > MAX_HISTORY_DAYS:
        raise invalid_param("from_date", f"must be at most {MAX_HISTORY_DAYS} days before to_date.")
    last = min(until, today - timedelta(days=LATENCY_DAYS))
    days = [since + timedelta(days=number) for number in range((last - since).days + 1)]
    return {"data": [_history_row(ask, day, today) for day in days]}


def _day(ask: Ask, name: str) -> date | None:
    text = ask.params.get(name)
    try:
        return date.fromisoformat(str(text)) if text else None
    except ValueError:
        raise invalid_param(name, "must be a date YYYY-MM-DD.") from None


# Days ago, the change of the score, and the kinds of advice that were open and applied before and after.
_EVENTS = (
    (20, 5, ("advantage_plus_audience",), (), (), ("advantage_plus_audience",)),
    (9, -4, (), ("creative_fatigue",), (), ()),
)


def _history_row(ask: Ask, day: date, today: date) -> dict[str, Json]:
    score = float(ask.node.get("opportunity_score") or 0)
    score -= sum(points for ago, points, *_ in _EVENTS if today - timedelta(days=ago) > day)
    row: dict[str, Json] = {"date": day.isoformat(), "opportunity_score": f"{score:g}"}
    if ask.params.get("get_reason"):
        row["changelog"] = [_reason(ask, *event) for event in _EVENTS if today - timedelta(days=event[0]) == day]
    return row


def _reason(
    ask: Ask,
    ago: int,
    points: int,
    open_then: Sequence[str],
    open_now: Sequence[str],
    applied_then: Sequence[str],
    applied_now: Sequence[str],
) -> dict[str, Json]:
    campaigns = _running(ask, "campaigns") or ask.graph.world.store.children(ask.node.id, "campaigns")
    campaign = campaigns[ago % len(campaigns)]
    ad_set = ask.graph.world.store.children(campaign.id, "adsets")[0]
    budget = str(ad_set.get("daily_budget") or campaign.get("daily_budget") or 0)
    detail = {
        "ad_object_id": ad_set.id,
        "ad_object_type": "ad_set",
        "budget_then": budget,
        "budget_now": budget,
        "eligible_recommendation_types_then": list(open_then),
        "eligible_recommendation_types_now": list(open_now),
        "applied_recommendation_types_then": list(applied_then),
        "applied_recommendation_types_now": list(applied_now),
    }
    return {"campaign_id": campaign.id, "score_change": f"{points:+d}", "campaign_details": [detail]}
