"""Change a custom audience: its name, description and labels, and the rule by which people get into it."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field, WithJsonSchema

from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AudienceId
from meta_ads_mcp.core.write import ConfirmedParams
from meta_ads_mcp.errors import Denied, InvalidArguments
from meta_ads_mcp.tools.audiences.audience_rule import AudienceRule
from meta_ads_mcp.tools.audiences.audience_writes import (
    AudienceLabels,
    Description,
    Name,
    note_ads,
    require_not_flagged,
)
from meta_ads_mcp.web.addresses import PublicUrl

AS_CREATED = WithJsonSchema({"type": "object", "description": "As in ads_create_custom_audience"})
# Kinds of audiences whose people no rule selects (CustomAudience.Subtype).
_WITHOUT_RULE = frozenset({"CUSTOM", "LOOKALIKE"})
REFILL = "Meta fills the audience again, which takes a while; until then it is small, and ads that use it reach few."


@tool(
    "ads_update_custom_audience",
    Effect.UPDATE,
    post("{audience_id}"),
    node="CustomAudience",
    singular="audience",
    keywords="rename description label retention days rule edit remarketing website visitors",
    write_only="status",
)
class UpdateCustomAudience(ConfirmedParams):
    """Change a custom audience; what you leave out stays. A rule replaces the whole earlier one. Changing the rule or
    the retention needs a confirmation, which names the ads that use the audience.

    The people of a list are changed with ads_update_audience_users.
    """

    audience_id: AudienceId
    name: Name | None = None
    description: Description | None = None
    audience_labels: AudienceLabels | None = None
    retention_days: Annotated[int | None, Field(ge=1, le=180)] = None
    rule: Annotated[AudienceRule | None, AS_CREATED] = None
    opt_out_link: PublicUrl | None = None

    @property
    def _changes_people(self) -> bool:
        return self.rule is not None or self.retention_days is not None

    def fields_to_read(self) -> tuple[str, ...]:
        return ("subtype", "rule", "retention_days", "operation_status", "permission_for_actions")

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        """Refuse what Meta refuses: shared and flagged audiences, and a rule for a list or a lookalike."""
        require_not_flagged({"id": self.audience_id, **before})
        permissions = before.get("permission_for_actions")
        if isinstance(permissions, dict) and str(permissions.get("can_edit")).lower() == "false":
            raise Denied(
                f"Meta does not let this token change audience {self.audience_id}: it is shared with the account.",
                "The account that owns it can change it: ads_get_audience_details shows which one that is.",
            )
        if not self._changes_people:
            return
        if str(before.get("subtype")) in _WITHOUT_RULE:
            raise InvalidArguments(
                f"Audience {self.audience_id} is of type {before['subtype']}, which has no rule and no retention.",
                "Change its people with ads_update_audience_users, or create an audience with a rule.",
            )
        await note_ads(call, self.audience_id)
        call.note(REFILL)
        if self.rule is not None and not self.rule.inclusions.rules:
            call.note("The new rule has no conditions, so nobody will be in the audience.")

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        """Write the rule as JSON text, as Graph takes it."""
        return {**after, "rule": json.dumps(after["rule"], separators=(",", ":"))} if "rule" in after else after
