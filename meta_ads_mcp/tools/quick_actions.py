"""Writes that do one thing each, so that the owner of a server can allow only these."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from meta_ads_mcp.core.nodes import ENTITY_KINDS
from meta_ads_mcp.core.params import Local, exactly_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import CampaignId, Node, ObjectId
from meta_ads_mcp.core.values.money import Money
from meta_ads_mcp.core.write import ConfirmedParams, WriteParams
from meta_ads_mcp.errors import InvalidArguments


@tool(
    "ads_pause_campaign",
    Effect.UPDATE,
    post("{campaign_id}"),
    node="Campaign",
    validate_only=True,
    keywords="stop",
    toolset="narrow_writes",
)
class PauseCampaign(WriteParams):
    """Pause a campaign: it stops delivering at once, nothing else changes. ads_resume_campaign starts it again."""

    campaign_id: CampaignId

    def complete_values(self, after: Row) -> Row:
        return {"status": "PAUSED"}


@tool(
    "ads_resume_campaign",
    Effect.UPDATE,
    post("{campaign_id}"),
    node="Campaign",
    validate_only=True,
    keywords="start",
    toolset="narrow_writes",
)
class ResumeCampaign(ConfirmedParams):
    """Set a campaign ACTIVE and change nothing else. It spends money from then on, so it needs a confirmation."""

    campaign_id: CampaignId

    def complete_values(self, after: Row) -> Row:
        return {"status": "ACTIVE"}


@tool(
    "ads_update_budget",
    Effect.UPDATE,
    post("{entity_id}"),
    node="AdSet",
    validate_only=True,
    keywords="raise lower spend",
    toolset="narrow_writes",
)
class UpdateBudget(ConfirmedParams):
    """Change the daily or lifetime budget of a campaign or ad set, whichever it uses. A raise needs a confirmation.

    An ad set's budget can change four times an hour.
    """

    entity_type: Annotated[Literal["campaign", "ad_set"], Local()]
    entity_id: Annotated[ObjectId, Node("any")]
    daily_budget: Money | None = None
    lifetime_budget: Money | None = None

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        return exactly_one(self, "daily_budget", "lifetime_budget")

    def node_kind(self) -> str:
        return ENTITY_KINDS[self.entity_type]

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        """Reject a budget kind that the object does not use. Raises InvalidArguments."""
        (name,) = after
        current = str(before.get(name) or "0")
        if current == "0":
            where = "its campaign or ad sets" if self.entity_type == "ad_set" else "its ad sets"
            raise InvalidArguments(
                f"{self.entity_id} has no {name.replace('_', ' ')}.",
                f"It uses the other kind of budget, or the budget is on {where}; read the object first.",
            )
