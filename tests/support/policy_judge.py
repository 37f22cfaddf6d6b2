"""Tell which changes of a sandbox world a policy forbids, by the state before and after alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from meta_ads_mcp.engine.writes.policy import Policy
from meta_ads_mcp.sandbox.store import GraphNode, Snapshot, Store

_CREATED = {"Campaign": "create_campaign", "AdSet": "create_ad_set", "Ad": "create_ad"}
_CAPS = ("spend_cap", "daily_spend_cap", "lifetime_spend_cap")
_AMOUNTS = ("daily_budget", "lifetime_budget", "daily_min_spend_target", "lifetime_min_spend_target", *_CAPS)
_GONE = ("DELETED", "ARCHIVED")


def violations(policy: Policy, store: Store, before: Snapshot) -> list[str]:
    """Return what happened since the snapshot although the policy forbids it."""
    found = [*_lost(policy, store, before)]
    for node in store.nodes.values():
        old = before.nodes.get(node.id)
        if old is not node:
            found += _of_node(policy, node, old)
            found += _over_value(policy, node, old, store)
            found += _over_rise(policy, node, old) if old is not None else ()
    return found


def _lost(policy: Policy, store: Store, before: Snapshot) -> Iterator[str]:
    if "delete" in policy.deny:
        yield from (f"{node_id} is gone" for node_id in before.nodes if node_id not in store.nodes)


def _of_node(policy: Policy, node: GraphNode, old: GraphNode | None) -> Iterator[str]:
    was: Mapping[str, Any] = old.fields if old is not None else {}
    status = node.get("status")
    changed = {name for name in node.fields if node.fields[name] != was.get(name)}
    if old is None and _CREATED.get(node.type) in policy.deny:
        yield f"a new {node.type}"
    if "edit_status" in policy.deny and node.type in _CREATED and status == "ACTIVE" and "status" in changed:
        yield f"{node.type} {node.id} was started"
    if "delete" in policy.deny and status in _GONE and "status" in changed:
        yield f"{node.type} {node.id} is {status}"
    if old is None:
        if node.type == "HighDemandPeriod" and "edit_budget" in policy.deny:
            yield "a new budget schedule"
        return
    if "edit_targeting" in policy.deny and node.type == "AdSet" and "targeting" in changed:
        yield f"targeting of {node.id}"
    if "edit_creative" in policy.deny and node.type == "Ad" and "creative" in changed:
        yield f"creative of {node.id}"
    if "edit_budget" in policy.deny and any(_minor(node, name) != _minor(old, name) for name in _AMOUNTS):
        yield f"budget of {node.id}"


def _over_value(policy: Policy, node: GraphNode, old: GraphNode | None, store: Store) -> Iterator[str]:
    if not policy.max_value:
        return
    currency = store.nodes[f"act_{node.account}"].get("currency") if node.account else None
    limit = policy.max_value.get(str(currency), 0)
    for name in _AMOUNTS:
        new, was = _minor(node, name), _minor(old, name) if old is not None else 0
        if new > max(limit, was) or (new > limit and new != was and name not in _CAPS and new > was):
            yield f"{name} of {node.type} {node.id}: {was} → {new}"
        if name in _CAPS and was and not new:
            yield f"{name} of {node.id} was removed"
    if node.type == "HighDemandPeriod" and old is None:
        parent = store.nodes[str(node.get("ad_object_id"))]
        if _minor(parent, "daily_budget") + int(node.get("budget_value")) > limit:
            yield f"a schedule raises {parent.id} above the limit"


def _over_rise(policy: Policy, node: GraphNode, old: GraphNode) -> Iterator[str]:
    """Check rises of what had an amount. Call this after each call, since the policy limits each change."""
    for name in _AMOUNTS:
        new, was = _minor(node, name), _minor(old, name)
        if not was or new <= was:
            continue
        if policy.max_percentage is not None and new > was * (1 + policy.max_percentage / 100):
            yield f"{name} of {node.id} rose from {was} to {new}"
        if policy.max_amount and new - was > policy.max_amount.get("USD", 0):
            yield f"{name} of {node.id} rose from {was} to {new}"


def _minor(node: GraphNode, name: str) -> int:
    return int(float(node.get(name) or 0))
