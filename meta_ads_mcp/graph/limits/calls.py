"""Describe one call to Graph, as far as the limits are concerned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GraphCall:
    """One request, or one member of a batch (Meta counts each member as a call).

    `account` is the ad account that owns the object ("act_123"), whatever the path says: the limits of an account
    must add up over its campaigns, ad sets and ads. `use_case` is Meta's name of the quota the call is charged to.
    """

    token_key: str
    account: str | None
    use_case: str
    write: bool = False
    path: str = ""
    object_id: str | None = None
    budget_change: bool = False
    spend_limit_change: bool = False
