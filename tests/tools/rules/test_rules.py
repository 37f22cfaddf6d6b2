"""Automated rules in words, and their history."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import Transient
from meta_ads_mcp.tools.rules.sentence import in_words
from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, rows


def rule(*filters: tuple[str, str, Any], does: Any = "PAUSE", when: Any = "DAILY", **rest: Any) -> dict[str, Any]:
    execution = does if isinstance(does, dict) else {"execution_type": does}
    return {
        "id": "8",
        "evaluation_spec": {
            "evaluation_type": "SCHEDULE",
            "filters": [{"field": field, "operator": operator, "value": value} for field, operator, value in filters],
        },
        "execution_spec": execution,
        "schedule_spec": when if isinstance(when, dict) else {"schedule_type": when},
        **rest,
    }


def changing(**change: Any) -> dict[str, Any]:
    option = {"field": "change_spec", "operator": "EQUAL", "value": change}
    return {"execution_type": "CHANGE_BUDGET", "execution_options": [option]}


ADS = ("entity_type", "EQUAL", "AD")


@pytest.mark.parametrize(
    ("given", "currency", "said"),
    [
        (
            rule(ADS, ("spent", "GREATER_THAN", 5000)),
            "EUR",
            "Once a day: for ads whose spend is above 50.00 EUR, pause them.",
        ),
        (
            rule(ADS, ("spent", "GREATER_THAN", 5000)),
            "JPY",
            "Once a day: for ads whose spend is above 5,000 JPY, pause them.",
        ),
        (
            rule(ADS, ("ctr", "LESS_THAN", 1), ("time_preset", "EQUAL", "LAST_7D"), when="SEMI_HOURLY"),
            "EUR",
            "Every 30 minutes: for ads whose ctr is below 1 (figures of last 7d), pause them.",
        ),
        (
            rule(("id", "IN", ["1"]), ("cost_per_lead", "IN_RANGE", [100, 900]), does="NOTIFICATION"),
            "EUR",
            "Once a day: for objects 1 whose cost per lead is between 1.00 EUR and 9.00 EUR, send a notification.",
        ),
        (
            rule(("entity_type", "EQUAL", "ADSET"), does=changing(amount=20, unit="PERCENTAGE", limit=50000)),
            "EUR",
            "Once a day: for ad sets, change the ad set budget by 20 %, up to 500.00 EUR.",
        ),
        (
            rule(ADS, does=changing(amount=-500, unit="ACCOUNT_CURRENCY"), status="DISABLED"),
            "EUR",
            "Off. Once a day: for ads, change the ad set budget by -5.00 EUR.",
        ),
        (
            rule(
                ADS,
                when={
                    "schedule_type": "CUSTOM",
                    "schedule": [{"start_minute": 540, "end_minute": 570, "days": [0, 6]}],
                },
            ),
            "EUR",
            "At 09:00-09:30 on Sun, Sat: for ads, pause them.",
        ),
        (rule(ADS, does="UPDATE_LAX_BUDGET"), "EUR", "Once a day: for ads, update lax budget."),
        ({"id": "8"}, "EUR", "On schedule: for objects, none."),
    ],
)
def test_a_rule_is_said_in_words(given: dict[str, Any], currency: str, said: str) -> None:
    assert in_words(given, currency) == said


def test_a_trigger_is_said_in_words() -> None:
    trigger = {"type": "STATS_CHANGE", "field": "cpc", "operator": "GREATER_THAN", "value": 150}
    given = rule(ADS) | {"evaluation_spec": {"evaluation_type": "TRIGGER", "trigger": trigger, "filters": []}}
    assert in_words(given, "EUR").startswith("On a trigger (stats change, cpc is above 1.50 EUR):")


async def test_rules_come_with_specs_and_words() -> None:
    graph = ScriptedGraph({"act_1/adrules_library": rows(rule(ADS, ("spent", "GREATER_THAN", 5000)))})
    data = (await call(graph, "ads_get_ad_rules", account_id="1")).structured["data"]
    assert data[0]["in_words"].endswith("above 50.00 EUR, pause them.")
    assert data[0]["evaluation_spec"]["filters"][0] == {"field": "entity_type", "operator": "EQUAL", "value": "AD"}


async def test_fields_without_specs_have_no_words() -> None:
    graph = ScriptedGraph({"act_1/adrules_library": rows({"id": "8", "name": "x"})})
    data = (await call(graph, "ads_get_ad_rules", account_id="1", fields=["name"])).structured["data"]
    assert data == [{"id": "8", "name": "x"}]


async def test_history_comes_when_it_is_asked_for() -> None:
    run = {"timestamp": "2026-11-01T00:00:00+0000", "is_manual": False, "results": [{"object_id": "7"}]}
    graph = ScriptedGraph({"8": rule(ADS), "8/history": rows(run)})
    assert "history" not in (await call(graph, "ads_get_rule_details", rule_id="8")).structured["data"]
    assert graph.paths == ["8"]
    answer = await call(graph, "ads_get_rule_details", rule_id="8", include_history=True, hide_no_changes=True)
    assert answer.structured["data"]["history"] == [run]
    assert graph.params("8/history")["hide_no_changes"] is True


async def test_a_history_that_fails_is_named() -> None:
    graph = ScriptedGraph({"8": rule(ADS), "8/history": Transient("later")})
    answer = await call(graph, "ads_get_rule_details", rule_id="8", include_history=True)
    assert any("history could not be read" in note for note in answer.structured["notes"])


async def test_all_work_on_the_sandbox(demo: SandboxEngine, account: str) -> None:
    listed = await demo.data("ads_get_ad_rules", account_id=account)
    assert listed[1]["in_words"].startswith("Off. At 09:00 on Mon, Thu")
    whole = await demo.data("ads_get_rule_details", rule_id=listed[0]["id"], include_history=True)
    changed = await demo.data(
        "ads_get_rule_details", rule_id=listed[0]["id"], include_history=True, hide_no_changes=True
    )
    assert len(whole["history"]) > len(changed["history"]) > 0
