"""Reading lists of Graph, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import AdsError, DataLimit, GraphError, Throttled, Transient
from meta_ads_mcp.graph.paging import MAX_EMPTY_PAGES, fetch_page, fetch_pages, read_page
from tests.support.fake_transport import TOKEN, FakeTransport, refusal
from tests.support.scripted_graph import ScriptedGraph

EDGE = Request("GET", "act_1/ads", {"fields": "id"})
NEXT = f"https://graph.facebook.com/v26.0/act_1/ads?access_token={TOKEN}&limit=25&after="


def body(ids: list[int], after: str | None, *, in_url_alone: bool = False, last: bool = False) -> dict[str, Any]:
    """A page as Graph gives it; with `last` it has cursors but no `next`."""
    if after is None:
        return {"data": [{"id": str(item)} for item in ids], "paging": {"previous": NEXT + "x"}}
    paging: dict[str, Any] = {} if in_url_alone else {"cursors": {"before": "b", "after": after}}
    if not last:
        paging["next"] = NEXT + after
    return {"data": [{"id": str(item)} for item in ids], "paging": paging}


async def ids_of(client: Any, limit: int = 25, after: str | None = None) -> list[int]:
    return [int(row["id"]) async for found in fetch_pages(client, EDGE, limit, after) for row in found.rows]


def scripted(*bodies: dict[str, Any]) -> ScriptedGraph:
    left = list(bodies)
    return ScriptedGraph(answer=lambda _: left.pop(0))


async def test_short_and_empty_pages_in_the_middle_are_not_the_end() -> None:
    client = scripted(body([1, 2], "a"), body([], "b"), body([3], "c"), body([], "d"), body([4], "e", last=True))
    assert await ids_of(client) == [1, 2, 3, 4]
    assert [request.params.get("after") for request in client.sent] == [None, "a", "b", "c", "d"]
    assert {request.params["fields"] for request in client.sent} == {"id"}


async def test_a_full_page_without_next_is_the_end() -> None:
    client = scripted(body(list(range(25)), "a", last=True))
    assert len(await ids_of(client, limit=25)) == 25


async def test_a_cursor_that_is_only_in_the_url_is_taken_from_it() -> None:
    client = scripted(body([1], "a%3D%3D", in_url_alone=True), body([2], None))
    assert await ids_of(client) == [1, 2]
    assert client.sent[1].params["after"] == "a=="


async def test_the_url_of_the_next_page_is_never_followed() -> None:
    wire = FakeTransport(lambda request: body([2], None) if "after" in request.url.params else body([1], "a"))
    assert await ids_of(wire.client) == [1, 2]
    assert not any("access_token" in str(request.url) for request in wire.requests)


async def test_the_same_cursor_twice_is_an_error() -> None:
    with pytest.raises(Transient, match="twice"):
        await ids_of(scripted(body([1], "a"), body([1], "a")))


async def test_one_page_that_leads_to_itself_is_an_error() -> None:
    with pytest.raises(Transient, match="twice"):
        await fetch_page(scripted(body([1], "a")), EDGE, 25, "a")


async def test_empty_pages_for_ever_are_an_error_and_no_end() -> None:
    counter = iter(range(10_000))
    client = ScriptedGraph(answer=lambda _: body([], f"c{next(counter)}"))
    with pytest.raises(Transient, match="empty"):
        await ids_of(client)
    assert len(client.sent) == MAX_EMPTY_PAGES + 1


async def test_pages_are_read_one_at_a_time() -> None:
    client = scripted(body([1], "a"), body([2], "b"))
    async for _ in fetch_pages(client, EDGE, 25, None):
        break
    assert len(client.sent) == 1


def too_much_over(most: int, error: AdsError) -> ScriptedGraph:
    def answer(request: Request) -> Any:
        if request.params["limit"] > most:
            raise error
        return body([1], None)

    return ScriptedGraph(answer=answer)


REDUCE = DataLimit("too much", graph=GraphError(1, "Please reduce the amount of data you're asking for"))


@pytest.mark.parametrize("error", [REDUCE, DataLimit("Graph's answer is larger than this server reads.")])
async def test_too_large_a_page_is_halved_and_asked_again(error: AdsError) -> None:
    client = too_much_over(7, error)
    found = await fetch_page(client, EDGE, 50, "here")
    assert found.rows == [{"id": "1"}]
    assert [request.params["limit"] for request in client.sent] == [50, 25, 12, 6]
    assert {request.params["after"] for request in client.sent} == {"here"}


async def test_one_row_that_is_too_much_is_an_error() -> None:
    client = too_much_over(0, REDUCE)
    with pytest.raises(DataLimit):
        await fetch_page(client, EDGE, 5, None)
    assert [request.params["limit"] for request in client.sent] == [5, 2, 1]


@pytest.mark.parametrize(
    "error",
    [
        DataLimit("x", graph=GraphError(100, "too much data", 1487534)),
        DataLimit("x", graph=GraphError(100, "The After Cursor specified exceeds the max limit")),
        Throttled("x", graph=GraphError(4, "wait")),
    ],
)
async def test_other_errors_are_not_met_by_asking_for_less(error: AdsError) -> None:
    client = too_much_over(0, error)
    with pytest.raises(type(error)):
        await fetch_page(client, EDGE, 50, None)
    assert len(client.sent) == 1


async def test_halving_through_the_client() -> None:
    said = "Please reduce the amount of data you're asking for, then retry your request"
    wire = FakeTransport(
        lambda r: refusal(1, message=said, status=500) if int(r.url.params["limit"]) > 10 else body([1], None)
    )
    assert await ids_of(wire.client, limit=25) == [1]
    assert [request.url.params["limit"] for request in wire.requests] == ["25", "12", "6"]


@pytest.mark.parametrize("odd", [None, [], "x", {}, {"data": None}, {"data": {"id": "1"}}, {"paging": {}}])
def test_what_is_no_list_is_an_error(odd: Any) -> None:
    with pytest.raises(Transient):
        read_page(odd)


@pytest.mark.parametrize(
    "paging", [None, [], "x", {"next": ""}, {"next": 5}, {"next": "::["}, {"cursors": {"after": "a"}}]
)
def test_odd_paging_is_the_end(paging: Any) -> None:
    found = read_page({"data": [{"id": "1"}, "no row", None], "paging": paging})
    assert found.after is None
    assert found.rows == [{"id": "1"}]


@pytest.mark.parametrize(("summary", "shown"), [({"total_count": 7}, {"total_count": 7}), (None, {}), ([], {})])
def test_the_summary_of_an_edge(summary: Any, shown: Any) -> None:
    assert read_page({"data": [], "summary": summary}).summary == shown
