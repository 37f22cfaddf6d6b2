"""Collect the problems of an account and its objects, one row per problem.

A row has `type` (account, campaign, ad_set or ad), `severity`, `source` (the field of Meta), `entity_id`,
`entity_name`, `effective_status`, `code`, `summary`, `message`, and keys of its source. Sources: the SDK classes
AdCampaignIssuesInfo, AdgroupIssuesInfo, AdgroupReviewFeedback, DeliveryCheck and AdRecommendation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.accounts import ACCOUNT_STATUS, DISABLE_REASON
from meta_ads_mcp.tools.diagnosis.finding import Severity

CAMPAIGN_FIELDS = ("id", "account_id", "name", "effective_status", "issues_info", "recommendations")
AD_SET_FIELDS = (*CAMPAIGN_FIELDS, "campaign_id")
AD_FIELDS = (*AD_SET_FIELDS, "ad_review_feedback", "failed_delivery_checks")
FIELDS = {"campaign": CAMPAIGN_FIELDS, "ad_set": AD_SET_FIELDS, "ad": AD_FIELDS}
ACCOUNT_FIELDS = ("id", "account_id", "name", "account_status", "disable_reason", "failed_delivery_checks")
# Other statuses are info.
_SEVERITY_OF: Mapping[str, Severity] = {"DISAPPROVED": "critical", "WITH_ISSUES": "warning", "ACTIVE": "warning"}
_STATUS_MESSAGES = {
    "PENDING_REVIEW": "It is waiting for Meta's review.",
    "PENDING_BILLING_INFO": "It is waiting for billing information.",
    "DISAPPROVED": "Meta's review rejected it and gives no reason here.",
    "WITH_ISSUES": "Meta says that it has issues, but not which.",
}
# Values of account_status with which ads can run, with their severity. 8 and 9 mean that a payment is due.
# Source: Meta docs, marketing-api/reference/ad-account.
_ACCOUNT_RUNS: Mapping[int, Severity | None] = {1: None, 201: None, 8: "warning", 9: "warning"}
# Objects that are read per source, and of the running ones, which are mostly healthy: as many as one request takes.
MAX_PER_SOURCE = 500
MAX_RUNNING = 250
RUNNING = "ACTIVE"


@dataclass(frozen=True)
class IssueSource:
    """Objects of one kind in certain statuses. Of running objects only problems are read, no advice."""

    kind: Literal["campaign", "ad_set", "ad"]
    edge: str
    statuses: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name the source in notes."""
        return f"{self.kind.replace('_', ' ').capitalize()}s in status {' or '.join(self.statuses)}"

    def concerns(self, severity: str) -> bool:
        """Return whether the source can have problems of the severity (or `all`). Any object can have advice (info)."""
        if severity == "info":
            return not self.is_running
        return severity == "all" or severity in {_SEVERITY_OF.get(status) for status in self.statuses}

    @property
    def is_running(self) -> bool:
        return RUNNING in self.statuses

    @property
    def fields(self) -> tuple[str, ...]:
        names = FIELDS[self.kind]
        return tuple(name for name in names if name != "recommendations") if self.is_running else names


# Rejected ads are a source of their own, so that many waiting ads cannot crowd them out.
SOURCES = (
    IssueSource("ad", "ads", ("DISAPPROVED",)),
    IssueSource("campaign", "campaigns", ("WITH_ISSUES",)),
    IssueSource("ad_set", "adsets", ("WITH_ISSUES",)),
    IssueSource("ad", "ads", ("WITH_ISSUES",)),
    IssueSource("ad", "ads", ("PENDING_BILLING_INFO", "PENDING_REVIEW")),
    IssueSource("campaign", "campaigns", (RUNNING,)),
    IssueSource("ad_set", "adsets", (RUNNING,)),
    IssueSource("ad", "ads", (RUNNING,)),
)


async def source_issues(call: Call, account_id: str, source: IssueSource) -> list[Row]:
    """Read the problems of a source. Adds a note if there are more objects than are read."""
    listing = await call.graph.list(
        f"{account_id}/{source.edge}",
        fields=source.fields,
        limit=MAX_RUNNING if source.is_running else 100,
        max_items=MAX_RUNNING if source.is_running else MAX_PER_SOURCE,
        effective_status=list(source.statuses),
    )
    if listing.has_more:
        call.note(f"{source.label}: only the first {len(listing.rows)} were read.")
    return [issue for row in listing.rows for issue in object_issues(source.kind, row)]


async def account_issues(call: Call, account_id: str) -> list[Row]:
    """Read why the account cannot run ads, and its failed delivery checks."""
    return problems_of_account(account_id, await call.graph.get(account_id, fields=ACCOUNT_FIELDS))


def problems_of_account(account_id: str, row: Row) -> list[Row]:
    """Return the problems of an account from its object with `ACCOUNT_FIELDS`."""
    status = row.get("account_status")
    issue = {"type": "account", "entity_id": account_id, "entity_name": row.get("name")}
    checks = [{**issue, "severity": "warning", **check} for check in _checks(row)]
    severity = _ACCOUNT_RUNS.get(status, "critical") if isinstance(status, int) else None
    if severity is None or not isinstance(status, int):
        return checks
    label = ACCOUNT_STATUS.get(status, "UNKNOWN")
    disable_reason = row.get("disable_reason") or 0
    reason = DISABLE_REASON.get(disable_reason if isinstance(disable_reason, int) else -1, "UNKNOWN")
    message = f"The account is {label}." + ("" if reason == "NONE" else f" Reason: {reason}.")
    return [{**issue, "severity": severity, "source": "account_status", "code": status, "message": message}, *checks]


def object_issues(kind: str, row: Row) -> list[Row]:
    """Return the issues, failed checks and advice of one object. The reasons of a review are in its first issue."""
    status = str(row.get("effective_status"))
    issue = {"type": kind, "entity_id": row.get("id"), "entity_name": row.get("name"), "effective_status": status}
    issue |= {"campaign_id": row.get("campaign_id")}
    problems = _with_review(list(_issues(row)), row.get("ad_review_feedback")) + list(_checks(row))
    if not problems and status in _STATUS_MESSAGES:
        problems = [{"source": "effective_status", "message": _STATUS_MESSAGES[status]}]
    severity = _SEVERITY_OF.get(status, "info")
    return [
        *({**issue, "severity": severity, **problem} for problem in problems),
        *({**issue, "severity": "info", **advice} for advice in _advice(row)),
    ]


def _with_review(issues: list[Row], feedback: Any) -> list[Row]:
    """Add Meta's reasons by policy: those for all placements (`global`), and those of single platforms."""
    if not isinstance(feedback, dict) or not feedback:
        return issues
    if issues:
        return [{**issues[0], "review_feedback": feedback}, *issues[1:]]
    overall = feedback.get("global")
    policies = ", ".join(overall) if isinstance(overall, dict) else ""
    message = f"Meta's review rejected it: {policies}." if policies else "Meta's review rejected it on some placements."
    return [{"source": "ad_review_feedback", "message": message, "review_feedback": feedback}]


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
    """Return the objects of a list, or an empty list for any other value."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def distinct(issues: list[Row]) -> list[Row]:
    """Drop repeated problems. An object whose status changes while it is read can be in two sources."""
    unique: dict[str, Row] = {}
    for issue in issues:
        key = repr([issue.get(name) for name in ("type", "entity_id", "source", "code", "message")])
        unique.setdefault(key, issue)
    return list(unique.values())
