"""What Meta says is wrong, and what it advises."""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import plural
from meta_ads_mcp.core.params import Params
from meta_ads_mcp.core.partial import attempt_all, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Page, Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import iso
from meta_ads_mcp.core.values.ids import AccountId, CampaignId
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.diagnosis.issues import PARTS, SEVERITIES, account_issues, distinct, objects, part_issues


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

    For one campaign (level=campaign, object_id) there are recommendations only: Meta scores accounts.
    """

    account_id: AccountId
    level: Literal["account", "campaign"] = "account"
    object_id: Annotated[CampaignId | None, Field(description="campaign id, for level=campaign")] = None

    @model_validator(mode="after")
    def _campaign_named(self) -> Self:
        if (self.level == "campaign") != (self.object_id is not None):
            raise ValueError("level=campaign and object_id go together")
        return self

    async def run(self, call: Call) -> Result:
        if self.object_id is not None:
            return await _campaign_advice(call, self.account_id, self.object_id)
        return await _scored(call, self.account_id)


async def _scored(call: Call, account_id: str) -> Result:
    account, listed = await attempt_all(
        call.graph.get(account_id, fields=["id", "account_id", "opportunity_score"]),
        call.graph.get(f"{account_id}/recommendations"),
    )
    data: Row = {"account_id": account_id}
    said = []
    if isinstance(account, AdsError):
        call.note(unread("The score", account))
        said.append(f"The score of {account_id} could not be read")
    else:
        data["opportunity_score"] = account.get("opportunity_score")
        said.append(_score_sentence(account_id, data["opportunity_score"]))
    if isinstance(listed, AdsError):
        call.note(unread("The recommendations", listed))
    else:
        data["recommendations"] = _ranked(listed)
        said.append(f"{len(data['recommendations'])} {plural('recommendation', len(data['recommendations']))}")
    return Result(f"{'; '.join(said)}.", data)


def _score_sentence(account_id: str, score: Any) -> str:
    if not isinstance(score, (int, float)):
        return f"Meta gives no opportunity score for {account_id}"
    return f"Opportunity score {score:g} of 100 for {account_id}"


def _ranked(body: Row) -> list[Row]:
    """Graph nests the recommendations of an account in one row; those that lift the score most come first."""
    found = [_flat(item) for row in objects(body.get("data")) for item in objects(row.get("recommendations"))]
    return sorted(found, key=lambda item: -_points(item.get("opportunity_score_lift")))


def _flat(recommendation: Row) -> Row:
    content = recommendation.get("recommendation_content")
    rest = {name: value for name, value in recommendation.items() if name != "recommendation_content"}
    if made := iso(rest.get("recommendation_time")):
        rest["recommendation_time"] = made
    return {**rest, **(content if isinstance(content, dict) else {})}


def _points(lift: Any) -> float:
    """Points are a number, or a text such as "5 points"."""
    number = re.search(r"[0-9]+(\.[0-9]+)?", str(lift))
    return float(number[0]) if number else 0


async def _campaign_advice(call: Call, account_id: str, campaign_id: str) -> Result:
    row = await call.graph.get(campaign_id, fields=["id", "account_id", "name", "recommendations"])
    if f"act_{row.get('account_id')}" != account_id:
        raise InvalidArguments(f"Campaign {campaign_id} is not of {account_id}.", "Name the campaign's own account.")
    advice = objects(row.get("recommendations"))
    count = len(advice)
    call.note("Meta scores accounts only; a campaign has recommendations.")
    return Result(
        f"{count} {plural('recommendation', count)} for campaign {campaign_id}.",
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
    """Find what stops or hampers delivery in an account: its state, delivery issues, rejected ads with Meta's reasons.

    critical: rejected ads, or an account that cannot run ads. warning: issues, failed checks. info: waiting, or advice.
    """

    account_id: AccountId
    severity: Literal["critical", "warning", "info", "all"] = "all"
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    async def run(self, call: Call) -> Result:
        parts = [part for part in PARTS if part.concerns(self.severity)]
        answers = await attempt_all(
            account_issues(call, self.account_id), *(part_issues(call, self.account_id, part) for part in parts)
        )
        found: list[Row] = []
        for what, answer in zip(["The account", *(part.label for part in parts)], answers, strict=True):
            if isinstance(answer, AdsError):
                call.note(unread(what, answer))
            else:
                found += answer
        complete = not any(isinstance(answer, AdsError) for answer in answers)
        wanted = [issue for issue in distinct(found) if self.severity in ("all", issue["severity"])]
        return _report(self, wanted, complete=complete)


def _report(asked: GetErrors, issues: list[Row], *, complete: bool) -> Result:
    """The severity was applied already, so that the limit cuts the least severe."""
    issues.sort(key=lambda issue: SEVERITIES.index(issue["severity"]))
    counted = Counter(issue["severity"] for issue in issues)
    counts: dict[str, int] = {
        severity: counted[severity] for severity in SEVERITIES if asked.severity in ("all", severity)
    }
    shown = issues[: asked.limit]
    return Result(
        _found(asked, issues, counts, complete=complete),
        {"account_id": asked.account_id, "counts": counts, "issues": shown},
        Page(len(shown), len(shown) < len(issues)),
    )


def _found(asked: GetErrors, issues: list[Row], counts: dict[str, int], *, complete: bool) -> str:
    """What was found. Only an account that was read to the end has no problems."""
    if not issues and complete:
        kind = "" if asked.severity == "all" else f"{asked.severity} "
        return f"Meta reports no {kind}problems in {asked.account_id}."
    said = ", ".join(f"{number} {severity}" for severity, number in counts.items())
    objects = len({(issue["type"], str(issue["entity_id"])) for issue in issues})
    beyond = f"; the first {asked.limit} are shown" if asked.limit < len(issues) else ""
    unsure = "" if complete else " Parts of the account could not be read: see the notes."
    return f"{said} on {objects} {plural('object', objects)} of {asked.account_id}{beyond}.{unsure}"
