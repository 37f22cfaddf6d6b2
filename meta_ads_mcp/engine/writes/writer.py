"""Run a write call, from its plan to the values that Graph has afterwards.

same key? → plan → policy → dry run? → agreement → journal → send → (lost? ask Graph) → journal → read back → audit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Final, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, Tool
from meta_ads_mcp.core.units.unit_params import PlansUnit
from meta_ads_mcp.core.values.feed_addresses import mask_schedules
from meta_ads_mcp.core.write import Change, Plan, WriteParams
from meta_ads_mcp.engine.answer.shape import shape_row
from meta_ads_mcp.engine.authority import AuthorizedGraph, holds_secret
from meta_ads_mcp.engine.session import ToolCall, reading, reading_after_write
from meta_ads_mcp.engine.writes import idempotency
from meta_ads_mcp.engine.writes.audit import AuditLog, AuditRecord
from meta_ads_mcp.engine.writes.confirmation import (
    ConfirmationGate,
    ConfirmationQuestion,
    Elicitor,
    bound_values,
    pending_fields,
    require_showable,
)
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.next_step import next_step
from meta_ads_mcp.engine.writes.plan import build_plan
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.engine.writes.question import QuestionText, join_reasons, object_label
from meta_ads_mcp.engine.writes.read_back import ReadBack, read_back
from meta_ads_mcp.engine.writes.steps import Done, JournalledSteps, reject_recorded_secrets
from meta_ads_mcp.engine.writes.units.agreed_values import different_plan_error, is_same_plan
from meta_ads_mcp.engine.writes.units.pending_plans import PendingPlans
from meta_ads_mcp.engine.writes.units.unit_call import MAX_ASKED_SECONDS, UnitCall
from meta_ads_mcp.engine.writes.units.unit_lock import UnitLocks
from meta_ads_mcp.engine.writes.units.unit_run import WritePace
from meta_ads_mcp.engine.writes.units.unit_text import UnitText
from meta_ads_mcp.errors import AdsError, NotApplied, Transient, UnknownOutcome


@dataclass
class Writer:
    """Carry out the writes of this process."""

    client: AuthorizedGraph
    clock: Clock
    journal: Journal
    policy: Policy
    gate: ConfirmationGate
    audit: AuditLog
    pace: WritePace
    state_dir: Path | None = None

    def __post_init__(self) -> None:
        self.locks = UnitLocks(self.state_dir)
        self.pending = PendingPlans(self.clock, self.state_dir)

    async def run(
        self,
        tool: Tool,
        args: WriteParams,
        call: ToolCall,
        owner: str | None,
        asker: Elicitor,
        account: Account | None,
    ) -> Result | ConfirmationQuestion:
        """Run a write and audit it, whatever its outcome. Raises AdsError.

        `account` is None if Meta does not show its currency.
        """
        start = self.clock.monotonic()
        run = WriteCall(self, tool, args, call, owner, account)
        unit = UnitCall(self, tool, args, call, account) if isinstance(args, PlansUnit) else None
        record = AuditRecord(tool.name, owner, arguments=run.arguments)
        try:
            result = await unit.execute(asker, record) if unit is not None else None
            return await run.execute(asker, record) if result is None else result
        except AdsError as error:
            record.outcome = error.kind
            raise
        finally:
            record.objects = [item.object_id for item in run.steps.done if item.object_id]
            record.objects += unit.object_ids if unit is not None else []
            record.duration_ms = (self.clock.monotonic() - start) * 1000
            self.audit.write(record)


class WriteCall:
    """Hold the state of one write call."""

    def __init__(
        self, writer: Writer, tool: Tool, args: WriteParams, call: ToolCall, owner: str | None, account: Account | None
    ) -> None:
        self.writer, self.tool, self.args = writer, tool, args
        self.call, self.owner, self.account = call, owner, account
        self.currency = account.currency if account else None
        self.arguments: dict[str, Any] = args.model_dump(exclude_none=True)
        self.key: str | None = self.arguments.pop("idempotency_key", None)
        self.digest = idempotency.digest_of(self.arguments)
        self.steps = JournalledSteps(writer.client, writer.clock, writer.journal, self.permit, self.entry)

    async def execute(self, asker: Elicitor, record: AuditRecord) -> Result | ConfirmationQuestion:
        dry_run = bool(self.arguments.get("dry_run"))
        earlier_result = None if dry_run else await self._result_of_key()
        if earlier_result is not None:
            record.outcome = "repeated"
            return earlier_result
        plan = await self._permitted_plan()
        if dry_run:
            record.outcome = "dry_run"
            return await self._dry_run(plan, asker)
        planned_at = self.writer.clock.monotonic()
        question = await self._request_confirmation(plan, asker, record)
        if question is not None:
            record.outcome = "needs_confirmation"
            return question
        if self.writer.clock.monotonic() - planned_at > MAX_ASKED_SECONDS:
            await self._require_same(plan)
        result = await self._apply(plan)
        record.outcome = "success"
        return result

    async def _permitted_plan(self) -> Plan:
        """Return the plan of the call. Raises AdsError for one that may not be sent."""
        with reading(self.call.graph):
            plan = await build_plan(self.tool, self.args, self.call, self.owner, self.account)
        await self._resolve_currency(plan)
        for change in plan.changes:
            self.permit(change)
            # Before anybody is asked: nobody should agree to a request that this server may not send.
            await self.writer.client.authorize(change.request)
            reject_recorded_secrets(self.entry(change), await self.writer.client.own_secrets())
        return plan

    async def _require_same(self, plan: Plan) -> None:
        """Raise ConfirmationRequired if the call would change something else than the plan that the user saw."""
        now = await self._permitted_plan()
        if is_same_plan(self._bound_values(plan), self._bound_values(now)):
            return
        raise different_plan_error(plan.changes, now.changes, UnitText(self._words(plan), self.currency))

    async def _resolve_currency(self, plan: Plan) -> None:
        """Take the currency from the object's account if no argument names an account (an undo), for the policy."""
        owner = next((change.request.account for change in plan.changes if change.request.account), None)
        if self.owner is None and owner is not None:
            account = await self.call.graph.book.account_if_visible(owner)
            self.currency = account.currency if account else None

    def permit(self, change: Change) -> None:
        """Raise Denied for a change that the policy forbids."""
        self.writer.policy.permit(change)
        self.writer.policy.permit_budgets(change, self.currency)

    async def _request_confirmation(
        self, plan: Plan, asker: Elicitor, record: AuditRecord
    ) -> Result | ConfirmationQuestion | None:
        why = list(dict.fromkeys(reason for change in plan.changes for reason in change.reasons))
        if not why:
            # A plan without changes (the post is already gone) is safe to repeat.
            if plan.changes:
                self.writer.gate.reject_unneeded_code(asker, self.arguments)
            return None
        text = require_showable(self._words(plan).build(self.tool.title, plan, why, self.call.notes))
        gate, replaces = self.writer.gate, self._bound_values(plan)
        question = await gate.check(asker, self.tool.name, self.arguments, replaces, text)
        if question is None:
            record.approval = "user" if asker.can_ask else "code"
            return None
        if isinstance(question, ConfirmationQuestion):
            return question
        data = self._plan_data(plan, "needs_confirmation") | pending_fields(question.code, is_on_card=asker.shows_card)
        notes = [*([question.problem.value] if question.problem else []), *plan.notes]
        card = self._card(plan, "needs_confirmation", why) | {"confirmation": question.code}
        return Result(f"Nothing was changed yet. {text}", Whole(data), notes=notes, verbatim=True, card=card)

    def _bound_values(self, plan: Plan) -> list[Row]:
        return [*bound_values(plan.changes), dict(self.call.files.marks)]

    def _card(self, plan: Plan, state: str, reasons: Sequence[str]) -> Row:
        """Return the plan as a view shows it. It expires with its code."""
        words = self._words(plan).card(self.tool.title, plan, reasons, self.call.notes)
        return {"status": state, **words, "expires_at": self.writer.gate.expiry()}

    def _words(self, plan: Plan) -> QuestionText:
        return QuestionText(self.currency, plan.zone or (self.account.timezone if self.account else None))

    def changes(self, change: Change, now: Mapping[str, Any]) -> dict[str, Row]:
        """Map each field to its value before and after, formatted for a person."""
        before = shape_row({name: mask_schedules(change.before).get(name) for name in change.after}, self.currency)
        after = shape_row({name: now.get(name, value) for name, value in change.after.items()}, self.currency)
        names = {**before, **after}
        return Final(
            {
                name: {"before": before.get(name), "after": after.get(name)}
                for name in names
                if change.effect is Effect.CREATE or before.get(name) != after.get(name)
            }
        )

    def _plan_data(self, plan: Plan, status: str) -> Row:
        data: Row = {"status": status}
        single = plan.changes[0] if len(plan.changes) == 1 else None
        if single is not None and single.object_id:
            data["id"] = single.object_id
        changes = self.changes(single, single.after) if single is not None else {}
        data["changes"] = Final(self._words(plan).with_times(changes))
        data["plan"] = [
            Final(method=change.request.method, path=change.request.path, parameters=_public_params(change))
            for change in plan.changes
        ]
        return {**data, **plan.details}

    async def _dry_run(self, plan: Plan, asker: Elicitor) -> Result:
        by_graph = [change for change in plan.changes if change.validate_only]
        for change in by_graph:
            await self._validate(change)
        check = _describe_check(len(by_graph), len(plan.changes))
        why = list(dict.fromkeys(reason for change in plan.changes for reason in change.reasons))
        next_step = "Call again with dry_run=false to carry it out."
        if why:
            next_step += f" It will need the user's agreement because {join_reasons(why)}."
        data = self._plan_data(plan, "dry_run") | {"next_step": next_step}
        card = self._card(plan, "dry_run", why)
        if why and not asker.can_ask:
            card["confirmation"] = self.writer.gate.issue(self.tool.name, self.arguments, self._bound_values(plan))
            if not asker.shows_card:
                data["confirmation"] = card["confirmation"]
        head = f"Dry run: nothing was changed. {self._words(plan).preview(self.tool.title, plan)} {check}."
        return Result(head, Whole(data), notes=plan.notes, card=card)

    async def _validate(self, change: Change) -> None:
        params = {**change.request.params, "execution_options": ["validate_only"]}
        try:
            request = replace(change.request, params=params, budget_change=False, spend_limit_change=False)
            await self.writer.client.send(request)
        except UnknownOutcome as lost:
            raise Transient("Meta did not answer the validation. Nothing was changed.", graph=lost.graph) from None

    async def _apply(self, plan: Plan) -> Result:
        with reading_after_write():
            extras = await self.args.apply(plan, self.steps, self.call)
            data = await self._outcome(extras) | await self._describe_effect()
        if isinstance(data.get("changes"), Mapping):
            data["changes"] = Final(self._words(plan).with_times(data["changes"]))
        summary = data.pop("summary", None) or self._summary(data)
        files = tuple(data.pop("files", ()))
        secrets = await self.writer.client.own_secrets()
        is_kept = self.key is not None or self.args.keeps_result()
        if is_kept and self.steps.done and not holds_secret(data, secrets):
            self.writer.journal.result(self.steps.done[0].change_id, data)
        card = self._card(plan, str(data["status"]), ())
        notes = [*plan.notes, *self.steps.notes]
        return Result(summary, Whole(data), notes=notes, files=files, card=card)

    async def _outcome(self, extras: Row) -> Row:
        main = self.steps.primary_step(extras.get("id"))
        data: Row = {"status": "success"}
        if main is not None:
            result = await read_back(self.writer.client, self.writer.clock, main.change, main.object_id)
            data |= {"id": main.object_id, "changes": self._judge(main, result), "change_id": main.change_id}
            if result.not_applied:
                data |= {"status": "partial", "not_applied": list(result.not_applied)}
        if len(self.steps.done) > 1:
            data["change_ids"] = [item.change_id for item in self.steps.done]
        return data | {"next_step": self._next_step(main)} | extras

    def _next_step(self, main: Done | None) -> str:
        if main is None:
            return "Nothing was sent; ads_get_changes lists earlier changes."
        if main.change.effect is not Effect.CREATE and self.steps.has_several_undos():
            return "To take it back, call ads_undo_change for each of change_ids, the last one first."
        return next_step(main.change, main.object_id, can_be_undone=main.can_be_undone)

    async def _describe_effect(self) -> Row:
        """Return data that the tool reads after the change. A failure becomes a note, because the change was made."""
        try:
            return await self.args.describe_effect(self.call)
        except AdsError as failure:
            self.steps.notes.append(f"The change was made, but its effect could not be read ({failure.kind}).")
            return {}

    def _summary(self, data: Row) -> str:
        if "not_done" in data:  # a tool that changes many objects counts them itself
            refused = f", {data['not_done']} refused" if data["not_done"] else ""
            return f"{self.tool.title}: {data.get('done', 0)} done{refused}."
        main = self.steps.primary_step(data.get("id"))
        subject = object_label(main.change, data.get("id")) if main is not None else f"object {data.get('id') or ''}"
        undo = f" Undo: ads_undo_change {main.change_id}." if main is not None and main.can_be_undone else ""
        if self.steps.has_several_undos():
            undo = " Undo: ads_undo_change for each of change_ids, the last one first."
        status = main.change.after.get("status") if main is not None else None
        is_now = f" is {status}" if isinstance(status, str) else ""
        outcome = f"done in part (not {', '.join(data['not_applied'])})" if data.get("not_applied") else "done"
        return f"{self.tool.title}: {outcome}, {subject.strip()}{is_now}.{undo}"

    def _judge(self, step: Done, result: ReadBack) -> dict[str, Row]:
        """Return the changes by what Graph has, and record what was not applied. Raises NotApplied if nothing was."""
        change, now = step.change, result.now
        if result.failure is not None:
            self.steps.notes.append(f"The change was made, but could not be read back ({result.failure}).")
        if result.different:
            names = ", ".join(result.different)
            self.steps.notes.append(f"Graph now has other values than were sent for: {names}.")
        if result.is_ignored:
            self.writer.journal.outcome(step.change_id, "not_applied", object_id=step.object_id)
            values = {name: (now or {}).get(name) for name in result.not_applied}
            old = {name: None for name, value in values.items() if value is None} | shape_row(values, self.currency)
            raise NotApplied(
                f"Meta accepted the change, but {step.object_id} still has the old values: {', '.join(old)}.",
                changes={name: {"before": value, "after": value} for name, value in old.items()},
                change_id=step.change_id,
            )
        if result.not_applied:
            self.writer.journal.outcome(
                step.change_id, "partial", object_id=step.object_id, not_applied=list(result.not_applied)
            )
            names = ", ".join(result.not_applied)
            self.steps.notes.append(f"Graph still has the old values of: {names}. The other values were set.")
        return self.changes(change, change.after if now is None else now)

    def entry(self, change: Change) -> JournalEntry:
        """Return a new journal entry for a change of this call."""
        return JournalEntry(
            self.writer.journal.new_id(),
            "",
            self.tool.name,
            change.effect.value,
            change.node,
            account=change.request.account,
            currency=self.currency,
            page=change.request.page,
            object_id=change.object_id,
            name=None if change.private else change.title or None,
            arguments={} if change.private else self.arguments,
            before=change.before,
            after=change.after,
            parent=change.parent,
            edge=change.edge,
            key=self.key,
            digest=self.digest,
            files=dict(self.call.files.marks) if self.key else {},
            undo_of=self.arguments.get("change_id"),
            inverse=change.inverse.stored() if change.inverse else {},
        )

    async def _result_of_key(self) -> Result | None:
        """Return the first result of this idempotency key, or None.

        Raises InvalidArguments for a key that was used with other content, and UnknownOutcome for an open call.
        """
        if not self.key:
            return None
        await self.writer.journal.catch_up()
        earlier = self.writer.journal.with_key(self.tool.name, self.key)
        idempotency.require_same_arguments(earlier, self.digest)
        idempotency.require_same_files(earlier, self.call.exports.reopen, self.call.uploads.open)
        stored_result = next((entry.result for entry in earlier if entry.result is not None), None)
        if stored_result is not None:
            return idempotency.replay(stored_result)
        entries = [entry for entry in earlier if entry.status != "failed"]
        if entries and self.args.resumes():
            self.steps.continue_after(entries)
            return None
        if entries and self.args.has_steps():
            raise idempotency.partial_completion(entries)
        for entry in entries:
            if entry.status in ("success", "partial"):
                return idempotency.replay({"status": "success", "id": entry.object_id, "change_id": entry.change_id})
            data = await idempotency.resolve_open_entry(entry, self.writer.client, self.writer.journal)
            return Result("The earlier call with this key created the object; nothing new was created.", Whole(data))
        return None


def _describe_check(validated: int, changes: int) -> str:
    """Describe who has checked the requests of a plan. Meta's check of a part says nothing about the others."""
    if not validated:
        return "This server checked it; Graph cannot validate this call"
    return "Meta validated it" if validated == changes else f"Meta validated {validated} of its {changes} requests"


def _public_params(change: Change) -> Row:
    """Return the request's parameters, or nothing for a private change."""
    return {} if change.private else dict(change.request.params)
