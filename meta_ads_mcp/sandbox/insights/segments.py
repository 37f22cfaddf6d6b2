"""Breakdowns: into which cells a campaign's delivery falls.

Every documented breakdown belongs to one family; a breakdown or an allowed combination is a margin of the family's
joint cells, so that `age`, `gender` and `age,gender` agree with each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from meta_ads_mcp.sandbox.delivery_plan import AccountPlan, CampaignPlan, biases, uniforms

HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
HOURLY_AUDIENCE = "hourly_stats_aggregated_by_audience_time_zone"
DEMOGRAPHIC, GEOGRAPHIC, PLACEMENT, HOUR = "demographic", "geographic", "placement", "hour"

FAMILIES: dict[str, tuple[str, ...]] = {
    DEMOGRAPHIC: ("age", "gender"),
    GEOGRAPHIC: ("country", "region"),
    PLACEMENT: ("publisher_platform", "platform_position", "device_platform", "impression_device"),
    HOUR: (HOURLY,),
}

# docs: marketing-api/insights/breakdowns (combining); device_platform combinations as Ads Manager has them
_PLACES = ("publisher_platform", "platform_position")
COMBINATIONS: dict[frozenset[str], str] = {
    frozenset({"age"}): DEMOGRAPHIC,
    frozenset({"gender"}): DEMOGRAPHIC,
    frozenset({"age", "gender"}): DEMOGRAPHIC,
    frozenset({"country"}): GEOGRAPHIC,
    frozenset({"region"}): GEOGRAPHIC,
    frozenset({"publisher_platform"}): PLACEMENT,
    frozenset({"device_platform"}): PLACEMENT,
    frozenset(_PLACES): PLACEMENT,
    frozenset({"publisher_platform", "impression_device"}): PLACEMENT,
    frozenset({*_PLACES, "impression_device"}): PLACEMENT,
    frozenset({"publisher_platform", "device_platform"}): PLACEMENT,
    frozenset({*_PLACES, "device_platform"}): PLACEMENT,
    frozenset({*_PLACES, "device_platform", "impression_device"}): PLACEMENT,
    frozenset({HOURLY}): HOUR,
    frozenset({HOURLY_AUDIENCE}): HOUR,
}

AGES = {"18-24": 0.14, "25-34": 0.29, "35-44": 0.24, "45-54": 0.16, "55-64": 0.11, "65+": 0.06}
GENDERS = {"female": 0.55, "male": 0.43, "unknown": 0.02}
PLACEMENTS: tuple[tuple[str, str, str, str, float], ...] = (
    ("facebook", "feed", "mobile_app", "iphone", 0.15),
    ("facebook", "feed", "mobile_app", "android_smartphone", 0.16),
    ("facebook", "feed", "desktop", "desktop", 0.07),
    ("facebook", "feed", "mobile_web", "android_smartphone", 0.01),
    ("facebook", "facebook_reels", "mobile_app", "iphone", 0.05),
    ("facebook", "facebook_reels", "mobile_app", "android_smartphone", 0.06),
    ("facebook", "facebook_stories", "mobile_app", "iphone", 0.02),
    ("facebook", "marketplace", "mobile_app", "android_smartphone", 0.03),
    ("facebook", "right_hand_column", "desktop", "desktop", 0.02),
    ("instagram", "feed", "mobile_app", "iphone", 0.11),
    ("instagram", "feed", "mobile_app", "android_smartphone", 0.07),
    ("instagram", "instagram_stories", "mobile_app", "iphone", 0.07),
    ("instagram", "instagram_stories", "mobile_app", "android_smartphone", 0.04),
    ("instagram", "instagram_reels", "mobile_app", "iphone", 0.06),
    ("instagram", "instagram_reels", "mobile_app", "android_smartphone", 0.04),
    ("audience_network", "an_classic", "mobile_app", "android_smartphone", 0.025),
    ("audience_network", "an_classic", "mobile_app", "ipad", 0.005),
    ("threads", "threads_feed", "mobile_app", "iphone", 0.01),
)
HOURS = (
    0.020, 0.013, 0.009, 0.007, 0.008, 0.013, 0.025, 0.038, 0.045, 0.047, 0.048, 0.050,
    0.055, 0.052, 0.049, 0.048, 0.049, 0.053, 0.060, 0.066, 0.071, 0.071, 0.060, 0.043,
)  # fmt: skip


@dataclass(frozen=True)
class Cells:
    """The joint cells of one family for one campaign: keys in the order of the family's names, weights and biases."""

    keys: tuple[tuple[str, ...], ...]
    weights: tuple[float, ...]
    biases: tuple[tuple[float, ...], ...]


@lru_cache(maxsize=1024)
def cells(plan: CampaignPlan, family: str) -> Cells:
    """Return the cells of a breakdown family for a campaign."""
    result = _joint(plan.account, family)
    luck = [uniforms(plan.id, family, key)[0] for key, _ in result]
    weights = tuple(weight * (0.75 + 0.5 * chance) for (_, weight), chance in zip(result, luck, strict=True))
    keys = tuple(key for key, _ in result)
    return Cells(keys, weights, tuple(biases(plan.id, *key) for key in keys))


def population(account: AccountPlan, family: str) -> tuple[float, ...]:
    """The shares of the cells among all people of an account."""
    return tuple(weight for _, weight in _joint(account, family))


def _joint(account: AccountPlan, family: str) -> list[tuple[tuple[str, ...], float]]:
    if family == DEMOGRAPHIC:
        return [((age, gender), a * g) for age, a in AGES.items() for gender, g in GENDERS.items()]
    if family == GEOGRAPHIC:
        return [((country, region), share) for country, region, share in account.geo]
    if family == PLACEMENT:
        return [((*names,), share) for *names, share in PLACEMENTS]
    return [((f"{hour:02d}:00:00 - {hour:02d}:59:59",), share) for hour, share in enumerate(HOURS)]


@lru_cache(maxsize=1024)
def grouped(
    plan: CampaignPlan, family: str, breakdowns: tuple[str, ...]
) -> tuple[tuple[tuple[str, ...], tuple[int, ...]], ...]:
    """The cells of some breakdowns of a family, each with the positions of its joint cells."""
    places = margin(family, breakdowns)
    groups: dict[tuple[str, ...], list[int]] = {}
    for position, key in enumerate(cells(plan, family).keys):
        groups.setdefault(tuple(key[place] for place in places), []).append(position)
    return tuple((key, tuple(positions)) for key, positions in groups.items())


def margin(family: str, breakdowns: tuple[str, ...]) -> tuple[int, ...]:
    """Positions of the breakdowns in a key of the family; both hourly breakdowns read the one clock there is."""
    names = FAMILIES[family]
    return tuple(0 if item == HOURLY_AUDIENCE else names.index(item) for item in breakdowns)
