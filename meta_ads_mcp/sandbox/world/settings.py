"""Settings of campaigns and ad sets: objectives, goals, targeting."""

from __future__ import annotations

from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import dice
from meta_ads_mcp.sandbox.search_terms import interest_of, region_of
from meta_ads_mcp.sandbox.world.clients import Client

Json = Any
OBJECTIVES = (
    "OUTCOME_SALES",
    "OUTCOME_TRAFFIC",
    "OUTCOME_SALES",
    "OUTCOME_LEADS",
    "OUTCOME_AWARENESS",
    "OUTCOME_SALES",
    "OUTCOME_ENGAGEMENT",
    "OUTCOME_LEADS",
    "OUTCOME_SALES",
    "OUTCOME_TRAFFIC",
    "OUTCOME_APP_PROMOTION",
    "OUTCOME_SALES",
)
TITLES = {
    "OUTCOME_SALES": ("Always-on sales", "Catalogue retargeting", "Seasonal sale", "Bestsellers", "New arrivals"),
    "OUTCOME_TRAFFIC": ("Journal traffic", "Store visits to site"),
    "OUTCOME_LEADS": ("Newsletter sign-up", "Enquiry form"),
    "OUTCOME_AWARENESS": ("Brand film",),
    "OUTCOME_ENGAGEMENT": ("Messages",),
    "OUTCOME_APP_PROMOTION": ("App installs",),
}
GOALS = {
    "OUTCOME_SALES": "OFFSITE_CONVERSIONS",
    "OUTCOME_TRAFFIC": "LANDING_PAGE_VIEWS",
    "OUTCOME_LEADS": "LEAD_GENERATION",
    "OUTCOME_AWARENESS": "REACH",
    "OUTCOME_ENGAGEMENT": "CONVERSATIONS",
    "OUTCOME_APP_PROMOTION": "APP_INSTALLS",
}
DESTINATIONS = {"OUTCOME_LEADS": "ON_AD", "OUTCOME_ENGAGEMENT": "MESSENGER", "OUTCOME_SALES": "WEBSITE"}
# audience of an ad set -> its size, as the number of days in which the ad set shows it one impression per person
AUDIENCE_DAYS = {
    "Broad": 7.0,
    "Interests": 6.0,
    "Lookalike 1%": 5.0,
    "Site visitors 30d": 0.8,
    "Past buyers": 0.6,
    "Women 25-44": 5.0,
    "Men 25-54": 5.0,
    "Advantage+": 8.0,
}
AUDIENCES = tuple(AUDIENCE_DAYS)


def promoted_object(objective: str, page_id: str, pixel_id: str, app_id: str) -> dict[str, str] | None:
    if objective == "OUTCOME_SALES":
        return {"pixel_id": pixel_id, "custom_event_type": "PURCHASE"}
    if objective in ("OUTCOME_LEADS", "OUTCOME_ENGAGEMENT", "OUTCOME_AWARENESS"):
        return {"page_id": page_id}
    if objective == "OUTCOME_APP_PROMOTION":
        return {"application_id": app_id, "object_store_url": "https://apps.example/id1500000001"}
    return None


def targeting(client: Client, audience: str, *key: object) -> dict[str, Json]:
    """A plausible spec for one of `AUDIENCES`."""
    luck = dice("targeting", client.name, *key)
    countries = sorted({country for country, _, _ in client.geo})
    spec: dict[str, Json] = {
        "age_min": luck.choice((18, 21, 25)),
        "age_max": 65,
        "geo_locations": {"countries": countries},
        "targeting_automation": {"advantage_audience": int(audience == "Advantage+")},
    }
    if audience == "Interests":
        spec["flexible_spec"] = [{"interests": [interest_of(name) for name in client.interests]}]
    if audience.startswith(("Women", "Men")):
        low, high = audience.split()[1].split("-")
        spec |= {"genders": [2 if audience.startswith("Women") else 1], "age_min": int(low), "age_max": int(high)}
    if audience == "Broad":
        spec["geo_locations"] = {"regions": [region_of(country, region) for country, region, _ in client.geo[:4]]}
    return spec
