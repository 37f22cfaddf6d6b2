"""Many comments in one plan: the whole public text is agreed to, and one refusal does not stop the others."""

from __future__ import annotations

import re
from typing import Any

import pytest

from meta_ads_mcp.errors import InvalidArguments, PermissionMissing
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer, records
from tests.support.scripted_graph import ScriptedGraph, account_graph, confirmed, engine, refused_unsent

TOOL = "ads_moderate_comments"
LONG = "scam " * 200


@pytest.fixture
def demo() -> SandboxEngine:
    return build_writer()


async def comments(demo: SandboxEngine, word: str) -> list[dict[str, Any]]:
    answer = await demo.call("ads_get_ad_comments", account_id=demo.account, max_items=1000)
    found = [row for row in records(answer.structured["data"]) if word in row["message"]]
    return [{name: row[name] for name in ("id", "platform", "ad_id")} for row in found]


def is_hidden(demo: SandboxEngine, comment: dict[str, Any]) -> bool:
    name = "is_hidden" if comment["platform"] == "facebook" else "hidden"
    return bool(demo.store.nodes[comment["id"]].get(name))


async def test_insults_of_both_networks_are_hidden_and_shown_again(demo: SandboxEngine) -> None:
    insults = await comments(demo, "idiots")
    assert {comment["platform"] for comment in insults} == {"facebook", "instagram"}
    data = await demo.done(TOOL, action="hide", comments=insults, dry_run=False)
    assert (data["done"], data["not_done"]) == (len(insults), 0)
    assert all(is_hidden(demo, comment) for comment in insults)
    again = await demo.done(TOOL, action="hide", comments=insults, dry_run=False)
    assert {row["status"] for row in again["others"]} == {"already"}
    await demo.done(TOOL, action="unhide", comments=insults, dry_run=False)
    assert not any(is_hidden(demo, comment) for comment in insults)


async def test_the_work_of_a_moderator_takes_four_calls(demo: SandboxEngine) -> None:
    """From the accounts to hidden insults and an answer, without naming a Page."""
    yes = Person(True)
    rules = {"contains_any": ["idiots", "scam"], "since": "2026-01-01"}
    moderate = {"account_id": demo.account, "dry_run": False}
    answers = [
        await demo.call("ads_get_ad_accounts"),
        await demo.call("ads_get_ad_comments", account_id=demo.account, unanswered_only=True, limit=20),
        await demo.call(TOOL, moderate, yes, action="hide", rules=rules),
        await demo.call(
            TOOL, moderate, yes, action="reply", message="Yes, we do.", rules={**rules, "contains_any": ["ship to"]}
        ),
    ]
    assert not any(answer.is_error for answer in answers), [answer.text for answer in answers]
    assert sum(len(answer.blocks[1]) for answer in answers) < 12_000
    assert re.fullmatch(r"Moderate comments: \d+ done\.", answers[2].text)
    assert await comments(demo, "idiots") != []
    assert all(is_hidden(demo, comment) for comment in await comments(demo, "idiots"))


async def test_a_dry_run_is_the_default_and_changes_nothing(demo: SandboxEngine) -> None:
    insults = await comments(demo, "idiots")
    before = demo.store.snapshot()
    answer = await demo.call(TOOL, action="hide", comments=insults)
    assert answer.structured["data"]["status"] == "dry_run"
    assert {row["status"] for row in answer.structured["data"]["comments"]} == {"planned"}
    assert demo.changed(before) == {}


@pytest.mark.parametrize(("count", "asked"), [(10, False), (11, True)])
async def test_hiding_many_is_asked_for(demo: SandboxEngine, count: int, asked: bool) -> None:
    chosen = (await comments(demo, "ship"))[:count]
    answer = await demo.call(TOOL, action="hide", comments=chosen, dry_run=False)
    assert (answer.structured["data"]["status"] == "needs_confirmation") == asked


async def test_an_answer_is_published_below_each_comment_after_agreement(demo: SandboxEngine) -> None:
    questions = (await comments(demo, "ship"))[:6]
    arguments = {"action": "reply", "comments": questions, "message": "Yes. " * 100, "dry_run": False}
    held = await demo.call(TOOL, **arguments)
    assert arguments["message"].strip() in held.text
    assert held.text.count("Do you ship to Canada") == 6
    code = held.structured["data"]["confirmation"]
    done = await demo.data(TOOL, **arguments, confirmation=code)
    assert done["done"] == 6
    left = await demo.call("ads_get_ad_comments", account_id=demo.account, max_items=1000, unanswered_only=True)
    unanswered = {row["id"] for row in records(left.structured["data"])}
    assert unanswered
    assert unanswered.isdisjoint(question["id"] for question in questions)


async def test_rules_choose_comments_of_running_ads(demo: SandboxEngine) -> None:
    rules = {"contains_any": ["earn $500"], "since": "2026-11-01"}
    spam = await comments(demo, "Earn $500")
    arguments = {"action": "delete", "account_id": demo.account, "rules": rules, "dry_run": False}
    held = await demo.call(TOOL, **arguments)
    assert held.text.count("Earn $500 a day from home, write me") >= len(spam) > 0
    await demo.data(TOOL, **arguments, confirmation=held.structured["data"]["confirmation"])
    assert await comments(demo, "Earn $500") == []


@pytest.fixture
def client() -> ScriptedGraph:
    graph = account_graph()
    for number in (1, 2, 3):
        graph.objects[f"9_{number}"] = {"id": f"9_{number}", "message": LONG, "is_hidden": False}
    graph.of_page = {f"9_{number}": "9" for number in (1, 2, 3)}
    return graph


REFS = [{"id": f"9_9_{number}"} for number in (1, 2, 3)]


async def test_one_refusal_does_not_stop_the_others(client: ScriptedGraph) -> None:
    client.refuse = lambda request: (
        PermissionMissing("(#200) no") if (request.method, request.path) == ("POST", "9_2") else None
    )
    answer = await engine(client).call(TOOL, {"action": "hide", "comments": REFS, "dry_run": False})
    data = answer.structured["data"]
    assert (data["ids"], data["done"], data["not_done"]) == (["9_1", "9_3"], 2, 1)
    assert [(row["id"], row["status"]) for row in data["others"]] == [("9_2", "refused")]
    assert {request.page for request in client.writes} == {"9"}


async def test_the_whole_text_of_what_is_deleted_is_agreed_to(client: ScriptedGraph) -> None:
    held = await engine(client).call(TOOL, {"action": "delete", "comments": REFS[:1], "dry_run": False})
    assert LONG.strip() in held.text
    answer = await confirmed(engine(client), TOOL, {"action": "delete", "comments": REFS[:1], "dry_run": False})
    assert answer.structured["data"]["done"] == 1
    assert [(request.method, request.path) for request in client.writes] == [("DELETE", "9_1")]


async def test_a_comment_that_cannot_be_read_is_left_out_with_the_reason(client: ScriptedGraph) -> None:
    client.refuse = lambda request: InvalidArguments("(#100) gone") if request.path == "9_3" else None
    answer = await engine(client).call(TOOL, {"action": "hide", "comments": REFS})
    statuses = {row["id"]: row["status"] for row in answer.structured["data"]["comments"]}
    assert statuses == {"9_1": "planned", "9_2": "planned", "9_3": "refused"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"action": "reply", "comments": REFS}, "message"),
        ({"action": "hide", "comments": REFS, "message": "x"}, "message"),
        ({"action": "hide"}, "comments or rules"),
        ({"action": "hide", "account_id": "1", "rules": {"since": "2026-11-01"}}, "contains_any"),
        ({"action": "hide", "rules": {"since": "2026-11-01", "has_link": True}}, "account_id"),
    ],
)
async def test_what_is_not_clear_is_refused(arguments: dict[str, Any], said: str) -> None:
    assert said in (await refused_unsent(TOOL, **arguments))["message"]
