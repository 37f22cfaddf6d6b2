"""Builds the store and the delivery plans of a world."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from meta_ads_mcp.sandbox.delivery_plan import AccountPlan, CampaignPlan
from meta_ads_mcp.sandbox.store import Store
from meta_ads_mcp.sandbox.world import ids, people, responses, tools
from meta_ads_mcp.sandbox.world.account import account_node
from meta_ads_mcp.sandbox.world.clients import Client
from meta_ads_mcp.sandbox.world.media import Media, add_media
from meta_ads_mcp.sandbox.world.place import Place
from meta_ads_mcp.sandbox.world.structure import Builder

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

HISTORY_DAYS = 730
ELABORATE = 5  # accounts with forms, comments, audiences, rules and studies; the others are for scale
OWNED = 3  # of four accounts; the others are the client's own


def stamp(moment: datetime) -> str:
    """A time as Graph writes it: no colon in the offset."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S%z")


def build(world: World) -> tuple[Store, dict[str, AccountPlan], dict[str, CampaignPlan]]:
    store = Store()
    begun = stamp(world.today - timedelta(days=HISTORY_DAYS + 40))
    people.add_agency(store, world.seed, world.business_id, world.user_id, begun)
    accounts: dict[str, AccountPlan] = {}
    plans: dict[str, CampaignPlan] = {}
    for number, client in enumerate(world.clients):
        account = plan_of(world, number, client)
        accounts[account.id] = account
        for plan in add_account(world, store, number, client, account):
            plans[plan.id] = plan
    link_agency(world, store)
    return store, accounts, plans


def plan_of(world: World, number: int, client: Client) -> AccountPlan:
    return AccountPlan(
        world.account_ids[number], client.currency, client.timezone, client.cpm, client.order_value, client.geo
    )


def add_account(world: World, store: Store, number: int, client: Client, account: AccountPlan) -> list[CampaignPlan]:
    """One client with everything below the account."""
    seed, page_id = world.seed, world.page_ids[number]
    begun = stamp((world.today - timedelta(days=HISTORY_DAYS + 30 - number)).astimezone(account.zone))
    instagram_id = ids.make(seed, "instagram", number)
    people.add_page(store, seed, number, client, page_id=page_id, instagram_id=instagram_id)
    store.add(account_node(world, number, client, account, begun))
    pixel_id = ids.make(seed, "pixel", number)
    now = stamp(world.today.astimezone(account.zone) - timedelta(minutes=11))
    people.add_pixel(store, account.id, client, pixel_id=pixel_id, business_id=world.business_id, times=(begun, now))
    media = Media(
        client,
        account.id,
        page_id,
        instagram_id,
        tuple(ids.image_hash(seed, number, place) for place in range(8)),
        tuple(ids.make(seed, "video", number, place) for place in range(4)),
    )
    add_media(store, seed, number, media, begun)
    store.link(f"act_{account.id}", "promote_pages", [page_id])
    for edge in ("instagram_accounts", "connected_instagram_accounts"):
        store.link(f"act_{account.id}", edge, [instagram_id])
    plans = Builder(world, store, number, client, account, media, pixel_id).campaigns()
    if number < ELABORATE:
        place = Place(world, store, number, client, account, page_id, instagram_id, pixel_id)
        responses.add_responses(place)
        tools.add_tools(place)
    return plans


def link_agency(world: World, store: Store) -> None:
    """Which accounts and Pages the user and the business have."""
    accounts = [f"act_{one}" for one in world.account_ids]
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
