"""The agency: its business, its system user, the clients' Pages, Instagram accounts and pixels."""

from __future__ import annotations

from meta_ads_mcp.sandbox.store import GraphNode, Store
from meta_ads_mcp.sandbox.tokens import SCOPES
from meta_ads_mcp.sandbox.world import clients, ids
from meta_ads_mcp.sandbox.world.clients import Client

TASKS = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"]
NAMED = ("id", "name")


def page_token(seed: int, number: int) -> str:
    """The access token of a client's Page."""
    return f"EAAPAGEsandbox{ids.image_hash(seed, 'page token', number)}"


def add_agency(store: Store, seed: int, business_id: str, user_id: str, created_time: str) -> None:
    business = {
        "id": business_id,
        "name": clients.AGENCY,
        "verification_status": "verified",
        "created_time": created_time,
        "timezone_id": 7,
        "link": f"https://www.facebook.com/{business_id}",
        "vertical": "ADVERTISING",
        "is_hidden": False,
    }
    store.add(GraphNode(business_id, "Business", business, default_fields=NAMED))
    store.add(GraphNode(user_id, "User", {"id": user_id, "name": clients.SYSTEM_USER}, default_fields=NAMED))
    store.link(user_id, "businesses", [business_id])
    for scope in SCOPES:
        fields = {"permission": scope, "status": "granted"}
        node = store.add(GraphNode(f"{user_id}/{scope}", "Permission", fields, default_fields=("permission", "status")))
        store.link(user_id, "permissions", [node.id])


def add_page(store: Store, seed: int, number: int, client: Client, *, page_id: str, instagram_id: str) -> None:
    fields = {
        "id": page_id,
        "name": client.name,
        "category": client.category,
        "category_list": [{"id": str(2200 + number), "name": client.category}],
        "link": f"https://www.facebook.com/{page_id}",
        "verification_status": "not_verified",
        "fan_count": 4_100 + 913 * number,
        "followers_count": 4_300 + 950 * number,
        "access_token": page_token(seed, number),
        "website": f"https://{client.site}",
        "is_published": True,
        "username": client.username,
        "instagram_business_account": {"id": instagram_id},
        **({"page_backed_threads_account_id": f"9{page_id}"} if number % 2 else {}),
        "connected_instagram_account": {"id": instagram_id},
        # The last client has not accepted the terms for lead ads.
        "leadgen_tos_accepted": number < 3,
        **({"leadgen_tos_acceptance_time": "2024-02-12T09:30:00+0000"} if number < 3 else {}),
        **({"leadgen_tos_accepting_user": {"id": "1220000000000001", "name": "Mara Ilves"}} if number < 3 else {}),
    }
    store.add(GraphNode(page_id, "Page", fields, default_fields=NAMED))
    instagram = {
        "id": instagram_id,
        "username": client.username,
        "name": client.name,
        "followers_count": 9_800 + 1_703 * number,
        "follows_count": 210,
        "media_count": 12,
        "biography": client.slogans[0],
        "website": f"https://{client.site}",
        "profile_picture_url": f"https://scontent.sandbox.example/{client.username}.jpg",
    }
    store.add(GraphNode(instagram_id, "IGUser", instagram))
    store.link(page_id, "instagram_accounts", [instagram_id])


def add_pixel(
    store: Store, account_id: str, client: Client, *, pixel_id: str, business_id: str, times: tuple[str, str]
) -> None:
    """`times` are creation and last event."""
    fields = {
        "id": pixel_id,
        "name": f"{client.name} pixel",
        "creation_time": times[0],
        "last_fired_time": times[1],
        "is_created_by_business": True,
        "is_unavailable": False,
        "owner_ad_account": {"id": f"act_{account_id}"},
        "owner_business": {"id": business_id, "name": clients.AGENCY},
        "data_use_setting": "ADVERTISING_AND_ANALYTICS",
        "enable_automatic_matching": True,
        "automatic_matching_fields": ["em", "ph", "fn"],
        "match_rate_approx": 71,
        "first_party_cookie_status": "FIRST_PARTY_COOKIE_ENABLED",
        "code": f"<script>/* Meta Pixel */ fbq('init', '{pixel_id}'); fbq('track', 'PageView');</script>",
    }
    store.add(GraphNode(pixel_id, "AdsPixel", fields, account_id))
    store.link(f"act_{account_id}", "adspixels", [pixel_id])
