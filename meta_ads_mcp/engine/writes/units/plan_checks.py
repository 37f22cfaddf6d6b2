"""Check the plan of a unit before anything is sent: by Graph's own validation, and against what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from meta_ads_mcp.core.units.unit_plan import RefusedRow
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.engine.authority import AuthorizedGraph
from meta_ads_mcp.engine.writes.units.unit_steps import StepState
from meta_ads_mcp.engine.writes.units.unit_text import describe_refused
from meta_ads_mcp.errors import AdsError, ConfirmationRequired, InvalidArguments, UnknownOutcome

_VALIDATE_ONLY = ["validate_only"]
MAX_TEXTS = 20
MAX_REFUSED_TEXTS = 5


async def validate_steps(client: AuthorizedGraph, states: Sequence[StepState]) -> list[RefusedRow]:
    """Let Graph validate the steps that need no other step. Return what it refuses."""
    states = [state for state in states if state.step.change.validate_only and not state.step.needs]
    if not states:
        return []
    requests = [
        replace(
            state.step.change.request,
            params={**state.step.change.request.params, "execution_options": _VALIDATE_ONLY},
            budget_change=False,
            spend_limit_change=False,
        )
        for state in states
    ]
    answers = await client.batch(requests)
    return [
        RefusedRow(answer.message, state.step.row, id=state.step.change.object_id or "", name=state.name)
        for state, answer in zip(states, answers, strict=True)
        if isinstance(answer, AdsError) and not isinstance(answer, UnknownOutcome)
    ]


async def require_valid(client: AuthorizedGraph, states: Sequence[StepState]) -> None:
    """Raise InvalidArguments for steps that Graph would refuse."""
    rows = await validate_steps(client, states)
    if rows:
        raise all_refused_error(rows)


def differing_fields(plan: Change, now: Change) -> list[str]:
    """Return the fields whose values before are not those of the earlier plan."""
    return [name for name in plan.after if name in plan.before and plan.before[name] != now.before.get(name)]


def stale_plan_error(stale: Sequence[str]) -> ConfirmationRequired:
    """Return the error for a plan of which objects changed. Each text says how one of them differs."""
    more = f" And {len(stale) - MAX_TEXTS} more." if len(stale) > MAX_TEXTS else ""
    return ConfirmationRequired(
        f"This plan is stale: {len(stale)} of its objects have changed since. Nothing was sent. "
        f"{' '.join(stale[:MAX_TEXTS])}{more}",
        "Call again without `confirmation` for a new plan.",
        details={"stale": list(stale)},
    )


def all_refused_error(rows: Sequence[RefusedRow]) -> InvalidArguments:
    """Return the error for a plan without a row that can be carried out."""
    first = "; ".join(describe_refused(row) for row in rows[:MAX_REFUSED_TEXTS])
    return InvalidArguments(
        f"No row of this call can be carried out. {first}.",
        "Correct the rows and call again.",
        details={"rows": [row.public() for row in rows]},
    )
