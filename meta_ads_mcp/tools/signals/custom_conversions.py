"""Change and delete custom conversions."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, delete, post, tool
from meta_ads_mcp.core.values.ids import AccountId, CustomConversionId
from meta_ads_mcp.core.write import ConfirmedParams, WriteParams
from meta_ads_mcp.errors import InvalidArguments

MAX_NAMED = 10
# Statuses of ad sets that can spend, or will when somebody starts them.
_USED_STATUSES = ("ACTIVE", "PAUSED", "CAMPAIGN_PAUSED", "IN_PROCESS", "WITH_ISSUES")


@tool(
    "ads_update_custom_conversion",
    Effect.UPDATE,
    post("{custom_conversion_id}"),
    node="CustomConversion",
    singular="custom conversion",
    keywords="rename edit value description goal",
    # A custom conversion has no status.
    write_only="status",
)
class UpdateCustomConversion(WriteParams):
    """Change the name, description or default value of a custom conversion. Rule, event source and event type never
    change: create a new one."""

    custom_conversion_id: CustomConversionId
    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    description: Annotated[str | None, Field(max_length=1000)] = None
    default_conversion_value: Annotated[float | None, Field(ge=0, description="In the account's currency")] = None

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if "default_conversion_value" in after:
            call.note("The new value counts from now on, and changes how campaigns that optimize for value bid.")


@tool(
    "ads_delete_custom_conversion",
    Effect.DELETE,
    delete("{custom_conversion_id}"),
    node="CustomConversion",
    singular="custom conversion",
    keywords="remove goal",
    write_only="status",
)
class DeleteCustomConversion(ConfirmedParams):
    """Delete a custom conversion for good; says first which ad sets optimize for it. Needs a confirmation."""

    custom_conversion_id: CustomConversionId
    account_id: Annotated[AccountId, Local()]

    def fields_to_read(self) -> tuple[str, ...]:
        return ("account_id", "custom_event_type", "last_fired_time")

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        owner = str(before.get("account_id") or "").removeprefix("act_")
        if owner and owner != self.account_id.removeprefix("act_"):
            raise InvalidArguments(
                f"Custom conversion {self.custom_conversion_id} belongs to act_{owner}, not to {self.account_id}.",
                "Check both ids with ads_get_custom_conversions.",
            )
        call.note(_users_note(await self._users(call)))

    async def _users(self, call: Call) -> list[Row]:
        """Return the ad sets that name the conversion in promoted_object."""
        pages = call.graph.each_page(
            f"{self.account_id}/adsets",
            fields=("id", "name", "effective_status", "promoted_object"),
            limit=100,
            effective_status=list(_USED_STATUSES),
        )
        return [row async for rows in pages for row in rows if self._is_used_by(row.get("promoted_object"))]

    def _is_used_by(self, target: Any) -> bool:
        return isinstance(target, dict) and str(target.get("custom_conversion_id")) == self.custom_conversion_id


def _users_note(ad_sets: list[Row]) -> str:
    if not ad_sets:
        return "No ad set of the account optimizes for it."
    names = ", ".join(f"{row['id']} ({row.get('effective_status')})" for row in ad_sets[:MAX_NAMED])
    more = f" and {len(ad_sets) - MAX_NAMED} more" if len(ad_sets) > MAX_NAMED else ""
    return f"{len(ad_sets)} ad sets optimize for it and will not learn any more: {names}{more}."
