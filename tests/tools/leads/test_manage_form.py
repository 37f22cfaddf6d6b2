"""A lead form is archived and taken back with the token of its Page; the terms of lead ads are told."""

from __future__ import annotations

import pytest

from tests.support.sandbox_engine import SandboxEngine, build_writer

TOOL = "ads_update_lead_form"


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


def form_of(desk: SandboxEngine) -> str:
    node_id: str = desk.store.children(desk.ids["page"], "leadgen_forms")[0].id
    return node_id


async def test_a_form_is_archived_as_its_page_and_taken_back(desk: SandboxEngine) -> None:
    form = form_of(desk)
    question = await desk.call(TOOL, {"form_id": form, "status": "ARCHIVED"})
    assert question.structured["data"]["status"] == "needs_confirmation"
    assert "Running ads" in question.text
    assert "cannot be undone" not in question.text
    data = await desk.done(TOOL, form_id=form, status="ARCHIVED")
    (write,) = desk.writes
    assert (write.path, write.params) == (form, {"status": "ARCHIVED"})
    token = write.headers["authorization"]
    assert token == f"Bearer {desk.store.nodes[desk.ids['page']].get('access_token')}"
    await desk.done("ads_undo_change", change_id=data["change_id"])
    assert desk.store.nodes[form].get("status") == "ACTIVE"


async def test_making_a_form_active_asks_nobody(desk: SandboxEngine) -> None:
    archived = desk.store.children(desk.ids["page"], "leadgen_forms")[1].id
    data = await desk.data(TOOL, form_id=archived, status="ACTIVE")
    assert data["status"] == "success"
    assert desk.store.nodes[archived].get("status") == "ACTIVE"


async def test_no_other_status_is_offered(desk: SandboxEngine) -> None:
    for status in ("DELETED", "DRAFT"):
        error = await desk.refused(TOOL, form_id=form_of(desk), status=status)
        assert error["allowed"] == ["ACTIVE", "ARCHIVED"]
    assert desk.sandbox.log == []


async def test_the_terms_of_lead_ads_are_told(desk: SandboxEngine) -> None:
    page = desk.ids["page"]
    answer = await desk.good("ads_get_lead_forms", page_id=page, terms=True, fields=["id"])
    assert "accepted Meta's terms for lead ads on 2024-02-12" in str(answer["notes"])
    desk.store.patch(page, {"leadgen_tos_accepted": False})
    answer = await desk.good("ads_get_lead_forms", page_id=page, terms=True, fields=["id"])
    assert "has not accepted" in str(answer["notes"])
    asked = len(desk.sandbox.log)
    await desk.good("ads_get_lead_forms", page_id=page, fields=["id"])
    assert len(desk.sandbox.log) == asked + 1
