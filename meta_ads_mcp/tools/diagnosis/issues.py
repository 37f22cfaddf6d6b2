"""The problems of an account and its objects, each as one row.

A row: `type` (account, campaign, ad_set, ad), `severity`, `source` (where Meta says it), `entity_id`, `entity_name`,
`effective_status`, `code`, `summary`, `message`, and what only some have. Sources: AdCampaignIssuesInfo,
AdgroupIssuesInfo, AdgroupReviewFeedback, DeliveryCheck and AdRecommendation of the SDK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.accounts import ACCOUNT_STATUS, DISABLE_REASON

Severity = Literal["critical", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
CAMPAIGN_FIELDS = ("id", "account_id", "name", "effective_status", "issues_info", "recommendations")
AD_SET_FIELDS = (*CAMPAIGN_FIELDS, "campaign_id")
AD_FIELDS = (*AD_SET_FIELDS, "ad_review_feedback", "failed_delivery_checks")
FIELDS = {"campaign": CAMPAIGN_FIELDS, "ad_set": AD_SET_FIELDS, "ad": AD_FIELDS}
ACCOUNT_FIELDS = ("id", "account_id", "name", "account_status", "disable_reason", "failed_delivery_checks")
# Every other status is information.
_SEVERITY_OF: Mapping[str, Severity] = {"DISAPPROVED": "critical", "WITH_ISSUES": "warning"}
_WAITING = {
    "PENDING_REVIEW": "It waits for Meta's review.",
    "PENDING_BILLING_INFO": "It waits for billing information.",
    "DISAPPROVED": "Meta's review rejected it and gives no reason here.",
    "WITH_ISSUES": "Meta says that it has issues and does not say which.",
}
# Ads run in these states of an account and in no other; 8 and 9 are payments that are due
# (Meta docs, marketing-api/reference/ad-account).
_ACCOUNT_RUNS: Mapping[int, Severity | None] = {1: None, 201: None, 8: "warning", 9: "warning"}
# No part of an account is read further than this, whatever is wrong with it.
MOST_PER_PART = 500


@dataclass(frozen=True)
class IssueSource:
    """Objects of one kind that are in trouble, found by their status so that healthy ones are never read."""

    kind: Literal["campaign", "ad_set", "ad"]
    edge: str
    statuses: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.kind.replace('_', ' ').capitalize()}s in status {' or '.join(self.statuses)}"

    def concerns(self, severity: str) -> bool:
        """Any object can carry advice, which is information; of the other severities, only those of its status."""
        return severity in ("all", "info") or severity in {_SEVERITY_OF.get(status) for status in self.statuses}


# The worst has a part of its own: however many ads wait for a review, the rejected ones are read.
PARTS = (
    IssueSource("ad", "ads", ("DISAPPROVED",)),
    IssueSource("campaign", "campaigns", ("WITH_ISSUES",)),
    IssueSource("ad_set", "adsets", ("WITH_ISSUES",)),
    IssueSource("ad", "ads", ("WITH_ISSUES",)),
    IssueSource("ad", "ads", ("PENDING_BILLING_INFO", "PENDING_REVIEW")),
)


async def part_issues(call: Call, account_id: str, part: IssueSource) -> list[Row]:
    """The problems of a part's objects. Says so when there are more objects than are read."""
    found = await call.graph.list(
        f"{account_id}/{part.edge}",
        fields=FIELDS[part.kind],
        limit=100,
        max_items=MOST_PER_PART,
        effective_status=list(part.statuses),
    )
    if found.has_more:
        call.note(f"{part.label}: only the first {len(found.rows)} were read.")
    return [issue for row in found.rows for issue in object_issues(part.kind, row)]


async def account_issues(call: Call, account_id: str) -> list[Row]:
    """Why the account cannot run ads, and the delivery checks that it fails."""
    return problems_of_account(account_id, await call.graph.get(account_id, fields=ACCOUNT_FIELDS))


def problems_of_account(account_id: str, row: Row) -> list[Row]:
    """The same, from a row with `ACCOUNT_FIELDS`."""
    status = row.get("account_status")
    issue = {"type": "account", "entity_id": account_id, "entity_name": row.get("name")}
    found = [{**issue, "severity": "warning", **check} for check in _checks(row)]
    severity = _ACCOUNT_RUNS.get(status, "critical") if isinstance(status, int) else None
    if severity is None or not isinstance(status, int):
        return found
    label = ACCOUNT_STATUS.get(status, "UNKNOWN")
    disabled = row.get("disable_reason") or 0
    reason = DISABLE_REASON.get(disabled if isinstance(disabled, int) else -1, "UNKNOWN")
    said = f"The account is {label}." + ("" if reason == "NONE" else f" Reason: {reason}.")
    return [{**issue, "severity": severity, "source": "account_status", "code": status, "message": said}, *found]


def object_issues(kind: str, row: Row) -> list[Row]:
    """Every issue, failed check and piece of advice of one object; a review's reasons stand with its first issue."""
    status = str(row.get("effective_status"))
    issue = {"type": kind, "entity_id": row.get("id"), "entity_name": row.get("name"), "effective_status": status}
    issue |= {"campaign_id": row.get("campaign_id")}
    troubles = _reviewed(list(_issues(row)), row.get("ad_review_feedback")) + list(_checks(row))
    if not troubles and status in _WAITING:
        troubles = [{"source": "effective_status", "message": _WAITING[status]}]
    severity = _SEVERITY_OF.get(status, "info")
    return [
        *({**issue, "severity": severity, **trouble} for trouble in troubles),
        *({**issue, "severity": "info", **advice} for advice in _advice(row)),
    ]


def _reviewed(issues: list[Row], feedback: Any) -> list[Row]:
    """The issues with Meta's reasons by policy: for all placements (`global`), and those of single platforms."""
    if not isinstance(feedback, dict) or not feedback:
        return issues
    if issues:
        return [{**issues[0], "review_feedback": feedback}, *issues[1:]]
    overall = feedback.get("global")
    policies = ", ".join(overall) if isinstance(overall, dict) else ""
    said = f"Meta's review rejected it: {policies}." if policies else "Meta's review rejected it on some placements."
    return [{"source": "ad_review_feedback", "message": said, "review_feedback": feedback}]


def _issues(row: Row) -> Iterator[Row]:
    for item in objects(row.get("issues_info")):
        yield {
            "source": "issues_info",
            "code": item.get("error_code"),
            "summary": item.get("error_summary"),
            "message": item.get("error_message"),
            "error_type": item.get("error_type"),
            "level": item.get("level"),
        }


def _checks(row: Row) -> Iterator[Row]:
    for item in objects(row.get("failed_delivery_checks")):
        yield {
            "source": "failed_delivery_checks",
            "code": item.get("check_name"),
            "summary": item.get("summary"),
            "message": item.get("description"),
        }


def _advice(row: Row) -> Iterator[Row]:
    for item in objects(row.get("recommendations")):
        yield {
            "source": "recommendations",
            "code": item.get("code"),
            "summary": item.get("title"),
            "message": item.get("message"),
            "importance": item.get("importance"),
        }


def objects(value: Any) -> list[Row]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def distinct(issues: list[Row]) -> list[Row]:
    """Each problem once: an object whose status changes meanwhile comes in two parts. The first stays."""
    seen: dict[str, Row] = {}
    for issue in issues:
        seen.setdefault(repr([issue.get(name) for name in ("type", "entity_id", "source", "code", "message")]), issue)
    return list(seen.values())
