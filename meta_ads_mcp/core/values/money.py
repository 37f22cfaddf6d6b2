"""Money: Meta's minor units, and what a person reads.

Budgets, bids, caps and balances are integers in the currency's minor unit *as Meta defines it*: an offset of 1 for the
currencies below, 100 for the others (Meta docs, marketing-api/currencies). It is not ISO 4217: HUF, IDR, COP, CRC and
TWD have no subunit here, BHD and JOD have two digits. Metrics of insights are decimals in major units.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from meta_ads_mcp.errors import InvalidArguments

WITHOUT_SUBUNIT = frozenset("CLP COP CRC HUF ISK IDR JPY KRW PYG TWD VND".split())
WITH_SUBUNIT = frozenset(
    """DZD ARS AUD BHD BDT BOB BGN BRL GBP CAD CNY HRK CZK DKK EGP EUR GTQ HNL HKD INR ILS JOD KES LVL LTL MOP MYR MXN
    NZD NIO NGN NOK PKR PEN PHP PLN QAR RON RUB SAR RSD SGD SKK ZAR SEK CHF THB TRY AED UAH USD UYU VEF VES FBZ
""".split()
)

_WRITTEN = re.compile(r"(?P<amount>[0-9]{1,15}(\.[0-9]{1,4})?) (?P<currency>[A-Z]{3})")
_MINOR = re.compile(r"[0-9]{1,18}")


def offset(currency: str) -> int | None:
    """How many minor units one unit of the currency has for Meta; None when Meta's list does not have the currency."""
    if currency in WITHOUT_SUBUNIT:
        return 1
    return 100 if currency in WITH_SUBUNIT else None


def money(minor: int, currency: str) -> dict[str, Any]:
    """The contract's money object. `amount` is left out where Meta's offset is not known: it is not guessed."""
    units = offset(currency)
    if units is None:
        return {"minor": minor, "currency": currency}
    amount = Decimal(minor) / units
    return {"minor": minor, "amount": f"{amount:.2f}" if units == 100 else f"{amount:.0f}", "currency": currency}


def format_money(value: dict[str, Any]) -> str:
    """A money object as a person reads it: `50.00 USD`."""
    return f"{value.get('amount', value['minor'])} {value['currency']}"


def to_minor(value: int | str, currency: str) -> int:
    """A money argument in the account's minor units.

    Raises InvalidArguments when the written currency is not the account's, its offset is not known, or the amount has
    more digits than the currency.
    """
    if isinstance(value, int):
        return value
    match = _WRITTEN.fullmatch(value)
    if match is None:
        raise InvalidArguments(
            "A money argument is an integer in minor units, or an amount with its currency.",
            'Write it like 5000 or "50.00 USD".',
        )
    if match["currency"] != currency:
        raise InvalidArguments(
            f"The amount is in {match['currency']}, the account is in {currency}.", f"Give the amount in {currency}."
        )
    return _minor_of(Decimal(match["amount"]), currency)


def _minor_of(amount: Decimal, currency: str) -> int:
    units = offset(currency)
    if units is None:
        raise InvalidArguments(
            f"Meta's minor unit of {currency} is not known to this server.",
            "Give the amount as an integer in minor units, as Graph shows it.",
        )
    minor = amount * units
    if minor != minor.to_integral_value():
        digits = "no decimals" if units == 1 else "two decimals"
        raise InvalidArguments(f"An amount in {currency} has {digits}.", "Give the amount without the extra digits.")
    return int(minor)


def standard(minor: int, currency: str) -> int | float:
    """Minor units in the currency's own unit (2350 → 23.5), which Graph wants for the spend cap of an account alone.

    Source: Meta docs, marketing-api/reference/ad-account (spend_cap: "in standard denomination"). Raises
    InvalidArguments for a currency whose offset is not known: a guess could be wrong by a factor of 100.
    """
    units = offset(currency)
    if units is None:
        raise InvalidArguments(
            f"Meta's minor unit of {currency} is not known to this server.", "Change the amount in Ads Manager."
        )
    whole, rest = divmod(minor, units)
    return minor / units if rest else whole


def _money_argument(value: Any) -> Any:
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        return value
    if isinstance(value, (int, str)) and not isinstance(value, bool) and _MINOR.fullmatch(str(value)):
        return int(value)
    raise ValueError('money is an integer in minor units, or an amount like "50.00 USD"')


class IsMoney:
    """Marks an argument that is converted with the account's currency before it is sent."""


Money = Annotated[
    int | str,
    BeforeValidator(_money_argument),
    IsMoney(),
    Field(description='Minor units (5000), or "50.00 USD"'),
]
