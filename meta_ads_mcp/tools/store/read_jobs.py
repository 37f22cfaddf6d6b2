"""Describe what a sync reads from Graph: one job per edge and span of days."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.store.coverage import ONE_DAY, Days
from meta_ads_mcp.store.store_tables import BREAKDOWNS, INSIGHTS_DAILY, StoreTable
from meta_ads_mcp.tools.activity.events import FIELDS as CHANGE_FIELDS
from meta_ads_mcp.tools.store.store_rows import STRUCTURE_EDGES, insights_fields

PAGE_ROWS = 500
# Without the filter, Meta leaves out deleted and archived objects, and sums would miss their spend.
EVERY_STATUS = [
    "ACTIVE",
    "PAUSED",
    "DELETED",
    "PENDING_REVIEW",
    "DISAPPROVED",
    "PREAPPROVED",
    "PENDING_BILLING_INFO",
    "CAMPAIGN_PAUSED",
    "ARCHIVED",
    "ADSET_PAUSED",
    "IN_PROCESS",
    "WITH_ISSUES",
]


@dataclass(frozen=True)
class ReadJob:
    """One list to read: an edge, its fields and parameters, and what its rows become. `days` are None for objects."""

    account: str
    edge: str
    fields: tuple[str, ...]
    params: Row = field(default_factory=dict)
    limit: int = PAGE_ROWS
    days: Days | None = None

    @property
    def name(self) -> str:
        """Return a name that the same request always has."""
        facts = [self.account, self.edge, self.fields, self.params, self.limit]
        return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:24]


def insights_job(table: StoreTable, account: str, days: Days) -> ReadJob:
    """Return the job that reads some days of a table of insights."""
    dimensions = next((names for other, names in BREAKDOWNS.values() if other is table), ())
    level = "ad" if table is INSIGHTS_DAILY else "campaign"
    params: dict[str, Any] = {
        "level": level,
        "time_increment": "1",
        "time_range": {"since": days[0].isoformat(), "until": days[1].isoformat()},
        "filtering": [{"field": f"{level}.effective_status", "operator": "IN", "value": statuses_of(level)}],
    }
    if dimensions:
        params["breakdowns"] = list(dimensions)
    fields = tuple(insights_fields(table, dimensions))
    return ReadJob(account, "insights", fields, params, days=days)


def statuses_of(level: str) -> list[str]:
    """Return every effective status that Meta's filter takes for a level (SDK classes Ad and Campaign)."""
    if level == "ad":
        return EVERY_STATUS
    return ["ACTIVE", "PAUSED", "DELETED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES"]


def changes_job(account: Account, days: Days) -> ReadJob:
    """Return the job that reads the activity log of some days in the account's time zone."""
    since = datetime.combine(days[0], time(), account.timezone)
    until = datetime.combine(days[1] + ONE_DAY, time(), account.timezone)
    params = {"since": int(since.timestamp()), "until": int(until.timestamp()) - 1}
    return ReadJob(account.id, "activities", CHANGE_FIELDS, params, days=days)


def structure_job(account: str, level: str) -> ReadJob:
    """Return the job that reads all objects of a level."""
    edge, fields, limit = STRUCTURE_EDGES[level]
    return ReadJob(account, edge, fields, limit=limit)
