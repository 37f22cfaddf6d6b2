"""Run one tool call from arguments to answer.

look up → validate → accounts → run → shape → fit → answer. Every call ends with an event, whatever its outcome.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from meta_ads_mcp.core.arguments.validation import validate
from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.handlers import DelegatingTool, HandledTool, HasTimeRange, Paged, ToolSource, fields_of
from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.ports import Directory, Downloads, Events, ProfilesPort
from meta_ads_mcp.core.result import Exported, Page, Result
from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.core.values.dates import TimeRange, preset_of
from meta_ads_mcp.core.values.enums import unknown_values
from meta_ads_mcp.core.values.text import clean, clean_all, show_hidden
from meta_ads_mcp.core.write import WriteParams
from meta_ads_mcp.domain.targeting_names.named_targets import with_targeting_ids
from meta_ads_mcp.engine.accounts import AccountBook
from meta_ads_mcp.engine.answer.compact import drop_defaults
from meta_ads_mcp.engine.answer.fit import fit_answer
from meta_ads_mcp.engine.answer.next_steps import map_next_steps
from meta_ads_mcp.engine.answer.shape import (
    CUT_TEXTS,
    UNTRUSTED_TEXT,
    has_cut_text,
    has_free_text,
    money_accounts,
    shape,
)
from meta_ads_mcp.engine.authority import AuthorizedGraph, GraphPort, require_business
from meta_ads_mcp.engine.files.exports import FolderExports
from meta_ads_mcp.engine.files.opened_files import OpenedFiles, WatchedUploads
from meta_ads_mcp.engine.files.uploads import NoDownloads, RootedUploads
from meta_ads_mcp.engine.local_data import ExportOwners, OwnedExports, VisibleChanges, VisibleExports, visible_status
from meta_ads_mcp.engine.report_polls import ReportPolls
from meta_ads_mcp.engine.session import GraphSession, Progress, ToolCall, no_progress, reading, requested_fields
from meta_ads_mcp.engine.single_request import run_plain
from meta_ads_mcp.engine.telemetry import Metrics, crash_location
from meta_ads_mcp.engine.unknown_names import add_nearest_names
from meta_ads_mcp.engine.writes.audit import AuditLog
from meta_ads_mcp.engine.writes.codes import ConfirmationCodes
from meta_ads_mcp.engine.writes.confirmation import (
    ConfirmationGate,
    ConfirmationQuestion,
    Elicitor,
    NoElicitor,
)
from meta_ads_mcp.engine.writes.journal import Journal
from meta_ads_mcp.engine.writes.plan import reject_empty_update
from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.engine.writes.writer import Writer
from meta_ads_mcp.errors import AdsError, ApiError, InternalError


@dataclass(frozen=True)
class ToolAnswer:
    """Hold the answer to the client: `structured` is the contract's object, `text` the first block.

    `images` are the contents of picture files. `files` are on this machine, and the client gets a link to each. With a
    `question`, the call is not finished: the client asks its user and calls again. `card` is a write for a view alone.
    """

    text: str
    structured: dict[str, Any]
    is_error: bool = False
    question: ConfirmationQuestion | None = None
    card: Mapping[str, Any] | None = None
    images: tuple[bytes, ...] = ()
    files: tuple[Exported, ...] = ()

    @property
    def blocks(self) -> list[str]:
        """Return the text blocks: the summary and the object as compact JSON; for an error, only its sentences."""
        if self.is_error:
            return [self.text]
        return [self.text, json.dumps(self.structured, ensure_ascii=False, separators=(",", ":"))]


class CatalogPort(Directory, ToolSource, Protocol):
    """Find the tools of this server by name, and search them."""

    def mark_unlisted(self, text: str) -> str:
        """Return the text with the way to each mentioned tool that the client does not list."""
        ...

    def fields_of(self, graph_class: str) -> Sequence[str]:
        """Return the names of all fields of a kind of Graph object, none for a kind that is not listed."""
        ...


@dataclass(frozen=True)
class Options:
    """Hold the settings that the engine uses."""

    accounts: tuple[str, ...] = ()
    business_id: str | None = None
    result_chars: int = 40_000
    demo: bool = False
    state_dir: Path | None = None
    upload_roots: tuple[str, ...] = ()
    # The folder for exports of a server that stores nothing else on this machine (the demo).
    export_dir: Path | None = None

    @property
    def store_dir(self) -> Path | None:
        """Return the folder of the local store. The demo has its own, so that its figures never mix with real ones."""
        folder = self.export_dir or self.state_dir
        return None if folder is None else folder / ("store-demo" if self.demo else "store")


MAX_SUMMARY_CHARS = 1000
MAX_NOTE_CHARS = 600
# Characters to read from Graph per character of the answer. Rows that do not fit are read again for the next answer.
READ_AHEAD = 1.5
# A generic tool may delegate to a tool that delegates to a third.
MAX_DELEGATIONS = 2


@dataclass
class Engine:
    """Run tool calls. A process has one engine, which gives each call everything it requires."""

    catalogue: CatalogPort
    client: GraphPort
    events: Events
    clock: Clock
    limits: Any
    options: Options = field(default_factory=Options)
    policy: Policy = field(default_factory=Policy)
    profiles: ProfilesPort | None = None
    downloads: Downloads = field(default_factory=NoDownloads)

    def __post_init__(self) -> None:
        self.book = AccountBook(self.client, self.options.accounts, self._business_id)
        self.graph = AuthorizedGraph(self.client, self.book, self._business_id)
        self.metrics = Metrics()
        export_dir = self.options.export_dir or self.options.state_dir
        self._files, self._export_owners = FolderExports(export_dir), ExportOwners(export_dir)
        self.exports = VisibleExports(self._files, self._export_owners, self.book)
        self.uploads = RootedUploads(self.options.upload_roots)
        self.polls = ReportPolls(self.clock, self.events)
        self._has_noted_version = False
        self.journal = Journal(self.options.state_dir, self.clock)
        audit = AuditLog(self.options.state_dir, self.clock, self.events)
        gate = ConfirmationGate(ConfirmationCodes(self.clock, self.options.state_dir))
        self.writer = Writer(
            self.graph, self.clock, self.journal, self.policy, gate, audit, self.limits, self.options.state_dir
        )

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        progress: Progress = no_progress,
        asker: Elicitor | None = None,
    ) -> ToolAnswer:
        """Run a tool by name. Raises nothing but CancelledError: every failure is an answer of the contract."""
        start = self.clock.monotonic()
        tool: Tool | None = None
        try:
            tool, arguments = self._target(name, arguments)
            answer = await self._run(tool, arguments, progress, asker or NoElicitor())
        except AdsError as error:
            if error.__cause__ is not None and not isinstance(error.__cause__, AdsError):
                self._report("unreadable_answer", tool, name, error.__cause__)
            named = add_nearest_names(error, tool, arguments, self.catalogue.fields_of) if tool else error
            answer = self._error_answer(named)
        except asyncio.CancelledError:
            self._audit(tool, name, start, "cancelled")
            raise
        except Exception as defect:  # noqa: BLE001  a defect of ours must reach the client as an error of the contract
            self._report("internal_error", None, name, defect)
            message = f"This server failed on {clean(name, 80)} ({type(defect).__name__})."
            answer = self._error_answer(InternalError(message))
        self._audit(tool, name, start, answer.structured["error"]["kind"] if answer.is_error else "success")
        return answer

    async def finish_writes(self, seconds: float) -> None:
        """Send no more changes, and wait for the answers to those that were sent."""
        await self.journal.finish(seconds)

    def _target(self, name: str, arguments: Mapping[str, Any]) -> tuple[Tool, Mapping[str, Any]]:
        """Return the tool to run and its arguments, after delegation.

        `ads_call_read_tool` delegates to any read tool, `ads_update_entity` to the update tool of a type.
        """
        tool = self.catalogue.get(name)
        for _ in range(MAX_DELEGATIONS):
            args = validate(tool, arguments) if issubclass(tool.params, DelegatingTool) else None
            if not isinstance(args, DelegatingTool):
                break
            tool, arguments = args.delegate(self.catalogue)
        return tool, arguments

    async def _run(self, tool: Tool, arguments: Mapping[str, Any], progress: Progress, asker: Elicitor) -> ToolAnswer:
        args = await self._with_account_ids(tool, validate(tool, arguments), arguments)
        if isinstance(args, WriteParams):
            reject_empty_update(tool, args)
        raw_chars = int(READ_AHEAD * self.options.result_chars)
        session = GraphSession(self.graph, self.book, progress, raw_chars, self.polls)
        owners = await self._permit(tool, args)
        owner = owners[0] if owners else None
        files = OpenedFiles()
        call = ToolCall(
            graph=session,
            directory=self.catalogue,
            clock=self.clock,
            business=self.options.business_id,
            status_of=self._status,
            exports=OwnedExports(self._files, self._export_owners, owners, files),
            changes=VisibleChanges(self.journal, self.book),
            desk=self.profiles,
            uploads=WatchedUploads(self.uploads, files),
            files=files,
            downloads=self.downloads,
            store_dir=self.options.store_dir,
        )
        for text in unknown_values(args):
            call.note(text)
        args = await with_targeting_ids(args, call)
        if isinstance(args, WriteParams):
            result = await self._write(tool, args, call, owner, asker)
            if isinstance(result, ConfirmationQuestion):
                return ToolAnswer(result.text, {}, question=result)
        elif isinstance(args, HandledTool):
            with reading(session):
                result = await args.run(call)
            self._suggest_preset(args, call, owner)
        else:
            with reading(session):
                result = await run_plain(tool, args, call)
        try:
            return await self._answer(tool, args, result, call, owner if len(set(owners)) == 1 else None)
        except RecursionError:
            raise ApiError("Graph's answer is nested too deeply to be shown.") from None

    async def _with_account_ids(self, tool: Tool, args: Params, arguments: Mapping[str, Any]) -> Params:
        """Return the arguments with `act_` before the bare number of an account, where any object may be named."""
        names = [name for name, node in tool.ids.items() if node.or_account and isinstance(getattr(args, name), str)]
        ids = {name: await self.book.with_prefix(getattr(args, name)) for name in names}
        changes = {name: value for name, value in ids.items() if value != getattr(args, name)}
        return validate(tool, {**arguments, **changes}) if changes else args

    def _business_id(self) -> str | None:
        """Return the business to which this server is limited: from the settings, or else from the active profile."""
        return self.options.business_id or (self.profiles.business_id() if self.profiles else None)

    def _suggest_preset(self, args: Params, call: ToolCall, owner: str | None) -> None:
        """Emit an event if the days have a preset, which moves with the calendar. Sends no request."""
        days = args.time_range if isinstance(args, HasTimeRange) else None
        account = next((item for item in self.book.known_accounts() if item.id == owner), None)
        if account is None or not isinstance(days, TimeRange):
            return
        preset = preset_of(days, account.today(call.now()))
        if preset is not None:
            self.events.emit("info", "meta_insights_preset_suggestion", accountId=owner, datePreset=preset)

    async def _write(
        self, tool: Tool, args: WriteParams, call: ToolCall, owner: str | None, asker: Elicitor
    ) -> Result | ConfirmationQuestion:
        account = await self.book.account_if_visible(owner) if owner else None
        return await self.writer.run(tool, args, call, owner, asker, account)

    async def _permit(self, tool: Tool, args: Params) -> list[str]:
        """Return the owners of the objects in the arguments. Raises Denied unless this server may touch all of them."""
        ids = [(value, node.name) for name, node in tool.ids.items() for value in _as_list(getattr(args, name))]
        require_business([value for value, node in ids if node == "Business"], self._business_id())
        if tool.names_its_account and not self.book.is_limited:
            # Every account is allowed, and the answer names the account: a look-up would be an extra request.
            owners = [self.book.known_owner(value) for value, _ in ids]
        else:
            owners = [await self.book.owner(value, node) for value, node in ids]
        return [owner for owner in owners if owner is not None]

    async def _answer(self, tool: Tool, args: Params, result: Result, call: ToolCall, owner: str | None) -> ToolAnswer:
        """Shape a result into an answer. `owner` is the account of the whole answer, None if it has several or none."""
        currencies = await self._currencies(money_accounts(result.data, owner), call)
        requests = requested_fields(fields_of(args))
        drop = {"account_id"} - requests if owner and tool.is_list else set()
        data = shape(result.data, currencies.get(owner or ""), frozenset(drop), currencies)
        if tool.is_list:
            data = drop_defaults(data, requests)
        data = map_next_steps(data, self.catalogue.mark_unlisted)
        body: dict[str, Any] = {"summary": _summary(result), "data": data}
        page = Page(len(data)) if result.page is None and isinstance(data, list) else result.page
        if page is not None:
            body["page"] = page.public()
        notes = [*call.notes, *result.notes, *self._standing_notes(tool, data)]
        if notes:
            body["notes"] = [self.catalogue.mark_unlisted(clean(note, MAX_NOTE_CHARS)) for note in notes]
        if self.options.demo:
            body["demo"] = True
        if not result.verbatim:
            body = self._fit(body, args, result)
        return ToolAnswer(body["summary"], body, card=result.card, images=tuple(result.images), files=result.files)

    def _fit(self, body: dict[str, Any], args: Params, result: Result) -> dict[str, Any]:
        """Shorten the answer to the limit. A list with fewer rows than requested always says why."""
        limit = self.options.result_chars
        fitting = fit_answer(body, limit, result)
        if fitting.get("page") != body.get("page"):
            return fitting
        return fit_answer(_with_reason(fitting, args, limit), limit, result)

    async def _currencies(self, accounts: set[str], call: ToolCall) -> dict[str, str]:
        """Map each account to its currency.

        If a currency is unreadable, amounts stay in minor units and the call still succeeds.
        """
        currencies: dict[str, str] = {}
        for account in sorted(accounts):
            try:
                currencies[account] = (await self.book.account(account)).currency
            except AdsError as error:
                call.note(f"The currency of {account} could not be read ({error.kind}); amounts are in minor units.")
        return currencies

    def _standing_notes(self, tool: Tool, data: Any) -> list[str]:
        notes = [UNTRUSTED_TEXT] if not tool.trusted_text and has_free_text(data) else []
        if has_cut_text(data):
            notes.append(CUT_TEXTS)
        notice = self.client.version_notice()
        if notice and not self._has_noted_version:
            self._has_noted_version = True
            notes.append(notice)
        return notes

    def _error_answer(self, error: AdsError) -> ToolAnswer:
        body: dict[str, Any] = clean_all(error.public())
        body["message"] = clean(error.message, 1000)
        body["next_step"] = self.catalogue.mark_unlisted(clean(error.next_step, 600))
        return ToolAnswer(f"{body['message']} {body['next_step']}", {"error": body}, is_error=True)

    def _report(self, event: str, tool: Tool | None, name: str, failure: BaseException) -> None:
        ran = tool.name if tool else clean(name, 80)
        self.events.emit("error", event, tool=ran, error=type(failure).__name__, where=crash_location(failure))

    def _audit(self, tool: Tool | None, name: str, start: float, outcome: str) -> None:
        """Report the end of a call under the name of the tool that ran. Unknown names are not counted."""
        milliseconds = (self.clock.monotonic() - start) * 1000
        ran = tool.name if tool else clean(name, 80)
        if tool is not None:
            self.metrics.record(ran, milliseconds, is_error=outcome != "success")
        self.events.emit("info", "tool_call", tool=ran, outcome=outcome, duration_ms=round(milliseconds, 1))

    def _status(self) -> Mapping[str, Any]:
        return {
            **visible_status(self.limits.status(), self.book.allowed if self.book.is_limited else None),
            "tools": self.metrics.rows(),
        }


def _with_reason(body: dict[str, Any], args: Params, result_chars: int) -> dict[str, Any]:
    """Say why a list has fewer rows than `max_items` although more follow: the call stopped reading."""
    page = body.get("page") or {}
    most = args.max_items if isinstance(args, Paged) else None
    if most is None or not page.get("has_more") or page["count"] >= most or not page.get("after"):
        return body
    reason = (
        f"{page['count']} rows instead of max_items={most}: a call stops reading at about the size of an answer "
        f"({result_chars} characters). Go on with page.after."
    )
    return {**body, "notes": [*body.get("notes", []), reason]}


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value is not None else []


def _summary(result: Result) -> str:
    return show_hidden(result.summary) if result.verbatim else clean(result.summary, MAX_SUMMARY_CHARS)
