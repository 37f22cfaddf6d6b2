"""Whatever the arguments, a tool sends confined requests that Graph knows, or none at all."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from meta_ads_mcp.core.tool import Tool
from meta_ads_mcp.engine.engine import Engine, ToolAnswer
from tests.support.arguments import arguments, coded, spoilt
from tests.support.every_tool import TOOLS, each
from tests.support.examples import IN_DEMO, example
from tests.support.request_checks import faults, minimal_answer
from tests.support.scripted_graph import ScriptedGraph, engine

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
# Without those that need more than a token, such as a folder to upload from.
WITH_ENDPOINT = [tool for tool in TOOLS if tool.endpoint and tool.name not in IN_DEMO]


def parts() -> tuple[Engine, ScriptedGraph]:
    recorder = ScriptedGraph(answer=minimal_answer)
    client: Any = recorder
    return engine(client), recorder


def call(
    tool: Tool, given_arguments: dict[str, Any], using: tuple[Engine, ScriptedGraph] | None = None
) -> tuple[ToolAnswer, ScriptedGraph]:
    """The answer and what was sent; a plan that needs an agreement gets it."""
    made, recorder = using or parts()
    answer = asyncio.run(made.call(tool.name, given_arguments))
    code = answer.structured.get("data", {}).get("confirmation") if tool.effect.is_write else None
    return (asyncio.run(made.call(tool.name, {**given_arguments, "confirmation": code})) if code else answer), recorder


def kind(answer: ToolAnswer) -> str:
    return answer.structured["error"]["kind"] if answer.is_error else "success"


def good(tool: Tool) -> dict[str, Any]:
    return example(tool, coded)


@each()
@FEW
@given(data=st.data())
def test_arguments_of_the_schema_send_right_requests_only(tool: Tool, data: st.DataObject) -> None:
    answer, recorder = call(tool, data.draw(arguments(tool)))
    assert kind(answer) != "internal", answer.text
    assert [fault for request in recorder.sent for fault in faults(tool, request)] == []


@each(WITH_ENDPOINT)
def test_the_example_reaches_graph(tool: Tool) -> None:
    answer, recorder = call(tool, good(tool))
    assert recorder.sent, answer.text
    assert [fault for request in recorder.sent for fault in faults(tool, request)] == []


@each()
def test_anything_else_is_refused_before_a_request(tool: Tool) -> None:
    let_through = []
    using = parts()
    for why, wrong in spoilt(tool, good(tool)):
        answer, recorder = call(tool, wrong, using)
        if kind(answer) != "invalid_arguments" or recorder.sent:
            let_through.append(f"{why}: {kind(answer)}, {len(recorder.sent)} requests")
    assert let_through == []


@settings(max_examples=150, deadline=None)
@given(tool=st.sampled_from([tool for tool in TOOLS if tool.ids]), text=st.text(max_size=40))
def test_no_text_but_an_id_is_an_id(tool: Tool, text: str) -> None:
    assume(not re.fullmatch("(act_)?[0-9]{1,30}|[0-9]{1,30}_[0-9]{1,30}", text))
    for name in tool.ids:
        answer, recorder = call(tool, {**good(tool), name: text})
        assert (kind(answer), recorder.sent) == ("invalid_arguments", [])


@each()
def test_an_unknown_argument_is_answered_with_the_accepted_ones(tool: Tool) -> None:
    answer, _ = call(tool, {**good(tool), "no_such_argument": 1})
    assert answer.structured["error"].get("allowed", []) == list(tool.params.model_fields)


@each()
def test_a_refusal_does_not_repeat_the_value(tool: Tool) -> None:
    secret = "EAA" + "x1" * 20
    answer, _ = call(tool, {**good(tool), "no_such_argument": secret} | dict.fromkeys(tool.ids, secret))
    assert secret not in answer.text
    assert secret not in str(answer.structured)
