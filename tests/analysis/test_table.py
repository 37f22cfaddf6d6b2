from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.analysis.table import Column, sheet

ROW: dict[str, Any] = {
    "spend": "5339.5",
    "clicks": "361",
    "ctr": "2.795123",
    "cpc": "14.790858725762",
    "actions": [
        {"action_type": "omni_purchase", "value": "12"},
        {"action_type": "purchase", "value": "12"},
        {"action_type": "link_click", "value": "300"},
    ],
    "action_values": [{"action_type": "omni_purchase", "value": "1234.56"}],
    "cost_per_action_type": [{"action_type": "omni_purchase", "value": "444.958333"}],
    "purchase_roas": [{"action_type": "omni_purchase", "value": "0.231213"}],
    "outbound_clicks": [{"action_type": "outbound_click", "value": "280"}],
    "results": [{"indicator": "actions:lead", "values": [{"value": "3", "attribution_windows": ["default"]}]}],
    "ad_name": "2024",
    "ad_id": "120247733447592722",
    "date_start": "2026-07-01",
    "quality_ranking": "AVERAGE",
}


def shown(*rows: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    table = sheet(rows, **more).table()
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_a_row_of_graph_becomes_numbers_with_dimensions_first() -> None:
    (row,) = shown(ROW, fields=["spend", "ctr", "actions"])
    assert row == {
        "date_start": "2026-07-01",
        "ad_id": "120247733447592722",
        "ad_name": "2024",
        "quality_ranking": "AVERAGE",
        "result_event": "lead",
        "spend": 5339.5,
        "ctr": 2.795,
        "purchase": 12,
        "link_click": 300,
        "purchase_value": 1234.56,
        "clicks": 361,
        "cost_per_purchase": 444.96,
        "cpc": 14.79,
        "outbound_clicks": 280,
        "purchase_roas": 0.2312,
        "results": 3,
    }
    assert list(row)[:8] == [
        "date_start", "ad_id", "ad_name", "quality_ranking", "result_event", "spend", "ctr", "purchase",
    ]  # fmt: skip


def test_a_missing_count_is_zero_and_a_missing_rate_is_null() -> None:
    rows = shown(ROW, {"spend": "1"})
    assert (rows[1]["purchase"], rows[1]["purchase_value"]) == (0, 0)
    assert (rows[1]["ctr"], rows[1]["cost_per_purchase"], rows[1]["purchase_roas"]) == (None, None, None)


def test_columns_that_no_row_has_are_not_there() -> None:
    assert list(shown({"spend": "1"}, {"spend": "2"})[0]) == ["spend"]


def test_breakdowns_are_text_in_the_order_asked_also_when_unknown() -> None:
    rows = shown({"new_split": "7", "age": "25-34", "spend": "1"}, breakdowns=["new_split", "age"])
    assert list(rows[0].items()) == [("new_split", "7"), ("age", "25-34"), ("spend", 1)]


def test_attribution_windows_get_columns_of_their_own() -> None:
    actions = [{"action_type": "lead", "value": "5", "7d_click": "4", "1d_view": "1"}]
    assert shown({"actions": actions}) == [{"lead": 5, "lead_1d_view": 1, "lead_7d_click": 4}]


def test_action_breakdowns_get_rows_and_spend_is_not_repeated() -> None:
    actions = [
        {"action_type": "lead", "action_device": "iphone", "value": "5"},
        {"action_type": "lead", "action_device": "desktop", "value": "2"},
    ]
    assert shown({"campaign_id": "1", "spend": "9.5", "actions": actions}) == [
        {"campaign_id": "1", "action_device": None, "spend": 9.5, "lead": None},
        {"campaign_id": "1", "action_device": "iphone", "spend": None, "lead": 5},
        {"campaign_id": "1", "action_device": "desktop", "spend": None, "lead": 2},
    ]
    assert sheet([{"spend": "9.5", "actions": actions}]).totals() == {"spend": 9.5, "lead": 7}


def test_results_of_several_events_have_a_column_each() -> None:
    entries = [
        {"indicator": "actions:lead", "values": [{"value": "3"}]},
        {"indicator": "reach", "values": [{"value": "9"}]},
    ]
    assert shown({"results": entries}) == [{"result_event": "lead, reach", "results_lead": 3, "results_reach": 9}]


def test_conversions_name_their_event_even_when_there_is_one() -> None:
    assert shown({"conversions": [{"action_type": "contact_total", "value": "2"}]}) == [{"conversions_contact": 2}]


def test_reach_frequency_costs_rates_and_unique_counts_have_no_total() -> None:
    row = {**ROW, "reach": "9", "frequency": "1.2", "unique_clicks": "8", "cpm": "3"}
    totals = sheet([row, row]).totals()
    assert totals == {
        "spend": 10679,
        "clicks": 722,
        "purchase": 24,
        "link_click": 600,
        "purchase_value": 2469.12,
        "outbound_clicks": 560,
    }


amounts = st.decimals(min_value=0, max_value=10**7, places=2).map(str)


@given(st.lists(st.tuples(amounts, st.integers(0, 10**9)), min_size=1, max_size=40))
def test_totals_are_the_sums_of_the_columns(rows: list[tuple[str, int]]) -> None:
    made = sheet([{"spend": spend, "actions": [{"action_type": "lead", "value": str(count)}]} for spend, count in rows])
    cents = sum(round(float(spend) * 100) for spend, _ in rows)
    assert round(float(made.totals()["spend"]) * 100) == cents
    assert made.totals()["lead"] == sum(count for _, count in rows)


def test_a_dimension_is_constant_only_when_every_row_has_it() -> None:
    made = sheet([{"account_currency": "EUR"}, {"account_currency": "EUR"}])
    assert made.constant("account_currency") == "EUR"
    assert sheet([{"account_currency": "EUR"}, {}]).constant("account_currency") is None
    assert made.without([Column("account_currency")]).columns == []
