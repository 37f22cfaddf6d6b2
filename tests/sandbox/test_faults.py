"""Planned faults, and the state that writes change."""

from __future__ import annotations

import httpx
import pytest

from meta_ads_mcp.sandbox import SandboxCall, SandboxResponse, SandboxTransport, World, graph_error
from meta_ads_mcp.sandbox.edges import registry
from meta_ads_mcp.sandbox.edges.registry import Ask
from meta_ads_mcp.sandbox.store import GraphNode, Store
from tests.support.fake_transport import FakeTransport

from .conftest import NOW, connect


async def test_a_fault_ends_after_its_times(box: FakeTransport) -> None:
    fault = box.sandbox.faults.add(
        "GET me", respond=graph_error(2, "try later", status=500, is_transient=True), times=2
    )
    codes = [(await box.raw("GET", "me")).status_code for _ in range(3)]
    assert codes == [500, 500, 200]
    assert fault.hits == 2


@pytest.mark.parametrize(
    "respond", [httpx.ConnectError("down"), httpx.ReadTimeout, lambda call: httpx.ReadError(call.method)]
)
async def test_the_network_can_break(box: FakeTransport, respond: object) -> None:
    box.sandbox.faults.add(respond=respond)
    with pytest.raises(httpx.TransportError):
        await box.raw("GET", "me")
    assert (box.sandbox.log[-1].path, box.sandbox.log[-1].status) == ("me", None)


async def test_a_raw_response_comes_through(box: FakeTransport) -> None:
    box.sandbox.faults.add(respond=httpx.Response(502, text="<html>Bad Gateway</html>"))
    response = await box.raw("GET", "me")
    assert (response.status_code, response.text) == (502, "<html>Bad Gateway</html>")
    assert box.sandbox.log[-1].status == 502


async def test_a_fault_can_choose_its_calls(box: FakeTransport) -> None:
    box.sandbox.faults.add(
        lambda call: call.params.get("limit") == "3", respond=lambda call: SandboxResponse(418, list(call.path))
    )
    assert (await box.raw("GET", "me", limit="4")).status_code == 400
    response = await box.raw("GET", "me/adaccounts", limit="3")
    assert (response.status_code, response.json()) == (418, ["me", "adaccounts"])


@pytest.fixture
def renaming() -> object:
    """A write of the kind that later rounds add, only for these tests."""
    key = ("Campaign", "POST", "")
    before = registry.HANDLERS.get(key)

    def rename(ask: Ask) -> dict[str, bool]:
        ask.graph.world.store.patch(ask.node.id, {"name": ask.params["name"], "spend_cap": None})
        return {"success": True}

    registry.HANDLERS[key] = rename
    yield rename
    registry.HANDLERS.pop(key)
    if before is not None:
        registry.HANDLERS[key] = before


async def test_an_answer_can_be_lost_after_the_write_was_done(renaming: object) -> None:
    transport = SandboxTransport(World(today=NOW, ads=108), clock=lambda: NOW)
    transport.faults.add("POST", respond=httpx.ReadTimeout, after_processing=True)
    campaign = next(iter(transport.world.plans))
    store = transport.world.store
    old, before = store.nodes[campaign].get("name"), store.snapshot()
    async with connect(transport) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(campaign, data={"name": "New name"})
        assert (await client.get(campaign, params={"fields": "name"})).json()["name"] == "New name"
    assert store.changes(before) == {campaign: {"name": (old, "New name")}}


async def test_a_fault_before_processing_changes_nothing(renaming: object) -> None:
    transport = SandboxTransport(World(today=NOW, ads=108), clock=lambda: NOW)
    transport.faults.add("POST", respond=httpx.ConnectTimeout)
    campaign = next(iter(transport.world.plans))
    before = transport.world.store.snapshot()
    async with connect(transport) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.post(campaign, data={"name": "New name"})
    assert transport.world.store.changes(before) == {}


def test_the_effective_status_follows_a_write() -> None:
    world = World(today=NOW, ads=108)
    plan = world.plans_of(world.account_ids[0])[0]
    ad = plan.ad_sets[0].parts[0].id
    assert world.store.nodes[ad].get("effective_status") == "ACTIVE"
    world.store.patch(plan.id, {"status": "PAUSED"})
    assert world.store.nodes[ad].get("effective_status") == "CAMPAIGN_PAUSED"


def test_the_store_tells_what_changed() -> None:
    store = Store()
    store.add(GraphNode("1", "Campaign", {"id": "1", "name": "a", "lazy": lambda: 1}))
    store.link("0", "campaigns", ["1"])
    before = store.snapshot()
    assert store.changes(before) == {}
    store.patch("1", {"name": "b"})
    new = store.add(GraphNode(store.new_id(), "Campaign", {"name": "c"}))
    store.link("0", "campaigns", [new.id])
    assert store.changes(before) == {
        "1": {"name": ("a", "b")},
        new.id: {"name": (None, "c")},
        "0/campaigns": {"ids": (("1",), (new.id, "1"))},
    }
    assert [node.id for node in store.children("0", "campaigns")] == [new.id, "1"]
    store.unlink("0", "campaigns", "1")
    store.remove("1")
    assert store.changes(before)["1"] == {"id": ("1", None), "name": ("a", None)}
    assert [node.id for node in store.children("0", "campaigns")] == [new.id]
    assert before.nodes["1"].get("name") == "a"


def test_a_match_is_a_piece_of_method_and_path(box: FakeTransport) -> None:
    fault = box.sandbox.faults.add("GET me", respond=None, times=0)
    assert not fault.fits(SandboxCall("GET", "v26.0", ("me",), {}))
