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
    scale, total_so_far, position = total / whole, 0, min(phase, 0.999) + EPSILON
    parts = []
    for weight in weights:
        position += weight * scale
        here = int(position)
        parts.append(here - total_so_far)
        total_so_far = here
    return parts


def take(amount: int, remaining: Sequence[int], phase: float) -> list[int]:
    """`amount` taken from the columns `left` in proportion, never more than a column holds.

    Taking row by row from the column totals fills a table whose rows and columns both add up.
    """
    available = sum(remaining)
    if amount >= available:
        return list(remaining)
    shares = [min(part, column) for part, column in zip(spread(amount, remaining, phase), remaining, strict=True)]
    missing = amount - sum(shares)
    for index, column in enumerate(remaining):
        if not missing:
            break
        more = min(missing, column - shares[index])
        shares[index] += more
        missing -= more
    return shares


def take_within(
    amount: int, remaining: Sequence[int], limits: Sequence[int], spare: Sequence[int] | None, phase: float
) -> list[int]:
    """As `take`, but a column gives no more than its limit, as far as that is possible.

    `spare` is the sum of the limits of the rows still to come: what a column holds beyond it has to be taken now. None
    means that a limit only tells whether a column may give at all.
    """
    if spare is None:
        return _top_up(
            take(amount, [column if limit else 0 for column, limit in zip(remaining, limits, strict=True)], phase),
            amount,
            remaining,
            phase,
        )
    least = [max(0, column - later) for column, later in zip(remaining, spare, strict=True)]
    minimums = take(amount, least, phase)
    room = [max(0, min(column, limit) - now) for column, limit, now in zip(remaining, limits, minimums, strict=True)]
    more = take(amount - sum(minimums), room, phase)
    return _top_up([a + b for a, b in zip(minimums, more, strict=True)], amount, remaining, phase)


def _top_up(shares: list[int], amount: int, remaining: Sequence[int], phase: float) -> list[int]:
    """Add what is missing to the parts, taken from wherever something is left."""
    missing = amount - sum(shares)
    if not missing:
        return shares
    rest = take(missing, [column - now for column, now in zip(remaining, shares, strict=True)], phase)
    return [a + b for a, b in zip(shares, rest, strict=True)]
