"""The one test lead of a form: made, replaced, deleted, and never a real one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.tools.leads.test_manage_form import form_of

TOOL = "ads_manage_test_lead"
ANSWER = [{"name": "email", "values": ["test@example.com"]}]


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


def sent(desk: SandboxEngine) -> list[tuple[str, str, dict[str, Any]]]:
    return [(entry.method, entry.path, dict(entry.params)) for entry in desk.writes]


async def test_a_test_lead_is_made_replaced_and_undone(desk: SandboxEngine) -> None:
    form = form_of(desk)
    first = (await desk.data(TOOL, form_id=form))["id"]
    error = await desk.refused(TOOL, form_id=form)
    assert first in error["message"]
    question = await desk.call(TOOL, {"form_id": form, "action": "replace", "field_data": ANSWER})
    assert question.structured["data"]["status"] == "needs_confirmation"
    assert first in question.text
    data = await desk.done(TOOL, form_id=form, action="replace", field_data=ANSWER)
    assert sent(desk)[-2:] == [
        ("DELETE", first, {}),
        ("POST", f"{form}/test_leads", {"field_data": '[{"name":"email","values":["test@example.com"]}]'}),
    ]
    await desk.done("ads_undo_change", change_id=data["change_id"])
    assert sent(desk)[-1] == ("DELETE", data["id"], {})
    assert desk.store.children(form, "test_leads") == []


async def test_only_the_test_lead_is_ever_deleted(desk: SandboxEngine) -> None:
    form = form_of(desk)
    desk.world.leads.fill_all()
    leads = [node.id for node in desk.store.children(form, "leads")]
    answer = await desk.call(TOOL, {"form_id": form, "action": "delete"}, Person(True))
    assert "no test lead" in answer.text
    made = (await desk.data(TOOL, form_id=form))["id"]
    await desk.done(TOOL, form_id=form, action="delete")
    assert [path for method, path, _ in sent(desk) if method == "DELETE"] == [made]
    assert [node.id for node in desk.store.children(form, "leads")] == leads


async def test_answers_are_to_questions_of_the_form_and_stay_out_of_the_journal(desk: SandboxEngine) -> None:
    form = form_of(desk)
    error = await desk.refused(TOOL, form_id=form, field_data=[{"name": "shoe_size", "values": ["9"]}])
    assert "email" in error["allowed"]
    assert desk.writes == []
    answer = await desk.call(TOOL, {"form_id": form, "field_data": ANSWER})
    changes = await desk.data("ads_get_changes")
    entry = desk.engine.journal.entry(answer.structured["data"]["change_id"])
    assert "test@example.com" not in str((answer.structured, changes, entry, desk.events.events))


async def test_a_repeated_call_with_its_key_makes_nothing_twice(desk: SandboxEngine) -> None:
    form = form_of(desk)
    first = await desk.data(TOOL, form_id=form, idempotency_key="k")
    again = await desk.data(TOOL, form_id=form, idempotency_key="k")
    assert first["id"] == again["id"]
    assert len(sent(desk)) == 1
