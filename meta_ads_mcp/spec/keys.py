"""Meta's own objects, passed on as they are but for keys that Meta does not know.

Graph drops or refuses such a key, often without naming it; refusing it here, with the accepted ones, lets the caller
correct a misspelt one. The schema stays a plain object: written out, the keys would cost every client their tokens.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from meta_ads_mcp.errors import InvalidArguments


def only_keys(what: str, known: frozenset[str], such_as: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A validator of an object's top-level keys. It raises InvalidArguments, so that `allowed` reaches the caller."""

    def check(given: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(given) - known)
        if not unknown:
            return given
        close = difflib.get_close_matches(unknown[0], known, 1, 0.6)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise InvalidArguments(
            f"{what[:1].upper()}{what[1:]} has no key {unknown[0][:60]!r}{hint}.",
            f"Use Meta's keys, such as {such_as}; `allowed` lists them all.",
            allowed=tuple(sorted(known)),
        )

    return check
