"""Derive what a change does from the request that will be sent: spend, delivery, automation, public text, deletion.

Policy and confirmation evaluate these effects, never the name of a tool or of an argument. A previous value that cannot
be read counts as the worst case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from meta_ads_mcp.core.nodes import kind_on_edge, node_kind
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.values.spend_fields import (
    CAP_ACTION,
    OBJECT_BUDGETS,
    SPEND_FIELDS,
    SpendKind,
    UnreadableAmount,
    parse_minor,
)
from meta_ads_mcp.core.write import Change
from meta_ads_mcp.domain.optimization.recommendation_effect import RecommendationEffect, effect_of_recommendation
from meta_ads_mcp.domain.rule_effect import RuleEffect, effect_of_rule
from meta_ads_mcp.engine.writes.reasons.catalog_effects import catalog_reasons, deletes_items
from meta_ads_mcp.engine.writes.reasons.publication import audience_reasons, publication_reasons, selects_people
from meta_ads_mcp.engine.writes.reasons.study_effects import study_reasons

END_STATUSES = ("DELETED", "ARCHIVED")
RULE_NODE = "AdRule"
RULE_SPECS = ("evaluation_spec", "execution_spec", "schedule_spec")
# The status of copies (SDK, the `/copies` edges) and of what is published.
_STATUS_FIELDS = frozenset({"status", "status_option", "configured_status"})
_STARTS = frozenset({"ACTIVE", "INHERITED_FROM_SOURCE"})
_ENDS = ("end_time", "stop_time")
# Edges by which the audiences or placements of all campaigns of an account change.
_TARGETING_EDGES = frozenset(
    "account_controls brand_safety_content_filter_levels publisher_block_lists append_publisher_urls".split()
)
_TARGETING_NODES = frozenset({"PublisherBlockList", "AdAccountBusinessConstraints"})
_DELETING_EDGES = frozenset({"deleteruleset", "delete_rule_set"})
# What an object has spent, in minor units, to be compared with its caps. `amount_spent` is a field of AdAccount.
SPENT_TOTAL, SPENT_TODAY = "amount_spent", "spent_today"
# Values of a promoted object that choose what is measured rather than where an ad leads.
_MEASURED = frozenset({"pixel_id", "custom_event_type", "custom_conversion_id", "custom_event_str", "pixel_rule"})
_COUNTS_AS_BUDGET = frozenset({SpendKind.BUDGET, SpendKind.CAP, SpendKind.MINIMUM})


@dataclass(frozen=True)
class Amount:
    """Describe an amount that a change sets, in minor units.

    `place` is its place in the request. `old` is the amount that it replaces, None if there was none. `readable` is
    False if there is an earlier amount that cannot be read. `existing` tells whether its object exists already.
    A cap of 0 means that there is no cap. `schedule` is the `budget_value_type` of a budget schedule: ABSOLUTE adds
    the amount to the budget for a while, MULTIPLIER multiplies it.
    """

    place: str
    field: str
    kind: SpendKind
    new: int
    old: int | None = None
    readable: bool = True
    existing: bool = True
    schedule: str | None = None

    @property
    def is_raise(self) -> bool:
        """Return whether the object can spend more than before. The first cap of an object lowers its spend."""
        if not self.existing:
            return False
        if self.kind is SpendKind.CAP:
            had_cap = bool(self.old) or not self.readable
            return had_cap and (self.new == 0 or not self.readable or self.new > (self.old or 0))
        if self.kind is SpendKind.BID and self.readable and not self.old:
            return False  # the first bid cap lowers bids, which had no limit
        return not self.readable or self.new > (self.old or 0)


def amounts_of(change: Change) -> list[Amount]:
    """Return every amount that a change sets, at any depth, in minor units."""
    values: dict[str, Any] = {**_request_only(change), **change.after}
    return list(_amounts_in(values, change, "", change.object_id is not None))


def _request_only(change: Change) -> Row:
    """Return the parameters that only the request has. `after` wins because its amounts are in minor units."""
    return {name: value for name, value in change.request.params.items() if name not in change.after}


def _amounts_in(value: Any, change: Change, place: str, existing: bool) -> Iterator[Amount]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            inner = f"{place}.{name}" if place else str(name)
            if name in SPEND_FIELDS and not isinstance(item, Mapping | list) and item is not None:
                amount = _amount(str(name), item, change, inner, existing)
                yield (
                    replace(amount, schedule=str(value.get("budget_value_type"))) if name == "budget_value" else amount
                )
            elif name not in ("targeting", "evaluation_spec", "execution_spec"):
                yield from _amounts_in(item, change, inner, existing)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            subject = item.get("adset_id") or item.get("id") if isinstance(item, Mapping) else None
            yield from _amounts_in(item, change, f"{place}[{subject or index}]", existing)


def _amount(name: str, value: Any, change: Change, place: str, existing: bool) -> Amount:
    try:
        new = parse_minor(value) or 0
    except UnreadableAmount:
        # The tool checks its arguments. An amount that is unreadable here counts as unlimited.
        return Amount(place, name, SPEND_FIELDS[name], 0, None, readable=False, existing=existing)
    is_inner = place != name
    try:
        old = None if is_inner else parse_minor(_before(change).get(name))
    except UnreadableAmount:
        return Amount(place, name, SPEND_FIELDS[name], new, None, readable=False, existing=existing)
    is_schedule = name == "budget_value"
    return Amount(place, name, SPEND_FIELDS[name], new, old, existing=existing or is_schedule)


def _before(change: Change) -> Row:
    return {**change.context, **change.before}


def policy_actions(change: Change) -> frozenset[str]:
    """Return the policy's words for everything that a change does."""
    words = set(change.actions)
    creation = node_kind(change.node).create_action if change.effect is Effect.CREATE else None
    on_edge = kind_on_edge(change.request.edge) if change.request.method == "POST" else None
    words |= {word for word in (creation, node_kind(on_edge).create_action if on_edge else None) if word}
    values = {**change.request.params, **change.after}
    is_new = change.object_id is None
    if starts_delivery(change) or (not is_new and not _STATUS_FIELDS.isdisjoint(values)):
        words.add("edit_status")
    if ("targeting" in values and not is_new) or _targets_account(change) or selects_people(change):
        words.add("edit_targeting")
    if "creative" in values and not is_new:
        words.add("edit_creative")
    if CAP_ACTION in values or any(_edits_budget(amount, creation) for amount in amounts_of(change)):
        words.add("edit_budget")
    if is_deletion(change) or deletes_items(change):
        words.add("delete")
    rule, advice = rule_effect(change), recommendation_effect(change)
    return frozenset(words | (rule.actions if rule else set()) | (advice.actions if advice else set()))


def _targets_account(change: Change) -> bool:
    """Return whether audiences or placements of all campaigns change. A deleted list excludes nothing any more."""
    return change.request.edge in _TARGETING_EDGES or change.node in _TARGETING_NODES


def recommendation_effect(change: Change) -> RecommendationEffect | None:
    """Return what Meta can change when the request applies a recommendation; None for other requests."""
    if change.request.method != "POST" or change.request.edge != "recommendations":
        return None
    known = _before(change)
    return effect_of_recommendation(known.get("recommendation"), change.request.params, known.get("objects"))


def _edits_budget(amount: Amount, creation: str | None) -> bool:
    """Return whether the amount edits a budget. The budget of a new campaign, ad set or ad does not count.

    A new budget schedule counts, because it edits the budget of an existing object.
    """
    return amount.kind in _COUNTS_AS_BUDGET and (amount.existing or creation is None)


def is_deletion(change: Change) -> bool:
    """Return whether the change deletes or archives an object."""
    return change.effect is Effect.DELETE or _deletes_node(change) or bool(_statuses(change) & set(END_STATUSES))


def _statuses(change: Change) -> set[str]:
    """Return every status that the change sets, by its request or by what it is to have afterwards."""
    places = (change.request.params, change.after)
    return {str(values[name]) for values in places for name in _STATUS_FIELDS if values.get(name) is not None}


def _deletes_node(change: Change) -> bool:
    """Return whether the request deletes the object itself. DELETE on an edge only removes an entry of a list."""
    is_delete = change.request.method == "DELETE" and "/" not in change.request.path
    return is_delete or change.request.edge in _DELETING_EDGES


def starts_delivery(change: Change) -> bool:
    """Return whether the change sets an object ACTIVE that is not ACTIVE now."""
    # What was read before a creation is of the parent.
    is_active = change.object_id is not None and _before(change).get("status") == "ACTIVE"
    return node_kind(change.node).delivers and bool(_statuses(change) & _STARTS) and not is_active


def rule_effect(change: Change) -> RuleEffect | None:
    """Return what the automated rule does by itself after the change, or None if it will not run or is not a rule."""
    if change.node != RULE_NODE or is_deletion(change):
        return None
    rule = {**_before(change), **change.request.params, **change.after}
    if rule.get("status", "ENABLED") == "DISABLED":
        return None
    return effect_of_rule(rule.get("execution_spec"))


def confirmation_reasons(change: Change, now: float) -> tuple[str, ...]:
    """Return the reasons why a person has to agree first. Empty if nobody has to. `now` is in Unix seconds."""
    reasons = dict.fromkeys([*_deletion_reasons(change), *_delivery_reasons(change, now), *_spend_reasons(change)])
    reasons |= dict.fromkeys([*_rule_reasons(change), *publication_reasons(change), *audience_reasons(change)])
    reasons |= dict.fromkeys([*catalog_reasons(change), *study_reasons(change, now)])
    return (*reasons, *(advice.reasons() if (advice := recommendation_effect(change)) else ()))


def _deletion_reasons(change: Change) -> Iterator[str]:
    if change.effect is Effect.DELETE or _deletes_node(change):
        yield "it deletes the object, which cannot be undone"
    for status in END_STATUSES:
        if status in _statuses(change) and _before(change).get("status") != status:
            is_final = status == "DELETED" or node_kind(change.node).delivers
            yield f"it sets the status to {status}" + (", which cannot be undone" if is_final else "")


def _delivery_reasons(change: Change, now: float) -> Iterator[str]:
    before = _before(change)
    if starts_delivery(change):
        yield "it starts delivery, which spends money"
    if change.object_id is None:
        return
    yield from _time_reasons(change, now)
    is_running = before.get("status", "ACTIVE") == "ACTIVE"
    if change.node == "Ad" and "creative" in change.after and is_running:
        yield "it changes what a running ad shows and where it leads"
    if is_running and _changes_destination(change):
        yield "it changes where running ads lead"


def _time_reasons(change: Change, now: float) -> Iterator[str]:
    before = _before(change)
    for name in _ENDS:
        if name in change.after and _prolongs(before.get(name), change.after[name], now):
            yield "it lets an object that is over spend again"
    if "start_time" in change.after and _starts_earlier(before.get("start_time"), change.after["start_time"], now):
        yield "it starts delivery earlier"


def raises_spend(change: Change, now: float) -> bool:
    """Return whether an existing object can spend more, or for longer, after the change. `now` is in Unix seconds."""
    if change.object_id is None:
        return False
    return any(_spend_reasons(change)) or any(_time_reasons(change, now))


def _changes_destination(change: Change) -> bool:
    """Return whether ads of a campaign or ad set lead somewhere else afterwards, such as to another Page or app."""
    before = _before(change)
    if "destination_type" in change.after and change.after["destination_type"] != before.get("destination_type"):
        return True
    new, old = change.after.get("promoted_object"), before.get("promoted_object")
    if not isinstance(new, Mapping):
        return False
    known = old if isinstance(old, Mapping) else {}
    return any(str(value) != str(known.get(name)) for name, value in new.items() if name not in _MEASURED)


def _prolongs(old: Any, new: Any, now: float) -> bool:
    """Return whether an end that has passed moves into the future. 0 means no end."""
    was, will = _seconds(old), _seconds(new)
    if old in (None, "", 0, "0"):
        return False
    is_over = was is None or was <= now
    return is_over and (will is None or will == 0 or will > now)


def _starts_earlier(old: Any, new: Any, now: float) -> bool:
    """Return whether a start in the future moves to an earlier time."""
    was, will = _seconds(old), _seconds(new)
    if old in (None, "", 0, "0"):
        return False
    return was is None or will is None or (was > now and will < was)


def _seconds(value: Any) -> float | None:
    """Return a time of Graph in Unix seconds: ISO 8601, or seconds as a number or as text. None if it is neither."""
    text = str(value)
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _spend_reasons(change: Change) -> Iterator[str]:
    for amount in amounts_of(change):
        if amount.is_raise and not (amount.place != amount.field and amount.kind is SpendKind.BUDGET):
            yield f"it raises the {amount.field.replace('_', ' ')}"
        if _stops_delivery(amount, change):
            is_known = _before(change).get(spent_field(amount.field)) is not None
            yield (
                "more than the new cap is spent already, so all delivery stops"
                if is_known
                else "all delivery stops if more than the new cap is spent already, which Meta does not show"
            )
    yield from _bid_reasons(change)
    if change.object_id is not None and _removes_bid_cap(change):
        yield "it removes the bid cap, so bids are not limited"
    total = total_of_ad_sets(change)
    if total is not None and total.is_raise:
        yield f"it raises the {total.field.replace('_', ' ')}"


def total_of_ad_sets(change: Change) -> Amount | None:
    """Return the sum of the budgets that replace a campaign's budget, against that one; None if there are none."""
    rows = change.after.get("adset_budgets")
    if not isinstance(rows, list) or change.object_id is None:
        return None
    for name in OBJECT_BUDGETS:
        try:
            total = sum(parse_minor(row.get(name)) or 0 for row in rows if isinstance(row, Mapping))
            old = parse_minor(_before(change).get(name))
        except UnreadableAmount:
            return Amount("adset_budgets", name, SpendKind.BUDGET, 0, None, readable=False)
        if total:
            return Amount(f"{name} of all ad sets", name, SpendKind.BUDGET, total, old)
    return None


def _stops_delivery(amount: Amount, change: Change) -> bool:
    """Return whether a cap is not above what is spent already. A spend that is not known counts as above it."""
    is_new_cap = amount.kind is SpendKind.CAP and amount.new and amount.place == amount.field
    if not is_new_cap or not amount.existing or amount.is_raise:
        return False
    try:
        spent = parse_minor(_before(change).get(spent_field(amount.field)))
    except UnreadableAmount:
        return True
    return spent is None or amount.new <= spent


def spent_field(cap: str) -> str:
    """Return the value of a change's `context` that a cap is compared with."""
    return SPENT_TODAY if cap.startswith("daily_") else SPENT_TOTAL


def _bid_reasons(change: Change) -> Iterator[str]:
    """Yield the reasons of bids without an amount: factors of bids, and the lowest return on ad spend."""
    if change.object_id is None:
        return
    before = _before(change)
    adjustments = change.after.get("bid_adjustments")
    if adjustments is not None and str(adjustments) != str(before.get("bid_adjustments")):
        yield "it changes the factors of bids, which can raise them"
    if _attaches_value_rules(change):
        yield "the ad set then bids by value rules, which can raise bids"
    floor, new = _roas_floor(before.get("bid_constraints")), _roas_floor(change.after.get("bid_constraints"))
    if "bid_constraints" in change.after and floor is not None and (new is None or new < floor):
        yield "it lowers the return on ad spend that is required"


def _attaches_value_rules(change: Change) -> bool:
    """Return whether an ad set gets other value rules. With a set id, Graph attaches whatever stands beside it."""
    values, before = {**change.request.params, **change.after}, _before(change)
    new_set = str(values.get("value_rule_set_id") or "")
    is_other = bool(new_set) and not (before.get("value_rules_applied") and before.get("value_rule_set_id") == new_set)
    return change.node == "AdSet" and (is_other or values.get("value_rules_applied") is True)


def _roas_floor(constraints: Any) -> float | None:
    """Return the floor of bid constraints, ROAS x 10000. None if there is none; an unreadable one is infinite."""
    value = constraints.get("roas_average_floor") if isinstance(constraints, Mapping) else constraints
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("inf")


def _removes_bid_cap(change: Change) -> bool:
    before = str(_before(change).get("bid_strategy") or "")
    after = str(change.after.get("bid_strategy") or "")
    return after == "LOWEST_COST_WITHOUT_CAP" and before not in ("", after)


def _rule_reasons(change: Change) -> Iterator[str]:
    rule = rule_effect(change)
    if rule is None or not rule.acts:
        return
    before = _before(change)
    turns_on = before.get("status") != "ENABLED"
    if turns_on or not set(RULE_SPECS).isdisjoint(change.after):
        has_no_limit = (rule.raises_budget or rule.raises_bid) and rule.limit is None
        most = ", with no limit to what it raises" if has_no_limit else ""
        yield f"the rule then acts by itself ({rule.kind}{most}), without asking anybody"
