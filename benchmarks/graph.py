"""Graph as cheap as it can be: as many rows as asked, made on the way, so that what is measured is ours."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

ACCOUNT = "act_1"
RUN = "5"
EVENTS = ("link_click", "landing_page_view", "omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
# Meta's word that the app has the tier of a grown one, without which reading stops after some dozens of requests.
FULL_ACCESS = {"x-ad-account-usage": json.dumps({"acc_id_util_pct": 1, "ads_api_access_tier": "standard_access"})}
Json = dict[str, Any]


class MadeGraph(httpx.AsyncBaseTransport):
    """Every edge has `rows` rows; pages are of the `limit` asked. Counts round trips."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self.round_trips = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.round_trips += 1
        url = urlsplit(str(request.url))
        params = dict(parse_qsl((await request.aread()).decode() or url.query))
        if "batch" in params:
            answer: Any = [self._member(each) for each in json.loads(params["batch"])]
        else:
            answer = self._answer(url.path.split("/", 2)[2], params)
        return httpx.Response(200, json=answer, headers=FULL_ACCESS)

    def _member(self, asked: Json) -> Json:
        url = urlsplit(asked["relative_url"])
        body = self._answer(url.path.split("/", 1)[1], dict(parse_qsl(url.query)))
        return {"code": 200, "headers": [], "body": json.dumps(body)}

    def _answer(self, path: str, params: dict[str, str]) -> Json:
        node, _, edge = path.partition("/")
        if not edge:
            return _node(node, params.get("fields", ""))
        first, size = int(params.get("after", 0)), int(params.get("limit", 25))
        last = min(self._rows, first + size)
        make = insights_row if edge == "insights" else ad_row
        more = {"paging": {"cursors": {"after": str(last)}, "next": "https://more"}} if last < self._rows else {}
        return {"data": [make(number) for number in range(first, last)], **more}


def _node(node: str, fields: str) -> Json:
    if node == RUN:
        return {"id": RUN, "account_id": "1", "async_status": "Job Completed", "async_percent_completion": 100}
    if not node.startswith("act_"):
        return {"id": node, "account_id": "1"}
    number = int(node.removeprefix("act_"))
    answer = {
        "id": node,
        "account_id": str(number),
        "name": f"Account {number}",
        "currency": ("USD", "EUR")[number % 2],
        "timezone_name": "America/New_York",
        "account_status": 1,
    }
    return answer | ({"insights": {"data": [insights_row(number)]}} if "insights" in fields else {})


def ad_row(number: int) -> Json:
    return {
        "id": str(120_203_061_340_000_000 + number),
        "account_id": "1",
        "name": f"Basecamp Tent - link {number} / Lookalike 1% - US",
        "adset_id": "120277081053279474",
        "campaign_id": "120243686589160366",
        "status": "ACTIVE",
        "effective_status": "ACTIVE",
        "creative": {"id": str(1_203_803_430_000_000 + number)},
        "created_time": "2025-08-06T08:23:00-0400",
        "updated_time": "2026-09-08T16:49:00-0400",
    }


def insights_row(number: int) -> Json:
    impressions, clicks = 1000 + number % 7919, 1 + number % 211
    return {
        "date_start": f"2026-09-{number % 30 + 1:02}",
        "date_stop": f"2026-09-{number % 30 + 1:02}",
        "account_id": "1",
        "ad_id": str(120_203_061_340_000_000 + number),
        "ad_name": f"Basecamp Tent - link {number % 977}",
        "impressions": str(impressions),
        "clicks": str(clicks),
        "spend": f"{number % 50_000 / 100:.2f}",
        "ctr": f"{100 * clicks / impressions:.6f}",
        "actions": [{"action_type": event, "value": str(number * place % 97)} for place, event in enumerate(EVENTS, 1)],
    }


class Jumping:
    """A clock that passes by itself only as far as work takes; a pause is over at once."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        return time.time() + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    async def sleep(self, seconds: float) -> None:
        self._ahead += seconds
