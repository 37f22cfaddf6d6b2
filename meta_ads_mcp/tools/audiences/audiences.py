"""Read custom, lookalike and saved audiences, what uses them, and the accounts they are shared with."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, list_result, read_list
from meta_ads_mcp.core.params import ListParams, Local, Params
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import iso
from meta_ads_mcp.core.values.graph_values import with_parsed
from meta_ads_mcp.core.values.ids import AccountId, AudienceId
from meta_ads_mcp.domain.insights_query import InsightsFilter
from meta_ads_mcp.domain.targeting import summarize_targeting
from meta_ads_mcp.errors import AdsError, InvalidArguments

FIELDS = (
    "id name description subtype approximate_count_lower_bound approximate_count_upper_bound time_created time_updated "
    "delivery_status operation_status data_source lookalike_spec retention_days customer_file_source"
)
# Meta docs, marketing-api/reference/custom-audience: delivery_status and operation_status.
DELIVERY_STATUS = {200: "READY", 300: "TOO_SMALL"}
OPERATION_STATUS = {
    0: "NOT_AVAILABLE",
    200: "NORMAL",
    400: "WARNING",
    410: "NO_UPLOAD",
    411: "LOW_MATCH_RATE",
    412: "HIGH_INVALID_RATE",
    421: "NO_PIXEL",
    422: "PIXEL_NOT_FIRING",
    423: "INVALID_PIXEL",
    431: "LOOKALIKE_REFRESH_FAILED",
    432: "LOOKALIKE_BUILD_FAILED",
    433: "LOOKALIKE_BUILD_FAILED",
    434: "LOOKALIKE_BUILD_RETRYING",
    471: "FLAGGED",
    500: "ERROR",
}
# Of saved audiences (SDK class SavedAudience).
SAVED_FIELDS = (
    "id name description targeting run_status approximate_count_lower_bound approximate_count_upper_bound "
    "time_created time_updated"
).split()
# The fields of SavedAudience that have a name of CustomAudience too (SDK).
_SAVED_NAMES = frozenset(
    "id name description targeting run_status approximate_count_lower_bound approximate_count_upper_bound time_created "
    "time_updated permission_for_actions operation_status delete_time page_deletion_marked_delete_time account "
    "sentence_lines extra_info".split()
)
SAVED_NOTE = (
    "Graph only reads saved audiences, and no id of one goes anywhere: copy the targeting into an ad set with "
    "ads_create_ad_set."
)
_USAGE_FIELDS = ("id", "name", "adset_id", "effective_status")
MAX_USERS = 200
_STATUSES = {"delivery_status": DELIVERY_STATUS, "operation_status": OPERATION_STATUS}
# Unix seconds in Graph (SDK class CustomAudience: unsigned int).
_TIMES = ("time_created", "time_updated", "time_content_updated", "delete_time")
_COUNTS = ("approximate_count_lower_bound", "approximate_count_upper_bound")


def readable(audience: Row) -> Row:
    """Make an audience readable: status labels, times as ISO 8601 in UTC, the rule as an object.

    Drops the size bounds when Meta reports -1, which means "not available".
    """
    row = with_parsed(audience, "rule", "rule_aggregation")
    row |= {name: _add_label(row[name], labels) for name, labels in _STATUSES.items() if name in row}
    row |= {name: iso(row[name]) or row[name] or None for name in _TIMES if name in row}
    return {name: value for name, value in row.items() if not (name in _COUNTS and value == -1)}


def _add_label(status: Any, labels: dict[int, str]) -> Any:
    if not isinstance(status, dict) or status.get("code") not in labels:
        return status
    return {"code": status["code"], "label": labels[status["code"]], **status}


@tool(
    "ads_get_custom_audiences",
    Effect.READ,
    get("{account_id}/customaudiences"),
    node="CustomAudience",
    fields=FIELDS,
    identity="id account_id",
    singular="audience",
    keywords="lookalike remarketing customer list website visitors saved targeting",
)
class GetCustomAudiences(ListParams):
    """List an account's custom and lookalike audiences: kind, size bounds, whether each is ready to use; or its saved
    audiences (kind=saved) with their targeting in words."""

    account_id: AccountId
    kind: Annotated[Literal["custom", "saved"], Local()] = "custom"
    filtering: Annotated[list[InsightsFilter], Field(min_length=1, max_length=20)] | None = None
    fields: FieldList | None = None

    async def run(self, call: Call) -> Result:
        conditions = [item.graph_param() for item in self.filtering] if self.filtering else None
        if self.kind == "saved":
            return await self._read_saved(call, conditions)
        return await read_list(call, self, f"{self.account_id}/customaudiences", refine=readable, filtering=conditions)

    async def _read_saved(self, call: Call, conditions: list[Row] | None) -> Result:
        path = f"{self.account_id}/saved_audiences"
        if unknown := [name for name in self.fields or () if name not in _SAVED_NAMES]:
            raise InvalidArguments(
                f"A saved audience has no field {unknown[0]}.", f"It has {', '.join(sorted(_SAVED_NAMES))}."
            )
        listing = await call.graph.list(
            path,
            fields=list(dict.fromkeys(["id", *(self.fields or SAVED_FIELDS)])),
            limit=self.limit,
            after=self.after,
            max_items=self.max_items,
            filtering=conditions,
        )
        call.note(SAVED_NOTE)
        return list_result("saved audience", path, listing, _with_words)


def _with_words(audience: Row) -> Row:
    """Return a saved audience with its targeting in words."""
    row, targeting = readable(audience), audience.get("targeting")
    return {**row, "targeting_summary": summarize_targeting(targeting)} if isinstance(targeting, dict) else row


@tool(
    "ads_get_audience_details",
    Effect.READ,
    get("{audience_id}"),
    node="CustomAudience",
    fields=f"{FIELDS} rule pixel_id sharing_status lookalike_audience_ids is_value_based permission_for_actions",
    identity="id account_id",
    singular="audience",
    keywords="rule lookalike size status sharing used by ads usage",
)
class GetAudienceDetails(Params):
    """Read one audience: rule, pixel, lookalike spec, size bounds, status, sharing, what this token may do with it.

    include adds the ads and ad sets that use it, and health figures of a value-based audience.
    """

    audience_id: AudienceId
    include: Annotated[list[Literal["usage", "health"]] | None, Local(), Field(min_length=1)] = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_include(self) -> Self:
        if self.include is not None and len(set(self.include)) < len(self.include):
            raise ValueError("include names each part once")
        return self

    async def run(self, call: Call) -> Result:
        row = readable(await call.graph.get(self.audience_id, fields=fields_for(self)))
        parts = {"usage": self._read_usage, "health": self._read_health}
        for name in self.include or []:
            # A part that cannot be read is a note: the audience itself was read.
            part = await attempt(parts[name](call))
            if isinstance(part, AdsError):
                call.note(unread(f"The {name} of the audience", part))
            else:
                row[name] = part
        return Result(f"Audience {row.get('id', self.audience_id)}.", row)

    async def _read_usage(self, call: Call) -> Row:
        """Return the ads that use the audience, and their ad sets. Leaving people out counts as using it."""
        listing = await call.graph.list(f"{self.audience_id}/ads", fields=_USAGE_FIELDS, limit=100, max_items=MAX_USERS)
        ad_sets = list(dict.fromkeys(str(ad["adset_id"]) for ad in listing.rows if ad.get("adset_id")))
        if not listing.rows:
            call.note("No ad uses this audience.")
        more = {"more_follow": True} if listing.has_more else {}
        return {"ad_set_ids": ad_sets, "ads": listing.rows, **more}

    async def _read_health(self, call: Call) -> Row:
        """Return the rows as they come: their form is not documented (SDK class CustomAudienceHealth)."""
        listing = await call.graph.list(f"{self.audience_id}/health", limit=25)
        if not listing.rows:
            call.note("Meta has no health figures of this audience; only value-based audiences have them.")
        return {"rows": listing.rows}


@tool(
    "ads_get_audience_shared_accounts",
    Effect.READ,
    get("{audience_id}/shared_account_info"),
    node="CustomAudiencesharedAccountInfo",
    fields="account_id account_name business_id business_name sharing_status",
    singular="ad account",
    keywords="share partner",
)
class GetAudienceSharedAccounts(ListParams):
    """List the ad accounts an audience is shared with: account, business, sharing status."""

    audience_id: AudienceId

    @staticmethod
    def refine(row: Row) -> Row:
        """Return the row as `Whole`, so that the answer keeps `account_id`, which identifies each row."""
        return Whole({key: value for key, value in row.items() if value is not None})

    async def run(self, call: Call) -> Result:
        return await read_list(call, self, f"{self.audience_id}/shared_account_info", refine=self.refine)
