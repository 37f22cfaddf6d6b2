"""What a user may expect of a call: the request as it is on the wire, or a refusal that sends nothing, or a note.

The account, campaigns, ad sets, ads and creatives of these tables are few and have short ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.request import Request, wire
from meta_ads_mcp.engine.engine import ToolAnswer
from tests.support.clock import FakeClock
from tests.support.elicitors import Person
from tests.support.scripted_graph import ACCOUNT, CAMPAIGN, ScriptedGraph, account_graph, engine

LIFETIME, OPEN = "102", "103"
AD_SET, BARE_AD_SET, AD = "201", "202", "301"
UNDER_DAILY, UNDER_LIFETIME = "203", "204"
CREATIVE, OTHER_CREATIVE = "401", "402"
PAGE, FORM, EVENT, INSTAGRAM = "641301092411249", "1901", "1902", "17841400000000001"
VIDEO, PROCESSING, LOST = "701", "702", "703"
US = {"geo_locations": {"countries": ["US"]}}
BROAD: dict[str, Any] = {
    "account_id": ACCOUNT,
    "campaign_id": OPEN,
    "name": "Broad",
    "optimization_goal": "REACH",
    "targeting": US,
}
OFF = {**US, "targeting_automation": {"advantage_audience": 0}}


@dataclass(frozen=True)
class Case:
    """A call and the one write that it makes: `sent` is all of it, or with `some` at least that much.

    `absent` are parameters that must not be there, `notes` words of the answer's notes, `gets` how often an object is
    read for the fields named with it.
    """

    tool: str
    arguments: Mapping[str, Any]
    path: str
    sent: Mapping[str, Any]
    some: bool = False
    absent: Sequence[str] = ()
    notes: Sequence[str] = ()
    no_notes: Sequence[str] = ()
    reads: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """A call that sends nothing; the answer says these words."""

    tool: str
    arguments: Mapping[str, Any]
    says: Sequence[str]
    reads: Mapping[tuple[str, str], int] = field(default_factory=dict)
    nothing_read: bool = False


def shop() -> ScriptedGraph:
    """Campaigns with a daily, a lifetime and no budget; an ad set with a budget, one without, an ad, videos."""
    made = account_graph(FakeClock())
    own = {"account_id": "1", "status": "PAUSED"}
    made.objects |= {
        LIFETIME: {"id": LIFETIME, "name": "Summer", "objective": "OUTCOME_SALES", "lifetime_budget": "90000", **own},
        OPEN: {"id": OPEN, "name": "Open", "objective": "OUTCOME_SALES", **own},
        AD_SET: {"id": AD_SET, "name": "Broad", "optimization_goal": "REACH", "campaign_id": OPEN, **own}
        | {"daily_budget": "9000"},
        BARE_AD_SET: {"id": BARE_AD_SET, "name": "Bare", "optimization_goal": "REACH", "campaign_id": OPEN, **own},
        UNDER_DAILY: {"id": UNDER_DAILY, "name": "a", "optimization_goal": "REACH", "campaign_id": CAMPAIGN, **own},
        UNDER_LIFETIME: {
            "id": UNDER_LIFETIME,
            "name": "b",
            "optimization_goal": "REACH",
            "campaign_id": LIFETIME,
            **own,
        },
        AD: {"id": AD, "name": "Ad", "adset_id": AD_SET, "creative": {"id": CREATIVE}, **own},
        CREATIVE: {"id": CREATIVE, "name": "Creative", **own},
        OTHER_CREATIVE: {"id": OTHER_CREATIVE, "name": "Other", **own},
        VIDEO: {"id": VIDEO, "picture": "https://cdn.example/v1.jpg", "status": {"video_status": "ready"}},
        PROCESSING: {"id": PROCESSING, "status": {"video_status": "processing"}},
        PAGE: {"id": PAGE, "name": "Page"},
    }
    return made


async def call(client: ScriptedGraph, tool: str, arguments: Mapping[str, Any]) -> ToolAnswer:
    """The answer to a user who agrees to everything."""
    return await engine(client).call(tool, dict(arguments), asker=Person(True))


def on_the_wire(request: Request) -> dict[str, Any]:
    """The parameters as they travel: all text; JSON is read again, so that the order of keys does not matter."""
    return {name: read(wire(value)) for name, value in request.params.items()}


def read(text: str) -> Any:
    return json.loads(text) if text[:1] in ("{", "[") else text


def reads(client: ScriptedGraph, path: str, wanted: str) -> int:
    """How many requests read that field of that object."""
    return sum(
        request.method == "GET" and request.path == path and wanted in str(request.params.get("fields")).split(",")
        for request in client.sent
    )


async def check(case: Case | Refused, client: ScriptedGraph | None = None) -> None:
    client = client or shop()
    answer = await call(client, case.tool, case.arguments)
    if isinstance(case, Refused):
        assert answer.is_error, answer.structured
        error = answer.structured["error"]
        told = f"{error['message']} {error['next_step']} {' '.join(error.get('allowed', ()))}"
        assert not [word for word in case.says if word not in told], told
        assert client.writes == []
        assert not case.nothing_read or client.sent == []
    else:
        assert not answer.is_error, answer.text
        (request,) = client.writes
        assert (request.method, request.path) == ("POST", case.path)
        sent, expected = on_the_wire(request), {name: read(wire(value)) for name, value in case.sent.items()}
        assert {name: sent.get(name) for name in expected} == expected
        assert case.some or sent == expected
        assert not set(case.absent) & sent.keys()
        notes = " ".join(answer.structured.get("notes", ()))
        assert all(word in notes for word in case.notes), notes
        assert not [word for word in case.no_notes if word in notes]
    assert {key: reads(client, *key) for key in case.reads} == dict(case.reads)


__all__ = ["ACCOUNT", "CAMPAIGN", "Case", "Refused", "check", "shop"]
