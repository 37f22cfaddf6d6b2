"""Value rule sets: bid more or less for kinds of people. Source: docs marketing-api/bidding/value-rules; SDK class
AdsValueAdjustmentRuleCollection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import SUCCESS, change, check_name, make, need, now
from meta_ads_mcp.sandbox.refusal import invalid, unknown_node
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
MAX_SETS, MAX_RULES, MAX_CRITERIA = 6, 10, 4
MOST = {"INCREASE": 1000, "DECREASE": 90}
KINDS = frozenset("AGE GENDER OS_TYPE DEVICE_PLATFORM LOCATION PLACEMENT OMNI_CHANNEL AUDIENCE_LABEL".split())
# No class of the SDK: a rule is shown by its set only.
RULE = "ValueAdjustmentRule"
STRATEGIES = ("LOWEST_COST_WITHOUT_CAP", "COST_CAP")
_AGES = re.compile(r"[0-9]{2}-[0-9]{2}|[0-9]{2}\+")


@serves("GET", "AdAccount/value_rule_set")
def rule_sets(ask: Ask) -> EdgeListing:
    """Return the sets, without deleted ones where no status is asked for."""
    nodes = ask.graph.world.store.children(ask.node.id, "value_rule_set")
    status, product = ask.params.get("status"), ask.params.get("product_type")
    return EdgeListing(
        [
            node
            for node in nodes
            if (node.get("status") == status if status else node.get("status") != "DELETED")
            and (not product or node.get("product_type") == product)
        ]
    )


@serves("POST", "AdAccount/value_rule_set")
def create(ask: Ask) -> Json:
    """Make a set."""
    params = ask.params
    need(params, "name", "rules")
    check_name(params)
    live = [node for node in ask.graph.world.store.children(ask.node.id, "value_rule_set") if _is_live(node)]
    if len(live) >= MAX_SETS:
        raise invalid(None, f"An account has at most {MAX_SETS} value rule sets", "rules")
    fields = {
        "name": params["name"],
        "product_type": params.get("product_type", "AUDIENCE"),
        "status": "ACTIVE",
        "is_default_setting": False,
    }
    rules = _checked_rules(ask, params["rules"], {})
    node = make(ask, "AdsValueAdjustmentRuleCollection", fields, [(ask.node.id, "value_rule_set")], prefix="63")
    _store_rules(ask, node.id, rules)
    return {"id": node.id}


@serves("POST", "AdsValueAdjustmentRuleCollection")
def update(ask: Ask) -> Json:
    """Change a set. The rules replace all earlier ones: those without their id are new."""
    check_name(ask.params)
    _require_live(ask)
    fields = {name: ask.params[name] for name in ("name", "is_default_setting") if name in ask.params}
    if "rules" in ask.params:
        present = {node.id: node.fields for node in ask.graph.world.store.children(ask.node.id, "rules")}
        _store_rules(ask, ask.node.id, _checked_rules(ask, ask.params["rules"], present))
    change(ask, ask.node, fields)
    return SUCCESS


@serves("GET", "AdsValueAdjustmentRuleCollection/rules")
def rules_of_set(ask: Ask) -> EdgeListing:
    """Return the rules in order; their criteria are nested in `data`."""
    return EdgeListing([dict(node.fields) for node in ask.graph.world.store.children(ask.node.id, "rules")])


def _store_rules(ask: Ask, set_id: str, rules: list[Json]) -> None:
    """Replace the rules of a set."""
    store = ask.graph.world.store
    for old in store.children(set_id, "rules"):
        store.remove(old.id)
    for rule in rules:
        store.add(GraphNode(rule["id"], RULE, rule, ask.node.account))
    store.links[set_id, "rules"] = tuple(rule["id"] for rule in rules)


@serves("POST", "AdsValueAdjustmentRuleCollection/deleteruleset")
def delete(ask: Ask) -> Json:
    """Delete a set. Ad sets that use it go back to plain bids."""
    _require_live(ask)
    for ad_set in ask.graph.world.store.children(f"act_{ask.node.account}", "adsets"):
        if ad_set.get("value_rule_set_id") == ask.node.id:
            change(ask, ad_set, {"value_rule_set_id": None, "value_rules_applied": False})
    change(ask, ask.node, {"status": "DELETED"})
    return SUCCESS


def value_rule_fields(ask: Ask, params: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields of an ad set that attaches or detaches a set; a set id attaches whatever stands beside it."""
    if params.get("value_rule_set_id"):
        node = ask.graph.find(str(params["value_rule_set_id"]))
        if node is None or node.type != "AdsValueAdjustmentRuleCollection" or node.account != ask.node.account:
            raise unknown_node(str(params["value_rule_set_id"]), ask.call.method)
        if not _is_live(node):
            raise invalid(None, "The value rule set was deleted", "value_rule_set_id")
        if after.get("bid_strategy", STRATEGIES[0]) not in STRATEGIES:
            raise invalid(None, f"Value rules need the bid strategy {' or '.join(STRATEGIES)}", "value_rule_set_id")
        ask.graph.world.store.patch(node.id, {"last_attach_time": stamp(now(ask))})
        return {"value_rule_set_id": node.id, "value_rules_applied": True}
    if params.get("value_rules_applied") is False:
        return {"value_rule_set_id": None, "value_rules_applied": False}
    return {}


def _is_live(node: GraphNode) -> bool:
    return bool(node.get("status") != "DELETED")


def _require_live(ask: Ask) -> None:
    if not _is_live(ask.node):
        raise invalid(None, "The value rule set was deleted")


def _checked_rules(ask: Ask, rules: Json, present: Mapping[str, Json]) -> list[Json]:
    if not rules or len(rules) > MAX_RULES:
        raise invalid(None, f"A set has 1 to {MAX_RULES} rules", "rules")
    return [_checked_rule(ask, rule, present) for rule in rules]


def _checked_rule(ask: Ask, rule: Mapping[str, Json], present: Mapping[str, Json]) -> Json:
    sign, value, criteria = rule.get("adjust_sign"), rule.get("adjust_value"), rule.get("criterias") or []
    if sign not in MOST or not isinstance(value, int) or not 1 <= value <= MOST[sign]:
        raise invalid(None, "adjust_value is 1 to 1000 for INCREASE and 1 to 90 for DECREASE", "rules")
    if not 1 <= len(criteria) <= MAX_CRITERIA:
        raise invalid(None, f"A rule has 1 to {MAX_CRITERIA} criterias", "rules")
    rule_id = rule.get("id")
    if rule_id is not None and str(rule_id) not in present:
        raise invalid(None, f"The set has no rule {rule_id}", "rules")
    old = present.get(str(rule_id), {})
    old_criteria = {row["id"] for row in (old.get("criterias") or {}).get("data", ())}
    rows = [_checked_criterion(ask, row, old_criteria) for row in criteria]
    new_id = ask.graph.world.store.new_id
    fields = {"name": rule.get("name"), "adjust_sign": sign, "adjust_value": value, "status": "ACTIVE"}
    return {"id": str(rule_id or new_id("64")), **fields, "criterias": {"data": rows}}


def _checked_criterion(ask: Ask, row: Mapping[str, Json], present: set[str]) -> Json:
    values, types = row.get("criteria_values") or [], row.get("criteria_value_types") or []
    if row.get("criteria_type") not in KINDS or row.get("operator", "CONTAINS") != "CONTAINS":
        raise invalid(None, "The criterion is not known", "rules")
    if not values or len(values) != len(types):
        raise invalid(None, "criteria_values and criteria_value_types have the same length", "rules")
    if row["criteria_type"] == "AGE" and not all(_AGES.fullmatch(text) and not text.endswith("-65") for text in values):
        raise invalid(None, "An age is a range that does not end at 65, or 65+", "rules")
    criterion_id = row.get("id")
    if criterion_id is not None and str(criterion_id) not in present:
        raise invalid(None, f"The rule has no criterion {criterion_id}", "rules")
    fields = {name: row[name] for name in ("criteria_type", "criteria_values", "criteria_value_types")}
    return {"id": str(criterion_id or ask.graph.world.store.new_id("65")), "operator": "CONTAINS", **fields}
