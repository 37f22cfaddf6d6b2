"""Lists: whatever the sizes of pages and answers, following page.after gives every row once and in order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_ads_mcp.core.listing import NO_CURSOR
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.engine.answer.cursor import advance, join_cursor, split_cursor
from meta_ads_mcp.engine.answer.fit import size
from meta_ads_mcp.errors import DataLimit, GraphError
from meta_ads_mcp.graph.paging import MAX_EMPTY_PAGES
from tests.support.fake_transport import TOKEN
from tests.support.sample_tools import sample_graph
from tests.support.scripted_graph import ScriptedGraph

CURSORS = st.text(st.sampled_from("~~09aZ=:-_"), max_size=6)


@dataclass
class Edge:
    """A list of Graph. Its pages may be shorter than asked, empty, or too large for it."""

    rows: list[dict[str, Any]]
    shortages: list[int] = field(default_factory=list)
    most: int = 1000
    spice: str = ""
    asked: int = 0

    def __call__(self, request: Request) -> Any:
        limit, after = int(request.params["limit"]), request.params.get("after")
        if limit > self.most:
            raise DataLimit("x", graph=GraphError(1, "Please reduce the amount of data you're asking for"))
        start = int(after.removeprefix(self.spice).split(".")[0]) if after else 0
        self.asked += 1
        # Every second page at least is as long as it was asked for.
        short = self.shortages[self.asked % len(self.shortages)] if self.shortages and self.asked % 2 else 0
        end = min(len(self.rows), start + max(0, limit - short))
        # Graph's cursors move on also where a page is empty.
        here = f"{self.spice}{end}" if end > start else f"{self.spice}{start}.{self.asked}"
        paging: dict[str, Any] = {"cursors": {"after": here}}
        if end < len(self.rows):
            paging["next"] = f"https://graph.facebook.com/x?access_token={TOKEN}&after={here}"
        return {"data": self.rows[start:end], "paging": paging}


async def walk(bench: ScriptedGraph, result_chars: int, **arguments: Any) -> list[int]:
    """The ids of all rows, as a client that follows page.after sees them."""
    found: list[int] = []
    after: dict[str, Any] = {}
    for _ in range(300):
        answer = await bench.call("ads_test_list", account_id="1", **arguments, **after)
        assert not answer.is_error, answer.text
        assert size(answer.structured) <= result_chars
        text = json.dumps(answer.structured)
        assert TOKEN not in text
        assert "https://" not in text
        shown = answer.structured["page"]
        rows = answer.structured["data"]
        assert shown["count"] == len(rows)
        assert shown["has_more"] is ("after" in shown)
        found += [int(row["id"]) for row in rows]
        if not shown["has_more"]:
            return found
        after = {"after": shown["after"]}
    pytest.fail("the list has no end")


@settings(max_examples=80, deadline=None)
@given(
    count=st.integers(0, 60),
    shortages=st.lists(st.integers(0, 30), max_size=4),
    most=st.integers(1, 40),
    limit=st.integers(1, 30),
    max_items=st.none() | st.integers(1, 70),
    widths=st.lists(st.integers(0, 1500), min_size=1, max_size=5),
    spice=CURSORS,
)
async def test_every_row_once_and_in_order(
    count: int,
    shortages: list[int],
    most: int,
    limit: int,
    max_items: int | None,
    widths: list[int],
    spice: str,
) -> None:
    rows = [{"id": str(n), "account_id": "1", "name": "n" * widths[n % len(widths)]} for n in range(count)]
    bench = sample_graph(Edge(rows, shortages, most, spice), result_chars=2000)
    more = {} if max_items is None else {"max_items": max_items}
    assert await walk(bench, 2000, limit=limit, **more) == list(range(count))


@given(limits=st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(1, 12)), min_size=1, max_size=5))
async def test_the_page_size_may_change_on_the_way(limits: list[tuple[int, int | None]]) -> None:
    bench = sample_graph(Edge([{"id": str(n), "name": "n" * 300} for n in range(40)], [0, 2, 5]), result_chars=2000)
    found: list[int] = []
    after: dict[str, Any] = {}
    for turn in range(400):
        limit, most = limits[turn % len(limits)]
        given_most = {} if most is None else {"max_items": most}
        answer = await bench.call("ads_test_list", account_id="1", limit=limit, **given_most, **after)
        found += [int(row["id"]) for row in answer.structured["data"]]
        if not answer.structured["page"]["has_more"]:
            break
        after = {"after": answer.structured["page"]["after"]}
    assert found == list(range(40))


@given(CURSORS, st.integers(0, 5000), st.integers(0, 5000))
def test_a_cursor_is_read_back_as_it_was_written(base: str, skip: int, more: int) -> None:
    assert split_cursor(join_cursor(base or None, skip)) == (base or None, skip)
    assert split_cursor(advance(join_cursor(base, skip), more)) == (base or None, skip + more)
    prefix = f"edge:{join_cursor(base, skip)}"
    assert split_cursor(advance(prefix, more))[0] == f"edge:{base}"


def test_graphs_own_cursors_stay_readable() -> None:
    assert join_cursor("QVFIUmX==") == "QVFIUmX=="
    assert split_cursor(None) == (None, 0)
    assert split_cursor("~5") == (None, 5)


async def test_max_items_reads_as_many_pages_as_it_takes() -> None:
    bench = sample_graph(Edge([{"id": str(n)} for n in range(60)]))
    answer = await bench.call("ads_test_list", account_id="1", limit=20, max_items=100)
    assert answer.structured["page"] == {"count": 60, "has_more": False}
    assert len(bench.sent) == 3


async def test_one_page_is_one_request() -> None:
    bench = sample_graph(Edge([{"id": str(n)} for n in range(60)]))
    answer = await bench.call("ads_test_list", account_id="1", limit=20)
    assert answer.structured["page"] == {"count": 20, "has_more": True, "after": "20"}
    assert "more follow" in answer.text
    assert len(bench.sent) == 1


async def test_reading_stops_when_no_answer_could_hold_more() -> None:
    bench = sample_graph(Edge([{"id": str(n), "name": "n" * 500} for n in range(1000)]), result_chars=2000)
    answer = await bench.call("ads_test_list", account_id="1", limit=10, max_items=1000)
    assert len(bench.sent) <= 3
    assert answer.structured["page"]["has_more"]


async def test_many_empty_pages_are_not_the_end() -> None:
    counter = iter(range(10_000))
    bench = sample_graph(
        lambda _: {"data": [], "paging": {"cursors": {"after": (c := f"c{next(counter)}")}, "next": f"x?{c}"}}
    )
    answer = await bench.call("ads_test_list", account_id="1", max_items=10)
    assert answer.structured["page"]["has_more"]
    assert len(bench.sent) == MAX_EMPTY_PAGES


@pytest.mark.parametrize("more", [{}, {"max_items": 50}])
async def test_rows_without_a_cursor_are_noted(more: dict[str, Any]) -> None:
    """Some edges page by time or offset, which stand in the URL alone; that URL is never followed."""
    url = f"https://graph.facebook.com/x?access_token={TOKEN}&limit=25&until=1760000000"
    bench = sample_graph(lambda _: {"data": [{"id": "1"}], "paging": {"next": url}})
    answer = await bench.call("ads_test_list", account_id="1", **more)
    assert answer.structured["page"] == {"count": 1, "has_more": True}
    assert "page.after" not in answer.text
    assert NO_CURSOR in answer.structured["notes"]
    assert len(bench.sent) == 1
    assert TOKEN not in json.dumps(answer.structured)


async def test_a_cut_answer_says_so() -> None:
    bench = sample_graph(Edge([{"id": str(n), "name": "n" * 500} for n in range(20)]), result_chars=4000)
    answer = await bench.call("ads_test_list", account_id="1", limit=20)
    kept = answer.structured["page"]["count"]
    assert 0 < kept < 20
    assert answer.text.startswith(f"{kept} rows of act_1. More follow")
    assert any("page.after" in note for note in answer.structured["notes"])


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 120),
    st.integers(1, 120),
    st.integers(1, 400),
    st.integers(1200, 6000),
    st.lists(st.integers(0, 30), max_size=3),
)
async def test_a_list_counts_what_it_shows_and_says_why_it_stops(
    rows: int, most: int, chars: int, result_chars: int, shortages: list[int]
) -> None:
    edge = Edge([{"id": str(number), "name": "n" * chars} for number in range(rows)], shortages)
    bench = sample_graph(edge, result_chars=result_chars)
    answer = await bench.call("ads_test_list", account_id="1", max_items=most, limit=25)
    page, notes = answer.structured["page"], " ".join(answer.structured.get("notes", []))
    assert page["count"] == len(answer.structured["data"])
    assert answer.structured["summary"].startswith(f"{page['count']} ")
    assert page["has_more"] == (page["count"] < rows)
    if page["count"] < min(most, rows):
        assert f"{result_chars} characters" in notes
        assert page["after"]


async def test_one_row_that_is_too_large_is_made_smaller_and_the_list_goes_on() -> None:
    rows: list[dict[str, Any]] = [{"id": "0", "name": "x" * 3900, "tags": list(range(2000))}, {"id": "1"}]
    bench = sample_graph(Edge(rows), result_chars=2000)
    assert await walk(bench, 2000, limit=2) == [0, 1]


@pytest.mark.parametrize("after", ["garbage", "~", "~~", "~999999", "x~y", "a b", "\u202e", "'"])
async def test_unknown_cursor_is_sent_unchanged(after: str) -> None:
    bench = sample_graph(lambda _: {"data": []})
    answer = await bench.call("ads_test_list", account_id="1", after=after)
    assert not answer.is_error
    assert len(bench.sent) == 1
