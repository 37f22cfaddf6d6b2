"""What callers give instead of the right name: arguments of other servers, and names where ids are expected."""

from __future__ import annotations

from collections.abc import Mapping

_OBJECT = ("object_id", "entity_id", "account_id")
# Their name -> the names of this server, of which the first counts that a tool has.
FOREIGN_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "account": ("account_id", "object_id"),
    "account_id": ("object_id", "account_ids", "ad_account_ids"),
    "ad_account_id": ("account_id", "object_id"),
    "act_id": ("account_id", "object_id"),
    "object_id": ("account_id", "entity_id", "campaign_id", "ad_set_id", "ad_id"),
    "id": ("object_id", "entity_id", "campaign_id", "ad_set_id", "ad_id", "creative_id", "account_id"),
    "campaign_id": _OBJECT,
    "ad_set_id": _OBJECT,
    "adset_id": ("ad_set_id", *_OBJECT),
    "ad_id": _OBJECT,
    "form_id": ("form_ids",),
    "since": ("time_range", "date_preset"),
    "until": ("time_range", "date_preset"),
    "start_date": ("time_range", "since"),
    "end_date": ("time_range", "until"),
    "date_range": ("time_range", "date_preset"),
    "period": ("date_preset", "time_range"),
    "days": ("date_preset",),
    "metrics": ("fields", "metric"),
    "columns": ("fields",),
    "filter": ("filtering", "status_filter"),
    "filters": ("filtering", "status_filter"),
    "status": ("status_filter",),
    "effective_status": ("status_filter",),
    "name": ("name_contains",),
    "search": ("name_contains", "query"),
    "q": ("query",),
    "page_size": ("limit",),
    "cursor": ("after",),
    "budget": ("daily_budget",),
    "tool": ("name",),
    "tool_name": ("name",),
    "args": ("arguments",),
    "params": ("arguments",),
    "parameters": ("arguments",),
    "input": ("arguments",),
}
# Kind of object -> the tool that lists its ids and names.
LIST_TOOLS: Mapping[str, str] = {
    "AdAccount": "ads_get_ad_accounts",
    "Campaign": "ads_get_campaigns",
    "AdSet": "ads_get_ad_sets",
    "Ad": "ads_get_ads",
    "AdCreative": "ads_get_ad_creatives",
    "AdRule": "ads_get_ad_rules",
    "AdLabel": "ads_get_ad_labels",
    "CustomAudience": "ads_get_custom_audiences",
    "CustomConversion": "ads_get_custom_conversions",
    "HighDemandPeriod": "ads_get_budget_schedules",
    "AdVideo": "ads_get_ad_videos",
    "Page": "ads_get_pages_for_business",
    "AdsPixel": "ads_get_pixels",
    "AdStudy": "ads_get_ad_studies",
    "LeadgenForm": "ads_get_lead_forms",
    "Comment": "ads_get_ad_comments",
    "any": "ads_get_campaigns",
}
