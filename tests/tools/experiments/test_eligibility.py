"""The check before a test: studies in the way, objects that cannot be compared, people and days."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ACCOUNT, ScriptedGraph, engine

TOOL = "ads_experiment_check_eligibility"
RUNNING = {
    "id": "9",
    "name": "Spring",
    "type": "SPLIT_TEST",
    "start_time": "2020-01-01T00:00:00+0000",
    "end_time": "2099-01-01T00:00:00+0000",
}
OVER = {**RUNNING, "id": "8", "end_time": "2020-02-01T00:00:00+0000"}


def rows(*spends: float) -> list[dict[str, Any]]:
    """Return insights of campaigns 101, 102, …: 2 % of the people bought."""
    return [
        {
            "campaign_id": str(101 + number),
            "spend": str(spend),
            "reach": "50000",
            "impressions": "90000",
            "actions": [{"action_type": "omni_purchase", "value": "1000"}],
        }
        for number, spend in enumerate(spends)
    ]


def graph(figures: list[dict[str, Any]], **studies: list[dict[str, Any]]) -> ScriptedGraph:
    def answer(request: Request) -> Any:
        if request.path.endswith("/insights"):
            return {"data": figures}
        if request.path.endswith("_studies"):
            return {"data": studies.get(request.path.split("/")[0].replace(ACCOUNT, "account"), [])}
        return {
            "id": ACCOUNT,
            "account_id": "1",
            "account_status": 1,
            "name": "Shop",
            "currency": "EUR",
            "timezone_name": "Europe/Berlin",
        }

    return ScriptedGraph(answer=answer)


async def check(client: ScriptedGraph, **arguments: Any) -> dict[str, Any]:
    answer = await engine(client).call(TOOL, {"account_id": ACCOUNT, "metric": "purchases", **arguments})
    assert not answer.is_error, answer.text
    return answer.structured


async def test_the_size_is_planned_from_the_rate_per_person() -> None:
    client = graph(rows(500, 400))
    data = (await check(client, entity_ids=["101", "102"]))["data"]
    assert data["eligible"] is True
    plan = data["plan"]
    assert (plan["rate_per_person"], plan["people_per_cell"]) == (0.02, 21_109)
    assert plan["days"] == 12  # 50,000 people of a campaign in 28 days are 1,786 a day
    assert sorted(request.path for request in client.sent if request.path != ACCOUNT) == [
        "101/ad_studies",
        "102/ad_studies",
        f"{ACCOUNT}/impacting_ad_studies",
        f"{ACCOUNT}/insights",
    ]


async def test_a_test_that_would_take_months_is_not_recommended() -> None:
    content = await check(graph(rows(500, 400)), entity_ids=["101", "102"], min_detectable_effect=5)
    plan = content["data"]["plan"]
    assert plan["days"] > 100
    assert "min_detectable_effect" in plan["next_step"]


async def test_without_objects_nothing_is_called_ineligible() -> None:
    content = await check(graph(rows(500, 400)[:1]))
    assert "eligible" not in {name for name, value in content["data"].items() if value is False}
    assert "entity_ids" in content["summary"]


async def test_a_running_study_is_in_the_way_and_a_finished_study_is_not() -> None:
    client = graph(rows(500, 400), **{"101": [RUNNING], "102": [OVER], "account": [RUNNING]})
    content = await check(client, entity_ids=["101", "102"])
    first, second = content["data"]["objects"]
    assert first["eligible"] is False
    assert "running study 9 (Spring) until 2099" in first["reasons"][0]
    assert second["eligible"] is True
    assert [study["id"] for study in content["data"]["studies_in_the_way"]] == ["9"]
    assert "1 of 2 objects cannot be tested now" in content["summary"]


@pytest.mark.parametrize(
    ("figures", "reason"), [(rows(500), "delivered nothing"), (rows(1_000, 400), "make the budgets equal")]
)
async def test_an_object_that_cannot_be_compared_is_named(figures: list[dict[str, Any]], reason: str) -> None:
    data = (await check(graph(figures), entity_ids=["101", "102"]))["data"]
    assert data["eligible"] is False
    assert any(reason in text for item in data["objects"] for text in item.get("reasons", ()))


async def test_without_results_there_is_no_plan() -> None:
    figures = [{"campaign_id": "101", "spend": "1", "reach": "100", "actions": []}]
    data = (await check(graph(figures), entity_ids=["101", "102"]))["data"]
    assert "no rate to plan with" in data["plan"]["problem"]


async def test_the_demo_knows_the_study_of_an_object() -> None:
    desk: SandboxEngine = build_writer()
    ad_sets = [desk.ids["ad_set"], next(node.id for node in desk.nodes("AdSet") if node.id != desk.ids["ad_set"])]
    await desk.done(
        "ads_create_ad_study",
        account_id=desk.account,
        name="Two audiences",
        start_time=int(desk.clock.now()) + 3_600,
        end_time=int(desk.clock.now()) + 20 * 86_400,
        cells=[
            {"name": name, "treatment_percentage": 50, "ad_sets": [ad_set]}
            for name, ad_set in zip("AB", ad_sets, strict=True)
        ],
    )
    data = await desk.data(TOOL, account_id=desk.account, level="ad_set", entity_ids=ad_sets, metric="purchases")
    assert all("planned study" in item["reasons"][0] for item in data["objects"])
    assert len(data["studies_in_the_way"]) == 1
