"""Tell what an automated rule can do at most.

Shapes are those of AdRuleExecutionSpec in facebook_business 26.0.3. A change is an execution option
`{"field": "change_spec", "value": {"amount", "unit", "limit"}}` (Meta docs, marketing-api/ad-rules).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        """Return whether the rule changes anything rather than only notifying."""
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
    changes = _changes_of(spec)
    rises = [change for change in changes if not str(change.get("amount", "")).startswith("-")]
    raises = bool(rises) or not changes
    if kind in _BUDGET:
        return RuleEffect(kind, frozenset({"edit_budget"}), raises_budget=raises, limit=_highest_limit(rises))
    if kind in _BID:
        return RuleEffect(kind, raises_bid=raises, limit=_highest_limit(rises))
    return RuleEffect(kind, _EVERYTHING, raises_budget=True, raises_bid=True, starts_delivery=True)


def _changes_of(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return every `change_spec`. Meta does not say which of several counts, so all do."""
    options = spec.get("execution_options")
    named = [option for option in options if isinstance(option, Mapping)] if isinstance(options, list) else []
    values = [option.get("value") for option in named if option.get("field") == "change_spec"]
    read = [parse_json_text(value) if isinstance(value, str) else value for value in values]
    return [value if isinstance(value, Mapping) else {} for value in read]


def _highest_limit(rises: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the limit of all rises, or None if one of them has none that can be read."""
    limits = [_limit_of(change) for change in rises]
    known = [limit for limit in limits if limit is not None]
    return max(known) if known and len(known) == len(limits) else None


def _limit_of(change: Mapping[str, Any]) -> int | None:
    try:
        return parse_minor(change.get("limit"))
    except UnreadableAmount:
        return None
