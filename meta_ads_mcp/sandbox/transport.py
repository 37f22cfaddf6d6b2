"""The httpx transport: what a client plugs in where the network would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from meta_ads_mcp.sandbox import batch
from meta_ads_mcp.sandbox.faults import Faults
from meta_ads_mcp.sandbox.graph import GRAPH_URL, Clock, SandboxGraph, utc_now
from meta_ads_mcp.sandbox.http import File, SandboxCall, SandboxResponse, read_call, to_response
from meta_ads_mcp.sandbox.refusal import Refusal
from meta_ads_mcp.sandbox.tokens import DEMO_TOKEN, SandboxTokens, TokenInfo
from meta_ads_mcp.sandbox.usage import Usage
from meta_ads_mcp.sandbox.world import World


@dataclass(frozen=True)
class Logged:
    """One HTTP request as it arrived, and what came back. `status` is None when a planned exception was raised."""

    method: str
    path: str
    version: str | None
    host: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body_size: int
    files: tuple[File, ...]
    status: int | None = None


class SandboxTransport(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Plays the Graph API for any host, in memory, for asynchronous and for plain clients. It is not thread-safe.

    `world` is the demo business (made from `seed` and `clock` when not given), `clock` gives the aware time, `token`
    is the one token accepted besides those of the Pages (default: `DEMO_TOKEN`), `app_secret` makes an
    `appsecret_proof` necessary. `url` is where paging links lead. `new_app` refuses what apps created since 2026-11-04
    cannot use: HTTP method override, field aliases and requests for several ids.

    `faults` plans errors, `log` holds the requests (the last `max_logged` where that is given), `usage` the figures of
    the rate-limit headers, `world.store` the state, `tokens.known` the tokens.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        clock: Clock = utc_now,
        seed: int = 7,
        token: str | None = None,
        app_secret: str | None = None,
        max_logged: int | None = None,
        url: str = GRAPH_URL,
        new_app: bool = True,
    ) -> None:
        self.world = world or World(seed=seed, today=clock())
        self.token = token or DEMO_TOKEN
        self.tokens = SandboxTokens(app_secret=app_secret)
        self.usage = Usage()
        self.faults = Faults()
        self.log: list[Logged] = []
        self._max_logged = max_logged
        self.graph = SandboxGraph(self.world, self.tokens, clock, self.usage, url=url, new_app=new_app)
        self.tokens.known[self.token] = TokenInfo(self.world.user_id)
        for page_token, page_id in self.world.page_tokens().items():
            self.tokens.known[page_token] = TokenInfo(page_id, "PAGE")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an `httpx.AsyncClient`."""
        return self._respond(request, await request.aread())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an `httpx.Client`."""
        return self._respond(request, request.read())

    def _respond(self, request: httpx.Request, body: bytes) -> httpx.Response:
        try:
            call = read_call(request, body)
        except Refusal as refused:
            return to_response(SandboxResponse(refused.status, refused.body("Aunreadable")), request)
        self._remember(call, None)
        answer = self._answer(call)
        status = answer.status_code if isinstance(answer, httpx.Response) else answer.status
        self._remember(call, status)
        return answer if isinstance(answer, httpx.Response) else to_response(answer, request)

    def _answer(self, call: SandboxCall) -> SandboxResponse | httpx.Response:
        answer = self._one(call)
        if answer is None:
            raise httpx.ReadTimeout("a planned fault without an answer")
        return answer

    def _one(self, call: SandboxCall) -> SandboxResponse | httpx.Response | None:
        """Answer one call with its planned faults; a batch comes back here for each of its members."""
        if fault := self.faults.find(call, after_processing=False):
            return fault.answer(call)
        answer = batch.run(call, self._one) if batch.is_batch(call) else self.graph.answer(call)
        if fault := self.faults.find(call, after_processing=True):
            return fault.answer(call)
        return answer

    def _remember(self, call: SandboxCall, status: int | None) -> None:
        """Logged before the work as well, so that a request is there even when a planned exception ends it."""
        entry = Logged(
            call.method,
            "/".join(call.path),
            call.version,
            call.host,
            call.params,
            call.headers,
            call.body_size,
            call.files,
            status,
        )
        if status is not None:
            self.log.pop()
        self.log.append(entry)
        if self._max_logged is not None:
            del self.log[: -self._max_logged]
