"""A clock that is told the time, ears for events, and short names for what the limits are fed with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.errors import GraphError
from meta_ads_mcp.graph.classify import classify
from meta_ads_mcp.graph.limits.calls import GraphCall
from meta_ads_mcp.graph.limits.outcome import Outcome
from meta_ads_mcp.graph.response import GraphResponse

START = 1_800_000_000.0
READ = GraphCall("0123abcd", "act_1", "ads_management", path="act_1/campaigns", object_id="act_1")
WRITE = GraphCall("0123abcd", "act_1", "ads_management", write=True, path="77", object_id="77")
OTHER = GraphCall("0123abcd", "act_2", "ads_management", path="act_2/campaigns", object_id="act_2")
INSIGHTS = GraphCall("0123abcd", "act_1", "ads_insights", path="act_1/insights", object_id="act_1")
NOBODY = GraphCall("0123abcd", None, "ads_management", path="me", object_id="me")


@dataclass(frozen=True)
class Reply:
    """A response of Graph before it is classified; `status` None means that there was none."""

    status: int | None
    headers: dict[str, str] = field(default_factory=dict)
    error: GraphError | None = None
    network_failure: bool = False

    def outcome(self, call: GraphCall) -> Outcome:
        if self.status is None:
            return Outcome(None, network_failure=self.network_failure)
        error = self.error or GraphResponse(self.status, self.headers, {}).error
        return classify(call, self.status, self.headers, error)


GOOD = Reply(200, {}, None)


def refused(code: int, subcode: int | None = None, hint_s: int | None = None, **headers: Any) -> Reply:
    """An error of Graph's; `headers` by name with _ for -, values as JSON."""
    named = {name.replace("_", "-"): json.dumps(value) for name, value in headers.items()}
    return Reply(400, named, GraphError(code, "said", subcode, http_status=400, retry_after_seconds=hint_s))


def answered(**headers: Any) -> Reply:
    """A good answer with these headers."""
    return Reply(200, {name.replace("_", "-"): json.dumps(value) for name, value in headers.items()}, None)


def business(percent: float, *, account: str = "1", use_case: str = "ads_management", regain_minutes: float = 0) -> Any:
    """The object of X-Business-Use-Case-Usage."""
    row = {
        "type": use_case,
        "call_count": percent,
        "total_cputime": 1,
        "total_time": 2,
        "estimated_time_to_regain_access": regain_minutes,
        "ads_api_access_tier": "standard_access",
    }
    return {account: [row]}


UNAVAILABLE = Reply(503, {}, None)
NO_ANSWER = Reply(None, {}, None, network_failure=True)
