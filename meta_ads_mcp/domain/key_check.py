"""Reject unknown keys of objects that are passed on to Meta.

Graph drops or refuses a misspelled key, often without naming it. Refusing it here, with the accepted keys, lets the
caller correct the call. The JSON schema stays a plain object, because listing the keys would cost every client tokens.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from meta_ads_mcp.errors import InvalidArguments

MAX_KEY_CHARS = 60


def allow_only(
    what: str, known_keys: frozenset[str], such_as: str, find_parent_key: Callable[[str], str | None] = lambda _: None
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Build a validator of the top-level keys of an object.

    `what` names the object in the message, such as "a targeting spec", and `such_as` gives examples of its keys.
    `find_parent_key` returns the key inside which an unknown key belongs, or None.
    The validator returns the object unchanged. It raises InvalidArguments, so that `allowed` reaches the caller.
    """

    def hint(unknown: str) -> str:
        parent = find_parent_key(unknown)
        if parent is not None:
            return f" (it belongs inside {parent!r})"
        similar = difflib.get_close_matches(unknown, known_keys, 1, 0.6)
        return f" (did you mean {similar[0]!r}?)" if similar else ""

    def check(value: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(value) - known_keys)
        if not unknown:
            return value
        raise InvalidArguments(
            f"{what[:1].upper()}{what[1:]} has no key {unknown[0][:MAX_KEY_CHARS]!r}{hint(unknown[0])}.",
            f"Use Meta's keys, such as {such_as}; `allowed` lists them all.",
            allowed=tuple(sorted(known_keys)),
        )

    return check
