"""While a user thinks about a question, other people change things: nothing is sent that the user did not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer

Act = Callable[[], object]


class SlowPerson(Person):
    """A user who agrees after some seconds, in which somebody acts."""

    def __init__(self, made: SandboxEngine, seconds: float, act: Act) -> None:
        super().__init__(True)
        self.made, self.seconds, self.act = made, seconds, act

    async def ask(self, text: str) -> bool | None:
        self.made.clock.passed_s += self.seconds
        self.act()
        return await super().ask(text)


@pytest.fixture
def made() -> SandboxEngine:
    return build_writer(policy=Policy(max_percentage=50))


def update(made: SandboxEngine, node: Any) -> tuple[str, dict[str, Any]]:
    budget = int(node.get("daily_budget")) * 14 // 10
    return "ads_update_ad_set", {"ad_set_id": node.id, "daily_budget": f"{budget / 100:.2f} USD"}


def unit(made: SandboxEngine, node: Any) -> tuple[str, dict[str, Any]]:
    edit = {"level": "ad_set", "id": node.id, "set": {"budget_change_percent": 40}}
    return "ads_bulk_update", {"account_id": made.account, "edits": [edit], "idempotency_key": "k"}


@pytest.mark.parametrize("call", [update, unit])
@pytest.mark.parametrize("seconds", [2, 20, 400])
async def test_what_changed_during_a_question_is_not_overwritten(
    made: SandboxEngine, call: Callable[..., tuple[str, dict[str, Any]]], seconds: float
) -> None:
    node = next(node for node in made.nodes("AdSet", status="ACTIVE") if node.get("daily_budget"))
    tool, arguments = call(made, node)
    person = SlowPerson(made, seconds, lambda: made.store.patch(node.id, {"daily_budget": "1500"}))
    answer = await made.call(tool, arguments, person)
    assert answer.structured["error"]["kind"] in ("confirmation_required", "denied"), answer.text
    assert made.store.nodes[node.id].get("daily_budget") == "1500"
    assert len(person.asked) == 1


@pytest.mark.parametrize("call", [update, unit])
async def test_what_does_not_concern_the_call_does_not_stop_it(
    made: SandboxEngine, call: Callable[..., tuple[str, dict[str, Any]]]
) -> None:
    node = next(node for node in made.nodes("AdSet", status="ACTIVE") if node.get("daily_budget"))
    tool, arguments = call(made, node)
    person = SlowPerson(made, 20, lambda: made.store.patch(node.id, {"updated_time": "2026-11-25T10:00:09+0000"}))
    data = (await made.call(tool, arguments, person)).structured["data"]
    assert data["status"] == "success"


async def test_the_difference_is_named_and_an_undo_knows_the_right_value() -> None:
    made = build_writer()
    node = next(node for node in made.nodes("AdSet", status="ACTIVE") if node.get("daily_budget"))
    call = {"ad_set_id": node.id, "daily_budget": "900 USD"}
    person = SlowPerson(made, 20, lambda: made.store.patch(node.id, {"daily_budget": "1500"}))
    error = (await made.call("ads_update_ad_set", call, person)).structured["error"]
    assert "is 15.00 USD, was to be 900.00 USD" in error["message"]
    data = await made.done("ads_update_ad_set", **call)
    await made.done("ads_undo_change", change_id=data["change_id"])
    assert made.store.nodes[node.id].get("daily_budget") == "1500"
