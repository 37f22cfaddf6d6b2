"""Run the automated rules of a sandbox world for a day, as Meta does it every half hour.

Every condition counts as met, so that a rule does the most that it can do. Source of the shapes: AdRuleExecutionSpec in
facebook_business 26.0.3; of `change_spec` and its `limit`: Meta docs, marketing-api/ad-rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meta_ads_mcp.sandbox.store import GraphNode, Snapshot, Store

RUNS_A_DAY = 48
_KINDS = {"CAMPAIGN": "Campaign", "ADSET": "AdSet", "AD": "Ad"}
_STATUS = {"UNPAUSE": "ACTIVE", "ROTATE": "ACTIVE", "PAUSE": "PAUSED"}
_BUDGETS = ("daily_budget", "lifetime_budget")
# The kinds and fields that a rule of this type changes. A rule about ads changes what they are in.
_CHANGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "CHANGE_BUDGET": (("Campaign", "AdSet"), _BUDGETS),
    "CHANGE_CAMPAIGN_BUDGET": (("Campaign",), _BUDGETS),
    "REBALANCE_BUDGET": (("Campaign", "AdSet"), _BUDGETS),
    "CHANGE_BID": (("AdSet", "Ad"), ("bid_amount",)),
}
# A budget that is moved to another object can at least double that one's.
_DOUBLE = {"amount": 100, "unit": "PERCENTAGE"}


def run_day(store: Store, before: Snapshot) -> None:
    """Run the enabled rules that are new, or other than in the snapshot."""
    rules = [node for node in store.nodes.values() if node.type == "AdRule" and before.nodes.get(node.id) is not node]
    for _ in range(RUNS_A_DAY):
        for rule in rules:
            if rule.get("status") == "ENABLED":
                _run(store, rule)


def _run(store: Store, rule: GraphNode) -> None:
    spec = rule.get("execution_spec") or {}
    kind = str(spec.get("execution_type"))
    if kind in _STATUS:
        for node in _objects(store, rule):
            store.patch(node.id, {"status": _STATUS[kind]})
    kinds, fields = _CHANGES.get(kind, ((), ()))
    for change in [_DOUBLE] if kind == "REBALANCE_BUDGET" else _change_specs(spec):
        for node in list(store.nodes.values()):
            if node.type in kinds and node.account == rule.account:
                _scale(store, node, fields, change)


def _objects(store: Store, rule: GraphNode) -> Iterator[GraphNode]:
    filters = {item["field"]: item["value"] for item in (rule.get("evaluation_spec") or {}).get("filters", ())}
    kind = _KINDS.get(str(filters.get("entity_type")))
    ids = filters.get("id")
    for node in list(store.nodes.values()):
        of_kind = node.type == kind if kind else node.type in _KINDS.values()
        if of_kind and node.account == rule.account and (ids is None or node.id in ids):
            yield node


def _change_specs(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for option in spec.get("execution_options") or ():
        if option.get("field") == "change_spec" and isinstance(option.get("value"), Mapping):
            yield option["value"]


def _scale(store: Store, node: GraphNode, fields: tuple[str, ...], change: Mapping[str, Any]) -> None:
    for name in fields:
        old = int(float(node.get(name) or 0))
        if not old:
            continue
        amount = float(change["amount"])
        new = int(old * (1 + amount / 100)) if change["unit"] == "PERCENTAGE" else int(old + amount)
        limit = change.get("limit")
        if limit is not None:
            new = min(new, int(limit)) if amount > 0 else max(new, int(limit))
        if (new > old) == (amount > 0):
            store.patch(node.id, {name: str(max(new, 0))})
