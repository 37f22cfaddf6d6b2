"""Copies that Graph makes of objects."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.fake_transport import FakeTransport
from tests.support.sandbox_writes import US, writing

from .test_writes_refused import (
    AD,
    AD_SET,
)


@pytest.fixture
def made() -> FakeTransport:
    return writing()


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ("S - Copy", "A")),
        ({"rename_options": {"rename_strategy": "NO_RENAME"}}, ("S", "A")),
        ({"rename_options": {"rename_strategy": "DEEP_RENAME", "rename_suffix": " 2"}}, ("S 2", "A 2")),
        ({"rename_options": {"rename_prefix": "New "}}, ("New S", "A")),
    ],
)
async def test_a_deep_copy_of_an_ad_set(made: FakeTransport, options: dict[str, Any], names: tuple[str, str]) -> None:
    made.names["new"] = (await made.done("POST", "{account}/adsets", AD_SET))["id"]
    made.names["new_ad"] = (await made.done("POST", "{account}/ads", AD | {"adset_id": "{new}", "status": "ACTIVE"}))[
        "id"
    ]
    answer = await made.done("POST", "{new}/copies", {"deep_copy": "true", **options})
    assert [row["ad_object_type"] for row in answer["ad_object_ids"]] == ["ad_set", "ad"]
    copies = [made.store.nodes[row["copied_id"]] for row in answer["ad_object_ids"]]
    assert tuple(copy.get("name") for copy in copies) == names
    assert {copy.get("status") for copy in copies} == {"PAUSED"}
    assert copies[0].get("source_adset_id") == made.names["new"]
    assert (copies[0].get("targeting"), copies[0].get("daily_budget")) == (US, "5000")
    assert answer["copied_adset_id"] == copies[0].id


@pytest.mark.parametrize(("option", "status"), [("INHERITED_FROM_SOURCE", "ACTIVE"), ("ACTIVE", "ACTIVE")])
async def test_the_status_of_a_copy(made: FakeTransport, option: str, status: str) -> None:
    answer = await made.done("POST", "{ad}/copies", {"status_option": option, "adset_id": "{shared_ad_set}"})
    copy = made.store.nodes[answer["copied_ad_id"]]
    assert (copy.get("status"), copy.get("adset_id")) == (status, made.names["shared_ad_set"])


async def test_a_shallow_copy_of_a_campaign_has_no_ad_sets(made: FakeTransport) -> None:
    answer = await made.done("POST", "{split}/copies", {})
    assert made.store.children(answer["copied_campaign_id"], "adsets") == []


async def test_many_ads_are_copied_asynchronously(made: FakeTransport) -> None:
    member = {"name": "copy", "relative_url": made.filled("{ad_set}/copies"), "body": "deep_copy=true"}
    wrong = {"name": "wrong", "relative_url": "12345/copies", "body": ""}
    made.names["set"] = (
        await made.done("POST", "{account}/async_batch_requests", {"name": "n", "adbatch": [member, wrong]})
    )["id"]
    first = await made.done("GET", "{set}", {"fields": "is_completed,success_count"})
    assert (first["is_completed"], first["success_count"]) == (False, 0)
    done = await made.done("GET", "{set}", {"fields": "is_completed,success_count,error_count,total_count"})
    assert (done["is_completed"], done["success_count"], done["error_count"], done["total_count"]) == (True, 1, 1, 2)
    rows = (await made.done("GET", "{set}/requests", {"fields": "id,status,result,input"}))["data"]
    result = {row["status"]: row["result"] for row in rows}
    copied = result["success"]["copied_adset_id"]
    assert len(made.store.children(copied, "ads")) == len(made.store.children(made.names["ad_set"], "ads"))
    assert result["error"]["error_code"] == 100


async def test_copies_of_an_object_are_listed() -> None:
    made = writing()
    assert (await made.done("GET", "{ad}/copies", {}))["data"] == []
    copy = (await made.done("POST", "{ad}/copies", {}))["copied_ad_id"]
    assert (await made.done("GET", "{ad}/copies", {}))["data"] == [{"id": copy}]
    await made.done("DELETE", copy, {})
    assert (await made.done("GET", "{ad}/copies", {}))["data"] == []
