"""Views (MCP Apps) without a browser: what a host is offered, what travels to a view, and when a code is hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from fastmcp import Client
from mcp.client import advertise

from meta_ads_mcp.engine.engine import ToolAnswer
from meta_ads_mcp.server.app_views import CALL, CARD, CARD_DATA, CODE, EXTENSION, MAX_RENDER_SECONDS, NONCE, view_of
from meta_ads_mcp.server.server import mcp_tool
from meta_ads_mcp.server.tool_index import WRITE_CALLER
from tests.support.answers import ERAS, as_json
from tests.support.every_tool import TOOLS, catalogue
from tests.support.sandbox_engine import SandboxEngine, build_server, shared_world
from tests.support.write_examples import CONFIRMED

MIME_TYPE = "text/html;profile=mcp-app"
UI = [advertise(EXTENSION, {"mimeTypes": [MIME_TYPE]})]
MAX_VIEW_BYTES, MAX_LIST_GROWTH = 300_000, 500
eras = pytest.mark.parametrize("era", ERAS)


async def agree(message: str, *_: Any) -> Any:
    return {"agree": True}


def budget(made: SandboxEngine, amount: str = "900.00 USD") -> dict[str, Any]:
    return {"entity_type": "campaign", "entity_id": made.ids["campaign"], "daily_budget": amount}


def delete(made: SandboxEngine) -> dict[str, Any]:
    return {"name": "ads_delete_campaign", "arguments": {"campaign_id": made.ids["campaign"]}}


async def call(client: Client[Any], tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return as_json(await client.call_tool_mcp(tool, arguments))


async def report(client: Client[Any], answer: dict[str, Any], **more: Any) -> dict[str, Any]:
    arguments = {"nonce": answer["_meta"][NONCE], **more}
    return await call(client, "ads_call_read_tool", {"name": "ads_view_report", "arguments": arguments})


async def prove(client: Client[Any]) -> None:
    """Do what any view does first, here one of a read tool."""
    assert not (await report(client, await call(client, "ads_rate_status", {}))).get("isError")


def visible(answer: dict[str, Any]) -> str:
    """Return what a model may see of an answer."""
    return json.dumps([answer["content"], answer["structuredContent"]], ensure_ascii=False)


def apply_call(answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the call that a card makes."""
    plan = json.loads(json.dumps(answer["_meta"][CALL]))
    *way, last = plan["code_path"]
    place = plan["arguments"]
    for key in way:
        place = place[key]
    place[last] = answer["_meta"][CODE]
    return plan["name"], plan["arguments"]


# -- what a host is offered -------------------------------------------------------------------------------------------


def test_every_write_that_is_asked_for_has_a_card() -> None:
    views = {tool.name: view_of(tool) for tool in TOOLS}
    assert {name for name in CONFIRMED if views[name] != CARD} == set()
    assert views[WRITE_CALLER] == CARD
    assert {tool.name for tool in TOOLS if views[tool.name] == CARD and not tool.effect.is_write} == set()


def test_the_default_list_grows_little() -> None:
    def size(model: Any) -> int:
        return len(model.model_dump_json(by_alias=True, exclude_none=True))

    tools = [mcp_tool(tool) for tool in catalogue("default").listed]
    plain = [
        tool.model_copy(update={"meta": {k: v for k, v in (tool.meta or {}).items() if k != "ui"} or None})
        for tool in tools
    ]
    growth = sum(size(tool.to_mcp_tool()) - size(bare.to_mcp_tool()) for tool, bare in zip(tools, plain, strict=True))
    assert 0 < growth <= MAX_LIST_GROWTH


@eras
async def test_each_view_of_a_tool_is_a_listed_resource_for_a_restrictive_host(era: str) -> None:
    server = build_server(shared_world(), listed=("all",)).server
    async with Client(server, mode=era) as client:
        resources = {str(resource.uri): resource for resource in await client.list_resources()}
        uris = {tool.meta["ui"]["resourceUri"] for tool in await client.list_tools() if tool.meta and "ui" in tool.meta}
        assert uris == {uri for uri in resources if uri.startswith("ui:")}
        for uri in sorted(uris):
            (content,) = await client.read_resource(uri)
            assert (resources[uri].mime_type, content.mime_type) == (MIME_TYPE, MIME_TYPE)
            assert content.meta == {"ui": {"prefersBorder": True}}
            check_html(uri, getattr(content, "text", ""))


def check_html(uri: str, html: str) -> None:
    assert len(html.encode()) < MAX_VIEW_BYTES, uri
    code = re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)
    assert set(re.findall(r"(?:https?|wss?):\\*/\\*/[^\"'`\s)]*", code)) <= {"http://www.w3.org/2000/svg"}, uri
    forbidden = r"\beval\s*\(|\bnew Function\b|\bfetch\s*\(|XMLHttpRequest|WebSocket|sendBeacon|import\s*\(|innerHTML"
    assert re.findall(forbidden, code) == [], uri
    assert re.findall(r"<(?:link|script|img|iframe|base|object)\b[^>]*(?:src|href)=", code) == [], uri
    assert "uPlot" not in code or "Permission is hereby granted" in html, uri


# -- what travels -----------------------------------------------------------------------------------------------------


@eras
async def test_a_host_without_views_receives_the_same_bytes(era: str) -> None:
    """An answer is compared with the engine's own; the code in it is drawn anew for each call."""
    made = build_server()
    calls: list[tuple[str, dict[str, Any]]] = [
        ("ads_update_budget", budget(made)),
        ("ads_update_budget", budget(made) | {"dry_run": True}),
        ("ads_call_write_tool", delete(made)),
        ("ads_rate_status", {}),
        ("ads_update_budget", budget(made, "1 XYZ")),
    ]
    async with Client(made.server, mode=era) as plain, Client(made.server, mode=era, extensions=UI) as rich:
        for tool, arguments in calls:
            expected = same_code(wire(await made.call(tool, arguments)))
            answer = await call(plain, tool, arguments)
            assert "_meta" not in answer or NONCE not in answer["_meta"]
            assert same_code(visible(answer)) == expected
            assert same_code(visible(await call(rich, tool, arguments))) == expected


def wire(answer: ToolAnswer) -> str:
    content = [{"text": text, "type": "text"} for text in answer.blocks]
    ordered = [{"type": block["type"], "text": block["text"]} for block in content]
    return json.dumps([ordered, answer.structured], ensure_ascii=False)


def same_code(text: str) -> str:
    return re.sub(r"[0-9]+-[0-9]+-[0-9a-f]+\.[0-9a-f]+", "CODE", text)


@eras
async def test_a_code_is_hidden_once_a_view_has_proved_itself(era: str) -> None:
    made = build_server()
    async with Client(made.server, mode=era, extensions=UI) as client:
        first = await call(client, "ads_update_budget", budget(made))
        assert first["_meta"][CODE] in visible(first)
        await prove(client)
        for arguments in (budget(made), budget(made) | {"dry_run": True}):
            answer = await call(client, "ads_update_budget", arguments)
            assert answer["_meta"][CODE] not in visible(answer)
            assert '"confirmation"' not in visible(answer)
        assert (
            "card" in answer["structuredContent"]["data"]["next_step"]
            or answer["structuredContent"]["data"]["status"] == "dry_run"
        )
        before = made.store.nodes[made.ids["campaign"]].get("daily_budget")
        done = await call(client, *apply_call(answer))
        assert done["structuredContent"]["data"]["status"] == "success", done
        assert made.store.nodes[made.ids["campaign"]].get("daily_budget") != before


@eras
async def test_the_card_of_an_unlisted_tool_applies_through_the_tool_that_called_it(era: str) -> None:
    made = build_server()
    async with Client(made.server, mode=era, extensions=UI) as client:
        await prove(client)
        answer = await call(client, WRITE_CALLER, delete(made))
        assert answer["_meta"][CODE] not in visible(answer)
        name, arguments = apply_call(answer)
        assert (name, "confirmation" in arguments["arguments"]) == (WRITE_CALLER, True)
        assert (await call(client, name, arguments))["structuredContent"]["data"]["status"] == "success"
        # By its own name: the host knows no view for it, so nobody would see the code.
        direct = await call(client, "ads_delete_campaign", {"campaign_id": made.ids["unbudgeted"]})
        assert direct["structuredContent"]["data"]["confirmation"]


async def test_a_write_never_becomes_impossible() -> None:
    """A card that does not show up, and one that cannot apply, bring the code back into the text."""
    made = build_server()
    async with Client(made.server, extensions=UI) as client:

        async def ask() -> dict[str, Any]:
            return await call(client, "ads_update_budget", budget(made))

        await prove(client)
        lost = await ask()
        made.clock.passed_s += MAX_RENDER_SECONDS - 1
        assert is_hidden(await ask())
        made.clock.passed_s += 2
        assert not is_hidden(await ask())
        # A late card proves itself again.
        await report(client, lost)
        shown = await ask()
        assert is_hidden(shown)
        await report(client, shown)
        made.clock.passed_s += MAX_RENDER_SECONDS + 1
        assert is_hidden(await ask())
        await report(client, shown, can_apply=False)
        assert not is_hidden(await ask())


def is_hidden(answer: dict[str, Any]) -> bool:
    return bool(answer["_meta"][CODE] not in visible(answer))


@pytest.mark.parametrize("nonce", ["", "guessed", None, 5])
async def test_only_a_nonce_of_this_process_proves_a_view(nonce: Any) -> None:
    made = build_server()
    async with Client(made.server, extensions=UI) as client:
        inner = {"name": "ads_view_report", "arguments": {"nonce": nonce}}
        refused = await call(client, "ads_call_read_tool", inner)
        assert refused["structuredContent"]["error"]["kind"] == "not_found"
        assert not is_hidden(await call(client, "ads_update_budget", budget(made)))


@eras
async def test_a_client_with_forms_is_asked_by_a_form(era: str) -> None:
    made = build_server()
    async with Client(made.server, mode=era, extensions=UI, elicitation_handler=agree) as client:
        await prove(client)
        done = await call(client, "ads_update_budget", budget(made))
        assert done["structuredContent"]["data"]["status"] == "success"
        assert CODE not in done["_meta"]


# Words that a question puts around its values.
FRAME = set("needs user agreement because Note Object objects none budgets".split())


# -- the card says what the question says -----------------------------------------------------------------------------

BULK: list[tuple[str, Callable[[SandboxEngine], dict[str, Any]]]] = [
    ("ads_update_budget", budget),
    ("ads_call_write_tool", delete),
    (
        "ads_bulk_update",
        lambda made: {
            "account_id": made.account,
            "idempotency_key": "k",
            "edits": [
                {"level": "campaign", "id": made.ids["campaign"], "set": {"daily_budget": "900.00 USD"}},
                {"level": "ad_set", "id": made.ids["ad_set"], "set": {"name": "A name \u202e from outside"}},
                {"level": "ad_set", "id": made.ids["next_ad_set"], "set": {"daily_budget": "777.00 USD"}},
            ],
        },
    ),
]


@pytest.mark.parametrize(("tool", "arguments"), BULK, ids=[name for name, _ in BULK])
async def test_the_card_has_every_value_of_the_question(tool: str, arguments: Any) -> None:
    made = build_server()
    questions: list[str] = []

    async def refuse(message: str, *_: Any) -> Any:
        questions.append(message)
        return {"agree": False}

    async with Client(made.server, mode="legacy", elicitation_handler=refuse) as client:
        await call(client, tool, arguments(made))
    async with Client(made.server, extensions=UI) as client:
        card = (await call(client, tool, arguments(made)))["_meta"][CARD_DATA]
    (question,) = questions
    edits = [edit for group in card["groups"] for edit in group["edits"]]
    values = [value for _, before, after in edits for value in (before, after) if value is not None]
    objects = [value for group in card["groups"] for item in group["objects"] for value in item.values()]
    sums = [f"{Decimal(side['amount']):,}" for sides in card.get("totals", {}).values() for side in sides.values()]
    for part in (card["title"], *values, *objects, *sums, *card["reasons"], *card["notes"]):
        assert part in question, part
    words = set(re.findall(r"[0-9]+(?:\.[0-9]+)?|[A-Za-z]{4,}", question)) - FRAME
    assert {word for word in words if word not in json.dumps(card)} == set()
