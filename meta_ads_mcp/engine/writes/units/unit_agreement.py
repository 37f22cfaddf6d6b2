"""Show the plan of a unit, and ask for an agreement to it: through the client, or by a confirmation code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.units.unit_plan import UnitPlan
from meta_ads_mcp.engine.writes.audit import AuditRecord
from meta_ads_mcp.engine.writes.codes import CodeProblem
from meta_ads_mcp.engine.writes.confirmation import (
    ConfirmationGate,
    ConfirmationQuestion,
    Elicitor,
    file_digests,
    pending_fields,
    require_showable,
)
from meta_ads_mcp.engine.writes.question import join_reasons
from meta_ads_mcp.engine.writes.units.pending_plans import PendingPlans, wanted_values
from meta_ads_mcp.engine.writes.units.plan_checks import compare_plans, stale_plan_error
from meta_ads_mcp.engine.writes.units.unit_run import WritePace
from meta_ads_mcp.engine.writes.units.unit_steps import StepState
from meta_ads_mcp.engine.writes.units.unit_text import UnitText
from meta_ads_mcp.errors import ConfirmationRequired

# Seconds of one round trip of a batch, for the expected duration.
ROUND_TRIP_SECONDS = 2.0
# A thousand objects, each with its kind, its id and its name.
MAX_UNIT_QUESTION_CHARS = 200_000


@dataclass(frozen=True)
class UnitAgreement:
    """Hold the plan of one call with the steps that are left of it.

    `digest` is that of the arguments, and `files` are the marks of the files that the call read.
    """

    gate: ConfirmationGate
    pending: PendingPlans
    pace: WritePace
    tool: Tool
    arguments: Mapping[str, Any]
    digest: str
    states: Sequence[StepState]
    plan: UnitPlan
    text: UnitText
    files: Mapping[str, str]

    async def request(self, asker: Elicitor, record: AuditRecord) -> Result | ConfirmationQuestion | None:
        """Return None to go ahead, or what the client has to show its user.

        Raises ConfirmationRequired when the user declined, and when objects are not as the user saw them.
        """
        why = self._reasons()
        if not why:
            self.gate.reject_unneeded_code(asker, self.arguments)
            return None
        code = asker.reply.code if asker.reply is not None else self.arguments.get("confirmation")
        question_text = self.text.question(self.tool.title, self.plan, self.states, why)
        text = require_showable(f"{question_text}\n\n{self._duration()}", MAX_UNIT_QUESTION_CHARS)
        try:
            question = await self.gate.check(asker, self.tool.name, self.arguments, self._bound_values(), text)
        except ConfirmationRequired:
            if asker.reply is not None and asker.reply.has_agreed:
                self._reject_stale(code)
            raise
        if question is None:
            record.approval = "user" if asker.can_ask else "code"
            self.pending.forget(str(code))
            return None
        if not isinstance(question, ConfirmationQuestion) and question.problem is CodeProblem.OTHER_CALL:
            self._reject_stale(code)
        self._keep(question.code)
        if isinstance(question, ConfirmationQuestion):
            return question
        return self._answer(question.code, question.problem, is_on_card=asker.shows_card)

    def dry_run(self, asker: Elicitor) -> Result:
        """Return the answer to a dry run, with a code where one will be required."""
        why = self._reasons()
        next_step = "Call again with dry_run=false to carry it out." if self.states else "Nothing is left to do."
        if why:
            next_step += f" It will need the user's agreement because {join_reasons(why)}."
        data, card = self._data("dry_run") | {"next_step": next_step}, self._card("dry_run")
        if why and not asker.can_ask:
            code = self.gate.issue(self.tool.name, self.arguments, self._bound_values())
            card["confirmation"] = code
            if not asker.shows_card:
                data["confirmation"] = code
            self._keep(code)
        head = self.text.head(self.tool.title, self.plan, self.states, ())
        notes = list(self.plan.notes)
        summary = f"Dry run: nothing was changed. {head} {self._duration()}"
        return Result(summary, Whole(data), notes=notes, card=card)

    def _answer(self, code: str, problem: CodeProblem | None, *, is_on_card: bool) -> Result:
        data = self._data("needs_confirmation") | pending_fields(code, is_on_card=is_on_card)
        notes = [*([problem.value] if problem else []), *self.plan.notes]
        head = self.text.head(self.tool.title, replace(self.plan, notes=()), self.states, self._reasons())
        summary = f"Nothing was changed yet. {head} {self._duration()}"
        card = self._card("needs_confirmation") | {"confirmation": code}
        return Result(summary, Whole(data), notes=notes, verbatim=True, card=card)

    def _card(self, status: str) -> Row:
        """Return the plan as a view shows it."""
        words = self.text.card(self.tool.title, self.plan, self.states, self._reasons())
        return {"status": status, **words, "duration": self._duration(), "expires_at": self.gate.expiry()}

    # ---- the plan

    def _reasons(self) -> list[str]:
        plan = self.plan
        reasons = [*plan.reasons, *(reason for state in self.states for reason in state.step.change.reasons)]
        count = sum(state.step.item is None for state in self.states)
        if count > plan.max_unasked:
            reasons.append(f"it changes {count} objects at once")
        if plan.refused:
            rows = f"{len(plan.refused):,} {plural('row', len(plan.refused))}"
            reasons.append(f"{rows} cannot be carried out and only the others are")
        return list(dict.fromkeys(reasons))

    def _data(self, status: str) -> Row:
        plan = self.plan
        objects = sum(state.step.item is None for state in self.states)
        data: Row = {"status": status, "objects": objects, "plan": self.text.table(self.states, plan.max_items)}
        if totals := self.text.totals(self.states):
            data["totals"] = totals
        if plan.unchanged:
            data["unchanged"] = len(plan.unchanged)
        if plan.refused:
            data["refused"] = [row.public() for row in plan.refused]
        return {**data, "expected_seconds": self._expected_seconds(), **plan.details}

    def _expected_seconds(self) -> int:
        account = self.states[0].step.change.request.account if self.states else None
        wait_s = self.pace.write_seconds(account, len(self.states)) if account else 0.0
        return round(wait_s + ROUND_TRIP_SECONDS * (1 + len(self.states) // 50))

    def _duration(self) -> str:
        seconds = self._expected_seconds()
        text = f"{seconds} seconds" if seconds < 120 else f"{round(seconds / 60)} minutes"
        return f"It takes about {text} at the pace that Meta allows."

    # ---- the code

    def _bound_values(self) -> list[Row]:
        """Return the values for which a code holds: what is replaced, by what, and the files that say so."""
        changes = [state.step.change for state in self.states]
        return [
            {
                "before": change.before,
                "after": wanted_values(change),
                "path": f"{change.request.method} {change.request.path}",
                "files": file_digests(change.request),
            }
            for change in changes
        ] + [dict(self.files)]

    def _keep(self, code: str) -> None:
        """Remember the plan that the user sees, to say later how objects differ from it."""
        self.pending.keep(code, self.tool.name, self.digest, self.states)

    def _reject_stale(self, code: Any) -> None:
        """Raise ConfirmationRequired with the differences, if objects changed since the plan of this code."""
        earlier = self.pending.find(str(code), self.tool.name, self.digest)
        stale = compare_plans(earlier, self.states, self.plan.unchanged, self.text)
        if stale:
            raise stale_plan_error(stale)
