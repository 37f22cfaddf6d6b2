"""What a diagnosis reads, in one batch, and the answers as the checks see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from meta_ads_mcp.analysis import rankings
from meta_ads_mcp.analysis.anomalies import Windows
from meta_ads_mcp.analysis.selection import IDENTITY
from meta_ads_mcp.analysis.series import FIELDS
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.diagnosis import issues as _issues
from meta_ads_mcp.tools.diagnosis.findings import Compared

Level = Literal["account", "campaign", "ad_set", "ad"]
BUDGETS = ("daily_budget", "lifetime_budget", "budget_remaining", "start_time")
ACCOUNT_FIELDS = (*_issues.ACCOUNT_FIELDS, "currency", "timezone_name", "spend_cap", "amount_spent")
CAMPAIGN_FIELDS = (*_issues.CAMPAIGN_FIELDS, *BUDGETS, "stop_time")
AD_SET_FIELDS = (*_issues.AD_SET_FIELDS, *BUDGETS, "end_time", "learning_stage_info", "promoted_object")
PIXEL_FIELDS = "id name last_fired_time is_unavailable enable_automatic_matching match_rate_approx".split()
RUNNING = ["ACTIVE", "WITH_ISSUES"]
TROUBLED = ["DISAPPROVED", "WITH_ISSUES", "PENDING_REVIEW", "PENDING_BILLING_INFO"]
# Objects of one kind that are read; more are said to be more.
MOST_OBJECTS, MOST_ADS, MOST_ROWS = 200, 100, 500
MOST_PIXELS = 5
# Below an object: Graph's name of the level, and the word for one of its parts.
CHILD: Mapping[Level, tuple[str, str]] = {
    "account": ("campaign", "campaign"),
    "campaign": ("adset", "ad set"),
    "ad_set": ("ad", "ad"),
}


@dataclass(frozen=True)
class Subject:
    """What is diagnosed."""

    id: str
    level: Level
    account: Account
    pixel_id: str | None
    now: datetime


def parts(subject: Subject, found: Windows) -> dict[str, Request]:
    """The requests by the name of their part: eight for an account or campaign, six for an ad set, four for an ad."""
    one, account = subject.id, subject.account.id
    wanted: dict[str, tuple[str, dict[str, Any]]] = {"account": (account, {"fields": ACCOUNT_FIELDS})}
    nested = f"campaign{{{','.join(CAMPAIGN_FIELDS)}}}"
    if subject.level == "campaign":
        wanted["object"] = one, {"fields": CAMPAIGN_FIELDS}
    elif subject.level == "ad_set":
        wanted["object"] = one, {"fields": (*AD_SET_FIELDS, nested)}
    elif subject.level == "ad":
        wanted["object"] = one, {"fields": (*_issues.AD_FIELDS, f"adset{{{','.join(AD_SET_FIELDS)}}}", nested)}
    if subject.level == "account":
        wanted["campaigns"] = f"{one}/campaigns", _list(CAMPAIGN_FIELDS, RUNNING)
    if subject.level in ("account", "campaign"):
        wanted["ad_sets"] = f"{one}/adsets", _list(AD_SET_FIELDS, RUNNING)
    if subject.level != "ad":
        wanted["ads"] = f"{one}/ads", _list(_issues.AD_FIELDS, TROUBLED)
    wanted |= {name: (f"{one}/insights", params) for name, params in _figures(subject.level, found).items()}
    if subject.pixel_id:
        wanted["pixel"] = subject.pixel_id, {"fields": PIXEL_FIELDS}
    return {
        name: Request("GET", path, {**params, "fields": ",".join(params["fields"])}, account=account)
        for name, (path, params) in wanted.items()
    }


def pixel_parts(ids: Sequence[str], account: str) -> dict[str, Request]:
    fields = {"fields": ",".join(PIXEL_FIELDS)}
    return {f"pixel {one}": Request("GET", one, fields, account=account) for one in ids[:MOST_PIXELS]}


def _list(fields: Sequence[str], statuses: Sequence[str]) -> dict[str, Any]:
    return {"fields": fields, "effective_status": list(statuses), "limit": MOST_OBJECTS}


def _figures(level: Level, at: Windows) -> dict[str, dict[str, Any]]:
    """Insights of both windows, day by day, of the parts, and the ads' rankings; of ads these are the same rows."""
    both = [at.previous.model_dump(), at.recent.model_dump()]
    days = {"since": at.history.since, "until": at.recent.until}
    ranks = (*IDENTITY["ad"], *rankings.RANKINGS)
    asked: dict[str, dict[str, Any]] = {
        "windows": {"fields": (*FIELDS, *(ranks if level == "ad" else ())), "time_ranges": both},
        "days": {"fields": FIELDS, "time_range": days, "time_increment": "1", "limit": MOST_ROWS},
    }
    if level in CHILD:
        below = CHILD[level][0]
        fields = (*IDENTITY[below], *FIELDS, *(rankings.RANKINGS if below == "ad" else ()))
        asked["children"] = {"fields": fields, "level": below, "time_ranges": both, "limit": MOST_ROWS}
    if level in ("account", "campaign"):
        window, sort = at.recent.model_dump(), ["spend_descending"]
        asked["rankings"] = {
            "fields": rankings.FIELDS, "level": "ad", "time_range": window, "sort": sort, "limit": MOST_ADS,
        }  # fmt: skip
    return asked


@dataclass(frozen=True)
class Case:
    """The parts as they came; asking for one that failed raises its error."""

    subject: Subject
    answers: Mapping[str, Row | AdsError]
    found: Compared

    def row(self, part: str) -> Row:
        answer = self.answers[part]
        if isinstance(answer, AdsError):
            raise answer
        return answer

    def rows(self, part: str) -> list[Row]:
        body = self.row(part).get("data")
        return [row for row in body if isinstance(row, dict)] if isinstance(body, list) else []

    def cut(self) -> list[str]:
        """The lists of which only the first page was read."""
        return [
            name
            for name, answer in self.answers.items()
            if not isinstance(answer, AdsError) and (answer.get("paging") or {}).get("next") and name != "rankings"
        ]

    @property
    def ad_sets(self) -> list[Row]:
        """The ad sets that belong to the case: those below, itself, or the ad's own."""
        if self.subject.level in ("account", "campaign"):
            return self.rows("ad_sets")
        own = self.row("object")
        return [own] if self.subject.level == "ad_set" else [own["adset"]] if own.get("adset") else []

    @property
    def pixels(self) -> list[str]:
        """The pixels that the ad sets optimise for, the commonest first."""
        named = [str((row.get("promoted_object") or {}).get("pixel_id") or "") for row in self.ad_sets]
        return [pixel for pixel, _ in Counter(name for name in named if name).most_common()]

    @property
    def pixels_known(self) -> list[str]:
        """The same, none where the ad sets could not be read."""
        try:
            return self.pixels
        except AdsError:
            return []

    def recent(self, part: str) -> list[Row]:
        """The part's rows of the recent window."""
        return [row for row in self.rows(part) if row.get("date_start") == self.found.at.recent.since]
