"""One HTTP request to Graph, politely: limits → HTTP → classification → perhaps once more.

The token travels in the `Authorization` header only, so no URL, log or cursor can carry it; redirects are not followed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from meta_ads_mcp.credentials import Token, Tokens
from meta_ads_mcp.errors import AdsError, GraphError, NetworkProblem, TokenProblem, Transient, UnknownOutcome
from meta_ads_mcp.graph import batch as batching
from meta_ads_mcp.graph.faults import fault, read_error
from meta_ads_mcp.graph.limits.governor import Governor, GraphCall, Outcome
from meta_ads_mcp.graph.page_tokens import PageTokens
from meta_ads_mcp.graph.retry import Repeatable, repeating
from meta_ads_mcp.graph.use_case import use_case
from meta_ads_mcp.spec.clock import Clock
from meta_ads_mcp.spec.events import Events
from meta_ads_mcp.spec.request import Request, wire

LARGEST_BODY = 32 * 1024 * 1024
# A longer query goes as a POST with `method=GET`, as Meta's own SDK does.
LONGEST_QUERY = 4000
# Failures before a byte of the request has left.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True)
class Connection:
    """Where Graph is and how long to wait for it, in seconds per class of request."""

    base_url: str = "https://graph.facebook.com"
    video_url: str = "https://graph-video.facebook.com"
    version: str = "v26.0"
    timeout: float = 30
    app_secret: str | None = field(default=None, repr=False)
    user_agent: str = "meta-ads-local-mcp"

    def seconds(self, request: Request) -> float:
        return {"normal": self.timeout, "insights": max(self.timeout, 45), "upload": max(self.timeout, 300)}[
            request.patience
        ]

    def url(self, request: Request) -> str:
        base = self.video_url if request.patience == "upload" and request.path.endswith("advideos") else self.base_url
        return f"{base}/{self.version}/{request.path}"


@dataclass(frozen=True)
class _Answer:
    """A response as read: nothing of httpx, body decoded once (None when it is not JSON)."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def error(self) -> GraphError | None:
        found = read_error(self.body, self.status)
        if found is None and self.status >= 400:
            return GraphError(code=0, message=f"HTTP status {self.status}", http_status=self.status)
        return found


class GraphClient:
    """The only thing of this package that talks HTTP."""

    def __init__(
        self,
        *,
        tokens: Tokens,
        governor: Governor,
        events: Events,
        clock: Clock,
        connection: Connection,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._tokens, self._governor, self._events, self._clock = tokens, governor, events, clock
        self._connection = connection
        self._pages = PageTokens(self._send_with)
        self._served_version: str | None = None
        self._http = httpx.AsyncClient(
            transport=transport,
            headers={"User-Agent": connection.user_agent, "Accept-Encoding": "gzip", "Accept": "application/json"},
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=60),
            follow_redirects=False,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    def version_notice(self) -> str | None:
        """A sentence when Graph serves another version than the pinned one (a dead one is served as an older one)."""
        served, pinned = self._served_version, self._connection.version
        if served is None or served == pinned:
            return None
        return f"Graph answers with version {served}, not {pinned}: set META_API_VERSION to a version that Meta serves."

    async def send(self, request: Request) -> Any:
        """The decoded answer of one request.

        Raises an AdsError of the kind that the table of faults gives; UnknownOutcome when a write may have happened.
        """
        user = await self._tokens.current()
        if request.page is None:
            return await self._send_with(request, user)
        try:
            return await self._send_with(request, await self._pages.get(user, request.page))
        except TokenProblem:
            self._pages.drop(user, request.page)
            raise

    async def _send_with(self, request: Request, token: Token) -> Any:
        call = _call(request, token)
        may_repeat = request.repeatable and not request.write

        async def attempt() -> Any:
            await self._governor.admit(call)
            return await self._once(request, token, call)

        return await repeating(self._clock, may_repeat, attempt)

    async def batch(self, requests: Sequence[Request]) -> list[Any | AdsError]:
        """Reads in one round trip per 50, each admitted, counted and classified by itself, in order.

        Members share the user's token, so a request of a Page goes through `send`.
        """
        if any(request.page for request in requests):
            raise ValueError("a request with a Page's own token cannot be a member of a batch")
        token = await self._tokens.current()
        found: list[Any | AdsError] = []
        for start in range(0, len(requests), batching.LARGEST):
            found += await self._one_batch(requests[start : start + batching.LARGEST], token)
        return found

    async def _one_batch(self, requests: Sequence[Request], token: Token) -> list[Any | AdsError]:
        calls = [_call(request, token) for request in requests]
        refusals = [await self._refusal(call) for call in calls]
        sent = [index for index, refusal in enumerate(refusals) if refusal is None]
        found: list[Any | AdsError] = [refusal for refusal in refusals]
        if not sent:
            return found
        answers = await self._members([requests[index] for index in sent], [calls[index] for index in sent], token)
        for index, answer in zip(sent, answers, strict=True):
            found[index] = self._member(answer, calls[index])
        return found

    async def _refusal(self, call: GraphCall) -> AdsError | None:
        try:
            await self._governor.admit(call)
        except AdsError as refusal:
            return refusal
        return None

    async def _members(
        self, requests: Sequence[Request], calls: Sequence[GraphCall], token: Token
    ) -> list[_Answer | AdsError]:
        """The members' answers; when the round trip itself failed, that error for each."""
        version = self._connection.version
        outer = Request("POST", "", batching.parameters(requests, version), patience="insights", repeatable=False)
        try:
            answer = await self._exchange(outer, token)
        except (httpx.HTTPError, TimeoutError) as failure:
            for call in calls:
                self._governor.settle(call, Outcome(None, {}, None, network_failure=True))
            return [_lost(outer, failure)] * len(requests)
        if answer.error is not None or not isinstance(answer.body, list):
            error, _ = fault(answer.error or GraphError(code=2, message="unreadable batch answer", http_status=500))
            for call in calls:
                self._governor.settle(call, Outcome(answer.status, answer.headers, answer.error))
            return [error] * len(requests)
        return [_Answer(*member) for member in batching.members(answer.body, len(requests))]

    def _member(self, answer: _Answer | AdsError, call: GraphCall) -> Any | AdsError:
        if isinstance(answer, AdsError):
            return answer
        try:
            return self._judge(answer, call, write=call.write)
        except Repeatable as failure:
            return failure.error
        except AdsError as error:
            return error

    async def _once(self, request: Request, token: Token, call: GraphCall) -> Any:
        try:
            answer = await self._exchange(request, token)
        except _NOT_SENT as failure:
            self._governor.settle(call, Outcome(None, {}, None, network_failure=True))
            raise Repeatable(_unreachable(failure)) from None
        except (httpx.HTTPError, TimeoutError) as failure:
            self._governor.settle(call, Outcome(None, {}, None, network_failure=True))
            raise Repeatable(_lost(request, failure)) from None
        except BaseException:
            self._governor.cancel(call)
            raise
        return self._judge(answer, call, write=request.write)

    def _judge(self, answer: _Answer, call: GraphCall, *, write: bool) -> Any:
        """The body of a good answer; otherwise the classified error, after the limits and the log have seen it."""
        error = answer.error
        self._governor.settle(call, Outcome(answer.status, answer.headers, error))
        self._notice_version(answer.headers)
        if error is None and answer.body is not None:
            return answer.body
        if error is None:
            raise Repeatable(_unreadable(write))
        self._log(error, call)
        raised, retry = fault(error)
        if write and retry:
            raise _unsure(raised.message)
        raise Repeatable(raised) if retry else raised

    async def _exchange(self, request: Request, token: Token) -> _Answer:
        """Send and read within the request's seconds, and within the largest body."""
        async with asyncio.timeout(self._connection.seconds(request)):
            async with self._http.stream(**self._arguments(request, token), timeout=None) as response:
                raw = await _bounded(response)
        return _Answer(response.status_code, response.headers, _decoded(raw))

    def _arguments(self, request: Request, token: Token) -> dict[str, Any]:
        params = {name: wire(value) for name, value in request.params.items() if value is not None}
        if self._connection.app_secret:
            params["appsecret_proof"] = token.proof(self._connection.app_secret)
        arguments: dict[str, Any] = {
            "method": request.method,
            "url": self._connection.url(request),
            "headers": {"Authorization": f"Bearer {token.reveal()}"},
        }
        if request.method == "POST":
            return arguments | {"data": params}
        if sum(len(value) for value in params.values()) > LONGEST_QUERY and request.method == "GET":
            return arguments | {"method": "POST", "data": params | {"method": "GET"}}
        return arguments | {"params": params}

    def _notice_version(self, headers: Mapping[str, str]) -> None:
        served = headers.get("facebook-api-version")
        if served and served != self._served_version:
            self._served_version = served
            if served != self._connection.version:
                self._events.emit("warning", "meta_api_version", served=served, pinned=self._connection.version)

    def _log(self, error: GraphError, call: GraphCall) -> None:
        self._events.emit(
            "error" if (error.http_status or 0) >= 500 else "warning",
            "meta_error" if (error.http_status or 0) >= 500 else "meta_user_error",
            path=call.path,
            code=error.code,
            subcode=error.subcode,
            fbtrace_id=error.fbtrace_id,
            status=error.http_status,
            token=call.token_key,
            account=call.account,
        )


def _call(request: Request, token: Token) -> GraphCall:
    account = request.account or next((part for part in request.path.split("/") if part.startswith("act_")), None)
    return GraphCall(
        token_key=token.key,
        account=account,
        use_case=use_case(request.path),
        write=request.write,
        path=request.path,
        object_id=request.path.split("/", 1)[0],
        budget_change=request.budget_change,
        spend_limit_change=request.spend_limit_change,
    )


async def _bounded(response: httpx.Response) -> bytes | None:
    """The body, decompressed, or None when it is larger than this server reads."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)


def _decoded(raw: bytes | None) -> Any:
    try:
        return json.loads(raw) if raw is not None else None
    except (ValueError, RecursionError):
        return None


def _unreachable(failure: Exception) -> NetworkProblem:
    return NetworkProblem(f"Graph could not be reached ({type(failure).__name__}); nothing was sent.")


def _lost(request: Request, failure: Exception) -> AdsError:
    what = "did not answer in time" if isinstance(failure, TimeoutError | httpx.TimeoutException) else "broke off"
    if request.write:
        return _unsure(f"The connection to Graph {what} after the change was sent.")
    return NetworkProblem(f"The connection to Graph {what} ({type(failure).__name__}).")


def _unreadable(write: bool) -> AdsError:
    if write:
        return _unsure("Graph's answer to the change could not be read.")
    return Transient("Graph's answer was not JSON, or too large to read.")


def _unsure(message: str) -> UnknownOutcome:
    return UnknownOutcome(message)
