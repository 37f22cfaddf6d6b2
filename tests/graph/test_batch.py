"""Batches: one round trip for many reads, each judged by itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import (
    AdsError,
    CircuitOpen,
    NetworkProblem,
    NotFound,
    PermissionMissing,
    Throttled,
    TokenProblem,
    Transient,
    UnknownOutcome,
)
from tests.support.fake_transport import TOKEN, FakeTransport, refusal
from tests.support.recorders import RecordingGovernor


def reads(count: int) -> list[Request]:
    return [Request("GET", str(1000 + index), {"fields": "id"}) for index in range(count)]


def members_of(request: httpx.Request) -> list[dict[str, Any]]:
    (batch,) = parse_qs(request.content.decode())["batch"]
    found: list[dict[str, Any]] = json.loads(batch)
    return found


def member(body: Any, code: int = 200, headers: Any = ()) -> dict[str, Any]:
    return {"code": code, "headers": list(headers), "body": json.dumps(body)}


def node_of(asked: dict[str, Any]) -> str:
    return urlsplit(asked["relative_url"]).path.rsplit("/", 1)[-1]


def error_member(code: int, status: int = 400) -> dict[str, Any]:
    return member({"error": {"code": code, "message": "said"}}, status)


def each(answer: Any) -> Any:
    """A handler that answers every member by its node."""
    return lambda request: [answer(node_of(asked)) for asked in members_of(request)]


async def test_fifty_a_round_trip_and_answers_in_order() -> None:
    wire = FakeTransport(each(lambda node: member({"id": node})), app_secret="hush")
    found = await wire.client.batch(reads(120))
    assert [row["id"] for row in found] == [str(1000 + index) for index in range(120)]
    assert [len(members_of(request)) for request in wire.requests] == [50, 50, 20]
    assert {str(request.url) for request in wire.requests} == {f"https://graph.facebook.com/{GRAPH_VERSION}/"}
    assert all("appsecret_proof" in parse_qs(request.content.decode()) for request in wire.requests)
    assert not any(TOKEN in request.content.decode() for request in wire.requests)
    assert len(wire.governor.settled) == 120


async def test_no_requests_no_round_trip() -> None:
    wire = FakeTransport(each(lambda node: member({})))
    assert await wire.client.batch([]) == []
    assert wire.requests == []


async def test_a_member_is_a_versioned_request_with_its_parameters() -> None:
    wire = FakeTransport(each(lambda node: member({})))
    await wire.client.batch(
        [Request("GET", "act_1/ads", {"fields": "id,name", "effective_status": ["ACTIVE"], "no": None})]
    )
    assert members_of(wire.requests[0]) == [
        {
            "method": "GET",
            "relative_url": f"{GRAPH_VERSION}/act_1/ads?fields=id%2Cname&effective_status=%5B%22ACTIVE%22%5D",
        }
    ]


async def test_each_member_has_its_own_error_headers_and_place_in_the_limits() -> None:
    usage = [{"name": "X-App-Usage", "value": '{"call_count":5}'}]

    def answer(node: str) -> Any:
        return {
            "1000": member({"id": "1000"}, headers=usage),
            "1001": error_member(803, 404),
            "1002": error_member(4),
        }[node]

    wire = FakeTransport(each(answer))
    good, gone, throttled = await wire.client.batch(reads(3))
    assert good == {"id": "1000"}
    assert isinstance(gone, NotFound)
    assert isinstance(throttled, Throttled)
    outcomes = {call.path: outcome for call, outcome in wire.governor.settled}
    assert [(reading.kind, reading.percent) for reading in outcomes["1000"].readings] == [("app", 5.0)]
    assert outcomes["1002"].error is not None
    assert len(wire.requests) == 1


async def test_of_a_full_batch_one_throttled_member_is_refused_alone() -> None:
    wire = FakeTransport(each(lambda node: error_member(17) if node == "1020" else member({"id": node})))
    found = await wire.client.batch(reads(50))
    assert [str(1000 + n) for n, row in enumerate(found) if row == {"id": str(1000 + n)}] == [
        str(1000 + n) for n in range(50) if n != 20
    ]
    assert isinstance(found[20], Throttled)
    assert [call.path for call, outcome in wire.governor.settled if outcome.error is not None] == ["1020"]
    assert len(wire.requests) == 1


async def test_only_members_with_a_passing_fault_are_sent_again() -> None:
    asked: list[list[str]] = []

    def handler(request: httpx.Request) -> Any:
        nodes = [node_of(found) for found in members_of(request)]
        asked.append(nodes)
        first = len(asked) == 1
        return [None if first and node == "1001" else member({"id": node}) for node in nodes]

    wire = FakeTransport(handler)
    found = await wire.client.batch(reads(3))
    assert [row["id"] for row in found] == ["1000", "1001", "1002"]
    assert asked == [["1000", "1001", "1002"], ["1001"]]
    assert wire.governor.is_balanced
    assert 0.8 <= wire.clock.slept_s <= 1.2


ODD = [
    None,
    5,
    "text",
    {},
    {"code": "200"},
    {"code": 200, "body": "<html>"},
    {"code": 200, "body": 7, "headers": {"a": 1}},
]


@pytest.mark.parametrize("odd", ODD)
async def test_odd_members_are_passing_faults_of_their_own(odd: Any) -> None:
    wire = FakeTransport(each(lambda node: odd if node == "1001" else member({"id": node})))
    found = await wire.client.batch(reads(3))
    assert isinstance(found[1], Transient)
    assert [found[0], found[2]] == [{"id": "1000"}, {"id": "1002"}]
    assert wire.governor.is_balanced


async def test_too_few_members_are_no_shift() -> None:
    wire = FakeTransport(lambda request: [member({"id": node_of(members_of(request)[0])})])
    first, *rest = await wire.client.batch(reads(3))
    # The missing ones were asked again, one after the other.
    assert first == {"id": "1000"}
    assert rest[0] == {"id": "1001"}


async def test_a_member_that_the_limits_refuse_is_not_sent() -> None:
    gate = RecordingGovernor({"1001": CircuitOpen("stop", retry_after_seconds=5)})
    wire = FakeTransport(each(lambda node: member({"id": node})), governor=gate)
    found = await wire.client.batch(reads(3))
    assert isinstance(found[1], CircuitOpen)
    assert [node_of(asked) for asked in members_of(wire.requests[0])] == ["1000", "1002"]


@pytest.mark.parametrize(("code", "kind"), [(190, TokenProblem), (4, Throttled), (200, PermissionMissing)])
async def test_a_refused_round_trip_is_every_members_error_and_counts_once(code: int, kind: type[AdsError]) -> None:
    wire = FakeTransport(lambda _: refusal(code))
    found = await wire.client.batch(reads(3))
    assert [type(error) for error in found] == [kind] * 3
    assert len(wire.requests) == 1
    assert (len(wire.governor.settled), len(wire.governor.cancelled)) == (1, 2)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ReadTimeout("slow"), NetworkProblem),
        (httpx.ConnectError("refused"), NetworkProblem),
        (httpx.Response(502, html="<h1>"), Transient),
        (httpx.Response(200, json="no list"), Transient),
    ],
)
async def test_a_lost_round_trip_is_tried_again_three_times(answer: Any, kind: type[AdsError]) -> None:
    def handler(_: httpx.Request) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    wire = FakeTransport(handler)
    found = await wire.client.batch(reads(3))
    assert [type(error) for error in found] == [kind] * 3
    assert len(wire.requests) == 4
    assert wire.governor.is_balanced
    failures = [outcome for _, outcome in wire.governor.settled if outcome.network_failure]
    assert len(failures) <= 4


@pytest.mark.parametrize(
    "answer", [refusal(100, 33), refusal(100), {"success": True}, httpx.Response(404, json={})], ids=str
)
async def test_where_there_are_no_batches_each_read_goes_by_itself(answer: Any) -> None:
    def handler(request: httpx.Request) -> Any:
        if request.method == "POST":
            return answer
        node = node_of({"relative_url": str(request.url)})
        return refusal(200) if node == "1001" else {"id": node}

    wire = FakeTransport(handler)
    first, second, third = await wire.client.batch(reads(3))
    assert (first, third) == ({"id": "1000"}, {"id": "1002"})
    assert isinstance(second, PermissionMissing)
    assert [request.method for request in wire.requests] == ["POST", "GET", "GET", "GET"]
    assert wire.governor.is_balanced


async def test_a_change_in_a_refused_batch_is_not_sent_by_itself() -> None:
    wire = FakeTransport(lambda _: refusal(100))
    await wire.client.batch([*reads(1), Request("POST", "7", {"name": "n"}, write=True)])
    assert len(wire.requests) == 1


async def test_a_change_among_the_members_is_never_sent_twice() -> None:
    wire = FakeTransport(each(lambda node: None))
    change = Request("POST", "1001", {"name": "x"}, write=True)
    read, changed = await wire.client.batch([reads(1)[0], change])
    assert isinstance(read, Transient)
    assert isinstance(changed, UnknownOutcome)
    assert [node_of(asked) for request in wire.requests for asked in members_of(request)].count("1001") == 1


async def test_a_cancelled_batch_leaves_nothing_open_in_the_limits() -> None:
    async def never(_: httpx.Request) -> None:
        await asyncio.Event().wait()

    wire = FakeTransport(never)
    task = asyncio.create_task(wire.client.batch(reads(3)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wire.governor.is_balanced
    assert {outcome for _, outcome in ((c.path, o.network_failure) for c, o in wire.governor.settled)} == {False}


async def test_cancelled_while_waiting_for_the_limits_gives_every_place_back() -> None:
    class Slow(RecordingGovernor):
        async def admit(self, call: Any) -> None:
            if len(self.admitted) == 2:
                await asyncio.Event().wait()
            await super().admit(call)

    wire = FakeTransport(each(lambda node: member({})), governor=Slow())
    task = asyncio.create_task(wire.client.batch(reads(3)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert wire.governor.cancelled == wire.governor.admitted
    assert wire.requests == []


async def test_requests_of_several_pages_have_no_place_in_a_batch() -> None:
    for pages in (("1", "2"), ("1", None)):
        with pytest.raises(ValueError, match="Page"):
            await FakeTransport(lambda _: []).client.batch([Request("GET", "1", page=page) for page in pages])
