"""The values that ads_catalog_update_entity changes, by type of object, with Graph's parameters for them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.catalogue.feed_setup.feed_forms import (
    DisplaySettings,
    FeedAddress,
    FeedCurrency,
    FeedSchedule,
    SetMetadata,
)
from meta_ads_mcp.tools.catalogue.prices import PriceText, price_minor

Name = Annotated[str, Field(min_length=1, max_length=200)]
Label = Annotated[str, Field(max_length=110)]
Availability = Literal[
    "in stock",
    "out of stock",
    "preorder",
    "available for order",
    "discontinued",
    "pending",
    "mark_as_sold",
    "mark_as_expired",
]
Condition = Literal["new", "refurbished", "used", "used_like_new", "used_good", "used_fair", "cpo", "open_box_new"]


class CatalogValues(Closed):
    """Values of a catalog."""

    name: Name | None = None
    default_image_url: FeedAddress | None = None
    fallback_image_url: FeedAddress | None = None
    da_display_settings: DisplaySettings | None = None

    def to_graph(self) -> Row:
        """Return Graph's parameters."""
        return self.model_dump(exclude_none=True)


class SetValues(Closed):
    """Values of a product set."""

    name: Name | None = None
    filter: dict[str, Any] | None = None
    retailer_id: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    metadata: SetMetadata | None = None

    def to_graph(self) -> Row:
        """Return Graph's parameters."""
        return self.model_dump(exclude_none=True)


class FeedValues(Closed):
    """Values of a feed. A schedule of null is removed."""

    name: Name | None = None
    schedule: FeedSchedule | None = None
    update_schedule: FeedSchedule | None = None
    default_currency: FeedCurrency | None = None
    delimiter: Literal["AUTODETECT", "BAR", "COMMA", "SEMICOLON", "TAB", "TILDE"] | None = None
    encoding: Literal["AUTODETECT", "LATIN1", "UTF16BE", "UTF16LE", "UTF32BE", "UTF32LE", "UTF8"] | None = None
    quoted_fields_mode: Literal["AUTODETECT", "OFF", "ON"] | None = None
    deletion_enabled: bool | None = None

    def to_graph(self) -> Row:
        """Return Graph's parameters; schedules are JSON texts."""
        values = self.model_dump(exclude_none=True)
        return {
            **values,
            **{name: getattr(self, name).to_graph() for name in ("schedule", "update_schedule") if name in values},
        }


class RuleValues(Closed):
    """Values of a feed rule."""

    params: dict[str, Any]

    def to_graph(self) -> Row:
        """Return Graph's parameters."""
        return {"params": self.params}


class ItemValues(Closed):
    """Values of a single product. Prices are amounts with their currency."""

    name: Name | None = None
    description: Annotated[str | None, Field(min_length=1, max_length=9999)] = None
    availability: Availability | None = None
    condition: Condition | None = None
    brand: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    price: PriceText | None = None
    sale_price: PriceText | None = None
    currency: FeedCurrency | None = None
    url: Annotated[str | None, Field(pattern="^https?://", max_length=2000)] = None
    image_url: Annotated[str | None, Field(pattern="^https?://", max_length=2000)] = None
    visibility: Literal["published", "staging"] | None = None
    custom_label_0: Label | None = None
    custom_label_1: Label | None = None
    custom_label_2: Label | None = None
    custom_label_3: Label | None = None
    custom_label_4: Label | None = None

    @model_validator(mode="after")
    def _check_prices(self) -> Self:
        currencies = {price_minor(text)[1] for text in (self.price, self.sale_price) if text}
        if len(currencies | ({self.currency} if self.currency else set())) > 1:
            raise ValueError("price, sale_price and currency name one currency")
        if self.price and self.sale_price and price_minor(self.sale_price)[0] >= price_minor(self.price)[0]:
            raise ValueError("sale_price is below price")
        return self

    def to_graph(self) -> Row:
        """Return Graph's parameters, with prices still as texts."""
        return self.model_dump(exclude_none=True)


CHANGEABLE: dict[str, type[CatalogValues | SetValues | FeedValues | RuleValues | ItemValues]] = {
    "catalog": CatalogValues,
    "product_set": SetValues,
    "product_feed": FeedValues,
    "feed_rule": RuleValues,
    "product": ItemValues,
}
