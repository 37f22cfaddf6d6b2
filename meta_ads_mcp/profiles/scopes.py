"""List the permissions that each family of tools requires.

Sources: Meta docs, permissions reference and the page of each feature.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

READ, WRITE = "ads_read", "ads_management"


@dataclass(frozen=True)
class Family:
    """Tools that fail alike without these permissions (all of them are needed)."""

    name: str
    scopes: tuple[str, ...]
    what: str
    # Some of the tools, as examples for messages.
    tools: tuple[str, ...]


FAMILIES = (
    Family(
        "reporting",
        (READ,),
        "accounts, campaigns, ad sets, ads, creatives, audiences and insights",
        ("ads_get_campaigns", "ads_get_insights"),
    ),
    Family(
        "changes",
        (WRITE,),
        "creating, changing and deleting them",
        ("ads_update_budget", "ads_create_campaign"),
    ),
    Family(
        "business",
        ("business_management",),
        "the business's accounts, Pages and pixels",
        ("ads_get_business_assets", "ads_audit_permissions"),
    ),
    Family(
        "pages",
        ("pages_show_list",),
        "lists of Pages",
        ("ads_get_pages_for_business",),
    ),
    Family(
        "page insights",
        ("pages_read_engagement", "read_insights"),
        "posts and figures of Pages",
        ("facebook_get_page_insights", "facebook_get_post"),
    ),
    Family(
        "publishing",
        ("pages_manage_posts",),
        "publishing and deleting posts",
        ("facebook_create_post", "facebook_delete_post"),
    ),
    Family(
        "comments",
        ("pages_read_user_content", "pages_manage_engagement"),
        "reading and answering comments",
        ("ads_get_ad_comments", "ads_reply_comment"),
    ),
    Family(
        "lead forms",
        ("pages_manage_ads",),
        "lead forms and ads of Pages",
        ("ads_get_lead_forms", "ads_create_lead_form"),
    ),
    Family(
        "leads",
        ("leads_retrieval",),
        "the leads themselves",
        ("ads_get_leads", "ads_export_leads"),
    ),
    Family(
        "catalogs",
        ("catalog_management",),
        "product catalogs",
        ("ads_catalog_list_catalogs", "ads_catalog_list_products"),
    ),
    Family(
        "instagram",
        ("instagram_basic", "instagram_manage_insights", "instagram_manage_comments"),
        "Instagram accounts, their figures and comments",
        ("ads_get_instagram_account", "ads_get_instagram_media"),
    ),
)


def lack_lines(granted: Collection[str]) -> list[str]:
    """Return a line for each family that lacks permissions: which, for what, and tools that fail without them."""
    lacking = missing_scopes(granted)
    return [
        f"{', '.join(lacking[family.name])}: for {family.what} ({', '.join(family.tools)}, ...)"
        for family in FAMILIES
        if family.name in lacking
    ]


def missing_scopes(granted: Collection[str]) -> dict[str, list[str]]:
    """Family → the permissions it lacks; families that lack none are left out."""
    by_family = {family.name: [scope for scope in family.scopes if scope not in granted] for family in FAMILIES}
    return {name: scopes for name, scopes in by_family.items() if scopes}
