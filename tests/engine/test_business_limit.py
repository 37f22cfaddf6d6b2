"""META_ADS_BUSINESS_ID alone limits every kind of object to what the business has; what nobody can tell is refused."""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx
import pytest

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.accounts import AccountBook
from meta_ads_mcp.errors import Denied
from meta_ads_mcp.sandbox import graph_error
from tests.safety import allowlist
from tests.support.elicitors import Person
from tests.support.ownership import Ownership
from tests.support.rival_business import RIVAL
from tests.support.sandbox_engine import SandboxEngine
from tests.support.write_examples import WRITES

# Kind -> a read of one object of it.
READS: dict[str, tuple[str, str]] = {
    "AdAccount": ("ads_get_campaigns", "account_id"),
    "Campaign": ("ads_get_campaign_details", "campaign_id"),
    "Ad": ("ads_get_ad_details", "ad_id"),
    "AdCreative": ("ads_get_creative_details", "creative_id"),
    "Page": ("ads_get_lead_forms", "page_id"),
    "AdsPixel": ("ads_get_pixel_details", "pixel_id"),
    "LeadgenForm": ("ads_get_leads", "form_id"),
    "ProductCatalog": ("ads_catalog_list_products", "entity_id"),
    "ProductSet": ("ads_catalog_list_products", "entity_id"),
    "ProductFeed": ("ads_catalog_list_product_feeds", "entity_id"),
}


@cache
def judge() -> Ownership:
    return allowlist.ownership(2)


def desk(**options: Any) -> SandboxEngine:
    bench = allowlist.bench()
    return bench.again(business_id=bench.sandbox.world.business_id, **options)


async def outcome(made: SandboxEngine, kind: str, object_id: str) -> str:
    tool, name = READS[kind]
    more = {"ProductSet": {"entity_type": "product_set"}, "ProductFeed": {"entity_type": "product_feed"}}.get(kind, {})
    answer = await made.call(tool, {name: object_id, **more})
    return str(answer.structured["error"]["kind"]) if answer.is_error else "success"


@pytest.mark.parametrize("kind", READS)
async def test_what_another_business_has_is_not_used(kind: str) -> None:
    made = desk()
    assert await outcome(made, kind, judge().foreign[kind][0]) == "denied"
    assert judge().leaks(made.sandbox.log) == []


@pytest.mark.parametrize("kind", [kind for kind in READS if kind != "ProductFeed"])
async def test_what_the_business_has_is_used(kind: str) -> None:
    assert await outcome(desk(), kind, judge().mine[kind][0]) == "success"


async def test_a_feed_is_used_once_it_was_listed_in_a_catalog_of_the_business() -> None:
    made, feed = desk(), judge().mine["ProductFeed"][0]
    assert await outcome(made, "ProductFeed", feed) == "denied"
    for catalog in judge().mine["ProductCatalog"]:
        await made.call("ads_catalog_list_product_feeds", entity_id=catalog)
    assert await outcome(made, "ProductFeed", feed) == "success"


async def test_a_page_that_no_account_promotes_is_used_if_the_business_owns_it() -> None:
    made = desk()
    page = judge().mine["Page"][0]
    for account in judge().mine["AdAccount"]:
        made.store.links[account, "promote_pages"] = ()
    assert await outcome(made, "Page", page) == "success"
    form = next(key for key in judge().mine["LeadgenForm"] if made.store.nodes[key].get("page_id") == page)
    assert await outcome(made, "LeadgenForm", form) == "success"


@pytest.mark.parametrize("answer", [graph_error(200), graph_error(100), httpx.ReadTimeout], ids=["200", "100", "lost"])
@pytest.mark.parametrize("kind", ["AdAccount", "Campaign", "Page", "ProductCatalog"])
async def test_a_business_that_cannot_be_read_allows_nothing(kind: str, answer: Any) -> None:
    made = desk()
    made.sandbox.faults.add("owned_ad_accounts", respond=answer, times=99)
    assert await outcome(made, kind, judge().mine[kind][0]) == "denied"


async def test_a_business_without_accounts_allows_none() -> None:
    made = desk()
    made.store.links[made.world.business_id, "owned_ad_accounts"] = ()
    assert await outcome(made, "AdAccount", judge().mine["AdAccount"][0]) == "denied"


async def test_the_lists_of_the_business_are_read_once() -> None:
    made = desk()
    for kind in ("AdAccount", "Campaign", "Page", "AdsPixel", "Campaign"):
        await outcome(made, kind, judge().mine[kind][0])
    lists = [entry.path for entry in made.sandbox.log if entry.path.startswith(made.world.business_id)]
    assert len(lists) == len(set(lists)) == 6


async def test_another_profile_with_another_business_uses_nothing_of_the_first_one() -> None:
    made, limit = desk(), [allowlist.bench().sandbox.world.business_id]
    book = AccountBook(made.client, (), lambda: limit[0])
    objects = {kind: judge().mine[kind][0] for kind in READS if kind != "ProductFeed"}
    for kind, object_id in objects.items():
        await book.require(object_id, kind, made.world.page_ids[0] if kind == "LeadgenForm" else None)
    limit[0] = RIVAL
    for kind, object_id in objects.items():
        with pytest.raises(Denied):
            await book.require(object_id, kind, made.world.page_ids[0] if kind == "LeadgenForm" else None)


IN_A_BUSINESS = [
    tool for tool in WRITES if tool.endpoint and any("{business_id}/" in t for t in tool.endpoint.templates)
]


@pytest.mark.parametrize("tool", IN_A_BUSINESS, ids=lambda tool: tool.name)
async def test_nothing_is_created_in_a_business_without_an_allowed_account(tool: Tool) -> None:
    made, given = await allowlist.bench().ready(tool)
    own = made.world.business_id
    for business, is_allowed in ((own, True), (RIVAL, False)):
        made = allowlist.bench().again(accounts=allowlist.accounts(1))
        before = made.store.snapshot()
        answer = await made.call(tool.name, given | {"business_id": business}, Person(True))
        assert (answer.is_error, bool(made.changed(before))) == (not is_allowed, is_allowed), answer.text


# Tools that list what a business has or does, beside its ad accounts.
OF_A_BUSINESS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ads_get_business_invoices", {}),
    ("ads_get_pages_for_business", {}),
    ("ads_get_datasets", {}),
    *(
        ("ads_get_business_assets", {"what": what})
        for what in ("pages", "datasets", "catalogs", "instagram_accounts", "users", "system_users", "agencies")
    ),
)


@pytest.mark.parametrize(("tool", "arguments"), OF_A_BUSINESS)
async def test_a_business_without_a_listed_account_is_not_read(tool: str, arguments: dict[str, Any]) -> None:
    made = allowlist.bench().again(accounts=allowlist.accounts(1))
    answer = await made.call(tool, {"business_id": RIVAL, **arguments})
    assert answer.structured["error"]["kind"] == "denied"
    edges = [entry.path for entry in made.sandbox.log if entry.path.startswith(f"{RIVAL}/")]
    assert set(edges) <= {f"{RIVAL}/client_ad_accounts"}
    assert not (await made.call(tool, {"business_id": made.world.business_id, **arguments})).is_error


async def test_a_business_that_has_a_listed_account_shared_is_read() -> None:
    made = allowlist.bench().again(accounts=allowlist.accounts(1))
    made.store.links[RIVAL, "client_ad_accounts"] = allowlist.accounts(1)
    assert not (await made.call("ads_get_pages_for_business", {"business_id": RIVAL})).is_error


async def test_accounts_of_every_business_are_listed_without_foreign_ones() -> None:
    made = allowlist.bench().again(accounts=allowlist.accounts(1))
    assert await made.data("ads_get_ad_accounts", business_id=RIVAL) == []


async def test_catalogs_of_other_businesses_of_the_token_are_left_out_of_the_list() -> None:
    made = allowlist.bench().again(accounts=allowlist.accounts(1))
    (user,) = [node for node, edge in made.store.links if edge == "businesses"]
    made.store.links[user, "businesses"] = (RIVAL, *made.store.links[user, "businesses"])
    answer = await made.good("ads_catalog_list_catalogs")
    assert {row["of_business"]["id"] for row in answer["data"]} == {made.world.business_id}
    assert any(RIVAL in note for note in answer["notes"])


@pytest.mark.parametrize("limits", [{"accounts": allowlist.accounts(1)}, {"business_id": None}])
async def test_what_a_person_of_another_business_may_use_is_not_shown(limits: dict[str, Any]) -> None:
    business = allowlist.bench().sandbox.world.business_id
    made = allowlist.bench().again(**{name: value or business for name, value in limits.items()})
    arguments = {"business_id": business, "what": "users"}
    (first, *_), *_ = [await made.data("ads_get_business_assets", **arguments)]
    assert not (await made.call("ads_get_business_assets", {**arguments, "person_id": first["id"]})).is_error
    edge = (business, "business_users")
    made.store.links[edge] = tuple(person for person in made.store.links[edge] if person != first["id"])
    answer = await made.call("ads_get_business_assets", {**arguments, "person_id": first["id"]})
    assert answer.structured["error"]["kind"] == "denied"
