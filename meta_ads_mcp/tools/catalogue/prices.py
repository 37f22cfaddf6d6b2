"""Convert prices of items between Meta's three forms and money objects. A price is never a float.

* Graph shows a text with a sign, such as `$1,299.00`, beside `currency` (SDK class ProductItem).
* `POST {product}` and filters take an integer of hundredths, whatever the currency (Meta docs,
  marketing-api/reference/product-catalog/products and product-set).
* Feeds and items_batch take a text, such as `9.99 USD` (Meta docs, marketing-api/catalog/reference).
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.money import money, offset, to_minor
from meta_ads_mcp.errors import AdsError

HUNDREDTHS = 100
ACCEPTED = 'a price is an amount with its currency, such as "9.99 USD" or "1200 JPY"'
_PRICE = re.compile(r"(?P<amount>[0-9]{1,12}(?:\.[0-9]{1,4})?) (?P<currency>[A-Z]{3})", re.ASCII)
_DIGITS = re.compile(r"[0-9][0-9.,\s\u00a0\u202f']*")


def _check_price(text: str) -> str:
    price_minor(text)
    return text


PriceText = Annotated[
    str,
    AfterValidator(_check_price),
    Field(description='"9.99 USD"', json_schema_extra={"pattern": "^[0-9.]+ [A-Z]{3}$"}),
]


def price_minor(text: str) -> tuple[int, str]:
    """Return the minor units and the currency of `9.99 USD`. Raises ValueError, which names the accepted form."""
    match = _PRICE.fullmatch(text)
    if match is None or offset(match["currency"]) is None:
        raise ValueError(ACCEPTED)
    try:
        return to_minor(text, match["currency"]), match["currency"]
    except AdsError as error:
        raise ValueError(f"{error.message} {ACCEPTED}") from None


def to_hundredths(text: str) -> tuple[int, str]:
    """Return the hundredths and the currency of `9.99 USD`, for a request about one product."""
    minor, currency = price_minor(text)
    return minor * HUNDREDTHS // (offset(currency) or 1), currency


def to_feed_text(minor: int, currency: str) -> str:
    """Return a price as feeds and items_batch take it: `9.99 USD`."""
    return f"{money(minor, currency)['amount']} {currency}"


def shown_minor(text: Any, currency: Any) -> int | None:
    """Return the minor units of a price as Graph shows it, or None if it cannot be read without a guess.

    The last separator is a decimal one only if as many digits follow as the currency has.
    """
    match = _DIGITS.search(str(text or ""))
    units = offset(str(currency))
    if match is None or units is None:
        return None
    digits = 2 if units == HUNDREDTHS else 0
    whole, _, decimals = _split(match[0].strip(), digits)
    plain = re.sub(r"[^0-9]", "", whole)
    return int(plain) * units + int(decimals or 0) if plain else None


def _split(text: str, digits: int) -> tuple[str, str, str]:
    match = re.fullmatch(rf"(.*[0-9])([.,])([0-9]{{{digits}}})", text) if digits else None
    return (match[1], match[2], match[3]) if match else (text, "", "")


def with_prices(item: Row) -> Row:
    """Return an item with its prices as money objects. A price that cannot be read stays as Graph wrote it."""
    row = dict(item)
    currency = row.get("currency")
    for name in ("price", "sale_price"):
        minor = shown_minor(row.get(name), currency)
        if minor is not None:
            row[name] = money(minor, str(currency))
    if all(not isinstance(row.get(name), str) for name in ("price", "sale_price")) and "price" in row:
        row.pop("currency", None)
    return row
