"""Arguments of which exactly one, or at least one, is given."""

from __future__ import annotations

from typing import TypeVar

from meta_ads_mcp.spec.params import Closed

P = TypeVar("P", bound=Closed)


def at_least_one(args: P, *names: str) -> P:
    """For a model validator: the arguments as they are. Raises ValueError when none of `names` is given."""
    if all(getattr(args, name) is None for name in names):
        raise ValueError(f"give one of {', '.join(names[:-1])} or {names[-1]}")
    return args


def exactly_one(args: P, *names: str) -> P:
    """For a model validator: the arguments as they are. Raises ValueError when none or several of `names` are given."""
    given = [name for name in names if getattr(args, name) is not None]
    if len(given) == 1:
        return args
    choice = f"{', '.join(names[:-1])} or {names[-1]}"
    raise ValueError(f"give one of {choice}" if not given else f"give only one of {choice}, not {' and '.join(given)}")
