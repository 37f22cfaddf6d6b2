"""List edges of Graph by what stands before them and whom their objects belong to, for the checks of requests."""

from __future__ import annotations

# Edges that only a business has (SDK class Business), so that what stands before them is one.
BUSINESS_EDGES = frozenset(
    """
    owned_ad_accounts client_ad_accounts owned_pages client_pages owned_pixels client_pixels owned_product_catalogs
    client_product_catalogs owned_instagram_accounts client_instagram_accounts owned_apps client_apps business_users
    system_users pending_users owned_businesses client_businesses owned_whatsapp_business_accounts business_invoices
    pending_owned_ad_accounts pending_client_ad_accounts
    """.split()
)
# Edges of a business whose rows are ad accounts, of which an answer shows the allowed ones only.
ACCOUNT_EDGES = frozenset(
    "owned_ad_accounts client_ad_accounts pending_owned_ad_accounts pending_client_ad_accounts".split()
)
# Edges whose objects belong to the account of the object before them. An edge that is not here may also list objects
# of others, with which that object is shared.
OWNED_EDGES = frozenset(
    """
    adsets feed posts published_posts scheduled_posts ads_posts photos videos leadgen_forms comments replies media leads
    """.split()
)
