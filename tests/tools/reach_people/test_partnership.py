"""Partnership ads: creators are asked after an agreement only, and a code is in the answer alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, confirmed, engine, refused_unsent, rows

READ, WRITE = "ads_get_partnership_content", "ads_update_partnership_permission"


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


def graph() -> ScriptedGraph:
    return ScriptedGraph(
        {"5/branded_content_ad_permissions": lambda request: rows() if request.method == "GET" else {"id": "8"}}
    )


def stored(folder: Path) -> list[str]:
    """The contents of all files that the server wrote."""
    return [path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("request", {"creator_instagram_username": "maria"}),
        ("revoke", {"creator_instagram_username": "maria", "revoke": True}),
    ],
)
async def test_a_creator_is_asked_or_let_go_after_an_agreement(action: str, params: dict[str, Any]) -> None:
    client = graph()
    await confirmed(engine(client), WRITE, {"action": action, "ig_account_id": "5", "creator_username": "maria"})
    assert [(request.method, request.path, dict(request.params)) for request in client.writes] == [
        ("POST", "5/branded_content_ad_permissions", params)
    ]


@pytest.mark.parametrize(("action", "method"), [("create_ad_code", "POST"), ("delete_ad_code", "DELETE")])
async def test_a_code_of_a_post(action: str, method: str) -> None:
    client = ScriptedGraph({"17/partnership_ad_code": {"success": True}})
    await confirmed(engine(client), WRITE, {"action": action, "ig_media_id": "17"})
    assert [(request.method, request.path, dict(request.params)) for request in client.writes] == [
        (method, "17/partnership_ad_code", {})
    ]


async def test_content_of_a_creator() -> None:
    client = ScriptedGraph({"5/branded_content_advertisable_medias": rows({"id": "6"})})
    await client.data(READ, ig_account_id="5", creator_username="maria")
    assert client.params("5/branded_content_advertisable_medias") == {"creator_username": "maria", "limit": 25}


async def test_a_request_is_undone_by_withdrawing_it(desk: SandboxEngine) -> None:
    before = desk.store.snapshot()
    call = {"action": "request", "ig_account_id": desk.ids["instagram"], "creator_username": "lena.hikes"}
    data = await desk.done(WRITE, **call)
    assert data["permission"]["status"] == "PENDING"
    await desk.done("ads_undo_change", change_id=data["change_id"])
    assert {name for name, ids in desk.changed(before).items() if ids.get("ids", (1, 2))[1]} == set()


async def test_a_code_is_shown_once_and_stored_nowhere(tmp_path: Path) -> None:
    desk = build_writer(state_dir=tmp_path)
    media = desk.store.links[desk.ids["instagram"], "media"][0]
    data = await desk.done(WRITE, action="create_ad_code", ig_media_id=media)
    code = data["ad_code"]
    texts = stored(tmp_path)
    assert texts
    assert not any(code in text for text in texts)
    assert code not in str(desk.events.__dict__)
    await desk.done("ads_undo_change", change_id=data["change_id"])
    assert (desk.writes[-1].method, desk.writes[-1].path) == ("DELETE", f"{media}/partnership_ad_code")


async def test_posts_say_whether_they_may_be_advertised_and_why_not(desk: SandboxEngine) -> None:
    posts = await desk.data(READ, ig_account_id=desk.ids["instagram"])
    assert {post["has_permission_for_partnership_ad"] for post in posts} == {True, False}
    assert any("label" in str(post.get("eligibility_errors")) for post in posts)
    permissions = await desk.data(READ, ig_account_id=desk.ids["instagram"], what="permissions")
    assert {row["status"] for row in permissions} == {"APPROVED", "PENDING"}
    refusal = await desk.refused(
        WRITE, action="request", ig_account_id=desk.ids["instagram"], creator_username="maria.outdoors"
    )
    assert "already" in refusal["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"action": "request"},
        {"action": "request", "ig_account_id": "5"},
        {"action": "request", "ig_account_id": "5", "creator_username": "a", "creator_id": "6"},
        {"action": "request", "ig_account_id": "5", "creator_username": "a b"},
        {"action": "create_ad_code"},
        {"action": "create_ad_code", "ig_media_id": "7", "creator_username": "a"},
        {"action": "revoke", "ig_media_id": "7", "ig_account_id": "5", "creator_username": "a"},
    ],
)
async def test_wrong_arguments_send_nothing(arguments: dict[str, Any]) -> None:
    await refused_unsent(WRITE, **arguments)


async def test_filters_of_content_do_not_go_with_permissions() -> None:
    await refused_unsent(READ, ig_account_id="5", what="permissions", ad_code="x")
