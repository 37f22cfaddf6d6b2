"""Compute how money moves between budgets while their sum stays the same, in minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from meta_ads_mcp.errors import InvalidArguments

Split = Literal["proportional", "equal"]


def amounts_to_take(
    budgets: Mapping[str, int], floor: int, split: Split, *, amount: int | None, percent: float | None
) -> dict[str, int]:
    """Return what each source gives: `amount` in all, or `percent` of the budgets. No source falls below `floor`.

    Raises InvalidArguments when the sources cannot give the amount, or nothing would move.
    """
    most = {key: max(0, budget - floor) for key, budget in budgets.items()}
    if percent is not None and split == "proportional":
        takes = {key: min(most[key], _share(budget, percent)) for key, budget in budgets.items()}
    else:
        total = amount if amount is not None else _share(sum(budgets.values()), percent or 0)
        takes = _within(shares(total, budgets, split), most)
        if amount is not None and sum(takes.values()) < amount:
            raise InvalidArguments(
                f"The sources can give {sum(most.values())} minor units at most, and {amount} were to be moved.",
                "Give a smaller amount, more from_ids, or a smaller min_remaining.",
            )
    if not any(takes.values()):
        raise InvalidArguments("Nothing would move.", "Give a larger amount or percent, or a smaller min_remaining.")
    return takes


def shares(total: int, budgets: Mapping[str, int], split: Split) -> dict[str, int]:
    """Return the parts of a total: floored to minor units, and the rest goes to the largest budget."""
    weights = {key: 1 if split == "equal" else budget for key, budget in budgets.items()}
    parts = {key: total * weight // sum(weights.values()) for key, weight in weights.items()}
    largest = max(budgets, key=lambda key: budgets[key])
    parts[largest] += total - sum(parts.values())
    return parts


def _share(minor: int, percent: float) -> int:
    return int((Decimal(minor) * Decimal(str(percent)) / 100).to_integral_value(ROUND_FLOOR))


def _within(takes: dict[str, int], most: Mapping[str, int]) -> dict[str, int]:
    """Return the parts with those above their limit cut to it, and the missing rest taken from the other parts."""
    total, result = sum(takes.values()), dict(takes)
    for _ in takes:
        result = {key: min(value, most[key]) for key, value in result.items()}
        room = {key: most[key] - value for key, value in result.items() if most[key] > value}
        missing = total - sum(result.values())
        if missing <= 0 or not room:
            break
        for key, value in shares(missing, room, "proportional").items():
            result[key] += value
    return {key: min(value, most[key]) for key, value in result.items()}


def groups_of(from_parents: Mapping[str, str], to_parents: Mapping[str, str]) -> Sequence[tuple[list[str], list[str]]]:
    """Return sources with their targets: within each campaign where both sides have the same ones, else all together.

    The arguments map the ids to their campaigns.
    """
    campaigns = list(dict.fromkeys(from_parents.values()))
    if len(campaigns) < 2 or set(campaigns) != set(to_parents.values()):
        return [(list(from_parents), list(to_parents))]
    return [
        (
            [key for key, parent in from_parents.items() if parent == campaign],
            [key for key, parent in to_parents.items() if parent == campaign],
        )
        for campaign in campaigns
    ]
