"""The assets and people of a business, with masked addresses and without secrets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine, build_reader, build_writer
from tests.support.scripted_graph import ScriptedGraph, rows

TOOL = "ads_get_business_assets"


@pytest.fixture
def desk() -> SandboxEngine:
    return build_reader()


@pytest.mark.parametrize(
    ("what", "relation", "edge"),
    [
        ("ad_accounts", "owned", "owned_ad_accounts"),
        ("ad_accounts", "client", "client_ad_accounts"),
        ("ad_accounts", "pending", "pending_client_ad_accounts"),
        ("pages", "owned", "owned_pages"),
        ("pages", "client", "client_pages"),
        ("datasets", "client", "client_pixels"),
        ("catalogs", "owned", "owned_product_catalogs"),
        ("instagram_accounts", "owned", "instagram_accounts"),
        ("users", "owned", "business_users"),
        ("system_users", "owned", "system_users"),
        ("pending_users", "owned", "pending_users"),
        ("agencies", "owned", "agencies"),
    ],
)
async def test_each_kind_is_read_from_its_edge(what: str, relation: str, edge: str) -> None:
    graph = ScriptedGraph({f"31/{edge}": rows({"id": "5", "name": "Shop"})})
    data = await graph.data(TOOL, business_id="31", what=what, relation=relation)
    assert [row["id"] for row in data] == ["5"]
    assert graph.params(f"31/{edge}") == {"limit": 50}
    assert graph.complaints(_31="Business") == []
    assert "invite_link" not in graph.fields(f"31/{edge}")


async def test_addresses_are_masked(desk: SandboxEngine) -> None:
    business = desk.world.business_id
    for what in ("users", "pending_users"):
        answer = await desk.good(TOOL, business_id=business, what=what)
        assert "…@lanterna.example" in str(answer)
        assert not any(f"{name}@" in str(answer) for name in ("mara", "tomas", "new.colleague"))
    people = await desk.data(TOOL, business_id=business, what="users")
    assert {row["two_fac_status"] for row in people} == {"TWO_FAC_ENABLED", "TWO_FAC_DISABLED"}


async def test_a_person_is_shown_with_accounts_and_pages(desk: SandboxEngine) -> None:
    business = desk.world.business_id
    people = await desk.data(TOOL, business_id=business, what="users")
    tomas = next(row["id"] for row in people if row["name"] == "Tomas Reiter")
    data = await desk.data(TOOL, business_id=business, what="users", person_id=tomas)
    assert [row["kind"] for row in data] == ["ad_account", "ad_account", "page", "page"]


async def test_names_are_searched_at_meta_or_here(desk: SandboxEngine) -> None:
    business = desk.world.business_id
    data = await desk.data(TOOL, business_id=business, what="ad_accounts", name_contains="harbor")
    assert [row["name"] for row in data] == ["Harbor & Pine Outdoor"]
    assert desk.sandbox.log[-1].params["search_query"] == "harbor"
    data = await desk.data(TOOL, business_id=business, what="pages", name_contains="harbor")
    assert [row["name"] for row in data] == ["Harbor & Pine Outdoor"]
    assert "search_query" not in desk.sandbox.log[-1].params


@pytest.mark.parametrize(
    "arguments",
    [
        {"what": "pages", "relation": "pending"},
        {"what": "users", "relation": "client"},
        {"what": "pages", "person_id": "5"},
        {"what": "everything"},
    ],
)
async def test_what_does_not_fit_together_sends_nothing(arguments: dict[str, Any]) -> None:
    graph = ScriptedGraph({})
    await graph.error(TOOL, business_id="31", **arguments)
    assert graph.sent == []


async def test_accounts_outside_the_allowlist_are_left_out() -> None:
    account = build_writer().account
    desk = build_writer(accounts=(account,))
    answer = await desk.good(TOOL, business_id=desk.ids["business"], what="ad_accounts")
    assert [row["id"] for row in answer["data"]] == [account]
    assert "META_ADS_ACCOUNTS" in str(answer["notes"])
