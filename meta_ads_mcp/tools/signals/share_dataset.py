"""Share a dataset with an ad account or an agency, stop sharing, or give a person tasks on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.partial import attempt, needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Method, Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import AccountId, BusinessId, PersonId, PixelId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Inverse, Plan, Steps
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.signals.datasets import PARTS, SHARED_ACCOUNT_FIELDS, business_of

ShareAction = Literal["share_account", "unshare_account", "share_business", "unshare_business", "assign_user"]
# SDK enum AdsPixel.Tasks; AdsPixel.PermittedTasks, for businesses, lacks AA_ANALYZE.
Task = Literal["AA_ANALYZE", "ADVERTISE", "ANALYZE", "EDIT", "UPLOAD"]
MAX_SHARES = 100
MAX_NAMED = 10
REASON = "somebody gains or loses access to the data of the dataset"
NO_RETURN = "Graph does not show which tasks a business has, so ads_undo_change cannot give them back."
NO_REMOVAL = "Graph cannot take a person off a dataset again; that is done in Business settings."


@dataclass(frozen=True)
class ShareRequest:
    """Describe the request of an action: method, edge, the arguments it requires, and the action that reverses it."""

    method: Method
    edge: str
    arguments: tuple[str, ...]
    reversed_by: Method | None = None


ACTIONS: dict[str, ShareRequest] = {
    "share_account": ShareRequest("POST", "shared_accounts", ("account_id",), "DELETE"),
    "unshare_account": ShareRequest("DELETE", "shared_accounts", ("account_id",), "POST"),
    "share_business": ShareRequest("POST", "agencies", ("business_id", "tasks"), "DELETE"),
    "unshare_business": ShareRequest("DELETE", "agencies", ("business_id",)),
    "assign_user": ShareRequest("POST", "assigned_users", ("user_id", "tasks")),
}


@tool(
    "ads_share_dataset",
    Effect.UPDATE,
    post("{dataset_id}/shared_accounts", "{dataset_id}/agencies", "{dataset_id}/assigned_users"),
    node="AdsPixel",
    singular="dataset",
    keywords="pixel share partner agency access assign user permission tasks unshare",
    destructive=True,
)
class ShareDataset(ConfirmedParams):
    """Share a dataset (pixel) with an ad account or an agency, stop sharing, or give a person tasks on it.

    Needs a confirmation. Ad sets of an account that loses it stop optimizing for it.
    """

    dataset_id: PixelId
    action: ShareAction
    business_id: Annotated[
        BusinessId | None, Field(description="Accounts: the owner of the dataset (default). Businesses: the agency")
    ] = None
    account_id: AccountId | None = None
    user_id: PersonId | None = None
    tasks: Annotated[list[Task] | None, Field(min_length=1, max_length=5, description="AA_ANALYZE for people only")] = (
        None
    )

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        arguments = ACTIONS[self.action].arguments
        missing = [name for name in arguments if getattr(self, name) is None]
        if missing:
            raise ValueError(f"{self.action} requires {' and '.join(missing)}")
        extra = [name for name in ("account_id", "user_id", "tasks") if getattr(self, name) and name not in arguments]
        if extra:
            raise ValueError(f"{self.action} takes no {' and no '.join(extra)}")
        if self.action == "share_business" and "AA_ANALYZE" in (self.tasks or ()):
            raise ValueError("AA_ANALYZE is a task of people; a business takes ADVERTISE, ANALYZE, EDIT or UPLOAD")
        return self

    async def plan(self, call: Call) -> Plan:
        """Read the present shares and plan the request. Raises InvalidArguments if there is nothing to do."""
        fields = ["id", "name", "owner_business"]
        with needing("business_management"):
            dataset = await call.graph.get(self.dataset_id, fields=fields)
        action, params = ACTIONS[self.action], self._params(call, dataset)
        shares = await self._read_shares(call, params)
        self._require_difference(shares)
        notes = await self._effects(call)
        inverse = None
        if action.reversed_by is not None:
            shared_params = {name: value for name, value in params.items() if name != "permitted_tasks"}
            inverse = Inverse(action.reversed_by, f"{self.dataset_id}/{action.edge}", shared_params, (REASON,))
        change = Change(
            Effect.UPDATE,
            Request(
                action.method,
                f"{self.dataset_id}/{action.edge}",
                params,
                account=await call.owner(self.dataset_id, "AdsPixel"),
                repeatable=False,
                write=True,
                kind="AdsPixel",
            ),
            "AdsPixel",
            object_id=self.dataset_id,
            before={} if shares is None else {action.edge: [str(row.get("id")) for row in shares]},
            after={"action": self.action},
            title=str(dataset.get("name") or ""),
            reasons=(REASON,),
            inverse=inverse,
        )
        return Plan([change], f"{self.action} for dataset {self.dataset_id}.", notes, {"shares_before": _shown(shares)})

    def _params(self, call: Call, dataset: Row) -> Row:
        if self.action == "assign_user":
            return {"user": self.user_id, "tasks": self.tasks}
        if self.account_id is not None:
            # Graph takes the number of the account here, without act_ (SDK: AdsPixel.create_shared_account).
            account = self.account_id.removeprefix("act_")
            return {"account_id": account, "business": business_of(call, self.business_id, dataset)}
        return {"business": self.business_id, **({"permitted_tasks": self.tasks} if self.tasks else {})}

    async def _read_shares(self, call: Call, params: Row) -> list[Row] | None:
        """Return the rows of the edge that the action changes; None if they cannot be read."""
        edge = ACTIONS[self.action].edge
        fields = SHARED_ACCOUNT_FIELDS[:3] if edge == "shared_accounts" else PARTS[edge].fields
        more = {"business": params["business"]} if edge == "shared_accounts" else {}
        if edge == "assigned_users":
            return None
        listing = await attempt(
            call.graph.list(f"{self.dataset_id}/{edge}", fields=fields, limit=MAX_SHARES, max_items=5000, **more)
        )
        return None if isinstance(listing, AdsError) else listing.rows

    def _require_difference(self, shares: list[Row] | None) -> None:
        """Raise InvalidArguments for a share that is there already, or is not there to be withdrawn."""
        subject = self.account_id or self.business_id
        if shares is None or subject is None or self.action == "assign_user":
            return
        has_share = any(
            subject.removeprefix("act_") in (row.get("account_id"), row.get("id")) or subject == row.get("id")
            for row in shares
        )
        if self.action.startswith("share") and has_share:
            raise InvalidArguments(f"The dataset is shared with {subject} already.", "Nothing is left to do.")
        if self.action.startswith("unshare") and not has_share:
            raise InvalidArguments(
                f"The dataset is not shared with {subject}.", "ads_get_datasets with include shows its shares."
            )

    async def _effects(self, call: Call) -> list[str]:
        """Return notes on what the change stops, as far as this token can see it."""
        if self.action == "assign_user":
            return [NO_REMOVAL]
        if self.action == "unshare_business":
            return [NO_RETURN]
        if self.action != "unshare_account":
            return []
        listing = await attempt(
            call.graph.list(
                f"{self.account_id}/adsets",
                fields=("id", "name", "promoted_object"),
                limit=MAX_SHARES,
                max_items=5000,
                effective_status=["ACTIVE"],
            )
        )
        if isinstance(listing, AdsError):
            return [f"Which ad sets of {self.account_id} use the dataset could not be read ({listing.kind})."]
        users = [row for row in listing.rows if (row.get("promoted_object") or {}).get("pixel_id") == self.dataset_id]
        if not users:
            return []
        names = ", ".join(str(row["id"]) for row in users[:MAX_NAMED])
        return [f"{len(users)} active ad sets of {self.account_id} optimize for the dataset and will stop: {names}."]

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Send the request, and read the shares again."""
        change = plan.changes[0]
        await steps.do(change)
        return {**plan.details, "shares_now": _shown(await self._read_shares(call, dict(change.request.params)))}


def _shown(shares: list[Row] | None) -> list[Row] | None:
    return None if shares is None else shares[:MAX_SHARES]
