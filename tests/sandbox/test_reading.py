"""Fields, nested edges, lists, paging, filters, headers and the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.sandbox import SandboxTransport, World, fields, paging
from tests.support.fake_transport import FakeTransport

from .conftest import NOW


async def test_only_defaults_come_without_fields(box: FakeTransport) -> None:
    assert await box.get("me") == {"id": box.world.user_id, "name": "Lanterna Reporting (system user)"}
    rows = (await box.get(f"{box.account()}/campaigns"))["data"]
    assert all(set(row) == {"id"} for row in rows)


async def test_the_id_always_comes(box: FakeTransport) -> None:
    found = await box.get(box.account(), fields="name")
    assert found == {"name": "Harbor & Pine Outdoor", "id": box.account()}


async def test_nested_fields_and_edges_with_modifiers(world: World) -> None:
    box = FakeTransport(SandboxTransport(world, clock=lambda: NOW, new_app=False))
    wanted = (
        "name,adsets.limit(2){name,ads.limit(1){creative{id,name},adset{targeting{age_min}}}},"
        "insights.date_preset(last_7d).as(week){spend}"
    )
    rows = (await box.get(f"{box.account()}/campaigns", fields=wanted, effective_status=["ACTIVE"]))["data"]
    first = rows[-1]
    assert len(first["adsets"]["data"]) == 2
    ad = first["adsets"]["data"][0]["ads"]["data"][0]
    assert set(ad["creative"]) == {"id", "name"}
    assert set(ad["adset"]["targeting"]) == {"age_min"}
    assert float(first["week"]["data"][0]["spend"]) > 0
    assert set(first["week"]["data"][0]) == {"spend", "date_start", "date_stop"}


async def test_a_nested_edge_without_rows_is_left_out(box: FakeTransport) -> None:
    rows = (
        await box.get(
            f"{box.account()}/campaigns", fields="insights.date_preset(yesterday){spend}", effective_status=["ARCHIVED"]
        )
    )["data"]
    assert [set(row) for row in rows] == [{"id"}]


async def test_a_creative_without_braces_is_its_id(box: FakeTransport) -> None:
    row = (await box.get(f"{box.account()}/ads", fields="creative", limit="1"))["data"][0]
    assert set(row["creative"]) == {"id"}


@pytest.mark.parametrize("wanted", ['["name","creative{id}"]', ' [ "name" , "creative{id}" ] ', "name,creative{id}"])
async def test_fields_may_be_a_json_array(box: FakeTransport, wanted: str) -> None:
    rows = (await box.get(f"{box.account()}/ads", fields=wanted, limit="3"))["data"]
    assert [set(row) for row in rows] == [{"name", "creative", "id"}] * 3


COUNTED = "ads adsets campaigns adimages advideos adcreatives".split()
UNCOUNTED = "adspixels promote_pages customaudiences adrules_library customconversions instagram_accounts".split()


@pytest.mark.parametrize("edge", [*COUNTED, *UNCOUNTED])
@pytest.mark.parametrize("sent", [{"summary": "true"}, {"default_summary": "true"}])
async def test_every_list_takes_what_cursors_send(box: FakeTransport, edge: str, sent: dict[str, str]) -> None:
    page = await box.get(f"{box.account()}/{edge}", limit="1", **sent)
    assert ("summary" in page) is (edge in COUNTED and "summary" in sent)


async def every_page(box: FakeTransport, path: str, limit: int, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    for _ in range(500):
        page = await box.get(path, limit=str(limit), **params, **after)
        assert len(page["data"]) <= limit
        rows += page["data"]
        if "next" not in page.get("paging", {}):
            return rows
        after = {"after": page["paging"]["cursors"]["after"]}
    pytest.fail("the pages never end")


@pytest.mark.parametrize("limit", [1, 7, 25, 500])
async def test_pages_give_every_row_once(box: FakeTransport, limit: int) -> None:
    path = f"{box.account(1)}/ads"
    rows = await every_page(box, path, limit)
    total = (await box.get(path, summary="total_count", limit="1"))["summary"]["total_count"]
    assert len({row["id"] for row in rows}) == len(rows) == total


async def test_sixty_accounts_come_in_three_pages() -> None:
    transport = SandboxTransport(World(today=NOW, accounts=60), clock=lambda: NOW)
    box = FakeTransport(transport)
    assert len(await every_page(box, "me/adaccounts", 25)) == 60
    owned = await every_page(box, f"{box.world.business_id}/owned_ad_accounts", 25)
    clients = await every_page(box, f"{box.world.business_id}/client_ad_accounts", 25)
    assert len(owned) + len(clients) == 60
    assert len(transport.log) == 3 + 2 + 1


async def test_the_next_link_repeats_the_query_and_holds_the_token(box: FakeTransport) -> None:
    page = await box.get(f"{box.account()}/ads", limit="2", fields="name")
    query = parse_qs(urlsplit(page["paging"]["next"]).query)
    assert query["access_token"] == [box.sandbox.token]
    assert query["fields"] == ["name"]
    response = await box.http.get(page["paging"]["next"], headers={"Authorization": ""})
    assert response.json()["data"] != page["data"]
    back = await box.get(
        f"{box.account()}/ads", limit="2", fields="name", before=response.json()["paging"]["cursors"]["before"]
    )
    assert back["data"] == page["data"]


async def test_an_empty_list_has_no_paging(box: FakeTransport) -> None:
    filtering = [{"field": "name", "operator": "CONTAIN", "value": "no such name"}]
    assert await box.get(f"{box.account()}/ads", filtering=filtering) == {"data": []}


@given(st.integers(0, 10**9))
def test_cursors_survive_the_wire(position: int) -> None:
    assert paging.decode_cursor("after", paging.encode_cursor(position)) == position


NAMES = st.text(alphabet="abcdefgh_1", min_size=1, max_size=6)
WANTED = st.recursive(
    st.builds(
        fields.FieldSelection, NAMES, st.dictionaries(NAMES, st.sampled_from(["5", '["A","(B"]', "x(1)"]), max_size=2)
    ),
    lambda inner: st.builds(
        fields.FieldSelection, NAMES, st.just({}), st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=8,
)


def written(wanted: tuple[fields.FieldSelection, ...]) -> str:
    def one(item: fields.FieldSelection) -> str:
        args = "".join(f".{key}({value})" for key, value in item.args.items())
        return item.name + args + ("" if item.inner is None else f"{{{written(item.inner)}}}")

    return ",".join(one(item) for item in wanted)


@given(st.lists(WANTED, min_size=1, max_size=4).map(tuple))
def test_a_fields_expression_is_read_as_it_was_written(wanted: tuple[fields.FieldSelection, ...]) -> None:
    assert fields.parse(written(wanted)) == wanted


async def test_archived_and_deleted_come_only_when_named(box: FakeTransport) -> None:
    path = f"{box.account()}/campaigns"
    plain = {row["effective_status"] for row in (await box.get(path, fields="effective_status"))["data"]}
    assert plain == {"ACTIVE", "PAUSED", "WITH_ISSUES"}
    for status in ("ARCHIVED", "PAUSED", "WITH_ISSUES"):
        rows = (await box.get(path, fields="effective_status", effective_status=[status]))["data"]
        assert {row["effective_status"] for row in rows} == {status}
    both = (await box.get(path, effective_status=["DELETED", "ARCHIVED"]))["data"]
    assert len(both) == 2


async def test_the_parents_status_shows_below(box: FakeTransport) -> None:
    found = set()
    for edge in ("adsets", "ads"):
        rows = await every_page(box, f"{box.account()}/{edge}", 500, fields="effective_status")
        found |= {row["effective_status"] for row in rows}
    assert found == {"ACTIVE", "PAUSED", "ADSET_PAUSED", "CAMPAIGN_PAUSED", "DISAPPROVED"}


@pytest.mark.parametrize(
    ("operator", "value", "fits"),
    [
        ("EQUAL", "PAUSED", lambda row: row["status"] == "PAUSED"),
        ("NOT_EQUAL", "PAUSED", lambda row: row["status"] != "PAUSED"),
        ("IN", ["PAUSED"], lambda row: row["status"] == "PAUSED"),
        ("NOT_IN", ["PAUSED"], lambda row: row["status"] != "PAUSED"),
        ("CONTAIN", "paus", lambda row: row["status"] == "PAUSED"),
        ("STARTS_WITH", "PA", lambda row: row["status"] == "PAUSED"),
    ],
)
async def test_filtering_an_edge(box: FakeTransport, operator: str, value: Any, fits: Any) -> None:
    filtering = [{"field": "status", "operator": operator, "value": value}]
    path = f"{box.account()}/ads"
    every = await every_page(box, path, 500, fields="status")
    kept = await every_page(box, path, 500, fields="status", filtering=filtering)
    assert kept == [row for row in every if fits(row)]
    assert 0 < len(kept) < len(every)


async def test_filtering_by_parent_and_by_time(box: FakeTransport) -> None:
    path = f"{box.account(1)}/ads"
    rows = await every_page(box, path, 500, fields="campaign_id,updated_time")
    wanted = rows[0]["campaign_id"]
    kept = await every_page(box, path, 500, filtering=[{"field": "campaign.id", "operator": "IN", "value": [wanted]}])
    assert len(kept) == sum(row["campaign_id"] == wanted for row in rows)
    since = int(datetime.fromisoformat(rows[3]["updated_time"]).timestamp())
    newer = sum(datetime.fromisoformat(row["updated_time"]).timestamp() > since for row in rows)
    later = [{"field": "updated_time", "operator": "GREATER_THAN", "value": since}]
    assert len(await every_page(box, path, 500, filtering=later)) == newer > 0
    since_or_at = await every_page(box, path, 500, updated_since=str(since))
    assert len(since_or_at) == sum(datetime.fromisoformat(row["updated_time"]).timestamp() >= since for row in rows)


async def test_headers_of_an_account_and_of_insights(box: FakeTransport) -> None:
    response = await box.raw("GET", f"{box.account()}/insights", date_preset="yesterday")
    number = box.world.account_ids[0]
    usage = box.sandbox.usage
    usage.regain_minutes = 5
    assert {"x-app-usage", "x-ad-account-usage", "x-fb-ads-insights-throttle"} <= set(response.headers)
    assert number in response.headers["x-business-use-case-usage"]
    assert "ads_insights" in response.headers["x-business-use-case-usage"]
    other = await box.raw("GET", box.account())
    assert '"estimated_time_to_regain_access": 5' in other.headers["x-business-use-case-usage"]
    assert "x-fb-ads-insights-throttle" not in other.headers


async def test_the_log_shows_what_was_sent(world: World) -> None:
    box = FakeTransport(SandboxTransport(world, clock=lambda: NOW, new_app=False))
    await box.http.post(box.account(), data={"method": "GET", "fields": "name"})
    entry = box.sandbox.log[-1]
    assert (entry.method, entry.path, entry.version, entry.status) == ("GET", box.account(), "v26.0", 200)
    assert entry.params["fields"] == "name"
    assert entry.body_size > 0
    assert entry.headers["authorization"].endswith(box.sandbox.token)


async def test_a_file_arrives(box: FakeTransport) -> None:
    files = {"picture.jpg": ("picture.jpg", b"\xff\xd8pixels", "image/jpeg")}
    await box.http.post(f"{box.account()}/adimages", files=files, data={"name": "picture"})
    upload = box.sandbox.log[-1]
    assert [(one.filename, one.content) for one in upload.files] == [("picture.jpg", b"\xff\xd8pixels")]
    assert upload.params["name"] == "picture"
