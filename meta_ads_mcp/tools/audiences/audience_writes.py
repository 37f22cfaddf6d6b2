"""Create, share and delete audiences. The people of a customer list are changed in `customer_list`."""

from __future__ import annotations

import json
from typing import Annotated, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator

from meta_ads_mcp.core.params import Form, Local
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Account, Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, delete, post, tool
from meta_ads_mcp.core.values.enums import Open, Word
from meta_ads_mcp.core.values.ids import AccountId, AudienceId, PixelId
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams, WriteParams
from meta_ads_mcp.errors import AdsError, InvalidArguments
from meta_ads_mcp.tools.audiences.audience_rule import AudienceRule
from meta_ads_mcp.web.addresses import PublicUrl

Name = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(max_length=1000)]
CountryCode = Annotated[str, Form("a country code", "DE"), Field(pattern="^[A-Z]{2}$")]
MAX_ADS_IN_NOTE = 10
# The smallest source of a lookalike audience (Meta error 100/1713232).
MIN_ORIGIN_PEOPLE = 100
_FLAGGED = 471
# CustomAudience.AudienceLabels of the SDK.
AUDIENCE_LABELS = frozenset(
    """
    APP_USERS AT_RISK CART_ABANDONERS DISENGAGED DISQUALIFIED_LEADS ENGAGED_USERS GENERAL_CUSTOMERS
    HIGH_VALUE_CUSTOMERS LOW_VALUE_CUSTOMERS OTHER_1 OTHER_2 OTHER_3 QUALIFIED_LEADS RECENT_PURCHASERS TRIAL_USERS
""".split()
)
AudienceLabels = Annotated[
    list[Word],
    Open("CustomAudience.AudienceLabels", AUDIENCE_LABELS),
    Field(min_length=1, max_length=15, description="e.g. HIGH_VALUE_CUSTOMERS, CART_ABANDONERS"),
]


def require_not_flagged(audience: Row) -> None:
    """Raise InvalidArguments when Meta has flagged the audience: Meta rejects every change to it."""
    status = audience.get("operation_status")
    if isinstance(status, dict) and status.get("code") == _FLAGGED:
        raise InvalidArguments(
            f"Meta has flagged audience {audience.get('id')} for its policies.", "See why in Ads Manager, Audiences."
        )


# The model still rejects unknown keys. Its full schema would add thousands of characters to the tool list.
SHORT = WithJsonSchema(
    {
        "type": "object",
        "description": '{"inclusions": {"operator": "or", "rules": [{"event_sources": [{"id": "<pixel>", "type": '
        '"pixel"}], "retention_seconds": 2592000, "filter": {"operator": "and", "filters": [{"field": "url", '
        '"operator": "i_contains", "value": "shop"}]}}]}, "exclusions": …}',
    }
)


@tool(
    "ads_create_custom_audience",
    Effect.CREATE,
    post("{account_id}/customaudiences"),
    node="CustomAudience",
    singular="audience",
    keywords="new remarketing customer list website visitors",
    write_only="prefill enable_fetch_or_create rule subtype use_for_products",
)
class CreateCustomAudience(CreateParams):
    """Create an audience: an empty customer list (fill it with ads_update_audience_users), or one that a rule fills
    from events of a pixel, app, Page or form."""

    account_id: AccountId
    name: Name
    description: Description | None = None
    subtype: Literal["CUSTOM", "WEBSITE", "APP", "OFFLINE_CONVERSION", "ENGAGEMENT"] | None = None
    customer_file_source: (
        Literal["BOTH_USER_AND_PARTNER_PROVIDED", "PARTNER_PROVIDED_ONLY", "USER_PROVIDED_ONLY"] | None
    ) = None
    retention_days: Annotated[int | None, Field(ge=1, le=365)] = None
    rule: Annotated[AudienceRule | None, SHORT] = None
    prefill: bool | None = None
    pixel_id: PixelId | None = None
    is_value_based: bool | None = None
    audience_labels: AudienceLabels | None = None
    opt_out_link: Annotated[PublicUrl | None, Field(description="Where people of a list leave it")] = None
    use_for_products: Annotated[list[Literal["ADS", "MARKETING_MESSAGES"]] | None, Field(min_length=1)] = None
    enable_fetch_or_create: bool | None = None

    @model_validator(mode="after")
    def _pre_flight(self) -> Self:
        if self.rule is not None and not self.rule.inclusions.rules:
            raise ValueError("inclusions has no rules: say which people are in the audience")
        if self.rule is not None and self.subtype is not None:
            raise ValueError("leave out subtype with a rule: Meta infers it (error 2654)")
        if self.is_list and self.customer_file_source is None:
            raise ValueError("customer_file_source is required for a customer list: where its people come from")
        if not self.is_list and self.customer_file_source is not None:
            raise ValueError("customer_file_source is for a customer list (subtype CUSTOM, without a rule)")
        if self.rule is None and not self.is_list:
            raise ValueError(f"an audience of type {self.subtype} is defined by a rule: give rule, without subtype")
        return self

    @property
    def is_list(self) -> bool:
        """Return whether the arguments describe a customer list, which has no rule."""
        return self.rule is None and self.subtype in (None, "CUSTOM")

    def complete_values(self, after: Row) -> Row:
        return {**after, "subtype": "CUSTOM"} if self.is_list else after

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        return {**after, "rule": json.dumps(after["rule"], separators=(",", ":"))} if "rule" in after else after

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if self.is_list:
            call.note("The list is empty: fill it with ads_update_audience_users.")


@tool(
    "ads_create_lookalike_audience",
    Effect.CREATE,
    post("{account_id}/customaudiences"),
    node="CustomAudience",
    singular="audience",
    keywords="new similar people expand",
    write_only="lookalike_spec origin_audience_id",
)
class CreateLookalikeAudience(CreateParams):
    """Create an audience of people in a country who resemble those of another audience (at least 100 people).

    ratio is the share of the country's people, 0.01 the most similar.
    """

    account_id: AccountId
    name: Name
    origin_audience_id: AudienceId
    ratio: Annotated[float, Local(), Field(ge=0.01, le=0.2, description="0.01 to 0.20, in steps of 0.01")]
    country: Annotated[
        list[CountryCode],
        Local(),
        Field(min_length=1, max_length=50, description="ISO codes, one or several"),
    ]
    description: Description | None = None
    starting_ratio: Annotated[
        float | None, Local(), Field(ge=0.0, le=0.19, description="Leave out those up to here")
    ] = None

    @model_validator(mode="after")
    def _pre_flight(self) -> Self:
        for name in ("ratio", "starting_ratio"):
            value = getattr(self, name)
            if value is not None and abs(value * 100 - round(value * 100)) > 1e-6:
                raise ValueError(f"{name} goes in steps of 0.01")
        if self.starting_ratio is not None and self.starting_ratio >= self.ratio:
            raise ValueError("starting_ratio is below ratio")
        return self

    def complete_values(self, after: Row) -> Row:
        """Build `lookalike_spec` from `ratio`; Meta's `type` (similarity, reach) is an alternative to it."""
        spec: Row = {"ratio": self.ratio}
        spec |= {"starting_ratio": self.starting_ratio} if self.starting_ratio else {}
        if len(self.country) == 1:
            spec["country"] = self.country[0]
        else:
            spec["location_spec"] = {"geo_locations": {"countries": self.country}}
        return {**after, "subtype": "LOOKALIKE", "lookalike_spec": spec}

    def to_graph_params(self, after: Row, account: Account | None) -> Row:
        return {**after, "lookalike_spec": json.dumps(after["lookalike_spec"], separators=(",", ":"))}

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        """Check that Meta accepts the source audience (error 100/1713232 otherwise)."""
        origin = await call.graph.get(
            self.origin_audience_id, fields=["id", "operation_status", "approximate_count_upper_bound"]
        )
        require_not_flagged(origin)
        size = origin.get("approximate_count_upper_bound")
        if isinstance(size, int) and 0 <= size < MIN_ORIGIN_PEOPLE:
            call.note(
                f"The source audience has fewer than {MIN_ORIGIN_PEOPLE} matched people: Meta rejects the lookalike "
                "until it has more. A new list is matched within 24 hours."
            )
        call.note("Meta fills a lookalike audience within 24 hours. Special ad categories cannot use it.")


def _digits(accounts: list[str]) -> list[str]:
    """Strip `act_` from the account ids, as this edge requires."""
    return [account.removeprefix("act_") for account in accounts]


Accounts = Annotated[list[AccountId], Local(), Field(min_length=1, max_length=50)]


@tool(
    "ads_share_custom_audience",
    Effect.UPDATE,
    post("{audience_id}/adaccounts"),
    node="CustomAudience",
    singular="audience",
    keywords="partner agency other account",
    write_only="adaccounts relationship_type",
)
class ShareCustomAudience(WriteParams):
    """Share an audience with other ad accounts, which may then target it. Existing shares stay."""

    audience_id: AudienceId
    ad_account_ids: Accounts
    relationship_type: Annotated[list[Word] | None, Field(min_length=1, max_length=5)] = None

    def complete_values(self, after: Row) -> Row:
        return {"adaccounts": _digits(self.ad_account_ids), **after}

    async def describe_effect(self, call: Call) -> Row:
        return {"shared_with": self.ad_account_ids, "next_step": "ads_unshare_custom_audience takes it back."}


@tool(
    "ads_unshare_custom_audience",
    Effect.UPDATE,
    delete("{audience_id}/adaccounts"),
    node="CustomAudience",
    singular="audience",
    keywords="withdraw revoke",
    write_only="adaccounts",
    destructive=True,
)
class UnshareCustomAudience(WriteParams):
    """Withdraw an audience from other ad accounts. Ad sets there that target it stop delivering."""

    audience_id: AudienceId
    ad_account_ids: Accounts

    def complete_values(self, after: Row) -> Row:
        return {"adaccounts": _digits(self.ad_account_ids)}

    async def describe_effect(self, call: Call) -> Row:
        return {"no_longer_shared_with": self.ad_account_ids, "next_step": "ads_share_custom_audience shares it again."}


@tool(
    "ads_delete_custom_audience",
    Effect.DELETE,
    delete("{audience_id}"),
    node="CustomAudience",
    singular="audience",
    keywords="remove",
    write_only="status",
)
class DeleteCustomAudience(ConfirmedParams):
    """Delete an audience for good; says first which ads use it. Needs a confirmation."""

    audience_id: AudienceId

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        await note_ads(call, self.audience_id)


async def note_ads(call: Call, audience_id: str) -> None:
    """Note which ads use the audience, before the confirmation."""
    fields = ["id", "name", "effective_status"]
    ads = await attempt(call.graph.list(f"{audience_id}/ads", fields=fields, limit=MAX_ADS_IN_NOTE))
    if isinstance(ads, AdsError):
        call.note(unread("The ads that use it", ads))
    elif not ads.rows:
        call.note("No ad uses this audience.")
    else:
        ids = ", ".join(f"{row.get('id')} ({row.get('effective_status')})" for row in ads.rows)
        call.note(f"Used by ad {ids}{' and more' if ads.has_more else ''}.")
