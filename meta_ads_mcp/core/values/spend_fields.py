"""List the fields that decide how much is spent: one row per field, which every check reads.

Source: the parameters of Campaign, AdSet, AdAccount and HighDemandPeriod in facebook_business 26.0.3.
"""

from __future__ import annotations

import enum
import re
from typing import Any


class SpendKind(enum.Enum):
    """What a field limits. The policy counts budgets, caps and minimum spend as budgets."""

    BUDGET = "budget"
    CAP = "cap"
    MINIMUM = "minimum"
    BID = "bid"


SPEND_FIELDS: dict[str, SpendKind] = {
    "daily_budget": SpendKind.BUDGET,
    "lifetime_budget": SpendKind.BUDGET,
    "budget_value": SpendKind.BUDGET,
    "spend_cap": SpendKind.CAP,
    "daily_spend_cap": SpendKind.CAP,
    "lifetime_spend_cap": SpendKind.CAP,
    "daily_min_spend_target": SpendKind.MINIMUM,
    "lifetime_min_spend_target": SpendKind.MINIMUM,
    "bid_amount": SpendKind.BID,
}
# A budget belongs to the object itself and never becomes 0.
OBJECT_BUDGETS = ("daily_budget", "lifetime_budget")
# What POST {ad account} takes instead of an amount.
CAP_ACTION = "spend_cap_action"
_WHOLE = re.compile(r"[0-9]{1,18}(\.0{1,6})?")


class UnreadableAmount(ValueError):
    """A value that is not an amount in minor units."""


def parse_minor(value: Any) -> int | None:
    """Return an amount of Graph in minor units, or None if there is none.

    Graph writes amounts as text, as integers, and for some accounts as whole floats ("5000.0"). Raises
    UnreadableAmount for everything else, so that a caller cannot take it for 0.
    """
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer() and value >= 0:
        return int(value)
    text = str(value)
    if isinstance(value, bool) or not _WHOLE.fullmatch(text):
        raise UnreadableAmount(text[:40])
    return int(text.partition(".")[0])
