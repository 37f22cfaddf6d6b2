"""Create custom conversions: events of a pixel that a rule selects."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meta_ads_mcp.core.params import Local, Wire
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AccountId, PixelId
from meta_ads_mcp.core.write import CreateParams
from meta_ads_mcp.tools.pixels.conversion_rule import ConversionRule, as_text

# CustomConversion.CustomEventType and .ActionSourceType of the SDK.
EventType = Literal[
    "ADD_PAYMENT_INFO",
    "ADD_TO_CART",
    "ADD_TO_WISHLIST",
    "COMPLETE_REGISTRATION",
    "CONTACT",
    "CONTENT_VIEW",
    "CUSTOMIZE_PRODUCT",
    "DONATE",
    "FACEBOOK_SELECTED",
    "FIND_LOCATION",
    "INITIATED_CHECKOUT",
    "LEAD",
    "LISTING_INTERACTION",
    "OTHER",
    "PURCHASE",
    "SCHEDULE",
    "SEARCH",
    "START_TRIAL",
    "SUBMIT_APPLICATION",
    "SUBSCRIBE",
]
ActionSource = Literal[
    "app",
    "business_messaging",
    "chat",
    "email",
    "other",
    "phone_call",
    "physical_store",
    "system_generated",
    "website",
]
_SOURCES = {"WEB": "website", "APP": "app", "MOBILE": "app"}


@tool(
    "ads_create_custom_conversion",
    Effect.CREATE,
    post("{account_id}/customconversions"),
    node="CustomConversion",
    singular="custom conversion",
    keywords="new event rule url thank you page",
    # Graph returns these under other names, or as text that it reformats.
    write_only="event_source_id action_source_type rule",
)
class CreateCustomConversion(CreateParams):
    """Create a custom conversion: events of a pixel that match a rule, counted as one event."""

    account_id: AccountId
    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str | None, Field(max_length=1000)] = None
    pixel_id: Annotated[PixelId, Wire("event_source_id")]
    event_source_type: Annotated[
        Literal["WEB", "APP", "MOBILE"], Local(), Field(description="Older spelling of action_source_type")
    ] = "WEB"
    action_source_type: ActionSource | None = None
    custom_event_type: EventType
    rule: ConversionRule
    default_conversion_value: Annotated[float | None, Field(ge=0, description="In the account's currency")] = None

    def complete_values(self, after: Row) -> Row:
        return {"action_source_type": _SOURCES[self.event_source_type], **after}

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        return {**after, "rule": as_text(self.rule)}
