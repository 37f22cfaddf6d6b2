"""Describe each kind of Graph object once: one row per kind, which all other code reads.

A kind has the name of its class in `facebook_business` 26.0.3, which is also the source of the field names here.
Adding a tool for a new kind of object takes its class in `tools/` and one row in NODES.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from meta_ads_mcp.core.values.catalog_kinds import CATALOG_KINDS
from meta_ads_mcp.core.values.enums import EntityType
from meta_ads_mcp.core.values.optimization_kinds import OPTIMIZATION_KINDS

DEFAULT_QUOTA = "ads_management"


class Owner(enum.Enum):
    """How the ad account of an object is found."""

    SELF = "self"
    """The object is an ad account, or its field `account_id` names one."""
    MEMBER = "member"
    """The object is on an edge of each ad account that may use it (`member_edge`)."""
    PAGE = "page"
    """The object's id begins with that of its Page, whose account counts."""
    PARENT = "parent"
    """A field of the object names another one, whose account counts (`parent`)."""
    CATALOG = "catalog"
    """The object is a catalog or in one. The catalog belongs to a business, or is shared with it."""
    ABOVE = "above"
    """The object stands above ad accounts (a user, a business)."""
    BY_PAGE = "by page"
    """Only the token of its Page may change the object; the account of that Page counts."""
    UNKNOWN = "unknown"
    """Graph names no ad account for the object. Under an account allowlist it is never used."""


@dataclass(frozen=True)
class Fingerprint:
    """Tell a new object from the others of its kind after the answer to its creation was lost.

    `fields` must have the values that were sent; None means every field that was sent and can be read. `created` is
    the field with the creation time. A kind without one is recognized by its fields alone, so a twin that existed
    before cannot be told apart.
    """

    fields: tuple[str, ...] | None = ("name",)
    created: str | None = "created_time"


@dataclass(frozen=True)
class NodeKind:
    """State the facts about one kind of Graph object.

    * `label`: the words for it in messages.
    * `member_edge`: the edge of an ad account that lists it (Owner.MEMBER).
    * `parent`: the field that names the object to which it belongs, and the kind of that object (Owner.PARENT).
    * `needs_page`: whether Graph shows that field to the token of a Page alone.
    * `list_edge`: the edge below its parent on which it is created and listed.
    * `distinct_field`: a field that only this kind has among those that a tool changes, by which an id of another kind
      is noticed.
    * `filters_updated_time`: whether the list edge filters by `updated_time`.
    * `pause_status`: the status that stops what the object does; None if nothing stops it.
    * `has_status`: whether it shows and takes the status DELETED.
    * `reversible`: whether its fields can be written back one by one.
    * `hidden_fields`: fields that Graph does not show, though it may take them.
    * `final_fields`: fields whose change cannot be undone.
    * `delivers`: whether the status ACTIVE lets it spend, and ARCHIVED ends it for good.
    * `deletable`: whether `DELETE` takes back its creation.
    * `create_action`: the word of the policy for creating it.
    * `effect_fields`: fields on whose current values the effects of a change depend, beside those that it sets.
    * `id_keys`: parameters, at any depth of a request, that hold ids of this kind.
    * `has_id`: whether the answer to its creation names an id. An image is named by its hash.
    * `quota`: the quota on which requests to the `quota_edges` count (Meta docs, marketing-api and graph-api
      overview/rate-limiting).
    """

    name: str
    label: str
    owner: Owner = Owner.SELF
    member_edge: str | None = None
    parent: tuple[str, str] | None = None
    needs_page: bool = False
    list_edge: str | None = None
    distinct_field: str | None = None
    filters_updated_time: bool = False
    fingerprint: Fingerprint = Fingerprint()
    pause_status: str | None = None
    has_status: bool = False
    reversible: bool = False
    hidden_fields: tuple[str, ...] = ()
    final_fields: tuple[str, ...] = ()
    delivers: bool = True
    deletable: bool = False
    create_action: str | None = None
    effect_fields: tuple[str, ...] = ()
    id_keys: tuple[str, ...] = ()
    has_id: bool = True
    quota: str = DEFAULT_QUOTA
    quota_edges: tuple[str, ...] = ()


_ROWS = (
    NodeKind(
        "AdAccount",
        "ad account",
        reversible=True,
        effect_fields=("amount_spent",),
        id_keys=("account_id", "ad_account_id", "account_ids", "adaccounts", "ad_accounts", "adaccount"),
    ),
    NodeKind(
        "Campaign",
        "campaign",
        list_edge="campaigns",
        distinct_field="objective",
        filters_updated_time=True,
        pause_status="PAUSED",
        has_status=True,
        reversible=True,
        create_action="create_campaign",
        effect_fields=("stop_time",),
        id_keys=("campaign_id", "campaign_ids", "source_campaign_id", "campaigns", "adcampaigns", "campaign_group_id"),
    ),
    NodeKind(
        "AdSet",
        "ad set",
        list_edge="adsets",
        distinct_field="optimization_goal",
        filters_updated_time=True,
        pause_status="PAUSED",
        has_status=True,
        reversible=True,
        create_action="create_ad_set",
        effect_fields=("end_time",),
        id_keys=("adset_id", "adset_ids", "source_adset_id", "adsets", "ad_set_id"),
    ),
    NodeKind(
        "Ad",
        "ad",
        list_edge="ads",
        distinct_field="adset_id",
        filters_updated_time=True,
        pause_status="PAUSED",
        has_status=True,
        reversible=True,
        create_action="create_ad",
        id_keys=("ad_id", "ad_ids", "source_ad_id", "ads", "adgroup_id", "adgroup_ids", "adgroups"),
    ),
    NodeKind(
        "AdCreative",
        "ad creative",
        distinct_field="effective_object_story_id",
        list_edge="adcreatives",
        fingerprint=Fingerprint(fields=None, created=None),
        has_status=True,
        reversible=True,
        id_keys=("creative_id", "creative_ids"),
    ),
    NodeKind(
        "AdRule",
        "ad rule",
        distinct_field="evaluation_spec",
        list_edge="adrules_library",
        pause_status="DISABLED",
        has_status=True,
        reversible=True,
        effect_fields=("evaluation_spec", "execution_spec", "schedule_spec"),
        id_keys=("rule_id",),
    ),
    NodeKind(
        "AdLabel", "label", Owner.MEMBER, "adlabels", reversible=True, id_keys=("adlabels", "ad_label_ids", "label_ids")
    ),
    NodeKind("AdReportRun", "report run", id_keys=("report_run_id",)),
    NodeKind(
        "CustomAudience",
        "audience",
        distinct_field="approximate_count_lower_bound",
        list_edge="customaudiences",
        fingerprint=Fingerprint(created="time_created"),
        reversible=True,
        delivers=False,
        # Its people, and the accounts that it is shared with, are no values that can be written back.
        final_fields=("operation", "adaccounts", "relationship_type"),
        id_keys=tuple(
            "audience_id custom_audiences excluded_custom_audiences origin_audience_id lookalike_audience_id "
            "custom_audience_ids".split()
        ),
        quota="custom_audience",
        quota_edges=("customaudiences", "users", "usersreplace"),
    ),
    NodeKind(
        "CustomConversion",
        "custom conversion",
        distinct_field="custom_event_type",
        list_edge="customconversions",
        fingerprint=Fingerprint(created="creation_time"),
        reversible=True,
        id_keys=("custom_conversion_id", "conversion_id"),
    ),
    NodeKind(
        "HighDemandPeriod",
        "budget schedule",
        Owner.PARENT,
        parent=("ad_object_id", "any"),
        distinct_field="budget_value",
        fingerprint=Fingerprint(("budget_value", "budget_value_type", "time_start", "time_end"), created=None),
    ),
    NodeKind(
        "AdVideo",
        "video",
        Owner.MEMBER,
        member_edge="advideos",
        list_edge="advideos",
        fingerprint=Fingerprint(("title",)),
        id_keys=("video_id", "video_ids", "source_video_id"),
    ),
    NodeKind("AdImage", "image", list_edge="adimages", has_id=False),
    NodeKind(
        "Page",
        "Page",
        Owner.MEMBER,
        member_edge="promote_pages",
        id_keys=("page_id", "page_ids", "object_page_id", "page"),
    ),
    NodeKind(
        "AdsPixel",
        "pixel",
        Owner.MEMBER,
        member_edge="adspixels",
        distinct_field="data_use_setting",
        id_keys=tuple(
            "pixel_id pixel_ids lead_ads_selected_pixel_id fb_pixel offsite_pixel_id dataset dataset_id".split()
        ),
    ),
    NodeKind(
        "IGUser",
        "Instagram account",
        Owner.MEMBER,
        member_edge="instagram_accounts",
        distinct_field="follows_count",
        id_keys=("instagram_user_id", "instagram_actor_id", "ig_user_id"),
    ),
    NodeKind(
        "AdStudy",
        "study",
        Owner.MEMBER,
        member_edge="ad_studies",
        distinct_field="observation_end_time",
        list_edge="ad_studies",
        reversible=True,
        effect_fields=("start_time", "end_time"),
        id_keys=("study_id",),
    ),
    NodeKind(
        "PagePost",
        "post",
        Owner.PAGE,
        list_edge="feed",
        fingerprint=Fingerprint(("message",)),
        reversible=True,
        delivers=False,
        hidden_fields=("is_pinned", "name"),
        final_fields=("is_published",),
        id_keys=("object_story_id", "post_id", "source_post_id", "effective_object_story_id"),
        quota="pages",
        quota_edges=("feed", "photos"),
    ),
    NodeKind("Photo", "photo", Owner.PARENT, parent=("from", "Page"), needs_page=True, id_keys=("media_fbid",)),
    NodeKind(
        "LeadgenForm",
        "lead form",
        Owner.PARENT,
        parent=("page_id", "Page"),
        distinct_field="leads_count",
        list_edge="leadgen_forms",
        reversible=True,
        delivers=False,
        id_keys=("lead_gen_form_id", "form_id"),
        quota="leadgen",
        quota_edges=("leadgen_forms", "leads"),
    ),
    NodeKind(
        "Lead",
        "lead",
        Owner.PARENT,
        parent=("form_id", "LeadgenForm"),
        fingerprint=Fingerprint(("form_id",)),
        id_keys=("lead_id",),
        quota="leadgen",
        quota_edges=("test_leads",),
    ),
    NodeKind(
        "Comment",
        "comment",
        Owner.BY_PAGE,
        distinct_field="can_remove",
        fingerprint=Fingerprint(("message",)),
        id_keys=("comment_id",),
        quota="pages",
        quota_edges=("comments",),
    ),
    *(NodeKind(owner=Owner.CATALOG, fingerprint=Fingerprint(*row.fingerprint), **row.facts()) for row in CATALOG_KINDS),
    *(
        NodeKind(owner=Owner(row.owner), fingerprint=Fingerprint(*row.fingerprint), **row.facts())
        for row in OPTIMIZATION_KINDS
    ),
    NodeKind("Business", "business", Owner.ABOVE, id_keys=("business_id", "business_ids", "business", "businesses")),
    NodeKind("BusinessUser", "person", Owner.ABOVE, id_keys=("business_user_id",)),
    NodeKind("SystemUser", "system user", Owner.ABOVE, id_keys=("system_user_id",)),
    NodeKind("User", "user", Owner.ABOVE, id_keys=("user_id", "user")),
    NodeKind("Application", "app", Owner.ABOVE, id_keys=("application_id", "app_id", "application")),
    NodeKind("any", "object"),
    NodeKind("AdsInsights", "insights row", Owner.UNKNOWN, quota="ads_insights", quota_edges=("insights",)),
    NodeKind(
        "IGMedia",
        "Instagram media",
        Owner.PARENT,
        parent=("owner", "IGUser"),
        needs_page=True,
        id_keys=("source_instagram_media_id", "effective_instagram_media_id", "instagram_media_id"),
        quota="instagram",
        quota_edges=("media",),
    ),
    NodeKind(
        "IGComment",
        "Instagram comment",
        Owner.PARENT,
        parent=("media", "IGMedia"),
        needs_page=True,
        distinct_field="parent_id",
    ),
    # Rows of lists that no id names.
    *(
        NodeKind(name, label, Owner.UNKNOWN)
        for name, label in (
            ("AdActivity", "event of the activity log"),
            ("AdPreview", "ad preview"),
            ("BrandedContentShadowIGMediaID", "post of a creator"),
            ("ProductCatalogDiagnosticGroup", "diagnostic group"),
            ("AdsPixelStatsResult", "pixel statistics"),
            ("CustomAudiencesharedAccountInfo", "shared account"),
            ("InsightsResult", "Page insights"),
            ("OmegaCustomerTrx", "invoice"),
        )
    ),
)
NODES: dict[str, NodeKind] = {row.name: row for row in _ROWS}
# The argument `entity_type` of several tools.
ENTITY_KINDS: dict[EntityType, str] = {"campaign": "Campaign", "ad_set": "AdSet", "ad": "Ad"}
DISTINCT_FIELDS = frozenset(row.distinct_field for row in _ROWS if row.distinct_field)


def node_kind(name: str) -> NodeKind:
    """Return the row of a kind. A kind without a row has no facts and no owner."""
    return NODES.get(name) or NodeKind(name, name, Owner.UNKNOWN)


# Edge → quota. Every other edge counts on DEFAULT_QUOTA.
QUOTA_OF_EDGE = {edge: row.quota for row in _ROWS for edge in row.quota_edges}


_KIND_OF_KEY = {key: row.name for row in _ROWS for key in row.id_keys}
# Ends of longer names that hold the same ids: `owner_business`, `fb_page_id`.
_KEY_END = re.compile(r".*_(ids?|business|businesses)")


@cache
def kind_of_key(key: str) -> str | None:
    """Return the kind whose ids a request parameter of this name holds, or None if the name says nothing."""
    kind, rest = _KIND_OF_KEY.get(key), key
    while kind is None and "_" in rest and _KEY_END.fullmatch(rest):
        rest = rest.partition("_")[2]
        kind = _KIND_OF_KEY.get(rest)
    return kind


@cache
def kind_on_edge(edge: str) -> str | None:
    """Return the kind that a POST on this edge creates, or None if it creates no object with a row here."""
    return next((row.name for row in _ROWS if row.list_edge == edge), None)


def can_be_undone(effect: str, node: str, fields: Iterable[str] = ()) -> bool:
    """Return whether `ads_undo_change` can put back a change with this effect on these fields. A deletion never can."""
    kind = node_kind(node)
    is_reversible = kind.reversible and set(kind.final_fields).isdisjoint(fields)
    return (effect == "update" and is_reversible) or (effect == "create" and (kind.has_status or kind.deletable))
