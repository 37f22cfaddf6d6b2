"""Partnership ads: the posts of creators that a brand may advertise, and the permissions and codes behind them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from meta_ads_mcp.core.listing import list_result, tool_declaration
from meta_ads_mcp.core.params import Form, ListParams, Local, exactly_one
from meta_ads_mcp.core.partial import attempt, needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, post, tool
from meta_ads_mcp.core.values.ids import InstagramId, MediaId, ObjectId
from meta_ads_mcp.core.write import Change, ConfirmedParams, Inverse, Plan, Steps
from meta_ads_mcp.errors import AdsError, InvalidArguments

PERMISSIONS_EDGE = "branded_content_ad_permissions"
CONTENT_EDGE = "branded_content_advertisable_medias"
CODE_EDGE = "partnership_ad_code"
_PERMISSION_FIELDS = ("id", "permission_type", "status")
# Permissions that Graph requires of the brand, and of the creator for codes (Meta docs, partnership-ads).
BRAND_SCOPES = ("instagram_branded_content_ads_brand", "instagram_basic")
CREATOR_SCOPES = ("instagram_branded_content_creator", "instagram_basic")
# Names under which the answer may hold a code. The SDK does not say which (SDK: IGMedia.create_partnership_ad_code).
_CODE_NAMES = ("partnership_ad_code", "ad_code", "code")
Username = Annotated[str, Form("an Instagram user name", "maria.cooks"), Field(pattern="^[A-Za-z0-9._]{1,30}$")]
USE = (
    "The id of a post goes into ads_create_ad_creative as source_instagram_media_id, with instagram_branded_content or "
    "facebook_branded_content."
)


@tool(
    "ads_get_partnership_content",
    Effect.READ,
    get("{ig_account_id}/branded_content_advertisable_medias", "{ig_account_id}/branded_content_ad_permissions"),
    node="BrandedContentShadowIGMediaID",
    fields="id permalink owner_id has_permission_for_partnership_ad is_creator_allowlisted eligibility_errors "
    "recommended_campaign_objectives",
    singular="post",
    keywords="partnership ads creator influencer branded content collab instagram paid partnership",
)
class GetPartnershipContent(ListParams):
    """List the posts of creators that a brand's Instagram account may advertise as partnership ads, or the reason why
    not; or the permissions of creators (what=permissions)."""

    ig_account_id: Annotated[InstagramId, Field(description="The brand's account")]
    what: Annotated[Literal["content", "permissions"], Local()] = "content"
    creator_username: Username | None = None
    ad_code: Annotated[str | None, Field(min_length=1, max_length=200, description="From the creator")] = None
    permalinks: Annotated[
        list[Annotated[str, Field(min_length=10, max_length=300)]] | None, Field(min_length=1, max_length=50)
    ] = None
    relationship: Annotated[list[Literal["IS_TAGGED", "OWNED"]] | None, Local(), Field(min_length=1)] = None
    only_allowlisted: Annotated[bool | None, Local()] = None
    only_recommended: Annotated[bool | None, Local()] = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        names = ("ad_code", "permalinks", "relationship", "only_allowlisted", "only_recommended")
        extra = [name for name in names if getattr(self, name) is not None]
        if self.what == "permissions" and extra:
            raise ValueError(f"{extra[0]} goes with what=content")
        return self

    async def run(self, call: Call) -> Result:
        is_content = self.what == "content"
        params: Row = {
            "ad_code": self.ad_code,
            "permalinks": self.permalinks,
            "media_relationship": self.relationship,
            "only_fetch_allowlisted": self.only_allowlisted,
            "only_fetch_recommended_content": self.only_recommended,
        }
        path = f"{self.ig_account_id}/{CONTENT_EDGE if is_content else PERMISSIONS_EDGE}"
        with needing(*BRAND_SCOPES):
            listing = await call.graph.list(
                path,
                fields=list(tool_declaration(self).fields if is_content else _PERMISSION_FIELDS),
                limit=self.limit,
                after=self.after,
                max_items=self.max_items,
                creator_username=self.creator_username,
                **(params if is_content else {}),
            )
        if is_content and listing.rows:
            call.note(USE)
        if not listing.rows:
            call.note("ads_update_partnership_permission asks a creator for permission.")
        return list_result("post" if is_content else "permission", path, listing)


Action = Literal["request", "revoke", "create_ad_code", "delete_ad_code"]


@tool(
    "ads_update_partnership_permission",
    Effect.UPDATE,
    post("{ig_account_id}/branded_content_ad_permissions", "{ig_media_id}/partnership_ad_code"),
    node="IGUser",
    singular="permission",
    keywords="partnership ads creator influencer branded content ask request revoke withdraw ad code",
)
class UpdatePartnershipPermission(ConfirmedParams):
    """Ask a creator for permission for partnership ads (which notifies the creator), withdraw it, or make or delete the
    ad code of a post of your own. Always needs a confirmation. A code is shown once."""

    action: Annotated[Action, Local()]
    ig_account_id: Annotated[InstagramId | None, Field(description="request, revoke: the brand's account")] = None
    creator_username: Annotated[Username | None, Local()] = None
    creator_id: Annotated[ObjectId | None, Local(), Field(description="Instead of creator_username")] = None
    ig_media_id: Annotated[MediaId | None, Field(description="Ad codes: the creator's own post")] = None

    @model_validator(mode="after")
    def _check_arguments(self) -> Self:
        of_code = ("ig_media_id",)
        of_permission = ("ig_account_id", "creator_username", "creator_id")
        extra = [name for name in (of_permission if self._is_code else of_code) if getattr(self, name) is not None]
        if extra:
            raise ValueError(f"{self.action} takes no {' and no '.join(extra)}")
        required = "ig_media_id" if self._is_code else "ig_account_id"
        if getattr(self, required) is None:
            raise ValueError(f"{self.action} requires {required}")
        return self if self._is_code else exactly_one(self, "creator_username", "creator_id")

    @property
    def _is_code(self) -> bool:
        return self.action.endswith("ad_code")

    async def plan(self, call: Call) -> Plan:
        """Read the present permission, and plan the request. Raises InvalidArguments if it is granted already."""
        change = self._code_change() if self._is_code else self._permission_change()
        if self._is_code:
            return Plan([change], f"{self.action} for post {self.ig_media_id}.")
        present = await self._read(call)
        status = str((present or {}).get("status") or "").upper()
        if self.action == "request" and status == "APPROVED":
            raise InvalidArguments(
                f"{self._creator} has given the permission already.",
                "ads_get_partnership_content lists the posts that can be advertised.",
            )
        details = {"permission": present} if present else {}
        return Plan([change], f"{self.action} of {self._creator}.", details=details)

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Send the request. A code is in the answer alone, never in the journal."""
        with needing(*(CREATOR_SCOPES if self._is_code else BRAND_SCOPES)):
            answer = await steps.do(plan.changes[0])
        if not self._is_code:
            return {"permission": await self._read(call)}
        code = next((answer[name] for name in _CODE_NAMES if answer.get(name)), None)
        if self.action == "delete_ad_code":
            return {}
        if code is None:
            return {"next_step": "Meta made the code and did not show it: the creator finds it in the Instagram app."}
        step = "Hand it to the brand: ads_get_partnership_content ad_code=… finds the post."
        return {"ad_code": code, "next_step": f"{step} ads_undo_change deletes the code."}

    @property
    def _creator(self) -> str:
        return self.creator_username or str(self.creator_id)

    async def _read(self, call: Call) -> Row | None:
        """Return the permission of the creator; None if there is none, or it cannot be read."""
        if self.creator_username is None:
            return None
        path = f"{self.ig_account_id}/{PERMISSIONS_EDGE}"
        listing = await attempt(
            call.graph.list(path, fields=_PERMISSION_FIELDS, limit=25, creator_username=self.creator_username)
        )
        return None if isinstance(listing, AdsError) or not listing.rows else listing.rows[0]

    def _permission_change(self) -> Change:
        creator: Row = (
            {"creator_instagram_username": self.creator_username}
            if self.creator_username
            else {"creator_instagram_account": self.creator_id}
        )
        path, revoked = f"{self.ig_account_id}/{PERMISSIONS_EDGE}", {**creator, "revoke": True}
        params = creator if self.action == "request" else revoked
        return Change(
            Effect.UPDATE,
            Request("POST", path, params, repeatable=False, write=True, kind="IGUser"),
            "IGUser",
            object_id=self.ig_account_id,
            after={"action": self.action, **creator},
            inverse=Inverse("POST", path, revoked) if self.action == "request" else None,
        )

    def _code_change(self) -> Change:
        path = f"{self.ig_media_id}/{CODE_EDGE}"
        is_new = self.action == "create_ad_code"
        return Change(
            Effect.UPDATE,
            Request("POST" if is_new else "DELETE", path, repeatable=False, write=True, kind="IGMedia"),
            "IGMedia",
            object_id=self.ig_media_id,
            after={"action": self.action},
            inverse=Inverse("DELETE", path) if is_new else None,
        )
