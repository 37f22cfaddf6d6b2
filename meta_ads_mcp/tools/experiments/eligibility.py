"""Say whether campaigns or ad sets can be tested against each other, and how large and long a test must be."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AccountId, ObjectId
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.experiments.inference import sample_size
from meta_ads_mcp.tools.experiments.outcome import count_results, shared_event
from meta_ads_mcp.tools.experiments.study import ROWS_OF_LIST, Study, iso
from meta_ads_mcp.tools.insights.read_all import read_all

DAYS = 28
MIN_DAYS = 7
# Meta splits people, not money: cells with very different budgets answer the question less well.
MAX_SPEND_RATIO = 2.0
EVENTS = {"purchases": "purchase", "leads": "lead", "link_clicks": "link_click"}
# A longer test is rarely practical: budgets, creatives and seasons change meanwhile.
MAX_USEFUL_DAYS = 60
_CREATE = (
    "Create it with ads_create_ad_study for at least that many days, and judge it after its end with "
    "ads_experiment_abtest_get_test."
)
_TOO_LONG = (
    "A test this long is rarely practical. Plan again with a larger min_detectable_effect, a more frequent event "
    "(metric=link_clicks), or campaigns with more spend."
)
METHOD = (
    "Meta's own eligibility check has no edge in Graph, so this is computed here. Sample size: two-sided z-test of two "
    "proportions, with the results per person reached in the last 28 days."
)


@tool(
    "ads_experiment_check_eligibility",
    Effect.READ,
    get("{account_id}/impacting_ad_studies", "{account_id}/insights"),
    node="AdStudy",
    singular="check",
    keywords="plan ab test sample size duration power running study conflict",
)
class CheckExperimentEligibility(Params):
    """Before a test or an edit: which studies touch these campaigns or ad sets, what stands in the way of a test, and
    how many people and days a fair test needs. An object in a running study should not be edited."""

    account_id: AccountId
    level: Annotated[Literal["campaign", "ad_set"], Local()] = "campaign"
    entity_ids: Annotated[
        list[ObjectId] | None, Local(), Field(min_length=2, max_length=5, description="What would be compared")
    ] = None
    metric: Annotated[Literal["results", "purchases", "leads", "link_clicks"], Local()] = "results"
    min_detectable_effect: Annotated[
        float, Local(), Field(ge=5, le=200, description="Smallest change to find, in percent of the rate")
    ] = 20
    power: Annotated[float, Local(), Field(ge=0.5, le=0.95)] = 0.8
    confidence: Annotated[float, Local(), Field(ge=0.8, le=0.99)] = 0.95

    @model_validator(mode="after")
    def _different(self) -> Self:
        ids = self.entity_ids or []
        if len(set(ids)) != len(ids):
            raise ValueError("entity_ids names an object twice")
        return self

    async def run(self, call: Call) -> Result:
        """Read the studies, the account and the figures, and judge them."""
        ids = list(self.entity_ids or ())
        now = call.now().timestamp()
        answers = asyncio.gather(*(attempt(_studies(call, f"{item}/ad_studies")) for item in ids))
        impacting, account, rows, per_object = await asyncio.gather(
            attempt(_studies(call, f"{self.account_id}/impacting_ad_studies")),
            call.graph.get(self.account_id, fields=["id", "account_status", "business", "user_tasks"]),
            self._read_figures(call, ids),
            answers,
        )
        in_the_way = _readable(call, impacting, "The studies that change delivery of this account")
        studies = {
            item: _readable(call, answer, f"The studies of {item}")
            for item, answer in zip(ids, per_object, strict=True)
        }
        objects = [self._judge(item, studies[item], rows, now) for item in ids]
        plan = self._plan(rows, ids)
        can_test = account.get("account_status") == 1
        data: Row = {
            "account": {"id": self.account_id, "can_test": can_test},
            "eligible": can_test and all(item["eligible"] for item in objects) if ids else None,
            "objects": objects,
            "studies_in_the_way": [_public(study, now) for study in in_the_way if study.state(now) != "over"],
            "plan": plan,
        }
        return Result(self._summary(data), data, notes=[METHOD])

    async def _read_figures(self, call: Call, ids: Sequence[str]) -> list[Row]:
        level = {"campaign": "campaign", "ad_set": "adset"}[self.level] if ids else "account"
        params: Row = {"level": level, "date_preset": f"last_{DAYS}d"}
        if ids:
            params["filtering"] = [{"field": f"{level}.id", "operator": "IN", "value": list(ids)}]
        names = {"campaign": ["campaign_id", "campaign_name"], "adset": ["adset_id", "adset_name"], "account": []}[
            level
        ]
        return await read_all(
            call, self.account_id, [*names, "impressions", "reach", "spend", "actions", "results"], **params
        )

    def _judge(self, item: str, studies: Sequence[Study], rows: Sequence[Row], now: float) -> Row:
        running = [study for study in studies if study.state(now) in ("running", "planned")]
        row = next((row for row in rows if _id(row) == item), None)
        spends = [number(other.get("spend")) or 0 for other in rows]
        reasons = [f"It is in the {study.state(now)} study {study.label} until {iso(study.end)}." for study in running]
        if row is None:
            reasons.append(f"It delivered nothing in the last {DAYS} days, or is in another account.")
        elif min(spends) and (number(row.get("spend")) or 0) > MAX_SPEND_RATIO * min(spends):
            reasons.append(f"It spent more than {MAX_SPEND_RATIO:g} times as much as another: make the budgets equal.")
        name = (row or {}).get("adset_name") or (row or {}).get("campaign_name")
        return {"id": item, **({"name": name} if name else {}), "eligible": not reasons, "reasons": reasons}

    def _plan(self, rows: Sequence[Row], ids: Sequence[str]) -> Row:
        """Return the size and length of a test; without results, the reason why there is none."""
        event = EVENTS.get(self.metric) or shared_event(rows)
        people = sum(int(number(row.get("reach")) or 0) for row in rows)
        results = sum(count_results(row, event) for row in rows)
        base: Row = {"event": event, "people_28d": people, "results_28d": results}
        if not results or not people or results >= people:
            return base | {
                "problem": f"Without people and {event} in the last {DAYS} days there is no rate to plan with."
            }
        rate = results / people
        effect = self.min_detectable_effect / 100
        changed = effect if rate * (1 + effect) < 1 else -effect
        size = sample_size(rate, changed, self.power, self.confidence)
        cells = max(2, len(ids))
        per_day = people / DAYS / (1 if ids else cells)
        daily = min((number(row.get("reach")) or 0) / DAYS for row in rows) if ids else per_day
        days = max(MIN_DAYS, math.ceil(size / daily)) if daily else None
        return base | {
            "rate_per_person": round(rate, 6),
            "people_per_cell": size,
            "cells": cells,
            "days": days,
            "min_detectable_effect_pct": self.min_detectable_effect,
            "power": self.power,
            "confidence": self.confidence,
            "next_step": _TOO_LONG if days is None or days > MAX_USEFUL_DAYS else _CREATE,
        }

    def _summary(self, data: Row) -> str:
        plan = data["plan"]
        size = (
            f"A test needs {plan['people_per_cell']:,} people per cell, about {plan['days']} days."
            if plan.get("people_per_cell")
            else plan["problem"]
        )
        if not self.entity_ids:
            count = len(data["studies_in_the_way"])
            state = "" if data["account"]["can_test"] else "The account is not active, so it cannot run a test. "
            studies = f"{count or 'No'} running or planned {plural('study', count)} in the account."
            return f"{state}{studies} {size} Give entity_ids to check the objects that you want to compare."
        obstacles = [item for item in data["objects"] if not item["eligible"]]
        if not obstacles:
            return f"All {len(data['objects'])} objects can be tested. {size}"
        reason = obstacles[0]["reasons"][0]
        which = obstacles[0].get("name") or obstacles[0]["id"]
        return f"{len(obstacles)} of {len(data['objects'])} objects cannot be tested now. {which}: {reason} {size}"


def _readable(call: Call, answer: list[Study] | AdsError, what: str) -> list[Study]:
    """Return the studies; none, with a note, if they cannot be read."""
    if isinstance(answer, AdsError):
        call.note(unread(what, answer))
        return []
    return answer


async def _studies(call: Call, path: str) -> list[Study]:
    return [Study(row) for row in (await call.graph.list(path, fields=ROWS_OF_LIST, limit=100)).rows]


def _public(study: Study, now: float) -> Row:
    row = {name: study.row.get(name) for name in ("id", "name", "type")}
    return row | {"state": study.state(now), "start_time": iso(study.start), "end_time": iso(study.end)}


def _id(row: Mapping[str, object]) -> str:
    return str(row.get("adset_id") or row.get("campaign_id"))
