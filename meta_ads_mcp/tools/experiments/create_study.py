"""Create studies (split tests and lift tests). A study belongs to a business, not to an ad account."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from meta_ads_mcp.core.params import Closed, exactly_one
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.dates import UnixMoment, names_its_offset, to_unix
from meta_ads_mcp.core.values.ids import AccountId, AdSetId, BusinessId, CampaignId, ObjectId
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Plan
from meta_ads_mcp.domain.checked_read import require_kinds
from meta_ads_mcp.errors import Denied, InvalidArguments

NO_SCALE = (
    "confidence_level was sent unchanged. Meta does not document whether it expects 95 or 0.95, so check the study in "
    "Experiments."
)
_TIMES = ("start_time", "end_time", "cooldown_start_time", "observation_end_time")
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Cell(Closed):
    """A group of a study: its share of the people in percent, and the ad sets or campaigns it sees."""

    name: Name
    treatment_percentage: Annotated[float, Field(ge=0, le=100)]
    control_percentage: Annotated[float | None, Field(ge=0, le=100)] = None
    description: Annotated[str | None, Field(max_length=500)] = None
    ad_sets: Annotated[list[AdSetId] | None, Field(min_length=1, max_length=100)] = None
    campaigns: Annotated[list[CampaignId] | None, Field(min_length=1, max_length=100)] = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        return exactly_one(self, "ad_sets", "campaigns")

    def to_graph(self) -> Row:
        """Return the cell under Graph's parameter names."""
        cell = self.model_dump(exclude_none=True)
        if "ad_sets" in cell:
            cell["adsets"] = cell.pop("ad_sets")
        return cell


class Source(Closed):
    """A source of an objective's events, such as a pixel."""

    id: ObjectId
    event_names: Annotated[list[str] | None, Field(min_length=1, max_length=20)] = None


Sources = Annotated[list[Source] | None, Field(min_length=1, max_length=20)]


class Objective(Closed):
    """An outcome that a lift study measures (SDK class AdStudyObjective)."""

    name: Name
    type: Literal[
        "BRAND",
        "BRANDLIFT",
        "CONVERSIONS",
        "FTL",
        "MAE",
        "MAI",
        "MPC_CONVERSION",
        "NONSALES",
        "PARTNER",
        "SALES",
        "TELCO",
    ]
    is_primary: bool | None = None
    adspixels: Sources = None
    applications: Sources = None
    customconversions: Sources = None
    offline_conversion_data_sets: Sources = None


def _present_type(value: Any) -> Any:
    return "LIFT" if value == "LIFT_STUDY" else value


class NewStudy(CreateParams, ConfirmedParams):
    """Hold the arguments of every new study, and build its change."""

    account_id: AccountId
    business_id: BusinessId | None = None
    name: Name
    description: Annotated[str | None, Field(max_length=1000)] = None
    start_time: UnixMoment
    end_time: UnixMoment
    confidence_level: Annotated[float | None, Field(ge=80, le=99, description="Percent")] = None
    cooldown_start_time: UnixMoment | None = None
    observation_end_time: UnixMoment | None = None

    @property
    def members(self) -> dict[str, str]:
        """The ids of all ad sets and campaigns in the cells, with the kind that each has to be of."""
        return {}

    async def plan_study(self, call: Call, times: Row, more: Row, reason: str) -> Plan:
        """Return the plan of the new study with `more` parameters. `times` are in Unix seconds."""
        await self._check_members(call)
        business = await self._business(call)
        if self.confidence_level is not None:
            call.note(NO_SCALE)
        after: Row = self.model_dump(include={"name", "description", "confidence_level"}, exclude_none=True)
        after |= {**times, **more}
        path = f"{business}/ad_studies"
        change = Change(
            Effect.CREATE,
            Request("POST", path, after, account=self.account_id, repeatable=False, write=True, kind="Business"),
            "AdStudy",
            after=after,
            readable=("name", "type"),
            parent=business,
            edge="ad_studies",
            reasons=(reason,),
        )
        return Plan([change], f"New study in business {business}.")

    async def times_to_unix(self, call: Call) -> dict[str, int]:
        """Return the times in Unix seconds. A time without an offset is in the account's time zone."""
        arguments = {name: value for name in _TIMES if (value := getattr(self, name)) is not None}
        zone: tzinfo = UTC
        if not all(names_its_offset(value) for value in arguments.values()):
            zone = (await call.account(self.account_id)).timezone
        times = {name: to_unix(value, zone) for name, value in arguments.items()}
        if times["end_time"] <= times["start_time"]:
            raise InvalidArguments("end_time is not after start_time.", "Give a period that ends after it starts.")
        if times["end_time"] <= call.now().timestamp():
            raise InvalidArguments("The study would end in the past.", "Give a period that ends in the future.")
        return times

    async def _check_members(self, call: Call) -> None:
        """Require that every ad set and campaign is one, and belongs to this account.

        Raises NotFound for another kind of object, and InvalidArguments for one of another account.
        """
        await require_kinds(call, self.members)
        for member in self.members:
            owner = await call.owner(member)
            if owner not in (None, self.account_id):
                raise InvalidArguments(
                    f"{member} belongs to another ad account ({owner}).",
                    "Give ad sets or campaigns of the study's account.",
                )

    async def _business(self, call: Call) -> str:
        """Return the id of the business to create the study in.

        Raises InvalidArguments when the token sees no business of the account, and Denied when META_ADS_ACCOUNTS is
        set and `business_id` is not the account's business.
        """
        if self.business_id is not None and not call.allowed_accounts():
            return self.business_id
        account = await call.graph.get(self.account_id, fields=["id", "business"])
        business = str((account.get("business") or {}).get("id") or "")
        if self.business_id not in (None, business):
            raise Denied(
                f"This server may use some accounts only, and {self.account_id} belongs to another business.",
                "Leave out business_id.",
            )
        if not business:
            raise InvalidArguments(
                f"This token sees no business of {self.account_id}, and a study belongs to a business.",
                "Give business_id, and a token with business_management.",
            )
        return business


@tool(
    "ads_create_ad_study",
    Effect.CREATE,
    post("{business_id}/ad_studies"),
    node="AdStudy",
    singular="study",
    keywords="new ab test split test lift experiment",
)
class CreateAdStudy(NewStudy):
    """Create a split test (or a lift test) of ad sets or campaigns: cells with shares of the people.

    It splits the audiences of what is in the cells, so it needs a confirmation.
    """

    type: Annotated[Literal["SPLIT_TEST", "LIFT"], BeforeValidator(_present_type)] = "SPLIT_TEST"
    cells: Annotated[list[Cell], Field(min_length=1, max_length=50)]
    objectives: Annotated[list[Objective] | None, Field(min_length=1, max_length=20)] = None

    @model_validator(mode="after")
    def _pre_flight(self) -> Self:
        total = sum(cell.treatment_percentage + (cell.control_percentage or 0) for cell in self.cells)
        if total > 100:
            raise ValueError(f"the percentages of the cells add up to {total:g}; at most 100")
        if self.type == "SPLIT_TEST" and len(self.cells) < 2:
            raise ValueError("a split test requires at least two cells")
        if self.type == "LIFT" and not self.objectives:
            raise ValueError("objectives, the outcomes to measure, are required for a lift study")
        ids = [member for cell in self.cells for member in (cell.ad_sets or cell.campaigns or ())]
        if len(set(ids)) != len(ids):
            raise ValueError("an ad set or campaign can be in only one cell")
        return self

    @property
    def members(self) -> dict[str, str]:
        """The ids of all ad sets and campaigns in the cells, with the kind that each has to be of."""
        return {
            **{member: "AdSet" for cell in self.cells for member in cell.ad_sets or ()},
            **{member: "Campaign" for cell in self.cells for member in cell.campaigns or ()},
        }

    async def plan(self, call: Call) -> Plan:
        more: Row = self.model_dump(include={"type", "objectives"}, exclude_none=True)
        more["cells"] = [cell.to_graph() for cell in self.cells]
        times = await self.times_to_unix(call)
        return await self.plan_study(call, times, more, "it splits the audiences of running ads from its start on")
