"""Under an account allowlist a catalog is used only if the business of an allowed account has it."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.engine.engine import Engine
from tests.support.scripted_graph import ScriptedGraph, engine

ACCOUNT = "act_1"


def rows(owner: str) -> tuple[Engine, ScriptedGraph]:
    """Return a server for act_1 of business 50, before a catalog 70 of a business with set 71 and feed 72."""
    graph = ScriptedGraph()
    graph.objects = {
        ACCOUNT: {"id": ACCOUNT, "account_id": "1", "business": {"id": "50"}},
        "70": {"id": "70", "name": "Shop", "business": {"id": owner}, "feed_count": 1, "product_count": 3},
        "71": {
            "id": "71",
            "name": "Set",
            "product_catalog": {"id": "70", "business": {"id": owner}},
            "product_count": 3,
        },
        "72": {"id": "72", "name": "Feed", "deletion_enabled": False},
        "73": {"id": "73", "name": "Shared"},
    }
    graph.kinds = {"70": "ProductCatalog", "71": "ProductSet", "72": "ProductFeed"}
    graph.edges = {"50/client_product_catalogs": ["73"], "70/product_feeds": ["72"], "70/product_sets": ["71"]}
    graph.special = nested(graph)
    return engine(graph, accounts=(ACCOUNT,)), graph


def nested(graph: ScriptedGraph) -> Any:
    """Answer fields with subfields, which the objects in memory do not know."""

    def answer(request: Any) -> Any:
        node, fields = request.path, str(request.params.get("fields", ""))
        if request.method == "GET" and "{" in fields and node in graph.objects:
            return graph.objects[node]
        return NotImplemented

    return answer


async def read(made: Engine, tool: str, **arguments: Any) -> str:
    answer = await made.call(f"ads_catalog_{tool}", arguments)
    return str(answer.structured["error"]["kind"]) if answer.is_error else "success"


@pytest.mark.parametrize(("owner", "outcome"), [("50", "success"), ("60", "denied")])
async def test_only_catalogs_of_the_business_of_an_allowed_account_are_used(owner: str, outcome: str) -> None:
    made, graph = rows(owner)
    assert await read(made, "list_product_sets", entity_id="70") == outcome
    assert await read(made, "list_product_sets", entity_id="71", entity_type="product_set") == outcome
    assert any(request.path == "70/product_sets" for request in graph.sent) == (outcome == "success")


async def test_a_catalog_that_a_client_shares_with_the_business_is_used() -> None:
    made, graph = rows("60")
    graph.edges["50/client_product_catalogs"] = ["70"]
    assert await read(made, "list_product_sets", entity_id="70") == "success"


async def test_a_feed_is_used_once_it_was_listed_in_its_catalog() -> None:
    made, _ = rows("50")
    assert await read(made, "list_product_feeds", entity_id="72", entity_type="product_feed") == "denied"
    assert await read(made, "list_product_feeds", entity_id="70") == "success"
    assert await read(made, "list_product_feeds", entity_id="72", entity_type="product_feed") == "success"


async def test_what_a_shop_calls_its_items_is_no_id_of_meta() -> None:
    made, graph = rows("50")
    outcome = await read(made, "list_products", entity_id="70", retailer_ids=["120200000000000001"])
    assert outcome == "success"
    assert not any("120200000000000001" in request.path for request in graph.sent)
