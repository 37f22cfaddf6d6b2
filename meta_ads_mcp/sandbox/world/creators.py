"""Creators with whom a client works: who has given permission for partnership ads, and their posts.

Source: SDK classes IGBCAdsPermission and BrandedContentShadowIGMediaID; docs marketing-api/ad-creative/partnership-ads.
"""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.world.place import Place

Json = Any
# Name → state of the permission.
CREATORS = {"maria.outdoors": "APPROVED", "jonas.am.see": "PENDING"}
PERMISSIONS, MEDIAS = "branded_content_ad_permissions", "branded_content_advertisable_medias"
NO_LABEL = "The post has no paid partnership label"


def of_creator(brand: str, name: str) -> str:
    """Return the place of what a brand has of one creator; Graph shows no name of it."""
    return f"{brand}@{name}"


def ad_code(media_id: str) -> str:
    """Return the ad code of a post."""
    return f"adcode-{media_id[-6:]}"


def add_creators(place: Place) -> None:
    """Add two creators: the one with the permission has a post that can be advertised and one that cannot."""
    for number, (name, status) in enumerate(CREATORS.items()):
        permission = {
            "id": place.make("label", "permission", number),
            "permission_type": "ACCOUNT_LEVEL",
            "status": status,
        }
        place.add(place.instagram_id, PERMISSIONS, "IGBCAdsPermission", permission, in_account=False)
        place.store.link(of_creator(place.instagram_id, name), PERMISSIONS, [permission["id"]])
        for post in range(2):
            _add_post(place, number, post, name)


def _add_post(place: Place, number: int, post: int, name: str) -> None:
    post_id = place.make("ig_media", "creator", number, post)
    is_approved = CREATORS[name] == "APPROVED"
    errors = [NO_LABEL] if post else []
    fields: dict[str, Json] = {
        "id": post_id,
        "permalink": f"https://www.instagram.com/p/{post_id[-11:]}/",
        "owner_id": place.make("instagram", "creator", number),
        "has_permission_for_partnership_ad": is_approved and not errors,
        "is_creator_allowlisted": is_approved,
        "eligibility_errors": errors,
        "recommended_campaign_objectives": [] if errors else ["OUTCOME_SALES", "OUTCOME_TRAFFIC"],
    }
    place.add(place.instagram_id, MEDIAS, "BrandedContentShadowIGMediaID", fields, in_account=False)
    place.store.link(of_creator(place.instagram_id, name), MEDIAS, [post_id])
