"""The ad account's own settings. Source: docs marketing-api/reference/ad-account (updating)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from meta_ads_mcp.sandbox.delivery_plan import offset
from meta_ads_mcp.sandbox.edges.registry import Ask, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, allow, change, check_name, readable
from meta_ads_mcp.sandbox.refusal import Refusal, invalid

Json = Any
MOST_CAPS = 10
ACTIONS = ("reset", "delete")


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
    found: dict[str, Json] = {}
    if "spend_cap" in ask.params:
        minor = Decimal(str(ask.params["spend_cap"])) * offset(str(ask.node.get("currency")))
        if minor < 0 or minor != minor.to_integral_value():
            raise invalid(None, "spend_cap is an amount of the account's currency", "spend_cap")
        found["spend_cap"] = str(int(minor))
    action = ask.params.get("spend_cap_action")
    if action is not None and action not in ACTIONS:
        raise invalid(None, f"spend_cap_action is one of {', '.join(ACTIONS)}", "spend_cap_action")
    if action == "reset":
        found["amount_spent"] = "0"
    if action == "delete":
        found["spend_cap"] = "0"
    return found


def _count(ask: Ask) -> None:
    """The cap changes ten times a day. docs: marketing-api/overview/rate-limiting"""
    text = "(#17) User request limit reached: the spend limit of an account can change 10 times a day"
    refused = Refusal(text, code=17, subcode=1885172)
    allow(ask, "spend_cap", ask.node.id, most=MOST_CAPS, within=timedelta(days=1), refused=refused)
