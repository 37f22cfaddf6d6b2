"""Apply the rules of a feed to what an upload brings. Source: docs marketing-api/reference/product-feed/rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from meta_ads_mcp.sandbox.store import Store

Json = Any
# Attribute -> its value in the row.
Read = Callable[[str], Json]


def apply_rule(read: Read, value: Json, rule_type: str, values: Mapping[str, Json]) -> Json:
    """Return the value of an attribute after a rule."""
    text = str(value or "")
    if rule_type == "mapping_rule":
        return read(str(values["map_from"]))
    if rule_type == "value_mapping_rule":
        return values.get(text, value)
    if rule_type == "letter_case_rule":
        cases = {"to_upper": str.upper, "to_lower": str.lower, "capitalize_all": str.title}
        return cases.get(str(values["type"]), str.capitalize)(text) if text else value
    if rule_type == "fallback_rule":
        return value or values.get("user_default_value")
    return re.sub(str(values["regex"]), str(values.get("replacement", "")), text) if text else value


def apply_rules(store: Store, feed: str, row: Mapping[str, Json]) -> dict[str, Json]:
    """Return a row of an upload as the rules of its feed change it."""
    changed_row = dict(row)
    for rule in store.children(feed, "rules"):
        attribute = str(rule.get("attribute"))
        values = {pair["key"]: pair["value"] for pair in rule.get("params") or ()}
        value = apply_rule(row.get, changed_row.get(attribute), str(rule.get("rule_type")), values)
        if value:
            changed_row[attribute] = value
    return changed_row
