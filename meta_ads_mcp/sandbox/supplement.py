"""What Meta documents and the SDK's generated classes lack. Every entry names its source.

"docs:" is a path below developers.facebook.com/docs (or its successor documentation/ads-commerce).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Extra:
    """Params (name -> SDK type) of an edge that the SDK has no method for, or has with fewer params."""

    source: str
    params: Mapping[str, str] = field(default_factory=dict)
    returns: str = ""


# Params of every call. docs: graph-api/overview, graph-api/guides/secure-requests, graph-api/batch-requests
EVERYWHERE = {
    "access_token": "string",
    "appsecret_proof": "string",
    "appsecret_time": "int",
    "fields": "string",
    "format": "enum:json",
    "debug": "enum:all|info|warning",
    "include_headers": "bool",
    "locale": "string",
    "method": "enum:GET|POST|DELETE",
    "pretty": "bool",
}

# Params of every GET on an edge. docs: graph-api/results (paging)
ON_EDGES = {"limit": "int", "after": "string", "before": "string"}

# What the Cursor of Meta's SDK sends to every edge (facebook_business/api.py); an edge that cannot count ignores it.
OF_CURSORS = {"summary": "string", "default_summary": "string"}

# Edges that answer `summary` with a count. docs: the "Summary" table of each edge's reference page
COUNTABLE = frozenset(
    {"ads", "adsets", "campaigns", "adimages", "advideos", "adcreatives", "comments", "likes", "reactions"}
)

# Edges with `filtering`. docs: marketing-api/guides/lead-ads/retrieving and marketing-api/audiences; the campaign
# structure is filtered as Ads Manager does it (marketing-api/campaign-structure)
FILTERABLE = frozenset(
    {"ads", "adsets", "campaigns", "leads", "customaudiences", "adcreatives", "advideos", "saved_audiences"}
)

_ASYNC = "docs: marketing-api/asyncrequests"
_SEARCH = "docs: marketing-api/audiences/reference/targeting-search"

EDGES: dict[str, Extra] = {
    "Root GET search": Extra(
        _SEARCH,
        {
            "type": "enum:adcountry|adeducationmajor|adeducationschool|adgeolocation|adgeolocationmeta|adinterest|"
            "adinterestsuggestion|adinterestvalid|adlocale|adradiussuggestion|adTargetingCategory|adworkemployer|"
            "adworkposition|adzipcode|targetingoptionstatus",
            "q": "string",
            "class": "enum:behaviors|demographics|family_statuses|income|industries|interests|life_events|user_device|"
            "user_os|education_statuses|relationship_statuses|home_ownership|home_type|moms|politics",
            "location_types": "list<string>",
            "country_code": "string",
            "region_id": "int",
            "match_country_code": "bool",
            "places": "list<string>",
            "countries": "list<string>",
            "regions": "list<string>",
            "cities": "list<string>",
            "zips": "list<string>",
            "interest_list": "list<string>",
            "interest_fbid_list": "list<string>",
            "targeting_option_list": "list<string>",
            "latitude": "float",
            "longitude": "float",
            "distance_unit": "enum:kilometer|mile",
            "limit_type": "string",
            "regulated_categories": "list<string>",
        },
        "TargetingSearchRow",
    ),
    "Root GET dataset_quality": Extra(
        "docs: marketing-api/conversions-api/dataset-quality-api", {"dataset_id": "string", "agent_name": "string"}
    ),
    "Root GET ads_archive": Extra(
        "docs: graph-api/reference/ads_archive",
        {
            "ad_reached_countries": "list<string>",
            "search_terms": "string",
            "search_page_ids": "list<string>",
            "search_type": "enum:KEYWORD_UNORDERED|KEYWORD_EXACT_PHRASE",
            "ad_type": "enum:ALL|POLITICAL_AND_ISSUE_ADS|HOUSING_ADS|EMPLOYMENT_ADS|"
            "FINANCIAL_PRODUCTS_AND_SERVICES_ADS",
            "ad_active_status": "enum:ACTIVE|ALL|INACTIVE",
            "ad_delivery_date_min": "string",
            "ad_delivery_date_max": "string",
            "media_type": "enum:ALL|IMAGE|MEME|VIDEO|NONE",
            "publisher_platforms": "list<string>",
            "languages": "list<string>",
            "unmask_removed_content": "bool",
        },
        "ArchivedAd",
    ),
    "Root GET debug_token": Extra("docs: facebook-login/guides/access-tokens/debugging", {"input_token": "string"}),
    "Root GET oauth/access_token": Extra(
        "docs: facebook-login/guides/access-tokens/get-long-lived",
        {
            "grant_type": "enum:fb_exchange_token|client_credentials",
            "client_id": "string",
            "client_secret": "string",
            "fb_exchange_token": "string",
            "set_token_expires_in_60_days": "bool",
        },
    ),
    "User GET accounts": Extra("docs: graph-api/reference/user/accounts", {}, "PageOfUser"),
    "AdAccount POST adimages": Extra("docs: marketing-api/reference/ad-image", {"name": "string", "filename": "file"}),
    **{
        f"{place}": Extra(
            "docs: marketing-api/out-of-cycle-changes/occ-2025 (BRAZIL_REGULATION)",
            {
                "regional_regulated_categories": "list<enum:AdSet.RegionalRegulatedCategories>",
            }
            # Taken at an update, and without effect. docs: marketing-api/dynamic-creative
            | ({"is_dynamic_creative": "bool"} if place.startswith("AdSet") else {}),
        )
        for place in ("AdAccount POST adsets", "AdSet POST ")
    },
    "AdAsyncRequestSet GET ": Extra(_ASYNC),
    "AdAsyncRequestSet GET requests": Extra(_ASYNC, {}, "AdAsyncRequest"),
    "AdAccount POST async_batch_requests": Extra(_ASYNC, {}, "AdAsyncRequestSet"),
    # Edge classes of the SDK (ProductSetDAChecks, ProductFeedRulePreviewSamples), so no methods of the nodes.
    "ProductSet GET da_checks": Extra(
        "docs: marketing-api/reference/product-set (da_checks)",
        {
            "checks": "list<string>",
            "connection_method": "enum:DACheck.ConnectionMethod",
            "with_issue_only": "bool",
            "capabilities": "list<string>",
            "features": "list<string>",
            "categories": "list<string>",
        },
        "DACheck",
    ),
    "ProductFeed GET rule_preview_samples": Extra(
        "docs: marketing-api/reference/product-feed/rules",
        {"attribute": "string", "rule_type": "string", "params": "string"},
    ),
    # An edge class of the SDK (OpportunityScoreChangelog.genget), so no method of AdAccount.
    "AdAccount GET opportunity_score_history": Extra(
        "docs: marketing-api/best-practices (Performance Recommendations History API)",
        {"from_date": "string", "to_date": "string", "get_reason": "bool"},
    ),
    "IGBCAdsPermission GET ": Extra("docs: marketing-api/ad-creative/partnership-ads (SDK: IGBCAdsPermission.api_get)"),
    "Photo GET ": Extra("docs: graph-api/reference/photo"),
    "Photo DELETE ": Extra("docs: graph-api/reference/photo"),
    "AdReportRun GET insights": Extra("docs: marketing-api/insights/best-practices", {}, "AdsInsights"),
    # A report answers with its run; `fields` are those of the rows to come.
    **{
        f"{node} POST insights": Extra("docs: marketing-api/insights/best-practices", {}, "AdsInsights")
        for node in ("AdAccount", "Campaign", "AdSet", "Ad")
    },
}

# A class that has the fields and edges of another and some of its own.
ALIASES = {"PageOfUser": "Page"}

# Fields that are documented but not in the SDK: name -> (type, source)
FIELDS: dict[str, dict[str, tuple[str, str]]] = {
    # The SDK names it as a param of the upload; Airbyte's source reads it every day.
    "AdImage": {"filename": ("string", "SDK: AdImage.Field.filename")},
    "AdCreativeObjectStorySpec": {"threads_user_id": ("string", "docs: marketing-api/ad-creative/threads-ads")},
    "TargetingAutomation": {"device": ("unsigned int", "Meta blog, 2026-11-04, Marketing API v27.0")},
    "ArchivedAd": dict.fromkeys(
        "id page_id page_name ad_creation_time ad_delivery_start_time ad_delivery_stop_time ad_creative_bodies "
        "ad_creative_link_titles ad_creative_link_captions ad_creative_link_descriptions languages publisher_platforms "
        "eu_total_reach target_ages target_gender target_locations age_country_gender_reach_breakdown "
        "beneficiary_payers bylines spend impressions currency ad_snapshot_url".split(),
        ("string", "docs: graph-api/reference/ads_archive"),
    ),
    "PageOfUser": {
        "tasks": ("list<string>", "docs: graph-api/reference/user/accounts"),
        "perms": ("list<string>", "docs: graph-api/reference/user/accounts"),
    },
    "TargetingSearchRow": dict.fromkeys(
        "id name type path description audience_size_lower_bound audience_size_upper_bound topic key country_code "
        "country_name region region_id supports_region supports_city valid disambiguation_category raw_name "
        "partner source primary_city primary_city_id coverage subtext".split(),
        ("string", _SEARCH),
    ),
}

# Fields of the SDK that Graph answers as an edge, nested in `data`. docs: marketing-api/bidding/value-rules
ANSWERED_AS_EDGES = {"AdsValueAdjustmentRuleCollection": frozenset({"rules"})}

# Values in use that the SDK's enum lacks.
ENUM_VALUES: dict[str, tuple[str, ...]] = {
    # docs: marketing-api/out-of-cycle-changes/occ-2025 (BRAZIL_REGULATION); the others are reported by users
    "AdSet.RegionalRegulatedCategories": (
        "TAIWAN_FINSERV", "TAIWAN_UNIVERSAL", "SINGAPORE_UNIVERSAL", "THAILAND_UNIVERSAL", "AUSTRALIA_FINSERV",
        "INDIA_FINSERV", "BRAZIL_REGULATION",
    ),
}  # fmt: skip


def generic_params(method: str, edge: str) -> dict[str, str]:
    """Return the params that Graph takes here, whatever the SDK lists and whatever type it gives them."""
    return EVERYWHERE | ON_EDGES if method == "GET" and edge else dict(EVERYWHERE)


def list_params(method: str, edge: str) -> dict[str, str]:
    """Return the params that Graph takes on a list; where the SDK lists one too, its type counts."""
    if method != "GET" or not edge:
        return {}
    return OF_CURSORS | ({"filtering": "list<Object>"} if edge in FILTERABLE else {})
