"""Run one call of a tool whose changes are a unit.

same key? → plan → policy → dry run? → agreement → still as planned? → journal the unit → run → answer
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from meta_ads_mcp.core.changes import JournalEntry, UnitRecord
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.units.unit_params import PlansUnit, SendsUploads
from meta_ads_mcp.core.units.unit_plan import UnitPlan
from meta_ads_mcp.core.write import Change, WriteParams
from meta_ads_mcp.engine.authority import AuthorizedGraph
from meta_ads_mcp.engine.files.opened_files import changed_files
from meta_ads_mcp.engine.session import ToolCall, reading
from meta_ads_mcp.engine.writes.audit import AuditRecord
from meta_ads_mcp.engine.writes.confirmation import ConfirmationGate, ConfirmationQuestion, Elicitor
from meta_ads_mcp.engine.writes.idempotency import digest_of, require_same_arguments
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.plan import with_reasons
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.engine.writes.question import QuestionText
from meta_ads_mcp.engine.writes.steps import reject_recorded_secrets
from meta_ads_mcp.engine.writes.units import unit_answer
from meta_ads_mcp.engine.writes.units.pending_plans import PendingPlans
from meta_ads_mcp.engine.writes.units.plan_checks import (
    all_refused_error,
    denied_error,
    drop_denied,
    require_valid,
    stale_object,
    stale_plan_error,
    validate_steps,
)
from meta_ads_mcp.engine.writes.units.unit_agreement import UnitAgreement
from meta_ads_mcp.engine.writes.units.unit_lock import UnitLocks
from meta_ads_mcp.engine.writes.units.unit_run import MAX_AGE_SECONDS, UnitRun, WritePace, check_steps
from meta_ads_mcp.engine.writes.units.unit_steps import (
    SUCCESS,
    WAITING,
    StepState,
    decode_steps,
    encode_step,
    restore_states,
)
from meta_ads_mcp.engine.writes.units.unit_text import UnitText
from meta_ads_mcp.errors import InvalidArguments, UnknownOutcome

# After a longer question the values may have changed, so they are read again.
MAX_ASKED_SECONDS = 1.0


class WriterParts(Protocol):
    """Hold what the units of a process share. The writer implements it."""

    client: AuthorizedGraph
    clock: Clock
    journal: Journal
    policy: Policy
    gate: ConfirmationGate
    pace: WritePace
    locks: UnitLocks
    pending: PendingPlans


class UnitCall:
    """Hold the state of one call."""

    def __init__(
        self, writer: WriterParts, tool: Tool, args: WriteParams, call: ToolCall, account: Account | None
    ) -> None:
        self.writer, self.tool, self.args, self.call = writer, tool, args, call
        self.account = account
        self.arguments: dict[str, Any] = args.model_dump(exclude_none=True)
        self.key: str | None = self.arguments.pop("idempotency_key", None)
        self.digest = digest_of(self.arguments)
        self.states: Sequence[StepState] = ()
        self.unit_id = ""

    @property
    def object_ids(self) -> list[str]:
        """Return the ids of the objects that were changed."""
        return [str(state.object_id) for state in self.states if state.status == SUCCESS and state.object_id]

    async def execute(self, asker: Elicitor, record: AuditRecord) -> Result | ConfirmationQuestion | None:
        """Run the call. Returns None if it is a single write. Raises AdsError."""
        dry_run = bool(self.arguments.get("dry_run"))
        unit = None if dry_run else await self._unit_of_key()
        if unit is not None:
            record.outcome = "repeated"
            return await self._go_on(unit)
        with reading(self.call.graph):
            plan = await self.args.plan_unit(self.call) if isinstance(self.args, PlansUnit) else None
        if plan is None:
            return None
        plan = await self._prepare(plan)
        if dry_run:
            record.outcome = "dry_run"
            rows = await validate_steps(self.writer.client, self.states)
            return self._agreement(replace(plan, refused=[*plan.refused, *rows])).dry_run(asker)
        if not self.states:
            return unit_answer.nothing_to_do(self.tool.title, plan)
        if plan.validate_first and "confirmation" not in self.arguments:
            await require_valid(self.writer.client, self.states)
        question = await self._agreement(plan).request(asker, record)
        if question is not None:
            record.outcome = "needs_confirmation"
            return question
        await self._require_fresh(MAX_ASKED_SECONDS if asker.can_ask else MAX_AGE_SECONDS)
        record.outcome = "success"
        # The answer with the code had the notes already.
        return await self._start(replace(plan, notes=()) if record.approval == "code" else plan)

    # ---- the plan

    async def _prepare(self, plan: UnitPlan) -> UnitPlan:
        """Return the plan with all reasons to ask, and hold it against the policy and the allowed accounts."""
        await self._resolve_account(plan.account)
        now, moment = self.call.now().timestamp(), self.writer.clock.monotonic()
        steps = [replace(step, change=with_reasons(step.change, now)) for step in plan.steps]
        plan = replace(plan, steps=steps, notes=[*dict.fromkeys([*self.call.notes, *plan.notes])])
        self.call.notes.clear()
        if plan.refused and not steps and not plan.unchanged:
            raise all_refused_error(plan.refused)
        self.states = [StepState(step, read_at=moment) for step in steps]
        plan = self._drop_denied(plan)
        secrets = await self.writer.client.own_secrets()
        for state in self.states:
            change = state.step.change
            await self.writer.client.authorize(change.request)
            entry = replace(self._entry(state, change), arguments=self.arguments, key=self.key)
            reject_recorded_secrets(entry, secrets)
        currency = self.account.currency if self.account else None
        changes = [state.step.change for state in self.states]
        self.writer.policy.permit_total(changes, currency, keeps_sum=plan.keeps_sum)
        return plan

    def _drop_denied(self, plan: UnitPlan) -> UnitPlan:
        """Move what the policy denies to the refused rows. Raises Denied if nothing is left, or for a whole plan."""
        rest, rows = drop_denied(self.states, lambda state: self._permit(state.step.change))
        if rows and (not rest or plan.keeps_sum or plan.is_whole):
            raise denied_error(rows, self.states)
        self.states = rest
        return replace(plan, refused=[*plan.refused, *rows])

    async def _resolve_account(self, account_id: str) -> None:
        if self.account is None or self.account.id != account_id:
            self.account = await self.call.graph.book.account_if_visible(account_id)

    def _permit(self, change: Change) -> None:
        self.writer.policy.permit(change)
        self.writer.policy.permit_budgets(change, self.account.currency if self.account else None)

    @property
    def text(self) -> UnitText:
        currency, zone = (self.account.currency, self.account.timezone) if self.account else (None, None)
        return UnitText(QuestionText(currency, zone), currency)

    async def _require_fresh(self, most_seconds: float) -> None:
        """Raise ConfirmationRequired if objects changed while the user was asked, after a while of some seconds."""
        oldest = self.writer.clock.monotonic() - most_seconds
        old = [state for state in self.states if state.read_at < oldest]
        await check_steps(self.writer.client, old, self.writer.clock, self.text.describe_stale)
        stale = [stale_object(state, self.text) for state in old if state.status != WAITING]
        if stale:
            raise stale_plan_error(stale)

    def _agreement(self, plan: UnitPlan) -> UnitAgreement:
        writer = self.writer
        parts = (writer.gate, writer.pending, writer.pace)
        files = self.call.files.marks
        return UnitAgreement(*parts, self.tool, self.arguments, self.digest, self.states, plan, self.text, files)

    # ---- carry it out

    async def _start(self, plan: UnitPlan) -> Result:
        unit = UnitRecord(
            self.writer.journal.new_id("u"),
            self.tool.name,
            len(self.states),
            account=plan.account,
            currency=self.account.currency if self.account else None,
            key=self.key,
            digest=self.digest,
            undo_of=plan.undo_of,
            arguments=self.arguments,
            plan={**unit_answer.encode_plan(plan), "files": dict(self.call.files.marks)},
            steps=[encode_step(state.step) for state in self.states],
        )
        self.unit_id = unit.unit_id
        self.writer.locks.take(unit.unit_id)
        try:
            self.writer.journal.start_unit(unit)
            await self._require_first(unit)
        except BaseException:
            self.writer.locks.release(unit.unit_id)
            raise
        return await self._run(unit)

    async def _require_first(self, unit: UnitRecord) -> None:
        """Raise UnknownOutcome unless this unit is the first with its key, also across processes."""
        if unit.key is None:
            return
        await self.writer.journal.catch_up()
        first = self.writer.journal.unit_with_key(unit.tool, unit.key)
        if first is not None and first.unit_id != unit.unit_id:
            raise UnknownOutcome(
                "Another call with this idempotency_key is being carried out; this one sent nothing.",
                "Make the same call again in a moment: it then goes on with the other one.",
            )

    async def _unit_of_key(self) -> UnitRecord | None:
        """Return the unit that an earlier call with this key began. Raises InvalidArguments for other arguments."""
        if not self.key:
            return None
        await self.writer.journal.catch_up()
        unit = self.writer.journal.unit_with_key(self.tool.name, self.key)
        if unit is not None:
            require_same_arguments([unit], self.digest)
        return unit

    async def _go_on(self, unit: UnitRecord) -> Result:
        """Carry out what an earlier call left of the unit. Raises Denied for a unit of another account."""
        self.call.graph.book.permit(str(unit.account))
        await self._resolve_account(str(unit.account))
        self.unit_id = unit.unit_id
        self.writer.locks.take(unit.unit_id)
        try:
            await self.writer.journal.catch_up()
            entries = self.writer.journal.of_unit(unit.unit_id)
            self._require_in_place(unit, entries)
            self.states = restore_states(decode_steps(unit.steps), entries)
            self._check_files(unit)
        except BaseException:
            self.writer.locks.release(unit.unit_id)
            raise
        result = await self._run(unit)
        return replace(result, notes=["An earlier call began this unit; only what was left was sent.", *result.notes])

    def _require_in_place(self, unit: UnitRecord, entries: Sequence[JournalEntry]) -> None:
        """Raise InvalidArguments for a unit that was taken back: the rest of it is not to be carried out any more."""
        journal = self.writer.journal
        reversals = [journal.entry(entry.undone_by) for entry in entries if entry.undone_by]
        units = [journal.unit(entry.unit) for entry in reversals if entry is not None and entry.unit]
        undo = next((item for item in units if item is not None and item.undo_of == unit.unit_id), None)
        if undo is not None:
            raise InvalidArguments(
                f"Unit {unit.unit_id} was taken back by unit {undo.unit_id}; nothing was sent.",
                "Use a new idempotency_key to make the changes again.",
                details={"unit_id": unit.unit_id},
            )

    def _check_files(self, unit: UnitRecord) -> None:
        """Note that a file of the unit holds something else by now. Raises InvalidArguments if the unit is finished."""
        marks = unit.plan.get("files")
        openers = (self.call.exports.reopen, self.call.uploads.open)
        paths = changed_files(marks, *openers) if isinstance(marks, dict) else []
        if not paths:
            return
        text = f"{', '.join(paths)[:300]} changed since unit {unit.unit_id} was planned"
        if any(state.status != SUCCESS for state in self.states):
            self.call.note(f"{text}. The unit goes on as it was planned, and the new content was not read.")
            return
        raise InvalidArguments(
            f"{text}, and the unit is finished. Nothing was sent.",
            "Use a new idempotency_key for the new content. Leave out new objects that the unit created already: "
            f"ads_get_changes unit_id={unit.unit_id} lists them.",
            details={"unit_id": unit.unit_id},
        )

    async def _run(self, unit: UnitRecord) -> Result:
        """Run the unit, whose lock is taken, and release the lock when nothing of it is under way."""
        run = UnitRun(
            self.writer.client,
            self.writer.pace,
            self.writer.clock,
            self.writer.journal,
            self.states,
            str(unit.account),
            self._permit,
            self._entry,
            self.text.describe_stale,
            self.call.progress,
            self._upload,
            stop_on_error=bool(unit.plan.get("stop_on_error")),
        )
        try:
            await run.run()
        finally:
            self._release_after(run)
        totals = self.text.totals(self.states)
        result = unit_answer.build_answer(self.tool.title, unit, self.states, totals, run.retry_after_s)
        return await unit_answer.with_copies_file(result, self.states, self.call.exports, unit.unit_id)

    async def _upload(self, change: Change) -> Row:
        if not isinstance(self.args, SendsUploads):
            raise TypeError(f"{self.tool.name} sends no uploads")
        return await self.args.send_upload(self.call, change, self.writer.client.send)

    def _release_after(self, run: UnitRun) -> None:
        """Release the lock when the batch that is still under way, if any, has ended."""
        unit_id = self.unit_id
        if run.running is None or run.running.done():
            self.writer.locks.release(unit_id)
        else:
            run.running.add_done_callback(lambda _: self.writer.locks.release(unit_id))

    def _entry(self, state: StepState, change: Change) -> JournalEntry:
        """Return a new journal entry for a step."""
        return JournalEntry(
            self.writer.journal.new_id(),
            "",
            self.tool.name,
            change.effect.value,
            change.node,
            account=change.request.account,
            currency=self.account.currency if self.account else None,
            page=change.request.page,
            object_id=change.object_id,
            name=None if change.private else change.title or None,
            before=change.before if change.object_id else {},
            after=change.after,
            parent=change.parent,
            edge=change.edge,
            inverse=change.inverse.stored() if change.inverse else {},
            digest=self.digest,
            undo_of=state.step.undo_of,
            unit=self.unit_id,
            step=state.step.key,
        )
