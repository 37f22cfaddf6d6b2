"""Tell what an automated rule can do at most.

Shapes are those of AdRuleExecutionSpec in facebook_business 26.0.3. A change is an execution option
`{"field": "change_spec", "value": {"amount", "unit", "limit"}}` (Meta docs, marketing-api/ad-rules).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.values.graph_values import parse_json_text
from meta_ads_mcp.core.values.spend_fields import UnreadableAmount, parse_minor

_NOTIFIES_ONLY = frozenset({"NOTIFICATION"})
_STATUS = frozenset({"PAUSE", "UNPAUSE", "ROTATE"})
_BUDGET = frozenset({"CHANGE_BUDGET", "CHANGE_CAMPAIGN_BUDGET", "REBALANCE_BUDGET"})
_BID = frozenset({"CHANGE_BID"})
_EVERYTHING = frozenset({"edit_budget", "edit_status", "edit_targeting", "edit_creative"})


@dataclass(frozen=True)
class RuleEffect:
    """State what a rule changes by itself.

    `actions` are the policy's words. `raises_budget` tells whether a budget can become larger, and `limit` the largest
    value that it can reach, in minor units; None means that nothing bounds it. An unknown type can do everything.
    """

    kind: str
    actions: frozenset[str] = frozenset()
    raises_budget: bool = False
    raises_bid: bool = False
    starts_delivery: bool = False
    limit: int | None = None

    @property
    def acts(self) -> bool:
        """Whether the rule changes anything rather than only notifying."""
        return self.kind not in _NOTIFIES_ONLY


def effect_of_rule(execution_spec: Any) -> RuleEffect:
    """Return the effect of a rule's `execution_spec`, given as an object or as JSON text."""
    spec = parse_json_text(execution_spec) if isinstance(execution_spec, str) else execution_spec
    if not isinstance(spec, Mapping):
        return RuleEffect("unknown", _EVERYTHING, raises_budget=True, raises_bid=True, starts_delivery=True)
    kind = str(spec.get("execution_type"))
    if kind in _NOTIFIES_ONLY:
        return RuleEffect(kind)
    if kind in _STATUS:
        return RuleEffect(kind, frozenset({"edit_status"}), starts_delivery=kind != "PAUSE")
    change = _change_of(spec)
    raises = change is None or not str(change.get("amount", "")).startswith("-")
    if kind in _BUDGET:
        return RuleEffect(kind, frozenset({"edit_budget"}), raises_budget=raises, limit=_limit_of(change))
    if kind in _BID:
        return RuleEffect(kind, raises_bid=raises, limit=_limit_of(change))
    return RuleEffect(kind, _EVERYTHING, raises_budget=True, raises_bid=True, starts_delivery=True)


def _change_of(spec: Mapping[str, Any]) -> Mapping[str, Any] | None:
    options = spec.get("execution_options")
    for option in options if isinstance(options, list) else []:
        if isinstance(option, Mapping) and option.get("field") == "change_spec":
            value = option.get("value")
            value = parse_json_text(value) if isinstance(value, str) else value
            return value if isinstance(value, Mapping) else None
    return None


def _limit_of(change: Mapping[str, Any] | None) -> int | None:
    try:
        return parse_minor(change.get("limit")) if change is not None else None
    except UnreadableAmount:
        return None
