"""Whole numbers divided so that the parts add up exactly."""

from __future__ import annotations

from collections.abc import Sequence

EPSILON = 1e-7


def spread(total: int, weights: Sequence[float], phase: float) -> list[int]:
    """`total` over the weights: each part is its exact share rounded down or up, and nothing goes to a weight of 0.

    `phase` (0 to 1) decides where the leftovers go, so that they do not always go to the same part.
    """
    whole = sum(weights)
    if not total or not whole:
        return [0] * len(weights)
    scale, done, position = total / whole, 0, min(phase, 0.999) + EPSILON
    parts = []
    for weight in weights:
        position += weight * scale
        here = int(position)
        parts.append(here - done)
        done = here
    return parts


def take(amount: int, left: Sequence[int], phase: float) -> list[int]:
    """`amount` taken from the columns `left` in proportion, never more than a column holds.

    Taking row by row from the column totals fills a table whose rows and columns both add up.
    """
    available = sum(left)
    if amount >= available:
        return list(left)
    taken = [min(part, column) for part, column in zip(spread(amount, left, phase), left, strict=True)]
    missing = amount - sum(taken)
    for index, column in enumerate(left):
        if not missing:
            break
        more = min(missing, column - taken[index])
        taken[index] += more
        missing -= more
    return taken
