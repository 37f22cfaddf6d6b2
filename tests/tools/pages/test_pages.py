"""Posts of a Page: published only on purpose, never twice; figures under today's names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.errors import UnknownOutcome
from meta_ads_mcp.server.catalogue import Catalogue, collect
from tests.support.clock import START
from tests.support.sandbox_engine import build_reader
from tests.support.scripted_graph import ScriptedGraph, confirmed, engine, error_of, rows

PAGE, POST = "60", "60_77"
TEXT = "Our winter menu is here, come and try it."
NEW: dict[str, Any] = {"page_id": PAGE, "message": TEXT, "dry_run": False}


@pytest.fixture
def client(client: ScriptedGraph) -> ScriptedGraph:
    client.of_page = {PAGE: PAGE, POST: PAGE}
    client.objects[POST] = {"id": POST, "message": TEXT}
    for edge in ("feed", "photos"):
        client.answers["POST", f"{PAGE}/{edge}"] = lambda request: {"id": "78", "post_id": "60_78"}
    return client


def test_the_tools_are_not_listed_by_default() -> None:
    listed = {tool.name for tool in Catalogue(collect(), allow_writes=True).listed}
    assert not [name for name in listed if name.startswith("facebook_")]


@pytest.mark.parametrize(
    ("more", "edge", "params"),
    [
        ({}, "feed", {"message": TEXT}),
        ({"link": "https://example.com/menu"}, "feed", {"message": TEXT, "link": "https://example.com/menu"}),
        ({"photo_url": "https://example.com/a.jpg"}, "photos", {"message": TEXT, "url": "https://example.com/a.jpg"}),
        (
            {"scheduled_publish_time": int(START) + 86_400},
            "feed",
            {"message": TEXT, "published": False, "scheduled_publish_time": int(START) + 86_400},
        ),
    ],
)
async def test_a_post_is_published_when_somebody_agrees(
    client: ScriptedGraph, more: dict[str, Any], edge: str, params: dict[str, Any]
) -> None:
    answer = await confirmed(engine(client), "facebook_create_post", {**NEW, **more})
    (request,) = client.writes
    assert (request.path, request.page, dict(request.params)) == (f"{PAGE}/{edge}", PAGE, params)
    data = answer.structured["data"]
    assert (data["status"], data["id"], data["post_id"]) == ("success", "60_78", "60_78")
    assert ("post_url" in data) == ("scheduled_publish_time" not in more)


async def test_nothing_is_published_without_saying_so(client: ScriptedGraph) -> None:
    answer = await engine(client).call("facebook_create_post", {"page_id": PAGE, "message": TEXT})
    assert answer.structured["data"]["status"] == "dry_run"
    assert client.writes == []


async def test_the_audit_log_has_a_hash_of_the_text_alone(client: ScriptedGraph, tmp_path: Path) -> None:
    await confirmed(engine(client, state_dir=tmp_path), "facebook_create_post", NEW)
    audit = "".join(path.read_text() for path in (tmp_path / "audit").iterdir())
    assert '"message": "' in audit
    assert "winter" not in audit


@pytest.mark.parametrize(
    "wrong",
    [
        {"message": ""},
        {"message": "x" * 63_207},
        {"link": "https://example.com", "photo_url": "https://example.com/a.jpg"},
        {"link": "http://example.com"},
        {"photo_url": "https://127.0.0.1/a.jpg"},
        {"photo_url": "https://printer.local/a.jpg"},
        {"scheduled_publish_time": int(START) + 599},
        {"scheduled_publish_time": int(START) + 30 * 86_400 + 1},
        {"scheduled_publish_time": int(START) - 5},
    ],
)
async def test_what_meta_would_refuse_is_not_sent(client: ScriptedGraph, wrong: dict[str, Any]) -> None:
    answer = await engine(client).call("facebook_create_post", {**NEW, **wrong})
    assert error_of(answer)["kind"] == "invalid_arguments"
    assert client.sent == []


async def test_the_longest_text_passes(client: ScriptedGraph) -> None:
    answer = await engine(client).call("facebook_create_post", {**NEW, "message": "ä" * 63_206})
    assert answer.structured["data"]["status"] == "needs_confirmation"


async def test_a_lost_post_is_not_sent_again(client: ScriptedGraph) -> None:
    client.lose = lambda request: UnknownOutcome("The answer was lost.")
    made = engine(client)
    answer = await confirmed(made, "facebook_create_post", {**NEW, "idempotency_key": "menu"})
    assert error_of(answer)["kind"] == "unknown_outcome"
    again = await made.call("facebook_create_post", {**NEW, "idempotency_key": "menu"})
    assert error_of(again)["kind"] == "unknown_outcome"
    assert len(client.writes) == 1


async def test_a_post_is_deleted_with_an_agreement(client: ScriptedGraph) -> None:
    pending = await engine(client).call("facebook_delete_post", {"post_id": POST})
    assert "winter" in pending.structured["summary"]
    answer = await confirmed(engine(client), "facebook_delete_post", {"post_id": POST})
    assert answer.structured["data"]["status"] == "success"
    assert POST not in client.objects


async def test_a_post_that_is_gone_is_a_success(client: ScriptedGraph) -> None:
    del client.objects[POST]
    answer = await engine(client).call("facebook_delete_post", {"post_id": POST})
    assert (answer.structured["data"]["status"], answer.structured["data"]["id"]) == ("success", POST)
    assert any("already" in note for note in answer.structured["notes"])
    assert client.writes == []


async def test_counts_of_a_post_are_numbers(client: ScriptedGraph) -> None:
    def read(request: Request) -> dict[str, Any]:
        assert request.page == PAGE
        return {
            "id": POST,
            "message": TEXT,
            "likes": {"data": [], "summary": {"total_count": 12}},
            "reactions": {"data": [], "summary": {"total_count": 15}},
            "comments": {"data": [], "summary": {"total_count": 3}},
            "from": {"id": PAGE, "name": "Shop"},
            "attachments": {"data": [{"media_type": "link", "url": "https://shop.example.com"}]},
        }

    client.answers["GET", POST] = read
    data = (await engine(client).call("facebook_get_post", {"post_id": POST})).structured["data"]
    assert data == {
        "id": POST,
        "message": TEXT,
        "from": {"id": PAGE, "name": "Shop"},
        "attachments": [{"media_type": "link", "url": "https://shop.example.com"}],
        "likes_count": 12,
        "reactions_count": 15,
        "comments_count": 3,
        "shares_count": 0,
    }
    few = (await engine(client).call("facebook_get_post", {"post_id": POST, "fields": ["likes"]})).structured["data"]
    assert "shares_count" not in few
    assert client.sent[-1].params["fields"] == "id,likes.limit(1).summary(total_count)"


@pytest.mark.parametrize("tool", ["facebook_get_post", "facebook_delete_post"])
async def test_a_post_id_names_its_page(client: ScriptedGraph, tool: str) -> None:
    assert error_of(await engine(client).call(tool, {"post_id": "77"}))["kind"] == "invalid_arguments"


def metric(name: str, *values: int) -> dict[str, Any]:
    points = [{"value": value, "end_time": f"2026-11-{day:02d}T08:00:00+0000"} for day, value in enumerate(values, 1)]
    return {
        "id": f"{PAGE}/insights/{name}/week",
        "name": name,
        "period": "week",
        "title": name.title(),
        "values": points,
    }


async def figures(client: ScriptedGraph, *metrics: dict[str, Any], **arguments: Any) -> Any:
    client.answers["GET", f"{PAGE}/insights"] = lambda request: {"data": list(metrics)}
    return await engine(client).call("facebook_get_page_insights", {"page_id": PAGE, **arguments})


async def test_several_periods_are_a_table(client: ScriptedGraph) -> None:
    answer = await figures(
        client,
        metric("page_media_view", 5, 7),
        metric("page_views_total", 1, 2),
        metrics=["page_media_view", "page_views_total"],
    )
    assert answer.structured["data"] == {
        "columns": ["metric", "last_day", "value"],
        "rows": [
            ["page_media_view", "2026-10-31", 5],
            ["page_media_view", "2026-11-01", 7],
            ["page_views_total", "2026-10-31", 1],
            ["page_views_total", "2026-11-01", 2],
        ],
    }
    (request,) = client.sent
    assert request.page == PAGE
    assert {name: request.params[name] for name in ("metric", "period")} == {
        "metric": ["page_media_view", "page_views_total"],
        "period": "week",
    }


async def test_dates_select_the_days_that_are_named() -> None:
    """Graph selects by the end of a period, which is the midnight after its last day."""
    demo = build_reader()
    page = demo.nodes("Page")[0].id
    asked = {"page_id": page, "since": "2026-10-05", "until": "2026-10-11", "metrics": ["page_views_total"]}
    days = (await demo.call("facebook_get_page_insights", {**asked, "period": "day"})).structured["data"]["rows"]
    weeks = (await demo.call("facebook_get_page_insights", asked)).structured
    assert [day for _, day, _ in days] == [f"2026-10-{day:02d}" for day in range(5, 12)]
    assert weeks["data"]["rows"][-1] == ["page_views_total", "2026-10-11", sum(value for *_, value in days)]
    assert any("overlap" in note for note in weeks["notes"])


async def test_one_period_is_a_row_per_metric(client: ScriptedGraph) -> None:
    answer = await figures(
        client, metric("page_media_view", 5), metrics=["page_media_view", "page_follows"], period="day"
    )
    assert answer.structured["data"] == [
        {
            "metric": "page_media_view",
            "value": 5,
            "period": "week",
            "last_day": "2026-10-31",
            "title": "Page_Media_View",
        }
    ]
    assert any("page_follows" in note for note in answer.structured["notes"])


@pytest.mark.parametrize(
    ("gone", "present"),
    [
        ("page_impressions", "page_media_view"),
        ("page_impressions_unique", "page_total_media_view_unique"),
        ("page_impressions_paid", "page_media_view"),
        ("post_impressions_viral", "post_media_view"),
        ("page_engaged_users", "page_post_engagements"),
        ("page_fans", "page_follows"),
        ("page_fans_city", "page_follows_city"),
        ("page_fans_locale", "page_follows"),
        ("page_fan_adds_unique", "page_daily_follows"),
        ("total_video_impressions", "page_media_view"),
    ],
)
async def test_a_removed_metric_is_answered_with_todays(client: ScriptedGraph, gone: str, present: str) -> None:
    answer = await figures(client, metrics=["page_views_total", gone])
    assert f"Meta removed {gone}: ask for {present}" in error_of(answer)["message"]
    assert client.sent == []


async def test_a_removed_metric_without_a_replacement_is_left_out(client: ScriptedGraph) -> None:
    answer = await figures(client, metrics=["page_views_total", "total_video_consumption_rate"])
    assert "total_video_consumption_rate: leave it out, nothing replaces it" in error_of(answer)["message"]
    assert client.sent == []


async def test_zero_is_a_figure(client: ScriptedGraph) -> None:
    answer = await figures(client, metric("page_media_view", 0), metrics=["page_media_view"])
    assert answer.structured["data"][0]["value"] == 0


def scheduling_graph(zones: dict[str, str], promoting: set[str]) -> ScriptedGraph:
    """Ad accounts in time zones, of which some promote the Page."""
    accounts = [{"id": f"act_{account}", "timezone_name": zone} for account, zone in zones.items()]
    pages = {f"act_{account}/promote_pages": rows({"id": PAGE if account in promoting else "8"}) for account in zones}
    return ScriptedGraph({"me/adaccounts": rows(*accounts), **pages})


@pytest.mark.parametrize(
    ("moment", "zones", "promoting", "seconds"),
    [
        ("2026-12-04T18:00:00", {"1": "America/New_York"}, set(), 1796425200),
        ("2026-12-04T18:00", {"1": "America/New_York", "2": "Europe/Berlin"}, {"2"}, 1796403600),
        ("2026-12-04T18:00:00+01:00", {}, set(), 1796403600),
        ("1796403600", {}, set(), 1796403600),
    ],
)
async def test_time_of_a_post_is_read_in_the_zone_of_the_account_of_its_page(
    moment: str, zones: dict[str, str], promoting: set[str], seconds: int
) -> None:
    graph = scheduling_graph(zones, promoting)
    answer = await engine(graph).call(
        "facebook_create_post", {"page_id": PAGE, "message": "x", "scheduled_publish_time": moment}
    )
    assert not answer.is_error, answer.text
    data = answer.structured["data"]
    assert data["plan"][0]["parameters"]["scheduled_publish_time"] == seconds
    assert data["changes"]["scheduled_publish_time"]["after"].startswith("2026-12-04T")


async def test_time_without_an_offset_is_refused_where_accounts_are_in_several_zones() -> None:
    graph = scheduling_graph({"1": "America/New_York", "2": "Europe/Berlin"}, {"1", "2"})
    answer = await engine(graph).call(
        "facebook_create_post", {"page_id": PAGE, "message": "x", "scheduled_publish_time": "2026-12-04T18:00:00"}
    )
    assert answer.structured["error"]["kind"] == "invalid_arguments"
    assert "2026-12-04T18:00:00-05:00" in answer.structured["error"]["next_step"]
