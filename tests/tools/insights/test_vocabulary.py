"""One vocabulary: each column that an answer shows is valid in fields, sort and filtering."""

from __future__ import annotations

from typing import Any

import pytest
from facebook_business.adobjects.adsinsights import AdsInsights

from meta_ads_mcp.analysis.query.vocabulary import resolve
from meta_ads_mcp.analysis.table import Column
from tests.support.sandbox_engine import SandboxEngine, records
from tests.support.scripted_graph import ScriptedGraph, call, refused_unsent, rows

INSIGHTS = "ads_get_insights"


def entries(**counts: Any) -> list[dict[str, str]]:
    return [{"action_type": name, "value": str(value)} for name, value in counts.items()]


def ad(ad_id: int, spend: float, purchases: int, cost: float | None = None) -> dict[str, Any]:
    """A row of an ad as Graph sends it: without counts of 0."""
    row: dict[str, Any] = {"ad_id": str(ad_id), "ad_name": f"Ad {ad_id}", "spend": str(spend)}
    if purchases:
        row["actions"] = entries(omni_purchase=purchases, link_click=10)
        row["cost_per_action_type"] = entries(omni_purchase=cost, link_click=1)
    return row


ADS = [ad(1, 50, 5, 10), ad(2, 90, 0), ad(3, 30, 1, 30), ad(4, 20, 0), ad(5, 80, 4, 20)]


def in_pages(*pages: list[dict[str, Any]]) -> ScriptedGraph:
    """Insights of act_1 in these pages."""

    def page(request: Any) -> Any:
        index = int(str(request.params.get("after") or 0))
        return rows(*pages[index], after=str(index + 1) if index + 1 < len(pages) else None)

    return ScriptedGraph({"act_1/insights": page})


@pytest.mark.parametrize("name", sorted(AdsInsights._field_types))
def test_field_of_graph_stands_for_itself(name: str) -> None:
    assert resolve(name).source == name


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("purchase", Column("actions", "purchase")),
        ("omni_purchase", Column("actions", "purchase")),
        ("purchase_value", Column("action_values", "purchase")),
        ("cost_per_purchase", Column("cost_per_action_type", "purchase")),
        ("cost_per_unique_lead", Column("cost_per_unique_action_type", "lead")),
        ("unique_link_click", Column("unique_actions", "link_click")),
        ("conversions_contact", Column("conversions", "contact")),
        ("conversions_contact_value", Column("conversion_values", "contact")),
        ("purchase_7d_click", Column("actions", "purchase", "7d_click")),
        ("results_1d_view", Column("results", "", "1d_view")),
        ("results_purchase", Column("results", "purchase")),
        ("purchase_roas", Column("purchase_roas", "purchase")),
        ("purchase_roas_7d_click", Column("purchase_roas", "purchase", "7d_click")),
        ("outbound_clicks", Column("outbound_clicks", "outbound_click")),
        ("offsite_conversion.custom.12", Column("actions", "offsite_conversion.custom.12")),
    ],
)
def test_column_of_an_answer_is_found_in_its_field(name: str, column: Column) -> None:
    assert resolve(name).column == column


@pytest.mark.parametrize("level", ["campaign", "adset", "ad"])
async def test_each_default_column_can_be_requested_sorted_and_filtered(demo: SandboxEngine, level: str) -> None:
    account = f"act_{next(iter(demo.sandbox.world.accounts))}"
    query = {"object_id": account, "level": level, "date_preset": "last_7d", "limit": 20}
    columns = (await demo.data(INSIGHTS, **query))["columns"]
    assert {"results", "cost_per_result", "result_event", f"{level.replace('adset', 'ad_set')}_name"} <= set(columns)
    figures = [name for name in columns if not name.endswith(("_id", "_name")) and name != "result_event"]
    for name in figures:
        answer = await demo.good(
            INSIGHTS,
            **query,
            fields=[name],
            sort=[f"{name}_descending"],
            filtering=[{"field": name, "operator": "GREATER_THAN", "value": 0}],
        )
        found = [row[name] for row in records(answer["data"])]
        assert found == sorted(found, reverse=True)
        assert all(value > 0 for value in found)
        own = {f"{level.replace('adset', 'ad_set')}_{part}" for part in ("id", "name")}
        assert set(answer["data"]["columns"]) <= {*own, "date_start", "date_stop", "result_event", name}


async def test_only_requested_columns_are_shown() -> None:
    answer = await call(in_pages(ADS), INSIGHTS, object_id="act_1", level="ad", fields=["spend", "cost_per_purchase"])
    assert answer.structured["data"]["columns"] == ["ad_id", "ad_name", "spend", "cost_per_purchase"]


async def test_columns_are_in_the_requested_order() -> None:
    names = ["purchase", "spend", "link_click", "cost_per_purchase"]
    answer = await call(in_pages(ADS), INSIGHTS, object_id="act_1", level="ad", fields=names)
    assert answer.structured["data"]["columns"][2:] == names


async def test_requested_count_that_nothing_has_is_zero() -> None:
    graph = in_pages([ad(2, 90, 0), ad(4, 20, 0)])
    answer = await call(graph, INSIGHTS, object_id="act_1", level="ad", fields=["spend", "purchases", "roas"])
    assert [row["purchase"] for row in records(answer.structured["data"])] == [0, 0]
    assert any("no value for purchase_roas" in note for note in answer.structured["notes"])
    assert {"actions", "purchase_roas"} <= set(graph.fields("act_1/insights"))


async def test_filter_by_an_event_reads_all_pages_and_says_so() -> None:
    graph = in_pages(ADS[:2], ADS[2:4], ADS[4:])
    filtering = [
        {"field": "purchase", "operator": "EQUAL", "value": 0},
        {"field": "spend", "operator": "GREATER_THAN", "value": 10},
    ]
    answer = await call(
        graph, INSIGHTS, object_id="act_1", level="ad", fields=["spend"], filtering=filtering, sort=["spend_descending"]
    )
    assert [row["ad_id"] for row in records(answer.structured["data"])] == ["2", "4"]
    assert answer.structured["data"]["columns"] == ["ad_id", "ad_name", "spend"]
    assert graph.params("act_1/insights")["filtering"] == [{"field": "spend", "operator": "GREATER_THAN", "value": 10}]
    notes = " ".join(answer.structured["notes"])
    assert "all 5 rows" in notes
    assert "purchase = 0" in notes
    assert "Totals of all 2 rows: spend=110" in notes


async def test_sort_by_cost_is_over_all_pages_and_spend_without_the_event_costs_most() -> None:
    graph = in_pages(ADS[:2], ADS[2:4], ADS[4:])
    query = {"object_id": "act_1", "level": "ad", "fields": ["cost_per_purchase"], "limit": 2}
    query |= {"sort": ["cost_per_purchase_descending"]}
    shown, after = [], None
    for _ in range(3):
        answer = await call(graph, INSIGHTS, **query, **({"after": after} if after else {}))
        shown += [row["ad_id"] for row in records(answer.structured["data"])]
        after = answer.structured["page"].get("after")
    assert (shown, after) == (["2", "4", "3", "5", "1"], None)
    assert "sort" not in graph.params("act_1/insights")


@pytest.mark.parametrize(
    ("condition", "ads"),
    [
        (("purchase", "EQUAL", 0), "24"),
        (("purchase", "NOT_EQUAL", "0"), "135"),
        (("purchases", "GREATER_THAN_OR_EQUAL", 4), "15"),
        (("purchase", "LESS_THAN", 2), "234"),
        (("purchase", "IN", [1, 5]), "13"),
        (("ad.purchase", "IN_RANGE", [1, 4]), "35"),
        (("cost_per_purchase", "GREATER_THAN", 15), "35"),
        (("cost_per_purchase", "LESS_THAN_OR_EQUAL", 10), "1"),
        (("link_clicks", "NOT_IN_RANGE", [5, 15]), "24"),
    ],
)
async def test_operators_hold_for_events(condition: tuple[str, str, Any], ads: str) -> None:
    field, operator, value = condition
    filtering = [{"field": field, "operator": operator, "value": value}]
    answer = await call(in_pages(ADS), INSIGHTS, object_id="act_1", level="ad", filtering=filtering)
    assert "".join(row["ad_id"] for row in records(answer.structured["data"])) == ads


async def test_cursor_of_graph_is_refused_for_a_list_that_is_sorted_here() -> None:
    error = await refused_unsent(INSIGHTS, object_id="act_1", sort=["purchase_descending"], after="QVFIU")
    assert "after" in error["message"]


async def test_windows_of_columns_are_requested() -> None:
    graph = in_pages([{"actions": [{"action_type": "omni_purchase", "value": "5", "1d_click": "3", "7d_click": "4"}]}])
    fields = ["purchase_1d_click", "purchase_7d_click"]
    answer = await call(graph, INSIGHTS, object_id="act_1", level="campaign", fields=fields)
    assert answer.structured["data"] == {"columns": fields, "rows": [[3, 4]]}
    assert graph.params("act_1/insights")["action_attribution_windows"] == ["1d_click", "7d_click"]


@pytest.mark.parametrize("name", ["access_token", "page_access_token", "Purchase!", "a b", ""])
async def test_name_that_is_not_a_column_is_refused(name: str) -> None:
    assert await refused_unsent(INSIGHTS, object_id="act_1", fields=[name])


async def test_text_operator_on_an_event_is_refused_with_those_that_hold() -> None:
    filtering = [{"field": "purchase", "operator": "CONTAIN", "value": "1"}]
    error = await refused_unsent(INSIGHTS, object_id="act_1", filtering=filtering)
    assert "EQUAL" in error["allowed"]


async def test_report_that_meta_cannot_sort_is_refused_with_the_tool_that_can() -> None:
    error = await refused_unsent("ads_create_async_report", object_id="act_1", sort=["purchase_descending"])
    assert "ads_run_report_and_wait" in error["next_step"]
