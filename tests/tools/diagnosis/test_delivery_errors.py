from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import PermissionMissing, Throttled, TokenProblem
from meta_ads_mcp.tools.diagnosis.issues import MAX_RUNNING
from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, refusal, refused_unsent, rows

# ---- opportunity score


def scored(account: Any, listed: Any) -> ScriptedGraph:
    return ScriptedGraph({"act_1": account, "act_1/recommendations": listed})


ADVICE = {
    "recommendations": [
        {
            "type": "A",
            "recommendation_time": 1_795_000_000,
            "recommendation_content": {"body": "Do A.", "opportunity_score_lift": 3},
        },
        {"type": "B", "recommendation_content": {"body": "Do B.", "opportunity_score_lift": "12 points"}},
        {"type": "C"},
    ]
}


async def test_the_score_with_the_most_useful_advice_first() -> None:
    graph = scored({"id": "act_1", "account_id": "1", "opportunity_score": 71.0}, rows(ADVICE))
    answer = await call(graph, "ads_get_opportunity_score", account_id="1")
    data = answer.structured["data"]
    assert data["opportunity_score"] == 71.0
    assert [item["type"] for item in data["recommendations"]] == ["B", "A", "C"]
    assert data["recommendations"][0]["body"] == "Do B."
    assert data["recommendations"][1]["recommendation_time"] == "2026-11-18T11:06:40+00:00"
    assert answer.text == "Opportunity score 71 of 100 for act_1; 3 recommendations."
    assert graph.complaints(_act_1="AdAccount") == []


@pytest.mark.parametrize(
    ("account", "listed", "text", "note"),
    [
        ({"id": "act_1"}, rows(), "Meta gives no opportunity score for act_1; 0 recommendations.", None),
        (
            {"id": "act_1", "opportunity_score": 0},
            rows(),
            "Opportunity score 0 of 100 for act_1; 0 recommendations.",
            None,
        ),
        (
            {"id": "act_1", "opportunity_score": 50},
            PermissionMissing("No access."),
            "Opportunity score 50 of 100 for act_1.",
            "The recommendations could not be read (permission): No access.",
        ),
        (
            Throttled("Too many calls."),
            rows(ADVICE),
            "The score of act_1 could not be read; 3 recommendations.",
            "The score could not be read (throttled): Too many calls.",
        ),
    ],
)
async def test_a_part_that_is_missing_is_told_from_one_that_is_empty(
    account: Any, listed: Any, text: str, note: str | None
) -> None:
    answer = await call(scored(account, listed), "ads_get_opportunity_score", account_id="1")
    assert answer.text == text
    assert not note or any(found.startswith(note) for found in answer.structured["notes"])


async def test_a_campaign_has_advice_and_no_score() -> None:
    campaign = {"id": "5", "account_id": "1", "recommendations": [{"code": 9, "title": "T", "message": "M"}]}
    graph = ScriptedGraph({"5": campaign})
    arguments = {"account_id": "1", "level": "campaign", "object_id": "5"}
    data = (await call(graph, "ads_get_opportunity_score", **arguments)).structured["data"]
    assert data["recommendations"] == campaign["recommendations"]
    assert "opportunity_score" not in graph.fields("5")
    assert graph.complaints(_5="Campaign") == []


async def test_a_campaign_of_another_account_is_refused() -> None:
    graph = ScriptedGraph({"5": {"id": "5", "account_id": "2"}})
    error = await refusal(graph, "ads_get_opportunity_score", account_id="1", level="campaign", object_id="5")
    assert error["message"] == "Campaign 5 is not in act_1."


@pytest.mark.parametrize("arguments", [{"level": "campaign"}, {"object_id": "5"}])
async def test_a_campaign_is_named_with_its_level(arguments: dict[str, Any]) -> None:
    error = await refused_unsent("ads_get_opportunity_score", account_id="1", **arguments)
    assert "level=campaign and object_id go together" in error["message"]


# ---- errors

HEALTHY = {"id": "act_1", "account_id": "1", "name": "Shop", "account_status": 1}


def issue(code: int, **more: Any) -> dict[str, Any]:
    return {"error_code": code, "error_summary": f"S{code}", "error_message": f"M{code}", **more}


class Troubled(ScriptedGraph):
    """An account whose edges give the objects whose status was asked for."""

    def __init__(self, account: Any = HEALTHY, **edges: Any) -> None:
        super().__init__(
            {"act_1": account, **{f"act_1/{edge}": self._of_status for edge in ("ads", "adsets", "campaigns")}}
        )
        self._edges = edges

    def _of_status(self, request: Request) -> Any:
        held = self._edges.get(request.path.removeprefix("act_1/"), [])
        if not isinstance(held, list):
            return held(request) if callable(held) else held
        return rows(*(row for row in held if row["effective_status"] in request.params["effective_status"]))


def ad(number: int, status: str, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "account_id": "1", "name": f"N{number}", "effective_status": status, **more}


async def found(graph: ScriptedGraph, **arguments: Any) -> dict[str, Any]:
    answer = await call(graph, "ads_get_errors", account_id="1", **arguments)
    data: dict[str, Any] = answer.structured["data"]
    return data


async def test_every_entry_of_every_level_is_reported() -> None:
    graph = Troubled(
        campaigns=[ad(1, "WITH_ISSUES", issues_info=[issue(11), issue(12)])],
        adsets=[ad(2, "WITH_ISSUES", campaign_id="1", issues_info=[issue(21)])],
        ads=[
            ad(3, "WITH_ISSUES", failed_delivery_checks=[{"check_name": "c", "summary": "S", "description": "D"}]),
            ad(4, "PENDING_REVIEW"),
            ad(5, "DISAPPROVED", issues_info=[issue(51), issue(52)], ad_review_feedback={"global": {"P": "Text"}}),
            ad(6, "WITH_ISSUES", recommendations=[{"code": 61, "title": "T", "message": "M"}]),
        ],
    )
    data = await found(graph)
    assert [(row["type"], row["severity"], row["entity_id"], row.get("code")) for row in data["issues"]] == [
        ("ad", "critical", "5", 51),
        ("ad", "critical", "5", 52),
        ("campaign", "warning", "1", 11),
        ("campaign", "warning", "1", 12),
        ("ad_set", "warning", "2", 21),
        ("ad", "warning", "3", "c"),
        ("ad", "warning", "6", None),
        ("ad", "info", "6", 61),
        ("ad", "info", "4", None),
    ]
    assert data["counts"] == {"critical": 2, "warning": 5, "info": 2}
    assert data["issues"][0]["review_feedback"] == {"global": {"P": "Text"}}
    assert "review_feedback" not in data["issues"][1]
    assert data["issues"][4]["campaign_id"] == "1"
    assert graph.complaints(_act_1="AdAccount") == []


async def test_a_rejection_without_issues_is_reported_with_its_policies() -> None:
    graph = Troubled(ads=[ad(5, "DISAPPROVED", ad_review_feedback={"global": {"TOBACCO": "No tobacco."}})])
    issues = (await found(graph))["issues"]
    assert [row["message"] for row in issues] == ["Meta's review rejected it: TOBACCO."]


@pytest.mark.parametrize("status", ["DISAPPROVED", "WITH_ISSUES", "PENDING_REVIEW", "PENDING_BILLING_INFO"])
async def test_a_status_without_a_reason_is_still_a_row(status: str) -> None:
    issues = (await found(Troubled(ads=[ad(5, status)])))["issues"]
    assert [(row["entity_id"], row["source"]) for row in issues] == [("5", "effective_status")]


@pytest.mark.parametrize(
    ("severity", "paths"),
    [
        ("critical", ["act_1", "act_1/ads"]),
        ("warning", ["act_1", *["act_1/ads"] * 2, *["act_1/adsets"] * 2, *["act_1/campaigns"] * 2]),
        ("info", ["act_1", *["act_1/ads"] * 3, "act_1/adsets", "act_1/campaigns"]),
        ("all", ["act_1", *["act_1/ads"] * 4, *["act_1/adsets"] * 2, *["act_1/campaigns"] * 2]),
    ],
)
async def test_only_what_can_have_the_severity_is_read(severity: str, paths: list[str]) -> None:
    graph = Troubled()
    await found(graph, severity=severity)
    assert sorted(graph.paths) == paths
    asked = [request.params.get("effective_status") for request in graph.asked if request.path != "act_1"]
    assert all(asked), "objects are read by their status"


async def test_problems_of_running_objects_are_warnings() -> None:
    graph = Troubled(
        campaigns=[ad(1, "ACTIVE", issues_info=[issue(11)])],
        adsets=[ad(2, "ACTIVE", issues_info=[issue(21)]), ad(7, "ACTIVE")],
        ads=[
            ad(3, "ACTIVE", ad_review_feedback={"placement_specific": {"instagram": {"P": "Text"}}}),
            ad(4, "ACTIVE", failed_delivery_checks=[{"check_name": "c"}]),
        ],
    )
    for severity in ("all", "warning"):
        issues = (await found(graph, severity=severity))["issues"]
        assert {(row["entity_id"], row["severity"]) for row in issues} == {(number, "warning") for number in "1234"}
    assert all("recommendations" not in request.params["fields"] for request in graph.asked if _reads_running(request))
    assert sum(_reads_running(request) for request in graph.asked) == 6


def _reads_running(request: Request) -> bool:
    return "ACTIVE" in request.params.get("effective_status", ())


async def test_of_many_running_objects_those_of_one_request_are_read() -> None:
    running = [ad(number, "ACTIVE") for number in range(MAX_RUNNING)]
    graph = Troubled(ads=lambda request: rows(*running, after="x") if _reads_running(request) else rows())
    answer = await call(graph, "ads_get_errors", account_id="1")
    assert f"Ads in status ACTIVE: only the first {MAX_RUNNING} were read." in answer.structured["notes"]
    assert any("paused" in note for note in answer.structured["notes"])


async def test_the_severity_comes_before_the_limit() -> None:
    graph = Troubled(
        campaigns=[ad(number, "WITH_ISSUES", issues_info=[issue(number)]) for number in range(100, 160)],
        ads=[ad(5, "DISAPPROVED", issues_info=[issue(51)])],
    )
    answer = await call(graph, "ads_get_errors", account_id="1", limit=1)
    assert [row["code"] for row in answer.structured["data"]["issues"]] == [51]
    assert answer.structured["data"]["counts"] == {"critical": 1, "warning": 60, "info": 0}
    page = answer.structured["page"]
    assert page == {"count": 1, "has_more": True, "after": page["after"]}
    following = await call(graph, "ads_get_errors", account_id="1", limit=200, after=page["after"])
    assert sorted(row["entity_id"] for row in following.structured["data"]["issues"]) == list(map(str, range(100, 160)))
    assert answer.text == "1 critical, 60 warning, 0 info on 61 objects of act_1; 1 shown, go on with page.after."
    warnings = await found(graph, severity="warning", limit=2)
    assert [row["severity"] for row in warnings["issues"]] == ["warning", "warning"]
    assert warnings["counts"] == {"warning": 60}


@pytest.mark.parametrize(
    ("status", "reason", "severity", "said"),
    [
        (1, 0, None, None),
        (2, 3, "critical", "The account is DISABLED. Reason: RISK_PAYMENT."),
        (3, 0, "critical", "The account is UNSETTLED."),
        (9, None, "warning", "The account is IN_GRACE_PERIOD."),
        (77, 0, "critical", "The account is UNKNOWN."),
    ],
)
async def test_an_account_that_cannot_run_ads_is_an_issue(
    status: int, reason: int | None, severity: str | None, said: str | None
) -> None:
    account = {**HEALTHY, "account_status": status, "disable_reason": reason}
    issues = (await found(Troubled(account))).get("issues", [])
    assert [(row["type"], row["severity"], row["message"]) for row in issues] == (
        [("account", severity, said)] if severity else []
    )


async def test_failed_checks_of_the_account_are_warnings_and_filtered_too() -> None:
    check = {"check_name": "funding", "summary": "S", "description": "D"}
    account = {**HEALTHY, "account_status": 2, "failed_delivery_checks": [check]}
    assert [row["code"] for row in (await found(Troubled(account), severity="warning"))["issues"]] == ["funding"]
    assert [row["code"] for row in (await found(Troubled(account), severity="critical"))["issues"]] == [2]


async def test_the_limit_leaves_the_worst_wherever_it_stands() -> None:
    account = {**HEALTHY, "failed_delivery_checks": [{"check_name": "funding"}]}
    rejected = ad(5, "DISAPPROVED", issues_info=[issue(51)], recommendations=[{"code": 61}])
    graph = Troubled(account, ads=[rejected], campaigns=[ad(1, "WITH_ISSUES", issues_info=[issue(11)])])
    assert [row["code"] for row in (await found(graph, limit=1))["issues"]] == [51]
    assert [row["code"] for row in (await found(graph))["issues"]] == [51, "funding", 11, 61]


async def test_a_part_that_could_not_be_read_is_named() -> None:
    graph = Troubled(adsets=PermissionMissing("No access."), ads=[ad(5, "DISAPPROVED")])
    answer = await call(graph, "ads_get_errors", account_id="1")
    assert answer.structured["data"]["counts"]["critical"] == 1
    assert any(
        note.startswith("Ad sets in status WITH_ISSUES could not be read (permission): No access.")
        for note in answer.structured["notes"]
    )
    assert "Parts of the account could not be read" in answer.text


async def test_nothing_found_is_said_only_of_an_account_that_was_read_to_the_end() -> None:
    assert (await call(Troubled(), "ads_get_errors", account_id="1")).text == "Meta reports no problems in act_1."
    unread = await call(Troubled(campaigns=Throttled("Wait.")), "ads_get_errors", account_id="1")
    assert "no problems" not in unread.text
    assert "Parts of the account could not be read" in unread.text


async def test_an_account_of_which_nothing_can_be_read_is_an_error() -> None:
    lost = TokenProblem("The token has expired.")
    error = await refusal(Troubled(lost, ads=lost, adsets=lost, campaigns=lost), "ads_get_errors", account_id="1")
    assert error["kind"] == "token"


async def test_an_object_that_two_parts_give_is_one_problem() -> None:
    twice = ad(5, "DISAPPROVED", issues_info=[issue(51)])
    data = await found(
        ScriptedGraph(
            {
                "act_1": HEALTHY,
                **{
                    f"act_1/{edge}": rows(*([twice] if edge == "ads" else []))
                    for edge in ("ads", "adsets", "campaigns")
                },
            }
        )
    )
    assert data["counts"] == {"critical": 1, "warning": 0, "info": 0}


async def test_reading_is_bounded_and_says_where_it_stopped() -> None:
    """Ten pages of a hundred are there; five are read of each part."""

    def page(request: Request) -> Any:
        start = int(request.params.get("after", 0))
        return rows(*(ad(number, "DISAPPROVED") for number in range(start, start + 100)), after=str(start + 100))

    graph = ScriptedGraph({"act_1": HEALTHY, "act_1/ads": page})
    answer = await call(graph, "ads_get_errors", account_id="1", severity="critical", limit=3)
    assert graph.paths.count("act_1/ads") == 5
    assert answer.structured["data"]["counts"] == {"critical": 500}
    assert "Ads in status DISAPPROVED: only the first 500 were read." in answer.structured["notes"]


async def test_the_rejected_ads_of_the_demo_are_all_found(demo: SandboxEngine, small_account: str) -> None:
    listed = await demo.data("ads_get_ads", account_id=small_account, status_filter=["DISAPPROVED"], limit=100)
    data = await demo.data("ads_get_errors", account_id=small_account, severity="critical", limit=200)
    assert {row["entity_id"] for row in data["issues"]} == {row["id"] for row in listed} != set()
    assert all(row["review_feedback"] for row in data["issues"])


async def test_the_history_is_asked_for_by_day_and_told_with_its_reasons() -> None:
    detail = {
        "ad_object_id": "5",
        "ad_object_type": "ad_set",
        "budget_then": "5000",
        "budget_now": "6000",
        "eligible_recommendation_types_then": ["advantage_plus_audience"],
        "eligible_recommendation_types_now": ["creative_fatigue"],
        "applied_recommendation_types_then": [],
        "applied_recommendation_types_now": ["advantage_plus_audience"],
    }
    change = {"campaign_id": "4", "score_change": "+34", "campaign_details": [detail]}
    days = [
        {"date": "2026-11-02", "opportunity_score": "90", "changelog": [change]},
        {"date": "2026-11-01", "opportunity_score": "56", "changelog": []},
    ]
    account = {"id": "act_1", "account_id": "1", "name": "A", "currency": "USD", "timezone_name": "UTC"}
    graph = ScriptedGraph(
        {"act_1": account, "act_1/recommendations": rows(), "act_1/opportunity_score_history": {"data": days}}
    )
    period = {"history_from": "2026-11-01", "history_to": "2026-11-30", "with_reasons": True}
    answer = await call(graph, "ads_get_opportunity_score", account_id="1", **period)
    assert graph.params("act_1/opportunity_score_history") == {
        "from_date": "2026-11-01",
        "to_date": "2026-11-30",
        "get_reason": True,
    }
    history = answer.structured["data"]["history"]
    assert history["days"]["rows"] == [["2026-11-01", 56, None], ["2026-11-02", 90, 34]]
    (reason,) = history["reasons"]
    assert (reason["campaign_id"], reason["score_change"]) == ("4", 34)
    (item,) = reason["objects"]
    assert item["budget"]["now"]["amount"] == "60.00"
    assert (item["new_advice"], item["applied"]) == (["creative_fatigue"], ["advantage_plus_audience"])


@pytest.mark.parametrize(
    ("period", "text"),
    [
        ({"history_from": "2026-11-03", "history_to": "2026-11-01"}, "after"),
        ({"history_from": "2026-09-01", "history_to": "2026-11-01"}, "45 days"),
        ({"with_reasons": True, "level": "campaign", "object_id": "5"}, "accounts only"),
    ],
)
async def test_a_history_that_meta_does_not_have_is_refused_unsent(period: dict[str, Any], text: str) -> None:
    assert text in (await refused_unsent("ads_get_opportunity_score", account_id="1", **period))["message"]
