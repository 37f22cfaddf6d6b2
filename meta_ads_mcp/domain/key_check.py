"""Meta's own objects, passed on as they are but for keys that Meta does not know.

Graph drops or refuses such a key, often without naming it; refusing it here, with the accepted ones, lets the caller
correct a misspelt one. The schema stays a plain object: written out, the keys would cost every client their tokens.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from meta_ads_mcp.errors import InvalidArguments


def only_keys(
    what: str, known: frozenset[str], such_as: str, holder_of: Callable[[str], str | None] = lambda _: None
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A validator of an object's top-level keys. It raises InvalidArguments, so that `allowed` reaches the caller.

    `holder_of` names the key inside which an unknown one belongs, where there is one.
    """

    def hint(wrong: str) -> str:
        holder = holder_of(wrong)
        close = difflib.get_close_matches(wrong, known, 1, 0.6)
        if holder is not None:
            return f" (it belongs inside {holder!r})"
        return f" (did you mean {close[0]!r}?)" if close else ""

    def check(given: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(given) - known)
        if not unknown:
            return given
        raise InvalidArguments(
            f"{what[:1].upper()}{what[1:]} has no key {unknown[0][:60]!r}{hint(unknown[0])}.",
            f"Use Meta's keys, such as {such_as}; `allowed` lists them all.",
            allowed=tuple(sorted(known)),
        )

    return check
