"""Who works in the agency's business: people, system users, an invitation, and a partner agency."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_ads_mcp.sandbox.store import GraphNode, Store
from meta_ads_mcp.sandbox.world import ids

if TYPE_CHECKING:
    from meta_ads_mcp.sandbox.world import World

Json = Any
NAMED = ("id", "name")
PARTNER = "Bureau Sorel Analytics"
# Name, role, whether two-factor login is on, and the numbers of the accounts that the person may use.
PEOPLE: tuple[tuple[str, str, bool, tuple[int, ...]], ...] = (
    ("Mara Ilves", "ADMIN", True, (0, 1, 2, 3, 4)),
    ("Tomas Reiter", "ADMIN", False, (0, 1)),
    ("Yuki Hara", "EMPLOYEE", True, (2,)),
)
SYSTEM_USERS = (("Lanterna Reporting (system user)", "EMPLOYEE"), ("Old importer (system user)", "ADMIN"))


def add_staff(store: Store, world: World) -> None:
    """Add people and system users to the business, and the partner agency to the first dataset."""
    business = {"id": world.business_id, "name": store.nodes[world.business_id].get("name")}
    for number, (name, role, is_safe, accounts) in enumerate(PEOPLE):
        _add_person(
            store, world, number, name, {"role": role, "two_fac_status": _two_factor(is_safe)}, accounts, business
        )
    for number, (name, role) in enumerate(SYSTEM_USERS):
        user_id = ids.make(world.seed, "user", "system", number)
        fields = {"id": user_id, "name": name, "role": role, "created_time": _stamp(world, days=-600)}
        store.add(GraphNode(user_id, "SystemUser", fields, default_fields=NAMED))
        _append(store, world.business_id, "system_users", user_id)
        if number == 0:
            for account in world.account_ids:
                _append(store, user_id, "assigned_ad_accounts", f"act_{account}")
    _add_invitation(store, world)
    _add_partner(store, world)


def _two_factor(is_on: bool) -> str:
    return "TWO_FAC_ENABLED" if is_on else "TWO_FAC_DISABLED"


def _add_person(
    store: Store, world: World, number: int, name: str, more: dict[str, Json], accounts: tuple[int, ...], business: Json
) -> None:
    user_id = ids.make(world.seed, "user", "person", number)
    email = f"{name.split(maxsplit=1)[0].lower()}@lanterna.example"
    fields = {"id": user_id, "name": name, "email": email, "title": "", "business": business, **more}
    fields["finance_permission"] = "FINANCE_EDITOR" if number == 0 else "NONE"
    store.add(GraphNode(user_id, "BusinessUser", fields, default_fields=NAMED))
    _append(store, world.business_id, "business_users", user_id)
    for place in accounts:
        if place < len(world.account_ids):
            account = f"act_{world.account_ids[place]}"
            _append(store, user_id, "assigned_ad_accounts", account)
            _append(store, user_id, "assigned_pages", world.page_ids[place])
            entry_id = f"{account}/{user_id}"
            entry = {"id": user_id, "name": name, "user_type": "BusinessUser", "business": business}
            store.add(GraphNode(entry_id, "AssignedUser", entry))
            _append(store, account, "assigned_users", entry_id)
            _append(store, world.page_ids[place], "assigned_users", entry_id)
            if place < len(catalogs := store.links.get((world.business_id, "owned_product_catalogs"), ())):
                _append(store, catalogs[place], "assigned_users", entry_id)


def _add_invitation(store: Store, world: World) -> None:
    request_id = ids.make(world.seed, "user", "invitation")
    fields = {
        "id": request_id,
        "email": "new.colleague@lanterna.example",
        "role": "EMPLOYEE",
        "status": "PENDING",
        "created_time": _stamp(world, days=-10),
        "expiration_time": _stamp(world, days=20),
        "invite_link": "https://business.facebook.com/invitation/?token=SANDBOXINVITE",
    }
    store.add(GraphNode(request_id, "BusinessRoleRequest", fields))
    _append(store, world.business_id, "pending_users", request_id)


def _stamp(world: World, days: int) -> str:
    """Return a time that many days after the world's day, as Graph writes it."""
    return (world.today + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _add_partner(store: Store, world: World) -> None:
    """Add an agency that may analyze the first client's account and dataset, and use its catalog."""
    partner_id = ids.make(world.seed, "business", "partner")
    fields = {"id": partner_id, "name": PARTNER, "verification_status": "verified"}
    store.add(GraphNode(partner_id, "Business", fields, default_fields=NAMED))
    _append(store, world.business_id, "agencies", partner_id)
    account = f"act_{world.account_ids[0]}"
    _append(store, account, "agencies", partner_id)
    for pixel_id in store.links.get((account, "adspixels"), ()):
        _append(store, pixel_id, "agencies", partner_id)
    for catalog_id in store.links.get((world.business_id, "owned_product_catalogs"), ())[:1]:
        _append(store, catalog_id, "agencies", partner_id)


def _append(store: Store, parent: str, edge: str, child: str) -> None:
    store.links[parent, edge] = (*store.links.get((parent, edge), ()), child)
