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


def take_within(
    amount: int, left: Sequence[int], limits: Sequence[int], spare: Sequence[int] | None, phase: float
) -> list[int]:
    """As `take`, but a column gives no more than its limit, as far as that is possible.

    `spare` is the sum of the limits of the rows still to come: what a column holds beyond it has to be taken now. None
    means that a limit only tells whether a column may give at all.
    """
    if spare is None:
        return _top_up(
            take(amount, [column if limit else 0 for column, limit in zip(left, limits, strict=True)], phase),
            amount,
            left,
            phase,
        )
    least = [max(0, column - later) for column, later in zip(left, spare, strict=True)]
    forced = take(amount, least, phase)
    room = [max(0, min(column, limit) - now) for column, limit, now in zip(left, limits, forced, strict=True)]
    more = take(amount - sum(forced), room, phase)
    return _top_up([a + b for a, b in zip(forced, more, strict=True)], amount, left, phase)


def _top_up(taken: list[int], amount: int, left: Sequence[int], phase: float) -> list[int]:
    """Add what is missing to the parts, taken from wherever something is left."""
    missing = amount - sum(taken)
    if not missing:
        return taken
    rest = take(missing, [column - now for column, now in zip(left, taken, strict=True)], phase)
    return [a + b for a, b in zip(taken, rest, strict=True)]
