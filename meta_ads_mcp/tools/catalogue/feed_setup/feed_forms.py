"""The arguments of feeds: schedules, first feeds, and the parameters that Graph takes for them."""

from __future__ import annotations

import json
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from meta_ads_mcp.core.params import Closed, opaque_object
from meta_ads_mcp.core.ports import find_zone
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.money import offset

SCHEDULE_KEYS = "interval HOURLY | DAILY | WEEKLY | MONTHLY, url, hour, minute, day_of_week, day_of_month, timezone"
DAYS = Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]


def _check_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("the address of a feed starts with https://")
    if parts.username or parts.password or "@" in parts.netloc:
        raise ValueError("an address with a user or a password is not taken; set the login up in Commerce Manager")
    return url


def _check_country(code: str) -> str:
    if len(code) != 2 or not code.isascii() or not code.isupper():
        raise ValueError("a country is an ISO code of two letters, such as DE")
    return code


def _check_currency(code: str) -> str:
    if offset(code) is None:
        raise ValueError("a currency is an ISO code that Meta knows, such as USD")
    return code


# SDK enums ProductFeed.ItemSubType and ProductCatalog.ItemSubType.
SUB_TYPES = frozenset(
    """
    APPLIANCES BABY_FEEDING BABY_TRANSPORT BEAUTY BEDDING CAMERAS CELL_PHONES_AND_SMART_WATCHES CLEANING_SUPPLIES
    CLOTHING CLOTHING_ACCESSORIES COMPUTERS_AND_TABLETS DIAPERING_AND_POTTY_TRAINING ELECTRONICS_ACCESSORIES FURNITURE
    HEALTH HOME_GOODS JEWELRY NURSERY PRINTERS_AND_SCANNERS PROJECTORS SHOES_AND_FOOTWEAR SOFTWARE TOYS
    TVS_AND_MONITORS VIDEO_GAME_CONSOLES_AND_VIDEO_GAMES WATCHES
    """.split()
)


# SDK enums ProductFeed.FeedType and ProductFeed.OverrideType.
FEED_TYPES = frozenset(
    """
    ACTIVITY APP_AND_SOFTWARE ARTICLE_AND_PUBLICATION AUTOMOTIVE_MODEL COLLECTION DESTINATION FLIGHT HOME_LISTING
    HOTEL HOTEL_ROOM LOCAL_INVENTORY MEDIA_TITLE OFFER PRODUCTS PRODUCT_RATINGS_AND_REVIEWS SERVICE TRANSACTABLE_ITEMS
    VEHICLES VEHICLE_OFFER
    """.split()
)
OVERRIDE_TYPES = frozenset(
    """
    BATCH_API_LANGUAGE_OR_COUNTRY CATALOG_SEGMENT_CUSTOMIZE_DEFAULT COUNTRY LANGUAGE LANGUAGE_AND_COUNTRY LOCAL
    SMART_PIXEL_LANGUAGE_OR_COUNTRY VERSION
    """.split()
)


def word_of(words: frozenset[str]) -> AfterValidator:
    """Return a validator for a closed list that is too long for the schema; the error has all of it."""

    def check(value: str) -> str:
        if value not in words:
            raise ValueError(f"it is one of {', '.join(sorted(words))}")
        return value

    return AfterValidator(check)


ItemSubType = Annotated[str, word_of(SUB_TYPES), Field(description="Such as CLOTHING", max_length=60)]
FeedType = Annotated[str, word_of(FEED_TYPES), Field(description="Such as PRODUCTS", max_length=60)]
OverrideType = Annotated[str, word_of(OVERRIDE_TYPES), Field(description="Such as COUNTRY", max_length=60)]
FeedAddress = Annotated[str, AfterValidator(_check_address), Field(max_length=2000, description="https")]
FeedCurrency = Annotated[str, AfterValidator(_check_currency), Field(max_length=3, description="Such as USD")]
FeedCountry = Annotated[str, AfterValidator(_check_country), Field(max_length=2, description="ISO code")]


class FeedSchedule(Closed):
    """When Meta fetches a feed. Source: SDK class ProductFeedSchedule."""

    model_config = ConfigDict(json_schema_extra=opaque_object(SCHEDULE_KEYS))

    interval: Literal["HOURLY", "DAILY", "WEEKLY", "MONTHLY"]
    url: FeedAddress
    hour: Annotated[int | None, Field(ge=0, le=23)] = None
    minute: Annotated[int | None, Field(ge=0, le=59)] = None
    interval_count: Annotated[int | None, Field(ge=1, le=365)] = None
    day_of_week: DAYS | None = None
    day_of_month: Annotated[int | None, Field(ge=1, le=31)] = None
    timezone: Annotated[str | None, Field(max_length=64)] = None

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if self.interval != "HOURLY" and self.hour is None:
            raise ValueError(f"a schedule with the interval {self.interval} has an hour")
        if (self.interval == "WEEKLY") != (self.day_of_week is not None):
            raise ValueError("day_of_week goes with the interval WEEKLY, which requires it")
        if (self.interval == "MONTHLY") != (self.day_of_month is not None):
            raise ValueError("day_of_month goes with the interval MONTHLY, which requires it")
        if self.timezone is not None and find_zone(self.timezone) is None:
            raise ValueError("timezone is a name such as Europe/Berlin")
        return self

    def to_graph(self) -> str:
        """Return the schedule as Graph takes it: JSON text."""
        return json.dumps(self.model_dump(exclude_none=True))


class UpdateSchedule(FeedSchedule):
    """When Meta fetches a feed that only updates and adds items."""

    model_config = ConfigDict(json_schema_extra=opaque_object("As schedule"))


class FirstFeed(Closed):
    """The feed of a new catalog."""

    model_config = ConfigDict(
        json_schema_extra=opaque_object("name, schedule of ads_catalog_create_product_feed, default_currency, country")
    )

    name: Annotated[str, Field(min_length=1, max_length=200)]
    schedule: FeedSchedule | None = None
    default_currency: FeedCurrency | None = None
    country: FeedCountry | None = None


class DisplaySettings(Closed):
    """How images of items are shown in ads. Source: SDK class ProductCatalogImageSettings."""

    model_config = ConfigDict(json_schema_extra=opaque_object("carousel_ad, single_ad: {transformation_type}"))

    carousel_ad: dict[str, str] | None = None
    single_ad: dict[str, str] | None = None


class SetMetadata(Closed):
    """What a collection shows of a product set. Source: SDK class ProductSetMetadata."""

    model_config = ConfigDict(json_schema_extra=opaque_object("cover_image_url, description, external_url"))

    cover_image_url: FeedAddress | None = None
    description: Annotated[str | None, Field(max_length=2000)] = None
    external_url: FeedAddress | None = None


def feed_params(feed: FirstFeed) -> Row:
    """Return the parameters of a new feed."""
    values: Row = feed.model_dump(exclude_none=True, exclude={"schedule"})
    return values | ({"schedule": feed.schedule.to_graph()} if feed.schedule else {})


ZONE_NOTE = "The schedule has no timezone: no source says in which zone Meta then reads the hour. Give one."


def lacks_zone(*schedules: FeedSchedule | None) -> bool:
    """Return whether the hour of a schedule is in a time zone that nobody knows."""
    return any(item is not None and item.interval != "HOURLY" and item.timezone is None for item in schedules)
