"""Reach, delivery and targeting texts. Source: docs marketing-api/reference/ad-account (reachestimate,
delivery_estimate, targetingsentencelines), fields as in SDK 26.0.3."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import uniforms
from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.refusal import Refusal
from meta_ads_mcp.sandbox.search_terms import COUNTRIES

Json = Any
PEOPLE_PER_COUNTRY = 41_000_000
PLACES = (
    "countries",
    "regions",
    "cities",
    "zips",
    "country_groups",
    "custom_locations",
    "places",
    "geo_markets",
    "electoral_districts",
)


def audience(spec: dict[str, Json]) -> tuple[int, int]:
    """Bounds of the number of people: falls with every restriction, the same for the same spec."""
    geo = spec.get("geo_locations") or {}
    if not any(geo.get(kind) for kind in PLACES) and not spec.get("custom_audiences"):
        text = "Your audience is missing a location. Please add a location or a custom audience."
        raise Refusal(
            "Invalid parameter", subcode=1885364, user_title="Missing location", user_msg=text, blame=(("targeting",),)
        )
    size = PEOPLE_PER_COUNTRY * max(1, len(geo.get("countries", [])))
    size *= (min(spec.get("age_max", 65), 65) - max(spec.get("age_min", 18), 13) + 3) / 55
    size *= 0.5 if len(spec.get("genders", [])) == 1 else 1.0
    size *= 0.09 if spec.get("flexible_spec") or spec.get("interests") else 1.0
    size *= 0.004 if spec.get("custom_audiences") else 1.0
    size *= 0.9 + 0.2 * uniforms("audience", sorted(spec))[0]
    low = max(1000, round(size, -2))
    return int(low), int(low * 1.18 // 100 * 100)


@serves("GET", "AdAccount/reachestimate")
def reach_estimate(ask: Ask) -> Json:
    """Return how many people a targeting reaches, as bounds."""
    spec = ask.params.get("targeting_spec")
    if spec is None:
        raise Refusal("(#100) The parameter targeting_spec is required")
    low, high = audience(spec)
    return {"data": {"users_lower_bound": low, "users_upper_bound": high, "estimate_ready": True}}


@serves("GET", "AdAccount/delivery_estimate", "AdSet/delivery_estimate")
def delivery_estimate(ask: Ask) -> Json:
    """Return the audience of a targeting, or of the ad set itself."""
    spec = ask.params.get("targeting_spec", ask.node.get("targeting"))
    if spec is None or (ask.node.type == "AdAccount" and "optimization_goal" not in ask.params):
        raise Refusal("(#100) The parameters optimization_goal and targeting_spec are required")
    low, high = audience(spec)
    return {"data": [{"estimate_mau_lower_bound": low, "estimate_mau_upper_bound": high, "estimate_ready": True}]}


@serves("GET", "AdAccount/targetingsentencelines", "AdSet/targetingsentencelines", "Ad/targetingsentencelines")
def sentence_lines(ask: Ask) -> Json:
    """Return a targeting in sentences."""
    spec = ask.params.get("targeting_spec") if ask.node.type == "AdAccount" else target_of(ask)
    if not spec:
        raise Refusal("(#100) The parameter targeting_spec is required")
    return {"id": ask.node.id, "params": spec, "targetingsentencelines": lines(spec)}


def target_of(ask: Ask) -> Json:
    """Return the targeting that a call is about: its param, or that of the object."""
    node = ask.graph.find(str(ask.node.get("adset_id"))) if ask.node.type == "Ad" else ask.node
    return node.get("targeting") if node else None


def lines(spec: dict[str, Json]) -> list[dict[str, Json]]:
    """Return the lines of a targeting: a heading and its values."""
    geo = spec.get("geo_locations") or {}
    where = [COUNTRIES.get(code, code) for code in geo.get("countries", [])]
    where += [str(item.get("name", item.get("key"))) for kind in ("regions", "cities") for item in geo.get(kind, [])]
    result = [{"content": "Location - Living in or recently in:", "children": where}] if where else []
    result.append({"content": "Age:", "children": [f"{spec.get('age_min', 18)} - {spec.get('age_max', 65)}+"]})
    if spec.get("genders") in ([1], [2]):
        result.append({"content": "Gender:", "children": ["Male" if spec["genders"] == [1] else "Female"]})
    names = [str(item.get("name")) for group in spec.get("flexible_spec", []) for item in group.get("interests", [])]
    if names:
        result.append({"content": "People who match:", "children": [f"Interests: {', '.join(names)}"]})
    return result
