"""Turn the edits of an object into the steps of a unit: one update, and a new creative where a link changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect
from meta_ads_mcp.core.units.unit_plan import UnitStep, id_of_step
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.write import Change, Inverse
from meta_ads_mcp.domain.copying import read_source, require_copyable, writable_creative
from meta_ads_mcp.domain.destinations import remaining_destinations, replace_links, web_destinations
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.bulk.object_reads import update_request

_BUDGETS = frozenset({"daily_budget", "lifetime_budget"})
_ENDS = ("end_time", "stop_time")
# Fields that Graph shows in another form than it takes, or in another order.
_NOT_READ_BACK = frozenset({"adlabels"})


@dataclass
class EditSteps:
    """Collect the steps of many edits. Ads with the same creative and the same new link share the new creative."""

    call: Call
    account_id: str
    steps: list[UnitStep] = field(default_factory=list)
    _creatives: dict[tuple[str, str | None, str | None], str] = field(default_factory=dict)

    def update(self, level: EntityType, row: Mapping[str, Any], params: Row, line: int | None = None) -> None:
        """Add the update of an object. `row` has the values now, `params` the new ones, both under Graph's names."""
        self._add(level, row, params, dict(params), (), line)

    async def update_ad(
        self, row: Mapping[str, Any], params: Row, link_url: str | None, url_tags: str | None, line: int | None = None
    ) -> None:
        """Add the update of an ad that gets a new creative with another link or other tags. Raises InvalidArguments."""
        creative = str((row.get("creative") or {}).get("id") or "")
        key = await self._new_creative(creative, link_url, url_tags, str(row["id"]))
        params_sent = {**params, "creative": {"creative_id": id_of_step(key)}}
        after = {**params, "creative": id_of_step(key)}
        self._add("ad", {**row, "creative": creative}, params_sent, after, (key,), line)

    def _add(
        self,
        level: EntityType,
        row: Mapping[str, Any],
        params_sent: Row,
        after: Row,
        needs: tuple[str, ...],
        line: int | None,
    ) -> None:
        object_id = str(row["id"])
        is_budget = level == "ad_set" and not _BUDGETS.isdisjoint(params_sent)
        change = Change(
            Effect.UPDATE,
            update_request(self.account_id, object_id, params_sent, budget_change=is_budget),
            ENTITY_KINDS[level],
            object_id=object_id,
            before={name: row.get(name) for name in after},
            after=after,
            readable=tuple(name for name in after if name not in _NOT_READ_BACK),
            title=str(row.get("name") or ""),
            validate_only=not needs,
            inverse=_inverse(row, after),
            context={name: row[name] for name in ("status", *_BUDGETS, "bid_strategy") if name in row},
        )
        self.steps.append(UnitStep(f"{level}:{object_id}", change, needs, row=line))

    async def _new_creative(self, creative: str, link_url: str | None, url_tags: str | None, ad_id: str) -> str:
        """Add the step that makes the changed copy of a creative, once, and return its key."""
        if not creative:
            raise InvalidArguments(f"This token cannot see the creative of ad {ad_id}, so its link cannot change.")
        earlier_key = self._creatives.get((creative, link_url, url_tags))
        if earlier_key is not None:
            return earlier_key
        key = self._creatives[creative, link_url, url_tags] = f"creative:{ad_id}"
        params = await self._changed_copy(creative, link_url, url_tags, ad_id)
        path = f"{self.account_id}/adcreatives"
        change = Change(
            Effect.CREATE,
            Request("POST", path, params, account=self.account_id, repeatable=False, write=True),
            "AdCreative",
            after=params,
            parent=self.account_id,
            edge="adcreatives",
            validate_only=True,
        )
        self.steps.append(UnitStep(key, change, item=f"ad:{ad_id}"))
        return key

    async def _changed_copy(self, creative: str, link_url: str | None, url_tags: str | None, ad_id: str) -> Row:
        source = await read_source(self.call, "AdCreative", creative)
        require_copyable("AdCreative", source)
        copy = writable_creative(source)
        new = {**copy, "url_tags": url_tags} if url_tags is not None else dict(copy)
        if link_url is None:
            return new
        if not web_destinations(copy):
            raise InvalidArguments(f"The creative of ad {ad_id} has no web address that can change.")
        new = replace_links(new, link_url)
        remaining = remaining_destinations(copy, new, link_url)
        if remaining:
            names = ", ".join(f"{place.name} ({place.kind.value})" for place in remaining[:3])
            self.call.note(f"Not changed in ad {ad_id}, because link_url cannot replace it: {names}.")
        return new


def _inverse(row: Mapping[str, Any], after: Row) -> Inverse | None:
    """Return the request that takes back a first end time: 0 is no end. Else the values before take a change back."""
    if not any(name in after and row.get(name) is None for name in _ENDS):
        return None
    values = {name: 0 if name in _ENDS and row.get(name) is None else row.get(name) for name in after}
    reasons = ("it lets the object run without an end again",)
    return None if None in values.values() or "creative" in values else Inverse("POST", str(row["id"]), values, reasons)
