"""Read the campaigns, ad sets and ads of an account, in the order of the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.domain.destinations import SOURCE_FIELDS
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.bulk.object_reads import ReadTarget, read_for_changes
from meta_ads_mcp.tools.bulk.sheets.structure_columns import LEVELS, StructureObject

_LABELS = "adlabels{id,name}"
_CREATIVE = f"creative{{{','.join(('id', 'url_tags', *SOURCE_FIELDS))}}}"
_FIELDS: dict[EntityType, tuple[str, ...]] = {
    "campaign": (
        *("id", "account_id", "name", "status", "objective", "daily_budget", "lifetime_budget", "bid_strategy"),
        *("start_time", "stop_time", _LABELS),
    ),
    "ad_set": (
        *("id", "account_id", "campaign_id", "name", "status", "daily_budget", "lifetime_budget", "bid_amount"),
        *("bid_strategy", "optimization_goal", "start_time", "end_time", _LABELS),
    ),
    "ad": ("id", "account_id", "adset_id", "campaign_id", "name", "status", "bid_amount", _LABELS),
}
_EDGES: dict[EntityType, str] = {"campaign": "campaigns", "ad_set": "adsets", "ad": "ads"}
# The other values of effective_status that an object with a status of its own can have, because of its parents or of a
# review. Source: the enums EffectiveStatus of the SDK classes Campaign, AdSet and Ad.
_EFFECTIVE: dict[EntityType, dict[str, tuple[str, ...]]] = {
    "campaign": {"ACTIVE": ("IN_PROCESS", "WITH_ISSUES")},
    "ad_set": {"ACTIVE": ("IN_PROCESS", "WITH_ISSUES", "CAMPAIGN_PAUSED"), "PAUSED": ("CAMPAIGN_PAUSED",)},
    "ad": {
        "ACTIVE": (
            *("IN_PROCESS", "WITH_ISSUES", "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO"),
            *("CAMPAIGN_PAUSED", "ADSET_PAUSED"),
        ),
        "PAUSED": ("CAMPAIGN_PAUSED", "ADSET_PAUSED"),
    },
}
_PAGE_ROWS = 200


@dataclass(frozen=True)
class StructureReader:
    """Read objects of one account. With `links` the links and URL tags of the ads are read, too."""

    call: Call
    account_id: str
    links: bool = True
    campaign_ids: Sequence[str] = ()

    async def read_level(self, level: EntityType, statuses: Sequence[str], most: int) -> list[StructureObject]:
        """Return the objects of a level whose own status is one of these, more than `most` if there are more."""
        params: Row = {"effective_status": _effective(level, statuses)}
        if self.campaign_ids:
            params["filtering"] = [{"field": "campaign.id", "operator": "IN", "value": list(self.campaign_ids)}]
        rows: list[StructureObject] = []
        path = f"{self.account_id}/{_EDGES[level]}"
        async for page in self.call.graph.each_page(path, fields=self.fields(level), limit=_PAGE_ROWS, **params):
            rows += [StructureObject(level, dict(row)) for row in page if row.get("status") in statuses]
            if len(rows) > most:
                break
        return rows

    def fields(self, level: EntityType) -> list[str]:
        """Return the fields to read of a level."""
        more = [_CREATIVE if self.links else "creative{id}"] if level == "ad" else []
        return [*_FIELDS[level], *more]

    async def read_ids(self, ids: Mapping[str, EntityType]) -> dict[str, StructureObject | AdsError]:
        """Return the objects with these ids, or why one could not be read."""
        targets = [ReadTarget(object_id, ENTITY_KINDS[level], self.fields(level)) for object_id, level in ids.items()]
        answers = await read_for_changes(self.call, self.account_id, targets)
        return {
            object_id: answer if isinstance(answer, AdsError) else StructureObject(level, answer)
            for (object_id, level), answer in zip(ids.items(), answers, strict=True)
        }


def _effective(level: EntityType, statuses: Sequence[str]) -> list[str]:
    """Return the values of effective_status that an object with one of these statuses can have."""
    more = [value for status in statuses for value in _EFFECTIVE[level].get(status, ())]
    return list(dict.fromkeys([*statuses, *more]))


def in_tree_order(objects: Sequence[StructureObject]) -> list[StructureObject]:
    """Return each campaign followed by its ad sets, each followed by its ads. What has no parent here comes last."""
    children: dict[str, list[StructureObject]] = {}
    ids = {item.id for item in objects}
    for item in sorted(objects, key=lambda item: LEVELS.index(item.level)):
        children.setdefault(item.parent if item.parent in ids else "", []).append(item)
    result: list[StructureObject] = []
    stack = children.get("", [])[::-1]
    while stack:
        result.append(stack.pop())
        stack += children.get(result[-1].id, [])[::-1]
    return result
