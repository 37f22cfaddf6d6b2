"""A Page's own token: fetched once, used on the wire for that Page alone, never shown."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Any

import httpx
import pytest

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import PermissionMissing, TokenProblem
from tests.support.fake_transport import TOKEN, FakeTransport, refusal

PAGE_TOKEN = "EAAP" + "pagesecret" * 5
FORMS = Request("GET", "55/leadgen_forms", page="55")


def graph(request: httpx.Request) -> Any:
    """A Page 55 that gives its token to the user, and its forms to itself."""
    if request.url.path.endswith("/55"):
        return {"id": "55", "access_token": PAGE_TOKEN}
    return {"data": [{"id": "9"}]}


def bearer(request: httpx.Request) -> str:
    return request.headers["authorization"].removeprefix("Bearer ")


async def test_the_users_token_fetches_the_pages_which_then_reads_its_edges() -> None:
    wire = FakeTransport(graph)
    await wire.client.send(FORMS)
    await wire.client.send(FORMS)
    assert [(request.url.path, bearer(request)) for request in wire.requests] == [
        (f"/{GRAPH_VERSION}/55", TOKEN),
        (f"/{GRAPH_VERSION}/55/leadgen_forms", PAGE_TOKEN),
        (f"/{GRAPH_VERSION}/55/leadgen_forms", PAGE_TOKEN),
    ]
    assert all(request.method == "GET" for request in wire.requests)


async def test_each_token_has_its_own_proof() -> None:
    wire = FakeTransport(graph, app_secret="shh")
    await wire.client.send(FORMS)

    def proof(token: str) -> str:
        return hmac.new(b"shh", token.encode(), hashlib.sha256).hexdigest()

    sent = [request.url.params["appsecret_proof"] for request in wire.requests]
    assert sent == [proof(TOKEN), proof(PAGE_TOKEN)]


async def test_all_who_wait_share_one_look_up() -> None:
    wire = FakeTransport(graph)
    await asyncio.gather(*(wire.client.send(FORMS) for _ in range(5)))
    assert [request.url.path for request in wire.requests].count(f"/{GRAPH_VERSION}/55") == 1


async def test_a_token_that_meta_refuses_is_fetched_again_next_time() -> None:
    dead = iter([True, False])

    def once_refused(request: httpx.Request) -> Any:
        if request.url.path.endswith("/55"):
            return {"id": "55", "access_token": PAGE_TOKEN}
        return refusal(190, 460, status=401) if next(dead) else {"data": []}

    wire = FakeTransport(once_refused)
    with pytest.raises(TokenProblem):
        await wire.client.send(FORMS)
    await wire.client.send(FORMS)
    assert [request.url.path for request in wire.requests].count(f"/{GRAPH_VERSION}/55") == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "55"},
        refusal(200, message="(#200) Requires pages_read_engagement"),
        refusal(100, 33),
        refusal(190, message="Any of the pages_read_engagement must be granted before impersonating a user's page."),
    ],
)
async def test_a_page_that_gives_no_token_names_the_scopes(answer: Any) -> None:
    def giving_none(request: httpx.Request) -> Any:
        return answer if request.url.path.endswith("/55") else refusal(190, message="a page access token is required")

    with pytest.raises(PermissionMissing) as missing:
        await FakeTransport(giving_none).client.send(FORMS)
    assert "pages_show_list" in missing.value.next_step
    assert "55" in missing.value.message


async def test_the_list_of_the_users_pages_has_the_token_too() -> None:
    def listing(request: httpx.Request) -> Any:
        if request.url.path.endswith("/me/accounts"):
            return {"data": [{"id": "54", "access_token": "EAAother"}, {"id": "55", "access_token": PAGE_TOKEN}]}
        return {"id": "55"} if request.url.path.endswith("/55") else {"data": [{"id": "9"}]}

    wire = FakeTransport(listing)
    assert await wire.client.send(FORMS) == {"data": [{"id": "9"}]}
    assert [bearer(request) for request in wire.requests] == [TOKEN, TOKEN, PAGE_TOKEN]


async def test_without_a_pages_token_a_read_tries_the_users_and_a_change_does_not() -> None:
    def tokenless(request: httpx.Request) -> Any:
        return {"data": [{"id": "9"}]} if request.url.path.endswith("/leadgen_forms") else {"id": "55", "data": []}

    wire = FakeTransport(tokenless)
    assert await wire.client.send(FORMS) == {"data": [{"id": "9"}]}
    assert {bearer(request) for request in wire.requests} == {TOKEN}
    sent = len(wire.requests)
    with pytest.raises(PermissionMissing):
        await wire.client.send(Request("POST", "55/leadgen_forms", page="55", write=True))
    assert [request.method for request in wire.requests[sent:]] == ["GET", "GET"]


async def test_a_dead_user_token_is_not_taken_for_a_missing_permission() -> None:
    with pytest.raises(TokenProblem):
        await FakeTransport(lambda _: refusal(190, 463, status=401)).client.send(FORMS)


async def test_the_pages_calls_count_on_the_page_and_nothing_shows_its_token() -> None:
    def refusing(request: httpx.Request) -> Any:
        return graph(request) if request.url.path.endswith("/55") else refusal(100, message="no")

    wire = FakeTransport(refusing)
    with pytest.raises(Exception, match="no") as failed:
        await wire.client.send(Request("GET", "7/leads", page="55", account="act_1"))
    assert wire.governor.admitted[-1].account is None
    assert PAGE_TOKEN not in f"{failed.value}{failed.value.public()}{wire.events.__dict__}{wire.governor.admitted}"


async def test_a_batch_of_one_page_is_sent_with_its_token() -> None:
    wire = FakeTransport(
        lambda request: [{"code": 200, "body": "{}"}] * 2 if request.method == "POST" else graph(request)
    )
    await wire.client.batch([FORMS, FORMS])
    assert [(request.method, bearer(request)) for request in wire.requests] == [("GET", TOKEN), ("POST", PAGE_TOKEN)]


async def test_a_batch_of_a_page_that_the_user_may_not_act_for_is_not_sent() -> None:
    wire = FakeTransport(lambda request: {"id": "55", "data": []})
    with pytest.raises(PermissionMissing):
        await wire.client.batch([FORMS])
    assert {request.method for request in wire.requests} == {"GET"}
