"""Pixels: buckets summed, ages told, and a judgement whose rules are told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.errors import GraphError, InvalidArguments, Transient
from meta_ads_mcp.tools.pixels.health import Signals, health
from meta_ads_mcp.tools.pixels.stats import PixelStats
from tests.support.clock import START
from tests.support.sandbox_engine import NOW, SandboxEngine, build_writer, records
from tests.support.scripted_graph import ScriptedGraph, call, engine, refused_unsent, rows

HOUR_AGO = f"{NOW:%Y-%m-%dT14:30:00+0000}"


def bucket(hour: int, *entries: tuple[str, Any], event: str | None = None) -> dict[str, Any]:
    named = {"event": event} if event else {}
    data = [{"value": value, "count": count, **named} for value, count in entries]
    return {"start_time": f"2026-11-20T{hour:02d}:00:00+0000", "aggregation": "event", "data": data}


async def test_hourly_buckets_are_summed_and_kept() -> None:
    first, second = bucket(8, ("Purchase", 2), ("PageView", 30)), bucket(9, ("Purchase", "3"))
    graph = ScriptedGraph({"4/stats": lambda r: rows(second) if r.params.get("after") else rows(first, after="x")})
    answer = await call(graph, "ads_get_pixel_events", pixel_id="4", start_time="2026-11-20T08:00:00Z", event="")
    data = answer.structured["data"]
    assert data["total"] == 35
    assert records(data["totals"]) == [{"value": "PageView", "count": 30}, {"value": "Purchase", "count": 5}]
    assert data["series"]["rows"] == [
        ["2026-11-20T08:00:00+0000", "PageView", 30],
        ["2026-11-20T08:00:00+0000", "Purchase", 2],
        ["2026-11-20T09:00:00+0000", "Purchase", 3],
    ]
    assert graph.params("4/stats")["start_time"] == 1795161600
    assert any("visitors' browsers" in note for note in answer.structured["notes"])


async def test_values_of_several_events_are_told_apart() -> None:
    graph = ScriptedGraph({"4/stats": rows(bucket(8, ("em", 2), event="Lead"), bucket(8, ("em", 4), event="Purchase"))})
    data = (await call(graph, "ads_get_pixel_events", pixel_id="4", aggregation="match_keys")).structured["data"]
    assert data["totals"] == {
        "columns": ["event", "value", "count"],
        "rows": [["Purchase", "em", 4], ["Lead", "em", 2]],
    }


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=4), max_size=6))
def test_totals_and_series_add_up_alike(buckets: list[list[tuple[str, int]]]) -> None:
    stats = PixelStats()
    stats.add(bucket(hour, *entries) for hour, entries in enumerate(buckets))
    assert stats.total == sum(count for entries in buckets for _, count in entries)
    assert sum(row[-1] for row in stats.totals_table().rows) == sum(row[-1] for row in stats.series_table().rows)


async def test_of_a_long_series_the_end_is_shown_and_the_totals_hold_all() -> None:
    many = [bucket(hour % 24, *((f"page {page}", 1) for page in range(50))) for hour in range(60)]
    answer = await call(
        ScriptedGraph({"4/stats": rows(*many)}), "ads_get_pixel_events", pixel_id="4", aggregation="url"
    )
    data = answer.structured["data"]
    assert (data["total"], len(data["totals"]["rows"]), len(data["series"]["rows"])) == (3000, 50, 400)
    assert data["series"]["rows"][-1][0] == "2026-11-20T23:00:00+0000"
    assert any("the last 400 of 3000" in note for note in answer.structured["notes"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"aggregation": "devices"}, "accepted values"),
        ({"start_time": "2026-11-02", "end_time": "2026-11-01"}, "end_time must be after start_time"),
        ({"start_time": "yesterday"}, "ISO 8601"),
    ],
)
async def test_what_cannot_be_asked_is_refused_unsent(arguments: dict[str, Any], said: str) -> None:
    assert said in (await refused_unsent("ads_get_pixel_events", pixel_id="4", **arguments))["message"]


async def test_device_stands_for_device_type() -> None:
    graph = ScriptedGraph({"4/stats": rows()})
    answer = await call(graph, "ads_get_pixel_events", pixel_id="4", aggregation="device")
    assert graph.params("4/stats")["aggregation"] == "device_type"
    assert "nothing" in answer.text


async def test_pixels_say_how_long_ago_they_fired() -> None:
    fired = {"id": "4", "name": "Web", "last_fired_time": HOUR_AGO}
    graph = ScriptedGraph({"act_1/adspixels": rows(fired, {"id": "5"})})
    data = (await call(graph, "ads_get_pixels", account_id="1", sort_by="NAME")).structured["data"]
    hours = round((START - NOW.timestamp()) / 3600 + 1, 1)
    assert [row.get("last_fired_hours_ago") for row in data] == [hours, None]
    assert "code" not in graph.fields("act_1/adspixels")
    assert graph.params("act_1/adspixels")["sort_by"] == "NAME"


@pytest.mark.parametrize(("rate", "shown"), [(71, 71), (-1, None), (0, 0)])
async def test_an_unknown_match_rate_is_no_number(rate: int, shown: int | None) -> None:
    graph = ScriptedGraph({"4": {"id": "4", "match_rate_approx": rate, "code": "<script>1</script>"}})
    answer = await call(graph, "ads_get_pixel_details", pixel_id="4")
    assert answer.structured["data"].get("match_rate_approx") == shown
    assert any("match rate" in note for note in answer.structured.get("notes", [])) is (shown is None)
    assert "<script>" not in answer.text


async def test_custom_conversions_have_their_rule_as_an_object() -> None:
    graph = ScriptedGraph({"act_1/customconversions": rows({"id": "8", "rule": '{"url":{"i_contains":"thanks"}}'})})
    data = (await call(graph, "ads_get_custom_conversions", account_id="1")).structured["data"]
    assert data == [{"id": "8", "rule": {"url": {"i_contains": "thanks"}}}]


FINE = {
    "last_fired_time": HOUR_AGO,
    "is_unavailable": False,
    "match_rate_approx": 71,
    "enable_automatic_matching": True,
}


@pytest.mark.parametrize(
    ("changed", "score"),
    [
        ({}, 100),
        ({"is_unavailable": True}, 50),
        ({"last_fired_time": None}, 60),
        ({"last_fired_time": f"{NOW:%Y-%m-13T00:00:00+0000}"}, 75),
        ({"match_rate_approx": 59}, 85),
        ({"match_rate_approx": 60}, 100),
        ({"match_rate_approx": -1}, 100),
        ({"match_rate_approx": 0}, 85),
        ({"enable_automatic_matching": False}, 95),
        ({"enable_automatic_matching": None}, 100),
        ({"is_unavailable": True, "last_fired_time": None, "match_rate_approx": 1}, 0),
    ],
)
def test_each_rule_takes_its_points(changed: dict[str, Any], score: int) -> None:
    found, deductions = health({**FINE, **changed}, NOW)
    assert found == score
    assert max(0, 100 + sum(item["points"] for item in deductions)) == score


@pytest.mark.parametrize(
    ("signals", "score"),
    [
        (Signals(), 100),
        (Signals([{"key": "missing_param", "result": "failed"}]), 90),
        (Signals([{"key": str(number)} for number in range(12)]), 0),
        (Signals(events_by_source={"WEB_ONLY": 771}), 95),
        (Signals(events_by_source={"WEB_ONLY": 771, "SERVER_ONLY": 191}), 100),
        (Signals(events_by_source={"SERVER_ONLY": 191}), 100),
    ],
)
def test_what_meta_reports_of_the_events_is_part_of_the_score(signals: Signals, score: int) -> None:
    assert health(FINE, NOW, signals)[0] == score


def dataset(**parts: Any) -> ScriptedGraph:
    def stats(request: Any) -> Any:
        return rows(bucket(8, (f"by {request.params['aggregation']}", 2)))

    checks = {"data": [{"key": "a", "result": "passed"}, {"key": "b", "result": "failed", "title": "Missing"}]}
    return ScriptedGraph({"4": {"id": "4", "name": "Web", **FINE}, "4/stats": stats, "4/da_checks": checks, **parts})


async def test_a_dataset_is_judged_with_its_parts() -> None:
    answer = await call(dataset(), "ads_get_dataset_quality", dataset_id="4")
    data = answer.structured["data"]
    assert data["match_keys"]["rows"] == [["by match_keys", 2]]
    assert [check["key"] for check in data["failing_checks"]] == ["b"]
    assert {"points": -10, "rule": "Meta's check b fails"} in data["deductions"]
    assert data["health_score"] == 100 + sum(rule["points"] for rule in data["deductions"])
    assert "Meta's check b fails" in answer.structured["summary"]
    assert any("this server's own" in note for note in answer.structured["notes"])


@pytest.mark.parametrize(("path", "parts"), [("4/stats", ["events", "had_pii"]), ("4/da_checks", ["failing_checks"])])
async def test_a_part_that_fails_is_named_and_is_not_taken_for_fine(path: str, parts: list[str]) -> None:
    answer = await call(dataset(**{path: Transient("later")}), "ads_get_dataset_quality", pixel_id="4")
    data = answer.structured["data"]
    assert [data[part] for part in parts] == [None] * len(parts)
    assert data["health_score"] <= 100
    assert any("could not be read" in note for note in answer.structured["notes"])


async def test_a_dataset_that_cannot_be_read_is_an_error() -> None:
    answer = await engine(ScriptedGraph({"4": Transient("later")})).call("ads_get_dataset_quality", {"pixel_id": "4"})
    assert answer.structured["error"]["kind"] == "transient"


async def test_all_work_on_the_sandbox_by_reading_alone(demo: SandboxEngine, account: str) -> None:
    pixel = (await demo.data("ads_get_pixels", account_id=account))[0]["id"]
    assert "<script>" in (await demo.data("ads_get_pixel_details", pixel_id=pixel))["code"]
    events = await demo.data("ads_get_pixel_events", pixel_id=pixel, start_time="2026-10-10", end_time="2026-10-12")
    assert len({row[0] for row in events["series"]["rows"]}) == 48
    assert (await demo.data("ads_get_dataset_quality", pixel_id=pixel))["failing_checks"]
    assert len(await demo.data("ads_get_custom_conversions", account_id=account)) == 2
    assert {entry.method for entry in demo.sandbox.log} == {"GET"}


def quality_row(score: float, **more: Any) -> dict[str, Any]:
    keys = [{"identifier": "email", "coverage": {"percentage": 40}}]
    return {
        "event_name": "Purchase",
        "event_match_quality": {"composite_score": score, "match_key_feedback": keys},
        **more,
    }


FINE_PARTS: dict[str, Any] = {
    "event_coverage": {"percentage": 90, "goal_percentage": 75},
    "data_freshness": {"upload_frequency": "real_time"},
    "dedupe_key_feedback": [{"dedupe_key": "event_id", "server_events_with_dedupe_key": {"percentage": 98}}],
}


def fresh(**parts: Any) -> ScriptedGraph:
    """A dataset that fired a moment ago by the clock of the engine."""
    return dataset(**{"4": {"id": "4", "name": "Web", **FINE, "last_fired_time": "2026-11-25T09:30:00+0000"}, **parts})


async def test_metas_ratings_stand_beside_the_score_and_decide_the_verdict() -> None:
    bad = quality_row(
        4.2,
        event_coverage={"percentage": 30, "goal_percentage": 75},
        data_freshness={"upload_frequency": "daily"},
        dedupe_key_feedback=[{"dedupe_key": "event_id", "server_events_with_dedupe_key": {"percentage": 20}}],
    )
    checks = {"data": []}
    graph = fresh(**{"dataset_quality": {"web": [bad]}, "4/da_checks": checks})
    answer = await call(graph, "ads_get_dataset_quality", dataset_id="4", channels=["web", "crm"])
    data = answer.structured["data"]
    assert (data["health_score"], data["verdict"]) == (100, "needs attention")
    (row,) = data["meta_ratings"]["web"]
    assert (row["match_quality"], row["match_keys"]) == (4.2, [["email", 40]])
    findings = " ".join(item["finding"] for item in data["findings"])
    assert len(data["findings"]) == 4
    for part in ("Purchase (4.2)", "click_id", "Purchase (30 %)", "Purchase (20 %)", "daily"):
        assert part in findings
    assert "Meta rates no crm events of this dataset." in answer.structured["notes"]
    assert graph.params("dataset_quality") == {"dataset_id": "4"}
    assert "dedupe_key_feedback" in str(graph.fields("dataset_quality"))


async def test_a_dataset_without_findings_is_healthy_and_one_that_is_unreadable_is_not_said_to_be() -> None:
    parts = {"4/da_checks": {"data": []}}
    fine = fresh(dataset_quality={"web": [quality_row(8.1, **FINE_PARTS)]}, **parts)
    data = (await call(fine, "ads_get_dataset_quality", dataset_id="4", channels=["web"])).structured["data"]
    assert (data["verdict"], data["findings"]) == ("healthy", [])
    refused = fresh(dataset_quality=Transient("later"), **parts)
    data = (await call(refused, "ads_get_dataset_quality", dataset_id="4", channels=["web"])).structured["data"]
    assert (data["verdict"], data["meta_ratings"]) == ("healthy as far as it could be read", None)


async def test_both_spellings_of_a_field_are_tried() -> None:
    def answer(request: Any) -> Any:
        if "dedupe_key_feedback" in request.params["fields"]:
            text = "(#100) Tried accessing nonexisting field (dedupe_key_feedback)"
            raise InvalidArguments(text, graph=GraphError(100, text))
        return {"web": [quality_row(8, dedup_key_feedback=FINE_PARTS["dedupe_key_feedback"])]}

    graph = fresh(dataset_quality=answer)
    data = (await call(graph, "ads_get_dataset_quality", dataset_id="4", channels=["web"])).structured["data"]
    assert data["meta_ratings"]["web"][0]["deduplication"][0]["server_percent"] == 98


async def test_without_channels_meta_is_not_asked_for_ratings() -> None:
    graph = fresh()
    data = (await call(graph, "ads_get_dataset_quality", dataset_id="4")).structured["data"]
    assert "dataset_quality" not in graph.paths
    assert "meta_ratings" not in data
    assert data["verdict"] == "needs attention", "one of Meta's checks fails"


async def test_match_quality_depends_on_what_was_sent() -> None:
    desk = build_writer()
    pixel, now = desk.ids["pixel"], int(desk.clock.now())

    async def score(**user: str) -> float:
        events = [
            {"event_name": "Subscribe", "event_time": now - 60, "event_source_url": "https://shop.example/s",
             "user_data": {"client_user_agent": "UA", "client_ip_address": "203.0.113.7", **user}}
        ]  # fmt: skip
        key = "-".join(sorted(user)) or "bare"
        sending = {"dataset_id": pixel, "source": "website", "test_event_code": "T", "idempotency_key": key}
        await desk.good("ads_send_conversion_events", **sending, events=events)
        data = await desk.data("ads_get_dataset_quality", dataset_id=pixel, channels=["web"])
        rows_of_event = [row for row in data["meta_ratings"]["web"] if row["event"] == "Subscribe"]
        return float(rows_of_event[0]["match_quality"])

    bare = await score()
    better = await score(em="mary@example.com", ph="+16505551212", external_id="7")
    assert bare < better
