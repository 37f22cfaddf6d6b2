"""The account allowlist, who owns what, and what is remembered of accounts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import facebook_business.adobjects as sdk
import pytest
from facebook_business.adobjects.adaccount import AdAccount

from meta_ads_mcp.core.nodes import NODES, Owner
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result
from meta_ads_mcp.engine.accounts import AccountBook
from meta_ads_mcp.engine.request_ids import SHARED, SHARED_PAGE
from meta_ads_mcp.errors import Denied, InvalidArguments, PermissionMissing, Throttled
from tests.support.sample_tools import account, run_in_tool, sample_graph
from tests.support.scripted_graph import ScriptedGraph

OURS = ("act_1", "act_2")
# Kinds whose field `account_id` names the owner.
SELF_OWNED = [name for name, row in NODES.items() if row.owner is Owner.SELF and name not in {"any", "AdAccount"}]


# Objects whose field `account_id` does not exist.
KIND_OF = {"600": "LeadgenForm", "500": "IGMedia", "501": "IGMedia", "510": "IGComment", "400_1": "Comment"}
KIND_OF |= {"801": "Page", "400_2": "Comment", "6003": "AdInterest"}
# What Graph shows of them, beside their id. The Instagram account 850 is one of account 2, 851 is not.
FIELDS: dict[tuple[str, str], Any] = {
    ("600", "page_id"): "800",
    ("500", "owner"): {"id": "850"},
    ("501", "owner"): {"id": "851"},
    ("510", "media"): {"id": "500"},
    ("400_1", "can_remove"): True,
    ("400_2", "can_remove"): False,
}


def of_kind(request: Request, kind: str) -> Any:
    name = request.params["fields"].removeprefix("id,")
    if (request.path, name) not in FIELDS:
        raise InvalidArguments(f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})")
    return {"id": request.path, name: FIELDS[request.path, name]}


def world(request: Request) -> Any:
    """Objects 1x belong to account 1, 2x to 2, 9x to 9. Account 2 has video 700 and Page 800."""
    if request.path == "act_1/advideos":
        raise PermissionMissing("not there")
    if request.path in ("act_2/advideos", "act_2/promote_pages", "act_2/instagram_accounts"):
        node = {"advideos": "700", "promote_pages": "800", "instagram_accounts": "850"}[request.path[6:]]
        if "after" in request.params:
            return {"data": [{"id": node}]}
        return {"data": [{"id": "7001"}], "paging": {"cursors": {"after": "c"}, "next": "x"}}
    if "/" in request.path:
        return {"data": []}
    if request.path.startswith("act_"):
        return account(request)
    if request.path in KIND_OF:
        return of_kind(request, KIND_OF[request.path])
    return {"id": request.path, "account_id": request.path[0], "name": "Thing"}


def book(*allowed: str) -> tuple[AccountBook, ScriptedGraph]:
    client = ScriptedGraph(answer=world)
    return AccountBook(client, allowed), client


@pytest.mark.parametrize(("node", "owner"), [("11", "act_1"), ("22", "act_2"), ("act_1", "act_1")])
async def test_objects_of_allowed_accounts_are_permitted(node: str, owner: str) -> None:
    made, _ = book(*OURS)
    assert await made.owner(node, "Campaign") == owner


async def test_the_number_of_an_allowed_account_is_that_account() -> None:
    made, client = book("act_1100")
    assert (await made.require("1100", "AdAccount"), client.sent) == ("act_1100", [])


@pytest.mark.parametrize("node", ["91", "act_9", "act_12"])
async def test_objects_of_other_accounts_are_denied(node: str) -> None:
    made, _ = book(*OURS)
    with pytest.raises(Denied):
        await made.owner(node, "any")


async def test_without_a_list_every_account_may_be_touched() -> None:
    made, _ = book()
    assert await made.owner("91", "Ad") == "act_9"
    assert await made.owner("5", "Page") is None
    assert await made.owner("5", "Strange") is None


async def test_accounts_are_listed_with_or_without_act() -> None:
    made, _ = book("1")
    made.permit("act_1")
    with pytest.raises(Denied):
        made.permit("act_2")


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        ("700", "AdVideo"),
        ("800", "Page"),
        ("800_5", "PagePost"),
        ("600", "LeadgenForm"),
        ("500", "IGMedia"),
        ("510", "IGComment"),
    ],
)
async def test_object_without_account_is_searched_on_edges_of_allowed_accounts(node: str, kind: str) -> None:
    made, client = book(*OURS)
    assert await made.owner(node, kind) == "act_2"
    count = len(client.sent)
    assert await made.owner(node, kind) == "act_2"
    assert len(client.sent) == count


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        ("701", "AdVideo"),
        ("801", "Page"),
        ("801_5", "PagePost"),
        ("501", "IGMedia"),
        ("500", "any"),  # without the token of a Page nothing more is asked about Instagram media
        ("801", "IGMedia"),
        ("400_1", "any"),
    ],
)
async def test_object_on_no_allowed_edge_is_denied(node: str, kind: str) -> None:
    made, _ = book(*OURS)
    with pytest.raises(Denied):
        await made.owner(node, kind)


@pytest.mark.parametrize("kind", ["IGMedia", "any"])
async def test_instagram_media_belong_to_the_account_of_their_owner(kind: str) -> None:
    made, client = book(*OURS)
    assert await made.require("500", kind, "800") == "act_2"
    assert [request.page for request in client.sent if request.path == "500"] == ["800"] * (1 if kind != "any" else 2)


@pytest.mark.parametrize("kind", ["Comment", "any"])
async def test_a_comment_belongs_to_the_page_whose_token_may_remove_it(kind: str) -> None:
    made, _ = book(*OURS)
    assert await made.require("400_1", kind, "800") == "act_2"
    for comment, page in (("400_1", "801"), ("400_2", "800"), ("400_2", None)):
        other, _ = book(*OURS)
        with pytest.raises(Denied):
            await other.require(comment, kind, page)


async def test_members_of_an_edge_are_read_once() -> None:
    made, client = book(*OURS)
    await made.owner("700", "AdVideo")
    count = len(client.sent)
    assert (await made.owner("7001", "AdVideo"), len(client.sent)) == ("act_2", count)


async def test_an_entry_of_a_list_of_meta_has_no_account() -> None:
    made, client = book(*OURS)
    assert [await made.require("6003", SHARED) for _ in range(2)] == [None, None]
    assert len(client.sent) == 1
    assert await made.require("801", SHARED_PAGE) is None
    for object_id, place in (("91", SHARED), ("801", SHARED), ("801_5", SHARED), ("500", SHARED_PAGE)):
        other, _ = book(*OURS)
        with pytest.raises(Denied):
            await other.require(object_id, place)


@pytest.mark.parametrize("kind", [name for name, row in NODES.items() if row.owner in (Owner.ABOVE, Owner.BY_PAGE)])
async def test_objects_above_accounts_have_no_owner(kind: str) -> None:
    made, client = book(*OURS)
    assert await made.owner("5", kind) is None
    assert client.sent == []


async def test_concurrent_look_ups_of_an_owner_share_a_request() -> None:
    made, client = book(*OURS)
    assert await asyncio.gather(*(made.owner("11", "Ad") for _ in range(20))) == ["act_1"] * 20
    await made.owner("11", "Ad")
    assert len(client.sent) == 1


async def test_cancelled_waiter_does_not_affect_the_others() -> None:
    gate = asyncio.Event()

    class Slow(ScriptedGraph):
        async def send(self, request: Request) -> Any:
            await gate.wait()
            return await super().send(request)

    client = Slow(answer=world)
    made = AccountBook(client, OURS)
    first, second = (asyncio.ensure_future(made.owner("11", "Ad")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert await second == "act_1"
    assert len(client.sent) == 1


async def test_a_failed_look_up_is_not_remembered() -> None:
    errors = [Throttled("wait"), None]

    def answer(request: Request) -> Any:
        if error := errors.pop(0):
            raise error
        return world(request)

    made = AccountBook(ScriptedGraph(answer=answer), OURS)
    with pytest.raises(Throttled):
        await made.owner("11", "Ad")
    assert await made.owner("11", "Ad") == "act_1"


# The last row is about another object than the one that was asked about.
@pytest.mark.parametrize(
    "row",
    [{}, {"account_id": None}, {"account_id": "x/y"}, {"account_id": True}, [], {"id": "12", "account_id": "1"}],
)
async def test_an_object_that_names_no_account_is_denied_only_where_accounts_are_chosen(row: Any) -> None:
    with pytest.raises(Denied):
        await AccountBook(ScriptedGraph(answer=lambda _: row), OURS).owner("11", "Ad")
    assert await AccountBook(ScriptedGraph(answer=lambda _: row)).owner("11", "Ad") is None


async def test_lists_teach_the_owners_of_their_rows() -> None:
    made, client = book(*OURS)
    made.learn([{"id": "51", "account_id": "2"}, {"id": "52"}, {"id": 53}, {"name": "x"}], "act_1")
    assert (await made.owner("51", "Ad"), await made.owner("52", "AdVideo")) == ("act_2", "act_1")
    assert client.sent == []


async def test_currency_and_time_zone_are_read_once() -> None:
    made, client = book()
    found = await asyncio.gather(*(made.account("act_1") for _ in range(5)))
    assert {(one.currency, one.timezone_name) for one in found} == {("USD", "Europe/Berlin")}
    made.learn([{"id": "act_2", "currency": "JPY", "timezone_name": "Asia/Tokyo", "name": None}])
    assert (await made.account("act_2")).currency == "JPY"
    assert len(client.sent) == 1


@pytest.mark.parametrize("row", [{}, {"timezone_name": None}, {"timezone_name": 7}])
async def test_an_account_without_a_time_zone_has_the_days_of_utc(row: dict[str, Any]) -> None:
    found = await AccountBook(ScriptedGraph(answer=lambda _: {"currency": "TWD", **row})).account("act_1")
    assert (found.id, found.currency, found.timezone_name) == ("act_1", "TWD", "UTC")


@pytest.mark.parametrize("row", [{}, {"id": "act_1"}, {"id": "act_1", "currency": 5, "timezone_name": "x"}, []])
async def test_account_without_currency_is_an_error(row: Any) -> None:
    made = AccountBook(ScriptedGraph(answer=lambda _: row))
    if isinstance(row, dict):
        made.learn([row])
    with pytest.raises(PermissionMissing):
        await made.account("act_1")


# --- through the engine


@pytest.mark.parametrize(
    "arguments",
    [
        {"object_id": "91"},
        {"object_id": "act_9"},
        {"account_ids": ["1", "9"]},
        {"video_id": "701"},
        {"strange_id": "5"},
    ],
)
async def test_a_call_about_another_account_does_not_run(arguments: dict[str, Any]) -> None:
    bench = sample_graph(world, accounts=OURS)

    async def run(*_: Any) -> Result:
        pytest.fail("the tool ran")

    answer = await run_in_tool(bench, run, **arguments)
    assert answer.structured["error"]["kind"] == "denied"


@pytest.mark.parametrize("path", ["act_9/campaigns", "act_9", "91/ads"])
@pytest.mark.parametrize("way", ["get", "list", "batch"])
async def test_a_tool_cannot_go_to_another_account_by_itself(path: str, way: str) -> None:
    bench = sample_graph(world, accounts=OURS)
    bench.engine.book.learn([{"id": "91", "account_id": "9"}])

    async def run(_: Any, call: Any) -> Result:
        await (call.graph.batch([Request("GET", path)]) if way == "batch" else getattr(call.graph, way)(path))
        return Result("done", {})

    answer = await run_in_tool(bench, run)
    assert answer.structured["error"]["kind"] == "denied"
    assert bench.sent == []


async def test_amounts_of_several_accounts_each_have_their_own_currency() -> None:
    def graph(request: Request) -> Any:
        return account(request, {"act_1": "USD", "act_2": "JPY"}[request.path])

    async def run(*_: Any) -> Result:
        rows = [
            {"id": "5", "account_id": "1", "daily_budget": "500"},
            {"id": "6", "account_id": "2", "daily_budget": 500},
        ]
        return Result("Two.", rows)

    answer = await run_in_tool(sample_graph(graph), run, account_ids=["1", "2"])
    assert [row["daily_budget"]["amount"] for row in answer.structured["data"]] == ["5.00", "500"]


async def test_unreadable_currency_leaves_amounts_in_minor_units() -> None:
    def graph(_: Request) -> Any:
        raise PermissionMissing("no")

    async def run(*_: Any) -> Result:
        return Result("One.", {"daily_budget": "500"})

    answer = await run_in_tool(sample_graph(graph), run, object_id="act_1")
    assert answer.structured["data"] == {"daily_budget": {"minor": 500}}
    assert "act_1" in answer.structured["notes"][0]


# --- against Meta's SDK


@pytest.mark.parametrize("node", SELF_OWNED)
def test_nodes_have_the_field_account_id(node: str) -> None:
    module = __import__(f"{sdk.__name__}.{node.lower()}", fromlist=[node])
    assert hasattr(getattr(module, node).Field, "account_id")


@pytest.mark.parametrize("edge", [row.member_edge for row in NODES.values() if row.member_edge])
def test_member_edges_are_edges_of_an_account(edge: str) -> None:
    methods = {"advideos": "get_ad_videos", "adspixels": "get_ads_pixels", "adlabels": "get_ad_labels"}
    assert hasattr(AdAccount, methods.get(edge, f"get_{edge}"))


@pytest.mark.parametrize(
    ("row", "today", "offset"),
    [
        ({"timezone_name": "Europe/Nowhere", "timezone_offset_hours_utc": 2}, "2026-12-01", "UTC+2"),
        ({"timezone_name": "Asia/Nowhere", "timezone_offset_hours_utc": 5.5}, "2026-12-01", "UTC+5.5"),
        ({"timezone_name": "America/Nowhere", "timezone_offset_hours_utc": -8}, "2026-11-30", "UTC-8"),
        ({"timezone_name": "America/Nowhere"}, "2026-11-30", "UTC"),
        ({"timezone_name": "x" * 900, "timezone_offset_hours_utc": 2}, "2026-12-01", "UTC+2"),
        ({"timezone_name": "../../etc/passwd", "timezone_offset_hours_utc": 999}, "2026-11-30", "UTC"),
    ],
)
async def test_an_unknown_time_zone_does_not_hide_the_currency(row: dict[str, Any], today: str, offset: str) -> None:
    graph = ScriptedGraph(answer=lambda _: {"id": "act_1", "currency": "EUR", **row})
    result = await AccountBook(graph).account("act_1")
    assert result.currency == "EUR"
    assert result.today(datetime(2026, 11, 30, 22, 30, tzinfo=UTC)).isoformat() == today
    assert f"{offset}, without daylight saving" in str(result.timezone_note)
    assert len(str(result.timezone_note)) < 300


async def test_a_listed_account_with_an_unknown_time_zone_is_read_with_its_offset() -> None:
    graph = ScriptedGraph(
        answer=lambda _: {"id": "act_1", "currency": "EUR", "timezone_name": "A/B", "timezone_offset_hours_utc": 2}
    )
    accounts = AccountBook(graph)
    accounts.learn([{"id": "act_1", "currency": "EUR", "timezone_name": "A/B"}])
    assert (await accounts.account("act_1")).utc_offset_hours == 2
