"""Renew a token that lasts 60 days before it expires: once for all callers, with pauses after failures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from meta_ads_mcp.errors import AdsError, TokenProblem
from meta_ads_mcp.graph.single_flight import SingleFlight

# Meta's long-lived tokens last 60 days; a week leaves time for a person when renewal fails.
EARLY_SECONDS = 7 * 86_400
# Pauses after the first, second and third failure; after the fourth it is off until the process starts anew.
PAUSES = (60.0, 600.0, 3600.0)


class TokenRenewal:
    """Runs `exchange`, which gets a profile's name and returns when its new token is in place."""

    def __init__(self, exchange: Callable[[str], Awaitable[None]], now: Callable[[], float]) -> None:
        self._exchange, self._now = exchange, now
        self._single = SingleFlight()
        self._failures: dict[str, int] = {}
        self._not_before: dict[str, float] = {}

    def due(self, name: str, expires_at: int | None) -> bool:
        """Return whether a token (expiry in Unix seconds; 0 never, None unknown) should be renewed now."""
        now = self._now()
        ending = bool(expires_at) and now < (expires_at or 0) < now + EARLY_SECONDS
        return ending and self.refusal(name) is None

    def refusal(self, name: str) -> str | None:
        """Return the reason why renewal is not tried at the moment, or None."""
        failures = self._failures.get(name, 0)
        if failures > len(PAUSES):
            return f"Renewing the token failed {failures} times and is off until the server starts again."
        wait = self._not_before.get(name, 0) - self._now()
        return f"Renewing the token failed; it is tried again in {wait:.0f} s." if wait > 0 else None

    async def run(self, name: str) -> None:
        """Renew now, or wait for the renewal that is under way. Raises the AdsError it failed with."""
        refusal = self.refusal(name)
        if refusal:
            raise TokenProblem(refusal, "Get a new token and run `meta-ads-mcp login`.")
        await self._single.run(name, lambda: self._once(name))

    async def _once(self, name: str) -> None:
        try:
            await self._exchange(name)
        except AdsError:
            failures = self._failures[name] = self._failures.get(name, 0) + 1
            self._not_before[name] = self._now() + PAUSES[min(failures, len(PAUSES)) - 1]
            raise
        self._failures.pop(name, None)
        self._not_before.pop(name, None)
