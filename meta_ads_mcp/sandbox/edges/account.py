"""The ad account itself: its settings and smallest budgets.

Source: docs marketing-api/reference/ad-account.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import offset
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, allow, change, check_name, readable
from meta_ads_mcp.sandbox.refusal import Refusal, invalid

Json = Any
# The least daily budget per currency, in minor units. Shape: docs marketing-api/reference/ad-account/minimum_budgets
MINIMA = {"USD": 100, "EUR": 100, "JPY": 130, "BRL": 568, "GBP": 79, "KRW": 1360}
MAX_CAP_CHANGES_PER_DAY = 10  # docs: marketing-api/overview/rate-limiting
CAP_ACTIONS = ("reset", "delete")


@serves("GET", "AdAccount/minimum_budgets")
def minimum_budgets(ask: Ask) -> EdgeListing:
    """Minor units per currency. The account's own currency comes first."""
    account = ask.graph.world.accounts[ask.node.account]
    order = sorted(MINIMA, key=lambda code: code != account.currency)
    names = ("imp", "video_views", "high_freq", "low_freq")
    factors = dict(zip(names, (1, 1, 5, 40), strict=True))
    rows = [
        {"currency": code, **{f"min_daily_budget_{name}": MINIMA[code] * factors[name] for name in names}}
        for code in order
    ]
    return EdgeListing(rows)


@serves("POST", "AdAccount")
def update(ask: Ask) -> Json:
    """`spend_cap` comes in whole units of the currency (23.50) and is read in its minor units (2350)."""
    params, node = ask.params, ask.node
    check_name(params)
    fields = readable(ask, "AdAccount", {name: value for name, value in params.items() if name != "spend_cap"})
    if {"spend_cap", "spend_cap_action"} & params.keys():
        fields |= _cap(ask)
        _count(ask)
    change(ask, node, fields)
    return SUCCESS


def _cap(ask: Ask) -> dict[str, Json]:
    result: dict[str, Json] = {}
    if "spend_cap" in ask.params:
        minor = Decimal(str(ask.params["spend_cap"])) * offset(str(ask.node.get("currency")))
        if minor < 0 or minor != minor.to_integral_value():
            raise invalid(None, "spend_cap is an amount of the account's currency", "spend_cap")
        result["spend_cap"] = str(int(minor))
    action = ask.params.get("spend_cap_action")
    if action is not None and action not in CAP_ACTIONS:
        raise invalid(None, f"spend_cap_action is one of {', '.join(CAP_ACTIONS)}", "spend_cap_action")
    if action == "reset":
        result["amount_spent"] = "0"
    if action == "delete":
        result["spend_cap"] = "0"
    return result


def _count(ask: Ask) -> None:
    """The cap changes ten times a day. docs: marketing-api/overview/rate-limiting"""
    text = "(#17) User request limit reached: the spend limit of an account can change 10 times a day"
    refusal = Refusal(text, code=17, subcode=1885172)
    allow(ask, "spend_cap", ask.node.id, most=MAX_CAP_CHANGES_PER_DAY, within=timedelta(days=1), refusal=refusal)
