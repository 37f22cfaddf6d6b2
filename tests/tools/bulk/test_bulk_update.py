"""Many edits as one plan: what is sent, in which order, and what is refused row by row."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.domain.copying import writable_creative
from meta_ads_mcp.domain.destinations import distinct_links
from meta_ads_mcp.errors import AdsError, ApiError
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, account_graph, engine

S1, S2, BARE, AD = "201", "202", "203", "301"


def graph() -> ScriptedGraph:
    """Two ad sets with budgets, one without, an ad."""
    made = account_graph()
    common = {"account_id": "1", "optimization_goal": "REACH", "campaign_id": "101", "status": "ACTIVE"}
    made.objects |= {
        S1: {"id": S1, "name": "One", "daily_budget": "3333", **common},
        S2: {"id": S2, "name": "Two", "daily_budget": "5000", **common},
        BARE: {"id": BARE, "name": "Bare", **common},
        AD: {"id": AD, "name": "Ad", "account_id": "1", "adset_id": S1, "status": "ACTIVE"},
    }
    return made


class Batches:
    """The batches that a Graph got, each as (method, path, parameters) without the fields of reads."""

    def __init__(self, client: ScriptedGraph) -> None:
        self.sent: list[list[tuple[str, str, dict[str, Any]]]] = []
        batch = client.batch

        async def record(requests: list[Request]) -> list[Any]:
            self.sent.append(
                [(r.method, r.path, {n: str(v) for n, v in r.params.items() if n != "fields"}) for r in requests]
            )
            return await batch(requests)

        client.batch = record  # type: ignore[assignment,method-assign]


def edits(*rows: tuple[str, str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    listed = [{"level": level, "id": object_id, "set": values} for level, object_id, values in rows]
    return {"account_id": ACCOUNT, "edits": listed, "idempotency_key": "key", **more}


PERCENT_AND_PAUSE = (("ad_set", S1, {"budget_change_percent": 10}), ("ad_set", S2, {"status": "PAUSED", "name": "B"}))


async def test_a_dry_run_validates_all_edits_in_one_batch() -> None:
    client = graph()
    batches = Batches(client)
    answer = await engine(client).call("ads_bulk_update", edits(*PERCENT_AND_PAUSE, dry_run=True))
    assert not answer.is_error, answer.text
    options = {"execution_options": "['validate_only']"}
    assert batches.sent == [
        [("GET", S1, {}), ("GET", S2, {})],
        [
            ("POST", S1, {"daily_budget": "3666", **options}),
            ("POST", S2, {"name": "B", "status": "PAUSED", **options}),
        ],
    ]


async def test_cuts_and_pauses_go_before_raises_and_all_is_read_back() -> None:
    client = graph()
    server, call = engine(client), edits(*PERCENT_AND_PAUSE)
    plan = (await server.call("ads_bulk_update", call)).structured["data"]
    assert plan["status"] == "needs_confirmation"
    batches = Batches(client)
    answer = await server.call("ads_bulk_update", {**call, "confirmation": plan["confirmation"]})
    assert answer.structured["data"]["counts"] == {"success": 2}
    assert batches.sent == [
        [("GET", S1, {}), ("GET", S2, {})],
        [("POST", S2, {"name": "B", "status": "PAUSED"})],
        [("GET", S2, {})],
        [("POST", S1, {"daily_budget": "3666"})],
        [("GET", S1, {})],
    ]


async def test_a_stale_plan_is_refused_with_the_difference_and_sends_nothing() -> None:
    client = graph()
    server, call = engine(client), edits(*PERCENT_AND_PAUSE)
    plan = (await server.call("ads_bulk_update", call)).structured["data"]
    client.objects[S1]["daily_budget"] = "4000"
    answer = await server.call("ads_bulk_update", {**call, "confirmation": plan["confirmation"]})
    assert answer.is_error
    assert "daily_budget was 33.33 USD, is 40.00 USD, was to be 36.66 USD" in answer.text
    assert client.writes == []


class ChangesMeanwhile(Person):
    """A person during whose answer somebody else changes the budget."""

    def __init__(self, client: ScriptedGraph) -> None:
        super().__init__(True)
        self.client = client

    async def ask(self, text: str) -> bool | None:
        self.client.objects[S1]["daily_budget"] = "4000"
        self.client.clock.passed_s += 120
        return await super().ask(text)


async def test_a_change_during_the_question_stops_the_plan() -> None:
    client = graph()
    answer = await engine(client).call("ads_bulk_update", edits(*PERCENT_AND_PAUSE), asker=ChangesMeanwhile(client))
    assert answer.is_error
    assert "This plan is stale" in answer.text
    assert client.writes == []


async def test_values_beside_the_id_are_told_where_they_belong() -> None:
    client = graph()
    flat = {"level": "ad_set", "id": S1, "daily_budget": "50.00 USD"}
    arguments = {"account_id": ACCOUNT, "edits": [flat], "idempotency_key": "k"}
    answer = await engine(client).call("ads_bulk_update", arguments)
    assert f"row 1, set, {S1}: It is required" in answer.text
    assert 'It belongs inside set: {"level": "campaign", "id": "…", "set": {' in answer.text
    assert client.writes == []


BAD_ROWS = [
    (("ad_set", "x", {"name": "B"}), "id", "digits"),
    (("ad_set", S1, {"no_such": 1}), "no_such", "known in set are status, name"),
    (("ad_set", S1, {"status": "ON"}), "status", "'ACTIVE', 'PAUSED' or 'ARCHIVED'"),
    (("ad", AD, {"daily_budget": 1000}), "daily_budget", "An ad has no daily_budget"),
    (("ad_set", "999", {"name": "B"}), "id", "not an ad set"),
    (("ad_set", BARE, {"budget_change_percent": 10}), "budget_change_percent", "on campaign 101"),
    (("ad_set", S1, {"lifetime_budget": 9000}), "lifetime_budget", "It has a daily budget"),
    (("ad_set", S1, {"daily_budget": "10.00 EUR"}), "daily_budget", "in USD"),
    (("ad_set", S1, {"budget_change_percent": 0.001}), "budget_change_percent", "changes nothing"),
    (("ad_set", S1, {"name_replace": {"find": "One", "replace": ""}}), "name", "empty"),
    (("ad_set", S2, {"name": "C"}), "id", "in row 1 already"),
    (("ad_set", S1, {}), "set", "at least one value"),
]


@pytest.mark.parametrize(("row", "column", "reason"), BAD_ROWS)
async def test_a_bad_row_is_refused_with_number_column_and_reason(row: Any, column: str, reason: str) -> None:
    client = graph()
    answer = await engine(client).call("ads_bulk_update", edits(("ad_set", S2, {"name": "B"}), row))
    data = answer.structured["data"]
    assert data["status"] == "needs_confirmation", "the valid row is carried out only if the user says so"
    (refused,) = data["refused"]
    assert (refused["row"], refused.get("column", "")) == (2, column)
    assert reason in refused["reason"]
    assert client.writes == []
    answer = await engine(client).call("ads_bulk_update", edits(row), asker=Person(True))
    if column != "id" or "already" not in reason:
        assert answer.structured["error"]["kind"] == "invalid_arguments"


async def test_valid_rows_run_when_the_user_says_so() -> None:
    client = graph()
    person = Person(True)
    call = edits(("ad_set", S2, {"name": "B"}), ("ad_set", "x", {"name": "C"}))
    answer = await engine(client).call("ads_bulk_update", call, asker=person)
    assert "row 2, id, x: An id is digits only" in person.asked[0]
    assert answer.structured["data"]["counts"] == {"success": 1}
    assert client.objects[S2]["name"] == "B"


async def test_a_failed_row_stops_later_batches_and_is_not_sent_again() -> None:
    client = graph()
    client.refuse = lambda request: _refusal(request, S2)
    server, call = engine(client), edits(*PERCENT_AND_PAUSE)
    answer = await server.call("ads_bulk_update", call, asker=Person(True))
    assert answer.structured["data"]["counts"] == {"failed": 1, "not_sent": 1}
    assert client.objects[S1]["daily_budget"] == "3333"
    client.refuse = lambda request: None
    client.sent.clear()
    answer = await server.call("ads_bulk_update", call)
    assert answer.structured["data"]["counts"] == {"success": 1, "failed": 1}
    assert [request.path for request in client.writes] == [S1]


def _refusal(request: Request, path: str) -> AdsError | None:
    return ApiError("Meta refused it.") if request.method == "POST" and request.path == path else None


async def test_unchanged_rows_are_successes_for_which_nothing_is_sent() -> None:
    client = graph()
    answer = await engine(client).call("ads_bulk_update", edits(("ad_set", S2, {"status": "ACTIVE", "name": "Two"})))
    (row,) = answer.structured["data"]["items"]["rows"]
    assert row == [S2, "Two", "success", None, "unchanged"]
    assert client.writes == []


# ---- in the sandbox


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


async def bulk(desk: SandboxEngine, **arguments: Any) -> dict[str, Any]:
    data = await desk.done("ads_bulk_update", account_id=desk.account, idempotency_key="key", **arguments)
    assert set(data["counts"]) == {"success"}, data
    return data


async def test_every_destination_of_every_ad_changes_and_an_undo_restores_all(desk: SandboxEngine) -> None:
    campaign = desk.ids["unbudgeted"]
    ads = desk.nodes("Ad", campaign_id=campaign, effective_status="ACTIVE")
    before = {node.id: node.get("creative")["id"] for node in ads}
    select = {"level": "ad", "campaign_ids": [campaign], "status_filter": ["ACTIVE"]}
    data = await bulk(desk, select=select, set={"link_url": "https://shop.example/new", "url_tags": "utm_source=new"})
    for node in ads:
        creative = desk.store.nodes[desk.store.nodes[node.id].get("creative")["id"]]
        assert distinct_links(writable_creative(creative.fields)) in ([], ["https://shop.example/new"])
        assert creative.get("url_tags") == "utm_source=new"
    await desk.done("ads_undo_change", unit_id=data["unit_id"])
    assert {node.id: desk.store.nodes[node.id].get("creative")["id"] for node in ads} == before


async def test_labels_are_merged_and_missing_ones_made(desk: SandboxEngine) -> None:
    ad_set = desk.ids["ad_set"]
    for add, remove, expected in [(["A", "B"], None, ["A", "B"]), (["C"], ["A"], ["B", "C"])]:
        values = {"add_labels": add, **({"remove_labels": remove} if remove else {})}
        row = {"level": "ad_set", "id": ad_set, "set": values}
        arguments = {"account_id": desk.account, "edits": [row], "idempotency_key": str(add)}
        await desk.done("ads_bulk_update", **arguments)
        assert [label["name"] for label in desk.store.nodes[ad_set].get("adlabels")] == expected


async def test_names_follow_a_template(desk: SandboxEngine) -> None:
    campaign = desk.store.nodes[desk.ids["unbudgeted"]]
    select = {"level": "ad_set", "campaign_ids": [campaign.id]}
    await bulk(desk, select=select, rename={"template": "{campaign} / {n:02}", "start": 7})
    names = sorted(node.get("name") for node in desk.nodes("AdSet", campaign_id=campaign.id))
    assert names == [f"{campaign.get('name')} / {7 + index:02}" for index in range(len(names))]


async def test_a_template_with_an_unknown_place_is_refused(desk: SandboxEngine) -> None:
    select = {"level": "ad_set", "campaign_ids": [desk.ids["unbudgeted"]]}
    error = await desk.refused(
        "ads_bulk_update", account_id=desk.account, select=select, rename={"template": "{brand}"}, idempotency_key="k"
    )
    assert "{n}" in error["allowed"]


async def test_figures_select_what_the_insights_show(desk: SandboxEngine) -> None:
    figures = [
        {"metric": "spend", "operator": ">", "value": 100, "date_preset": "last_14d"},
        {"metric": "purchases", "operator": "=", "value": 0, "date_preset": "last_14d"},
    ]
    rows = await desk.data(
        "ads_get_insights",
        object_id=desk.account,
        level="ad",
        date_preset="last_14d",
        fields=["ad_id", "spend", "purchase"],
        limit=1000,
    )
    place = {name: index for index, name in enumerate(rows["columns"])}
    expected = {row[place["ad_id"]] for row in rows["rows"] if row[place["spend"]] > 100 and not row[place["purchase"]]}
    assert expected
    data = await desk.data(
        "ads_bulk_update",
        account_id=desk.account,
        select={"level": "ad", "figures": figures},
        set={"name_replace": {"find": " ", "replace": "_"}},
        max_objects=1000,
        idempotency_key="k",
        dry_run=True,
    )
    planned = {text.split()[0] for row in data["plan"]["rows"] for text in row[3]}
    assert planned == expected


async def test_more_matches_than_max_objects_are_refused_with_their_number(desk: SandboxEngine) -> None:
    select = {"level": "ad", "status_filter": ["ACTIVE"]}
    error = await desk.refused(
        "ads_bulk_update", account_id=desk.account, select=select, set={"status": "PAUSED"}, idempotency_key="k"
    )
    active = sum(node.get("effective_status") == "ACTIVE" for node in desk.nodes("Ad"))
    assert str(active) in error["message"]
