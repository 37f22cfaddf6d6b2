"""Find the posts of ads, on Facebook and on Instagram, with the ads that show each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row

Platform = Literal["facebook", "instagram"]
CREATIVE = (
    "creative{effective_object_story_id,effective_instagram_media_id,source_instagram_media_id,actor_id,"
    "object_story_spec{page_id}}"
)
MAX_ACCOUNTS = 50


@dataclass
class AdPost:
    """A post with comments. `page` is the Page whose token reads them, None if it is unknown; `ads` are (id, name).

    An ad on Instagram has comments of its own (`effective_instagram_media_id`) besides those of the organic post that
    it promotes (`source_instagram_media_id`).
    """

    platform: Platform
    id: str
    page: str | None
    ads: list[tuple[str, str]] = field(default_factory=list)


async def find_posts(
    call: Call, scopes: Sequence[str], platforms: Sequence[Platform], *, running: bool = True, page: str | None = None
) -> list[AdPost]:
    """Return the posts of the ads below the scopes (accounts, campaigns, ad sets), each once.

    `running` leaves out ads that do not run. `page` leaves out the posts of other Pages.
    """
    posts: dict[str, AdPost] = {}
    for scope in scopes:
        async for ad in _ads(call, scope, running=running):
            for post in _posts_of(ad):
                if post.platform in platforms and page in (None, post.page):
                    posts.setdefault(post.id, post).ads.append((str(ad.get("id")), str(ad.get("name") or "")))
    return list(posts.values())


async def posts_of_ad(call: Call, ad_id: str, platforms: Sequence[Platform]) -> list[AdPost]:
    """Return the posts of one ad, whether it runs or not."""
    ad = await call.graph.get(ad_id, fields=("id", "name", CREATIVE))
    posts = [post for post in _posts_of(ad) if post.platform in platforms]
    for post in posts:
        post.ads.append((ad_id, str(ad.get("name") or "")))
    return posts


async def accounts_of_page(call: Call) -> list[str]:
    """Return the accounts whose ads may show posts of a Page: the allowed ones, or those of the token."""
    allowed = call.allowed_accounts()
    if allowed:
        return list(allowed)
    listing = await call.graph.list("me/adaccounts", fields=("id",), limit=MAX_ACCOUNTS)
    return [str(row["id"]) for row in listing.rows]


async def _ads(call: Call, scope: str, *, running: bool) -> AsyncIterator[Row]:
    params: Row = {"effective_status": ["ACTIVE"]} if running else {}
    async for ads in call.graph.each_page(f"{scope}/ads", fields=("id", "name", CREATIVE), limit=200, **params):
        for ad in ads:
            yield ad


def _posts_of(ad: Row) -> list[AdPost]:
    creative: dict[str, Any] = ad["creative"] if isinstance(ad.get("creative"), dict) else {}
    story = str(creative.get("effective_object_story_id") or "")
    spec = creative.get("object_story_spec")
    named = (spec.get("page_id") if isinstance(spec, dict) else None) or creative.get("actor_id")
    page = story.split("_", 1)[0] if "_" in story else (str(named) if named else None)
    media = dict.fromkeys(str(creative.get(f"{kind}_instagram_media_id") or "") for kind in ("effective", "source"))
    instagram = [AdPost("instagram", media_id, page) for media_id in media if media_id]
    return [*([AdPost("facebook", story, page)] if "_" in story else []), *instagram]
