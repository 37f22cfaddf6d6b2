"""The promoted object of an ad set or campaign, with the keys of Meta's SDK class (a test compares them)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from meta_ads_mcp.core.params import Closed, Form, opaque_object
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.domain.meta_objects import Promoted


class OmnichannelObject(Closed):
    """App, pixel and shop of one omnichannel goal (Meta docs: marketing-api/reference/ad-campaign)."""

    model_config = ConfigDict(json_schema_extra=opaque_object("app, pixel, onsite: lists of objects"))

    app: list[Promoted] | None = None
    pixel: list[Promoted] | None = None
    onsite: list[Promoted] | None = None


class PromotedObject(Closed):
    """What an ad set or campaign promotes (SDK class AdPromotedObject). The goal decides which keys are required."""

    model_config = ConfigDict(
        json_schema_extra=opaque_object(
            "page_id | pixel_id + custom_event_type | application_id + object_store_url | product_set_id …"
        )
    )

    page_id: ObjectId | None = None
    pixel_id: ObjectId | None = None
    custom_event_type: Annotated[str | None, Form("an event type", "PURCHASE"), Field(pattern="^[A-Z_]{1,60}$")] = None
    custom_event_str: Annotated[str | None, Field(max_length=100)] = None
    custom_conversion_id: ObjectId | None = None
    pixel_rule: Annotated[str | None, Field(max_length=5000)] = None
    pixel_aggregation_rule: Annotated[str | None, Field(max_length=5000)] = None
    application_id: ObjectId | None = None
    object_store_url: Annotated[str | None, Field(max_length=1000)] = None
    object_store_urls: Annotated[list[str] | None, Field(max_length=10)] = None
    product_set_id: ObjectId | None = None
    product_catalog_id: ObjectId | None = None
    product_item_id: ObjectId | None = None
    event_id: ObjectId | None = None
    offer_id: ObjectId | None = None
    offline_conversion_data_set_id: ObjectId | None = None
    whatsapp_phone_number: Annotated[str | None, Field(max_length=30)] = None
    whats_app_business_phone_number_id: ObjectId | None = None
    lead_ads_form_event_source_type: Annotated[str | None, Field(max_length=60)] = None
    conversion_goal_id: ObjectId | None = None
    retention_days: Annotated[str | None, Field(max_length=10)] = None
    variation: Annotated[str | None, Field(max_length=60)] = None
    place_page_set_id: ObjectId | None = None
    omnichannel_object: OmnichannelObject | None = None
    multi_event_product: int | None = None
    lead_ads_custom_event_str: Annotated[str | None, Field(max_length=100)] = None
    lead_ads_custom_event_type: Annotated[str | None, Field(max_length=60)] = None
    lead_ads_offsite_conversion_type: Annotated[str | None, Field(max_length=60)] = None
    lead_ads_follow_up_event: Annotated[str | None, Field(max_length=60)] = None
    lead_ads_quality_volume_setting: Annotated[str | None, Field(max_length=60)] = None
    lead_ads_selected_pixel_id: ObjectId | None = None
    smart_pse_enabled: bool | None = None
    smart_pse_setting: Literal["ENABLED", "DISABLED"] | None = None
    product_set_optimization: Annotated[str | None, Field(max_length=60)] = None
    optimization_product_set_id: ObjectId | None = None
    boosted_product_set_id: ObjectId | None = None
    value_semantic_type: Annotated[str | None, Field(max_length=60)] = None
    full_funnel_objective: Annotated[str | None, Field(max_length=60)] = None
    fundraiser_campaign_id: ObjectId | None = None
    instagram_actor_id: ObjectId | None = None
