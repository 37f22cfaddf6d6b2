"""Rename a study, move its dates, end it or cancel it."""

from __future__ import annotations

import math
from datetime import UTC, tzinfo
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.nodes import node_kind
from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.dates import UnixMoment, names_its_offset, to_unix
from meta_ads_mcp.core.values.graph_values import unix_seconds
from meta_ads_mcp.core.values.ids import StudyId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Plan
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.experiments.study import Study, iso, read_study

TIMES = ("start_time", "cooldown_start_time", "end_time", "observation_end_time")
TEXTS = ("name", "description")
# Meta needs an end that still lies ahead.
END_IN_SECONDS = 60


@tool(
    "ads_experiment_abtest_update_test",
    Effect.UPDATE,
    post("{study_id}"),
    node="AdStudy",
    singular="study",
    keywords="stop ab test end study early cancel extend rename",
)
class UpdateExperiment(ConfirmedParams):
    """Rename a study, move its dates, end it now and keep its results, or cancel it, which loses them.

    Ending, canceling and a later end need a confirmation.
    """

    study_id: StudyId
    action: Annotated[Literal["update", "end_test_now", "cancel"], Local()]
    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    description: Annotated[str | None, Field(max_length=1000)] = None
    start_time: Annotated[UnixMoment | None, Field(description="Only before the start")] = None
    end_time: UnixMoment | None = None
    cooldown_start_time: UnixMoment | None = None
    observation_end_time: UnixMoment | None = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        values = [name for name in (*TEXTS, *TIMES) if getattr(self, name) is not None]
        if self.action == "update" and not values:
            raise ValueError("action=update requires a name, a description or a time")
        if self.action != "update" and values:
            raise ValueError(f"action={self.action} takes no {values[0]}")
        return self

    async def plan(self, call: Call) -> Plan:
        study = await read_study(call, self.study_id)
        state = study.state(call.now().timestamp())
        details: Row = {"state": state, "results_remain": self.action != "cancel"}
        if state in ("over", "canceled") and self.action != "cancel" and not self._texts_only():
            raise InvalidArguments(f"Study {study.label} is {state}.", "Only its name and description can change.")
        if self.action == "cancel":
            return Plan(
                [self._cancellation(study)], f"Cancel study {study.label}; its results are lost.", details=details
            )
        after = self._end_now(call) if self.action == "end_test_now" else await self._values(call, study, state)
        before = {name: _readable(study.row, name) for name in after}
        change = Change(
            Effect.UPDATE,
            Request(
                "POST", self.study_id, after, account=_account(study), repeatable=False, write=True, kind="AdStudy"
            ),
            "AdStudy",
            object_id=self.study_id,
            before=before,
            after=after,
            readable=tuple(after),
            title=str(study.row.get("name") or ""),
            clocked=("end_time",) if self.action == "end_test_now" else (),
            context={name: _readable(study.row, name) for name in node_kind("AdStudy").effect_fields},
        )
        details["times"] = {
            name: {"before": iso(unix_seconds(study.row.get(name))), "after": iso(float(after[name]))}
            for name in TIMES
            if name in after
        }
        return Plan([change], f"{self._title()} {study.label}.", details=details)

    def _texts_only(self) -> bool:
        return self.action == "update" and not any(getattr(self, name) is not None for name in TIMES)

    def _title(self) -> str:
        return "End study" if self.action == "end_test_now" else "Update study"

    def _cancellation(self, study: Study) -> Change:
        request = Request(
            "DELETE", self.study_id, account=_account(study), repeatable=False, write=True, kind="AdStudy"
        )
        return Change(
            Effect.DELETE,
            request,
            "AdStudy",
            object_id=self.study_id,
            before={name: study.row[name] for name in (*TEXTS, *TIMES) if name in study.row},
            title=str(study.row.get("name") or ""),
            reasons=("canceling a study deletes its results",),
        )

    def _end_now(self, call: Call) -> Row:
        return {"end_time": int(call.now().timestamp()) + END_IN_SECONDS}

    async def _values(self, call: Call, study: Study, state: str) -> Row:
        """Return the new values, times in Unix seconds. Raises InvalidArguments if their order does not hold."""
        if self.start_time is not None and state != "planned":
            raise InvalidArguments(f"Study {study.label} has started already.", "Leave out start_time.")
        zone: tzinfo = UTC
        moments = {name: value for name in TIMES if (value := getattr(self, name)) is not None}
        if not all(names_its_offset(value) for value in moments.values()):
            if study.accounts:
                zone = (await call.account(study.accounts[0])).timezone
            else:
                call.note("Times without an offset were read as UTC.")
        after: Row = {name: getattr(self, name) for name in TEXTS if getattr(self, name) is not None}
        after |= {name: to_unix(value, zone) for name, value in moments.items()}
        _require_order(study.row | after)
        if after.get("end_time", math.inf) <= call.now().timestamp():
            raise InvalidArguments("end_time is in the past.", "Use action=end_test_now to end the test now.")
        return after


def _readable(row: Row, name: str) -> object:
    return int(unix_seconds(row.get(name)) or 0) or None if name in TIMES else row.get(name)


def _account(study: Study) -> str | None:
    return study.accounts[0] if study.accounts else None


def _require_order(row: Row) -> None:
    """Raise InvalidArguments unless start < cooldown <= end <= observation end holds."""
    moments = [(name, moment) for name in TIMES if (moment := unix_seconds(row.get(name))) is not None]
    for (first, earlier), (second, later) in pairwise(moments):
        if earlier > later or (first == "start_time" and earlier == later):
            raise InvalidArguments(
                f"{second} is before {first}.",
                "The order is start_time, cooldown_start_time, end_time, observation_end_time.",
            )
