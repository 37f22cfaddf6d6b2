"""Read datasets (pixels): those of a business or an ad account, or one with its shares, people, checks and uploads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import fields_for, read_list
from meta_ads_mcp.core.params import ListParams, Local, exactly_one
from meta_ads_mcp.core.partial import attempt, needing, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Listing, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import Moment
from meta_ads_mcp.core.values.ids import AccountId, BusinessId, PixelId
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.pixels.health import match_rate
from meta_ads_mcp.tools.pixels.pixels import UNKNOWN_RATE, with_age

FIELDS = (
    "id name creation_time last_fired_time is_unavailable is_crm is_consolidated_container data_use_setting "
    "first_party_cookie_status enable_automatic_matching automatic_matching_fields can_proxy match_rate_approx "
    "owner_business owner_ad_account"
)
# Fields of one dataset only.
UPLOAD_TOTALS = ("event_stats", "usage", "valid_entries", "matched_entries", "duplicate_entries")
SHARED_ACCOUNT_FIELDS = ("id", "name", "account_id", "business_name")
Part = Literal["shared_accounts", "assigned_users", "agencies", "checks", "gateways", "offline_uploads"]
MAX_ROWS = 100


@dataclass(frozen=True)
class DatasetPart:
    """Describe a part of a dataset: its edge, its fields, and whether the edge requires a business."""

    edge: str
    fields: tuple[str, ...]
    requires_business: bool = False
    scopes: tuple[str, ...] = ("business_management",)


PARTS: dict[str, DatasetPart] = {
    "shared_accounts": DatasetPart("shared_accounts", SHARED_ACCOUNT_FIELDS, requires_business=True),
    "assigned_users": DatasetPart("assigned_users", ("id", "name", "user_type", "business"), requires_business=True),
    "agencies": DatasetPart("agencies", ("id", "name", "verification_status")),
    "checks": DatasetPart("da_checks", ("key", "title", "description", "result", "user_message"), scopes=("ads_read",)),
    "gateways": DatasetPart(
        "openbridge_configurations",
        ("id", "active", "cloud_provider", "cloud_region", "capi_publishing_state", "host_business_id"),
    ),
    "offline_uploads": DatasetPart(
        "offline_event_uploads",
        (
            "id",
            "upload_tag",
            "creation_time",
            "event_time_min",
            "event_time_max",
            "valid_entries",
            "matched_entries",
            "duplicate_entries",
            "match_rate_approx",
            "is_excluded_for_lift",
            "event_stats",
        ),
        scopes=("ads_read",),
    ),
}


@tool(
    "ads_get_datasets",
    Effect.READ,
    get("{business_id}/adspixels", "{account_id}/adspixels", "{dataset_id}"),
    node="AdsPixel",
    fields=FIELDS,
    identity="id",
    singular="dataset",
    keywords="pixel business shared partners people checks gateway offline uploads details",
)
class GetDatasets(ListParams):
    """List the datasets (pixels) of a business or an ad account, or read one with its shares, people, checks, gateways
    and uploads of store events (include)."""

    business_id: Annotated[
        BusinessId | None, Field(description="With dataset_id: whose shares and people; default its owner")
    ] = None
    account_id: AccountId | None = None
    dataset_id: PixelId | None = None
    name_contains: Annotated[str | None, Field(min_length=1, max_length=200, description="Of a business")] = None
    sort_by: Literal["LAST_FIRED_TIME", "NAME"] | None = None
    include: Annotated[list[Part] | None, Local(), Field(max_length=6, description="Of one dataset")] = None
    start_time: Annotated[Moment | None, Local(), Field(description="Of store uploads")] = None
    end_time: Annotated[Moment | None, Local()] = None
    upload_tag: Annotated[str | None, Local(), Field(max_length=100)] = None
    fields: FieldList | None = None

    @model_validator(mode="after")
    def _check_subject(self) -> Self:
        if self.dataset_id is None:
            exactly_one(self, "business_id", "account_id")
        elif self.account_id is not None:
            raise ValueError("give dataset_id or account_id, not both")
        if self.include and self.dataset_id is None:
            raise ValueError("include is for one dataset: give dataset_id")
        if self.name_contains and (self.business_id is None or self.dataset_id is not None):
            raise ValueError("name_contains searches the datasets of a business: give business_id alone")
        return self

    async def run(self, call: Call) -> Result:
        if self.dataset_id is not None:
            return await self._read_one(call, self.dataset_id)
        path = f"{self.business_id or self.account_id}/adspixels"
        more = {"sort_by": self.sort_by, "name_filter": self.name_contains}
        with needing("business_management" if self.business_id else "ads_read"):
            return await read_list(call, self, path, refine=lambda row: _show(row, call), **more)

    async def _read_one(self, call: Call, dataset_id: str) -> Result:
        names = fields_for(self)
        fields = names if self.fields else [*names, *UPLOAD_TOTALS]
        row = _show(await call.graph.get(dataset_id, fields=fields), call)
        if "match_rate_approx" in row and row["match_rate_approx"] is None:
            call.note(UNKNOWN_RATE)
        data = Whole(row)
        for name in dict.fromkeys(self.include or ()):
            data[name] = await self._read_part(call, dataset_id, name, row)
        missing = [name for name in self.include or () if data[name] is None]
        suffix = f" Not readable: {', '.join(missing)}." if missing else ""
        return Result(f"Dataset {dataset_id}.{suffix}", data)

    async def _read_part(self, call: Call, dataset_id: str, name: str, row: Row) -> list[Row] | None:
        """Return the rows of a part; None for one that could not be read, which a note explains."""
        listing = await attempt(self._list_part(call, dataset_id, name, row))
        if isinstance(listing, AdsError):
            call.note(unread(name, listing))
            return None
        if listing.has_more:
            call.note(f"{name} holds the first {MAX_ROWS} rows.")
        return listing.rows

    async def _list_part(self, call: Call, dataset_id: str, name: str, row: Row) -> Listing:
        part = PARTS[name]
        params: dict[str, Any] = self._upload_filter() if name == "offline_uploads" else {}
        if part.requires_business:
            params["business"] = business_of(call, self.business_id, row)
        with needing(*part.scopes):
            return await call.graph.list(f"{dataset_id}/{part.edge}", fields=part.fields, limit=MAX_ROWS, **params)

    def _upload_filter(self) -> dict[str, Any]:
        times = {"start_time": self.start_time, "end_time": self.end_time}
        return {**{name: value for name, value in times.items() if value}, "upload_tag": self.upload_tag}


def _show(row: Row, call: Call) -> Row:
    """Add the hours since the last event; Meta's -1 for an unknown match rate becomes None."""
    result = with_age(row, call)
    return {**result, "match_rate_approx": match_rate(row)} if "match_rate_approx" in row else result


def business_of(call: Call, argument: str | None, dataset: Row) -> str:
    """Return the business whose shares of a dataset are meant: of the argument, the settings, or the owner.

    Raises InvalidArguments if none is business_id.
    """
    owner = dataset.get("owner_business")
    business_id = argument or call.business_id() or (owner.get("id") if isinstance(owner, dict) else None)
    if not business_id:
        raise InvalidArguments(
            "Meta requires the business that owns the dataset, and does not show it to this token.",
            "Give business_id; ads_get_pages_for_business and Business settings show it.",
        )
    return str(business_id)
