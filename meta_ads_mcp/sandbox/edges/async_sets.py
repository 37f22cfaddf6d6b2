"""Sets of asynchronous writes. Source: docs marketing-api/asyncrequests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from meta_ads_mcp.sandbox.batch import fill
from meta_ads_mcp.sandbox.edges.registry import Ask, EdgeListing, serves
from meta_ads_mcp.sandbox.edges.writing import make, need
from meta_ads_mcp.sandbox.http import SandboxCall, split_path
from meta_ads_mcp.sandbox.refusal import invalid
from meta_ads_mcp.sandbox.store import GraphNode
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
MAX_REQUESTS = 1000
# A set is complete from this look on: a told clock may stand still.
LOOKS = 2


@serves("POST", "AdAccount/async_batch_requests")
def create(ask: Ask) -> Json:
    """The requests are carried out at once; that they are done shows later."""
    need(ask.params, "name", "adbatch")
    members = ask.params["adbatch"]
    if len(members) > MAX_REQUESTS:
        raise invalid(None, f"adbatch has at most {MAX_REQUESTS} requests", "adbatch")
    results: dict[str, Json] = {}
    rows = [_run(ask, member, results) for member in members]
    fields = {
        "name": ask.params["name"],
        "owner_id": ask.node.account,
        "created_time": stamp(ask.graph.clock()),
        "total_count": len(rows),
        "initial_count": 0,
    }
    result = make(ask, "AdAsyncRequestSet", fields, (), prefix="6131")
    for row in rows:
        make(ask, "AdAsyncRequest", row, [(result.id, "requests")], prefix="6132")
    return {"id": result.id}


def _run(ask: Ask, member: Mapping[str, Json], results: dict[str, Json]) -> dict[str, Json]:
    """Run one member and return it as a row of the set."""
    _, parts = split_path(fill(str(member.get("relative_url", "")), results))
    parameters = dict(parse_qsl(fill(str(member.get("body", "")), results), keep_blank_values=True))
    call: SandboxCall = replace(ask.call, method="POST", path=parts, params=parameters, files=(), asynchronous=True)
    answer = ask.graph.answer(call)
    body = json.loads(answer.text())
    results[str(member.get("name", ""))] = body
    row = {"scope_object_id": ask.node.account, "input": dict(member)}
    if error := body.get("error"):
        return row | {
            "status": "error",
            "result": {"error_code": error["code"], "error_message": error.get("error_user_msg") or error["message"]},
        }
    return row | {"status": "success", "result": body}


@serves("GET", "AdAsyncRequestSet")
def status(ask: Ask) -> Json:
    """Return how far the set is; it is complete from the second look on."""
    memory = ask.graph.world.store.memory
    looks = memory["looks", ask.node.id] = memory.get(("looks", ask.node.id), 0) + 1
    is_done = looks >= LOOKS
    rows = ask.graph.world.store.children(ask.node.id, "requests")
    failure_count = sum(row.get("status") == "error" for row in rows)
    counts = {
        "is_completed": is_done,
        "success_count": len(rows) - failure_count if is_done else 0,
        "error_count": failure_count if is_done else 0,
        "in_progress_count": 0 if is_done else len(rows),
        "canceled_count": 0,
    }
    view = GraphNode(ask.node.id, ask.node.type, {**ask.node.fields, **counts}, ask.node.account)
    return ask.graph.projector(ask.call, ask.token).node(view, ask.wanted)


@serves("GET", "AdAsyncRequestSet/requests")
def requests(ask: Ask) -> EdgeListing:
    """Return the members of the set with their results."""
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "requests"))
