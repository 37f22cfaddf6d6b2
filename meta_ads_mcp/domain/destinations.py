"""Find and replace the destinations of a creative, wherever its shape holds them.

A creative names the page that people reach in several places: `link_data.link`, buttons, carousel cards, the links of
an asset feed, catalog templates, deep links, the post that it promotes. Sources: the SDK classes AdCreative,
AdCreativeLinkData, AdCreativeLinkDataCallToActionValue, AdCreativeTemplateURLSpec, AdAssetFeedSpecLinkURL and the
classes inside them; a test checks that every key with a link or URL in these classes is classified here.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from meta_ads_mcp.core.result import Row

Path = tuple[str | int, ...]


class DestinationKind(enum.Enum):
    """What a destination is. The value says why a web address cannot replace it; WEB can be replaced."""

    WEB = "a web page"
    APP = "a deep link or an app store"
    PHONE = "a phone number"
    FORM = "a lead form"
    MESSAGES = "a conversation"
    EVENT = "an event"
    EXPERIENCE = "an Instant Experience"
    POST = "the link of the promoted post"
    CATALOG = "the pages of the catalog's products"
    SET = "a destination that Meta chooses"
    OTHER = "a text or link that may show the earlier address"


@dataclass(frozen=True)
class Destination:
    """A place of a creative that leads somewhere, such as object_story_spec.link_data.link."""

    path: Path
    value: str
    kind: DestinationKind

    @property
    def name(self) -> str:
        """The path as text: object_story_spec.link_data.child_attachments[0].link."""
        return format_path(self.path)


# Keys of web addresses. `url` is one where a parent in _WEB_PARENTS holds it.
WEB_KEYS = frozenset("link website_url link_url object_url template_url product_link carousel_see_more_url".split())
_WEB_PARENTS = frozenset("web website web_destination_spec".split())
APP_KEYS = frozenset(
    "android_url ios_url app_link deeplink_url object_store_url object_store_urls link_deep_link_url".split()
)
APP_PARENTS = frozenset("android ios ipad iphone windows_phone app".split())
PHONE_KEYS = frozenset("whatsapp_number whatsapp_phone_number phone_number".split())
# Keys that name a destination by an id or a word.
OTHER_KINDS: Mapping[str, DestinationKind] = {
    "lead_gen_form_id": DestinationKind.FORM,
    "app_destination": DestinationKind.MESSAGES,
    "event_id": DestinationKind.EVENT,
    "destination_set_id": DestinationKind.SET,
    "object_story_id": DestinationKind.POST,
    "source_instagram_media_id": DestinationKind.POST,
    "source_facebook_post_id": DestinationKind.POST,
}
# Addresses of Meta's own that stand for another kind of destination (Meta docs, marketing-api/guides: lead-ads,
# collection, messaging-ads). A web address in their place breaks the ad.
_META_ADDRESSES: tuple[tuple[re.Pattern[str], DestinationKind], ...] = (
    (re.compile(r"(?i)https?://(www\.)?(fb|facebook)\.com/canvas_doc/.*"), DestinationKind.EXPERIENCE),
    (re.compile(r"(?i)https?://(www\.)?(fb|facebook)\.com/messenger_doc.*"), DestinationKind.MESSAGES),
    (re.compile(r"(?i)https?://(m\.me|wa\.me|api\.whatsapp\.com)(/.*)?"), DestinationKind.MESSAGES),
    (re.compile(r"(?i)https?://fb\.me/?"), DestinationKind.FORM),
)
# Keys of addresses that lead nowhere: pictures, and links of Meta itself.
MEDIA_KEYS = frozenset(
    "picture image_url thumbnail_url site_link_image_url instagram_permalink_url image_hash video_id".split()
)
# Objects whose `url` is a picture.
_MEDIA_PARENTS = frozenset("images photo_data".split())
# The order in which a place counts as the landing page of the whole creative.
_PREFERENCE: tuple[Path, ...] = (
    ("link_url",),
    ("object_story_spec", "video_data", "call_to_action", "value", "link"),
    ("object_story_spec", "link_data", "link"),
    ("object_story_spec", "link_data", "call_to_action", "value", "link"),
    ("asset_feed_spec", "link_urls", 0, "website_url"),
    ("template_url_spec", "web", "url"),
    ("template_url",),
    ("object_story_spec", "template_data", "link"),
    ("call_to_action", "value", "link"),
)
# The fields of a creative that can hold a destination.
SOURCE_FIELDS = tuple(
    """
    link_url object_url object_story_spec asset_feed_spec call_to_action template_url template_url_spec
    omnichannel_link_spec destination_spec
""".split()
)
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*:")
_WEB = re.compile(r"(?i)https?://")


def list_destinations(creative: Mapping[str, Any]) -> list[Destination]:
    """Return every place of a creative, of any shape, that leads somewhere or shows where it leads."""
    places = [place for place in _walk(creative, ()) if place.kind is not DestinationKind.OTHER]
    if _follows_catalog(creative, places):
        places.append(Destination(("product_set_id",), str(creative["product_set_id"]), DestinationKind.CATALOG))
    return places


def web_destinations(creative: Mapping[str, Any]) -> list[Destination]:
    """Return the places with a web address, the one that counts as the landing page first."""
    places = [place for place in list_destinations(creative) if place.kind is DestinationKind.WEB]
    order = {path: index for index, path in enumerate(_PREFERENCE)}
    return sorted(places, key=lambda place: order.get(place.path, len(order)))


def effective_link_url(creative: Mapping[str, Any]) -> str | None:
    """Return the web address that people reach, or else one of Meta's own, such as that of an Instant Experience."""
    addresses = [place.value for place in list_destinations(creative) if _WEB.match(place.value)]
    return next((place.value for place in web_destinations(creative)), next(iter(addresses), None))


def distinct_links(creative: Mapping[str, Any]) -> list[str]:
    """Return the different web addresses of a creative, the landing page first."""
    return list(dict.fromkeys(place.value for place in web_destinations(creative)))


def replace_links(creative: Row, link: str) -> Row:
    """Return the parameters of a creative with `link` in place of every web address.

    Entries of asset_feed_spec.link_urls that become equal are joined, because Graph refuses duplicates.
    """
    result = dict(creative)
    for place in web_destinations(creative):
        result = _set_at(result, place.path, link)
    feed = result.get("asset_feed_spec")
    if isinstance(feed, Mapping) and isinstance(feed.get("link_urls"), list):
        result["asset_feed_spec"] = {**feed, "link_urls": _distinct(feed["link_urls"])}
    return result


def remaining_destinations(before: Mapping[str, Any], after: Mapping[str, Any], link: str) -> list[Destination]:
    """Return what a change of the link to `link` left: other kinds of destinations, and traces of the old addresses.

    A trace is a text that contains an old web address, or its host if the new address has another one.
    """
    old = [place.value for place in web_destinations(before) if place.value != link]
    needles = [*old, *(host for url in old if (host := _host(url)) and host != _host(link))]
    other_kinds = [place for place in list_destinations(after) if place.kind is not DestinationKind.WEB]
    known_paths = {place.path for place in other_kinds}
    traces = [
        Destination(path, text, DestinationKind.OTHER)
        for path, text in _texts(after, ())
        if text != link
        and path not in known_paths
        and not _is_media(path)
        and any(_mentions(text, part) for part in needles)
    ]
    return other_kinds + traces


def describe_remaining(places: Iterable[Destination]) -> list[Row]:
    """Return destinations as rows of an answer: place, value and the reason why it was not replaced."""
    return [{"place": place.name, "value": place.value, "is": place.kind.value} for place in places]


def format_path(path: Path) -> str:
    """Format a path as text, such as asset_feed_spec.link_urls[0].website_url."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _walk(value: Any, path: Path) -> Iterator[Destination]:
    for place, text in _texts(value, path):
        kind = _classify(place, text)
        if kind is not None:
            yield Destination(place, text, kind)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every text with its path. Ids may be numbers."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, (*path, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
    elif isinstance(value, str | int) and not isinstance(value, bool) and value not in ("", 0):
        yield path, str(value)


def _classify(path: Path, text: str) -> DestinationKind | None:
    """Return the kind of a text in a creative, or None for a text that is not an address."""
    names = [step for step in path if isinstance(step, str)]
    key, parents = (names[-1], names[:-1]) if names else ("", [])
    if _is_media(path):
        return None
    if key in OTHER_KINDS:
        return OTHER_KINDS[key]
    if key in PHONE_KEYS or text.lower().startswith("tel:"):
        return DestinationKind.PHONE
    if key in APP_KEYS or (_SCHEME.match(text) and APP_PARENTS.intersection(parents)):
        return DestinationKind.APP
    if key in WEB_KEYS or (key == "url" and _WEB_PARENTS.intersection(parents)):
        return _kind_of_address(text)
    return DestinationKind.OTHER if _WEB.match(text) else None


def _kind_of_address(text: str) -> DestinationKind:
    """Return the kind of a web key's value: a web page, one of Meta's own addresses, or another scheme."""
    meta_kind = next((kind for pattern, kind in _META_ADDRESSES if pattern.fullmatch(text)), None)
    if meta_kind is not None:
        return meta_kind
    return DestinationKind.WEB if _WEB.match(text) or not _SCHEME.match(text) else DestinationKind.APP


def _is_media(path: Path) -> bool:
    names = [step for step in path if isinstance(step, str)]
    return bool(names) and (
        names[-1] in MEDIA_KEYS or (names[-1] == "url" and bool(_MEDIA_PARENTS.intersection(names)))
    )


def _follows_catalog(creative: Mapping[str, Any], places: list[Destination]) -> bool:
    """Tell whether products lead to their own pages: a catalog without a template for their addresses."""
    has_template = any(place.path[0] in ("template_url", "template_url_spec") for place in places)
    return bool(creative.get("product_set_id")) and not has_template


def _set_at(value: Any, path: Path, text: str) -> Any:
    """Return the value with `text` at a path that exists."""
    if not path:
        return text
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return [_set_at(item, rest, text) if index == step else item for index, item in enumerate(value)]
    return {**value, step: _set_at(value[step], rest, text)}


def _distinct(entries: list[Any]) -> list[Any]:
    distinct: list[Any] = []
    for entry in entries:
        if entry not in distinct:
            distinct.append(entry)
    return distinct


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _mentions(text: str, part: str) -> bool:
    """Tell whether a text contains an address or host as a whole, not as the beginning of a longer one."""
    return re.search(rf"(?<![\w-]){re.escape(part)}(?![\w.-]*\w)", text, re.IGNORECASE) is not None
