"""What a tool may ask of the world. Tools see these protocols only, so none can go round the engine's steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.spec.request import Request
from meta_ads_mcp.spec.result import Listing, Row


@dataclass(frozen=True)
class Account:
    """What every figure of an account needs: its currency (ISO 4217 code) and its time zone (IANA name)."""

    id: str
    name: str
    currency: str
    timezone_name: str

    def today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.timezone_name)).date()


class Graph(Protocol):
    """Graph, as one tool call sees it: confined paths, paced, classified errors, reads retried."""

    async def get(self, path: str, *, fields: Sequence[str] = (), **params: Any) -> Row:
        """One object, or one page as Graph gives it. Errors: AdsError of every kind that a request can end in."""
        ...

    async def list(
        self,
        path: str,
        *,
        fields: Sequence[str] = (),
        limit: int = 100,
        after: str | None = None,
        max_items: int | None = None,
        **params: Any,
    ) -> Listing:
        """The rows of an edge: one page, or with `max_items` as many pages as it takes."""
        ...

    async def batch(self, requests: Sequence[Request]) -> list[Row | AdsError]:
        """Up to 50 requests per round trip, each with its own answer or its own error, in order."""
        ...


class Directory(Protocol):
    """The catalogue, as the discovery tools see it."""

    def find(self, query: str, toolset: str | None, limit: int) -> list[Row]:
        """Matching tools, best first, with the arguments each takes."""
        ...

    def toolsets(self) -> list[Row]:
        """The toolsets with the number of their tools."""
        ...


class Call(Protocol):
    """One tool call: its way to Graph, what it knows of accounts, and how it talks to the client meanwhile."""

    @property
    def graph(self) -> Graph: ...

    @property
    def directory(self) -> Directory: ...

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    async def account(self, object_id: str) -> Account:
        """The account itself, or the one that owns the object. Looked up once per process."""
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
