"""Change what is excluded for a whole ad account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.params import Closed, Local, opaque_object
from meta_ads_mcp.core.partial import attempt
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Method, Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AccountId, BlockListId, BusinessId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Inverse, Plan, Steps
from meta_ads_mcp.domain.checked_read import read_as_kind
from meta_ads_mcp.domain.targeting import HoldsTargeting, Places
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.optimisation.account_controls import CONTROL_FIELDS, LEVELS, LIST_FIELDS, WRITABLE, first_row

LIST = "PublisherBlockList"
REASON = "every campaign of the account is touched"
# SDK enum AdAccount.BrandSafetyContentFilterLevels without words that Meta does not explain.
FilterLevel = Literal[
    "AN_RELAXED",
    "AN_STANDARD",
    "AN_STRICT",
    "FACEBOOK_RELAXED",
    "FACEBOOK_STANDARD",
    "FACEBOOK_STRICT",
    "FEED_RELAXED",
    "FEED_STANDARD",
    "FEED_STRICT",
]
Url = Annotated[str, Field(min_length=4, max_length=500)]
# Objects of placements that are set to nothing exclude none.
NO_EXCLUSIONS: Row = {"placement_exclusions": []}


class AudienceControls(Closed):
    """Limits of every audience of the account."""

    age_min: Annotated[int, Field(ge=18, le=25)] | None = None
    geo_locations: Places | None = None
    excluded_geo_locations: Places | None = None
    exclusions: Annotated[dict[str, Any], HoldsTargeting("group")] | None = None


class PlacementControls(Closed):
    """Placements that are never used, such as facebook_marketplace."""

    placement_exclusions: Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=50)]


class BlockListChange(Closed):
    """A new list (`name`) or more publishers for a list (`id`), or the deletion of a list."""

    id: BlockListId | None = None
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    add_urls: Annotated[list[Url], Field(min_length=1, max_length=1000)] | None = None
    delete: bool = False

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if (self.id is None) == (self.name is None):
            raise ValueError("give id for a list that exists, or name for a new one")
        if self.delete and (self.id is None or self.add_urls):
            raise ValueError("delete takes the id of a list and no add_urls")
        if self.id is not None and not self.delete and not self.add_urls:
            raise ValueError("give add_urls, or delete=true")
        return self


@tool(
    "ads_update_account_controls",
    Effect.UPDATE,
    post("{account_id}/account_controls", "{account_id}/brand_safety_content_filter_levels"),
    node="AdAccount",
    singular="account control",
    keywords="exclude age placement inventory filter brand safety block list publisher blocklist",
    destructive=True,
)
class UpdateAccountControls(ConfirmedParams):
    """Change what is excluded for a whole ad account: minimum age, places, placements, inventory filter, a block list.

    It affects every campaign, so it needs a confirmation. Each object that you give replaces the earlier one.
    Publishers can be added to a block list here, and removed only in Business settings.
    """

    account_id: AccountId
    audience_controls: (
        Annotated[
            AudienceControls,
            Field(
                json_schema_extra=opaque_object("{age_min 18-25, geo_locations, excluded_geo_locations, exclusions}")
            ),
        ]
        | None
    ) = None
    placement_controls: PlacementControls | None = None
    placement_controls_per_objective: dict[str, Any] | None = None
    filter_levels: Annotated[
        list[FilterLevel] | None, Local(), Field(min_length=1, max_length=3, description="One per surface")
    ] = None
    business_id: Annotated[BusinessId | None, Field(description="For filter_levels, if Meta asks for it")] = None
    block_list: Annotated[BlockListChange | None, Local()] = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        parts = [getattr(self, name) for name in (*WRITABLE, "filter_levels", "block_list")]
        if all(part is None for part in parts):
            raise ValueError(f"give at least one of {', '.join(WRITABLE)}, filter_levels and block_list")
        surfaces = [level.rpartition("_")[0] for level in self.filter_levels or ()]
        if len(set(surfaces)) < len(surfaces):
            raise ValueError("filter_levels takes one level per surface: AN, FACEBOOK, FEED")
        if self.business_id is not None and self.filter_levels is None:
            raise ValueError("business_id is for filter_levels")
        return self

    async def plan(self, call: Call) -> Plan:
        """Read what holds now, and plan a request for each part."""
        changes: list[Change] = []
        notes: list[str] = []
        controls = {name: _plain(getattr(self, name)) for name in WRITABLE if getattr(self, name) is not None}
        if controls:
            changes.append(await self._controls(call, controls))
        if self.filter_levels is not None:
            changes.append(await self._levels(call, self.filter_levels))
        if self.block_list is not None:
            changes += await self._block_list(call, self.block_list, notes)
        if not changes:
            raise InvalidArguments("All publishers are on the list already.", "Nothing is left to do.")
        return Plan(changes, f"Change the controls of {self.account_id}.", notes)

    # ---- controls and filter levels

    async def _controls(self, call: Call, after: Row) -> Change:
        path = f"{self.account_id}/account_controls"
        row = first_row(await call.graph.get(path, fields=CONTROL_FIELDS))
        earlier = {name: row[name] for name in WRITABLE if row.get(name)}
        # Graph requires the audience controls, whatever changes.
        params = {"audience_controls": earlier.get("audience_controls", {}), **after}
        empty = {name: {} if name == "audience_controls" else NO_EXCLUSIONS for name in params}
        inverse = Inverse("POST", path, {**empty, **{n: earlier[n] for n in params if n in earlier}}, (REASON,))
        return self._change("account_controls", params, {name: earlier.get(name) for name in params}, after, inverse)

    async def _levels(self, call: Call, levels: Sequence[str]) -> Change:
        account = await call.graph.get(self.account_id, fields=["id", LEVELS])
        earlier = account.get(LEVELS)
        params: Row = {LEVELS: list(levels), **({"business_id": self.business_id} if self.business_id else {})}
        inverse = (
            Inverse("POST", f"{self.account_id}/{LEVELS}", {**params, LEVELS: earlier}, (REASON,)) if earlier else None
        )
        return self._change(LEVELS, params, {LEVELS: earlier}, {LEVELS: list(levels)}, inverse)

    def _change(self, edge: str, params: Row, before: Row, after: Row, inverse: Inverse | None) -> Change:
        return Change(
            Effect.UPDATE,
            self._request("POST", f"{self.account_id}/{edge}", params),
            "AdAccount",
            object_id=self.account_id,
            before=before,
            after=after,
            reasons=(REASON,),
            inverse=inverse,
        )

    def _request(self, method: Method, path: str, params: Row) -> Request:
        return Request(method, path, params, account=self.account_id, repeatable=False, write=True)

    # ---- block lists

    async def _block_list(self, call: Call, part: BlockListChange, notes: list[str]) -> list[Change]:
        if part.id is None:
            create = Change(
                Effect.CREATE,
                self._request("POST", f"{self.account_id}/publisher_block_lists", {"name": part.name}),
                LIST,
                after={"name": part.name},
                readable=("name",),
                parent=self.account_id,
                edge="publisher_block_lists",
                title=str(part.name),
                reasons=(REASON,),
                inverse=Inverse("DELETE", "{id}"),
            )
            urls = part.add_urls or []
            notes.append("Ad sets use the list through excluded_publisher_list_ids of their targeting.")
            # The id of the list is known after its creation; `apply` puts it into the request.
            append = replace(
                self._append(self.account_id, urls, [], str(part.name)), object_id=None, parent=self.account_id
            )
            return [create, *([append] if urls else [])]
        row = await read_as_kind(call, part.id, LIST, LIST_FIELDS)
        title = str(row.get("name") or "")
        if part.delete:
            notes.append("Publishers of a deleted list are not blocked by it any more; it cannot be restored.")
            return [self._deletion(part.id, row)]
        present = [
            str(publisher.get("domain_url"))
            async for page in call.graph.each_page(f"{part.id}/paged_web_publishers", fields=("id", "domain_url"))
            for publisher in page
        ]
        urls = [url for url in dict.fromkeys(part.add_urls or ()) if url not in present]
        if not urls:
            return []
        notes.append(f"The list has {len(present)} publishers now. Added ones come off in Business settings only.")
        return [self._append(part.id, urls, present, title)]

    def _deletion(self, list_id: str, row: Row) -> Change:
        return Change(
            Effect.DELETE,
            self._request("DELETE", list_id, {}),
            LIST,
            object_id=list_id,
            before={"name": row.get("name")},
            title=str(row.get("name") or ""),
            reasons=(REASON,),
        )

    def _append(self, list_id: str, urls: Sequence[str], present: Sequence[str], title: str) -> Change:
        return Change(
            Effect.UPDATE,
            self._request("POST", f"{list_id}/append_publisher_urls", {"publisher_urls": list(urls)}),
            LIST,
            object_id=list_id,
            before={"publishers": len(present)},
            after={"publisher_urls": list(urls)},
            title=title,
            reasons=(REASON,),
        )

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Send the changes in order; publishers go to a list that was created just before."""
        new_list: str | None = None
        for change in plan.changes:
            body = await steps.do(change if new_list is None else _on_list(change, new_list))
            if change.effect is Effect.CREATE:
                new_list = str(body["id"])
        data: Row = {}
        controls = await attempt(call.graph.get(f"{self.account_id}/account_controls", fields=CONTROL_FIELDS))
        if not isinstance(controls, AdsError):
            row = first_row(controls)
            data["controls"] = {name: row[name] for name in WRITABLE if row.get(name)}
            data["campaigns_stopped"] = row.get("campaigns_with_error") or []
        if self.block_list is not None and not self.block_list.delete:
            data["block_list"] = {
                "id": new_list or self.block_list.id,
                "added": len(plan.changes[-1].after.get("publisher_urls", ())),
            }
        return data


def _on_list(change: Change, list_id: str) -> Change:
    """Return the change of a new list with the id that it got."""
    request = replace(change.request, path=f"{list_id}/append_publisher_urls", kind=LIST)
    return replace(change, request=request, object_id=list_id)


def _plain(value: Any) -> Any:
    """Return a nested argument as plain values, without what was left out."""
    return value.model_dump(exclude_none=True) if isinstance(value, Closed) else value
