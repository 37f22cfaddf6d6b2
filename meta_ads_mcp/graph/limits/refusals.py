"""Build the errors for callers that are not let through: why, and after how many seconds to call again."""

from __future__ import annotations

import math

from meta_ads_mcp.errors import Blocked, CircuitOpen, Throttled
from meta_ads_mcp.graph.limits.breaker import ABUSE, BLOCK, DAMAGED, HINT, REGAIN, REPEATED, SCORE_FULL
from meta_ads_mcp.graph.limits.circuit import FAILURES, Circuit
from meta_ads_mcp.graph.limits.ledger import AD_SET_BUDGET, MUTATIONS, SCORE, SPEND_LIMIT

WRITE_PACE = "write pace"

_WHY = {
    ABUSE: "Meta reported an abrupt change of call volume",
    BLOCK: "Meta has blocked these calls for a while",
    REPEATED: "Meta throttled three calls within five minutes",
    HINT: "Meta asked for a pause",
    REGAIN: "a quota of Meta's is used up until then",
    SCORE_FULL: "the account's score at Meta is full",
    FAILURES: "Meta did not answer properly five times within a minute",
    DAMAGED: "the record of earlier limits was lost, so a pause is kept",
}
_FULL = {
    SCORE.name: "This account has used its points of Meta's five-minute score.",
    MUTATIONS.name: "This account has used its changes of this second.",
    AD_SET_BUDGET.name: "The budget of this ad set has changed four times within an hour; Meta allows no more.",
    SPEND_LIMIT.name: "The spend limit of this account has changed ten times within a day; Meta allows no more.",
    WRITE_PACE: "Changes of this account are made at a steady pace, and others are before this one.",
}


def circuit_open_error(circuit: Circuit, remaining_s: float) -> CircuitOpen | Blocked:
    """Return the error for a call that an open circuit covers."""
    kind = Blocked if circuit.reason == BLOCK else CircuitOpen
    why = _WHY.get(circuit.reason, "calls were stopped")
    cause = f" (error {circuit.last_error})" if circuit.last_error else ""
    return kind(
        f"Calls of {circuit.key} are stopped ({circuit.reason}): {why}{cause}. Nothing was sent.",
        retry_after_seconds=max(1, math.ceil(remaining_s)),
    )


def wait_too_long_error(limiter: str, wait_s: float) -> Throttled:
    """Return the error for a call that would have to wait longer than a caller should."""
    message = _FULL.get(limiter, f"A quota of Meta's is nearly used up ({limiter or 'shared state is busy'}).")
    return Throttled(f"{message} Nothing was sent.", retry_after_seconds=max(1, math.ceil(wait_s)))
