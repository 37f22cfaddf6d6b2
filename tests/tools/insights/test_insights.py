"""Insights tools end to end: engine, Graph client and the sandbox's figures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.sandbox_engine import NOW, SandboxEngine, build_reader, records, totals

WORLD = World(seed=7, today=NOW)


def account(currency: str) -> str:
    """The first account of the demo business in that currency."""
    return next(f"act_{plan.id}" for plan in WORLD.accounts.values() if plan.currency == currency)


def campaign(of: str, *, status: str = "ACTIVE", **fields: str) -> str:
    """A campaign of the account with these fields, such as its objective."""
    wanted = {"status": status, **fields}
    found = WORLD.store.children(of, "campaigns")
    return next(node.id for node in found if all(node.get(name) == value for name, value in wanted.items()))


USD, EUR, JPY = account("USD"), account("EUR"), account("JPY")
BRAND = campaign(EUR, objective="OUTCOME_AWARENESS")
TRAFFIC = campaign(EUR, objective="OUTCOME_TRAFFIC")
ENDED = campaign(EUR, status="PAUSED")
HOURLY = "hourly_stats_aggregated_by_advertiser_time_zone"
WEEK = {"since": "2026-10-01", "until": "2026-10-07"}


@pytest.fixture
def demo() -> SandboxEngine:
    return build_reader(SandboxTransport(WORLD, clock=lambda: NOW))


def sent(demo: SandboxEngine, index: int = -1) -> dict[str, Any]:
    """The parameters of an insights request, JSON read."""
    params = demo.insights[index].params
    return {key: json.loads(value) if value[:1] in "[{" else value for key, value in params.items()}


async def insights(demo: SandboxEngine, object_id: str = EUR, **arguments: Any) -> list[dict[str, Any]]:
    return records(await demo.data("ads_get_insights", object_id=object_id, **arguments))


async def test_an_account_of_the_last_thirty_days_is_one_row(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_get_insights", object_id=EUR)
    (row,) = records(answer["data"])
    assert (row["date_start"], row["date_stop"]) == ("2026-09-14", "2026-10-13")
    assert row["spend"] > 0
    assert row["purchase"] == round(row["spend"] / row["cost_per_purchase"])
    assert "EUR" in answer["summary"]
    assert "$" not in json.dumps(answer)
    assert sent(demo)["date_preset"] == "last_30d"
    assert sent(demo)["use_unified_attribution_setting"] == "true"


async def test_every_event_has_one_column_and_no_alias(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_get_insights", object_id=EUR, fields=["actions", "action_values"])
    columns = answer["data"]["columns"]
    assert {"purchase", "purchase_value", "link_click", "lead"} <= set(columns)
    assert not [name for name in columns if name.startswith(("omni_", "offsite_", "onsite_"))]
    assert any("purchase = omni_purchase" in note for note in answer["notes"])


async def test_campaigns_add_up_to_the_account_but_their_people_do_not(demo: SandboxEngine) -> None:
    (whole,) = await insights(demo, date_preset="last_7d")
    answer = await demo.good("ads_get_insights", object_id=EUR, date_preset="last_7d", level="campaign")
    assert answer["data"].keys() == {"columns", "rows"}
    told = totals(answer)
    for name in ("spend", "impressions", "clicks", "purchase", "purchase_value", "lead"):
        assert told[name] == pytest.approx(whole[name])
        assert told[name] == pytest.approx(sum(row[name] for row in records(answer["data"])))
    assert not {"reach", "frequency", "ctr", "cpc", "cpm", "purchase_roas"} & told.keys()


@pytest.mark.parametrize("breakdowns", [["age", "gender"], ["publisher_platform"]])
async def test_a_breakdown_adds_up_to_the_whole(demo: SandboxEngine, breakdowns: list[str]) -> None:
    (whole,) = await insights(demo, date_preset="last_7d")
    answer = await demo.good("ads_get_insights", object_id=EUR, date_preset="last_7d", breakdowns=breakdowns)
    assert answer["data"]["columns"][: len(breakdowns)] == breakdowns
    assert totals(answer)["purchase"] == whole["purchase"]
    assert totals(answer)["spend"] == pytest.approx(whole["spend"])


async def test_action_breakdowns_keep_spend_once(demo: SandboxEngine) -> None:
    arguments: dict[str, Any] = {"fields": ["spend", "actions"], "date_preset": "last_7d"}
    (whole,) = await insights(demo, **arguments)
    answer = await demo.good("ads_get_insights", object_id=EUR, action_breakdowns=["action_device"], **arguments)
    data = answer["data"]
    assert {row["action_device"] for row in records(data)} > {None, "iphone"}
    assert [row["spend"] for row in records(data) if row["action_device"]] == [None] * (len(records(data)) - 1)
    assert totals(answer)["spend"] == whole["spend"]
    assert totals(answer)["purchase"] == whole["purchase"]


async def test_windows_get_columns_and_dead_ones_a_note(demo: SandboxEngine) -> None:
    answer = await demo.good(
        "ads_get_insights", object_id=EUR, fields=["actions"], action_attribution_windows=["7d_click", "28d_view"]
    )
    (row,) = records(answer["data"])
    assert 0 < row["purchase_7d_click"] <= row["purchase"]
    assert any("28d_view" in note and "2026-01-12" in note for note in answer["notes"])
    assert sent(demo)["action_attribution_windows"] == ["7d_click", "28d_view"]


async def test_metas_own_totals_count_people_once(demo: SandboxEngine) -> None:
    answer = await demo.good(
        "ads_get_insights", object_id=EUR, level="campaign", default_summary=True, fields=["spend", "reach"]
    )
    assert totals(answer).keys() == {"spend", "reach"}
    assert any("Meta's own" in note for note in answer["notes"])


async def test_pages_are_followed_by_the_cursor_to_the_last_row(demo: SandboxEngine) -> None:
    arguments: dict[str, Any] = {"level": "ad", "date_preset": "last_7d", "fields": ["spend"]}
    whole = await insights(demo, limit=1000, **arguments)
    found: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while True:
        answer = await demo.good("ads_get_insights", object_id=EUR, limit=30, **arguments, **after)
        found += records(answer["data"])
        if not answer["page"]["has_more"]:
            break
        assert "http" not in json.dumps(answer["page"])
        after = {"after": answer["page"]["after"]}
    assert found == whole
    assert await insights(demo, limit=30, max_items=1000, **arguments) == whole


async def test_the_caller_chooses_days_filters_sort_and_fields(demo: SandboxEngine) -> None:
    found = await insights(
        demo,
        level="ad_set",
        time_range=WEEK,
        fields=["spend", "impressions"],
        filtering=[{"field": "ad_set.impressions", "operator": "GREATER_THAN", "value": ["20000"]}],
        sort=["spend_descending"],
        limit=5,
    )
    spends = [row["spend"] for row in found]
    assert spends == sorted(spends, reverse=True)
    assert list(found[0]) == ["ad_set_id", "ad_set_name", "spend", "impressions"]
    asked = sent(demo)
    assert asked["time_range"] == WEEK
    assert asked["level"] == "adset"
    assert asked["filtering"] == [{"field": "adset.impressions", "operator": "GREATER_THAN", "value": 20000}]
    assert "date_preset" not in asked


async def test_daily_rows_name_their_day_once(demo: SandboxEngine) -> None:
    found = await insights(demo, time_range=WEEK, time_increment=1)
    assert [row["date_start"] for row in found] == [f"2026-10-0{day}" for day in range(1, 8)]
    assert "date_stop" not in found[0]


async def test_a_page_of_one_week_still_names_the_week(demo: SandboxEngine) -> None:
    """The columns are the same on every page, though the first one holds rows of one week only."""
    found = await insights(demo, level="ad", time_increment=7, limit=5)
    assert {(row["date_start"], row["date_stop"]) for row in found} == {("2026-09-14", "2026-09-20")}


async def test_what_was_asked_by_name_is_never_left_out(demo: SandboxEngine) -> None:
    found = await insights(demo, level="campaign", fields=["date_start", "account_currency", "spend", "actions"])
    assert {"date_start", "account_currency", "post_comment"} <= found[0].keys()


async def test_media_type_empties_the_action_breakdowns(demo: SandboxEngine) -> None:
    await demo.call("ads_get_insights", object_id=EUR, breakdowns=["media_type"])
    assert sent(demo)["action_breakdowns"] == []


async def test_by_hour_there_is_no_reach_of_zero(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_get_insights", object_id=EUR, breakdowns=[HOURLY], date_preset="yesterday")
    assert not {"reach", "frequency"} & set(answer["data"]["columns"])
    assert any("Reach" in note for note in answer["notes"])
    assert answer["page"]["count"] == 24


async def test_no_rows_are_explained(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_get_insights", object_id=ENDED, date_preset="last_3d")
    assert answer["data"] == {"columns": [], "rows": []}
    assert "2026-10-11 to 2026-10-13" in answer["summary"]
    assert any("no zero rows" in note for note in answer["notes"])


async def test_an_opt_in_breakdown_warns_that_silence_means_nothing(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_get_insights", object_id=EUR, breakdowns=["frequency_value"], date_preset="last_7d")
    assert any("opt-in" in note for note in answer["notes"])
    assert sent(demo)["fields"].endswith("reach")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"breakdowns": ["age"], "date_preset": "maximum"}, "ads_run_report_and_wait"),
        ({"breakdowns": ["product_id"]}, "level"),
        ({"breakdowns": ["age", "country"]}, "separate calls"),
        ({"breakdowns": ["dma"]}, "comscore_market"),
        ({"time_range": {"since": "2026-01-01"}}, "Correct"),
        ({"time_range": {"since": "2026-02-01", "until": "2026-01-01"}}, "Correct"),
        ({"time_range": WEEK, "date_preset": "last_7d"}, "Correct"),
        ({"time_ranges": [WEEK], "time_increment": "1"}, "Correct"),
        ({"time_increment": 91}, "Correct"),
        ({"sort": ["spend"]}, "Correct"),
        ({"sort": ["spend_descending", "reach_ascending"]}, "Correct"),
        ({"date_preset": "lifetime"}, "maximum"),
        ({"filtering": [{"field": "ad.impressions", "operator": "OVER", "value": 0}]}, "GREATER_THAN"),
        ({"filtering": [{"field": "ad.impressions", "operator": "EQUAL", "value": 0, "x": 1}]}, "operator"),
        ({"fields": ["access_token"]}, "Correct"),
        ({"limit": 1001}, "Correct"),
    ],
)
async def test_what_is_refused_costs_no_request(demo: SandboxEngine, arguments: dict[str, Any], words: str) -> None:
    error = await demo.refused("ads_get_insights", object_id=EUR, **arguments)
    assert error["kind"] == "invalid_arguments"
    assert words in error["next_step"]
    assert demo.sandbox.log == []


async def test_a_start_before_what_meta_keeps_is_refused_without_a_report(demo: SandboxEngine) -> None:
    long_ago = {"since": "2023-09-13", "until": "2023-09-20"}
    error = await demo.refused("ads_get_insights", object_id=EUR, time_range=long_ago)
    assert "2023-09-14" in error["next_step"]
    assert demo.insights == []


async def test_fifty_rows_of_eleven_columns_are_small(demo: SandboxEngine) -> None:
    answer = await demo.good(
        "ads_get_insights",
        object_id=EUR,
        time_increment=1,
        time_range={"since": "2026-08-20", "until": "2026-10-08"},
        fields=["spend", "impressions", "reach", "clicks", "ctr", "cpc", "cpm", "frequency", "cpp", "purchase_roas"],
    )
    assert (len(answer["data"]["rows"]), len(answer["data"]["columns"])) == (50, 11)
    assert len(json.dumps(answer, ensure_ascii=False, separators=(",", ":"))) <= 5500


# -- views ------------------------------------------------------------------------------------------------------------


async def test_a_trend_has_every_period_and_a_direction(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_insights_performance_trend", object_id=EUR, granularity="daily")
    found = records(answer["data"]["periods"])
    assert [found[0]["date_start"], found[-1]["date_start"], len(found)] == ["2026-09-14", "2026-10-13", 30]
    (whole,) = await insights(demo)
    assert sum(row["spend"] for row in found) == pytest.approx(whole["spend"])
    change = (found[1]["spend"] - found[0]["spend"]) / found[0]["spend"] * 100
    assert found[1]["spend_change_pct"] == pytest.approx(change, abs=0.06)
    assert {row["metric"] for row in records(answer["data"]["trends"])} >= {"spend", "results", "cost_per_result"}


async def test_a_trend_marks_the_days_without_delivery(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_insights_performance_trend", object_id=ENDED, date_preset="last_90d")
    found = records(answer["data"]["periods"])
    assert found[-1]["date_start"] == "2026-10-13"
    assert (found[-1]["spend"], found[-1]["cpc"]) == (0, None)
    assert any("No delivery in" in note and "2026" in note for note in answer["notes"])


async def test_a_trend_reads_every_page(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_insights_performance_trend", object_id=EUR, date_preset="maximum")
    assert len(demo.insights) >= 2
    assert len(answer["data"]["periods"]["rows"]) == 250
    assert answer["data"]["periods"]["rows"][-1][0] == "2026-10-14"
    assert any("latest 250" in note for note in answer["notes"])


async def test_results_that_are_reach_are_shown_per_period_at_the_cost_of_a_thousand(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_insights_performance_trend", object_id=BRAND, granularity="weekly")
    for row in records(answer["data"]["periods"]):
        assert row["results"] == row["reach"]
        assert row["cost_per_result"] == pytest.approx(1000 * row["spend"] / row["reach"], abs=0.01)
    assert any("reach" in note and "per 1,000" in note and "cannot be added" in note for note in answer["notes"])


async def test_an_account_is_checked_campaign_by_campaign(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_insights_anomaly_signal", object_id=USD)
    found = {(row["campaign_name"], row["metric"], row["good_or_bad"]) for row in records(answer["data"]["anomalies"])}
    planted = {WORLD.store.nodes[plan.id].get("name"): plan.anomaly for plan in WORLD.plans.values() if plan.anomaly}
    assert {name for name, _, _ in found} == planted.keys()
    for name, kind in planted.items():
        assert (name, *(("cpc", "bad") if kind == "cpc_spike" else ("spend", "neutral"))) in found
    assert {row["campaign_name"] for row in records(answer["data"]["unusual_days"])} == planted.keys()
    assert sent(demo)["time_range"] == {"since": "2026-08-12", "until": "2026-10-13"}


async def test_windows_end_yesterday_where_the_account_is(demo: SandboxEngine) -> None:
    """At 15:30 UTC it is the 15th in Tokyo already."""
    data = await demo.data("ads_insights_anomaly_signal", object_id=JPY, level="account", window_days=3)
    assert data["recent_window"]["until"] == "2026-10-14"
    assert data["previous_window"]["since"] == "2026-10-09"
    assert data["recent_window"]["spend"] > 0


async def test_an_account_id_without_act_is_one_by_its_level(demo: SandboxEngine) -> None:
    data = await demo.data("ads_insights_anomaly_signal", object_id=EUR.removeprefix("act_"), level="account")
    assert data["anomalies"]["rows"] == []


async def test_ad_sets_are_checked_under_our_spelling(demo: SandboxEngine) -> None:
    data = await demo.data("ads_insights_anomaly_signal", object_id=BRAND, level="ad_set")
    assert data["anomalies"]["columns"][:2] == ["ad_set_id", "ad_set_name"]
    assert sent(demo)["level"] == "adset"


async def test_only_the_metrics_asked_are_judged(demo: SandboxEngine) -> None:
    data = await demo.data("ads_insights_anomaly_signal", object_id=USD, metrics=["cpc"], threshold_pct=100)
    assert {row["metric"] for row in records(data["anomalies"])} == {"cpc"}


async def test_ads_are_ranked_by_spend_with_words(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_insights_auction_ranking_benchmarks", object_id=EUR, limit=20)
    found = records(answer["data"])
    assert [row["spend"] for row in found] == sorted((row["spend"] for row in found), reverse=True)
    assert all(row["diagnosis"] for row in found)
    assert any("BELOW_AVERAGE_10 = below average: bottom 10 %" in note for note in answer["notes"])
    assert answer["page"]["has_more"]


async def test_one_ad_is_ranked_by_its_id(demo: SandboxEngine) -> None:
    (best, *_) = records(await demo.data("ads_insights_auction_ranking_benchmarks", object_id=EUR))
    (row,) = records(await demo.data("ads_insights_auction_ranking_benchmarks", ad_id=best["ad_id"]))
    assert row == best
    assert (await demo.refused("ads_insights_auction_ranking_benchmarks"))["kind"] == "invalid_arguments"


async def test_a_campaign_is_compared_with_the_account_and_itself(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_insights_industry_benchmark", object_id=TRAFFIC, industry="saas")
    found = records(answer["data"])
    assert [row["metric"] for row in found] == ["ctr", "cpc", "cpm"] * 2
    assert {row["baseline_source"] for row in found} == {
        "the account from 2026-06-16 to 2026-09-13",
        "itself from 2026-06-16 to 2026-09-13",
    }
    assert found[0]["verdict"] == "better"
    assert any("no figures of industries" in note for note in answer["notes"])


async def test_a_baseline_in_another_currency_compares_rates_only(demo: SandboxEngine) -> None:
    baseline = {"ctr": 1.0, "cpc": 0.5, "cpm": 8, "currency": "USD"}
    answer = await demo.good("ads_insights_industry_benchmark", object_id=EUR, baseline=baseline)
    found = {row["metric"]: row for row in records(answer["data"])}
    assert found["ctr"]["verdict"] == "better"
    assert (found["cpc"]["baseline"], found["cpc"]["verdict"]) == (None, None)
    assert any("USD cannot be compared with EUR" in note for note in answer["notes"])


async def test_own_history_may_be_asked_by_name(demo: SandboxEngine) -> None:
    found = records(await demo.data("ads_insights_industry_benchmark", object_id=EUR, baseline="own_history"))
    assert len(found) == 3


async def test_the_context_has_the_true_top_campaigns(demo: SandboxEngine) -> None:
    data = await demo.data("ads_insights_advertiser_context", account_id=EUR, top_n_campaigns=3)
    spends = {row["campaign_id"]: row["spend"] for row in await insights(demo, level="campaign", fields=["spend"])}
    top = records(data["top_campaigns"])
    assert [row["spend"] for row in top] == sorted(spends.values(), reverse=True)[:3]
    assert top[0]["share_of_spend_pct"] == pytest.approx(100 * top[0]["spend"] / data["totals"]["spend"], abs=0.06)
    assert data["account"]["currency"] == "EUR"
    assert data["account"]["balance"]["currency"] == "EUR"
    assert top[0]["result_event"] == "purchase"


@pytest.mark.parametrize("tool", ["ads_insights_performance_trend", "ads_insights_industry_benchmark"])
async def test_nothing_delivered_is_said_and_never_shown_as_zeros(demo: SandboxEngine, tool: str) -> None:
    answer = await demo.good(tool, object_id=ENDED, date_preset="yesterday")
    assert answer["data"] == {"columns": [], "rows": []}
    assert "No delivery" in answer["summary"]


async def test_a_field_that_meta_leaves_out_without_a_word_is_named(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_get_insights", object_id=EUR, fields=["spend", "quality_ranking"])
    assert any("no value for quality_ranking here" in note and "level=ad" in note for note in answer["notes"])
    by_ad = await demo.good("ads_get_insights", object_id=EUR, fields=["spend", "quality_ranking"], level="ad")
    assert not any("no value for" in note for note in by_ad["notes"])


async def test_costs_beside_a_part_are_not_taken_for_those_of_the_part(demo: SandboxEngine) -> None:
    answer = await demo.good("ads_get_insights", object_id=EUR, action_breakdowns=["action_device"])
    assert any("not those of that part" in note for note in answer["notes"])


async def test_the_context_of_an_account_that_stands_still_says_so(demo: SandboxEngine) -> None:
    silent = next(key for key, node in WORLD.store.nodes.items() if node.get("account_status") == 2)
    answer = await demo.good("ads_insights_advertiser_context", account_id=silent, date_preset="today")
    assert "no delivery in today" in answer["summary"]
    assert answer["data"]["top_campaigns"]["rows"] == []
