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
from meta_ads_mcp.sandbox.store import Node
from meta_ads_mcp.sandbox.world.build import stamp

Json = Any
MOST_REQUESTS = 1000
# A set is complete from this look on: a told clock may stand still.
LOOKS = 2


@serves("POST", "AdAccount/async_batch_requests")
def create(ask: Ask) -> Json:
    """The requests are carried out at once; that they are done shows later."""
    need(ask.params, "name", "adbatch")
    members = ask.params["adbatch"]
    if len(members) > MOST_REQUESTS:
        raise invalid(None, f"adbatch has at most {MOST_REQUESTS} requests", "adbatch")
    results: dict[str, Json] = {}
    rows = [_run(ask, member, results) for member in members]
    fields = {
        "name": ask.params["name"],
        "owner_id": ask.node.account,
        "created_time": stamp(ask.graph.clock()),
        "total_count": len(rows),
        "initial_count": 0,
    }
    made = make(ask, "AdAsyncRequestSet", fields, (), prefix="6131")
    for row in rows:
        make(ask, "AdAsyncRequest", row, [(made.id, "requests")], prefix="6132")
    return {"id": made.id}


def _run(ask: Ask, member: Mapping[str, Json], results: dict[str, Json]) -> dict[str, Json]:
    """One member, as a row of the set."""
    _, parts = split_path(fill(str(member.get("relative_url", "")), results))
    own = dict(parse_qsl(fill(str(member.get("body", "")), results), keep_blank_values=True))
    call: SandboxCall = replace(ask.call, method="POST", path=parts, params=own, files=(), asynchronous=True)
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
    done = looks >= LOOKS
    rows = ask.graph.world.store.children(ask.node.id, "requests")
    failed = sum(row.get("status") == "error" for row in rows)
    counts = {
        "is_completed": done,
        "success_count": len(rows) - failed if done else 0,
        "error_count": failed if done else 0,
        "in_progress_count": 0 if done else len(rows),
        "canceled_count": 0,
    }
    shown = Node(ask.node.id, ask.node.type, {**ask.node.fields, **counts}, ask.node.account)
    return ask.graph.projector(ask.call, ask.token).node(shown, ask.wanted)


@serves("GET", "AdAsyncRequestSet/requests")
def requests(ask: Ask) -> EdgeListing:
    """Return the members of the set with their results."""
    return EdgeListing(ask.graph.world.store.children(ask.node.id, "requests"))
