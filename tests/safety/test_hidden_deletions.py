"""A policy that denies `delete` holds for items of catalogs, too: in a batch, by a feed, and in an undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.safety import allowlist
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine

NO_DELETIONS = Policy(frozenset({"delete"}))
ITEM = {"id": "HP-00001", "price": "9.99 USD"}
NEW = {
    "id": "NEW-1",
    "title": "New",
    "description": "New",
    "availability": "in stock",
    "condition": "new",
    "price": "9.99 USD",
    "link": "https://shop.example/n",
    "image_link": "https://shop.example/n.jpg",
    "brand": "Northbank",
}


def desk(policy: Policy, state: Path) -> SandboxEngine:
    return allowlist.bench().again(policy=policy, state_dir=state)


def batch(made: SandboxEngine, *requests: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    rows = [{"method": method, "data": data} for method, data in requests]
    return {"catalog_id": made.ids["catalog"], "requests": rows, "idempotency_key": "k"}


FEED = "https://harborandpine.example/feeds/main.csv?token=s3cret"


def schedule(url: str) -> dict[str, Any]:
    return {"interval": "DAILY", "hour": 4, "url": url}


def feed_values(made: SandboxEngine, **values: Any) -> dict[str, Any]:
    """Values of a feed that deletes what its file lacks."""
    return {"entity_type": "product_feed", "entity_id": made.ids["product_feed"], "values": values}


CALLS: list[tuple[str, Any, bool]] = [
    ("ads_catalog_items_batch", lambda made: batch(made, ("DELETE", {"id": "HP-00001"})), True),
    ("ads_catalog_items_batch", lambda made: batch(made, ("UPDATE", ITEM), ("DELETE", {"id": "HP-00002"})), True),
    ("ads_catalog_items_batch", lambda made: batch(made, ("UPDATE", ITEM)), False),
    (
        "ads_catalog_create_feed_upload_session",
        lambda made: {"product_feed_id": made.ids["product_feed"], "update_only": False},
        True,
    ),
    ("ads_catalog_create_feed_upload_session", lambda made: {"product_feed_id": made.ids["product_feed"]}, False),
    (
        "ads_catalog_create_product_feed",
        lambda made: {"catalog_id": made.ids["catalog"], "name": "F", "deletion_enabled": True},
        True,
    ),
    ("ads_catalog_create_product_feed", lambda made: {"catalog_id": made.ids["catalog"], "name": "F"}, False),
    (
        "ads_catalog_update_entity",
        lambda made: {
            "entity_type": "product_feed",
            "entity_id": made.ids["product_feed"],
            "values": {"deletion_enabled": True},
        },
        True,
    ),
    (
        "ads_catalog_update_entity",
        lambda made: feed_values(made, schedule=schedule("https://other.example/f.csv")),
        True,
    ),
    ("ads_catalog_update_entity", lambda made: feed_values(made, schedule=schedule(FEED)), False),
    (
        "ads_catalog_update_entity",
        lambda made: feed_values(made, schedule=schedule("https://other.example/f.csv"), deletion_enabled=False),
        False,
    ),
]


@pytest.mark.parametrize(("tool", "arguments", "deletes"), CALLS)
async def test_a_policy_without_deletions_holds_for_items(
    tool: str, arguments: Any, deletes: bool, tmp_path: Path
) -> None:
    made = desk(NO_DELETIONS, tmp_path)
    before = made.store.snapshot()
    answer = await made.call(tool, arguments(made), Person(True))
    assert answer.is_error is deletes, answer.text
    assert bool(made.changed(before)) is not deletes
    if deletes:
        assert answer.structured["error"]["kind"] == "denied"


async def test_the_undo_of_a_batch_deletes_nothing_either(tmp_path: Path) -> None:
    made = desk(Policy(), tmp_path)
    answer = await made.call("ads_catalog_items_batch", batch(made, ("CREATE", NEW)), Person(True))
    change = answer.structured["data"]["change_id"]
    limited = SandboxEngine(made.sandbox, made.clock, allow_writes=True, policy=NO_DELETIONS, state_dir=tmp_path)
    made.sandbox.log.clear()
    undo = await limited.call("ads_undo_change", {"change_id": change}, Person(True))
    assert undo.structured["error"]["kind"] == "denied", undo.text
    assert limited.writes == []
