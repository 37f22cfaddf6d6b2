"""Asynchronous insights reports. Source: docs marketing-api/insights/best-practices (asynchronous)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from meta_ads_mcp.sandbox import fields as expressions
from meta_ads_mcp.sandbox.edges.insights import read_insights
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.store import GraphNode

Json = Any
# Status and per cent of each step; a step is a look at the run, or two seconds.
STEPS = (
    ("Job Not Started", 0),
    ("Job Running", 35),
    ("Job Running", 80),
    ("Job Completed", 100),
)
STEP_SECONDS = 2
# Source: docs marketing-api/insights/best-practices (asynchronous); the errors: marketing-api-changelog/version25.0
DEFAULT_FIELDS = (
    "id", "account_id", "time_ref", "time_completed", "async_status", "async_percent_completion",
    "error_code", "error_message", "error_subcode", "error_user_title", "error_user_msg",
)  # fmt: skip


@dataclass
class Job:
    """The rows of a run and how far it is. It advances when it is looked at, as the clock of a test may stand still."""

    rows: EdgeListing
    started: datetime
    looks: int = 0

    def step(self, now: datetime) -> tuple[str, int]:
        """Return the status of the run and its percentage."""
        steps_done = int((now - self.started).total_seconds() // STEP_SECONDS)
        return STEPS[min(max(self.looks, steps_done), len(STEPS) - 1)]


@serves("POST", "AdAccount/insights", "Campaign/insights", "AdSet/insights", "Ad/insights")
def create(ask: Ask) -> Json:
    """Starts a run; what Graph would refuse at once is refused at once."""
    text = ask.params.get("fields")
    rows = read_insights(replace(ask, wanted=expressions.parse(text) if text else None), asynchronous=True)
    store = ask.graph.world.store
    run_id = store.new_id("6023")
    job = Job(rows, ask.graph.clock())
    fields = {"id": run_id, "account_id": ask.node.account, "time_ref": int(job.started.timestamp())}
    store.memory["report", run_id] = job
    store.add(GraphNode(run_id, "AdReportRun", fields, ask.node.account, DEFAULT_FIELDS))
    return {"report_run_id": run_id}


@serves("GET", "AdReportRun")
def status(ask: Ask) -> Json:
    """How far the run is; a status that was put on the node (a failure in a test) stays."""
    job: Job = ask.graph.world.store.memory["report", ask.node.id]
    word, percent = job.step(ask.graph.clock())
    job.looks += 1
    now = {"async_status": word, "async_percent_completion": percent, "is_running": word != "Job Completed"}
    if word == "Job Completed":
        now["time_completed"] = int(ask.graph.clock().timestamp())
    view = replace(ask.node, fields={**now, **ask.node.fields})
    return ask.graph.projector(ask.call, ask.token).node(view, ask.wanted)


@serves("GET", "AdReportRun/insights")
def results(ask: Ask) -> EdgeListing:
    """The rows of a completed run; none before."""
    job: Job = ask.graph.world.store.memory["report", ask.node.id]
    if ask.node.get("async_status") or job.step(ask.graph.clock())[0] != "Job Completed":
        return EdgeListing([])
    return job.rows
