"""Send requests to Graph: wait for the limits, talk HTTP, classify the response, and repeat a read after a fault.

The access token travels in the `Authorization` header only, so no URL, log or cursor can carry it. Redirects are not
followed. Long reads go through the batch endpoint: new apps cannot use HTTP method override, field aliases or requests
for several ids at once (Meta, release post of v27.0, 2026-11-04), so nothing here does.
"""

from __future__ import annotations

import asyncio
import copy
import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from meta_ads_mcp.core.clock import Clock
from meta_ads_mcp.core.ports import Events
from meta_ads_mcp.core.request import Request, wire
from meta_ads_mcp.credentials import FixedToken, Token, Tokens
from meta_ads_mcp.errors import (
    AdsError,
    DataLimit,
    GraphError,
    Throttled,
    TokenProblem,
    Transient,
    UnknownOutcome,
)
from meta_ads_mcp.graph import batch as batching
from meta_ads_mcp.graph.classify import classify, to_ads_error
from meta_ads_mcp.graph.connection import Connection, connection_lost_error, open_http, unreachable_error
from meta_ads_mcp.graph.encoding import encode_body
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.governor import Governor
from meta_ads_mcp.graph.limits.headers import clock_skew, scope_of
from meta_ads_mcp.graph.limits.outcome import Outcome
from meta_ads_mcp.graph.page_tokens import PageTokens
from meta_ads_mcp.graph.quotas import use_case
from meta_ads_mcp.graph.response import MAX_BODY_BYTES, MAX_VALUES, GraphResponse, read_response
from meta_ads_mcp.graph.retry import Repeatable, repeat_on_fault

# Servers and proxies refuse URLs of some 8,000 characters. A longer query goes as the member of a batch, or as the form
# of a DELETE.
MAX_QUERY_CHARS = 4000
# A connection is made in a moment or not at all. A hang before anything was sent must not look like a lost response.
MAX_CONNECT_S = 10.0
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
_SECRET_PARAMS = ("input_token", "client_secret")


@dataclass
class ServerInfo:
    """What the headers of the last response state: the version served, and how many seconds Graph's clock is ahead."""

    version: str | None = None
    skew: float | None = None


class GraphClient:
    """Sends requests for the active token. It is the only part of this package that talks HTTP to Graph."""

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
        """Open no connection yet. Raises NetworkProblem when the proxy in the environment cannot be used."""
        self._tokens, self._governor, self._events, self._clock = tokens, governor, events, clock
        self._connection = connection
        self._pages = PageTokens(self._send_with)
        self.server_info = ServerInfo()
        self._http = open_http(connection, transport)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def version_notice(self) -> str | None:
        """Return a sentence when Graph serves another version than the pinned one, as it does for an ended one."""
        answer_version, version = self.server_info.version, self._connection.version
        if answer_version is None or answer_version == version:
            return None
        advice = "set META_API_VERSION to a version that Meta serves."
        return f"Graph answers with version {answer_version}, not {version}: {advice}"

    def for_token(self, token: Token) -> GraphClient:
        """Return a client for another token. It shares the connections and the limits of this one."""
        other = copy.copy(self)
        other._tokens = FixedToken(token)  # noqa: SLF001  the same class
        return other

    async def own_secrets(self) -> list[str]:
        """Return every secret that this process holds: tokens, the app secret, and the proofs made from them.

        Reads the token of the active profile first. Raises TokenProblem if there is none.
        """
        user = await self._tokens.current()
        tokens = [user, *self._tokens.held(), *self._pages.held()]
        secret = self._connection.app_secret
        proofs = [secret, *(token.proof(secret) for token in tokens)] if secret else []
        return [*(token.reveal() for token in tokens), *proofs]

    def clock_skew(self) -> float:
        """Return how many seconds Graph's clock is ahead of this machine's, by its last answer; 0 before the first."""
        return self.server_info.skew or 0.0

    async def send(self, request: Request) -> Any:
        """Return the decoded response to one request.

        Raises an AdsError of the class that the error table gives; UnknownOutcome when a write may have happened.
        """
        user = await self._tokens.current()
        if request.page is None:
            return await self._send_as_user(request, user)
        return await self._pages.send(request, user, request.page)

    async def _send_as_user(self, request: Request, user: Token) -> Any:
        try:
            return await self._send_with(request, user)
        except TokenProblem:
            self._tokens.invalidate(user)
            raise

    async def _send_with(self, request: Request, token: Token) -> Any:
        call = _call(request, token)

        async def attempt() -> Any:
            await self._governor.admit(call)
            return await self._perform_admitted(request, token, call)

        return await repeat_on_fault(self._clock, _may_repeat(request), attempt)

    async def _perform_admitted(self, request: Request, token: Token, call: GraphCall) -> Any:
        if request.method == "GET" and len(urlencode(self._form(request, token))) > MAX_QUERY_CHARS:
            (answer,) = await self._perform_members([request], [call], token)
            if isinstance(answer, Exception):
                raise answer
            return answer
        return self._settle_and_unwrap(await self._perform(request, token, [call]), call)

    async def batch(self, requests: Sequence[Request]) -> list[Any | AdsError]:
        """Send reads in one round trip per 50, and return the body or the error of each, in order.

        Each is admitted, counted and classified by itself. Members that met a temporary fault are sent again,
        together. All use one token: that of the Page that all of them name, or the user's. Raises ValueError for
        requests of several Pages, and PermissionMissing when the user may not act for the Page.
        """
        pages = {request.page for request in requests}
        if len(pages) > 1:
            raise ValueError("the members of a batch share one token, so they cannot be of several Pages")
        token, page = await self._tokens.current(), next(iter(pages), None)
        if page is not None:
            token = await self._pages.token(token, page)
        answers: list[Any] = [None] * len(requests)
        waiting = list(range(len(requests)))

        async def attempt() -> None:
            for start in range(0, len(waiting), batching.MAX_MEMBERS):
                part = waiting[start : start + batching.MAX_MEMBERS]
                results = await self._send_batch([requests[index] for index in part], token)
                for index, answer in zip(part, results, strict=True):
                    answers[index] = answer
            waiting[:] = [i for i in waiting if isinstance(answers[i], Repeatable) and _may_repeat(requests[i])]
            if waiting:
                raise answers[waiting[0]]

        with suppress(AdsError):  # the errors of the members are in `answers`
            await repeat_on_fault(self._clock, True, attempt)
        return [answer.error if isinstance(answer, Repeatable) else answer for answer in answers]

    async def _send_batch(self, requests: Sequence[Request], token: Token) -> list[Any]:
        """Return for each request its body, its AdsError, or a Repeatable with the error."""
        calls = [_call(request, token) for request in requests]
        results: list[Any] = await self._admit_each(calls)
        indexes = [index for index, refusal in enumerate(results) if refusal is None]
        if not indexes:
            return results
        members = [requests[index] for index in indexes]
        answers = await self._perform_members(members, [calls[index] for index in indexes], token, self.send)
        for index, answer in zip(indexes, answers, strict=True):
            results[index] = answer
        return results

    async def _admit_each(self, calls: Sequence[GraphCall]) -> list[AdsError | None]:
        """Return the limits' refusal of each call, or None for an admitted call."""
        refusals: list[AdsError | None] = []
        try:
            for call in calls:
                try:
                    await self._governor.admit(call)
                    refusals.append(None)
                except AdsError as failure:
                    refusals.append(failure)
        except BaseException:
            for call, refusal in zip(calls, refusals, strict=False):
                if refusal is None:
                    self._governor.cancel(call)
            raise
        return refusals

    async def _perform_members(
        self,
        requests: Sequence[Request],
        calls: Sequence[GraphCall],
        token: Token,
        fallback: Callable[[Request], Awaitable[Any]] | None = None,
    ) -> list[Any]:
        """Send admitted requests as one batch. Returns for each its body or its failure.

        When the round trip itself fails, each has that failure. `fallback` sends the requests one by one where Graph,
        or a gateway before it, does not know batches.
        """
        write = any(request.write for request in requests)
        params = batching.to_params(requests, self._connection.version)
        outer = Request("POST", "", params, patience="insights", write=write)
        try:
            response = await self._perform(outer, token, calls)
        except Repeatable as failure:
            return [failure] * len(requests)
        if response.error is None and isinstance(response.body, list):
            members = batching.parse_members(response.body, len(requests))
            return [self._unwrap_member(member, call) for member, call in zip(members, calls, strict=True)]
        for call in calls[1:]:
            self._governor.cancel(call)  # refused as a whole: it counts once
        whole = response if response.error else GraphResponse(response.status, response.headers, None)
        failure_of_all = self._unwrap_member(whole, calls[0])
        if fallback is not None and not write and batching.is_unsupported(response, failure_of_all):
            return await batching.send_individually(requests, fallback)
        return [failure_of_all] * len(requests)

    def _unwrap_member(self, response: GraphResponse, call: GraphCall) -> Any:
        try:
            return self._settle_and_unwrap(response, call)
        except (Repeatable, AdsError) as failure:
            return failure

    async def _perform(self, request: Request, token: Token, calls: Sequence[GraphCall]) -> GraphResponse:
        """Make the round trip of a request that carries these admitted calls.

        Raises Repeatable when there is no response. The calls are settled then, and the failure counts once.
        """
        try:
            return await self._exchange(request, token)
        except _NOT_SENT as failure:
            self._settle_unanswered(calls, _NETWORK_FAILURE)
            raise Repeatable(unreachable_error(failure)) from None
        except (httpx.HTTPError, OSError) as failure:  # a TLS connection that breaks comes as it is
            self._settle_unanswered(calls, _NETWORK_FAILURE)
            raise Repeatable(connection_lost_error(request, failure)) from None
        except BaseException:
            # Cancelled on the way: Meta may have counted the call, so its points are not given back.
            self._settle_unanswered(calls, _NO_ANSWER)
            raise

    def _settle_unanswered(self, calls: Sequence[GraphCall], outcome: Outcome) -> None:
        for index, call in enumerate(calls):
            self._governor.settle(call, _NO_ANSWER if index else outcome)

    def _settle_and_unwrap(self, response: GraphResponse, call: GraphCall) -> Any:
        """Tell the limits how the call ended, and return the body. Raises the classified error otherwise."""
        outcome = classify(call, response.status, response.headers, response.error)
        self._governor.settle(call, outcome)
        self._observe_headers(response.headers)
        if outcome.error is not None:
            raise self._to_error(outcome, outcome.error, call)
        if response.body is None:
            raise _unreadable(response, call)
        return response.body

    def _to_error(self, outcome: Outcome, error: GraphError, call: GraphCall) -> AdsError | Repeatable:
        regain_s = math.ceil(outcome.regain_s((None, scope_of(call)))) or None
        ads_error = to_ads_error(error, outcome.rule, regain_s)
        self._log(ads_error, error, call)
        if outcome.rule is None or not outcome.rule.retry:
            return ads_error
        return UnknownOutcome(ads_error.message, graph=error) if call.write else Repeatable(ads_error)

    async def _exchange(self, request: Request, token: Token) -> GraphResponse:
        """Send and read within the time that the request may take, and within the largest body."""
        seconds = self._connection.timeout_for(request)
        timeout = httpx.Timeout(None, connect=min(MAX_CONNECT_S, seconds / 2), pool=seconds / 2)
        async with (
            asyncio.timeout(seconds),
            self._http.stream(**self._http_arguments(request, token), timeout=timeout) as response,
        ):
            return await read_response(response, self._redactions(request, token))

    def _redactions(self, request: Request, token: Token) -> list[str]:
        """Return the secrets to remove from the response.

        An endpoint that issues tokens may return the one it was called with, so that one stays.
        """
        secret = self._connection.app_secret
        secrets = [str(request.params[name]) for name in _SECRET_PARAMS if request.params.get(name)]
        issues_token = request.path == "oauth/access_token" or "access_token" in str(request.params.get("fields"))
        return [
            *secrets,
            *([] if issues_token else [token.reveal()]),
            *([secret, token.proof(secret)] if secret else []),
        ]

    def _form(self, request: Request, token: Token) -> dict[str, str]:
        """Return the parameters as text, with the proof of the app's secret."""
        form = {name: wire(value) for name, value in request.params.items() if value is not None}
        if self._connection.app_secret:
            form["appsecret_proof"] = token.proof(self._connection.app_secret)
        return form

    def _http_arguments(self, request: Request, token: Token) -> dict[str, Any]:
        form = self._form(request, token)
        headers = {"Authorization": f"Bearer {token.reveal()}"}
        arguments: dict[str, Any] = {"method": request.method, "url": self._connection.url(request)}
        # Meta documents DELETE with a form for the users of an audience, whose lists no URL could hold.
        long_delete = request.method == "DELETE" and len(urlencode(form)) > MAX_QUERY_CHARS
        if request.method == "POST" or long_delete:
            return arguments | encode_body(form, request.files, headers)
        return arguments | {"params": form, "headers": headers}

    def _observe_headers(self, headers: Mapping[str, str]) -> None:
        if "date" in headers:
            self.server_info.skew = clock_skew(headers["date"], self._clock.now())
        version = headers.get("facebook-api-version", "")
        if version == self.server_info.version or not _VERSION.fullmatch(version):
            return
        self.server_info.version = version
        if version != self._connection.version:
            self._events.emit("warning", "meta_api_version", served=version, pinned=self._connection.version)

    def _log(self, ads_error: AdsError, error: GraphError, call: GraphCall) -> None:
        is_outage = (error.http_status or 0) >= 500
        wait_s = ads_error.retry_after_seconds
        self._events.emit(
            "error" if is_outage else "warning",
            "meta_error" if is_outage else "meta_user_error",
            path=call.path,
            code=error.code,
            subcode=error.subcode,
            fbtrace_id=error.fbtrace_id,
            status=error.http_status,
            category=ads_error.kind,
            throttled=isinstance(ads_error, Throttled),
            retryAfterMs=None if wait_s is None else wait_s * 1000,
            tokenHash=call.token_key,
            accountId=call.account,
        )


def _may_repeat(request: Request) -> bool:
    return request.repeatable and not request.write


def _call(request: Request, token: Token) -> GraphCall:
    """Return what the limits need to know of a request."""
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


def _unreadable(response: GraphResponse, call: GraphCall) -> AdsError | Repeatable:
    if call.write:
        return UnknownOutcome("Graph's response to the change could not be read.")
    if response.too_large:
        limit = f"{MAX_BODY_BYTES // 2**20} MB and {MAX_VALUES} values"
        return DataLimit(f"Graph's response is larger than the {limit} that this server reads.")
    return Repeatable(Transient("Graph's response was not JSON."))
