"""A sandbox to write in: objects of one account by name."""

from __future__ import annotations

from functools import cache

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.store import GraphNode, Store
from tests.sandbox.conftest import NOW
from tests.support.fake_transport import FakeTransport

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAC56t6BAAAAC0lEQVR4nGNgQAUAABUAAQ=="
DE = {"geo_locations": {"countries": ["DE"]}}
US = {"geo_locations": {"countries": ["US"]}}
DAY = 86_400


def at(days: float) -> int:
    """Unix seconds of a moment that many days from now."""
    return int(NOW.timestamp() + days * DAY)


def name_objects(world: World, number: int) -> dict[str, str]:
    """Objects of one account by name, for `FakeTransport.names`."""
    store = world.store
    account = f"act_{world.account_ids[number]}"
    campaigns = store.children(account, "campaigns")
    live = [node for node in campaigns if node.get("status") == "ACTIVE"]
    shared = next(node for node in live if node.get("daily_budget"))
    split = next(node for node in live if not node.get("daily_budget"))
    ad_set = store.children(split.id, "adsets")[0]
    ad = store.children(ad_set.id, "ads")[0]
    names: dict[str, str] = {
        "account": account,
        "other": f"act_{world.account_ids[1 - number]}",
        "shared": shared.id,
        "split": split.id,
        "archived": _with_status(campaigns, "ARCHIVED"),
        "deleted": _with_status(campaigns, "DELETED"),
        "ad_set": ad_set.id,
        "shared_ad_set": store.children(shared.id, "adsets")[0].id,
        "ad": ad.id,
        "creative": ad.get("creative")["id"],
        "page": world.page_ids[number],
        "foreign_page": world.page_ids[1 - number],
        "pixel": store.links[account, "adspixels"][0],
        "image": store.children(account, "adimages")[0].get("hash"),
        "video": store.links[account, "advideos"][0],
        "audience": store.links[account, "customaudiences"][0],
        "flagged": store.links[account, "customaudiences"][3],
        "visitors": store.links[account, "customaudiences"][1],
        "rule": store.links[account, "adrules_library"][0],
        "conversion": store.links[account, "customconversions"][0],
        "business": world.business_id,
        "instagram": store.links[account, "instagram_accounts"][0],
        "post": _commented_post(store, account),
        "value_rules": store.links[account, "value_rule_set"][0],
        "block_list": store.links[account, "publisher_block_lists"][0],
        "prediction": store.links[account, "reachfrequencypredictions"][0],
        "form": store.links[world.page_ids[number], "leadgen_forms"][0],
    }
    names["comment"] = store.links[names["post"], "comments"][0]
    return names


def _commented_post(store: Store, account: str) -> str:
    stories = (node.get("effective_object_story_id") for node in store.children(account, "adcreatives"))
    return str(next(story for story in stories if (story, "comments") in store.links))


def _with_status(nodes: list[GraphNode], status: str) -> str:
    return next((node.id for node in nodes if node.get("status") == status), "")


def writing(number: int = 0) -> FakeTransport:
    """A new world to change."""
    sandbox = SandboxTransport(World(today=NOW, accounts=2, ads=440), clock=lambda: NOW)
    return FakeTransport(sandbox, names=name_objects(sandbox.world, number))


@cache
def untouched(number: int = 0) -> FakeTransport:
    """One world for all calls that must not change it."""
    return writing(number)
