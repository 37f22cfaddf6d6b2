"""How a call to Graph ended, read once and then used by all limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meta_ads_mcp.errors import GraphError, Throttled, Transient
from meta_ads_mcp.graph.error_table import ErrorRule
from meta_ads_mcp.graph.limits.headers import UsageReading


@dataclass(frozen=True)
class Outcome:
    """The result of a call: HTTP status, usage figures of the headers, and the error with its row of the error table.

    `status` is None when there was no response. `network_failure` means that Graph could not be reached or the
    connection broke, as opposed to a call that was cancelled here.
    """

    status: int | None
    readings: tuple[UsageReading, ...] = ()
    error: GraphError | None = None
    rule: ErrorRule | None = None
    network_failure: bool = False

    @property
    def throttled(self) -> bool:
        """Return whether Meta refused the call because of the number of calls."""
        return self.rule is not None and issubclass(self.rule.error, Throttled)

    @property
    def failed(self) -> bool:
        """Return whether Meta is out of order or cannot be reached. HTTP status 500 alone does not prove it."""
        if self.network_failure:
            return True
        is_server_error = self.status is not None and self.status >= 500
        return is_server_error and (self.rule is None or self.rule.error is Transient)

    def regain_s(self, scopes: Iterable[str | None]) -> float:
        """Return the seconds until Meta lets calls of these scopes through again, as the headers state them."""
        scope_set = set(scopes)
        return max((reading.closed_s for reading in self.readings if reading.scope in scope_set), default=0.0)
