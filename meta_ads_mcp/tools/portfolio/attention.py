"""Name the accounts of a portfolio that require action, with the reason and the next step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from meta_ads_mcp.analysis.anomalies import Limits, compare_windows
from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.analysis.series import Figures, cost_label
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.accounts import ACCOUNT_STATUS, DISABLE_REASON
from meta_ads_mcp.tools.portfolio.totals import AccountFigures

# Values of account_status with which ads can run. Source: Meta docs, marketing-api/reference/ad-account.
RUNNING_STATUSES = frozenset({1, 8, 9, 201})
# Statuses in which ads run, and for which the account owes something.
OWING_STATUSES = frozenset({8, 9})
# A spending limit of which less than this share is left is named.
MIN_CAP_LEFT = 0.05
LIMITS = Limits(threshold_pct=20, min_impressions=500)
_SEVERITIES = ("critical", "warning")
_DIAGNOSE = "Call ads_diagnose_underperformance with object_id={id} and level=account."
_PAY = "Call ads_get_billing_info with account_id={id}; then settle it in Meta's billing settings."


@dataclass(frozen=True)
class Alert:
    """A reason why an account requires action."""

    account: AccountFigures
    severity: str
    reason: str
    next_step: str

    def public(self) -> Row:
        """Return the alert as answers show it."""
        return {
            "account_id": self.account.id,
            "account_name": self.account.name,
            "severity": self.severity,
            "reason": self.reason,
            "next_step": self.next_step.format(id=self.account.id),
        }


def alerts(
    accounts: Sequence[AccountFigures], windows: Mapping[str, tuple[Figures, Figures, str | None]]
) -> list[Alert]:
    """Return the alerts, the critical ones first.

    `windows` hold the figures of the window and of the one before, and the event of the results, by account id.
    """
    each = [alert for account in accounts for alert in _alerts(account, windows.get(account.id))]
    return sorted(each, key=lambda alert: _SEVERITIES.index(alert.severity))


def _alerts(account: AccountFigures, windows: tuple[Figures, Figures, str | None] | None) -> Iterator[Alert]:
    stopped = account.status is not None and account.status not in RUNNING_STATUSES
    if stopped or account.status in OWING_STATUSES:
        status = ACCOUNT_STATUS.get(account.status or 0, "UNKNOWN")
        reason = DISABLE_REASON.get(account.disable_reason or 0, "UNKNOWN")
        because = f", reason {reason}" if account.disable_reason else ""
        effect = ": its ads cannot run" if stopped else ""
        yield Alert(account, "critical" if stopped else "warning", f"Status {status}{because}{effect}.", _PAY)
    if _cap_is_near(account):
        yield Alert(account, "warning", "Less than 5 % of the account's spending limit is left.", _PAY)
    if windows is None or stopped:
        return
    now, before, event = windows
    if before.impressions and not now.impressions:
        yield Alert(account, "critical", "It delivered in the window before and nothing in this one.", _DIAGNOSE)
    yield from _worse(account, now, before, event)


def _cap_is_near(account: AccountFigures) -> bool:
    cap, spent = number(account.spend_cap), number(account.amount_spent)
    return bool(cap) and spent is not None and (cap or 0) - spent < MIN_CAP_LEFT * (cap or 0)


def _worse(account: AccountFigures, now: Figures, before: Figures, event: str | None) -> Iterator[Alert]:
    changes = compare_windows(now, before, ("cost_per_result", "results"), LIMITS)
    worse = {row[0]: row for row in changes if row[5] == "bad"}
    if "cost_per_result" in worse:
        _, value, earlier, change, *_ = worse["cost_per_result"]
        text = f"The {cost_label(event)} rose by {change:g} % ({earlier:,} to {value:,} {account.currency})."
        yield Alert(account, "warning", text, _DIAGNOSE)
    elif "results" in worse:
        _, value, earlier, change, *_ = worse["results"]
        name = (event or "unknown").replace("_", " ")
        yield Alert(account, "warning", f"{name}: {earlier:g} to {value:g} ({change:+g} %).", _DIAGNOSE)
