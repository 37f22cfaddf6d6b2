"""List and delete budget schedules, which raise a daily budget for a period (SDK class HighDemandPeriod)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Params, exactly_one
from meta_ads_mcp.core.partial import read_batch
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Final, Result, Row
from meta_ads_mcp.core.tool import Effect, tool
from meta_ads_mcp.core.values.dates import Moment, to_unix
from meta_ads_mcp.core.values.graph_values import unix_seconds
from meta_ads_mcp.core.values.ids import AdSetId, CampaignId, ScheduleId
from meta_ads_mcp.core.values.money import format_money, money
from meta_ads_mcp.core.values.spend_fields import UnreadableAmount, parse_minor
from meta_ads_mcp.core.write import Change, ConfirmedParams, Inverse, Plan
from meta_ads_mcp.errors import AdsError, NotFound

FIELDS = (
    "id",
    "ad_object_id",
    "budget_value",
    "budget_value_type",
    "recurrence_type",
    "time_start",
    "time_end",
    "weekly_schedule",
)
_SUBJECT_FIELDS = ("id", "name", "daily_budget")
MAX_SCHEDULES = 500


@tool("ads_get_budget_schedules", Effect.READ, node="HighDemandPeriod", singular="budget schedule")
class GetBudgetSchedules(Params):
    """List the budget schedules (planned rises of the daily budget) of a campaign or an ad set: period, amount, state,
    and the daily budget meanwhile."""

    campaign_id: CampaignId | None = None
    ad_set_id: AdSetId | None = None
    time_start: Annotated[Moment | None, Field(description="Only those that end after it")] = None
    time_stop: Annotated[Moment | None, Field(description="Only those that start before it")] = None

    @model_validator(mode="after")
    def _check_subject(self) -> Self:
        return exactly_one(self, "campaign_id", "ad_set_id")

    async def run(self, call: Call) -> Result:
        subject_id = str(self.campaign_id or self.ad_set_id)
        account = await call.account(subject_id)
        period = {"time_start": self.time_start, "time_stop": self.time_stop}
        bounds = {name: to_unix(value, account.timezone) for name, value in period.items() if value is not None}
        subject, rows = await _read(call, subject_id, bounds)
        now = call.now().timestamp()
        schedules = [describe_schedule(row, subject, account, now) for row in rows]
        count = len(schedules)
        return Result(f"{count:,} {plural('budget schedule', count)} of {subject_id}.", schedules)


async def _read(call: Call, subject_id: str, bounds: Row) -> tuple[Row, list[Row]]:
    """Return the object that has the schedules, and the schedules, in one round trip."""
    params = {"fields": ",".join(FIELDS), "limit": MAX_SCHEDULES, **bounds}
    requests = {
        "subject": Request("GET", subject_id, {"fields": ",".join(_SUBJECT_FIELDS)}),
        "schedules": Request("GET", f"{subject_id}/budget_schedules", params),
    }
    answers = await read_batch(call, requests)
    return _require(answers["subject"]), _require(answers["schedules"]).get("data", [])


def _require(answer: Row | AdsError) -> Row:
    if isinstance(answer, AdsError):
        raise answer
    return answer


def describe_schedule(row: Row, subject: Row, account: Account, now: float) -> Row:
    """Return a schedule as answers show it. `now` is in Unix seconds, amounts of `row` and `subject` in minor units."""
    start, end = unix_seconds(row.get("time_start")), unix_seconds(row.get("time_end"))
    entry: Row = {
        "id": str(row.get("id")),
        "ad_object_id": str(row.get("ad_object_id") or subject.get("id")),
        "time_start": _local(start, account),
        "time_end": _local(end, account),
        "state": _state(start, end, now),
        "recurrence_type": row.get("recurrence_type"),
        "weekly_schedule": row.get("weekly_schedule"),
    }
    if row.get("budget_value_type") != "ABSOLUTE":
        return entry | {"multiplier": row.get("budget_value")}
    increase, daily = _amount(row.get("budget_value")), _amount(subject.get("daily_budget"))
    entry["increase"] = Final(money(increase, account.currency)) if increase is not None else None
    if increase is not None and daily is not None:
        entry["daily_budget_meanwhile"] = Final(money(daily + increase, account.currency))
    return entry


def _state(start: float | None, end: float | None, now: float) -> str | None:
    if start is None or end is None:
        return None
    return "planned" if now < start else "running" if now < end else "over"


def _local(seconds: float | None, account: Account) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, account.timezone).isoformat()


def _amount(value: Any) -> int | None:
    try:
        return parse_minor(value)
    except UnreadableAmount:
        return None


@tool("ads_delete_budget_schedule", Effect.DELETE, node="HighDemandPeriod", singular="budget schedule")
class DeleteBudgetSchedule(ConfirmedParams):
    """Delete one budget schedule; one that is running ends at once. Needs a confirmation. An undo creates a new one for
    the remaining time."""

    schedule_id: ScheduleId

    async def plan(self, call: Call) -> Plan:
        row = await call.graph.get(self.schedule_id, fields=list(FIELDS))
        subject_id = str(row.get("ad_object_id") or "")
        if not subject_id:
            raise NotFound(f"{self.schedule_id} is not a budget schedule.", "List them with ads_get_budget_schedules.")
        subject = await call.graph.get(subject_id, fields=list(_SUBJECT_FIELDS))
        account = await call.account(subject_id)
        schedule = describe_schedule(row, subject, account, call.now().timestamp())
        change = Change(
            Effect.DELETE,
            Request("DELETE", self.schedule_id, account=account.id, repeatable=False, write=True),
            "HighDemandPeriod",
            object_id=self.schedule_id,
            before={name: row[name] for name in FIELDS if name in row},
            title=str(subject.get("name") or ""),
            parent=subject_id,
            edge="budget_schedules",
            inverse=_again(row, subject_id, call.now().timestamp()),
        )
        return Plan([change], f"Delete {_in_words(schedule)}.", [_in_words(schedule)], {"schedule": schedule})


def _again(row: Row, subject_id: str, now: float) -> Inverse | None:
    """Return the request that makes the rest of a schedule again; None for a weekly one, or one that is over."""
    start, end = unix_seconds(row.get("time_start")), unix_seconds(row.get("time_end"))
    if start is None or end is None or end <= now or row.get("recurrence_type") not in (None, "ONE_TIME"):
        return None
    values: Row = {"time_start": int(max(start, now)), "time_end": int(end)}
    values |= {name: row.get(name) for name in ("budget_value", "budget_value_type")}
    return Inverse("POST", f"{subject_id}/budget_schedules", values, ("it raises the budget for that period",))


def _in_words(schedule: Row) -> str:
    increase = schedule.get("increase")
    amount = f"+{format_money(increase)} a day" if increase else f"multiplier {schedule.get('multiplier')}"
    return (
        f"The {schedule['state']} schedule of {schedule['ad_object_id']}: {amount}, "
        f"{schedule['time_start']} to {schedule['time_end']}"
    )
