"""Define the requests of a diagnosis, which are sent in one batch, and give the checks access to the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from meta_ads_mcp.analysis import rankings
from meta_ads_mcp.analysis.anomalies import HISTORY_DAYS, Windows
from meta_ads_mcp.analysis.comparisons import ad_wear
from meta_ads_mcp.analysis.comparisons.ad_wear import weeks_until
from meta_ads_mcp.analysis.comparisons.meant import EventObjects, with_event
from meta_ads_mcp.analysis.numbers import number
from meta_ads_mcp.analysis.query.selection import IDENTITY
from meta_ads_mcp.analysis.series import FIELDS
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.diagnosis import issues
from meta_ads_mcp.tools.diagnosis.comparison import Comparison

Level = Literal["account", "campaign", "ad_set", "ad"]
BUDGETS = ("daily_budget", "lifetime_budget", "budget_remaining", "start_time")
ACCOUNT_FIELDS = (*issues.ACCOUNT_FIELDS, "currency", "timezone_name", "spend_cap", "amount_spent")
CAMPAIGN_FIELDS = (*issues.CAMPAIGN_FIELDS, *BUDGETS, "stop_time")
AD_SET_FIELDS = (*issues.AD_SET_FIELDS, *BUDGETS, "end_time", "learning_stage_info", "promoted_object")
PIXEL_FIELDS = "id name last_fired_time is_unavailable enable_automatic_matching match_rate_approx".split()
RUNNING = ["ACTIVE", "WITH_ISSUES"]
TROUBLED = ["DISAPPROVED", "WITH_ISSUES", "PENDING_REVIEW", "PENDING_BILLING_INFO"]
# The limits of list requests. The answer says if there are more objects.
MAX_OBJECTS, MAX_ADS, MAX_ROWS = 200, 100, 500
MAX_PIXELS = 5
# Parts of the second round trip.
EVENT_DAYS, AD_WEEKS = "event_days", "ad_weeks"
# The level below each level: Graph's name, and the noun of one object.
CHILD: Mapping[Level, tuple[str, str]] = {
    "account": ("campaign", "campaign"),
    "campaign": ("adset", "ad set"),
    "ad_set": ("ad", "ad"),
}


@dataclass(frozen=True)
class Subject:
    """The object of a diagnosis. `now` is in UTC."""

    id: str
    level: Level
    account: Account
    pixel_id: str | None
    now: datetime


def build_requests(subject: Subject, windows: Windows) -> dict[str, Request]:
    """Return the requests by part: eight for an account or campaign, six for an ad set, four for an ad."""
    object_id, account = subject.id, subject.account.id
    requests: dict[str, tuple[str, dict[str, Any]]] = {"account": (account, {"fields": ACCOUNT_FIELDS})}
    subfields = f"campaign{{{','.join(CAMPAIGN_FIELDS)}}}"
    if subject.level == "campaign":
        requests["object"] = object_id, {"fields": CAMPAIGN_FIELDS}
    elif subject.level == "ad_set":
        requests["object"] = object_id, {"fields": (*AD_SET_FIELDS, subfields)}
    elif subject.level == "ad":
        requests["object"] = (
            object_id,
            {"fields": (*issues.AD_FIELDS, f"adset{{{','.join(AD_SET_FIELDS)}}}", subfields)},
        )
    if subject.level == "account":
        requests["campaigns"] = f"{object_id}/campaigns", _list(CAMPAIGN_FIELDS, RUNNING)
    if subject.level in ("account", "campaign"):
        requests["ad_sets"] = f"{object_id}/adsets", _list(AD_SET_FIELDS, RUNNING)
    if subject.level != "ad":
        requests["ads"] = f"{object_id}/ads", _list(issues.AD_FIELDS, TROUBLED)
    requests |= {name: (f"{object_id}/insights", params) for name, params in _insights(subject.level, windows).items()}
    if subject.pixel_id:
        requests["pixel"] = subject.pixel_id, {"fields": PIXEL_FIELDS}
    return {
        name: Request("GET", path, {**params, "fields": ",".join(params["fields"])}, account=account)
        for name, (path, params) in requests.items()
    }


def build_pixel_requests(ids: Sequence[str], account: str) -> dict[str, Request]:
    """Return the requests of the first pixels by the name of their part."""
    fields = {"fields": ",".join(PIXEL_FIELDS)}
    return {f"pixel {pixel}": Request("GET", pixel, fields, account=account) for pixel in ids[:MAX_PIXELS]}


def _list(fields: Sequence[str], statuses: Sequence[str]) -> dict[str, Any]:
    return {"fields": fields, "effective_status": list(statuses), "limit": MAX_OBJECTS}


def _insights(level: Level, windows: Windows) -> dict[str, dict[str, Any]]:
    """Return the insights queries: both windows, each day, the objects below, and the rankings of ads.

    For an ad set or an ad, the rankings are in the rows of other queries.
    """
    both = [windows.previous.model_dump(), windows.recent.model_dump()]
    days = {"since": windows.history.since, "until": windows.recent.until}
    ranks = (*IDENTITY["ad"], *rankings.RANKINGS)
    queries: dict[str, dict[str, Any]] = {
        "windows": {"fields": (*FIELDS, *(ranks if level == "ad" else ())), "time_ranges": both},
        "days": {"fields": FIELDS, "time_range": days, "time_increment": "1", "limit": MAX_ROWS},
    }
    if level in CHILD:
        below = CHILD[level][0]
        fields = (*IDENTITY[below], *FIELDS, *(rankings.RANKINGS if below == "ad" else ()))
        queries["children"] = {"fields": fields, "level": below, "time_ranges": both, "limit": MAX_ROWS}
    if level in ("account", "campaign"):
        window, sort = windows.recent.model_dump(), ["spend_descending"]
        queries["rankings"] = {
            "fields": rankings.FIELDS, "level": "ad", "time_range": window, "sort": sort, "limit": MAX_ADS,
        }  # fmt: skip
    return queries


def build_event_requests(subject: Subject, windows: Windows, meant: EventObjects) -> dict[str, Request]:
    """Return the request of the daily figures of the campaigns of an account that are meant for its event."""
    if subject.level != "account" or meant.event is None:
        return {}
    ids = {"field": "campaign.id", "operator": "IN", "value": list(meant.ids)}
    days = {"since": windows.history.since, "until": windows.recent.until}
    params = {"fields": ",".join(FIELDS), "time_range": days, "time_increment": "1", "limit": MAX_ROWS}
    path = f"{subject.id}/insights"
    return {EVENT_DAYS: Request("GET", path, {**params, "filtering": [ids]}, account=subject.account.id)}


def build_weekly_requests(subject: Subject, windows: Windows, ads: Sequence[str]) -> dict[str, Request]:
    """Return the request of the weekly figures of the ads with the highest spend, from which their wear is judged."""
    weeks = weeks_until(windows.recent.last, HISTORY_DAYS + 1)
    most = MAX_ROWS // (weeks.days // 7)
    if not ads:
        return {}
    ids = {"field": "ad.id", "operator": "IN", "value": list(ads)[:most]}
    fields = ",".join((*IDENTITY["ad"], *ad_wear.FIELDS))
    params = {"fields": fields, "level": "ad", "time_range": weeks.model_dump(), "time_increment": "7"}
    request = Request(
        "GET", f"{subject.id}/insights", {**params, "limit": MAX_ROWS, "filtering": [ids]}, account=subject.account.id
    )
    return {AD_WEEKS: request}


@dataclass(frozen=True)
class Case:
    """The answers by the name of their part. Reading a part that failed raises its error."""

    subject: Subject
    answers: Mapping[str, Row | AdsError]
    comparison: Comparison
    meant: EventObjects = field(default_factory=EventObjects)

    def row(self, part: str) -> Row:
        """Return the body of a part. Raises its AdsError."""
        answer = self.answers[part]
        if isinstance(answer, AdsError):
            raise answer
        return answer

    def is_readable(self, part: str) -> bool:
        """Return whether a part could be read."""
        return not isinstance(self.answers.get(part), AdsError)

    def rows(self, part: str) -> list[Row]:
        """Return the rows of a part that is a list. Raises its AdsError."""
        body = self.row(part).get("data")
        return [row for row in body if isinstance(row, dict)] if isinstance(body, list) else []

    def truncated_parts(self) -> list[str]:
        """Return the lists of which only the first page was read."""
        return [
            name
            for name, answer in self.answers.items()
            if not isinstance(answer, AdsError) and (answer.get("paging") or {}).get("next") and name != "rankings"
        ]

    @property
    def ad_sets(self) -> list[Row]:
        """Return the ad sets below the object, the object itself, or the ad set of the ad. Raises AdsError."""
        if self.subject.level in ("account", "campaign"):
            return self.rows("ad_sets")
        row = self.row("object")
        return [row] if self.subject.level == "ad_set" else [row["adset"]] if row.get("adset") else []

    @property
    def pixels(self) -> list[str]:
        """Return the pixels for which the ad sets optimize, the most frequent first. Raises AdsError."""
        ids = [str((row.get("promoted_object") or {}).get("pixel_id") or "") for row in self.ad_sets]
        return [pixel for pixel, _ in Counter(pixel for pixel in ids if pixel).most_common()]

    @property
    def known_pixels(self) -> list[str]:
        """Return the same, or an empty list if the ad sets could not be read."""
        try:
            return self.pixels
        except AdsError:
            return []

    def event_days(self) -> list[Row]:
        """Return the daily rows; those of an account with the results and the spend of its event. Raises AdsError."""
        if EVENT_DAYS not in self.answers or self.meant.event is None:
            return self.rows("days")
        return with_event(self.rows("days"), self.rows(EVENT_DAYS), self.meant.event)

    def top_ads(self) -> list[str]:
        """Return the ids of ads, those with the highest spend first, or an empty list if they could not be read."""
        part = {"ad_set": "children", "ad": "windows"}.get(self.subject.level)
        try:
            rows = self.recent(part) if part else self.rows("rankings")
        except AdsError:
            return []
        rows = sorted(rows, key=lambda row: -(number(row.get("spend")) or 0))
        return [str(row["ad_id"]) for row in rows if row.get("ad_id")]

    def recent(self, part: str) -> list[Row]:
        """Return the rows of the recent window. Raises AdsError."""
        return [row for row in self.rows(part) if row.get("date_start") == self.comparison.windows.recent.since]
