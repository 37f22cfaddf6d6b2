"""Which arguments of ads_create_ad_creative go together.

Every argument is sent, or refused by name. A few that buttons do not need are accepted and named in a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.domain.creative_story import CALL, DEGREES_OF_FREEDOM, EVENT_BUTTONS
from meta_ads_mcp.tools.creatives.assets import MAX_ASSETS

Values = Mapping[str, Any]

_PAIRS = (
    ("message", "messages"),
    ("headline", "headlines"),
    ("description", "descriptions"),
    ("instagram_user_id", "instagram_actor_id"),
    ("degrees_of_freedom_spec", "creative_features_spec"),
    ("degrees_of_freedom_spec", "disable_all_enhancements"),
    ("thumbnail_url", "image_url"),
    ("call_to_action", "call_to_action_type"),
    ("call_to_action", "asset_customization_rules"),
    ("call_to_action", "link_url"),
    ("call_to_action", "lead_gen_form_id"),
    ("call_to_action", "event_id"),
    ("template_url", "template_url_spec"),
)
_MEDIA = ("image_hash", "image_hashes", "image_url", "video_id", "videos", "cards")
# Media that may come with video_id, as its thumbnail.
_THUMBNAILS = {"image_hash", "image_url"}
# Arguments that are sent as they are, whatever the creative is made of.
_ALWAYS = frozenset(
    """
    account_id ad_disclaimer_spec adlabels applink_treatment authorization_category branded_content confirmation
    contextual_multi_ads creative_features_spec degrees_of_freedom_spec destination_spec disable_all_enhancements
    dry_run facebook_branded_content idempotency_key instagram_branded_content instagram_actor_id instagram_user_id
    interactive_components_spec name omnichannel_link_spec page_id page_welcome_message platform_customizations
    portrait_customizations product_set_id product_suggestion_settings regional_regulation_disclaimer_spec
    template_url template_url_spec threads_user_id url_tags
""".split()
)
_BUTTON = frozenset("call_to_action_type event_id lead_gen_form_id link_url phone_number".split())
_TEXTS = frozenset("message messages headline headlines description descriptions".split())


@dataclass(frozen=True)
class CreativeKind:
    """A kind of creative: why other arguments do not fit, and those that it carries besides _ALWAYS."""

    reason: str
    arguments: frozenset[str]


_POST = CreativeKind(
    "which has its own media and texts",
    _BUTTON | {"object_story_id", "source_instagram_media_id", "asset_customization_rules", "call_to_action"},
)
_SPEC = CreativeKind("write it in the spec", frozenset({"object_story_spec", "asset_feed_spec"}))
_IMAGE = CreativeKind(
    "which has no place for it",
    _BUTTON | _TEXTS | {"caption", "cards", "image_crops", "image_hash", "image_hashes", "image_url", "reminder_data"},
)
_VIDEO = CreativeKind(
    "which has no place for it", _BUTTON | _TEXTS | {"image_hash", "image_url", "thumbnail_url", "video_id", "videos"}
)
_FEED = CreativeKind(
    "which makes an asset feed, and that has no place for it",
    _IMAGE.arguments.union(_VIDEO.arguments, "ad_formats asset_customization_rules optimization_type".split())
    - {"caption", "cards", "reminder_data"},
)
_DEGREES_OF_FREEDOM = CreativeKind(
    "DEGREES_OF_FREEDOM lets Meta choose", _FEED.arguments - {"ad_formats", "asset_customization_rules"}
)
# Values that say the same as leaving the argument out.
_DEFAULTS: Mapping[str, Any] = {"optimization_type": "REGULAR", "disable_all_enhancements": False}


def check_combination(values: Values) -> None:
    """Check the arguments by name. Raises ValueError that names those that do not go together."""
    names = _list_given(values)
    for first, second in _PAIRS:
        if {first, second} <= names:
            raise ValueError(f"give {first} or {second}, not both")
    _check_sources(values, names)
    kind, causes = _kind_of(values, names)
    if kind not in (_POST, _SPEC):
        _check_media(values, names)
    _check_kind(kind, causes, names)
    _check_button(kind, values, names)


def _list_given(values: Values) -> set[str]:
    return {name for name, value in values.items() if value not in (None, [], {}, _DEFAULTS.get(name))}


def unused_arguments(values: Values) -> Iterator[tuple[str, str]]:
    """Yield accepted arguments that the creative has no place for, with the reason."""
    calls = values.get("call_to_action_type") == CALL
    if values.get("phone_number") and not calls:
        yield "phone_number", f"only a {CALL} button has one"
    if values.get("link_url") and calls and not _has_link_beside_button(values):
        yield "link_url", f"a {CALL} button calls phone_number instead"


def _has_link_beside_button(values: Values) -> bool:
    """Tell whether the link has a place outside the button: link_data, or link_urls of an asset feed."""
    names = _list_given(values)
    kind, _ = _kind_of(values, names)
    return kind in (_IMAGE, _FEED, _DEGREES_OF_FREEDOM) or "asset_customization_rules" in names


def _check_sources(values: Values, names: set[str]) -> None:
    sources = [name for name in ("source_instagram_media_id", "object_story_id") if name in names]
    has_spec = bool(names & _SPEC.arguments)
    if len(sources) + has_spec > 1:
        conflict = [*sources, *sorted(names & _SPEC.arguments)]
        raise ValueError(f"{' and '.join(conflict)} cannot be combined: give one post, or a spec in Meta's form")
    post, page = values.get("object_story_id"), values.get("page_id")
    if post and page and post.partition("_")[0] != page:
        raise ValueError(f"page_id is not the Page of object_story_id, which is {post.partition('_')[0]}")
    if values.get("threads_user_id") and sources:
        raise ValueError(f"threads_user_id is part of a new story, and {sources[0]} has one already")
    spec = values.get("object_story_spec") or {}
    for name, inner in (
        ("page_id", "page_id"),
        ("instagram_user_id",) * 2,
        ("instagram_actor_id", "instagram_user_id"),
    ):
        if name in names and str(spec.get(inner, values[name])) != values[name]:
            raise ValueError(f"{name} is not the {inner} that object_story_spec has")


def _kind_of(values: Values, names: set[str]) -> tuple[CreativeKind, list[str]]:
    """Return the kind of creative, and the arguments that make it this kind."""
    if posts := names & {"object_story_id", "source_instagram_media_id"}:
        return _POST, sorted(posts)
    if specs := names & _SPEC.arguments:
        return _SPEC, sorted(specs)
    if values.get("optimization_type") == DEGREES_OF_FREEDOM:
        return _DEGREES_OF_FREEDOM, ["optimization_type"]
    if variants := [name for name in _VARIANTS if name in names and _makes_feed(name, values[name])]:
        return _FEED, variants
    videos = names & {"video_id", "videos"}
    return (_VIDEO, sorted(videos)) if videos else (_IMAGE, sorted(names.intersection(_MEDIA, _IMAGE.arguments)))


# Arguments that may turn a creative into an asset feed.
_VARIANTS = (
    "messages headlines descriptions image_hashes videos ad_formats optimization_type asset_customization_rules".split()
)


def _makes_feed(name: str, value: Any) -> bool:
    """Tell of one argument what `Story.is_flexible` tells of the finished story."""
    if name not in (*_TEXTS, "image_hashes", "videos"):
        return True
    return len(value) > 1 or (name in _TEXTS and not isinstance(value[0], str))


def _check_kind(kind: CreativeKind, causes: list[str], names: set[str]) -> None:
    unsent = sorted(names - kind.arguments - _ALWAYS)
    if unsent:
        raise ValueError(f"{', '.join(unsent)} cannot be combined with {', '.join(causes)}: {kind.reason}")


def _check_media(values: Values, names: set[str]) -> None:
    media = [name for name in _MEDIA if name in names]
    if not media and not names & {"reminder_data", "product_set_id"}:
        raise ValueError(f"give one of {', '.join(_MEDIA)}, object_story_id or source_instagram_media_id")
    if len([name for name in media if "video_id" not in names or name not in _THUMBNAILS]) > 1:
        raise ValueError(f"give one media source, not {' and '.join(media)}")
    if "thumbnail_url" in names and "video_id" not in names:
        raise ValueError("thumbnail_url is for a video_id; entries of videos have their own")
    if "image_crops" in names and names & {"video_id", "videos"}:
        raise ValueError("image_crops cannot be combined with a video")
    has_destination = names & {"link_url", "lead_gen_form_id", "reminder_data", "cards"}
    if not has_destination and values.get("call_to_action_type") != CALL:
        raise ValueError("link_url is required: where the ad leads")
    _check_cards(values.get("cards"))


def _check_cards(cards: Any) -> None:
    if cards is None:
        return
    if not 2 <= len(cards) <= MAX_ASSETS:
        raise ValueError("a carousel has 2 to 10 cards")
    for index, card in enumerate(cards):
        if card.image_hash is None and card.picture is None and card.video_id is None:
            raise ValueError(f"card {index} has no image_hash, picture or video_id")


def _check_button(kind: CreativeKind, values: Values, names: set[str]) -> None:
    button = values.get("call_to_action_type")
    if button == CALL and "phone_number" not in names:
        raise ValueError(f"{CALL} requires phone_number, such as +18005551234")
    if "event_id" in names and button not in EVENT_BUTTONS and kind is not _IMAGE:
        raise ValueError(f"event_id requires call_to_action_type {' or '.join(EVENT_BUTTONS)}")
    has_button = button is not None or "lead_gen_form_id" in names
    if kind is _POST and "link_url" in names and not has_button and "asset_customization_rules" not in names:
        raise ValueError("link_url of an existing post goes into its button: give call_to_action_type too")
