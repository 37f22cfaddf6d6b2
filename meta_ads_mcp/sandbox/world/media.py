"""Pictures, films and creatives of a client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.sandbox.store import GraphNode, Store
from meta_ads_mcp.sandbox.world import ids
from meta_ads_mcp.sandbox.world.clients import Client

Json = Any
CDN = "https://scontent.sandbox.example"
FORMATS = ("link", "video", "carousel", "asset_feed")
URL_TAGS = (
    "utm_source=meta&utm_medium=paid",
    "utm_source=facebook&utm_medium=cpc&utm_campaign={{campaign.name}}&utm_content={{ad.name}}",
)
UNTAGGED_EVERY = 61
CALLS = ("SHOP_NOW", "LEARN_MORE", "SIGN_UP", "BOOK_TRAVEL")


@dataclass(frozen=True)
class Media:
    """What creatives of one account are made of."""

    client: Client
    account_id: str
    page_id: str
    instagram_id: str
    hashes: tuple[str, ...]
    videos: tuple[str, ...]


@dataclass(frozen=True)
class Idea:
    """What one creative says and shows."""

    media: Media
    serial: int
    product: str
    slogan: str
    link: str
    call: str

    def image(self, place: int = 0) -> str:
        return self.media.hashes[(self.serial + place) % len(self.media.hashes)]

    def action(self, link: str) -> dict[str, Json]:
        return {"type": self.call, "value": {"link": link}}


def add_media(store: Store, seed: int, number: int, media: Media, created_time: str) -> None:
    """The account's images and videos, with their edges."""
    account = f"act_{media.account_id}"
    images = [_image(media, position, created_time) for position in range(len(media.hashes))]
    videos = [_video(media, position, created_time) for position in range(len(media.videos))]
    for node in (*images, *videos):
        store.add(node)
    store.link(account, "adimages", [node.id for node in images])
    store.link(account, "advideos", [node.id for node in videos])
    for node in videos:
        thumbs = [store.add(_thumbnail(seed, number, node.id, place)) for place in range(3)]
        store.link(node.id, "thumbnails", [item.id for item in thumbs])


def _image(media: Media, position: int, created_time: str) -> GraphNode:
    digest = media.hashes[position]
    width, height = ((1080, 1080), (1200, 628), (1080, 1350), (1080, 1920))[position % 4]
    fields = {
        "id": f"{media.account_id}:{digest}",
        "account_id": media.account_id,
        "hash": digest,
        "name": f"{media.client.username}_{position + 1:02d}.jpg",
        "width": width,
        "height": height,
        "original_width": width,
        "original_height": height,
        "status": "ACTIVE",
        "created_time": created_time,
        "updated_time": created_time,
        "url": f"{CDN}/{digest}.jpg",
        "url_128": f"{CDN}/{digest}_128.jpg",
        "permalink_url": f"https://www.facebook.com/ads/image/?d={digest}",
        "is_associated_creatives_in_adgroups": True,
    }
    return GraphNode(f"{media.account_id}:{digest}", "AdImage", fields, media.account_id, ("id", "hash"))


def _video(media: Media, position: int, created_time: str) -> GraphNode:
    video_id = media.videos[position]
    ready = {"status": "complete"}
    fields = {
        "id": video_id,
        "title": f"{media.client.products[position % len(media.client.products)]} - film {position + 1}",
        "description": media.client.slogans[position % len(media.client.slogans)],
        "length": 15.0 + 7.5 * position,
        "source": f"{CDN}/{video_id}.mp4",
        "picture": f"{CDN}/{video_id}.jpg",
        "created_time": created_time,
        "updated_time": created_time,
        "permalink_url": f"/{media.page_id}/videos/{video_id}/",
        "published": True,
        "status": {
            "video_status": "ready",
            "uploading_phase": ready,
            "processing_phase": ready,
            "publishing_phase": ready | {"publish_status": "published"},
        },
        "from": {"name": media.client.name, "id": media.page_id},
    }
    return GraphNode(video_id, "AdVideo", fields, media.account_id, ("id", "updated_time"))


def _thumbnail(seed: int, number: int, video_id: str, place: int) -> GraphNode:
    thumb_id = ids.make(seed, "video", number, video_id, "thumbnail", place)
    fields = {
        "id": thumb_id,
        "uri": f"{CDN}/{video_id}_{place}.jpg",
        "width": 1080,
        "height": 1920,
        "scale": 1.0,
        "is_preferred": place == 0,
    }
    return GraphNode(
        thumb_id, "VideoThumbnail", fields, default_fields=("id", "uri", "is_preferred", "width", "height", "scale")
    )


def creative(media: Media, creative_id: str, serial: int, post: str) -> GraphNode:
    """Return a creative. Its format rotates with `serial`."""
    form = FORMATS[serial % 4] if serial % 3 else FORMATS[serial % 2]
    product = media.client.products[serial % len(media.client.products)]
    slogan = media.client.slogans[serial % len(media.client.slogans)]
    link = f"https://{media.client.site}/{serial % 9 + 1}"
    story = {"page_id": media.page_id, "instagram_user_id": media.instagram_id}
    call = CALLS[serial % len(CALLS)]
    builder = {"link": _link, "video": _video_story, "carousel": _carousel, "asset_feed": _asset_feed}[form]
    details = builder(Idea(media, serial, product, slogan, link, call))
    fields: dict[str, Json] = {
        "id": creative_id,
        "account_id": media.account_id,
        "actor_id": media.page_id,
        "name": f"{product} - {form} {serial}",
        "status": "ACTIVE",
        "body": slogan,
        "title": product,
        "call_to_action_type": call,
        "object_type": "SHARE",
        "thumbnail_url": f"{CDN}/{creative_id}_64.jpg",
        "instagram_user_id": media.instagram_id,
        "effective_object_story_id": f"{media.page_id}_{post}",
        **_url_tags(serial),
        "effective_instagram_media_id": f"17{post[-15:]}",
        "object_story_spec": story | details.pop("story"),
        "contextual_multi_ads": {"enroll_status": "OPT_OUT"},
    }
    return GraphNode(creative_id, "AdCreative", fields | details, media.account_id)


def _url_tags(serial: int) -> dict[str, Json]:
    """Return the parameters that a creative adds to its links. Now and then somebody forgot them."""
    if serial % UNTAGGED_EVERY == UNTAGGED_EVERY // 2:
        return {}
    return {"url_tags": URL_TAGS[serial % 9 == 4]}


def is_video(serial: int) -> bool:
    """Tell whether `creative` makes a film for this serial."""
    return (FORMATS[serial % 4] if serial % 3 else FORMATS[serial % 2]) == "video"


def _link(idea: Idea) -> dict[str, Json]:
    digest = idea.image()
    data = {
        "link": idea.link,
        "message": idea.slogan,
        "name": idea.product,
        "image_hash": digest,
        "call_to_action": idea.action(idea.link),
    }
    return {
        "story": {"link_data": data},
        "image_hash": digest,
        "image_url": f"{CDN}/{digest}.jpg",
        "link_url": idea.link,
    }


def _video_story(idea: Idea) -> dict[str, Json]:
    video = idea.media.videos[idea.serial % len(idea.media.videos)]
    data = {
        "video_id": video,
        "title": idea.product,
        "message": idea.slogan,
        "image_url": f"{CDN}/{video}.jpg",
        "call_to_action": idea.action(idea.link),
    }
    return {"story": {"video_data": data}, "video_id": video, "object_type": "VIDEO"}


def _carousel(idea: Idea) -> dict[str, Json]:
    cards = [
        {
            "link": f"{idea.link}/{place}",
            "name": name,
            "image_hash": idea.image(place),
            "call_to_action": idea.action(f"{idea.link}/{place}"),
        }
        for place, name in enumerate((*idea.media.client.products, idea.media.client.name)[:4])
    ]
    story = {"link_data": {"link": idea.link, "message": idea.slogan, "child_attachments": cards}}
    return {"story": story, "link_url": idea.link}


def _asset_feed(idea: Idea) -> dict[str, Json]:
    feed = {
        "images": [{"hash": idea.image(place)} for place in range(2)],
        "bodies": [{"text": text} for text in idea.media.client.slogans],
        "titles": [{"text": idea.product}],
        "link_urls": [{"website_url": idea.link}],
        "call_to_action_types": [idea.call],
        "ad_formats": ["SINGLE_IMAGE"],
        "optimization_type": "REGULAR",
    }
    return {"story": {}, "asset_feed_spec": feed, "link_url": idea.link}
