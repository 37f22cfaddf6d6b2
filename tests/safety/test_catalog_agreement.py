"""Whatever changes where ads with items of a catalog lead, or what they show, is asked for, in an undo too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.safety import allowlist
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine

AWAY = "https://elsewhere.example/page"
SCHEDULE = {"interval": "DAILY", "hour": 4, "url": "https://elsewhere.example/feed.csv"}
SAME_SCHEDULE = {"interval": "DAILY", "hour": 4, "url": "https://harborandpine.example/feeds/new.csv"}
ITEM = "HP-00001"


def desk(state: Path) -> SandboxEngine:
    return allowlist.bench().again(state_dir=state)


def product(made: SandboxEngine) -> str:
    return str(next(node.id for node in made.nodes("ProductItem") if node.get("retailer_id") == ITEM))


def entity(kind: str, entity_id: str, **values: Any) -> tuple[str, dict[str, Any]]:
    return "ads_catalog_update_entity", {"entity_type": kind, "entity_id": entity_id, "values": values}


def batch(made: SandboxEngine, method: str, **data: Any) -> tuple[str, dict[str, Any]]:
    rows = [{"method": method, "data": data}]
    return "ads_catalog_items_batch", {"catalog_id": made.ids["catalog"], "requests": rows, "idempotency_key": "k"}


def feed_rule(made: SandboxEngine, attribute: str) -> tuple[str, dict[str, Any]]:
    values = {"attribute": attribute, "rule_type": "mapping_rule", "params": {"map_from": "other"}}
    return "ads_catalog_create_feed_rule", {"product_feed_id": made.ids["product_feed"], **values}


def fetch(made: SandboxEngine, **values: Any) -> tuple[str, dict[str, Any]]:
    return "ads_catalog_create_feed_upload_session", {"product_feed_id": made.ids["product_feed"], **values}


def supplement(made: SandboxEngine, **values: Any) -> tuple[str, dict[str, Any]]:
    primary = {"ingestion_source_type": "supplementary_feed", "primary_feed_ids": [made.ids["product_feed"]]}
    return (
        "ads_catalog_create_product_feed",
        {"catalog_id": made.ids["catalog"], "name": "Extra", **primary, **values},
    )


CALLS: dict[str, tuple[Any, bool]] = {
    "link of a product": (lambda made: entity("product", product(made), url=AWAY), True),
    "brand of a product": (lambda made: entity("product", product(made), brand="New"), False),
    "picture of a product": (lambda made: entity("product", product(made), image_url=AWAY), False),
    "hidden product": (lambda made: entity("product", product(made), visibility="staging"), True),
    "link in a batch": (lambda made: batch(made, "UPDATE", id=ITEM, link=AWAY), True),
    "link for phones in a batch": (lambda made: batch(made, "UPDATE", id=ITEM, mobile_link=AWAY), True),
    "same link in a batch": (
        lambda made: batch(made, "UPDATE", id=ITEM, link=made.store.nodes[product(made)].get("url")),
        False,
    ),
    "price in a batch": (lambda made: batch(made, "UPDATE", id=ITEM, price="9.99 USD"), False),
    "rule for links": (lambda made: feed_rule(made, "link"), True),
    "rule for apps": (lambda made: feed_rule(made, "ios_app_store_id"), True),
    "rule for titles": (lambda made: feed_rule(made, "title"), False),
    "page of a set": (
        lambda made: entity("product_set", made.ids["product_set"], metadata={"external_url": AWAY}),
        True,
    ),
    "filter of a set": (
        lambda made: entity("product_set", made.ids["product_set"], filter={"brand": {"i_contains": "harbor"}}),
        True,
    ),
    "name of a set": (lambda made: entity("product_set", made.ids["product_set"], name="New"), False),
    "feed from elsewhere": (
        lambda made: entity("product_feed", made.ids["product_feed"], update_schedule=SCHEDULE),
        True,
    ),
    "feed from the same host": (
        lambda made: entity("product_feed", made.ids["product_feed"], update_schedule=SAME_SCHEDULE),
        False,
    ),
    "fetch from elsewhere": (lambda made: fetch(made, url=SCHEDULE["url"]), True),
    "fetch from the same host": (lambda made: fetch(made, url=SAME_SCHEDULE["url"]), False),
    "fetch as scheduled": (fetch, False),
    "supplementary feed": (lambda made: supplement(made, update_schedule=SCHEDULE), True),
    "supplementary feed without a schedule": (supplement, False),
}


@pytest.mark.parametrize("case", CALLS)
async def test_another_destination_of_items_is_asked_for(case: str, tmp_path: Path) -> None:
    make, asks = CALLS[case]
    made, person = desk(tmp_path), Person(False)
    tool, arguments = make(made)
    answer = await made.call(tool, arguments, person)
    assert bool(person.asked) is asks, answer.text
    assert bool(made.writes) is not asks
    if asks:
        addresses = [str(value) for value in _leaves(arguments) if str(value).startswith("https://")]
        assert all(address in person.asked[0] for address in addresses), person.asked[0]


def _leaves(value: Any) -> list[Any]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if items is None else [leaf for item in items for leaf in _leaves(item)]


def to_the_usual_host(made: SandboxEngine) -> tuple[str, dict[str, Any]]:
    made.store.patch(made.ids["product_feed"], {"update_schedule": SCHEDULE})
    return entity("product_feed", made.ids["product_feed"], update_schedule=SAME_SCHEDULE)


UNDONE: dict[str, tuple[Any, str]] = {
    "deletions on again": (
        lambda made: entity("product_feed", made.ids["product_feed"], deletion_enabled=False),
        "items that are missing",
    ),
    "old filter": (CALLS["filter of a set"][0], "which items running ads show"),
    "old link": (CALLS["link of a product"][0], "where ads with these items lead"),
    "old link of a batch": (CALLS["link in a batch"][0], "where ads with these items lead"),
    "old source": (to_the_usual_host, "another website"),
}


@pytest.mark.parametrize("case", UNDONE)
async def test_an_undo_is_asked_for_like_the_same_change(case: str, tmp_path: Path) -> None:
    make, reason = UNDONE[case]
    made, person = desk(tmp_path), Person(False)
    tool, arguments = make(made)
    change = (await made.done(tool, **arguments))["change_id"]
    made.sandbox.log.clear()
    answer = await made.call("ads_undo_change", {"change_id": change}, person)
    assert reason in "".join(person.asked), answer.text
    assert made.writes == []


async def test_the_undo_of_a_batch_does_not_delete_an_item_that_existed(tmp_path: Path) -> None:
    made = desk(tmp_path)
    whole = {
        "title": "Again",
        "description": "Again",
        "availability": "in stock",
        "condition": "new",
        "price": "9.99 USD",
        "link": made.store.nodes[product(made)].get("url"),
        "image_link": "https://harborandpine.example/i.jpg",
        "brand": "Northbank",
    }
    tool, arguments = batch(made, "CREATE", id=ITEM, **whole)
    data = await made.done(tool, **arguments)
    made.sandbox.log.clear()
    await made.call("ads_undo_change", {"change_id": data["change_id"], "force": True}, Person(True))
    assert all("DELETE" not in str(entry.params) for entry in made.writes)


async def test_the_earlier_address_of_a_feed_is_shown_without_its_token(tmp_path: Path) -> None:
    made, person = desk(tmp_path), Person(True)
    assert "s3cret" in str(made.store.nodes[made.ids["product_feed"]].get("schedule"))
    tool, arguments = entity("product_feed", made.ids["product_feed"], schedule=SCHEDULE)
    dry_run = await made.call(tool, {**arguments, "dry_run": True})
    answer = await made.call(tool, arguments, person)
    change_id = answer.structured["data"]["change_id"]
    changes = await made.call("ads_get_changes", {})
    assert "harborandpine.example/feeds/main.csv?…" in str(changes.structured["data"])
    made.store.patch(made.ids["product_feed"], {"schedule": {**SCHEDULE, "url": f"{AWAY}?key=s3cret"}})
    undo = await made.call("ads_undo_change", {"change_id": change_id}, person)
    texts = [*person.asked, *(item.text + str(item.structured) for item in (dry_run, answer, changes, undo))]
    assert all("s3cret" not in text for text in texts)
    forced = await made.call("ads_undo_change", {"change_id": change_id, "force": True}, person)
    assert not forced.is_error
    assert "s3cret" in str(made.store.nodes[made.ids["product_feed"]].get("schedule"))
