"""The checks of the permission audit: what is missing or risky, with the evidence and the place that mends it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.domain.preflight import DSA_COUNTRIES
from meta_ads_mcp.tools.pixels.health import age_hours

Need = Literal["reporting", "writes", "leads", "comments", "catalogue", "instagram", "conversions"]
# Permissions per purpose, of which each is required (Meta docs, the reference page of each edge).
SCOPES: dict[str, tuple[str, ...]] = {
    "reporting": ("ads_read",),
    "writes": ("ads_management",),
    "leads": ("leads_retrieval", "pages_manage_ads", "pages_show_list", "pages_read_engagement"),
    "comments": ("pages_manage_engagement", "pages_read_user_content", "instagram_manage_comments"),
    "catalogue": ("catalog_management",),
    "instagram": ("instagram_basic",),
    "conversions": ("ads_management",),
}
# Permissions that further tools use, or that Meta gives to every token.
OTHER_SCOPES = frozenset(
    "business_management pages_manage_posts read_insights instagram_manage_insights pages_show_list public_profile "
    "pages_read_engagement email".split()
)
ACTIVE_STATUS = 1
SILENT_HOURS = 7 * 24
_BUSINESS_SETTINGS = "Business settings"
_PLACES = {"account": "Accounts > Ad accounts", "catalog": "Data sources > Catalogs"}


def finding(severity: Literal["fault", "warning"], text: str, evidence: str, fix: str) -> Row:
    """Return a finding as the answer shows it."""
    return {"severity": severity, "finding": text, "evidence": evidence, "fix": fix}


def worst(findings: Sequence[Row]) -> str:
    """Return ok, warning or fault."""
    severities = {row["severity"] for row in findings}
    return "fault" if "fault" in severities else "warning" if severities else "ok"


def check_scopes(scopes: Collection[str], needs: Collection[str]) -> Iterator[Row]:
    """Name permissions that the needs require and the token lacks, and those that no tool uses."""
    for need in needs:
        missing = [scope for scope in SCOPES[need] if scope not in scopes and not _is_implied(scope, scopes)]
        if missing:
            yield finding(
                "fault",
                f"The token lacks {', '.join(missing)}, which {need} requires.",
                f"me/permissions: {len(scopes)} permissions granted",
                "Create a new token with it: Business settings > Users > System users > Generate token.",
            )
    extra = sorted(set(scopes) - OTHER_SCOPES - {scope for group in SCOPES.values() for scope in group})
    if extra:
        yield finding(
            "warning",
            f"The token has permissions that no tool here uses: {', '.join(extra)}.",
            "me/permissions",
            "Create a new token without them, and revoke the old one.",
        )


def _is_implied(scope: str, scopes: Collection[str]) -> bool:
    return scope == "ads_read" and "ads_management" in scopes


def check_account(account: Row, needs: Collection[str]) -> Iterator[Row]:
    """Check status, tasks, terms, payment and DSA names of an account (SDK class AdAccount)."""
    where = f"{_BUSINESS_SETTINGS} > Accounts > Ad accounts"
    if account.get("account_status") not in (None, ACTIVE_STATUS):
        reason = f", disable_reason {account['disable_reason']}" if account.get("disable_reason") else ""
        evidence = f"account_status {account['account_status']}{reason}"
        yield finding(
            "fault", "The account is not active.", evidence, "Account quality in Ads Manager names the reason."
        )
    tasks = account.get("user_tasks")
    if isinstance(tasks, list):
        for need, task in (("reporting", "ANALYZE"), ("writes", "ADVERTISE")):
            if need in needs and task not in tasks:
                text = f"The token's user has no task {task} in the account, so {need} fails."
                yield finding("warning", text, f"user_tasks {', '.join(map(str, tasks))}", f"{where} > People > {task}")
    if "writes" in needs:
        yield from _check_spending(account, where)


def _check_spending(account: Row, where: str) -> Iterator[Row]:
    if not account.get("funding_source_details"):
        yield finding(
            "warning",
            "The account has no payment method.",
            "no funding_source_details",
            "Ads Manager > Billing & payments",
        )
    terms = account.get("tos_accepted")
    if not isinstance(terms, Mapping) or not terms.get("web_custom_audience_tos"):
        yield finding(
            "warning",
            "The terms for customer lists are not accepted, so lists cannot be uploaded.",
            "tos_accepted lacks web_custom_audience_tos",
            "A person accepts them at business.facebook.com/ads/manage/customaudiences/tos; no tool can.",
        )
    names = [name for name in ("default_dsa_beneficiary", "default_dsa_payor") if not account.get(name)]
    if names and account.get("business_country_code") in DSA_COUNTRIES:
        yield finding(
            "warning",
            "The names that ads in the EU show are missing.",
            f"no {' and no '.join(names)}",
            f"{where} > Advertiser and payer, or ads_create_ad_set with both names",
        )


def check_pages(pages: Sequence[Row], needs: Collection[str]) -> Iterator[Row]:
    """Check the Pages that the account may promote (SDK class Page)."""
    if not pages:
        text, fix = "The account may promote no Page.", f"{_BUSINESS_SETTINGS} > Accounts > Pages"
        yield finding("fault", text, "promote_pages is empty", fix)
    for page in pages:
        label = f"Page {page.get('name')} ({page.get('id')})"
        if "leads" in needs and page.get("leadgen_tos_accepted") is not True:
            yield finding(
                "fault",
                f"{label} has not accepted the terms for lead ads, so its ads with a form fail.",
                f"leadgen_tos_accepted {page.get('leadgen_tos_accepted')}",
                "Somebody with full control of the Page accepts them at facebook.com/ads/leadgen/tos; no tool can.",
            )
        if "instagram" in needs and not page.get("connected_instagram_account"):
            yield finding(
                "warning",
                f"{label} has no Instagram account.",
                "no connected_instagram_account",
                "Page settings > Linked accounts",
            )


def check_datasets(datasets: Sequence[Row], now: datetime) -> Iterator[Row]:
    """Check that the account has a dataset that receives events (SDK class AdsPixel)."""
    if not datasets:
        fix = f"{_BUSINESS_SETTINGS} > Data sources > Datasets, or ads_share_dataset"
        yield finding("fault", "The account has no dataset (pixel).", "adspixels is empty", fix)
    for row in datasets:
        label = f"Dataset {row.get('name')} ({row.get('id')})"
        age = age_hours(row.get("last_fired_time"), now)
        if row.get("is_unavailable") is True:
            yield finding("fault", f"{label} is unavailable.", "is_unavailable true", "Events Manager")
        elif age is None or age > SILENT_HOURS:
            evidence = f"last_fired_time {row.get('last_fired_time') or 'never'}"
            fix = "ads_get_dataset_quality says more; check the code on the website."
            yield finding("warning", f"{label} receives no events.", evidence, fix)


def check_people(users: Sequence[Row]) -> Iterator[Row]:
    """Check the people of a business (SDK class BusinessUser)."""
    admins = [row for row in users if row.get("role") == "ADMIN"]
    where = f"{_BUSINESS_SETTINGS} > Users > People"
    if len(admins) == 1:
        text = f"{admins[0].get('name')} is the only admin: if the person leaves, nobody can manage the business."
        yield finding("warning", text, "one business user with role ADMIN", where)
    for row in users:
        if str(row.get("two_fac_status") or "").upper().endswith("DISABLED"):
            is_admin = row in admins
            yield finding(
                "fault" if is_admin else "warning",
                f"{row.get('name')} ({row.get('role')}) works without two-factor login.",
                f"two_fac_status {row['two_fac_status']}",
                f"{_BUSINESS_SETTINGS} > Security Center: require two-factor authentication",
            )


def check_system_user(user: Row, account_count: int) -> Iterator[Row]:
    """Check whether a system user (SDK class SystemUser) uses anything. Its token would work for whoever has it."""
    if account_count == 0:
        is_admin = user.get("role") == "ADMIN"
        yield finding(
            "fault" if is_admin else "warning",
            f"System user {user.get('name')} ({user.get('role')}) has no ad account, so it seems unused.",
            f"{user.get('id')}/assigned_ad_accounts is empty",
            f"{_BUSINESS_SETTINGS} > Users > System users: revoke its tokens, or remove it",
        )


def check_outsiders(
    people: Sequence[Row], agencies: Sequence[Row], owner: str | None, asset: Literal["account", "catalog"] = "account"
) -> Iterator[Row]:
    """Name people and agencies outside the owning business that can reach an asset, and a person who is alone."""
    place = f"{_BUSINESS_SETTINGS} > {_PLACES[asset]}"
    if len(people) == 1:
        text = f"{people[0].get('name')} is the only person who can reach the {asset}."
        yield finding("warning", text, "one assigned user", f"{place} > People")
    for row in people:
        business: Any = row.get("business")
        business_id = business.get("id") if isinstance(business, Mapping) else None
        if owner and business_id and str(business_id) != owner:
            text = f"{row.get('name')} is of another business and can reach the {asset}."
            yield finding("warning", text, f"assigned_users: business {business_id}", f"{place} > People")
    for row in agencies:
        text = f"The agency {row.get('name')} ({row.get('id')}) can reach the {asset}."
        yield finding("warning", text, "agencies", f"{place} > Partners")
