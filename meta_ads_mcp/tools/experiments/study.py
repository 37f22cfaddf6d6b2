"""Read a study with its cells, and say in which state it is. Source: SDK classes AdStudy and AdStudyCell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.graph_values import parse_json_text, unix_seconds
from meta_ads_mcp.errors import AdsError

STUDY_FIELDS = (
    "id name description type start_time end_time cooldown_start_time observation_end_time created_time updated_time "
    "canceled_time results_first_available_date"
)
CELLS = (
    "cells{id,name,treatment_percentage,control_percentage,adsets{id,name,account_id,campaign_id},"
    "campaigns{id,name,account_id},adaccounts{id,name}}"
)
OBJECTIVES = "objectives{id,name,type,is_primary,results,last_updated_results}"
ROWS_OF_LIST = ["id", "name", "type", "start_time", "end_time", "canceled_time", "observation_end_time"]


@dataclass(frozen=True)
class StudyCell:
    """Hold a group of a study: its planned share in percent and the ids of its members.

    `level` is campaign or adset.
    """

    id: str
    name: str
    share: float
    level: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Study:
    """Hold a study as Graph returns it. Times are Unix seconds, None if Graph gives none."""

    row: Row
    cells: tuple[StudyCell, ...] = field(default=())
    accounts: tuple[str, ...] = field(default=())

    @property
    def start(self) -> float | None:
        return unix_seconds(self.row.get("start_time"))

    @property
    def end(self) -> float | None:
        return unix_seconds(self.row.get("end_time"))

    @property
    def label(self) -> str:
        return f"{self.row.get('id')} ({self.row.get('name') or 'no name'})"

    def state(self, now: float) -> str:
        """Return planned, running, over or canceled."""
        if self.row.get("canceled_time"):
            return "canceled"
        if self.start is not None and now < self.start:
            return "planned"
        return "over" if self.end is not None and self.end <= now else "running"


async def read_study(call: Call, study_id: str, *parts: str) -> Study:
    """Return the study with its cells. `parts` are more nested fields, such as OBJECTIVES."""
    row = await call.graph.get(study_id, fields=[*STUDY_FIELDS.split(), CELLS, *parts])
    cells = tuple(_cell(cell) for cell in edge_rows(row.get("cells")))
    members = [
        member
        for cell in edge_rows(row.get("cells"))
        for edge in ("adsets", "campaigns")
        for member in edge_rows(cell.get(edge))
    ]
    accounts = [f"act_{member['account_id']}" for member in members if member.get("account_id")]
    accounts += [str(item["id"]) for cell in edge_rows(row.get("cells")) for item in edge_rows(cell.get("adaccounts"))]
    return Study(row, cells, tuple(dict.fromkeys(accounts)))


def _cell(row: Row) -> StudyCell:
    ad_sets, campaigns = edge_rows(row.get("adsets")), edge_rows(row.get("campaigns"))
    members = ad_sets or campaigns
    return StudyCell(
        str(row.get("id")),
        str(row.get("name") or row.get("id")),
        float(row.get("treatment_percentage") or 0),
        "adset" if ad_sets else "campaign",
        tuple(str(member.get("id")) for member in members),
    )


def edge_rows(edge: Any) -> list[Row]:
    """Return the rows of an edge that was requested inside `fields`."""
    rows = edge.get("data") if isinstance(edge, Mapping) else edge
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def iso(seconds: float | None) -> str | None:
    """Return Unix seconds as an ISO 8601 time in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def decode_results(objective: Row) -> Row:
    """Parse the results, which Graph returns as JSON texts (SDK class AdStudyObjective: list<string>)."""
    row = dict(objective)
    if isinstance(row.get("results"), list):
        row["results"] = [parse_json_text(item) for item in row["results"]]
    if "last_updated_results" in row:
        row["last_updated_results"] = parse_json_text(row["last_updated_results"])
    return row


async def break_down(call: Call, objective: Row, breakdowns: Sequence[str]) -> Row:
    """Return the objective with its results by breakdown. Only the objective's own node accepts breakdowns."""
    fields = ["id", "results", "last_updated_results"]
    answer = await attempt(call.graph.get(str(objective.get("id")), fields=fields, breakdowns=list(breakdowns)))
    if isinstance(answer, AdsError):
        call.note(unread(f"The breakdown of objective {objective.get('id')}", answer))
        return objective
    return {**objective, **decode_results(answer)}
