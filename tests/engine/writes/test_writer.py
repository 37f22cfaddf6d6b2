"""What a write does before, on and after the wire."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.engine.writes.confirmation import Reply
from meta_ads_mcp.engine.writes.policy import Policy, PolicyError, load_policy
from meta_ads_mcp.errors import NetworkProblem, UnknownOutcome
from tests.support.clock import FakeClock
from tests.support.elicitors import LaterReply, Person
from tests.support.scripted_graph import ACCOUNT, CAMPAIGN, ScriptedGraph, account_graph, confirmed, engine

NEW: dict[str, Any] = {
    "account_id": ACCOUNT,
    "name": "Autumn",
    "objective": "OUTCOME_SALES",
    "special_ad_categories": [],
}
LOST = UnknownOutcome("The connection to Graph did not answer in time after the change was sent.")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> ScriptedGraph:
    return account_graph(clock)


async def test_a_created_campaign_is_paused_journalled_and_read_back(client: ScriptedGraph) -> None:
    answer = await engine(client).call("ads_create_campaign", {**NEW, "daily_budget": "50.00 USD"})
    data = answer.structured["data"]
    assert not answer.is_error
    assert (data["status"], data["id"]) == ("success", "501")
    assert client.writes[0].params["status"] == "PAUSED"
    assert client.writes[0].params["daily_budget"] == 5000
    assert client.writes[0].params["bid_strategy"] == "LOWEST_COST_WITHOUT_CAP"
    assert data["changes"]["daily_budget"]["after"] == {"minor": 5000, "amount": "50.00", "currency": "USD"}
    assert data["change_id"]


@pytest.mark.parametrize(
    ("currency", "given", "sent"), [("JPY", "5000 JPY", 5000), ("TWD", 900, 900), ("EUR", "12.34 EUR", 1234)]
)
async def test_money_goes_out_in_the_accounts_minor_units(
    clock: FakeClock, currency: str, given: Any, sent: int
) -> None:
    client = account_graph(clock, currency)
    await engine(client).call("ads_create_campaign", {**NEW, "daily_budget": given})
    assert client.writes[0].params["daily_budget"] == sent


async def test_money_of_another_currency_is_refused_before_any_write(client: ScriptedGraph) -> None:
    answer = await engine(client).call("ads_create_campaign", {**NEW, "daily_budget": "50.00 EUR"})
    assert answer.structured["error"]["kind"] == "invalid_arguments"
    assert client.writes == []


async def test_a_lowered_budget_goes_through_and_a_raised_one_needs_a_code(client: ScriptedGraph) -> None:
    made = engine(client)
    lowered = await made.call("ads_update_campaign", {"campaign_id": CAMPAIGN, "daily_budget": 4000})
    assert lowered.structured["data"]["changes"] == {
        "daily_budget": {
            "before": {"minor": 5000, "amount": "50.00", "currency": "USD"},
            "after": {"minor": 4000, "amount": "40.00", "currency": "USD"},
        }
    }
    raised = {"campaign_id": CAMPAIGN, "daily_budget": 9000}
    plan = (await made.call("ads_update_campaign", raised)).structured["data"]
    assert plan["status"] == "needs_confirmation"
    assert len(client.writes) == 1
    other = await made.call(
        "ads_update_campaign", {**raised, "daily_budget": 9001, "confirmation": plan["confirmation"]}
    )
    assert other.structured["data"]["status"] == "needs_confirmation"
    done = await made.call("ads_update_campaign", {**raised, "confirmation": plan["confirmation"]})
    assert done.structured["data"]["status"] == "success"
    assert client.objects[CAMPAIGN]["daily_budget"] == 9000
    # The budget is no raise now, so the call itself would need no agreement.
    spent = await made.call("ads_update_campaign", {**raised, "confirmation": plan["confirmation"]})
    assert spent.structured["error"]["kind"] == "confirmation_required"
    assert len(client.writes) == 2
    client.objects[CAMPAIGN]["daily_budget"] = "4000"
    again = await made.call("ads_update_campaign", {**raised, "confirmation": plan["confirmation"]})
    assert again.structured["data"]["status"] == "needs_confirmation"


async def test_a_code_expires(client: ScriptedGraph, clock: FakeClock) -> None:
    made = engine(client)
    call = {"campaign_id": CAMPAIGN}
    code = (await made.call("ads_resume_campaign", call)).structured["data"]["confirmation"]
    clock.passed_s += 601
    assert (await made.call("ads_resume_campaign", {**call, "confirmation": code})).structured["data"]["status"] == (
        "needs_confirmation"
    )
    assert client.writes == []


@pytest.mark.parametrize(("agrees", "writes"), [(True, 1), (False, 0)])
async def test_client_that_can_ask_is_asked_even_with_a_code(client: ScriptedGraph, agrees: bool, writes: int) -> None:
    made = engine(client)
    person = Person(agrees)
    answer = await made.call("ads_delete_campaign", {"campaign_id": CAMPAIGN, "confirmation": "x.y"}, asker=person)
    assert len(client.writes) == writes
    assert CAMPAIGN in person.asked[0]
    assert answer.is_error is not agrees


async def test_reply_in_the_next_call_confirms_the_write(client: ScriptedGraph) -> None:
    made = engine(client)
    call = {"campaign_id": CAMPAIGN}
    asked = await made.call("ads_resume_campaign", call, asker=LaterReply())
    assert asked.question is not None
    assert client.writes == []
    unsolicited = await made.call("ads_resume_campaign", call, asker=LaterReply(Reply(True, None)))
    assert unsolicited.structured["error"]["kind"] == "confirmation_required"
    declined = await made.call("ads_resume_campaign", call, asker=LaterReply(Reply(False, asked.question.code)))
    assert declined.is_error
    assert client.writes == []
    asked = await made.call("ads_resume_campaign", call, asker=LaterReply())
    assert asked.question is not None
    done = await made.call("ads_resume_campaign", call, asker=LaterReply(Reply(True, asked.question.code)))
    assert done.structured["data"]["status"] == "success"
    repeated = await made.call("ads_resume_campaign", call, asker=LaterReply(Reply(True, asked.question.code)))
    assert repeated.structured["error"]["kind"] == "confirmation_required"
    assert len(client.writes) == 1


async def test_a_dry_run_changes_nothing_and_shows_the_request(client: ScriptedGraph, tmp_path: Path) -> None:
    answer = await engine(client, state_dir=tmp_path).call(
        "ads_update_campaign", {"campaign_id": CAMPAIGN, "daily_budget": 9000, "dry_run": True}
    )
    data = answer.structured["data"]
    assert data["status"] == "dry_run"
    assert data["plan"] == [{"method": "POST", "path": CAMPAIGN, "parameters": {"daily_budget": 9000}}]
    assert "would set 101 daily_budget: 50.00 USD → 90.00 USD. Meta validated it." in answer.structured["summary"]
    assert client.objects[CAMPAIGN]["daily_budget"] == "5000"
    assert [request.params.get("execution_options") for request in client.writes] == [["validate_only"]]
    assert not (tmp_path / "journal.jsonl").exists()


@pytest.mark.parametrize("tool", ["ads_update_campaign", "facebook_create_post"])
async def test_a_dry_run_says_how_to_carry_it_out_whatever_the_default(client: ScriptedGraph, tool: str) -> None:
    arguments = {"ads_update_campaign": {"campaign_id": CAMPAIGN, "name": "N", "dry_run": True}}
    post = {"page_id": "60", "message": "Hello"}
    data = (await engine(client).call(tool, arguments.get(tool, post))).structured["data"]
    assert data["status"] == "dry_run"
    assert "dry_run=false" in data["next_step"]


@pytest.mark.parametrize("status", ["PAUSED", "ACTIVE"])
async def test_the_summary_names_the_status_that_was_set(client: ScriptedGraph, status: str) -> None:
    arguments = {"entity_type": "campaign", "entity_id": CAMPAIGN, "status": status}
    made = engine(client)
    call = confirmed(made, "ads_activate_entity", arguments)
    answer = await (call if status == "ACTIVE" else made.call("ads_activate_entity", arguments))
    assert re.search(rf"campaign {CAMPAIGN}( \"[^\"]*\")? is {status}\.", answer.structured["summary"])
    assert "Activate" not in answer.structured["summary"]


async def test_only_a_change_offers_to_put_earlier_values_back(client: ScriptedGraph) -> None:
    made = engine(client)
    renamed = await made.call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "N"})
    assert "earlier values" in renamed.structured["data"]["next_step"]
    creative = {"account_id": ACCOUNT, "page_id": "60", "image_hash": "h1", "link_url": "https://shop.example/"}
    created = await made.call("ads_create_ad_creative", creative)
    assert "ads_create_ad" in created.structured["data"]["next_step"]
    rule = await made.call("ads_create_campaign", NEW)
    assert "earlier values" not in rule.structured["data"]["next_step"]


async def test_a_multiplier_of_a_budget_is_not_shown_as_money(client: ScriptedGraph) -> None:
    period = {"time_start": "1796425200", "time_end": "1796525200"}
    arguments = {"campaign_id": CAMPAIGN, "budget_value": 20, "budget_value_type": "MULTIPLIER", **period}
    plan = (await engine(client).call("ads_create_budget_schedule", arguments)).structured
    assert "budget_value: none → 20;" in plan["summary"]
    assert plan["data"]["changes"]["budget_value"]["after"] == 20


SKIPPED, TWICE = "2027-03-28T02:30:00", "2027-10-31T02:30:00"
SCHEDULE = {"campaign_id": CAMPAIGN, "budget_value": 100, "budget_value_type": "ABSOLUTE"}


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ads_create_campaign", {**NEW, "start_time": SKIPPED}),
        ("ads_update_campaign", {"campaign_id": CAMPAIGN, "stop_time": SKIPPED}),
        ("ads_create_budget_schedule", {**SCHEDULE, "time_start": SKIPPED, "time_end": "2027-03-28T03:15:00"}),
        ("ads_duplicate_entity", {"entity_type": "campaign", "entity_id": CAMPAIGN, "start_time": SKIPPED}),
    ],
)
async def test_a_time_that_the_clocks_of_the_account_skip_is_refused(
    client: ScriptedGraph, tool: str, arguments: dict[str, Any]
) -> None:
    error = (await engine(client).call(tool, arguments)).structured["error"]
    assert "does not exist in Europe/Berlin" in error["message"]
    assert client.writes == []


async def test_a_time_that_occurs_twice_is_noted(client: ScriptedGraph) -> None:
    answer = await engine(client).call("ads_create_campaign", {**NEW, "stop_time": TWICE, "daily_budget": 1000})
    assert any("occurs twice" in note for note in answer.structured["notes"])


async def test_only_changed_budgets_count_on_metas_limit(client: ScriptedGraph) -> None:
    made = engine(client)
    new = {"account_id": ACCOUNT, "campaign_id": CAMPAIGN, "name": "Broad", "optimization_goal": "REACH"}
    del client.objects[CAMPAIGN]["daily_budget"]
    where = {"targeting": {"geo_locations": {"countries": ["US"]}}}
    answer = await made.call("ads_create_ad_set", {**new, **where, "daily_budget": 900})
    lower = {"ad_set_id": answer.structured["data"]["id"], "daily_budget": 800}
    await made.call("ads_update_ad_set", {**lower, "dry_run": True})
    done = await made.call("ads_update_ad_set", lower)
    undo = {"change_id": done.structured["data"]["change_id"]}
    undone = await made.call("ads_undo_change", undo, asker=Person(True))
    assert undone.structured["data"]["status"] == "success", undone.text
    assert [request.budget_change for request in client.writes] == [False, False, True, True]


async def test_empty_update_is_refused(client: ScriptedGraph) -> None:
    answer = await engine(client).call("ads_update_campaign", {"campaign_id": CAMPAIGN})
    assert answer.structured["error"]["kind"] == "invalid_arguments"
    assert client.writes == []


async def test_lost_answer_is_looked_up_and_creates_nothing_twice(client: ScriptedGraph) -> None:
    client.lose = lambda request: LOST
    answer = await engine(client).call("ads_create_campaign", NEW)
    assert answer.structured["data"]["id"] == "501"
    assert len(client.writes) == 1


async def test_lost_answer_without_a_match_is_an_unknown_outcome(client: ScriptedGraph) -> None:
    client.refuse = lambda request: LOST if request.method == "POST" else None
    answer = await engine(client).call("ads_create_campaign", NEW)
    assert answer.structured["error"]["kind"] == "unknown_outcome"
    assert "campaigns" in answer.structured["error"]["next_step"]
    assert len(client.writes) == 1


async def test_an_update_that_surely_did_not_happen_is_transient(client: ScriptedGraph) -> None:
    client.refuse = lambda request: LOST if request.method == "POST" else None
    answer = await engine(client).call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Summer"})
    assert answer.structured["error"]["kind"] == "transient"


async def test_the_same_key_gives_the_first_result_also_after_a_restart(client: ScriptedGraph, tmp_path: Path) -> None:
    call = {**NEW, "idempotency_key": "k1"}
    first = await engine(client, state_dir=tmp_path).call("ads_create_campaign", call)
    second = await engine(client, state_dir=tmp_path).call("ads_create_campaign", call)
    assert second.structured["data"]["id"] == first.structured["data"]["id"]
    assert len(client.writes) == 1
    other = await engine(client, state_dir=tmp_path).call("ads_create_campaign", {**call, "name": "Winter"})
    assert other.structured["error"]["kind"] == "invalid_arguments"
    assert len(client.writes) == 1


async def test_a_refused_create_leaves_its_key_free(client: ScriptedGraph, tmp_path: Path) -> None:
    client.refuse = lambda request: NetworkProblem("not reached") if request.method == "POST" else None
    made = engine(client, state_dir=tmp_path)
    assert (await made.call("ads_create_campaign", {**NEW, "idempotency_key": "k"})).is_error
    client.refuse = lambda request: None
    assert (await made.call("ads_create_campaign", {**NEW, "idempotency_key": "k"})).structured["data"]["id"] == "501"


async def test_changes_are_listed_and_undone(client: ScriptedGraph, tmp_path: Path) -> None:
    made = engine(client, state_dir=tmp_path)
    changed = await made.call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Summer", "daily_budget": 4000})
    change_id = changed.structured["data"]["change_id"]
    listed = (await made.call("ads_get_changes", {})).structured["data"]
    assert listed[0]["changes"]["name"] == {"before": "Spring", "after": "Summer"}
    assert listed[0]["changes"]["daily_budget"] == changed.structured["data"]["changes"]["daily_budget"]
    assert listed[0]["changes"]["daily_budget"]["before"] == {"minor": 5000, "amount": "50.00", "currency": "USD"}
    held = await made.call("ads_undo_change", {"change_id": change_id})
    assert held.structured["data"]["status"] == "needs_confirmation"
    undone = await made.call("ads_undo_change", {"change_id": change_id}, asker=Person(True))
    assert undone.structured["data"]["status"] == "success"
    assert (client.objects[CAMPAIGN]["name"], str(client.objects[CAMPAIGN]["daily_budget"])) == ("Spring", "5000")
    twice = await made.call("ads_undo_change", {"change_id": change_id}, asker=Person(True))
    assert twice.structured["error"]["kind"] == "invalid_arguments"


async def test_an_object_that_changed_since_is_not_undone_without_force(client: ScriptedGraph, tmp_path: Path) -> None:
    made = engine(client, state_dir=tmp_path)
    changed = await made.call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Summer"})
    client.objects[CAMPAIGN]["name"] = "Somebody else's"
    undo = {"change_id": changed.structured["data"]["change_id"]}
    refused = await made.call("ads_undo_change", undo)
    assert refused.structured["error"]["kind"] == "invalid_arguments"
    assert "Somebody else's" in refused.structured["error"]["message"]
    forced = await made.call("ads_undo_change", {**undo, "force": True})
    assert forced.structured["data"]["status"] == "success"


@pytest.mark.parametrize(
    ("policy", "tool", "arguments"),
    [
        (Policy(frozenset({"create_campaign"})), "ads_create_campaign", NEW),
        (Policy(frozenset({"delete"})), "ads_delete_campaign", {"campaign_id": CAMPAIGN}),
        (Policy(frozenset({"edit_status"})), "ads_resume_campaign", {"campaign_id": CAMPAIGN}),
        (Policy(frozenset({"all"})), "ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "x"}),
        (
            Policy(max_percentage=10),
            "ads_update_budget",
            {"entity_type": "campaign", "entity_id": CAMPAIGN, "daily_budget": 6000},
        ),
        (Policy(max_value={"USD": 5500}), "ads_create_campaign", {**NEW, "daily_budget": 6000}),
        (Policy(max_amount={"EUR": 100}), "ads_update_campaign", {"campaign_id": CAMPAIGN, "daily_budget": 6000}),
    ],
)
async def test_policy_denies_a_write(
    client: ScriptedGraph, policy: Policy, tool: str, arguments: dict[str, Any]
) -> None:
    answer = await engine(client, policy=policy).call(tool, arguments, asker=Person(True))
    assert answer.structured["error"]["kind"] == "denied"
    assert client.writes == []


@pytest.mark.parametrize(
    "text",
    ["deny = ['create_all']", "denied = []", "[edit_budget]\nmax_amount = '50'", "[edit_budget]\nmax = 1", "deny = ["],
)
def test_a_policy_that_cannot_be_understood_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(PolicyError, match="META_ADS_POLICY"):
        load_policy(path)


async def test_a_journal_that_cannot_be_written_stops_the_write(client: ScriptedGraph, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    answer = await engine(client, state_dir=tmp_path / "state").call("ads_create_campaign", NEW)
    assert answer.structured["error"]["kind"] == "denied"
    assert client.writes == []


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode for path in folder.rglob("*")}


async def test_files_of_a_write_are_private(client: ScriptedGraph, tmp_path: Path) -> None:
    await engine(client, state_dir=tmp_path / "state").call("ads_create_campaign", NEW)
    left = modes(tmp_path)
    assert {"state", "journal.jsonl", "audit"} <= left.keys()
    assert {name for name, mode in left.items() if mode & 0o077} == set()
