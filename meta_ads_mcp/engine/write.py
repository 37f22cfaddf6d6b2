"""A write call, from its plan to what Graph has afterwards.

same key? → plan → policy → dry run? → agreement → journal → send → (lost? ask Graph) → journal → read back → audit
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from meta_ads_mcp.engine.audit import AuditLog, Record
from meta_ads_mcp.engine.call import Client, ToolCall
from meta_ads_mcp.engine.confirm import Asker, Gate, Question
from meta_ads_mcp.engine.journal import Journal
from meta_ads_mcp.engine.plan import described, planned
from meta_ads_mcp.engine.policy import Policy
from meta_ads_mcp.engine.recover import look, recover
from meta_ads_mcp.engine.shape import shape_row
from meta_ads_mcp.errors import AdsError, ApiError, InvalidArguments, Transient, UnknownOutcome
from meta_ads_mcp.spec.changes import Entry, can_be_undone
from meta_ads_mcp.spec.clock import Clock
from meta_ads_mcp.spec.money import written
from meta_ads_mcp.spec.params import Params
from meta_ads_mcp.spec.request import Request
from meta_ads_mcp.spec.result import Final, Result, Row, Whole
from meta_ads_mcp.spec.same import same_value
from meta_ads_mcp.spec.tool import Effect, Tool
from meta_ads_mcp.spec.write import Change, Exchange, Plan

# After this long an intent without an outcome is no longer somebody's running call.
TAKEOVER_SECONDS = 900
_VALIDATE_ONLY = ["validate_only"]


@dataclass(frozen=True)
class Done:
    """A change that Graph has made."""

    change: Change
    change_id: str
    object_id: str | None


@dataclass
class Writer:
    """Carries out writes, for one process."""

    client: Client
    clock: Clock
    journal: Journal
    policy: Policy
    gate: Gate
    audit: AuditLog

    async def run(
        self, tool: Tool, args: Params, call: ToolCall, owner: str | None, asker: Asker, account_currency: str | None
    ) -> Result | Question:
        """Raises AdsError; whatever happens is audited."""
        started = self.clock.monotonic()
        run = _Run(self, tool, args, call, owner, account_currency)
        record = Record(tool.name, owner, arguments=run.arguments)
        try:
            return await run.carry_out(asker, record)
        except AdsError as error:
            record.outcome = error.kind
            raise
        finally:
            record.objects = [item.object_id for item in run.steps.done if item.object_id]
            record.duration_ms = (self.clock.monotonic() - started) * 1000
            self.audit.write(record)


class _Run:
    """One write call."""

    def __init__(
        self, writer: Writer, tool: Tool, args: Params, call: ToolCall, owner: str | None, currency: str | None
    ) -> None:
        self.writer, self.tool, self.args = writer, tool, args
        self.call, self.owner, self.currency = call, owner, currency
        self.arguments: dict[str, Any] = args.model_dump(exclude_none=True)
        self.key: str | None = self.arguments.pop("idempotency_key", None)
        bare = {name: value for name, value in self.arguments.items() if name not in ("confirmation", "dry_run")}
        self.digest = hashlib.sha256(json.dumps(bare, sort_keys=True, default=str).encode()).hexdigest()
        self.steps = _Steps(self)

    async def carry_out(self, asker: Asker, record: Record) -> Result | Question:
        dry_run = bool(self.arguments.get("dry_run"))
        repeated = None if dry_run else await self._same_key()
        if repeated is not None:
            record.outcome = "repeated"
            return repeated
        plan = await planned(self.tool, self.args, self.call, self.owner)
        for change in plan.changes:
            self.permit(change)
        if dry_run:
            record.outcome = "dry_run"
            return await self._dry_run(plan)
        held = await self._agreement(plan, asker, record)
        if held is not None:
            record.outcome = "needs_confirmation"
            return held
        done = await self._apply(plan)
        record.outcome = "success"
        return done

    def permit(self, change: Change) -> None:
        self.writer.policy.permit(change)
        if self.currency is not None:
            self.writer.policy.permit_budgets(change, self.currency)

    async def _agreement(self, plan: Plan, asker: Asker, record: Record) -> Result | Question | None:
        why = list(dict.fromkeys(reason for change in plan.changes for reason in change.reasons))
        if not why:
            return None
        replaces = [change.before for change in plan.changes]
        text = self._question(plan, why)
        held = await self.writer.gate.pass_or_ask(asker, self.tool.name, self.arguments, replaces, text)
        if held is None:
            record.approval = "user" if asker.can_ask else "code"
            return None
        if isinstance(held, Question):
            return held
        data = self._planned(plan, "needs_confirmation") | {
            "confirmation": held,
            "next_step": "Show this plan to the user. If they agree, make the same call again with this `confirmation`; "
            "it holds for ten minutes.",
        }
        return Result(f"Nothing was changed yet. {text}", Whole(data), notes=plan.notes)

    def _question(self, plan: Plan, why: list[str]) -> str:
        """Ids and figures first; texts that somebody else wrote come quoted and last."""
        lines = [line for change in plan.changes for line in self._lines(change)]
        head = f"{self.tool.title}: {'; '.join(lines[:12])}." if lines else f"{plan.summary}"
        objects = ", ".join(described(change) for change in plan.changes[:5])
        return f"{head} It needs the user's agreement because {' and '.join(why)}. Object: {objects}."

    def _lines(self, change: Change) -> list[str]:
        where = change.object_id or change.parent or ""
        return [
            f"{where} {name}: {_said(pair.get('before'))} → {_said(pair.get('after'))}"
            for name, pair in self.changes(change, change.after).items()
        ]

    def changes(self, change: Change, now: Mapping[str, Any]) -> dict[str, Row]:
        """Field → before and after, as a person reads them."""
        before = shape_row({name: change.before.get(name) for name in change.after}, self.currency)
        after = shape_row({name: now.get(name, value) for name, value in change.after.items()}, self.currency)
        names = {**before, **after}
        return Final(
            {
                name: {"before": before.get(name), "after": after.get(name)}
                for name in names
                if change.effect is Effect.CREATE or before.get(name) != after.get(name)
            }
        )

    def _planned(self, plan: Plan, status: str) -> Row:
        data: Row = {"status": status}
        single = plan.changes[0] if len(plan.changes) == 1 else None
        if single is not None and single.object_id:
            data["id"] = single.object_id
        data["changes"] = self.changes(single, single.after) if single is not None else {}
        data["plan"] = [
            Final(method=change.request.method, path=change.request.path, parameters=_shown(change))
            for change in plan.changes
        ]
        return {**data, **plan.details}

    async def _dry_run(self, plan: Plan) -> Result:
        by_graph = [change for change in plan.changes if change.validate_only]
        for change in by_graph:
            await self._validate(change)
        checked = "Meta validated it" if by_graph else "It was checked here; Graph has no validation for this call"
        why = list(dict.fromkeys(reason for change in plan.changes for reason in change.reasons))
        next_step = "Call again without dry_run to carry it out."
        if why:
            next_step += f" It will need the user's agreement because {' and '.join(why)}."
        data = self._planned(plan, "dry_run") | {"next_step": next_step}
        return Result(f"Dry run of {self.tool.name}: nothing was changed. {checked}.", Whole(data), notes=plan.notes)

    async def _validate(self, change: Change) -> None:
        params = {**change.request.params, "execution_options": _VALIDATE_ONLY}
        try:
            await self.writer.client.send(replace(change.request, params=params))
        except UnknownOutcome as lost:
            raise Transient("Meta did not answer the validation. Nothing was changed.", graph=lost.graph) from None

    async def _apply(self, plan: Plan) -> Result:
        if hasattr(self.args, "apply"):
            made: Row = await self.args.apply(plan, self.steps, self.call)
        else:
            for change in plan.changes:
                await self.steps.do(change)
            made = {}
        data = await self._outcome(made)
        if hasattr(self.args, "describe"):
            data |= await self._described()
        if self.key is not None and self.steps.done:
            self.writer.journal.result(self.steps.done[0].change_id, data)
        return Result(self._told(data), Whole(data), notes=[*plan.notes, *self.steps.notes])

    async def _outcome(self, made: Row) -> Row:
        last = self.steps.done[-1] if self.steps.done else None
        data: Row = {"status": "success"}
        if last is not None:
            data |= {"id": last.object_id, "changes": await self._read_back(last), "change_id": last.change_id}
        if len(self.steps.done) > 1:
            data["change_ids"] = [item.change_id for item in self.steps.done]
        return data | {"next_step": self._next_step(last)} | made

    async def _described(self) -> Row:
        """What the tool adds after the change; the change stands, also when that cannot be read."""
        try:
            more: Row = await self.args.describe(self.call)  # type: ignore[attr-defined]  # asked for before the call
        except AdsError as failure:
            self.steps.notes.append(f"The change was made, but its effect could not be read ({failure.kind}).")
            return {}
        return more

    def _told(self, data: Row) -> str:
        subject = f" {data['id']}" if data.get("id") else ""
        last = self.steps.done[-1] if self.steps.done else None
        undo = f" Undo: ads_undo_change {last.change_id}." if last is not None and _can_be_undone(last) else ""
        return f"{self.tool.title}: done, {self.tool.node or 'object'}{subject}.{undo}"

    def _next_step(self, last: Done | None) -> str:
        if last is not None and last.change.effect is Effect.CREATE and last.change.after.get("status") == "PAUSED":
            return "It was created PAUSED. Check it, then activate it with ads_activate_entity."
        return "ads_undo_change puts the earlier values back." if last is not None and _can_be_undone(last) else ""

    async def _read_back(self, done: Done) -> dict[str, Row]:
        """What Graph has now. A value that differs from the one sent is said, not hidden."""
        change = done.change
        if not done.object_id or not change.readable or change.effect is Effect.DELETE:
            return self.changes(change, change.after)
        read = Request(
            "GET",
            done.object_id,
            {"fields": ",".join(["id", *change.readable])},
            account=change.request.account,
            page=change.request.page,
        )
        try:
            now = await self.writer.client.send(read)
        except AdsError as failure:
            self.steps.notes.append(f"The change was made, but could not be read back ({failure.kind}).")
            return self.changes(change, change.after)
        different = [name for name in change.readable if name in now and not same_value(now[name], change.after[name])]
        if different:
            self.steps.notes.append(f"Graph now has other values than were sent for: {', '.join(different)}.")
        return self.changes(change, now)

    async def _same_key(self) -> Result | None:
        """The first result of this idempotency key, where there was one. Raises for other arguments or an open call."""
        earlier = self.writer.journal.with_key(self.tool.name, self.key) if self.key else []
        if not earlier:
            return None
        if any(entry.digest != self.digest for entry in earlier):
            raise InvalidArguments(
                "This idempotency_key was used before with other arguments.", "Use a new key for another object."
            )
        first, last = earlier[0], earlier[-1]
        if first.result is not None:
            return Result(
                "The same call was made before; this is its result, nothing new was made.", Whole(first.result)
            )
        if last.status == "unknown_outcome":
            return await self._take_over(last)
        if last.status == "success":
            data = {"status": "success", "id": last.object_id, "change_id": last.change_id}
            return Result("The same call was made before; this is its result, nothing new was made.", Whole(data))
        return None

    async def _take_over(self, entry: Entry) -> Result | None:
        """An intent without an outcome: a call that still runs, or a process that ended. Graph is asked."""
        change = Change(
            Effect(entry.effect),
            Request("POST", "me", account=entry.account),
            entry.node,
            after=entry.after,
            parent=entry.parent,
            edge=entry.edge,
        )
        found = await look(self.writer.client, change, entry.started)
        if found is not None:
            self.writer.journal.outcome(entry.change_id, "success", object_id=found["id"])
            data = {"status": "success", "id": found["id"], "change_id": entry.change_id}
            return Result("The earlier call with this key did make the object; nothing new was made.", Whole(data))
        if self.writer.clock.now() - entry.started < TAKEOVER_SECONDS:
            raise UnknownOutcome(
                "An earlier call with this idempotency_key has not ended, or its answer was lost.",
                "Look whether the object exists; the key can be used again 15 minutes after that call.",
            )
        return None


class _Steps:
    """The `Steps` port: journals, sends, and finds out about lost answers."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self.done: list[Done] = []
        self.notes: list[str] = []

    async def do(self, change: Change, exchange: Exchange | None = None) -> Row:
        """A caller that goes away does not take the answer with it; an exchange, which may be long, ends with it."""
        if exchange is not None:
            return await self._do(change, exchange)
        return await asyncio.shield(asyncio.ensure_future(self._do(change)))

    async def _do(self, change: Change, exchange: Exchange | None = None) -> Row:
        run = self._run
        run.permit(change)
        entry = self._entry(change)
        run.writer.journal.intent(entry)
        try:
            body = _done(await (exchange(run.writer.client.send) if exchange else self._send(change)))
        except UnknownOutcome as lost:
            run.writer.journal.outcome(entry.change_id, "unknown_outcome", error={"kind": lost.kind})
            raise UnknownOutcome(
                lost.message, lost.next_step, graph=lost.graph, details={"change_id": entry.change_id}
            ) from None
        except AdsError as error:
            run.writer.journal.outcome(entry.change_id, "failed", error={"kind": error.kind, "message": error.message})
            raise
        object_id = change.object_id or _new_id(body)
        run.writer.journal.outcome(entry.change_id, "success", object_id=object_id)
        self.done.append(Done(change, entry.change_id, object_id))
        return {**body, "id": object_id}

    async def _send(self, change: Change) -> Any:
        writer = self._run.writer
        started = writer.clock.now()
        try:
            return await writer.client.send(change.request)
        except UnknownOutcome as lost:
            found = await recover(writer.client, writer.clock, change, started, lost)
            self.notes.append("Graph's answer was lost; the change was found to be made.")
            return found

    def _entry(self, change: Change) -> Entry:
        run = self._run
        return Entry(
            run.writer.journal.new_id(),
            "",
            run.tool.name,
            change.effect.value,
            change.node,
            account=change.request.account,
            object_id=change.object_id,
            arguments={} if change.private else run.arguments,
            before=change.before,
            after=change.after,
            parent=change.parent,
            edge=change.edge,
            key=run.key,
            digest=run.digest,
            undo_of=run.arguments.get("change_id"),
        )


def _done(body: Any) -> Row:
    """Graph's answer, when it says that the change was made."""
    if not isinstance(body, dict):
        raise ApiError("Graph's answer to the change is not an object.")
    if body.get("success", bool(body)) is not True:
        raise ApiError("Graph did not say that the change was made.", "Read the object before trying again.")
    return body


def _can_be_undone(done: Done) -> bool:
    return done.change.after.get("status") != "DELETED" and can_be_undone(done.change.effect.value, done.change.node)


def _new_id(body: Row) -> str | None:
    """The id of what was made; the `/copies` edges name it by kind."""
    for name in ("id", "copied_campaign_id", "copied_adset_id", "copied_ad_id", "post_id", "video_id"):
        if isinstance(body.get(name), str):
            return str(body[name])
    return None


def _shown(change: Change) -> Row:
    return {} if change.private else dict(change.request.params)


def _said(value: Any) -> str:
    """A value in one line of a question."""
    if value is None:
        return "none"
    if isinstance(value, dict) and {"minor", "currency"} <= value.keys():
        return written(value)
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= 120 else text[:119] + "…"
