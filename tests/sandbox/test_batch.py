"""`POST /` with up to 50 members, each with its own code, headers and body text."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from meta_ads_mcp.sandbox import graph_error
from tests.support.fake_transport import FakeTransport


async def send(box: FakeTransport, members: Any, **more: Any) -> httpx.Response:
    return await box.http.post("", data={"batch": json.dumps(members), **more})


def get(path: str, **more: Any) -> dict[str, Any]:
    return {"method": "GET", "relative_url": path, **more}


async def test_members_answer_for_themselves(box: FakeTransport) -> None:
    response = await send(box, [get(f"v26.0/{box.account()}?fields=name"), get("act_1"), get("me")])
    assert response.status_code == 200
    found = response.json()
    assert [one["code"] for one in found] == [200, 400, 200]
    assert json.loads(found[0]["body"])["name"] == "Harbor & Pine Outdoor"
    assert json.loads(found[1]["body"])["error"]["error_subcode"] == 33
    names = {one["name"] for one in found[0]["headers"]}
    assert {"facebook-api-version", "x-business-use-case-usage", "x-ad-account-usage"} <= names


async def test_headers_can_be_left_out(box: FakeTransport) -> None:
    found = (await send(box, [get("me")], include_headers="false")).json()
    assert set(found[0]) == {"code", "body"}


async def test_a_later_member_can_use_an_earlier_answer(box: FakeTransport) -> None:
    members = [
        get(f"{box.account()}/campaigns?limit=2", name="first", omit_response_on_success=True),
        get("{result=first:$.data.*.id}"),
        get("{result=first:$.paging.cursors.after}"),
    ]
    found = (await send(box, members)).json()
    assert found[0] is None
    text = json.loads(found[1]["body"])["error"]["message"]
    rows = (await box.get(f"{box.account()}/campaigns", limit="2"))["data"]
    assert ",".join(row["id"] for row in rows) in text


async def test_no_entry_is_null_unless_it_was_asked_for(box: FakeTransport) -> None:
    found = (await send(box, [get("me", name="a"), get("me", omit_response_on_success=False)])).json()
    assert None not in found


async def test_fifty_are_the_most(box: FakeTransport) -> None:
    assert len((await send(box, [get("me")] * 50)).json()) == 50
    response = await send(box, [get("me")] * 51)
    assert response.status_code == 400
    assert "Maximum batch size is 50" in response.json()["error"]["message"]


@pytest.mark.parametrize("batch", ["{", '{"method":"GET"}', '["me"]'])
async def test_a_malformed_batch_is_refused(box: FakeTransport, batch: str) -> None:
    response = await box.http.post("", data={"batch": batch})
    assert (response.status_code, response.json()["error"]["code"]) == (400, 100)


async def test_a_batch_needs_a_token(box: FakeTransport) -> None:
    response = await box.http.post("", data={"batch": json.dumps([get("me")])}, headers={"Authorization": ""})
    assert response.json()["error"]["code"] == 190


async def test_a_member_may_bring_its_own_token(box: FakeTransport) -> None:
    page_token, page_id = next(iter(box.world.page_tokens().items()))
    found = (await send(box, [get(f"me?access_token={page_token}")])).json()
    assert json.loads(found[0]["body"])["id"] == page_id


async def test_a_fault_can_hit_one_member(box: FakeTransport) -> None:
    box.sandbox.faults.add("GET me", respond=graph_error(17, subcode=2446079))
    box.sandbox.faults.add(box.account(), respond=None)
    found = (await send(box, [get("me"), get("me"), get(box.account())])).json()
    assert [one and one["code"] for one in found] == [400, 200, None]
