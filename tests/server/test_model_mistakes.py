"""Mistakes that models make cost at most one step: they are understood, or the answer names what is right."""

from __future__ import annotations

from typing import Any

import pytest
from fastmcp import Client

from tests.support.answers import as_json
from tests.support.sandbox_engine import SandboxEngine, build_server, new_world, shared_world


@pytest.fixture(scope="module")
def reader() -> SandboxEngine:
    return build_server(shared_world(), allow_writes=False)


@pytest.fixture(scope="module")
def writer() -> SandboxEngine:
    return build_server(new_world())


async def call(made: SandboxEngine, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a tool as a client does; `{name}` in a text stands for an id, `{number}` for the account's without act_."""
    ids = {**made.ids, "number": made.account.removeprefix("act_")}

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        for name, object_id in ids.items():
            value = value.replace(f"{{{name}}}", object_id) if isinstance(value, str) else value
        return value

    async with Client(made.server) as client:
        return as_json(await client.call_tool_mcp(tool, filled(arguments)))


# Tool, arguments, and arguments that mean the same in the right form.
UNDERSTOOD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("ads_get_insights", {"object_id": "{number}"}, {"object_id": "{account}"}),
    ("ads_get_insights", {"object_id": "{account}", "fields": "spend, clicks"}, {"fields": ["spend", "clicks"]}),
    ("ads_get_insights", {"object_id": "{account}", "breakdowns": "age,gender"}, {"breakdowns": ["age", "gender"]}),
    ("ads_get_insights", {"object_id": "{account}", "level": "Ad Set"}, {"level": "adset"}),
    ("ads_get_insights", {"object_id": "{account}", "date_preset": "last 7 days"}, {"date_preset": "last_7d"}),
    (
        "ads_get_insights",
        {"object_id": "{account}", "time_range": "2026-11-01 to 2026-11-10"},
        {"time_range": {"since": "2026-11-01", "until": "2026-11-10"}},
    ),
    (
        "ads_get_insights",
        {"object_id": "{account}", "level": "campaign", "sort": "spend_desc"},
        {"sort": ["spend_descending"]},
    ),
    (
        "ads_get_insights",
        {"object_id": "{account}", "level": "ad", "filtering": {"field": "spend", "operator": ">", "value": 100}},
        {"filtering": [{"field": "spend", "operator": "GREATER_THAN", "value": [100]}]},
    ),
    (
        "ads_get_ads",
        {"account_id": "{number}", "status_filter": "active,paused"},
        {"status_filter": ["ACTIVE", "PAUSED"]},
    ),
    ("ads_insights_performance_trend", {"object_id": "{number}", "level": "campaign"}, {"object_id": "{account}"}),
    ("ads_diagnose_underperformance", {"object_id": "{number}"}, {"object_id": "{account}", "level": "account"}),
    ("ads_call_read_tool", {"name": "ads_rate_status"}, {"arguments": {}}),
]  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments", "right"), UNDERSTOOD)
async def test_a_mistake_is_understood(
    reader: SandboxEngine, tool: str, arguments: dict[str, Any], right: dict[str, Any]
) -> None:
    answer = await call(reader, tool, arguments)
    assert not answer["isError"], answer["content"][0]["text"]
    expected = await call(reader, tool, {**arguments, **right})
    if tool != "ads_call_read_tool":
        assert answer["structuredContent"] == expected["structuredContent"]


# Tool, arguments, and what the refusal must name: the right argument, value or tool.
LED_ON: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("ads_get_insights", {"account_id": "{account}"}, ("'object_id'",)),
    ("ads_get_campaigns", {"object_id": "{account}"}, ("'account_id'",)),
    ("ads_get_campaigns", {}, ("account_id", "ads_get_ad_accounts")),
    ("ads_get_campaigns", {"account_id": "Harbor & Pine"}, ("ads_get_ad_accounts",)),
    ("ads_get_ad_sets", {"campaign_id": "Always-on sales"}, ("ads_get_campaigns", "name_contains")),
    ("ads_get_ads", {"account_id": "{account}", "name": "Trail"}, ("'name_contains'",)),
    ("ads_get_campaigns", {"account_id": "{account}", "fields": ["budget"]}, ("daily_budget", "lifetime_budget")),
    ("ads_get_ads", {"account_id": "{account}", "fields": ["spend"]}, ("ads_get_insights", "level=ad")),
    ("ads_get_insights", {"object_id": "{account}", "fields": ["cost_per_purchas"]}, ("cost_per_purchase",)),
    ("ads_get_insights", {"object_id": "{account}", "time_range": "last_7d"}, ("since, until",)),
    ("ads_get_insights", {"object_id": "{account}", "since": "2026-11-01"}, ("'time_range'",)),
    ("ads_call_read_tool", {"tool": "ads_get_leads", "args": {}}, ("'name'", "'arguments'")),
    ("get_campaigns", {}, ("ads_get_campaigns",)),
    ("ads_get_adsets", {}, ("ads_get_ad_sets",)),
    ("mcp_meta_ads_get_insights", {}, ("ads_get_insights",)),
    ("ads_pause_campaign", {"campaign_id": "{campaign}"}, ("only reads", "META_ADS_ALLOW_WRITES")),
    ("create_campaign", {}, ("only reads", "--allow-writes")),
    ("ads_call_write_tool", {"name": "ads_pause_campaign"}, ("only reads",)),
]


@pytest.mark.parametrize(("tool", "arguments", "names"), LED_ON)
async def test_a_refusal_names_what_is_right(
    reader: SandboxEngine, tool: str, arguments: dict[str, Any], names: tuple[str, ...]
) -> None:
    answer = await call(reader, tool, arguments)
    assert answer["isError"]
    assert all(name in answer["content"][0]["text"] for name in names), answer["content"][0]["text"]


BUDGET = {"entity_type": "campaign", "entity_id": "{campaign}", "dry_run": True}
WRITES: list[tuple[str, dict[str, Any], str]] = [
    ("ads_update_budget", {**BUDGET, "daily_budget": "$120"}, "120.00"),
    ("ads_update_budget", {**BUDGET, "daily_budget": "1,200.00 USD"}, "1200.00"),
    ("ads_update_budget", {**BUDGET, "entity_type": "Campaign", "daily_budget": "50 USD"}, "50.00"),
    ("ads_call_read_tool", {"name": "ads_pause_campaign", "arguments": {}}, "ads_call_write_tool"),
    ("ads_call_write_tool", {"name": "ads_get_insights", "arguments": {}}, "ads_call_read_tool"),
    ("ads_pause_ad", {}, "ads_set_status"),
    ("ads_update_budget", {**BUDGET, "daily_budget": "1.200 USD"}, "1200.00 USD"),
    ("ads_update_budget", {**BUDGET, "daily_budget": "1,200 USD"}, "1200.00 USD"),
    ("ads_update_budget", {**BUDGET, "daily_budget": "120.5"}, '"50.00 USD"'),
    ("facebook_create_post", {"page_id": "{page}", "message": "Hello"}, "dry_run=false"),
]


@pytest.mark.parametrize(("tool", "arguments", "text"), WRITES)
async def test_a_write_is_understood_or_led_on(
    writer: SandboxEngine, tool: str, arguments: dict[str, Any], text: str
) -> None:
    before = writer.store.snapshot()
    answer = await call(writer, tool, arguments)
    assert text in str(answer["structuredContent"])
    assert writer.changed(before) == {}


async def test_the_number_of_an_object_stays_one(reader: SandboxEngine) -> None:
    """A number that is both is an object: nothing is asked about an account of that number."""
    reader.sandbox.log.clear()
    answer = await call(reader, "ads_get_insights", {"object_id": "{campaign}"})
    assert not answer["isError"]
    assert not any(entry.path == f"act_{reader.ids['campaign']}" for entry in reader.sandbox.log)


async def test_an_unknown_number_is_not_found_as_before(reader: SandboxEngine) -> None:
    answer = await call(reader, "ads_get_insights", {"object_id": "123456789"})
    assert answer["structuredContent"]["error"]["kind"] == "not_found"


async def test_a_new_object_leads_to_the_next_one() -> None:
    made = build_server()
    campaign = {"account_id": "{account}", "name": "C", "objective": "OUTCOME_SALES", "special_ad_categories": []}
    data = (await call(made, "ads_create_campaign", campaign))["structuredContent"]["data"]
    assert f"ads_create_ad_set (through ads_call_write_tool) with campaign_id={data['id']}" in data["next_step"]
    assert "ads_set_status" in data["next_step"]
