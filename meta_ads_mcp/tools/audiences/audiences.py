"""Read custom and lookalike audiences, and the accounts they are shared with."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import read_list
from meta_ads_mcp.core.params import ListParams, Params
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import iso
from meta_ads_mcp.core.values.graph_values import with_parsed
from meta_ads_mcp.core.values.ids import AccountId, AudienceId
from meta_ads_mcp.domain.insights_query import InsightsFilter

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
    keywords="lookalike remarketing customer list website visitors",
)
class GetCustomAudiences(ListParams):
    """List an account's custom and lookalike audiences: kind, size bounds, whether each is ready to use."""

    account_id: AccountId
    filtering: Annotated[list[InsightsFilter], Field(min_length=1, max_length=20)] | None = None
    fields: FieldList | None = None

    async def run(self, call: Call) -> Result:
        conditions = [item.graph_param() for item in self.filtering] if self.filtering else None
        return await read_list(call, self, f"{self.account_id}/customaudiences", refine=readable, filtering=conditions)


@tool(
    "ads_get_audience_details",
    Effect.READ,
    get("{audience_id}"),
    node="CustomAudience",
    fields=f"{FIELDS} rule pixel_id sharing_status lookalike_audience_ids is_value_based permission_for_actions",
    identity="id account_id",
    singular="audience",
    keywords="rule lookalike size status sharing",
)
class GetAudienceDetails(Params):
    """Read one audience: rule, pixel, lookalike spec, size bounds, status, sharing, what this token may do with it."""

    audience_id: AudienceId
    fields: FieldList | None = None

    @staticmethod
    def refine(row: Row) -> Row:
        return readable(row)


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
