"""How a user's agreement travels: in both protocol eras, from clients that ask, and answers that nobody asked for.

No client library sends unsolicited, foreign or repeated answers, so they are written by hand, to a server in a process
of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult

from meta_ads_mcp.core.tool import Tool
from tests.support.answers import ERAS, anonymous, as_json
from tests.support.every_tool import TOOLS, each
from tests.support.examples import demo_ids
from tests.support.mcp_process import MODERN, McpProcess
from tests.support.sandbox_engine import SandboxEngine, build_server
from tests.support.write_examples import CONFIRMED, valid

FORM: dict[str, Any] = {"elicitation": {"form": {}}}
_META = "io.modelcontextprotocol/"
# Those of the table whose catalogue example needs an agreement too.
ASKING = [tool for tool in TOOLS if tool.name in CONFIRMED - {"ads_undo_change", "ads_update_ad", "ads_update_budget"}]


# -- with a client library, in memory ---------------------------------------------------------------------------------


async def accept(message: str, response_type: Any, params: Any, context: Any) -> Any:
    field = next(iter(getattr(response_type, "__dataclass_fields__", {})), "value")
    return {field: True, "agree": True} if field == "agree" else {field: True}


async def decline(message: str, response_type: Any, params: Any, context: Any) -> Any:
    return ElicitResult(action="decline")


async def called(made: SandboxEngine, era: str, handler: Any, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    async with Client(made.server, mode=era, elicitation_handler=handler) as client:
        return as_json(await client.call_tool_mcp(name, arguments))


def writes(made: SandboxEngine) -> list[str]:
    return [entry.path for entry in made.writes]


@pytest.mark.parametrize("era", ERAS)
@each(ASKING)
async def test_a_user_who_agrees_and_one_who_declines(tool: Tool, era: str, tmp_path: Path) -> None:
    made = build_server(upload_roots=(str(tmp_path),))
    given = await valid(made, tool, tmp_path)
    before = made.world.store.snapshot()
    declined = await called(made, era, decline, tool.name, given)
    assert declined["structuredContent"]["error"]["kind"] == "confirmation_required"
    assert (writes(made), made.world.store.changes(before)) == ([], {})
    agreed = await called(made, era, accept, tool.name, given)
    assert agreed["structuredContent"]["data"]["status"] == "success", agreed
    assert made.world.store.changes(before) != {}


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_cannot_ask_gets_a_code(era: str) -> None:
    made = build_server()
    campaign = {"campaign_id": demo_ids(made.world)("Campaign")}
    held = await called(made, era, None, "ads_delete_campaign", campaign)
    data = held["structuredContent"]["data"]
    assert (data["status"], writes(made)) == ("needs_confirmation", [])
    code = {"confirmation": data["confirmation"]}
    done = await called(made, era, None, "ads_delete_campaign", campaign | code)
    assert done["structuredContent"]["data"]["status"] == "success"
    spent = await called(made, era, None, "ads_delete_campaign", campaign | code)
    assert spent["isError"] or spent["structuredContent"]["data"]["status"] != "success"
    assert len(writes(made)) == 1


# -- by hand, over stdio ----------------------------------------------------------------------------------------------


class Asked(McpProcess):
    """A client with capabilities, that answers a server's own request as it is told to."""

    def __init__(self, home: Path, *, era: str, capabilities: dict[str, Any], answer: Any = None) -> None:
        self.result = answer
        self.questions: list[str] = []
        super().__init__(
            home, "--demo", "--allow-writes", era=era, capabilities=capabilities, reply=self._reply_to_question
        )

    def _reply_to_question(self, message: dict[str, Any]) -> Any:
        assert message["method"] == "elicitation/create"
        self.questions.append(message["params"]["message"])
        return self.result

    def campaigns(self) -> list[str]:
        account = self.call("ads_get_ad_accounts", {"limit": 1})["structuredContent"]["data"][0]["id"]
        found = self.call("ads_get_campaigns", {"account_id": account, "status_filter": ["ACTIVE"], "limit": 5})
        return [row["id"] for row in found["structuredContent"]["data"]]

    def status(self, campaign: str) -> str:
        found = self.call("ads_get_campaign_details", {"campaign_id": campaign})
        return str(found["structuredContent"]["data"]["status"])


@pytest.fixture
def modern(tmp_path: Path) -> Iterator[Asked]:
    with Asked(tmp_path, era=MODERN, capabilities=FORM) as wire:
        yield wire


def reply(key: str, *, action: str = "accept", agree: bool = True) -> dict[str, Any]:
    return {"inputResponses": {key: {"action": action, "content": {"agree": agree}}}}


def test_answers_nobody_asked_for(modern: Asked) -> None:
    first, second = modern.campaigns()[:2]
    call = {"name": "ads_delete_campaign", "arguments": {"campaign_id": first}}
    other = {"name": "ads_delete_campaign", "arguments": {"campaign_id": second}}
    asked = modern.ask("tools/call", **call)
    assert asked["resultType"] == "input_required"
    (key, question), state = next(iter(asked["inputRequests"].items())), {"requestState": asked["requestState"]}
    assert first in question["params"]["message"]
    unsolicited = modern.ask("tools/call", **call, **reply(key))
    assert unsolicited["structuredContent"]["error"]["kind"] == "confirmation_required"
    foreign = modern.ask("tools/call", **other, **reply(key), **state)
    assert foreign["error"]["code"] == -32602
    forged = modern.ask("tools/call", **call, **reply(key), requestState="1-2.3")
    assert forged["error"]["code"] == -32602
    assert (modern.status(first), modern.status(second)) == ("ACTIVE", "ACTIVE")
    done = modern.ask("tools/call", **call, **reply(key), **state)
    assert done["structuredContent"]["data"]["status"] == "success"
    assert modern.status(first) == "DELETED"
    repeated = modern.ask("tools/call", **call, **reply(key), **state)
    assert repeated["isError"]
    assert modern.status(second) == "ACTIVE"


# Answers to a question that are no clear yes. Some cannot be read at all; the call is answered all the same.
UNCLEAR: tuple[Any, ...] = (
    {"action": "accept"},
    {"action": "accept", "content": None},
    {"action": "accept", "content": {}},
    {"action": "accept", "content": {"value": True}},
    {"action": "accept", "content": {"agree": "true"}},
    {"action": "accept", "content": {"agree": 1}},
    {"action": "accept", "content": [True]},
    {"action": "perhaps", "content": {"agree": True}},
    {"content": {"agree": True}},
    {},
    [],
    None,
    "yes",
)


def test_anything_but_a_yes_is_a_no(modern: Asked) -> None:
    campaign = modern.campaigns()[0]
    call = {"name": "ads_delete_campaign", "arguments": {"campaign_id": campaign}}
    said = [{"action": "decline"}, {"action": "cancel"}, {"action": "accept", "content": {"agree": False}}, *UNCLEAR]
    for one in said:
        asked = modern.ask("tools/call", **call)
        answer = {next(iter(asked["inputRequests"])): one}
        told = modern.ask("tools/call", **call, inputResponses=answer, requestState=asked["requestState"])
        assert told["structuredContent"]["error"]["kind"] == "confirmation_required"
    for no_answer in ([], None, "yes", {}):
        again = modern.ask("tools/call", **call, inputResponses=no_answer, requestState=asked["requestState"])
        assert again["resultType"] == "input_required"
    assert modern.status(campaign) == "ACTIVE"


@pytest.mark.parametrize("era", [MODERN, "2025-11-25"])
def test_a_clear_yes_with_more_in_it_is_a_yes(tmp_path: Path, era: str) -> None:
    answer = {"action": "accept", "content": {"agree": True, "why": {"deep": [1]}}, "more": 1}
    with Asked(tmp_path, era=era, capabilities=FORM, answer=answer) as wire:
        campaign = wire.campaigns()[0]
        call = {"name": "ads_delete_campaign", "arguments": {"campaign_id": campaign}}
        asked = wire.ask("tools/call", **call)
        if era == MODERN:
            replies = {next(iter(asked["inputRequests"])): answer}
            wire.ask("tools/call", **call, inputResponses=replies, requestState=asked["requestState"])
        assert wire.status(campaign) == "DELETED"


@pytest.mark.parametrize("capabilities", [{}, {"elicitation": {"url": {}}}])
def test_a_client_without_forms_is_not_asked(tmp_path: Path, capabilities: dict[str, Any]) -> None:
    with Asked(tmp_path, era=MODERN, capabilities=capabilities) as wire:
        campaign = wire.campaigns()[0]
        held = wire.call("ads_delete_campaign", {"campaign_id": campaign})["structuredContent"]["data"]
        assert held["status"] == "needs_confirmation"
        wrong = wire.call("ads_delete_campaign", {"campaign_id": campaign, "confirmation": "1-2.3"})
        assert wrong["structuredContent"]["data"]["status"] == "needs_confirmation"
        assert wire.status(campaign) == "ACTIVE"
        code = {"campaign_id": campaign, "confirmation": held["confirmation"]}
        assert wire.call("ads_delete_campaign", code)["structuredContent"]["data"]["status"] == "success"
        assert wire.status(campaign) == "DELETED"


def test_the_handshake_era_is_asked_by_a_request(tmp_path: Path) -> None:
    yes, no = ({"action": "accept", "content": {"agree": value}} for value in (True, False))
    with Asked(tmp_path, era="2025-11-25", capabilities={"elicitation": {}}) as wire:
        campaign = wire.campaigns()[0]
        for answer in (no, {"action": "decline"}, {"action": "cancel"}, *UNCLEAR):
            wire.result = answer
            told = wire.call("ads_delete_campaign", {"campaign_id": campaign})
            assert told["structuredContent"]["error"]["kind"] == "confirmation_required"
            assert wire.status(campaign) == "ACTIVE"
        wire.result = yes
        wire.call("ads_delete_campaign", {"campaign_id": campaign})
        assert wire.status(campaign) == "DELETED"
    assert len(wire.questions) == 4 + len(UNCLEAR)
    assert all(campaign in question for question in wire.questions)


def test_only_the_named_writes_exist_in_a_served_process(tmp_path: Path) -> None:
    allowed = "ads_pause_campaign,ads_resume_campaign,ads_update_budget"
    with McpProcess(tmp_path, "--demo", f"--allow-writes={allowed}") as wire:
        account = wire.call("ads_get_ad_accounts", {"limit": 1})["structuredContent"]["data"][0]["id"]
        found = wire.call("ads_get_campaigns", {"account_id": account, "limit": 1})["structuredContent"]["data"]
        campaign = {"campaign_id": found[0]["id"]}
        never = wire.call("ads_pause_nothing", campaign)["structuredContent"]
        hidden = wire.call("ads_delete_campaign", campaign)["structuredContent"]
        assert anonymous(hidden, "ads_delete_campaign") == anonymous(never, "ads_pause_nothing")
        through = wire.call("ads_call_write_tool", {"name": "ads_delete_campaign", "arguments": campaign})
        assert through["structuredContent"] == hidden
        paused = wire.call("ads_call_write_tool", {"name": "ads_pause_campaign", "arguments": campaign})
        assert paused["structuredContent"]["data"]["status"] == "success"
