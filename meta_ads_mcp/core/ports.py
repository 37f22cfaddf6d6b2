"""Define the protocols through which tools reach the world. Tools see nothing else, so no tool can skip the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from pathlib import Path
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
    """Hold the currency (ISO 4217 code) and the time zone of an ad account.

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
        """Return the time zone; a fixed offset, or UTC, if this machine does not know the name."""
        return find_zone(self.timezone_name) or timezone(timedelta(hours=self.utc_offset_hours or 0))

    @property
    def timezone_note(self) -> str | None:
        """Return a sentence for the user when days and times use an offset instead of the time zone, else None."""
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
    """Send requests of one tool call to Graph. Paths are confined, requests paced, reads retried, errors classified."""

    async def get(self, path: str, *, fields: Sequence[str] = (), page: str | None = None, **params: Any) -> Row:
        """Return one object, or one page as Graph gives it. Raises AdsError of any kind.

        `page` is the Page whose own token the request requires, here and in `list`.
        """
        ...

    def each_page(
        self,
        path: str,
        *,
        fields: Sequence[str] = (),
        limit: int = 500,
        page: str | None = None,
        whole: bool = False,
        **params: Any,
    ) -> AsyncIterator[Sequence[Row]]:
        """Yield all rows of an edge, page by page. Nothing is kept, so there may be millions of rows.

        With `whole`, raises Transient if Graph has more rows but does not say how to read them.
        """
        ...

    async def create_report(self, path: str, **params: Any) -> Row:
        """Start an asynchronous report (`POST {object}/insights`). Nothing changes at Meta; it is never sent twice."""
        ...

    async def report_run(self, run_id: str, fields: Sequence[str]) -> Row:
        """Return the progress of a report. Within five seconds, the last answer is returned without a request."""
        ...

    async def batch(self, requests: Sequence[Request]) -> Answers:
        """Send requests, up to 50 per round trip. Return an answer or an error for each, in order."""
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
        """Return rows of an edge: one page, or with `max_items` as many pages as required."""
        ...


# `xlsx` requires the extra of that name.
ExportFormat = Literal["csv", "jsonl", "xlsx"]


class Export(Protocol):
    """Write one file. Nothing is at the final place before `finish`."""

    async def write(self, rows: Sequence[Row]) -> None:
        """Append flat rows of text, numbers, booleans and None. Rows may have different keys."""
        ...

    async def finish(self, missing: Mapping[str, Any] | None = None) -> Exported:
        """Move the file to its place. `missing` maps a column to the value for rows that lack it."""
        ...

    def discard(self) -> None:
        """Remove everything that is not finished. Harmless after `finish`."""
        ...


class RowSpool(Protocol):
    """Rows on the way to a file, which outlive the call and the process."""

    @property
    def size(self) -> int:
        """The bytes of the rows so far."""
        ...

    async def append(self, rows: Sequence[Row], size: int) -> int:
        """Cut the spool to `size` bytes, add rows, and return the new size. Rows are Graph's, as they came."""
        ...

    def pages(self) -> AsyncIterator[Sequence[Row]]:
        """All rows, some at a time."""
        ...

    def delete(self) -> None:
        """Remove the rows. Harmless when there are none."""
        ...


class Exports(Protocol):
    """Save large results in a folder of this machine that only its owner can read."""

    def open(
        self, name: str, file_format: ExportFormat, *, personal: bool = False, for_editing: bool = False
    ) -> Export:
        """Start a file. `name` is letters, digits, `_` and `-`. A `personal` file is not offered as a resource.

        A CSV file `for_editing` begins with the byte order mark by which spreadsheets know UTF-8, and its result has
        the SHA-256 of the file.

        Raises Denied if this server has no such folder, or cannot write this format.
        """
        ...

    def reopen(self, path: str, most_bytes: int) -> Upload | None:
        """Open a finished file of the exports folder by its absolute path; None for a path outside the folder.

        Raises NotFound and InvalidArguments as `Uploads.open` does, and Denied for a file of other accounts.
        """
        ...

    def read_state(self, name: str) -> Row:
        """Return what `write_state` stored under the name, or an empty row. A file that cannot be read is empty."""
        ...

    def write_state(self, name: str, state: Row) -> None:
        """Store where an export stands, so that the next one continues there. Raises Denied if it cannot be written."""
        ...

    def spool(self, name: str) -> RowSpool:
        """Return the spool of that name, with the rows that an earlier call left there."""
        ...

    def keep(self, name: str, extension: str, content: bytes) -> str:
        """Save content as a file in the media folder and return its path. An earlier file of that name is replaced."""
        ...


class Directory(Protocol):
    """Search the catalogue, for the discovery tools."""

    def find(self, query: str, toolset: str | None) -> list[Row]:
        """Return all matching tools and prompts, best first: name, kind, toolset, description and arguments.

        `off` marks what this server does not allow, `call_with` names the tool through which an unlisted one is called.
        """
        ...

    def toolsets(self) -> list[Row]:
        """Return the toolsets with the number of their tools."""
        ...


class ProfilesPort(Protocol):
    """Manage the tokens of this machine by name. Tokens are shown masked, never in full.

    `use`, `register`, `delete` and `refresh` raise Denied where the owner has locked the profile.
    """

    def rows(self) -> list[Row]:
        """Return all profiles of this machine, without a request."""
        ...

    def use(self, name: str) -> Row:
        """Switch this process to a profile. Raises NotFound, which lists the names of existing profiles."""
        ...

    async def register(self, name: str, variable: str) -> Row:
        """Check the token in an environment variable at Graph and store it in the OS keyring, or else in memory."""
        ...

    async def delete(self, name: str) -> Row:
        """Delete a profile on this machine. Meta still accepts its token. No other profile becomes active."""
        ...

    async def status(self, name: str | None) -> Row:
        """Return Graph's description of a profile's token, by default of the active profile."""
        ...

    async def refresh(self, name: str | None) -> Row:
        """Exchange a profile's token for a longer-lived token. Requires the app's id and secret."""
        ...

    def business_id(self) -> str | None:
        """Return the business that is stored with the active profile and limits discovery, or None."""
        ...


class Call(Protocol):
    """Give a running tool its ports: Graph, accounts, files, the journal, and messages to the client."""

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

    @property
    def store_dir(self) -> Path | None:
        """Return the folder of the local store of figures, None if this server has no folder. It may not exist yet."""
        ...

    def now(self) -> datetime:
        """Return the current time in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` on the engine's clock. The wait ends when the call is cancelled."""
        ...

    async def account(self, object_id: str) -> Account:
        """Return the account with this id, or the account that owns the object. Each is looked up once per process."""
        ...

    async def owner(self, object_id: str, kind: str = "any") -> str | None:
        """Return the id (`act_…`) of the account or of the object's account, or None if Meta names none.

        `kind` is the SDK class of the object, where the caller knows it.
        """
        ...

    def allowed_accounts(self) -> Sequence[str]:
        """Return the accounts that this server may touch (`act_…`). Empty means that the token alone decides."""
        ...

    def business_id(self) -> str | None:
        """Return the business to which discovery is limited, or None."""
        ...

    def note(self, text: str) -> None:
        """Add a sentence to the answer's notes, once."""
        ...

    async def progress(self, current: float, total: float | None, message: str) -> None:
        """Report progress to a client that subscribed to it."""
        ...

    def status(self) -> Mapping[str, Any]:
        """Return limits, circuits and latencies of this process, without a request."""
        ...


@dataclass(frozen=True)
class Upload:
    """Hold a local file that was opened and checked: its plain name, its size in bytes and its content.

    A `with` block closes it. Reads come from the file that was checked, even if its path changes meanwhile.
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
    """Open files that may leave this machine: files in the folders of META_ADS_UPLOAD_ROOTS."""

    def open(self, path: str, most_bytes: int) -> Upload:
        """Open a regular file of 1 to `most_bytes` bytes by its absolute path.

        Raises Denied when no folder is open for uploads or the file is (also through links) in none of them,
        NotFound when it does not exist or cannot be read, InvalidArguments for another size or anything but a file.
        """
        ...


class Events(Protocol):
    """Receive events, for logs."""

    def emit(self, level: str, event: str, **fields: Any) -> None:
        """Report `event` with its `fields`.

        `level` is `debug`, `info`, `warning`, `error` or `fatal`. Fields must not hold a token or personal data.
        """
        ...


@dataclass(frozen=True)
class Download:
    """Hold a file from the web: its content, and the last part of its path as its name."""

    name: str
    content: bytes


class Downloads(Protocol):
    """Fetch files from the public web."""

    async def check(self, url: str) -> None:
        """Check the URL of a file that Meta will fetch. Nothing is fetched here.

        Raises InvalidArguments if the host's addresses are known to this machine and not public.
        """
        ...

    async def get(self, url: str, most_bytes: int) -> Download:
        """Return the file at a public https URL.

        Raises InvalidArguments for a URL that is not public or has no file, and for a larger file; NetworkProblem
        when the host cannot be reached; Denied when this server fetches nothing (the demo).
        """
        ...
