"""Builds the store and the delivery plans of a world."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from meta_ads_mcp.sandbox.delivery_plan import SPENT_SHARE, AccountPlan, CampaignPlan
from meta_ads_mcp.sandbox.insights.reach import SHARED_SHARE
from meta_ads_mcp.sandbox.store import Store
from meta_ads_mcp.sandbox.world import (
    background,
    comments,
    creators,
    forms,
    ids,
    instagram,
    optimization,
    people,
    staff,
    tools,
)
from meta_ads_mcp.sandbox.world.account import account_node
from meta_ads_mcp.sandbox.world.catalogs import CatalogBuilder, promote_sets
from meta_ads_mcp.sandbox.world.clients import Client
from meta_ads_mcp.sandbox.world.edits import Edit, PlantedBreak
from meta_ads_mcp.sandbox.world.media import Media, add_media
from meta_ads_mcp.sandbox.world.place import Place
from meta_ads_mcp.sandbox.world.structure import Builder

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

HISTORY_DAYS = 730
SHARED_DAYS = 10.0  # the audience shared by an account is what it shows in so many days
ELABORATE = 5  # accounts with comments, audiences, rules and studies; the others are for scale
OWNED = 3  # of four accounts; the others are the client's own


def stamp(moment: datetime) -> str:
    """A time as Graph writes it: no colon in the offset."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S%z")


@dataclass
class Built:
    """What a world consists of: accounts and edits by the account's id without `act_`, plans by campaign id."""

    store: Store = field(default_factory=Store)
    accounts: dict[str, AccountPlan] = field(default_factory=dict)
    plans: dict[str, CampaignPlan] = field(default_factory=dict)
    edits: dict[str, tuple[Edit, ...]] = field(default_factory=dict)
    planted: list[PlantedBreak] = field(default_factory=list)


def build(world: World) -> Built:
    """Build the whole world."""
    parts = Built()
    start = stamp(world.today - timedelta(days=HISTORY_DAYS + 40))
    people.add_agency(parts.store, world.seed, world.business_id, world.user_id, start)
    for number, client in enumerate(world.clients):
        add_account(world, parts, number, client)
    CatalogBuilder(world, parts.store).add_all()
    link_agency(world, parts.store)
    promote_sets(world, parts.store)
    return parts


def plan_of(world: World, number: int, client: Client) -> AccountPlan:
    """The delivery plan of a client's account."""
    shown_a_day = client.campaigns * client.daily_budget * SPENT_SHARE / client.cpm * 1000
    return AccountPlan(
        world.account_ids[number],
        client.currency,
        client.timezone,
        client.cpm,
        client.order_value,
        client.geo,
        SHARED_SHARE * shown_a_day * SHARED_DAYS,
    )


def add_account(world: World, parts: Built, number: int, client: Client) -> None:
    """Add one client with everything below the account."""
    store, account = parts.store, plan_of(world, number, client)
    parts.accounts[account.id] = account
    seed, page_id = world.seed, world.page_ids[number]
    start = stamp((world.today - timedelta(days=HISTORY_DAYS + 30 - number)).astimezone(account.zone))
    instagram_id = ids.make(seed, "instagram", number)
    people.add_page(store, seed, number, client, page_id=page_id, instagram_id=instagram_id)
    store.add(account_node(world, number, client, account, start))
    pixel_id = ids.make(seed, "pixel", number)
    now = stamp(world.today.astimezone(account.zone) - timedelta(minutes=11))
    people.add_pixel(store, account.id, client, pixel_id=pixel_id, business_id=world.business_id, times=(start, now))
    media = Media(
        client,
        account.id,
        page_id,
        instagram_id,
        tuple(ids.image_hash(seed, number, place) for place in range(8)),
        tuple(ids.make(seed, "video", number, place) for place in range(4)),
    )
    add_media(store, seed, number, media, start)
    store.link(f"act_{account.id}", "promote_pages", [page_id])
    for edge in ("instagram_accounts", "connected_instagram_accounts"):
        store.link(f"act_{account.id}", edge, [instagram_id])
    builder = Builder(world, store, number, client, account, media, pixel_id)
    parts.plans |= {plan.id: plan for plan in builder.campaigns()}
    parts.planted += builder.planted
    if number < ELABORATE:
        builder.edits += background.edits(builder)
    parts.edits[account.id] = tuple(sorted(builder.edits, key=lambda edit: edit.moment, reverse=True))
    _touch(store, parts.edits[account.id])
    place = Place(world, store, number, client, account, page_id, instagram_id, pixel_id)
    forms.add_forms(place)
    if number < ELABORATE:
        comments.add_comments(place)
        instagram.add_instagram_posts(place)
        creators.add_creators(place)
        tools.add_tools(place)
        optimization.add_optimization(place)


def _touch(store: Store, edits: tuple[Edit, ...]) -> None:
    """Give every edited object the time of its last edit. `edits` come newest first."""
    for edit in reversed(edits):
        node = store.nodes.get(edit.object_id)
        if node is not None and "updated_time" in node.fields:
            node.fields = {**node.fields, "updated_time": stamp(edit.moment)}


def link_agency(world: World, store: Store) -> None:
    """Which accounts and Pages the user and the business have."""
    accounts = [f"act_{account_id}" for account_id in world.account_ids]
    store.link(world.user_id, "adaccounts", accounts)
    store.link(world.user_id, "assigned_ad_accounts", accounts)
    store.link(world.user_id, "accounts", world.page_ids)
    store.link(world.user_id, "assigned_pages", world.page_ids)
    for number, (account, page) in enumerate(zip(accounts, world.page_ids, strict=True)):
        kind = "owned" if number % (OWNED + 1) < OWNED else "client"
        before = store.links.get((world.business_id, f"{kind}_ad_accounts"), ())
        store.links[world.business_id, f"{kind}_ad_accounts"] = (*before, account)
        before = store.links.get((world.business_id, f"{kind}_pages"), ())
        store.links[world.business_id, f"{kind}_pages"] = (*before, page)
        pixels = store.links.get((account, "adspixels"), ())
        before = store.links.get((world.business_id, f"{kind}_pixels"), ())
        store.links[world.business_id, f"{kind}_pixels"] = (*before, *pixels)
    staff.add_staff(store, world)
