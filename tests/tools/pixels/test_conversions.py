"""Custom conversions under Graph's own names, with a rule of known comparisons."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, engine, error_of

TOOL = "ads_create_custom_conversion"
RULE: dict[str, Any] = {"and": [{"event": {"eq": "PageView"}}, {"or": [{"URL": {"i_contains": "thanks"}}]}]}
NEW = {"account_id": ACCOUNT, "name": "Thanks", "pixel_id": "55", "custom_event_type": "LEAD", "rule": RULE}


@pytest.mark.parametrize("rule", [RULE, json.dumps(RULE)])
async def test_it_goes_out_under_graphs_names(client: ScriptedGraph, rule: Any) -> None:
    await engine(client).call(TOOL, {**NEW, "rule": rule, "default_conversion_value": 12.5})
    (request,) = client.writes
    assert request.path == f"{ACCOUNT}/customconversions"
    assert json.loads(request.params["rule"]) == RULE
    assert {**request.params, "rule": None} == {
        "name": "Thanks",
        "event_source_id": "55",
        "custom_event_type": "LEAD",
        "action_source_type": "website",
        "default_conversion_value": 12.5,
        "rule": None,
    }


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"event_source_type": "MOBILE"}, "app"),
        ({"event_source_type": "APP"}, "app"),
        ({"action_source_type": "chat"}, "chat"),
        ({"action_source_type": "chat", "event_source_type": "APP"}, "chat"),
    ],
)
async def test_the_older_spelling_of_the_source(client: ScriptedGraph, given: dict[str, Any], sent: str) -> None:
    await engine(client).call(TOOL, {**NEW, **given})
    assert client.writes[0].params["action_source_type"] == sent


def nested(depth: int) -> dict[str, Any]:
    return {"and": [nested(depth - 1)]} if depth > 1 else {"event": {"eq": "x"}}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"and": []},
        {"and": {"event": {"eq": "x"}}},
        {"event": "Purchase"},
        {"event": {"eq": "a", "neq": "b"}},
        {"event": {"eq": {"deep": 1}}},
        nested(6),
        "PageView",
        [],
    ],
)
async def test_a_rule_of_another_form_is_refused(client: ScriptedGraph, rule: Any) -> None:
    assert error_of(await engine(client).call(TOOL, {**NEW, "rule": rule}))["kind"] == "invalid_arguments"
    assert client.sent == []


async def test_an_unknown_comparison_is_answered_with_the_known_ones(client: ScriptedGraph) -> None:
    error = error_of(await engine(client).call(TOOL, {**NEW, "rule": {"and": [{"URL": {"includes": "x"}}]}}))
    assert "i_contains" in error["allowed"]
