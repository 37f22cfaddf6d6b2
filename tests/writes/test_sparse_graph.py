"""A Graph that says little: what is not needed is not insisted on, and what is needed is never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.engine.policy import Policy
from tests.writes.desk import Person, desk
from tests.writes.fake_graph import CAMPAIGN, FakeGraph, StillClock, engine, error_of, graph


def sparse() -> FakeGraph:
    """The campaign is shown without its account, its objective and its status."""
    found = graph(StillClock())
    for name in ("account_id", "objective", "status"):
        del found.objects[CAMPAIGN][name]
    return found


SENT: dict[str, tuple[str, dict[str, Any]]] = {
    "another name": ("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "Autumn"}),
    "a lower budget in minor units": ("ads_update_campaign", {"campaign_id": CAMPAIGN, "daily_budget": 4000}),
    "a pause": ("ads_pause_campaign", {"campaign_id": CAMPAIGN}),
}


@pytest.mark.parametrize("case", SENT)
async def test_a_write_needs_no_account_that_graph_does_not_name(case: str) -> None:
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
async def test_what_the_account_decides_is_refused_without_one(case: str) -> None:
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
async def test_an_object_of_another_kind_is_told_and_left_alone(tool: str, argument: str, given: str) -> None:
    made = desk()
    more = {"name": "New"} if "update" in tool else {}
    answer = await made.call(tool, {argument: made.ids[given], **more}, Person(True))
    assert answer.structured["error"]["kind"] == "not_found"
    assert "another kind of object" in answer.structured["error"]["message"]
    assert made.writes == []


async def test_an_object_of_another_kind_is_told_also_where_graph_shows_more_than_was_asked() -> None:
    client = sparse()
    client.answers["GET", CAMPAIGN] = lambda request: {"id": CAMPAIGN, "account_id": "1", "adset_id": "7"}
    answer = await engine(client).call("ads_update_campaign", {"campaign_id": CAMPAIGN, "name": "New"}, Person(True))
    assert error_of(answer)["kind"] == "not_found"
    assert client.writes == []
