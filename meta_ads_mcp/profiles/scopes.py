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


FAMILIES = (
    Family("reporting", (READ,), "accounts, campaigns, ad sets, ads, creatives, audiences and insights"),
    Family("changes", (WRITE,), "creating, changing and deleting them"),
    Family("business", ("business_management",), "the business's accounts, Pages and pixels"),
    Family("pages", ("pages_show_list",), "lists of Pages"),
    Family("page insights", ("pages_read_engagement", "read_insights"), "posts and figures of Pages"),
    Family("publishing", ("pages_manage_posts",), "publishing and deleting posts"),
    Family("comments", ("pages_read_user_content", "pages_manage_engagement"), "reading and answering comments"),
    Family("lead forms", ("pages_manage_ads",), "lead forms and ads of Pages"),
    Family("leads", ("leads_retrieval",), "the leads themselves"),
    Family("catalogs", ("catalog_management",), "product catalogs"),
    Family(
        "instagram",
        ("instagram_basic", "instagram_manage_insights", "instagram_manage_comments"),
        "Instagram accounts, their figures and comments",
    ),
)


def missing_scopes(granted: Collection[str]) -> dict[str, list[str]]:
    """Family → the permissions it lacks; families that lack none are left out."""
    by_family = {family.name: [scope for scope in family.scopes if scope not in granted] for family in FAMILIES}
    return {name: scopes for name, scopes in by_family.items() if scopes}
