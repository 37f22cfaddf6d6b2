"""Comments are answered, hidden and deleted with the token of their Page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import NotFound, Throttled
from tests.support.scripted_graph import ScriptedGraph, confirmed, engine, error_of

PAGE, COMMENT = "60", "61_62"


@pytest.fixture
def client(client: ScriptedGraph) -> ScriptedGraph:
    client.objects[COMMENT] = {"id": COMMENT, "message": "Bad shop!", "is_hidden": False, "can_hide": True}
    client.of_page = {COMMENT: PAGE, "501": PAGE}
    client.kinds = {COMMENT: "Comment"}
    for page in (PAGE, "70", "71"):
        client.objects[page] = {"id": page, "name": "Shop"}
    client.edges["me/accounts"] = [PAGE]
    return client


@pytest.mark.parametrize(
    "where",
    [{"comment_id": COMMENT, "page_id": PAGE}, {"comment_id": f"{PAGE}_{COMMENT}"}, {"comment_id": COMMENT}],
)
async def test_the_page_is_given_or_in_the_id_or_the_only_one(client: ScriptedGraph, where: dict[str, Any]) -> None:
    answer = await engine(client).call("ads_hide_comment", where)
    assert answer.structured["data"]["changes"] == {"is_hidden": {"before": False, "after": True}}
    (request,) = client.writes
    assert (request.method, request.path, request.page) == ("POST", COMMENT, PAGE)
    assert dict(request.params) == {"is_hidden": True}
    shown = await engine(client).call("ads_hide_comment", {**where, "is_hidden": False})
    assert shown.structured["data"]["changes"]["is_hidden"]["after"] is False


@pytest.mark.parametrize("tool", ["ads_hide_comment", "ads_reply_comment", "ads_delete_comment"])
async def test_with_several_pages_the_one_that_sees_the_comment_acts(client: ScriptedGraph, tool: str) -> None:
    client.edges["me/accounts"] = ["70", PAGE, "71"]
    text = {"message": "Sorry!"} if tool == "ads_reply_comment" else {}
    arguments = {"comment_id": COMMENT, **text}
    acts = engine(client)
    answer = await (acts.call(tool, arguments) if tool == "ads_hide_comment" else confirmed(acts, tool, arguments))
    assert [request.page for request in client.writes] == [PAGE]
    assert any(f"page_id {PAGE}" in note for note in answer.structured["notes"])


async def test_a_page_that_only_reads_the_comment_does_not_act(client: ScriptedGraph) -> None:
    def read(request: Request) -> dict[str, Any]:
        return {**client.objects[COMMENT], "can_remove": request.page == PAGE}

    client.edges["me/accounts"] = ["70", PAGE]
    client.of_page = {}
    client.answers["GET", COMMENT] = read
    await engine(client).call("ads_hide_comment", {"comment_id": COMMENT})
    assert [request.page for request in client.writes] == [PAGE]


@pytest.mark.parametrize("pages", [[], ["70", "71"]])
async def test_a_comment_that_no_page_sees_is_refused(client: ScriptedGraph, pages: list[str]) -> None:
    client.edges["me/accounts"] = pages
    error = error_of(await engine(client).call("ads_hide_comment", {"comment_id": COMMENT}))
    assert error["kind"] == "invalid_arguments"
    assert all(page in error["message"] for page in pages)
    assert client.writes == []


async def test_a_failure_that_may_pass_ends_the_search(client: ScriptedGraph) -> None:
    client.edges["me/accounts"] = ["70", PAGE]
    client.refuse = lambda request: Throttled("slow down") if request.path == COMMENT else None
    assert error_of(await engine(client).call("ads_hide_comment", {"comment_id": COMMENT}))["kind"] == "throttled"


async def test_with_some_accounts_only_their_pages_act(client: ScriptedGraph) -> None:
    server = engine(client, accounts=("act_1",))
    assert error_of(await server.call("ads_hide_comment", {"comment_id": COMMENT}))["kind"] == "invalid_arguments"
    for where in ({"comment_id": COMMENT, "page_id": PAGE}, {"comment_id": f"{PAGE}_{COMMENT}"}):
        assert error_of(await server.call("ads_hide_comment", where))["kind"] == "denied"
    assert client.writes == []
    for pages in ([PAGE], ["70", PAGE]):
        client.edges["act_1/promote_pages"] = pages
        for where in ({"page_id": PAGE}, {}):
            allowed = await server.call("ads_hide_comment", {"comment_id": COMMENT, **where})
            assert allowed.structured["data"]["status"] == "success"
    assert {request.page for request in client.writes} == {PAGE}


async def test_a_comment_of_a_foreign_page_is_denied_and_not_blamed_on_the_token(client: ScriptedGraph) -> None:
    client.refuse = lambda request: NotFound("not there") if request.path == "8_9" else None
    client.edges["act_1/promote_pages"] = [PAGE]
    server = engine(client, accounts=("act_1",))
    for where in ({"page_id": PAGE}, {}):
        error = error_of(await server.call("ads_hide_comment", {"comment_id": "8_9", **where}))
        assert (error["kind"], "token" in json.dumps(error)) == ("denied", False)
        assert "META_ADS_ACCOUNTS" in error["next_step"]
    client.edges["act_1/promote_pages"] = [PAGE, "70"]
    error = error_of(await server.call("ads_hide_comment", {"comment_id": "8_9"}))
    assert "the accounts of META_ADS_ACCOUNTS" in error["message"]
    assert client.writes == []


async def test_a_reply_is_public_so_somebody_agrees(client: ScriptedGraph, tmp_path: Path) -> None:
    server = engine(client, state_dir=tmp_path)
    call = {"comment_id": COMMENT, "page_id": PAGE, "message": "We are sorry to hear that."}
    answer = await confirmed(server, "ads_reply_comment", call)
    assert answer.structured["data"]["id"] == "501"
    (request,) = client.writes
    assert (request.path, request.page, dict(request.params)) == (
        f"{COMMENT}/comments",
        PAGE,
        {"message": "We are sorry to hear that."},
    )
    audit = "".join(path.read_text() for path in (tmp_path / "audit").iterdir())
    assert "sorry" not in audit
    assert "text_hashes" in audit


async def test_a_deletion_shows_the_comment_and_needs_an_agreement(client: ScriptedGraph) -> None:
    pending = await engine(client).call("ads_delete_comment", {"comment_id": COMMENT, "page_id": PAGE})
    assert "Bad shop!" in pending.structured["summary"]
    answer = await confirmed(engine(client), "ads_delete_comment", {"comment_id": COMMENT, "page_id": PAGE})
    assert answer.structured["data"]["status"] == "success"
    assert client.writes[0].page == PAGE
    assert COMMENT not in client.objects


@pytest.mark.parametrize("wrong", ["", "a_b", "1_2_3_4", "1/2", "1__2", "_1", "1²"])
async def test_other_ids_are_refused(client: ScriptedGraph, wrong: str) -> None:
    answer = await engine(client).call("ads_hide_comment", {"comment_id": wrong, "page_id": PAGE})
    assert error_of(answer)["kind"] == "invalid_arguments"
    assert client.sent == []
