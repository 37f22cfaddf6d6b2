"""Authorize every request before it is sent: the one way from tools, undo, recovery, reports and uploads to Graph.

Three rules hold for the request itself, wherever its ids came from (arguments, the journal, a file, an answer):

* Under META_ADS_ACCOUNTS nothing is sent that names an object of another account, at any depth of the request.
* Under META_ADS_BUSINESS_ID nothing is sent about another business. Without META_ADS_ACCOUNTS, the same holds for what
  belongs to no account, Page, pixel or catalog of that business.
* Nothing is sent that holds one of this server's own secrets as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import unquote

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.values.graph_edges import ACCOUNT_EDGES, BUSINESS_EDGES
from meta_ads_mcp.engine.accounts import AccountBook
from meta_ads_mcp.engine.request_ids import ANY, ids_of_request
from meta_ads_mcp.errors import AdsError, Denied

# The path segment for the token's own user.
ME = "me"
# How often a text may be percent-encoded.
MAX_ENCODINGS = 3


class GraphPort(Protocol):
    """Send requests to Graph. The client implements it, and AuthorizedGraph wraps it."""

    async def send(self, request: Request) -> Any: ...

    async def batch(self, requests: Sequence[Request]) -> list[Any | AdsError]: ...

    def version_notice(self) -> str | None: ...

    async def own_secrets(self) -> Iterable[str]:
        """Return the secrets that this process holds: tokens, the app secret, and proofs made from them."""
        ...

    def clock_skew(self) -> float:
        """Return how many seconds Graph's clock is ahead of this machine's, by the last `Date` header; 0 if unknown."""
        ...


class AuthorizedGraph:
    """Implement the GraphPort with a client whose requests are authorized first.

    `business_id` gives the business to which discovery is limited, or None.
    """

    def __init__(self, client: GraphPort, book: AccountBook, business_id: Callable[[], str | None]) -> None:
        self._client = client
        self._book = book
        self._business_id = business_id

    async def send(self, request: Request) -> Any:
        """Authorize and send one request. Raises Denied before anything is sent, and whatever the client raises."""
        await self.authorize(request)
        answer = await self._client.send(request)
        self._learn_created(request, answer)
        self._book.learn_in_catalog(request.path, answer)
        return answer

    async def batch(self, requests: Sequence[Request]) -> list[Any | AdsError]:
        """Authorize all requests, then send them. A request that is denied sends none of them."""
        for request in requests:
            await self.authorize(request)
        answers = await self._client.batch(requests)
        for request, answer in zip(requests, answers, strict=True):
            self._book.learn_in_catalog(request.path, answer)
        return answers

    def version_notice(self) -> str | None:
        return self._client.version_notice()

    async def own_secrets(self) -> Iterable[str]:
        return await self._client.own_secrets()

    def clock_skew(self) -> float:
        return self._client.clock_skew()

    def learn(self, object_id: str, account: str) -> None:
        """Remember the account of an object that this server created there.

        Under an account allowlist Graph is asked for it once instead: an answer that names a foreign object as the
        created one must not make it one of the allowed account.
        """
        if not self._book.is_limited and self._book.known_owner(object_id) is None:
            self._book.learn([{"id": object_id}], account)

    async def authorize(self, request: Request) -> None:
        """Raise Denied for a request that this server must not send.

        Under an account allowlist this looks up the owner of each id that is not known yet, once per object.
        """
        reject_secrets(request, await self._client.own_secrets())
        self._limit_to_business(request)
        if not self._book.is_limited:
            return
        if request.page is not None:
            # First, because look-ups of the other ids use the token of this Page.
            await self._book.require(request.page, "Page")
        for entry in ids_of_request(request, request.kind or ANY):
            await self._book.require(entry.object_id, entry.kind, request.page)
            if self._book.is_business(entry.object_id):
                require_business([entry.object_id], self._business_id())
        subject = request.path.partition("/")[0]
        if self._book.is_business(subject):
            await self._require_business(request, subject)

    async def _require_business(self, request: Request, business: str) -> None:
        """Raise Denied for a business that has nothing to do with the listed accounts."""
        if request.method != "GET":
            await self._book.catalogs.require_business(business)
        elif request.edge not in ACCOUNT_EDGES:
            await self._book.catalogs.require_relation(business)

    def _learn_created(self, request: Request, answer: Any) -> None:
        """Remember the owner of a new object: it belongs to the account of the object below which it was created."""
        parent, slash, _ = request.path.partition("/")
        owner = self._book.known_owner(parent) if slash and request.write and request.method == "POST" else None
        if owner is not None and isinstance(answer, Mapping) and isinstance(answer.get("id"), str):
            self.learn(answer["id"], owner)

    def _limit_to_business(self, request: Request) -> None:
        limit = self._business_id()
        if limit is None:
            return
        subject, _, edge = request.path.partition("/")
        businesses = [
            entry.object_id for entry in ids_of_request(request, request.kind or ANY) if entry.kind == "Business"
        ]
        if edge in BUSINESS_EDGES and subject != ME:
            businesses.append(subject)
        require_business(businesses, limit)


def require_business(businesses: Iterable[str], limit: str | None) -> None:
    """Raise Denied if a business is not the business to which this server is limited."""
    other = next((business for business in businesses if limit is not None and business != limit), None)
    if other is not None:
        raise Denied(
            f"This server is limited to business {limit}; it may not use business {other}.",
            "Leave the business out, or ask the owner of this server, who sets META_ADS_BUSINESS_ID.",
        )


def reject_secrets(request: Request, secrets: Iterable[str]) -> None:
    """Raise Denied if a text or file of the request holds one of the secrets, also in an encoded form."""
    values = [secret for secret in secrets if secret]
    is_in_file = any(secret.encode() in content for _, content, _ in request.files.values() for secret in values)
    if is_in_file or holds_secret(request.params, values):
        raise Denied(
            "This call holds an access token or app secret of this server as text, so it was not sent.",
            "Remove it from the call. If it was shown to anybody, create a new token.",
        )


def holds_secret(value: Any, secrets: Iterable[str]) -> bool:
    """Return whether a text in the value, at any depth, holds one of the secrets: as it is, percent-encoded or JSON."""
    values = [secret for secret in secrets if secret]
    return bool(values) and any(secret in text for text in _texts_of(value) for secret in values)


def _texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        for _ in range(MAX_ENCODINGS):
            if "%" not in value:
                break
            value = unquote(value)
            yield value
        if "\\" in value:
            with suppress(ValueError, RecursionError):
                yield from _texts_of(json.loads(value))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield str(name)
            yield from _texts_of(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts_of(item)
