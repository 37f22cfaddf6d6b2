"""Tools that read what Meta reports as wrong, and what it recommends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.analysis.query.local import local_cursor, local_offset
from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.partial import attempt_all, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import Day, iso
from meta_ads_mcp.core.values.ids import AccountId, CampaignId
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.diagnosis.finding import SEVERITIES
from meta_ads_mcp.tools.diagnosis.issues import SOURCES, account_issues, distinct, objects, source_issues
from meta_ads_mcp.tools.diagnosis.score_history import check_period, describe_history, read_history

APPLY = (
    "ads_apply_recommendation applies one by its recommendation_signature, after a question; one without a signature "
    "is carried out by hand."
)
UNREAD_STATUSES = "Objects that do not run for another reason, such as paused ones, were not read."


@tool(
    "ads_get_opportunity_score",
    Effect.READ,
    get("{account_id}", "{account_id}/recommendations", "{object_id}"),
    node="AdAccount",
    fields="opportunity_score",
    identity="id account_id",
    keywords="recommendations optimization advice",
    toolset="diagnostics",
)
class GetOpportunityScore(Params):
    """Read Meta's opportunity score of an account (0-100) with its recommendations and the points each would add.

    history_from and history_to add the score of each day, with_reasons the campaigns that moved it. For one campaign
    (level=campaign, object_id) there are recommendations only. See ads_apply_recommendation.
    """

    account_id: AccountId
    level: Literal["account", "campaign"] = "account"
    object_id: Annotated[CampaignId | None, Field(description="campaign id, for level=campaign")] = None
    history_from: Annotated[Day | None, Local(), Field(description="At most 45 days before history_to")] = None
    history_to: Annotated[Day | None, Local(), Field(description="Default: today")] = None
    with_reasons: Annotated[bool, Local(), Field(description="Of the last 14 days without history_from")] = False

    @property
    def wants_history(self) -> bool:
        """Return whether the call asks for the history of the score."""
        return self.with_reasons or self.history_from is not None or self.history_to is not None

    @model_validator(mode="after")
    def _check_campaign(self) -> Self:
        if (self.level == "campaign") != (self.object_id is not None):
            raise ValueError("level=campaign and object_id go together")
        if self.wants_history and self.object_id is not None:
            raise ValueError("Meta has a history of accounts only; leave out object_id and level")
        check_period(self.history_from, self.history_to)
        return self

    async def run(self, call: Call) -> Result:
        if self.object_id is not None:
            return await _campaign_advice(call, self.account_id, self.object_id)
        return await _account_score(call, self.account_id, self._history(call) if self.wants_history else None)

    async def _history(self, call: Call) -> Row:
        account = await call.account(self.account_id)
        return await read_history(call, account, self.history_from, self.history_to, reasons=self.with_reasons)


async def _account_score(call: Call, account_id: str, history: Awaitable[Row] | None) -> Result:
    account, recommendations, *histories = await attempt_all(
        call.graph.get(account_id, fields=["id", "account_id", "opportunity_score"]),
        call.graph.get(f"{account_id}/recommendations"),
        *([] if history is None else [history]),
    )
    data: Row = {"account_id": account_id}
    parts = []
    if isinstance(account, AdsError):
        call.note(unread("The score", account))
        parts.append(f"The score of {account_id} could not be read")
    else:
        data["opportunity_score"] = account.get("opportunity_score")
        parts.append(_score_sentence(account_id, data["opportunity_score"]))
    if isinstance(recommendations, AdsError):
        call.note(unread("The recommendations", recommendations))
    else:
        data["recommendations"] = _by_lift(recommendations)
        parts.append(f"{len(data['recommendations']):,} {plural('recommendation', len(data['recommendations']))}")
        if any(row.get("recommendation_signature") for row in data["recommendations"]):
            data["next_step"] = APPLY
    for past in histories:
        if isinstance(past, AdsError):
            call.note(unread("The history of the score", past))
        else:
            data["history"] = past
            parts.append(describe_history(past))
    return Result(f"{'; '.join(parts)}.", data)


def _score_sentence(account_id: str, score: Any) -> str:
    if not isinstance(score, (int, float)):
        return f"Meta gives no opportunity score for {account_id}"
    return f"Opportunity score {score:g} of 100 for {account_id}"


def _by_lift(body: Row) -> list[Row]:
    """Return the recommendations, which Graph nests in one row, with the largest lift of the score first."""
    rows = [_flatten(item) for row in objects(body.get("data")) for item in objects(row.get("recommendations"))]
    return sorted(rows, key=lambda item: -_points(item.get("opportunity_score_lift")))


def _flatten(recommendation: Row) -> Row:
    content = recommendation.get("recommendation_content")
    rest = {name: value for name, value in recommendation.items() if name != "recommendation_content"}
    if time := iso(rest.get("recommendation_time")):
        rest["recommendation_time"] = time
    return {**rest, **(content if isinstance(content, dict) else {})}


def _points(lift: Any) -> float:
    """Parse points, which are a number or a text such as "5 points"."""
    number = re.search(r"[0-9]+(\.[0-9]+)?", str(lift))
    return float(number[0]) if number else 0


async def _campaign_advice(call: Call, account_id: str, campaign_id: str) -> Result:
    row = await call.graph.get(campaign_id, fields=["id", "account_id", "name", "recommendations"])
    if f"act_{row.get('account_id')}" != account_id:
        raise InvalidArguments(f"Campaign {campaign_id} is not in {account_id}.", "Give the campaign's own account.")
    advice = objects(row.get("recommendations"))
    count = len(advice)
    call.note("Meta scores accounts only; a campaign has recommendations.")
    return Result(
        f"{count:,} {plural('recommendation', count)} for campaign {campaign_id}.",
        {"account_id": account_id, "campaign_id": campaign_id, "name": row.get("name"), "recommendations": advice},
    )


@tool(
    "ads_get_errors",
    Effect.READ,
    get("{account_id}/ads", "{account_id}/adsets", "{account_id}/campaigns", "{account_id}"),
    node="Ad",
    fields="id name effective_status issues_info recommendations ad_review_feedback failed_delivery_checks",
    identity="id account_id",
    keywords="problems rejected disapproved not delivering issues review",
    toolset="diagnostics",
)
class GetErrors(Params):
    """Find what stops or limits delivery in an account: its state, issues, rejected ads with Meta's reasons."""

    account_id: AccountId
    severity: Literal["critical", "warning", "info", "all"] = "all"
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Annotated[str | None, Local(), Field(max_length=2000)] = None

    async def run(self, call: Call) -> Result:
        start = local_offset(self.after)
        sources = [source for source in SOURCES if source.concerns(self.severity)]
        answers = await attempt_all(
            account_issues(call, self.account_id),
            *(source_issues(call, self.account_id, source) for source in sources),
        )
        issues: list[Row] = []
        for label, answer in zip(["The account", *(source.label for source in sources)], answers, strict=True):
            if isinstance(answer, AdsError):
                call.note(unread(label, answer))
            else:
                issues += answer
        call.note(UNREAD_STATUSES)
        complete = not any(isinstance(answer, AdsError) for answer in answers)
        matches = [issue for issue in distinct(issues) if self.severity in ("all", issue["severity"])]
        return _report(self, matches, start, complete=complete)


def _report(query: GetErrors, issues: list[Row], start: int, *, complete: bool) -> Result:
    """Build the answer. The most severe of the issues, which are already filtered by severity, come first."""
    issues.sort(key=lambda issue: SEVERITIES.index(issue["severity"]))
    by_severity = Counter(issue["severity"] for issue in issues)
    counts: dict[str, int] = {
        severity: by_severity[severity] for severity in SEVERITIES if query.severity in ("all", severity)
    }
    stop = start + query.limit
    page = issues[start:stop]
    rest = f"; {len(page)} shown, go on with page.after" if stop < len(issues) else ""
    return Result(
        _summary(query, issues, counts, rest, complete=complete),
        {"account_id": query.account_id, "counts": counts, "issues": page},
        Page(len(page), stop < len(issues), local_cursor(stop) if stop < len(issues) else None),
        marks=((0, local_cursor(start)),),
    )


def _summary(query: GetErrors, issues: list[Row], counts: dict[str, int], rest: str, *, complete: bool) -> str:
    """Summarize the issues. An account that was not read completely may have more problems."""
    if not issues and complete:
        kind = "" if query.severity == "all" else f"{query.severity} "
        return f"Meta reports no {kind}problems in {query.account_id}."
    numbers = ", ".join(f"{count} {severity}" for severity, count in counts.items())
    objects = len({(issue["type"], str(issue["entity_id"])) for issue in issues})
    incomplete = "" if complete else " Parts of the account could not be read: see the notes."
    return f"{numbers} on {objects:,} {plural('object', objects)} of {query.account_id}{rest}.{incomplete}"
