"""A Graph that says little: what is not needed is not insisted on, and what is needed is never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.engine.writes.policy import Policy
from tests.support.clock import FakeClock
from tests.support.elicitors import Person
from tests.support.sandbox_engine import build_writer
from tests.support.scripted_graph import ACCOUNT, CAMPAIGN, ScriptedGraph, account_graph, engine, error_of


def sparse() -> ScriptedGraph:
    """The campaign is shown without its account, its objective and its status."""
    found = account_graph(FakeClock())
    for name in ("account_id", "objective", "status"):
        del found.objects[CAMPAIGN][name]
    return found


SENT: dict[str, tuple[str, dict[str, Any]]] = {
    "another name": ("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Autumn"}),
    "a lower budget in minor units": ("ads_update_campaign", {"campaign_id": CAMPAIGN, "daily_budget": 4000}),
    "a pause": ("ads_pause_campaign", {"campaign_id": CAMPAIGN}),
}


@pytest.mark.parametrize("case", SENT)
async def test_write_works_if_graph_names_no_account(case: str) -> None:
    tool, arguments = SENT[case]
    client = sparse()
    answer = await engine(client).call(tool, arguments, Person(True))
    assert answer.structured["data"]["status"] == "success", answer.text
    assert [request.path for request in client.writes] == [CAMPAIGN]


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "money in a currency that nobody named": ({}, {"daily_budget": "40.00 USD"}, "not_found", "currency"),
    "a policy in amounts": ({"policy": Policy(max_value={"USD": 9000})}, {"daily_budget": 4000}, "denied", "currency"),
    "chosen accounts": ({"accounts": ("act_1",)}, {"name": "Autumn"}, "denied", "none of the accounts"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_values_that_depend_on_the_account_are_refused_without_it(case: str) -> None:
    options, arguments, kind, says = REFUSED[case]
    client = sparse()
    made = engine(client, **options)
    error = error_of(await made.call("ads_update_campaign", {"campaign_id": CAMPAIGN, **arguments}, Person(True)))
    assert (error["kind"], says in error["message"], client.writes) == (kind, True, [])


@pytest.mark.parametrize(
    ("tool", "argument", "given"),
    [
        ("ads_update_campaign", "campaign_id", "ad_set"),
        ("ads_update_ad_set", "ad_set_id", "ad"),
        ("ads_delete_ad", "ad_id", "campaign"),
    ],
)
async def test_object_of_another_kind_is_reported_and_not_changed(tool: str, argument: str, given: str) -> None:
    made = build_writer()
    more = {"name": "New"} if "update" in tool else {}
    answer = await made.call(tool, {argument: made.ids[given], **more}, Person(True))
    assert answer.structured["error"]["kind"] == "not_found"
    assert " is not a" in answer.structured["error"]["message"]
    assert made.writes == []


async def test_object_of_another_kind_is_reported_if_graph_returns_extra_fields() -> None:
    client = sparse()
    client.answers["GET", CAMPAIGN] = lambda request: {"id": CAMPAIGN, "account_id": "1", "adset_id": "7"}
    answer = await engine(client).call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "New"}, Person(True))
    assert error_of(answer)["kind"] == "not_found"
    assert client.writes == []


def faceless() -> ScriptedGraph:
    """The account shows nothing of itself, and no object its account."""
    found = sparse()
    del found.objects[ACCOUNT]
    found.objects |= {"71": {"id": "71", "name": "Rule"}, "31": {"id": "31", "name": "Ad", "creative": {"id": "41"}}}
    found.objects |= {"41": {"id": "41", "name": "Creative"}, "61": {"id": "61", "name": "Audience"}}
    found.answers["GET", "31"] = lambda request: found.objects["31"]
    return found


NEW: dict[str, Any] = {"account_id": ACCOUNT, "name": "New", "objective": "OUTCOME_TRAFFIC"}
STUDY: dict[str, Any] = {
    "account_id": ACCOUNT,
    "business_id": "77",
    "name": "Study",
    "start_time": "2027-01-01T00:00:00+0000",
    "end_time": "2027-01-15T00:00:00+0000",
    "cells": [
        {"name": "a", "treatment_percentage": 50, "campaigns": [CAMPAIGN]},
        {"name": "b", "treatment_percentage": 50, "ad_sets": ["21"]},
    ],
}
SENT_ALL_THE_SAME: dict[str, tuple[str, dict[str, Any]]] = {
    "a campaign": ("ads_create_campaign", {**NEW, "daily_budget": 5000}),
    "an audience": (
        "ads_create_lookalike_audience",
        {"account_id": ACCOUNT, "name": "Like", "origin_audience_id": "61", "ratio": 0.05, "country": "US"},
    ),
    "a rule's name": ("ads_update_ad_rule", {"rule_id": "71", "name": "Other"}),
    "a copy": ("ads_duplicate_entity", {"entity_type": "ad", "entity_id": "31"}),
    "budgets of ad sets": (
        "ads_update_campaign",
        {"campaign_id": CAMPAIGN, "adset_budgets": [{"adset_id": "21", "daily_budget": 100}]},
    ),
    "a study": ("ads_create_ad_study", STUDY),
}


@pytest.mark.parametrize("case", SENT_ALL_THE_SAME)
async def test_write_works_if_its_account_is_hidden(case: str) -> None:
    tool, arguments = SENT_ALL_THE_SAME[case]
    client = faceless()
    client.objects["21"] = {"id": "21"}
    answer = await engine(client).call(tool, arguments, asker=Person(True))
    assert answer.structured.get("data", {}).get("status") == "success", answer.text
    assert len(client.writes) == 1


REFUSED_WITHOUT: dict[str, tuple[str, dict[str, Any], str]] = {
    "an amount in words": ("ads_create_campaign", {**NEW, "daily_budget": "50.00 USD"}, "currency"),
    "a cap, which is sent in the currency's own unit": (
        "ads_update_spend_cap",
        {"account_id": ACCOUNT, "spend_cap": 5000},
        "currency",
    ),
    "a creative, which is made in an account": (
        "ads_update_ad_link",
        {"ad_id": "31", "url_tags": "utm_source=meta"},
        "account",
    ),
}


@pytest.mark.parametrize("case", REFUSED_WITHOUT)
async def test_values_that_require_the_account_are_refused_if_it_is_hidden(case: str) -> None:
    tool, arguments, says = REFUSED_WITHOUT[case]
    client = faceless()
    client.objects[ACCOUNT] = {"id": ACCOUNT}
    error = error_of(await engine(client).call(tool, arguments, asker=Person(True)))
    assert (error["kind"], says in error["message"], client.writes) == ("not_found", True, [])


async def test_policy_amounts_deny_an_unknown_currency() -> None:
    client = faceless()
    made = engine(client, policy=Policy(max_value={"USD": 9000}))
    error = error_of(await made.call("ads_create_campaign", {**NEW, "daily_budget": 100}, asker=Person(True)))
    assert (error["kind"], client.writes) == ("denied", [])
