"""One HTTP request to Graph, politely: limits → HTTP → classification → perhaps once more.

The token travels in the `Authorization` header only, so no URL, log or cursor can carry it; redirects are not followed.
"""

from __future__ import annotations

import asyncio
import copy
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.core.ports import Events
from meta_ads_mcp.core.request import Request, wire
from meta_ads_mcp.credentials import FixedToken, Token, Tokens
from meta_ads_mcp.errors import (
    AdsError,
    DataLimit,
    GraphError,
    NetworkProblem,
    Throttled,
    TokenProblem,
    Transient,
    UnknownOutcome,
)
from meta_ads_mcp.graph import batch as batching
from meta_ads_mcp.graph.classify import classify, to_ads_error
from meta_ads_mcp.graph.encoding import body
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.governor import Governor
from meta_ads_mcp.graph.limits.headers import scope_of
from meta_ads_mcp.graph.limits.outcome import Outcome
from meta_ads_mcp.graph.page_tokens import PageTokens
from meta_ads_mcp.graph.quotas import use_case
from meta_ads_mcp.graph.response import LARGEST_BODY, MOST_VALUES, GraphResponse, read_answer
from meta_ads_mcp.graph.retry import Repeatable, repeating

# A longer query goes as a POST with its `method` beside the params, as Meta's own SDK does for GET.
LONGEST_QUERY = 4000
# Connecting takes a moment or does not work; a hang before anything was sent should not look like a lost answer.
LONGEST_CONNECT_S = 10.0
# Failures before a byte of the request has left.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_NO_ANSWER = Outcome(None)
_NETWORK_FAILURE = Outcome(None, network_failure=True)
_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}")


@dataclass(frozen=True)
class Connection:
    """Where Graph is and how long to wait for it, in seconds per class of request."""

    base_url: str = "https://graph.facebook.com"
    video_url: str = "https://graph-video.facebook.com"
    version: str = GRAPH_VERSION
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

    @property
    def encrypted(self) -> bool:
        return all(url.startswith("https://") for url in (self.base_url, self.video_url))


@dataclass
class Seen:
    """What the last headers said of Graph: the version it serves, and how many seconds its clock is ahead of ours."""

    version: str | None = None
    skew: float | None = None


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
        self.seen = Seen()
        self._http = httpx.AsyncClient(
            transport=transport,
            headers={"User-Agent": connection.user_agent, "Accept-Encoding": "gzip", "Accept": "application/json"},
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=60),
            follow_redirects=False,
            # A proxy of the environment would read the token of an unencrypted request to a loopback address.
            trust_env=connection.encrypted,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    def version_notice(self) -> str | None:
        """A sentence when Graph serves another version than the pinned one (a dead one is served as an older one)."""
        served, pinned = self.seen.version, self._connection.version
        if served is None or served == pinned:
            return None
        return f"Graph answers with version {served}, not {pinned}: set META_API_VERSION to a version that Meta serves."

    def for_token(self, token: Token) -> GraphClient:
        """This client, speaking for a token that need not be the active one; connections and limits are shared."""
        other = copy.copy(self)
        other._tokens = FixedToken(token)  # noqa: SLF001  the same class
        return other

    async def send(self, request: Request) -> Any:
        """The decoded answer of one request.

        Raises an AdsError of the kind that the table of faults gives; UnknownOutcome when a write may have happened.
        """
        user = await self._tokens.current()
        if request.page is None:
            return await self._as_user(request, user)
        return await self._pages.send(request, user, request.page)

    async def _as_user(self, request: Request, user: Token) -> Any:
        try:
            return await self._send_with(request, user)
        except TokenProblem:
            self._tokens.refused(user)
            raise

    async def _send_with(self, request: Request, token: Token) -> Any:
        call = _call(request, token)

        async def attempt() -> Any:
            await self._governor.admit(call)
            return self._judge(await self._ask(request, token, [call]), call)

        return await repeating(self._clock, _may_repeat(request), attempt)

    async def batch(self, requests: Sequence[Request]) -> list[Any | AdsError]:
        """Reads in one round trip per 50, each admitted, counted and classified by itself, in order.

        Members that met a passing fault are sent again, together. They share the user's token, so a request of a Page
        goes through `send`.
        """
        if any(request.page for request in requests):
            raise ValueError("a request with a Page's own token cannot be a member of a batch")
        token = await self._tokens.current()
        found: list[Any] = [None] * len(requests)
        waiting = list(range(len(requests)))

        async def attempt() -> None:
            for start in range(0, len(waiting), batching.LARGEST):
                part = waiting[start : start + batching.LARGEST]
                answers = await self._one_batch([requests[index] for index in part], token)
                for index, answer in zip(part, answers, strict=True):
                    found[index] = answer
            waiting[:] = [i for i in waiting if isinstance(found[i], Repeatable) and _may_repeat(requests[i])]
            if waiting:
                raise found[waiting[0]]

        with suppress(AdsError):  # the members' errors are in `found`
            await repeating(self._clock, True, attempt)
        return [answer.error if isinstance(answer, Repeatable) else answer for answer in found]

    async def _one_batch(self, requests: Sequence[Request], token: Token) -> list[Any]:
        """The body of each request, or its AdsError, or a Repeatable with it."""
        calls = [_call(request, token) for request in requests]
        found: list[Any] = await self._refusals(calls)
        admitted = [index for index, refusal in enumerate(found) if refusal is None]
        if not admitted:
            return found
        members = [requests[index] for index in admitted]
        answers = await self._members(members, [calls[index] for index in admitted], token)
        for index, answer in zip(admitted, answers, strict=True):
            found[index] = answer
        return found

    async def _refusals(self, calls: Sequence[GraphCall]) -> list[AdsError | None]:
        """For each call the limits' refusal, or None for one that they admitted."""
        refusals: list[AdsError | None] = []
        try:
            for call in calls:
                try:
                    await self._governor.admit(call)
                    refusals.append(None)
                except AdsError as refusal:
                    refusals.append(refusal)
        except BaseException:
            for call, refused in zip(calls, refusals, strict=False):
                if refused is None:
                    self._governor.cancel(call)
            raise
        return refusals

    async def _members(self, requests: Sequence[Request], calls: Sequence[GraphCall], token: Token) -> list[Any]:
        """What came of each member; when the round trip itself failed, that failure for each."""
        write = any(request.write for request in requests)
        params = batching.parameters(requests, self._connection.version)
        outer = Request("POST", "", params, patience="insights", write=write)
        try:
            answer = await self._ask(outer, token, calls)
        except Repeatable as failure:
            return [failure] * len(requests)
        if answer.error is None and isinstance(answer.body, list):
            members = batching.parse_members(answer.body, len(requests))
            return [self._member(member, call) for member, call in zip(members, calls, strict=True)]
        for call in calls[1:]:
            self._governor.cancel(call)  # refused as a whole: that counts once
        failed = self._member(answer if answer.error else GraphResponse(answer.status, answer.headers, None), calls[0])
        if batching.is_unsupported(answer, failed) and not write:
            return await batching.send_individually(requests, self.send)
        return [failed] * len(requests)

    def _member(self, answer: GraphResponse, call: GraphCall) -> Any:
        try:
            return self._judge(answer, call)
        except (Repeatable, AdsError) as failure:
            return failure

    async def _ask(self, request: Request, token: Token, calls: Sequence[GraphCall]) -> GraphResponse:
        """The answer to a request that is made for these admitted calls.

        Raises Repeatable when there is none; the calls are settled then, and the failure counts once.
        """
        try:
            return await self._exchange(request, token)
        except _NOT_SENT as failure:
            self._lost(calls, _NETWORK_FAILURE)
            raise Repeatable(_unreachable(failure)) from None
        except (httpx.HTTPError, OSError) as failure:  # a TLS connection that breaks comes as it is
            self._lost(calls, _NETWORK_FAILURE)
            raise Repeatable(_broken_off(request, failure)) from None
        except BaseException:
            # Cancelled under way: Meta may have counted the call, so it is not given back.
            self._lost(calls, _NO_ANSWER)
            raise

    def _lost(self, calls: Sequence[GraphCall], outcome: Outcome) -> None:
        for index, call in enumerate(calls):
            self._governor.settle(call, _NO_ANSWER if index else outcome)

    def _judge(self, answer: GraphResponse, call: GraphCall) -> Any:
        """The body of a good answer; otherwise the classified error, after the limits and the log have seen it."""
        outcome = classify(call, answer.status, answer.headers, answer.error)
        self._governor.settle(call, outcome)
        self._notice(answer.headers)
        if outcome.error is not None:
            raise self._refused(outcome, outcome.error, call)
        if answer.body is None:
            raise _unreadable(answer, call)
        return answer.body

    def _refused(self, outcome: Outcome, error: GraphError, call: GraphCall) -> AdsError | Repeatable:
        regain_s = math.ceil(outcome.regain_s((None, scope_of(call)))) or None
        raised = to_ads_error(error, outcome.rule, regain_s)
        retry = outcome.rule is not None and outcome.rule.retry
        self._log(raised, error, call)
        if retry and call.write:
            return UnknownOutcome(raised.message, graph=error)
        return Repeatable(raised) if retry else raised

    async def _exchange(self, request: Request, token: Token) -> GraphResponse:
        """Send and read within the request's seconds, and within the largest body."""
        seconds = self._connection.seconds(request)
        connect = min(LONGEST_CONNECT_S, seconds / 2)
        timeout = httpx.Timeout(None, connect=connect, pool=seconds / 2)
        async with (
            asyncio.timeout(seconds),
            self._http.stream(**self._arguments(request, token), timeout=timeout) as response,
        ):
            return await read_answer(response, self._secrets(request, token))

    def _secrets(self, request: Request, token: Token) -> list[str]:
        """What no answer to the request may hold. One that gives a token may give the same one."""
        secret = self._connection.app_secret
        gives_token = request.path == "oauth/access_token" or "access_token" in str(request.params.get("fields"))
        return [*([] if gives_token else [token.reveal()]), *([secret, token.proof(secret)] if secret else [])]

    def _arguments(self, request: Request, token: Token) -> dict[str, Any]:
        params = {name: wire(value) for name, value in request.params.items() if value is not None}
        if self._connection.app_secret:
            params["appsecret_proof"] = token.proof(self._connection.app_secret)
        headers = {"Authorization": f"Bearer {token.reveal()}"}
        arguments: dict[str, Any] = {"method": request.method, "url": self._connection.url(request)}
        if request.method == "POST":
            return arguments | body(params, request.files, headers)
        if len(urlencode(params)) > LONGEST_QUERY:
            return arguments | {"method": "POST"} | body(params | {"method": request.method}, {}, headers)
        return arguments | {"params": params, "headers": headers}

    def _notice(self, headers: Mapping[str, str]) -> None:
        if "date" in headers:
            self.seen.skew = _skew(headers["date"], self._clock.now())
        served = headers.get("facebook-api-version", "")
        if served == self.seen.version or not _VERSION.fullmatch(served):
            return
        self.seen.version = served
        if served != self._connection.version:
            self._events.emit("warning", "meta_api_version", served=served, pinned=self._connection.version)

    def _log(self, raised: AdsError, error: GraphError, call: GraphCall) -> None:
        broken = (error.http_status or 0) >= 500
        wait_s = raised.retry_after_seconds
        self._events.emit(
            "error" if broken else "warning",
            "meta_error" if broken else "meta_user_error",
            path=call.path,
            code=error.code,
            subcode=error.subcode,
            fbtrace_id=error.fbtrace_id,
            status=error.http_status,
            category=raised.kind,
            throttled=isinstance(raised, Throttled),
            retryAfterMs=None if wait_s is None else wait_s * 1000,
            tokenHash=call.token_key,
            accountId=call.account,
        )


def _may_repeat(request: Request) -> bool:
    return request.repeatable and not request.write


def _call(request: Request, token: Token) -> GraphCall:
    account = request.account or next((part for part in request.path.split("/") if part.startswith("act_")), None)
    return GraphCall(
        token_key=token.key,
        # A Page's own token counts on the Page, not on the account whose ad led there.
        account=None if request.page else account,
        use_case=use_case(request.path),
        write=request.write,
        path=request.path,
        object_id=request.path.split("/", 1)[0],
        budget_change=request.budget_change,
        spend_limit_change=request.spend_limit_change,
    )


def _skew(date: str, now: float) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except ValueError:
        return None


def _unreachable(failure: Exception) -> NetworkProblem:
    return NetworkProblem(f"Graph could not be reached ({type(failure).__name__}); nothing was sent.")


def _broken_off(request: Request, failure: Exception) -> AdsError:
    what = "did not answer in time" if isinstance(failure, TimeoutError | httpx.TimeoutException) else "broke off"
    if request.write:
        return UnknownOutcome(f"The connection to Graph {what} after the change was sent.")
    return NetworkProblem(f"The connection to Graph {what} ({type(failure).__name__}).")


def _unreadable(answer: GraphResponse, call: GraphCall) -> AdsError | Repeatable:
    if call.write:
        return UnknownOutcome("Graph's answer to the change could not be read.")
    if answer.too_large:
        largest = f"{LARGEST_BODY // 2**20} MB and {MOST_VALUES} values"
        return DataLimit(f"Graph's answer is larger than the {largest} that this server reads.")
    return Repeatable(Transient("Graph's answer was not JSON."))
