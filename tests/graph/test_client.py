"""The Graph client on the wire: what it sends, and what it makes of what comes back."""

from __future__ import annotations

import asyncio
import copy
import gzip
import hashlib
import hmac
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.credentials import FixedToken
from meta_ads_mcp.errors import (
    AdsError,
    ApiError,
    Blocked,
    DataLimit,
    InvalidArguments,
    NetworkProblem,
    Throttled,
    TokenProblem,
    Transient,
    UnknownOutcome,
)
from meta_ads_mcp.graph.client import MAX_QUERY_CHARS, GraphClient
from meta_ads_mcp.graph.connection import Connection
from meta_ads_mcp.graph.limits.outcome import Outcome
from meta_ads_mcp.graph.response import MAX_BODY_BYTES
from tests.support.clock import FakeClock
from tests.support.fake_transport import TOKEN, FakeTransport, refusal
from tests.support.recorders import EventRecorder, RecordingGovernor

GOOD = {"data": []}
MEMBER = {"code": 200, "headers": [], "body": json.dumps(GOOD)}


def everything_sent(request: httpx.Request) -> str:
    """The request but for its Authorization header."""
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}
    return f"{request.method} {request.url} {headers} {request.content!r}"


class Pieces(httpx.AsyncByteStream):
    """A body in pieces, as from a socket."""

    def __init__(self, *pieces: bytes, wait_s: float = 0) -> None:
        self.pieces, self.wait_s = pieces, wait_s
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            await asyncio.sleep(self.wait_s)
            self.read += len(piece)
            yield piece


# --- what is sent


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_the_token_travels_in_the_header_alone(method: Any) -> None:
    wire = FakeTransport(lambda _: GOOD, app_secret="hush")
    await wire.send(method, params={"fields": "id,name"})
    (sent,) = wire.requests
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in everything_sent(sent)
    assert "hush" not in everything_sent(sent)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_secret_proves_every_call_and_without_one_nothing_is_proven(method: Any) -> None:
    proof = hmac.new(b"hush", TOKEN.encode(), hashlib.sha256).hexdigest()
    with_secret, without = FakeTransport(lambda _: GOOD, app_secret="hush"), FakeTransport(lambda _: GOOD)
    await with_secret.send(method)
    await without.send(method)
    sent = with_secret.requests[0]
    assert parse_qs(sent.url.query.decode() or sent.content.decode())["appsecret_proof"] == [proof]
    assert "appsecret_proof" not in everything_sent(without.requests[0])


async def test_paths_are_versioned_and_the_client_says_who_it_is() -> None:
    wire = FakeTransport(lambda _: GOOD, version="v25.0", user_agent="meta-ads-local-mcp/9")
    await wire.send("GET", "123/insights")
    (sent,) = wire.requests
    assert sent.url.copy_with(query=None) == httpx.URL("https://graph.facebook.com/v25.0/123/insights")
    assert sent.headers["user-agent"] == "meta-ads-local-mcp/9"
    assert sent.headers["accept-encoding"] == "gzip"


async def test_videos_are_uploaded_to_the_video_host() -> None:
    wire = FakeTransport(lambda _: {"id": "1"}, video_url="https://graph-video.facebook.com")
    await wire.send("POST", "act_1/advideos", patience="upload", write=True)
    await wire.send("GET", "act_1/advideos")
    assert [request.url.host for request in wire.requests] == ["graph-video.facebook.com", "graph.facebook.com"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_lists_and_objects_are_json_and_nothing_given_is_changed(method: Any) -> None:
    params = {"effective_status": ["ACTIVE"], "targeting": {"geo": ["DE"]}, "flag": True, "limit": 5, "gone": None}
    before = copy.deepcopy(params)
    wire = FakeTransport(lambda _: GOOD)
    await wire.send(method, params=params)
    sent = wire.requests[0]
    assert parse_qs(sent.url.query.decode() or sent.content.decode()) == {
        "effective_status": ['["ACTIVE"]'],
        "targeting": ['{"geo":["DE"]}'],
        "flag": ["true"],
        "limit": ["5"],
    }
    assert params == before


@given(st.integers(0, 3000), st.sampled_from(["x", "é", '"', "😀"]))
async def test_a_long_query_goes_as_the_member_of_a_batch(length: int, letter: str) -> None:
    wire = FakeTransport(lambda request: [MEMBER] if request.method == "POST" else GOOD)
    assert await wire.send(params={"filtering": letter * length}) == GOOD
    (sent,) = wire.requests
    query = sent.url.query.decode()
    if sent.method == "POST":
        assert not query
        (member,) = json.loads(parse_qs(sent.content.decode())["batch"][0])
        assert member["method"] == "GET"
        assert len(member["relative_url"]) > MAX_QUERY_CHARS
        query = member["relative_url"].partition("?")[2]
    else:
        assert len(query) <= MAX_QUERY_CHARS
    assert parse_qs(query).get("filtering", [""]) == [letter * length]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("length", [0, 10, 100_000])
async def test_no_request_overrides_its_method(method: Any, length: int) -> None:
    wire = FakeTransport(lambda request: [MEMBER] if b"batch=" in request.content else GOOD)
    await wire.send(method, "7/users", params={"payload": "x" * length})
    (sent,) = wire.requests
    assert "method" not in parse_qs(sent.url.query.decode()) | parse_qs(sent.content.decode())
    assert len(sent.url.query) <= MAX_QUERY_CHARS
    if method == "DELETE":
        assert sent.method == "DELETE"
        assert parse_qs(sent.url.query.decode() + sent.content.decode()).get("payload", [""]) == ["x" * length]


async def test_a_long_read_that_the_batch_refuses_is_not_sent_again() -> None:
    wire = FakeTransport(lambda _: refusal(100, message="Unknown path components: /"))
    with pytest.raises(InvalidArguments):
        await wire.send(params={"filtering": "x" * 5000})
    assert len(wire.requests) == 1
    assert len(wire.governor.settled) == len(wire.governor.admitted) == 1


async def test_a_long_read_of_a_page_uses_the_token_of_the_page() -> None:
    def handler(request: httpx.Request) -> Any:
        if b"batch=" in request.content:
            return [MEMBER]
        return {"access_token": "EAApagetoken"}

    wire = FakeTransport(handler)
    assert await wire.send("GET", "55/leads", params={"filtering": "x" * 5000}, page="55") == GOOD
    assert wire.requests[-1].headers["authorization"] == "Bearer EAApagetoken"


@pytest.mark.parametrize("proxy", ["http://host:port", "ftp://host", "socks5://host:1", "http://[::1"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_value(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(NetworkProblem, match="HTTPS_PROXY") as caught:
        GraphClient(
            tokens=FixedToken(TOKEN),
            governor=RecordingGovernor(),  # type: ignore[arg-type]
            events=EventRecorder(),
            clock=FakeClock(),
            connection=Connection(),
        )
    assert proxy not in str(caught.value)


# --- time


@pytest.mark.parametrize(
    ("patience", "timeout", "seconds"),
    [("normal", 30, 30), ("insights", 30, 45), ("upload", 30, 300), ("insights", 90, 90), ("normal", 5, 5)],
)
def test_each_class_of_request_has_its_seconds(patience: Any, timeout: float, seconds: float) -> None:
    wire = FakeTransport(lambda _: GOOD, timeout=timeout)
    assert wire.client._connection.timeout_for(Request("GET", "1", patience=patience)) == seconds


@pytest.mark.parametrize("write", [False, True])
async def test_the_deadline_holds_for_the_whole_answer(write: bool) -> None:
    def slowly(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Pieces(*[b" "] * 1000, wait_s=0.005))

    wire = FakeTransport(slowly, timeout=0.03)
    kind = UnknownOutcome if write else NetworkProblem
    with pytest.raises(kind, match="in time"):
        await wire.send("POST" if write else "GET", write=write)
    assert len(wire.requests) == (1 if write else 4)
    assert wire.governor.is_balanced


# --- what comes back


async def test_a_redirect_is_an_error_and_nothing_follows_it() -> None:
    wire = FakeTransport(lambda _: httpx.Response(302, headers={"location": "https://elsewhere.example/"}, json={}))
    with pytest.raises(ApiError, match="302"):
        await wire.send()
    assert [request.url.host for request in wire.requests] == ["graph.facebook.com"]


@pytest.mark.parametrize("pieces", [1, 7])
async def test_gzip_is_read(pieces: int) -> None:
    packed = gzip.compress(json.dumps({"name": "Zoë"}).encode())
    size = len(packed) // pieces + 1
    body = [packed[start : start + size] for start in range(0, len(packed), size)]
    wire = FakeTransport(lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Pieces(*body)))
    assert await wire.send() == {"name": "Zoë"}


UNREADABLE = {
    "html": httpx.Response(200, html="<h1>login</h1>"),
    "empty": httpx.Response(200),
    "cut": httpx.Response(200, content=b'{"data": [1,'),
    "not utf-8": httpx.Response(200, content=b'{"a": "\xff\xfe"}'),
    "nested": httpx.Response(200, content=b"[" * 200_000),
    "long number": httpx.Response(200, content=b'{"a": ' + b"9" * 5000 + b"}"),
    "null": httpx.Response(200, json=None),
    "no gzip": httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Pieces(b"plain")),
    "cut gzip": httpx.Response(
        200, headers={"content-encoding": "gzip"}, stream=Pieces(gzip.compress(b'{"a": "%s"}' % (b"ab" * 400))[:30])
    ),
    "bad gateway": httpx.Response(502, html="<h1>502 Bad Gateway</h1>"),
    "unavailable": httpx.Response(503),
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("write", [False, True])
async def test_an_unreadable_answer_is_a_passing_fault_of_a_read_and_an_unknown_outcome_of_a_write(
    name: str, write: bool
) -> None:
    wire = FakeTransport(lambda _: UNREADABLE[name])
    with pytest.raises(UnknownOutcome if write else Transient) as caught:
        await wire.send("POST" if write else "GET", write=write)
    assert len(wire.requests) == (1 if write else 4)
    assert wire.governor.is_balanced
    assert "<h1>" not in str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("write", [False, True])
async def test_too_large_an_answer_is_not_read_to_its_end(packed: bool, write: bool) -> None:
    piece = b" " * 2**20
    plain = Pieces(*[piece] * (MAX_BODY_BYTES // len(piece) * 2))
    bomb = Pieces(gzip.compress(piece * (MAX_BODY_BYTES // len(piece) * 4), 1))
    headers = {"content-encoding": "gzip"} if packed else {}
    wire = FakeTransport(lambda _: httpx.Response(200, headers=headers, stream=bomb if packed else plain))
    tracemalloc.start()
    with pytest.raises(UnknownOutcome if write else DataLimit):
        await wire.send(write=write)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 3 * MAX_BODY_BYTES
    assert len(wire.requests) == 1
    assert plain.read <= MAX_BODY_BYTES + len(piece)


async def test_values_that_json_does_not_have_become_null() -> None:
    wire = FakeTransport(lambda _: httpx.Response(200, content=b'{"a": NaN, "b": -Infinity, "c": 1}'))
    assert await wire.send() == {"a": None, "b": None, "c": 1}


async def test_another_version_is_noted_once() -> None:
    wire = FakeTransport(lambda _: httpx.Response(200, json=GOOD, headers={"facebook-api-version": "v22.0"}))
    for _ in range(3):
        await wire.send()
    assert wire.events.named("meta_api_version") == [("warning", {"served": "v22.0", "pinned": GRAPH_VERSION})]
    assert "v22.0" in str(wire.client.version_notice())


@pytest.mark.parametrize("served", [GRAPH_VERSION, "", "ignore all <b>", None])
async def test_the_pinned_version_and_nonsense_are_not(served: str | None) -> None:
    headers = {} if served is None else {"facebook-api-version": served}
    wire = FakeTransport(lambda _: httpx.Response(200, json=GOOD, headers=headers))
    await wire.send()
    assert wire.client.version_notice() is None
    assert wire.events.events == []


# --- limits and log


async def test_the_headers_name_the_wait() -> None:
    usage = {"1": [{"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 7}]}
    other = {"2": [{"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 90}]}
    headers = {"x-business-use-case-usage": json.dumps(usage | other)}
    wire = FakeTransport(
        lambda _: httpx.Response(400, json={"error": {"code": 80004, "message": "x"}}, headers=headers)
    )
    with pytest.raises(Throttled) as caught:
        await wire.send()
    assert caught.value.retry_after_seconds == 7 * 60


@pytest.mark.parametrize(("code", "kind"), [(4, Throttled), (613, Throttled), (80003, Throttled), (368, Blocked)])
async def test_a_throttle_always_names_a_wait(code: int, kind: type[AdsError]) -> None:
    wire = FakeTransport(lambda _: refusal(code))
    with pytest.raises(kind) as caught:
        await wire.send()
    assert (caught.value.retry_after_seconds or 0) > 0


async def test_the_outcome_reaches_the_limits_with_its_headers() -> None:
    wire = FakeTransport(lambda _: httpx.Response(200, json=GOOD, headers={"X-App-Usage": '{"call_count":7}'}))
    await wire.send("GET", "77/ads", account="act_5")
    ((call, outcome),) = wire.governor.settled
    assert (call.account, call.object_id, call.use_case, call.write) == ("act_5", "77", "ads_management", False)
    assert outcome.status == 200
    assert [(reading.kind, reading.percent) for reading in outcome.readings] == [("app", 7.0)]
    assert outcome.error is None


async def test_a_call_that_is_cancelled_under_way_counts_and_is_no_failure() -> None:
    async def never(_: httpx.Request) -> None:
        await asyncio.Event().wait()

    wire = FakeTransport(never)
    task = asyncio.create_task(wire.send())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [outcome for _, outcome in wire.governor.settled] == [Outcome(None)]


async def test_errors_are_logged_without_secrets() -> None:
    wire = FakeTransport(lambda _: refusal(190, 463, f"Error validating {TOKEN}", status=401))
    with pytest.raises(TokenProblem) as caught:
        await wire.send("GET", "act_1/ads")
    ((level, said),) = wire.events.named("meta_user_error")
    assert level == "warning"
    expected = {"path": "act_1/ads", "code": 190, "subcode": 463, "category": "token", "throttled": False}
    assert said.items() >= expected.items()
    assert TOKEN not in json.dumps(said)
    assert TOKEN not in json.dumps(caught.value.public())
    assert TOKEN not in repr(wire.client._connection)


async def test_a_status_of_500_is_logged_as_an_error() -> None:
    wire = FakeTransport(lambda _: refusal(2, status=500))
    with pytest.raises(Transient):
        await wire.send()
    assert {level for level, _ in wire.events.named("meta_error")} == {"error"}


def test_an_unencrypted_request_passes_no_proxy() -> None:
    assert not FakeTransport(lambda _: GOOD, base_url="http://127.0.0.1:9").client._http.trust_env
    assert FakeTransport(lambda _: GOOD).client._http.trust_env
