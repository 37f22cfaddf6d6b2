"""Objects of Meta that tools pass on: open in their values, closed in their keys where Meta's SDK knows them.

Graph drops or refuses a misspelt key, often without naming it; here it is refused before anything is sent, wherever in
the object it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from meta_ads_mcp.domain.creative_story import FEATURES, positions
from meta_ads_mcp.domain.key_check import only_keys
from meta_ads_mcp.domain.sdk_keys import keys_of

# Not in the SDK's class, and taken by this server: groups of placements in place of Graph's positions, and the media
# that they show.
OWN_RULE_KEYS = frozenset({"placement_groups"})
OWN_CUSTOMIZATION_KEYS = frozenset({"image_hashes", "video_ids"})
_SHOWN = 3


def known_keys(of: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A validator of the keys of an object of that class, also inside it. It raises InvalidArguments with `allowed`."""

    def check(given: dict[str, Any]) -> dict[str, Any]:
        walk(given, of, frozenset(), of)
        return given

    return check


def each_of(of: str) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """The same for a list of such objects."""

    def check(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for one in given:
            walk(one, of, frozenset(), of)
        return given

    return check


def walk(given: Mapping[str, Any], of: str, more: frozenset[str], where: str) -> None:
    """Raises InvalidArguments for a key that the class `of` and `more` do not have; `where` is what it is called."""
    keys = keys_of(of)
    known = keys.keys | more
    only_keys(where, known, ", ".join(sorted(known)[:_SHOWN]))(dict(given))
    for key, inner in keys.inside.items():
        for part in objects(given.get(key)):
            walk(part, inner, frozenset(), key)


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """The object, or those of a list; nothing for anything else, which is Graph's to judge."""
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, Mapping):
            yield part


def _customization_rules(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules in Graph's form, or in this server's: groups of placements, and the media for them.

    Raises ValueError for an unknown group.
    """
    for rule in given:
        own = "placement_groups" in rule
        spec = rule.get("customization_spec")
        rest = {name: value for name, value in rule.items() if name != "customization_spec" or not own}
        walk(rest, "AdAssetFeedSpecAssetCustomizationRule", OWN_RULE_KEYS | {"customization_spec"}, "a rule")
        if own:
            positions(_words(rule["placement_groups"]))
        if own and isinstance(spec, Mapping):
            walk(spec, "AdAssetCustomizationRuleCustomizationSpec", OWN_CUSTOMIZATION_KEYS, "customization_spec")
    return given


def _words(value: Any) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise ValueError('placement_groups is a list of groups, such as ["FEED", "STORY"]')
    return value


def _features(given: dict[str, Any]) -> dict[str, Any]:
    """Features that Graph takes: `standard_enhancements` is in the SDK, and refused by Graph."""
    only_keys("creative_features_spec", frozenset(FEATURES), "text_optimizations or image_touchups")(given)
    for name, value in given.items():
        if isinstance(value, Mapping):
            walk(value, "AdCreativeFeatureDetails", frozenset(), name)
    return given


def _freedom(given: dict[str, Any]) -> dict[str, Any]:
    walk(given, "AdCreativeDegreesOfFreedomSpec", frozenset(), "degrees_of_freedom_spec")
    for chosen in objects(given.get("creative_features_spec")):
        _features(dict(chosen))
    return given


def _identities(given: Any) -> Any:
    """Ids of verified identities, also as numbers."""
    if not isinstance(given, Mapping):
        return given
    walk(given, "RegionalRegulationIdentities", frozenset(), "regional_regulation_identities")
    return {name: str(value) if type(value) is int else value for name, value in given.items()}


StorySpec = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeObjectStorySpec"))]
CallToAction = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeLinkDataCallToAction"))]
Crops = Annotated[dict[str, Any], AfterValidator(known_keys("AdsImageCrops"))]
AssetFeed = Annotated[dict[str, Any], AfterValidator(known_keys("AdAssetFeedSpec"))]
CustomizationRules = Annotated[list[dict[str, Any]], AfterValidator(_customization_rules)]
Features = Annotated[dict[str, Any], AfterValidator(_features)]
Freedom = Annotated[dict[str, Any], AfterValidator(_freedom)]
MultiAds = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeContextualMultiAds"))]
FacebookBranded = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeFacebookBrandedContent"))]
InstagramBranded = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeInstagramBrandedContent"))]
Disclaimers = Annotated[dict[str, Any], AfterValidator(known_keys("AdCreativeRegionalRegulationDisclaimer"))]
BidAdjustments = Annotated[dict[str, Any], AfterValidator(known_keys("AdBidAdjustments"))]
Identities = Annotated[dict[str, str], BeforeValidator(_identities)]
TrackingSpecs = Annotated[list[dict[str, Any]], AfterValidator(each_of("ConversionActionQuery"))]
Labels = Annotated[list[dict[str, Any]], AfterValidator(each_of("AdAssetFeedSpecAssetLabel"))]
Promoted = Annotated[dict[str, Any], AfterValidator(known_keys("AdPromotedObject"))]
