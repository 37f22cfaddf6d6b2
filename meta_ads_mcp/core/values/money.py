"""Convert amounts of money between Meta's minor units and what a person reads.

Budgets, bids, caps and balances are integers in the currency's minor unit *as Meta defines it*: an offset of 1 for the
currencies without a subunit below, 100 for the others (Meta docs, marketing-api/currencies). It is not ISO 4217: HUF,
IDR, COP, CRC and TWD have no subunit at Meta, BHD and JOD have two digits. Metrics of insights are decimals in major
units.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from meta_ads_mcp.errors import InvalidArguments

# The currencies of facebook_business 26.0.3 (AdAccount.Currency), and those that only Meta's page lists.
WITHOUT_SUBUNIT = frozenset("CLP COP CRC HUF ISK IDR JPY KRW PYG TWD VND".split())
WITH_SUBUNIT = frozenset(
    """DZD ARS AUD BHD BDT BOB BGN BRL GBP CAD CNY HRK CZK DKK EGP EUR GTQ HNL HKD INR ILS JOD KES LKR LVL LTL MOP MYR
    MXN NZD NIO NGN NOK PKR PEN PHP PLN QAR RON RUB SAR RSD SGD SKK ZAR SEK CHF THB TRY AED UAH USD UYU VEF VES FBZ
""".split()
)
# Currencies that are called dollar, for which `$` may stand.
DOLLARS = frozenset("AUD CAD HKD NZD SGD TWD USD".split())

_AMOUNT = re.compile(
    r"(?P<sign>\$)?(?P<whole>[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,15})(?:\.(?P<decimals>[0-9]{1,4}))?"
    r"(?(sign)| (?P<currency>[A-Z]{3}))",
    re.ASCII,
)
_MINOR = re.compile(r"[0-9]{1,18}")
ACCEPTED_FORMS = 'an integer in minor units (5000), or an amount with its currency like "50.00 USD" or "50 USD"'


def offset(currency: str) -> int | None:
    """Return how many minor units one unit of the currency has for Meta; None for a currency that Meta lacks."""
    if currency in WITHOUT_SUBUNIT:
        return 1
    return 100 if currency in WITH_SUBUNIT else None


def money(minor: int, currency: str) -> dict[str, Any]:
    """Return the contract's money object: `minor` units, `currency` (ISO 4217 code) and `amount` as decimal text.

    `amount` is left out where Meta's offset is unknown: a guess could be wrong by a factor of 100.
    """
    units = offset(currency)
    if units is None:
        return {"minor": minor, "currency": currency}
    amount = Decimal(minor) / units
    return {"minor": minor, "amount": f"{amount:.2f}" if units == 100 else f"{amount:.0f}", "currency": currency}


def format_money(value: dict[str, Any]) -> str:
    """Format a money object for a person: `1,250.00 USD`, `1,250 JPY`. Money arguments accept this form, too."""
    amount = value.get("amount")
    return f"{value['minor'] if amount is None else f'{Decimal(amount):,}'} {value['currency']}"


def to_minor(value: int | str, currency: str) -> int:
    """Return a money argument in minor units of the account's currency.

    An integer is in minor units already. A text is an amount with its currency ("1,200.00 USD"), or with `$` in an
    account whose currency is a dollar. It has exactly the decimals of its currency, or none.

    Raises InvalidArguments when the currency is not the account's, its offset is unknown, or the amount is ambiguous.
    """
    if isinstance(value, int):
        return value
    match = _AMOUNT.fullmatch(value)
    if match is None:
        raise InvalidArguments(f"A money argument is {ACCEPTED_FORMS}.", f'Write it like "{_example(currency)}".')
    if match["sign"] and currency not in DOLLARS:
        raise InvalidArguments(
            f"$ does not name the account's currency, {currency}.", f'Write the amount like "{_example(currency)}".'
        )
    if not match["sign"] and match["currency"] != currency:
        raise InvalidArguments(
            f"The amount is in {match['currency']}, the account is in {currency}.", f"Give the amount in {currency}."
        )
    units = offset(currency)
    if units is None:
        raise InvalidArguments(
            f"Meta's minor unit of {currency} is not known to this server.",
            "Give the amount as an integer in minor units, as Graph shows it.",
        )
    problem = _ambiguity(match, currency)
    if problem:
        raise InvalidArguments(problem, f'Write it like "{_example(currency)}".')
    return int(Decimal(_plain(match)) * units)


def _ambiguity(match: re.Match[str], currency: str) -> str | None:
    """Return why a written amount can be read in two ways, or None. In half of the world 1.200 is 1,200.00."""
    whole, decimals = match["whole"], match["decimals"]
    digits = 0 if currency in WITHOUT_SUBUNIT else 2
    if decimals is not None and len(decimals) != digits:
        form = "no decimals" if digits == 0 else "two decimals or none"
        return f'"{match[0]}" is ambiguous: an amount in {currency} has {form}.'
    if whole.count(",") == 1 and decimals is None and digits:
        return f'"{match[0]}" is ambiguous: with a comma for thousands, an amount in {currency} needs its two decimals.'
    return None


def _plain(match: re.Match[str]) -> str:
    return match["whole"].replace(",", "") + (f".{match['decimals']}" if match["decimals"] else "")


def _example(currency: str) -> str:
    return f"1200 {currency}" if currency in WITHOUT_SUBUNIT else f"1200.00 {currency}"


def standard(minor: int, currency: str) -> int | float:
    """Return minor units in the currency's own unit (2350 → 23.5), as Graph takes the spend cap of an account alone.

    Source: Meta docs, marketing-api/reference/ad-account (spend_cap: "in standard denomination"). Raises
    InvalidArguments for a currency whose offset is unknown: a guess could be wrong by a factor of 100.
    """
    units = offset(currency)
    if units is None:
        raise InvalidArguments(
            f"Meta's minor unit of {currency} is not known to this server.", "Change the amount in Ads Manager."
        )
    whole, rest = divmod(minor, units)
    return minor / units if rest else whole


def _read_argument(value: Any) -> Any:
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        currency = match["currency"]
        problem = _ambiguity(match, currency) if currency and offset(currency) else None
        if problem:
            raise ValueError(f'{problem} Write it like "{_example(currency)}"')
        return value
    if isinstance(value, (int, str)) and not isinstance(value, bool) and _MINOR.fullmatch(str(value)):
        return int(value)
    raise ValueError(f"money is {ACCEPTED_FORMS}")


class IsMoney:
    """Marks an argument that is converted with the account's currency before it is sent."""


Money = Annotated[
    int | str,
    BeforeValidator(_read_argument),
    IsMoney(),
    Field(description='Minor units, or "50.00 USD"'),
]
