"""Meta's own counts, kept on this machine and shared by its processes, so that a limit is met before Meta says no.

Each rule is a sliding window: no more than `limit` points may lie within `window_s`. Meta says "decay 300 seconds"
without saying how. Points may fade one by one (a leak of limit/300 per second), or each may vanish 300 seconds after it
was made. The window is the stricter of the two: calls that keep to it can never fill the leaking bucket either, because
at most `limit` points arrive in any 300 seconds, in which the leak removes just as many.

A point counts from the moment it is granted until `window_s` after the answer, as Meta may have counted it at any time
between. The limit itself is never reached, only approached. Wall-clock seconds throughout.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.state import LimitState, Points, Rows
from meta_ads_mcp.graph.limits.tiers import READ_POINTS, SCORE_WINDOW_S, WRITE_POINTS, Tier


@dataclass(frozen=True)
class QuotaRule:
    """A count of Meta's. `margin_s` allows for clocks; `in_flight_s` is how long an answer may be awaited at most."""

    name: str
    window_s: float
    margin_s: float = 5.0
    in_flight_s: float = 600.0

    def old_at(self, answered_at: float) -> float:
        """Return when a point of a call answered at that time stops counting."""
        return answered_at + self.window_s + self.margin_s


SCORE = QuotaRule("score", SCORE_WINDOW_S)
MUTATIONS = QuotaRule("mutations", 1.0, margin_s=0.5, in_flight_s=10.0)
AD_SET_BUDGET = QuotaRule("ad_set_budget", 3_600.0)
SPEND_LIMIT = QuotaRule("spend_limit", 86_400.0)
RULES = {rule.name: rule for rule in (SCORE, MUTATIONS, AD_SET_BUDGET, SPEND_LIMIT)}

# A tier that was learnt longer ago may have changed; the first answer says it again anyway.
TIER_KNOWN_S = 86_400.0
# Whether the last point of the first two is still granted or already blocks is not documented: it is left unused.
_LIMITS = {MUTATIONS.name: 100 - 1, AD_SET_BUDGET.name: 4, SPEND_LIMIT.name: 10}


def limit_of(rule: QuotaRule, tier: Tier) -> int:
    """Return the points that may lie in the window of a rule."""
    return _LIMITS.get(rule.name, tier.max_score - 1)


@dataclass(frozen=True)
class Charge:
    """`points` on one count; `limit` is what may lie in the window, the charge included."""

    rule: QuotaRule
    key: str
    points: int
    limit: int


@dataclass(frozen=True)
class Grant:
    """The place a call has been given: when it may go, and the ticket under which it is written down.

    Without a ticket nothing was taken: `slot` is then when to ask again, and `rule` what stands in the way.
    """

    slot: float
    ticket: str | None
    rule: str = ""


def charges(call: GraphCall, tier: Tier) -> list[Charge]:
    """Return the cost of a call on each of Meta's counts.

    Accounts are counted without the token: two tokens of one app share the account's score, and of two apps this
    server does not know that they are two.
    """
    charges_: list[tuple[QuotaRule, str | None, int]] = [
        (SCORE, call.account, WRITE_POINTS if call.write else READ_POINTS)
    ]
    if call.write:
        charges_.append((MUTATIONS, call.account, 1))
    if call.budget_change:
        charges_.append((AD_SET_BUDGET, call.object_id, 1))
    if call.spend_limit_change:
        charges_.append((SPEND_LIMIT, call.account, 1))
    return [Charge(rule, key, points, limit_of(rule, tier)) for rule, key, points in charges_ if key]


class PointLedger:
    """The points in every window."""

    def __init__(self, file: LimitState) -> None:
        self._file = file

    def reserve(self, charges_: Sequence[Charge], now: float, not_before: float, not_after: float) -> Grant:
        """Take the first place between the two times that all the charges allow, if there is one."""
        with self._file.transaction(now) as rows:
            free = [(_free_at(rows, charge, now), charge) for charge in charges_]
            at, rule = max(((at, charge.rule.name) for at, charge in free), default=(now, ""))
            slot = max(at, not_before)
            if slot > not_after:
                return Grant(slot, None, rule if at > not_before else "")
            ticket = uuid.uuid4().hex
            for charge in charges_:
                expires_at = slot + charge.rule.window_s + charge.rule.in_flight_s
                rows.add(Points(ticket, charge.rule.name, charge.key, charge.points, slot, expires_at))
        return Grant(slot, ticket)

    def settle(self, ticket: str, now: float) -> None:
        """Note that the response has come: from now on the points decay."""
        with self._file.transaction(now) as rows:
            for rule in RULES.values():
                rows.settle(ticket, rule.name, rule.old_at(now))

    def cancel(self, ticket: str, now: float) -> None:
        """Give back the points of a call that was never sent."""
        with self._file.transaction(now) as rows:
            rows.remove(ticket)

    def record(self, charges_: Sequence[Charge], now: float) -> None:
        """Count a call that was made without a place."""
        with self._file.transaction(now) as rows:
            for charge in charges_:
                old_at = charge.rule.old_at(now)
                rows.add(Points("unasked", charge.rule.name, charge.key, charge.points, now, old_at, settled=True))

    def exhaust(self, rule: QuotaRule, key: str, points: int, now: float) -> None:
        """Meta has said that this count is full."""
        with self._file.transaction(now) as rows:
            ticket = f"full:{rule.name}:{key}"
            rows.remove(ticket)
            rows.add(Points(ticket, rule.name, key, points, now, rule.old_at(now)))

    def reconcile(self, account: str, percent: float, reset_s: float, tier: Tier, now: float) -> None:
        """Meta's own figure of the account's score: what exceeds this machine's count was spent elsewhere."""
        total = int(tier.max_score * min(percent, 100.0) / 100)
        ticket = f"elsewhere:{account}"
        with self._file.transaction(now) as rows:
            rows.remove(ticket)
            elsewhere = total - rows.settled(SCORE.name, account, now + SCORE.margin_s)
            if elsewhere > 0:
                fades_s = min(reset_s or SCORE.window_s, SCORE.window_s) + SCORE.margin_s
                rows.add(Points(ticket, SCORE.name, account, elsewhere, now, now + fades_s))

    def tier(self, token_key: str, now: float) -> str | None:
        """Return the tier that any process has learned for the token within a day, or None."""
        with self._file.transaction(now) as rows:
            return rows.tier(token_key, now - TIER_KNOWN_S)

    def keep_tier(self, token_key: str, name: str, now: float) -> None:
        """Tell the other processes, and the next start, what a header has named."""
        with self._file.transaction(now) as rows:
            rows.keep_tier(token_key, name, now)

    def points(self, now: float) -> list[tuple[str, str, int]]:
        """Return (rule, key, points) of every count that is not at zero."""
        with self._file.transaction(now) as rows:
            return rows.totals()


def _free_at(rows: Rows, charge: Charge, now: float) -> float:
    """Return when enough points will have gone, oldest first, for the charge to fit."""
    excess = rows.total(charge.rule.name, charge.key) + charge.points - charge.limit
    if excess <= 0:
        return now
    for expires_at, count in rows.points(charge.rule.name, charge.key):
        excess -= count
        if excess <= 0:
            return expires_at
    return now + charge.rule.window_s
