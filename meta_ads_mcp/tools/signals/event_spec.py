"""The parts of a conversion event, with the keys that this server sends (SDK classes serverside.Event and below)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field

from meta_ads_mcp.core.params import Closed, opaque_object
from meta_ads_mcp.domain.normalization.match_keys import HASHED_KEYS, PLAIN_KEYS

# SDK enum serverside.ActionSource.
EventSource = Literal[
    "website",
    "app",
    "physical_store",
    "phone_call",
    "chat",
    "email",
    "business_messaging",
    "system_generated",
    "other",
]
EVENT_SOURCES: tuple[str, ...] = get_args(EventSource)
USER_KEYS = (*HASHED_KEYS, *PLAIN_KEYS)
CUSTOM_KEYS = ("value", "currency", "content_ids", "contents", "content_type", "order_id")
APP_KEYS = ("advertiser_tracking_enabled", "application_tracking_enabled", "extinfo")
EVENT_KEYS = ("event_name", "event_time", "event_id", "event_source_url", "action_source")
# Every key, with the part of the event that holds it; "" is the event itself.
PART_OF = {
    **dict.fromkeys(EVENT_KEYS, ""),
    **dict.fromkeys(USER_KEYS, "user_data"),
    **dict.fromkeys(CUSTOM_KEYS, "custom_data"),
    **dict.fromkeys(APP_KEYS, "app_data"),
}
Personal = Annotated[list[str], Field(max_length=20)]
Text = Annotated[str, Field(max_length=2000)]


class UserData(Closed):
    """Hold customer information in the clear, or hashed. Each key of a list takes one value or several."""

    em: Personal | None = None
    ph: Personal | None = None
    fn: Personal | None = None
    ln: Personal | None = None
    ge: Personal | None = None
    db: Personal | None = None
    ct: Personal | None = None
    st: Personal | None = None
    zp: Personal | None = None
    country: Personal | None = None
    external_id: Personal | None = None
    client_ip_address: Text | None = None
    client_user_agent: Text | None = None
    fbc: Text | None = None
    fbp: Text | None = None
    lead_id: Text | None = None
    madid: Text | None = None


class CustomData(Closed):
    """Hold what was bought. `value` is in major units of `currency`."""

    value: float | None = None
    currency: Text | None = None
    content_ids: Annotated[list[str] | None, Field(max_length=500)] = None
    contents: Annotated[list[dict[str, Any]] | None, Field(max_length=500)] = None
    content_type: Text | None = None
    order_id: Text | None = None


class AppData(Closed):
    """Hold what Meta requires of an event in an app. `extinfo` has 16 texts."""

    advertiser_tracking_enabled: bool | None = None
    application_tracking_enabled: bool | None = None
    extinfo: Annotated[list[str] | None, Field(max_length=16)] = None


class ConversionEvent(Closed):
    """Hold one event as the caller gives it."""

    model_config = ConfigDict(
        json_schema_extra=opaque_object(
            "event_name, event_time, event_id, event_source_url, action_source, user_data {em, ph, fn, ln, ge, db, ct, "
            "st, zp, country, external_id, client_ip_address, client_user_agent, fbc, fbp, lead_id, madid}, "
            "custom_data {value, currency, content_ids, contents, content_type, order_id}, app_data "
            "{advertiser_tracking_enabled, application_tracking_enabled, extinfo}"
        )
    )

    event_name: Text
    event_time: int | str
    event_id: Text | None = None
    event_source_url: Text | None = None
    action_source: EventSource | None = None
    user_data: UserData
    custom_data: CustomData | None = None
    app_data: AppData | None = None


def flat_values(event: ConversionEvent) -> dict[str, Any]:
    """Return the values of an event by key, without its parts."""
    values: dict[str, Any] = {}
    for name, value in event.model_dump(exclude_none=True).items():
        values |= value if isinstance(value, dict) else {name: value}
    return values
