"""What a tool may ask of the world. Tools see these protocols only, so none can go round the engine's steps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from types import TracebackType
from typing import Any, BinaryIO, Literal, Protocol, Self
from zoneinfo import ZoneInfo

from meta_ads_mcp.core.changes import Changes
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Exported, Listing, Row
from meta_ads_mcp.errors import AdsError

_MAX_ZONE_CHARS = 64


@dataclass(frozen=True)
class Account:
    """The currency (ISO 4217 code) and the time zone of an ad account.

    `timezone_name` is Meta's IANA name. `utc_offset_hours` is the account's offset from UTC at the time of the look-up;
    it stands in for a time zone that this machine's database does not have.
    """

    id: str
    name: str
    currency: str
    timezone_name: str
    utc_offset_hours: float | None = None

    @property
    def timezone(self) -> tzinfo:
        """The time zone; a fixed offset, or UTC, where this machine does not know the name."""
        return find_zone(self.timezone_name) or timezone(timedelta(hours=self.utc_offset_hours or 0))

    @property
    def timezone_note(self) -> str | None:
        """A sentence for the user when days and times use an offset instead of the time zone."""
        if find_zone(self.timezone_name) is not None:
            return None
        offset = "UTC" if self.utc_offset_hours is None else f"UTC{self.utc_offset_hours:+g}"
        return (
            f"This machine does not know the time zone {self.timezone_name!r} of {self.id}: days and times use "
            f"{offset}, without daylight saving. Update the tzdata package."
        )

    def today(self, now: datetime) -> date:
        """Return the account's day at a moment."""
        return now.astimezone(self.timezone).date()


@lru_cache(1000)
def find_zone(name: str) -> ZoneInfo | None:
    """Return the time zone of an IANA name, or None when this machine does not know it."""
    try:
        return ZoneInfo(name) if 0 < len(name) <= _MAX_ZONE_CHARS else None
    except (LookupError, ValueError, OSError):
        return None


# One answer or one error for each request of a batch, in order.
Answers = list[Row | AdsError]


class Graph(Protocol):
    """Graph, as one tool call sees it: confined paths, paced, classified errors, reads retried."""

    async def get(self, path: str, *, fields: Sequence[str] = (), page: str | None = None, **params: Any) -> Row:
        """One object, or one page as Graph gives it. Errors: AdsError of every kind that a request can end in.

        `page` is the Page whose own token the request needs, here and in `list`.
        """
        ...

    def each_page(
        self, path: str, *, fields: Sequence[str] = (), limit: int = 500, page: str | None = None, **params: Any
    ) -> AsyncIterator[Sequence[Row]]:
        """All rows of an edge, page by page; nothing is kept, so there may be millions."""
        ...

    async def create_report(self, path: str, **params: Any) -> Row:
        """`POST {object}/insights`: start an asynchronous report. Nothing changes at Meta; never sent twice."""
        ...

    async def report_run(self, run_id: str, fields: Sequence[str]) -> Row:
        """How far a report is. Asked again within five seconds, the last answer comes back without a request."""
        ...

    async def batch(self, requests: Sequence[Request]) -> Answers:
        """Up to 50 requests per round trip, each with its own answer or its own error, in order."""
        ...

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
        """The rows of an edge: one page, or with `max_items` as many pages as it takes."""
        ...


# `xlsx` requires the extra of that name.
ExportFormat = Literal["csv", "jsonl", "xlsx"]


class Export(Protocol):
    """A file in the making; nothing is at its final place before `finish`."""

    async def write(self, rows: Sequence[Row]) -> None:
        """Append flat rows of text, numbers, booleans and None. Rows may have different keys."""
        ...

    async def finish(self, missing: Mapping[str, Any] | None = None) -> Exported:
        """Put the file at its place. `missing` holds the values of cells whose rows lack a column, by column."""
        ...

    def discard(self) -> None:
        """Leave nothing behind. Harmless after `finish`."""
        ...


class Exports(Protocol):
    """Where large results go: a folder of this machine, readable by its owner alone."""

    def open(self, name: str, file_format: ExportFormat, *, personal: bool = False) -> Export:
        """A new file; `name` is letters, digits, `_` and `-`. A `personal` file is not offered as a resource.

        Raises Denied when this server has no such folder, or cannot write this format.
        """
        ...

    def keep(self, name: str, extension: str, content: bytes) -> str:
        """Keep a file as it came, in a folder of its own; its path. An earlier one of that name is replaced."""
        ...


class Directory(Protocol):
    """The catalogue, as the discovery tools see it."""

    def find(self, query: str, toolset: str | None, limit: int) -> list[Row]:
        """Matching tools, best first, with the arguments each takes."""
        ...

    def toolsets(self) -> list[Row]:
        """The toolsets with the number of their tools."""
        ...


class ProfilesPort(Protocol):
    """The tokens of this machine, by name: masked, never their values.

    `use`, `register`, `delete` and `refresh` raise Denied where the owner has locked the profile.
    """

    def rows(self) -> list[Row]:
        """All profiles as far as this machine knows them, without network."""
        ...

    def use(self, name: str) -> Row:
        """Switch this process to a profile. Raises NotFound, with the names that are there."""
        ...

    async def register(self, name: str, variable: str) -> Row:
        """Check the token in an environment variable at Graph and keep it, in the OS keyring or else in memory."""
        ...

    async def delete(self, name: str) -> Row:
        """Delete a profile on this machine; Meta still accepts its token. Nothing takes the place of an active one."""
        ...

    async def status(self, name: str | None) -> Row:
        """What Graph says of a profile's token (the active one's by default)."""
        ...

    async def refresh(self, name: str | None) -> Row:
        """Swap a profile's token for one that lasts longer; needs the app's id and secret."""
        ...

    def business_id(self) -> str | None:
        """The business stored with the profile in use, to which discovery is limited."""
        ...


class Call(Protocol):
    """One tool call: its way to Graph, what it knows of accounts, and how it talks to the client meanwhile."""

    @property
    def graph(self) -> Graph: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def profiles(self) -> ProfilesPort: ...

    @property
    def exports(self) -> Exports: ...

    @property
    def uploads(self) -> Uploads: ...

    @property
    def downloads(self) -> Downloads: ...

    @property
    def changes(self) -> Changes: ...

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass on the engine's clock; ends with the call when it is cancelled."""
        ...

    async def account(self, object_id: str) -> Account:
        """The account itself, or the one that owns the object. Looked up once per process."""
        ...

    async def owner(self, object_id: str) -> str | None:
        """The account itself, or the one that owns the object (`act_…`); None where Meta does not say."""
        ...

    def allowed_accounts(self) -> Sequence[str]:
        """The accounts this server may touch (`act_…`); empty when the token alone decides."""
        ...

    def business_id(self) -> str | None:
        """The business to which discovery is limited, if any."""
        ...

    def note(self, text: str) -> None:
        """Add a line to the answer's notes."""
        ...

    async def progress(self, done: float, total: float | None, message: str) -> None:
        """Tell a client that asked for it how far the call is."""
        ...

    def status(self) -> Mapping[str, Any]:
        """Limits, circuits and latencies of this process, without a Graph call."""
        ...


@dataclass(frozen=True)
class Upload:
    """A local file, opened and checked: its plain name, its size in bytes, and its content from the start.

    Closed at the end of a `with` block. What is read is the file that was checked, whatever happens to its name.
    """

    name: str
    size: int
    file: BinaryIO

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()


class Uploads(Protocol):
    """The files that may leave this machine: those in the folders of META_ADS_UPLOAD_ROOTS."""

    def open(self, path: str, most_bytes: int) -> Upload:
        """A regular file of 1 to `most_bytes` bytes, given by its absolute path.

        Raises Denied when no folder is open for uploads or the file lies (also through links) in none of them,
        NotFound when it is not there or cannot be read, InvalidArguments for what is no file or has another size.
        """
        ...


class Events(Protocol):
    """Takes one event at a time."""

    def emit(self, level: str, event: str, **fields: Any) -> None:
        """Report `event` with its `fields`.

        `level` is `debug`, `info`, `warning`, `error` or `fatal`. Fields hold neither a token nor personal data.
        """
        ...


@dataclass(frozen=True)
class Download:
    """A file of the web: the last part of its path as its name, and its content."""

    name: str
    content: bytes


class Downloads(Protocol):
    """Files of the public web, fetched by this machine."""

    async def check(self, url: str) -> None:
        """For a file that Meta fetches: judge the host's addresses, as far as they are known here. Nothing is fetched.

        Raises InvalidArguments for an address that is not public.
        """
        ...

    async def get(self, url: str, most_bytes: int) -> Download:
        """The file at a public https address.

        Raises InvalidArguments for an address that is not public, for one that gives no file and for a larger file;
        NetworkProblem when the host cannot be reached; Denied when this server fetches nothing (the demo).
        """
        ...
