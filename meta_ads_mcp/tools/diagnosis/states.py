"""Report statuses, issues and learning stages of the account and its objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.tools.diagnosis import issues
from meta_ads_mcp.tools.diagnosis.case import RUNNING, TROUBLED, Case
from meta_ads_mcp.tools.diagnosis.finding import MAX_EXAMPLES, Finding, NotApplicable, Severity

# Percent of an account's spend cap from which on it is nearly used up.
CAP_NEARLY_USED = 95
_HYPOTHESES = {
    "recommendations": "Meta's advice; it is not a fault by itself.",
    "effective_status": "Nothing is delivered before this is over.",
    "ad_review_feedback": "Meta's review rejected it.",
}
# Learning stage, severity, sentence, hypothesis, next step.
_LEARNING: tuple[tuple[str, Severity, str, str, str], ...] = (
    (
        "FAIL",
        "warning",
        "are in learning limited",
        "Too few results per week (about 50 are required): a small budget, a rare event, or many ad sets.",
        "Join ad sets, raise the budget (ads_update_budget), or optimize for an event that happens more often.",
    ),
    (
        "LEARNING",
        "info",
        "are still learning",
        "Results are less stable and more expensive until the learning phase ends; each larger edit restarts it.",
        "Wait for about 50 results before judging, and avoid edits meanwhile; ads_get_ad_sets shows the stage.",
    ),
)


def check_learning(case: Case) -> Iterator[Finding]:
    """Report ad sets in the learning phase or in learning limited (SDK class AdCampaignLearningStageInfo)."""
    ad_sets = [row for row in case.ad_sets if row.get("learning_stage_info")]
    if not ad_sets:
        raise NotApplicable("no running ad set has a learning stage")
    for status, severity, text, hypothesis, next_step in _LEARNING:
        rows = [row for row in ad_sets if row["learning_stage_info"].get("status") == status]
        if rows:
            yield Finding(
                "learning",
                f"{len(rows)} of {len(ad_sets):,} ad {plural('set', len(ad_sets))} {text}.",
                severity,
                {"ad_sets": [_stage(row) for row in rows[:MAX_EXAMPLES]], "count": len(rows)},
                hypothesis,
                next_step,
            )


def _stage(row: Row) -> Row:
    conversions = row["learning_stage_info"].get("conversions")
    return {"id": row.get("id"), "name": row.get("name"), "conversions": conversions}


def check_account(case: Case) -> Iterator[Finding]:
    """Report an account that cannot run ads, and a spend cap that is nearly used up."""
    row = case.row("account")
    yield from _issue_findings(issues.problems_of_account(case.subject.account.id, row), "account")
    cap, spent = number(row.get("spend_cap")), number(row.get("amount_spent"))
    if cap and spent is not None and spent >= cap * CAP_NEARLY_USED / 100:
        yield Finding(
            "account",
            f"The account has used {spent / cap:.0%} of its spend cap.",
            "critical" if spent >= cap else "warning",
            {"spend_cap": int(cap), "amount_spent": int(spent)},
            "At the cap all ads of the account stop.",
            "Raise or reset the spend cap: ads_get_spend_limit shows it.",
        )


def check_object(case: Case) -> Iterator[Finding]:
    """Report the status and issues of the object and of the objects above it."""
    row = case.row("object")
    status = str(row.get("effective_status"))
    if status not in (*RUNNING, *TROUBLED):
        yield Finding(
            "object",
            f"Its status is {status}.",
            "info" if case.comparison.now.impressions else "critical",
            {"id": row.get("id"), "effective_status": status},
            "It, or the campaign or ad set above it, is switched off or over.",
            "If that was not meant, see who changed it with ads_account_get_activity_logs, and switch it on again.",
        )
    yield from _issue_findings(issues.object_issues(case.subject.level, row), "object")
    for key, kind in {"campaign": "campaign", "adset": "ad_set"}.items():
        if isinstance(row.get(key), dict):
            yield from _issue_findings(issues.object_issues(kind, row[key]), "object")


def part_check(part: str, kind: str) -> Callable[[Case], Iterator[Finding]]:
    """Return a check that reports the issues of the objects of a part."""

    def check(case: Case) -> Iterator[Finding]:
        rows = [issue for row in case.rows(part) for issue in issues.object_issues(kind, row)]
        yield from _issue_findings(issues.distinct(rows), part)

    return check


def _issue_findings(rows: Sequence[Row], check: str) -> Iterator[Finding]:
    """Report each kind of problem once, however many objects have it."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for issue in rows:
        kind = issue.get("code") or issue.get("message")
        groups.setdefault((issue["severity"], issue["source"], kind), []).append(issue)
    for (severity, source, code), group in groups.items():
        first = group[0]
        text = str(first.get("summary") or first.get("message") or code)
        kind = str(first["type"]).replace("_", " ")
        yield Finding(
            check,
            f"{len(group):,} {plural(kind, len(group))}: {_text_with_reason(text, first.get('message'))}",
            severity,
            {
                "source": source,
                "code": code,
                "message": first.get("message"),
                "review_feedback": first.get("review_feedback"),
                "objects": [_identity(issue) for issue in group[:MAX_EXAMPLES]],
                "count": len(group),
            },
            _HYPOTHESES.get(str(source), "Meta reports this as the reason."),
            "Correct what Meta names, and see every case with ads_get_errors.",
        )


def _text_with_reason(text: str, message: object) -> str:
    """Return what Meta calls the problem, and its explanation if that says more."""
    return text if not message or str(message) == text else f"{text.rstrip('.')}. {message}"


def _identity(issue: Row) -> Row:
    return {"id": issue.get("entity_id"), "name": issue.get("entity_name"), "status": issue.get("effective_status")}
