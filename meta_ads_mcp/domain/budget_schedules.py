"""The budget schedules that a campaign or an ad set gets with its own call (SDK class HighDemandPeriod)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Literal, Self

from pydantic import ConfigDict, model_validator

from meta_ads_mcp.core.params import Closed, opaque_object
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.dates import Moment, names_its_offset, to_unix
from meta_ads_mcp.core.values.money import Money, to_minor
from meta_ads_mcp.errors import InvalidArguments

REASON = "it raises the budget for the periods of budget_schedule_specs"


class BudgetSchedule(Closed):
    """A period with more budget. ABSOLUTE adds an amount; MULTIPLIER takes a whole number."""

    model_config = ConfigDict(
        json_schema_extra=opaque_object("budget_value, budget_value_type ABSOLUTE | MULTIPLIER, time_start, time_end")
    )

    budget_value: Money
    budget_value_type: Literal["ABSOLUTE", "MULTIPLIER"]
    time_start: Moment
    time_end: Moment

    @model_validator(mode="after")
    def _check_multiplier(self) -> Self:
        if self.budget_value_type == "MULTIPLIER" and not isinstance(self.budget_value, int):
            raise ValueError("a MULTIPLIER is a whole number, without a currency")
        return self

    @property
    def needs_account(self) -> bool:
        """Tell whether the account's currency or time zone is required to read the values."""
        times = (self.time_start, self.time_end)
        return isinstance(self.budget_value, str) or not all(names_its_offset(time) for time in times)

    def to_graph(self, account: Account | None) -> Row:
        """Return the object for Graph: the amount in minor units, times in Unix seconds.

        Raises InvalidArguments for a period that ends before it starts.
        """
        zone = account.timezone if account else UTC
        start, end = to_unix(self.time_start, zone), to_unix(self.time_end, zone)
        if end <= start:
            raise InvalidArguments(
                "time_end of a budget schedule is not after its time_start.", "Give a period that ends after it starts."
            )
        value = self.budget_value
        return {
            "budget_value": to_minor(value, account.currency if account else "") if isinstance(value, str) else value,
            "budget_value_type": self.budget_value_type,
            "time_start": start,
            "time_end": end,
        }


async def build_schedules(call: Call, object_id: str, schedules: Sequence[BudgetSchedule]) -> Row:
    """Return the parameters of several schedules. `object_id` is the account, or an object that belongs to it."""
    account = await call.account(object_id) if any(schedule.needs_account for schedule in schedules) else None
    specs = [schedule.to_graph(account) for schedule in schedules]
    return {"budget_schedule_specs": specs, "is_budget_schedule_enabled": True}
