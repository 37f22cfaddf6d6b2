"""The Instagram account's own posts."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.world.place import Place

Json = Any


def add_instagram_posts(place: Place) -> None:
    """Add twelve posts; Meta does not let every one be boosted."""
    for number in range(12):
        reel = number % 3 == 1
        media_id = place.make("ig_media", number)
        eligible = number % 4 != 3
        boost: dict[str, Json] = {"eligible_to_boost": eligible}
        if not eligible:
            boost["boost_ineligible_reason"] = "MUSIC_NOT_LICENSED"
        fields = {
            "id": media_id,
            "media_type": "VIDEO" if reel else "IMAGE",
            "media_product_type": "REELS" if reel else "FEED",
            "caption": place.client.slogans[number % len(place.client.slogans)],
            "permalink": f"https://www.instagram.com/p/{media_id[-11:]}/",
            "thumbnail_url": f"https://scontent.sandbox.example/{media_id}.jpg",
            "timestamp": place.ago(days=5 * number + 1),
            "like_count": 120 + 31 * number,
            "comments_count": 0,
            "username": place.client.username,
            "owner": {"id": place.instagram_id},
            "boost_eligibility_info": boost,
        }
        place.add(place.instagram_id, "media", "IGMedia", fields, in_account=False)
