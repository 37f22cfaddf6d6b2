"""Bind the ports of a tool call to this process's client, accounts and files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meta_ads_mcp.core.changes import ChangePage, ChangeQuery, Changes, JournalEntry, UnitPage
from meta_ads_mcp.core.clock import Clock, SystemClock
from meta_ads_mcp.core.fields import names
from meta_ads_mcp.core.ports import Account, Answers, Directory, Downloads, Exports, ProfilesPort, Uploads
from meta_ads_mcp.core.request import Request, confine
from meta_ads_mcp.core.result import Listing, Row
from meta_ads_mcp.core.values.graph_edges import OWNED_EDGES
from meta_ads_mcp.engine.accounts import AccountBook
from meta_ads_mcp.engine.answer.cursor import advance, join_cursor, split_cursor
from meta_ads_mcp.engine.authority import GraphPort
from meta_ads_mcp.engine.files.exports import FolderExports
from meta_ads_mcp.engine.files.opened_files import OpenedFiles
from meta_ads_mcp.engine.files.uploads import NoDownloads, RootedUploads
from meta_ads_mcp.engine.report_polls import ReportPolls
from meta_ads_mcp.engine.request_ids import ANY
from meta_ads_mcp.errors import AdsError, ApiError, Denied, NotFound, Transient, UnknownOutcome
from meta_ads_mcp.graph.paging import MAX_EMPTY_PAGES, fetch_page, fetch_pages, rows_of

# Rows of insights become much shorter in an answer, because each lists every action type.
INSIGHTS_FACTOR = 16
# What reading a value of another type or a missing field raises.
_UNREADABLE = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError)
Progress = Callable[[float, float | None, str], Awaitable[None]]


async def no_progress(current: float, total: float | None, message: str) -> None:
    """Ignore progress, for a client that did not subscribe to it."""


@dataclass
class GraphSession:
    """Implement `Graph`: confine paths, check known owners, and learn owners from rows.

    `most_chars` limits the characters that a list collects, apart from rows of insights.
    """

    client: GraphPort
    book: AccountBook
    progress: Progress = no_progress
    most_chars: int = 120_000
    polls: ReportPolls = field(default_factory=lambda: ReportPolls(SystemClock()))
    # The path of the latest request of this call.
    latest_path: str | None = None

    async def get(self, path: str, *, fields: Sequence[str] = (), page: str | None = None, **params: Any) -> Row:
        body = await self.client.send(self._request(path, fields, params, page))
        if not isinstance(body, dict):
            raise ApiError("Graph's answer is not an object.")
        self.book.learn([body, *_rows_of(body)])
        return body

    async def _collect(self, request: Request, limit: int, cursor: str | None, skip: int, most: int) -> Listing:
        """Read pages until there are `most` rows, or as many characters as an answer can hold."""
        rows: list[Row] = []
        marks: list[tuple[int, str]] = []
        summary: Row = {}
        after, chars, empty, stuck = cursor, 0, 0, False
        most_chars = self.most_chars * (INSIGHTS_FACTOR if request.path.endswith("/insights") else 1)
        async for listing in fetch_pages(self.client, request, min(limit, most + skip), cursor):
            self.book.learn(listing.rows, self._account_of_rows(request))
            new_rows = listing.rows[skip:]
            marks.append((len(rows), join_cursor(after, skip)))
            rows += new_rows
            empty = 0 if new_rows else empty + 1
            after, skip, summary = listing.after, max(0, skip - len(listing.rows)), summary or listing.summary
            stuck = listing.stuck
            chars += sum(len(repr(row)) for row in new_rows)
            await self.progress(min(len(rows), most), most, f"{len(rows)} rows read")
            if len(rows) >= most or chars > most_chars or empty == MAX_EMPTY_PAGES:
                break
        return _first_rows(Listing(rows, _position(after), summary, tuple(marks), stuck), most)

    async def each_page(
        self,
        path: str,
        *,
        fields: Sequence[str] = (),
        limit: int = 500,
        page: str | None = None,
        whole: bool = False,
        **params: Any,
    ) -> AsyncIterator[Sequence[Row]]:
        request = self._request(path, fields, params, page)
        async for listing in fetch_pages(self.client, request, limit, None):
            self.book.learn(listing.rows, self._account_of_rows(request))
            yield listing.rows
            if whole and listing.stuck:
                raise Transient("Graph names no way to the next page; the list could not be read to its end.")

    async def create_report(self, path: str, **params: Any) -> Row:
        request = replace(self._request(path, (), params), method="POST", repeatable=False)
        body = await self.client.send(request)
        if not isinstance(body, dict):
            raise ApiError("Graph's answer is not an object.")
        if body.get("report_run_id"):
            # The run itself may not be readable yet, so its owner could not be looked up.
            self.book.learn([{"id": str(body["report_run_id"])}], request.account)
        return body

    async def report_run(self, run_id: str, fields: Sequence[str]) -> Row:
        return await self.polls.get(run_id, lambda: self.get(run_id, fields=fields))

    async def batch(self, requests: Sequence[Request]) -> Answers:
        for request in requests:
            self._request(request.path, (), {})  # raises for a malformed path or an account that is not allowed
        answers = [
            _checked_member(request, answer)
            for request, answer in zip(requests, await self.client.batch(requests), strict=True)
        ]
        for request, answer in zip(requests, answers, strict=True):
            if isinstance(answer, dict):
                self.book.learn([answer, *_rows_of(answer)], self._account_of_rows(request))
        return answers

    def _request(self, path: str, fields: Sequence[str], params: Mapping[str, Any], page: str | None = None) -> Request:
        owner = self.book.known_owner(path.split("/", 1)[0])
        if owner is not None:
            self.book.permit(owner)
        self.latest_path = path
        return Request(
            "GET",
            confine(path, {}),
            {**params, "fields": ",".join(fields)} if fields else dict(params),
            account=owner,
            page=page,
            patience="insights" if path.endswith("/insights") else "normal",
        )

    def _account_of_rows(self, request: Request) -> str | None:
        """Return the account that owns the rows of an answer which name none, if the edge tells it.

        An audience that accounts share, for example, also lists ads of the others.
        """
        subject, _, edge = request.path.partition("/")
        return self.book.known_owner(subject) if subject.startswith("act_") or edge in OWNED_EDGES else None

    async def list(
        self,
        path: str,
        *,
        fields: Sequence[str] = (),
        limit: int = 100,
        after: str | None = None,
        max_items: int | None = None,
        page: str | None = None,
        **params: Any,
    ) -> Listing:
        request = self._request(path, fields, params, page)
        cursor, skip = split_cursor(after)
        if max_items is None and not skip:
            listing = await fetch_page(self.client, request, limit, cursor)
            self.book.learn(listing.rows, self._account_of_rows(request))
            marks = ((0, after or ""),)
            return Listing(listing.rows, _position(listing.after), listing.summary, marks, listing.stuck)
        return await self._collect(request, limit, cursor, skip, max_items or limit)


@contextmanager
def reading(session: GraphSession) -> Iterator[None]:
    """Raise an ApiError that names the request if an answer of Graph has a form that the code inside cannot read.

    A failure before the first request is a defect of this server and stays as it is.
    """
    try:
        yield
    except _UNREADABLE as failure:
        if session.latest_path is None:
            raise
        raise ApiError(
            f"Graph's answer about {session.latest_path} has a form that this server cannot read "
            f"({type(failure).__name__}).",
            "Call again. If it fails again, report it as a defect of this server, with this message.",
        ) from failure


@contextmanager
def reading_after_write() -> Iterator[None]:
    """Raise UnknownOutcome if an answer of Graph about a change has a form that the code inside cannot read."""
    try:
        yield
    except _UNREADABLE as failure:
        raise UnknownOutcome(
            f"Graph's answer about the change has a form that this server cannot read ({type(failure).__name__}).",
            "ads_get_changes shows what was sent. Read the object before trying again.",
        ) from failure


def _checked_member(request: Request, answer: Any) -> Row | AdsError:
    """Return the answer of a member as `get` and `list` do: an object, and of an edge with rows that are objects."""
    if isinstance(answer, AdsError):
        return answer
    if not isinstance(answer, dict):
        return ApiError("Graph's answer is not an object.")
    if "/" not in request.path or "data" not in answer:
        return answer
    try:
        return {**answer, "data": rows_of(answer)}
    except AdsError as failure:
        return failure


def _rows_of(body: Mapping[str, Any]) -> list[Row]:
    rows = body.get("data")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _position(after: str | None) -> str | None:
    """Return Graph's cursor as a cursor of this server, or None at the end of the list."""
    return None if after is None else join_cursor(after)


def _first_rows(listing: Listing, most: int) -> Listing:
    """Return a listing of at most `most` rows. Its cursor points at the first row that was left out."""
    if len(listing.rows) <= most:
        return listing
    start, cursor = next(mark for mark in reversed(listing.marks) if mark[0] <= most)
    return replace(listing, rows=listing.rows[:most], after=advance(cursor, most - start))


class NoChanges:
    """Implement `Changes` for a call without a journal."""

    async def find(self, query: ChangeQuery) -> ChangePage:
        return ChangePage([], 0)

    async def get(self, change_id: str) -> JournalEntry | None:
        return None

    async def find_units(self, query: ChangeQuery) -> UnitPage:
        return UnitPage([], 0)


@dataclass
class ToolCall:
    """Implement `Call` for one running tool."""

    graph: GraphSession
    directory: Directory
    clock: Clock
    business: str | None
    status_of: Callable[[], Mapping[str, Any]]
    exports: Exports = field(default_factory=FolderExports)
    changes: Changes = field(default_factory=NoChanges)
    desk: ProfilesPort | None = None
    uploads: Uploads = field(default_factory=RootedUploads)
    downloads: Downloads = field(default_factory=NoDownloads)
    store_dir: Path | None = None
    files: OpenedFiles = field(default_factory=OpenedFiles)
    notes: list[str] = field(default_factory=list)

    @property
    def profiles(self) -> ProfilesPort:
        if self.desk is None:
            raise Denied("This server has no profiles.")
        return self.desk

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), UTC)

    async def sleep(self, seconds: float) -> None:
        await self.clock.sleep(seconds)

    async def owner(self, object_id: str, kind: str = ANY) -> str | None:
        return await self.graph.book.owner(object_id, kind)

    async def account(self, object_id: str) -> Account:
        owner = await self.owner(object_id)
        if owner is None:
            raise NotFound(
                f"Meta does not say to which ad account {object_id} belongs.",
                "Check that the id is of the kind that this tool takes.",
            )
        account = await self.graph.book.account(owner)
        if account.timezone_note:
            self.note(account.timezone_note)
        return account

    def allowed_accounts(self) -> Sequence[str]:
        return self.graph.book.listed

    def business_id(self) -> str | None:
        return self.business or (self.desk.business_id() if self.desk else None)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    async def progress(self, current: float, total: float | None, message: str) -> None:
        await self.graph.progress(current, total, message)

    def status(self) -> Mapping[str, Any]:
        return self.status_of()


def requested_fields(fields: Sequence[str] | None) -> frozenset[str]:
    """Return the names of the fields that the caller requested."""
    return frozenset(names(fields or ()))
