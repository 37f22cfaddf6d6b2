"""Types for Meta's nested objects: any values, but only keys of the SDK classes, at every depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from meta_ads_mcp.domain.creative_story import FEATURES, placement_positions
from meta_ads_mcp.domain.key_check import allow_only
from meta_ads_mcp.domain.sdk_keys import keys_of

# Shortcuts of this server that the SDK's classes do not have: groups of placements instead of Graph's positions, and
# the media that they show.
EXTRA_RULE_KEYS = frozenset({"placement_groups"})
EXTRA_CUSTOMIZATION_KEYS = frozenset({"image_hashes", "video_ids"})
_EXAMPLE_KEYS = 3


def check_keys_of(of: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Build a validator of the keys of an object of the SDK class `of`, and of the objects inside it.

    The validator raises InvalidArguments with `allowed`.
    """

    def check(value: dict[str, Any]) -> dict[str, Any]:
        check_keys(value, of, frozenset(), of)
        return value

    return check


def check_each_of(of: str) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Build a validator of a list of objects of the SDK class `of`, as `check_keys_of` does for one."""

    def check(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for entry in value:
            check_keys(entry, of, frozenset(), of)
        return value

    return check


def check_keys(value: Mapping[str, Any], of: str, extra: frozenset[str], where: str) -> None:
    """Check an object against the SDK class `of`, plus the `extra` keys. `where` names it in the message.

    Raises InvalidArguments for an unknown key.
    """
    keys = keys_of(of)
    known_keys = keys.keys | extra
    allow_only(where, known_keys, ", ".join(sorted(known_keys)[:_EXAMPLE_KEYS]))(dict(value))
    for key, inner in keys.inside.items():
        for part in iter_objects(value.get(key)):
            check_keys(part, inner, frozenset(), key)


def iter_objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield an object, or the objects of a list. Other values are left for Graph to refuse."""
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, Mapping):
            yield part


def _check_customization_rules(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Check rules in Graph's form, or with this server's placement groups and their media.

    Raises ValueError for an unknown group.
    """
    for rule in value:
        has_groups = "placement_groups" in rule
        spec = rule.get("customization_spec")
        rest = {name: part for name, part in rule.items() if name != "customization_spec" or not has_groups}
        check_keys(rest, "AdAssetFeedSpecAssetCustomizationRule", EXTRA_RULE_KEYS | {"customization_spec"}, "a rule")
        if has_groups:
            placement_positions(_check_groups(rule["placement_groups"]))
        if has_groups and isinstance(spec, Mapping):
            check_keys(
                spec, "AdAssetCustomizationRuleCustomizationSpec", EXTRA_CUSTOMIZATION_KEYS, "customization_spec"
            )
    return value


def _check_groups(value: Any) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise ValueError('placement_groups is a list of groups, such as ["FEED", "STORY"]')
    return value


def _check_features(value: dict[str, Any]) -> dict[str, Any]:
    """Check the names of creative features. Graph refuses `standard_enhancements`, although the SDK has it."""
    allow_only("creative_features_spec", frozenset(FEATURES), "text_optimizations or image_touchups")(value)
    for name, feature in value.items():
        if isinstance(feature, Mapping):
            check_keys(feature, "AdCreativeFeatureDetails", frozenset(), name)
    return value


def _check_freedom(value: dict[str, Any]) -> dict[str, Any]:
    check_keys(value, "AdCreativeDegreesOfFreedomSpec", frozenset(), "degrees_of_freedom_spec")
    for features in iter_objects(value.get("creative_features_spec")):
        _check_features(dict(features))
    return value


def _check_identities(value: Any) -> Any:
    """Check the keys, and turn numeric ids of verified identities into text."""
    if not isinstance(value, Mapping):
        return value
    check_keys(value, "RegionalRegulationIdentities", frozenset(), "regional_regulation_identities")
    return {name: str(identity) if type(identity) is int else identity for name, identity in value.items()}


def _reject_tokens(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse access tokens: an argument passes through the model, where a secret does not belong. Raises ValueError."""
    tokens = [key for key in value if key.endswith("_access_token")]
    if tokens:
        raise ValueError(f"{', '.join(tokens)} is a secret and not accepted; give partners or a post id instead")
    return value


StorySpec = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeObjectStorySpec"))]
CallToAction = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeLinkDataCallToAction"))]
Crops = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdsImageCrops"))]
AssetFeed = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdAssetFeedSpec"))]
CustomizationRules = Annotated[list[dict[str, Any]], AfterValidator(_check_customization_rules)]
Features = Annotated[dict[str, Any], AfterValidator(_check_features)]
Freedom = Annotated[dict[str, Any], AfterValidator(_check_freedom)]
MultiAds = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeContextualMultiAds"))]
FacebookBranded = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeFacebookBrandedContent"))]
InstagramBranded = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeInstagramBrandedContent"))]
Disclaimers = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeRegionalRegulationDisclaimer"))]
BidAdjustments = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdBidAdjustments"))]
Identities = Annotated[dict[str, str], BeforeValidator(_check_identities)]
TrackingSpecs = Annotated[list[dict[str, Any]], AfterValidator(check_each_of("ConversionActionQuery"))]
Labels = Annotated[list[dict[str, Any]], AfterValidator(check_each_of("AdAssetFeedSpecAssetLabel"))]
SoftOptOut = Annotated[dict[str, Any], AfterValidator(check_keys_of("PlacementSoftOptOut"))]
DestinationSpec = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeDestinationSpec"))]
TemplateUrls = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeTemplateURLSpec"))]
OmnichannelLinks = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeOmnichannelLinkSpec"))]
ProductSuggestions = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeProductSuggestionSettings"))]
PlatformCustomizations = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativePlatformCustomization"))]
PortraitCustomizations = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativePortraitCustomizations"))]
AdDisclaimer = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeAdDisclaimer"))]
InteractiveComponents = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdCreativeInteractiveComponentsSpec"))]
BrandedContent = Annotated[
    dict[str, Any], AfterValidator(_reject_tokens), AfterValidator(check_keys_of("AdCreativeBrandedContentAds"))
]
Promoted = Annotated[dict[str, Any], AfterValidator(check_keys_of("AdPromotedObject"))]
