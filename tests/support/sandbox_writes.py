"""A sandbox to write in: objects of one account by name, and calls with those names filled in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.store import Node
from tests.sandbox.conftest import BASE, NOW

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAC56t6BAAAAC0lEQVR4nGNgQAUAABUAAQ=="
DE = {"geo_locations": {"countries": ["DE"]}}
US = {"geo_locations": {"countries": ["US"]}}
DAY = 86_400


def at(days: float) -> int:
    """Unix seconds of a moment that many days from now."""
    return int(NOW.timestamp() + days * DAY)


@dataclass
class Writing:
    """`names` are used in paths and params as `{name}`."""

    transport: SandboxTransport
    number: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        store, world = self.transport.world.store, self.transport.world
        own = world.account_ids[self.number]
        account = f"act_{own}"
        campaigns = store.children(account, "campaigns")
        live = [one for one in campaigns if one.get("status") == "ACTIVE"]
        shared = next(one for one in live if one.get("daily_budget"))
        split = next(one for one in live if not one.get("daily_budget"))
        ad_set = store.children(split.id, "adsets")[0]
        ad = store.children(ad_set.id, "ads")[0]
        self.names = {
            "account": account,
            "other": f"act_{world.account_ids[1 - self.number]}",
            "shared": shared.id,
            "split": split.id,
            "archived": self._with(campaigns, "ARCHIVED"),
            "deleted": self._with(campaigns, "DELETED"),
            "ad_set": ad_set.id,
            "shared_ad_set": store.children(shared.id, "adsets")[0].id,
            "ad": ad.id,
            "creative": ad.get("creative")["id"],
            "page": world.page_ids[self.number],
            "foreign_page": world.page_ids[1 - self.number],
            "pixel": store.links[account, "adspixels"][0],
            "image": store.children(account, "adimages")[0].get("hash"),
            "video": store.links[account, "advideos"][0],
            "audience": store.links[account, "customaudiences"][0],
            "flagged": store.links[account, "customaudiences"][3],
            "visitors": store.links[account, "customaudiences"][1],
            "rule": store.links[account, "adrules_library"][0],
            "conversion": store.links[account, "customconversions"][0],
            "business": world.business_id,
            "instagram": store.links[account, "instagram_accounts"][0],
            "post": str(store.children(account, "adcreatives")[0].get("effective_object_story_id")),
            "form": store.links[world.page_ids[self.number], "leadgen_forms"][0],
        }
        self.names["comment"] = store.links[self.names["post"], "comments"][0]

    @staticmethod
    def _with(nodes: list[Node], status: str) -> str:
        return next((one.id for one in nodes if one.get("status") == status), "")

    @property
    def store(self) -> Any:
        return self.transport.world.store

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(inner) for inner in value]
        if not isinstance(value, str):
            return value
        for name, known in self.names.items():
            value = value.replace("{" + name + "}", known)
        return value

    async def send(self, method: str, path: str, params: dict[str, Any], **more: Any) -> httpx.Response:
        """As Graph has it: lists and objects as JSON in a form. `page=True` speaks with the Page's own token."""
        token = self.transport.token
        if more.pop("page", False):
            token = str(self.store.nodes[self.names["page"]].get("access_token"))
        sent = {
            key: value if isinstance(value, str) else json.dumps(value) for key, value in self.filled(params).items()
        }
        url = more.pop("base", BASE) + self.filled(path)
        carried = {"params" if method != "POST" else "data": sent}
        async with httpx.AsyncClient(transport=self.transport) as client:
            return await client.request(method, url, headers={"Authorization": f"Bearer {token}"}, **carried, **more)

    async def done(self, method: str, path: str, params: dict[str, Any], **more: Any) -> Any:
        response = await self.send(method, path, params, **more)
        assert response.status_code == 200, response.text
        return response.json()

    async def refused(self, method: str, path: str, params: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The error of a call that is refused, and that changed nothing."""
        before = self.store.snapshot()
        response = await self.send(method, path, params, **more)
        assert response.status_code != 200, response.text
        assert self.store.changes(before) == {}
        found: dict[str, Any] = response.json()["error"]
        return found


def writing(number: int = 0) -> Writing:
    """A new world to change."""
    return Writing(SandboxTransport(World(today=NOW, accounts=2, ads=440), clock=lambda: NOW), number)


@cache
def untouched(number: int = 0) -> Writing:
    """One world for all calls that must not change it."""
    return writing(number)
