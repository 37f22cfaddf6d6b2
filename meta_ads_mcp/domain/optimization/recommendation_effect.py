"""Tell what applying one of Meta's recommendations can change at most.

Graph documents neither the change nor its amounts, only the kind of a recommendation (SDK class
AdAccountRecommendations.RecommendationNames, 451 names) and its content. So a kind that is not known here can do
everything, and a budget whose amount is not in the content can become any amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from meta_ads_mcp.core.values.spend_fields import UnreadableAmount, parse_minor

_CREATES = frozenset({"create_campaign", "create_ad_set", "create_ad"})
EVERYTHING = _CREATES | {"edit_budget", "edit_status", "edit_targeting", "edit_creative"}
# What the kinds change whose name says it, first match first. Kinds that duplicate objects can do everything.
_FAMILIES: tuple[tuple[str, frozenset[str]], ...] = (
    ("DUPLICATION|DUPLICATE|CREATION|PRECREATE|AB_TEST", EVERYTHING),
    ("FRAGMENTATION", frozenset({"edit_status", "edit_budget", "edit_targeting"})),
    ("SCALE_GOOD|BUDGET|SPEND_LIMIT", frozenset({"edit_budget"})),
    ("AUDIENCE|TARGETING|PLACEMENT|LOOKALIKE", frozenset({"edit_targeting"})),
    ("MUSIC|AUTOFLOW|ADVANTAGE_PLUS_CREATIVE|APLUSC|CREATIVE|IMAGE|VIDEO|TEXT", frozenset({"edit_creative"})),
)
_BUDGET_KEY = re.compile(r"(daily|lifetime|recommended|suggested|new).*budget|budget(_amount)?")


@dataclass(frozen=True)
class RecommendationEffect:
    """State what a recommendation can change.

    `actions` are the policy's words. `budgets` are the budgets that its content or the call names, in minor units.
    `lowest` is the lowest budget that its objects have now, None if there is none.
    """

    kind: str
    actions: frozenset[str]
    budgets: tuple[int, ...] = ()
    lowest: int | None = None

    @property
    def changes_budgets(self) -> bool:
        """Return whether a budget can change."""
        return "edit_budget" in self.actions

    @property
    def is_known(self) -> bool:
        """Return whether the name of the kind says what changes."""
        return self.actions != EVERYTHING

    def reasons(self) -> Iterator[str]:
        """Yield why a person has to agree."""
        yield "Meta decides what is changed, and applying it accepts Meta's terms for the feature"
        if self.changes_budgets:
            yield "it can raise budgets"
        if "edit_status" in self.actions:
            yield "it can start or pause objects"


def effect_of_recommendation(recommendation: Any, params: Mapping[str, Any], objects: Any) -> RecommendationEffect:
    """Return the effect of a recommendation, given as Graph lists it.

    `params` are those of the request that applies it, `objects` the present fields of its objects by id, if known.
    """
    row = recommendation if isinstance(recommendation, Mapping) else {}
    kind = str(row.get("type") or "unknown")
    actions = next((words for pattern, words in _FAMILIES if re.search(pattern, kind)), EVERYTHING)
    named = [*_budgets_in(row.get("recommendation_content")), *_budgets_in(params)]
    return RecommendationEffect(kind, actions, tuple(named), min(_budgets_in(objects), default=None))


def _budgets_in(value: Any) -> Iterator[int]:
    """Yield the budgets at any depth of a value. Texts that are not a plain number are left out."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if _BUDGET_KEY.fullmatch(str(name)) and not isinstance(item, Mapping | list):
                try:
                    yield from [amount for amount in [parse_minor(item)] if amount]
                except UnreadableAmount:
                    continue
            else:
                yield from _budgets_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _budgets_in(item)
