"""What the limits need to know of a call before it is made, and of its outcome afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meta_ads_mcp.errors import GraphError


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


@dataclass(frozen=True)
class Outcome:
    """How a call ended. `status` is None when there was no answer; `headers` may be in any case."""

    status: int | None
    headers: Mapping[str, str]
    error: GraphError | None
    network_failure: bool = False
