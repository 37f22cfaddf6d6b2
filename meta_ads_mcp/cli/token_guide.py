"""How to get the token of a System User, step by step, and which permission is for what.

Sources, looked at in November 2026: Meta Business Help "Add system users to your business portfolio";
developers.facebook.com/docs/business-management-apis/system-users (create, install apps, generate tokens) and
/documentation/development/create-an-app/marketing-api-use-cases. docs/token.md shows the same steps.
"""

from __future__ import annotations

from collections.abc import Iterator

from meta_ads_mcp.profiles.scopes import FAMILIES

SETTINGS_URL = "https://business.facebook.com/settings"
VIEW = "view performance to read, manage campaigns to change"
COPY = "Copy it at once: Meta shows it a single time."
APP_URL = "https://developers.facebook.com/apps"
STEPS = (
    f"Business: open {SETTINGS_URL} and choose the business portfolio that owns the ad accounts. You must be an admin.",
    (
        f"App: Accounts > Apps. If the business has none, create one at {APP_URL}, with the use case 'Create & manage "
        f"ads with Marketing API' and this business."
    ),
    "System user: Users > System users > Add. A name of your choice, role Employee.",
    (
        f"Assets: select the system user > Assign assets: the app (full access) and the ad accounts ({VIEW}). Add "
        f"Pages, datasets and catalogs if you use them."
    ),
    (
        f"Token: Generate new token > the app > expiration (never, or 60 days) > the permissions below > Generate "
        f"token. {COPY}"
    ),
)


def guide_lines() -> Iterator[str]:
    """Yield the steps and the permissions by purpose."""
    yield "A token of a System User, in five steps:"
    for number, step in enumerate(STEPS, 1):
        yield f"  {number}. {step}"
    yield "Permissions by purpose (ads_read is required, the rest as you need it):"
    for family in FAMILIES:
        yield f"  {', '.join(family.scopes):50} {family.what}"
