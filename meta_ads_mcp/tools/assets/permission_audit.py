"""Check account by account what the token may do, who else may, and which assets do not fit together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, get_args

from pydantic import Field

from meta_ads_mcp.core.params import Local, Params
from meta_ads_mcp.core.partial import attempt, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Listing, Result, Row, Whole
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import AccountId, BusinessId
from meta_ads_mcp.errors import AdsError, NotFound
from meta_ads_mcp.tools.assets.audit_checks import (
    Need,
    check_account,
    check_datasets,
    check_outsiders,
    check_pages,
    check_people,
    check_scopes,
    check_system_user,
    finding,
    worst,
)

NEEDS: tuple[str, ...] = get_args(Need)
MAX_ACCOUNTS = 60
MAX_ROWS = 500
MAX_NAMED = 10
MAX_PAGES = 10
MAX_CATALOGS = 10
ACCOUNT_FIELDS = (
    "id",
    "name",
    "account_status",
    "disable_reason",
    "business",
    "owner_business",
    "user_tasks",
    "tos_accepted",
    "funding_source_details",
    "default_dsa_beneficiary",
    "default_dsa_payor",
    "business_country_code",
)
PAGE_FIELDS = ("id", "name", "leadgen_tos_accepted", "connected_instagram_account")
DATASET_FIELDS = ("id", "name", "last_fired_time", "is_unavailable", "owner_business")
USER_FIELDS = ("id", "name", "role", "two_fac_status", "finance_permission")


@tool(
    "ads_audit_permissions",
    Effect.READ,
    get("me/permissions", "{business_id}/business_users", "{business_id}/system_users"),
    node="AdAccount",
    singular="ad account",
    keywords="check access rights scopes tasks roles security two-factor admins set-up onboarding client missing",
)
class AuditPermissions(Params):
    """Check the set-up of ad accounts: what the token may do, who else may, and which terms, Pages, datasets, Instagram
    accounts and payment methods are missing (needs).

    business_id adds people: two-factor login, single admins, unused system users, and agencies that reach accounts,
    Pages and catalogs.
    """

    account_ids: Annotated[
        list[AccountId] | None, Field(min_length=1, max_length=MAX_ACCOUNTS, description="Default: all of the token")
    ] = None
    business_id: BusinessId | None = None
    needs: Annotated[
        list[Need] | None, Local(), Field(min_length=1, max_length=7, description="What the accounts are meant for")
    ] = None

    async def run(self, call: Call) -> Result:
        needs = list(dict.fromkeys(self.needs or NEEDS))
        token = list(check_scopes(await _read_scopes(call), needs))
        accounts = [await self._check_account(call, account, needs) for account in await self._accounts(call)]
        people = await self._check_people(call) if self.business_id else None
        catalogs = await self._check_catalogs(call) if self.business_id and "catalogue" in needs else None
        data = Whole(token={"status": worst(token), "findings": token}, accounts=accounts)
        if people is not None:
            data["people"] = {"status": worst(people), "findings": people}
        if catalogs is not None:
            data["catalogs"] = catalogs
        return Result(_summary(data), data)

    async def _accounts(self, call: Call) -> Sequence[str]:
        account_ids = self.account_ids or list(call.allowed_accounts())
        if account_ids:
            return list(dict.fromkeys(account_ids))[:MAX_ACCOUNTS]
        listing = await call.graph.list("me/adaccounts", fields=("id",), limit=100, max_items=MAX_ACCOUNTS + 1)
        if not listing.rows:
            raise NotFound("The token reaches no ad account.", "Give account_ids, or a role in an account.")
        if len(listing.rows) > MAX_ACCOUNTS:
            call.note(f"Only the first {MAX_ACCOUNTS} accounts are checked: give account_ids for the others.")
        return [str(row["id"]) for row in listing.rows[:MAX_ACCOUNTS]]

    async def _check_account(self, call: Call, account_id: str, needs: Sequence[str]) -> Row:
        account = await attempt(call.graph.get(account_id, fields=ACCOUNT_FIELDS))
        if isinstance(account, AdsError):
            findings = [_unreadable("The account cannot be read", account)]
            return {"id": account_id, "status": worst(findings), "findings": findings}
        findings = list(check_account(account, needs))
        pages = await self._rows(call, f"{account_id}/promote_pages", PAGE_FIELDS) if self._reads_pages(needs) else []
        if self._needs_pages(needs):
            findings += [pages] if isinstance(pages, dict) else check_pages(pages, needs)
        if "conversions" in needs:
            datasets = await self._rows(call, f"{account_id}/adspixels", DATASET_FIELDS)
            findings += [datasets] if isinstance(datasets, dict) else check_datasets(datasets, call.now())
        if "instagram" in needs:
            findings += await self._check_instagram(call, account_id)
        row: Row = {"id": account_id, "name": account.get("name")}
        if self.business_id:
            access, risks = await self._check_access(
                call, account_id, account, pages if isinstance(pages, list) else []
            )
            findings += risks
            row["reachable_by"] = access
        return {**row, "status": worst(findings), "findings": findings}

    def _needs_pages(self, needs: Sequence[str]) -> bool:
        return not {"leads", "comments", "instagram"}.isdisjoint(needs)

    def _reads_pages(self, needs: Sequence[str]) -> bool:
        """Return whether the Pages of an account are read: for the needs, or to say who can reach them."""
        return self._needs_pages(needs) or self.business_id is not None

    async def _check_instagram(self, call: Call, account_id: str) -> list[Row]:
        profiles = await self._rows(call, f"{account_id}/instagram_accounts", ("id", "username"))
        if isinstance(profiles, dict):
            return [profiles]
        if profiles:
            return []
        fix = "Business settings > Accounts > Instagram accounts > Assigned ad accounts"
        return [finding("warning", "The account has no Instagram account.", "instagram_accounts is empty", fix)]

    async def _check_access(
        self, call: Call, account_id: str, account: Row, pages: Sequence[Row]
    ) -> tuple[Row, list[Row]]:
        """Return who can reach the account and its Pages, and the risks in it.

        Meta shows the people of an account to its owner only; others are seen as agencies.
        """
        owner = account.get("owner_business") or account.get("business")
        owner_id = str(owner["id"]) if isinstance(owner, dict) and owner.get("id") else None
        people: list[Row] | Row = []
        if owner_id in (None, self.business_id):
            people = await self._people(call, account_id)
        agencies = await self._rows(call, f"{account_id}/agencies", ("id", "name", "verification_status"))
        access: Row = {"people": _names(people), "agencies": _names(agencies), "pages": {}}
        for page in pages[:MAX_PAGES]:
            access["pages"][str(page.get("name") or page["id"])] = _names(await self._people(call, str(page["id"])))
        refusals = [row for row in (people, agencies) if isinstance(row, dict)]
        lists = [rows if isinstance(rows, list) else [] for rows in (people, agencies)]
        return access, [*refusals, *check_outsiders(lists[0], lists[1], owner_id)]

    async def _people(self, call: Call, object_id: str) -> list[Row] | Row:
        fields = ("id", "name", "user_type", "business")
        return await self._rows(call, f"{object_id}/assigned_users", fields, business=self.business_id)

    async def _check_people(self, call: Call) -> list[Row]:
        """Check people and system users of the business."""
        users = await self._rows(call, f"{self.business_id}/business_users", USER_FIELDS)
        systems = await self._rows(call, f"{self.business_id}/system_users", ("id", "name", "role"))
        findings = [users] if isinstance(users, dict) else list(check_people(users))
        if isinstance(systems, dict):
            return [*findings, systems]
        for user in systems:
            accounts = await attempt(call.graph.list(f"{user['id']}/assigned_ad_accounts", fields=("id",), limit=1))
            if isinstance(accounts, Listing):
                findings += check_system_user(user, len(accounts.rows))
            else:
                call.note(unread(f"What system user {user['id']} may use", accounts))
        return findings

    async def _check_catalogs(self, call: Call) -> list[Row]:
        """Return who can reach each catalog that the business owns, and the risks in it (SDK class ProductCatalog)."""
        catalogs = await self._rows(call, f"{self.business_id}/owned_product_catalogs", ("id", "name"))
        if isinstance(catalogs, dict):
            return [{"status": worst([catalogs]), "findings": [catalogs]}]
        if len(catalogs) > MAX_CATALOGS:
            call.note(f"Only the first {MAX_CATALOGS} of {len(catalogs)} catalogs are checked.")
        return [await self._check_catalog(call, row) for row in catalogs[:MAX_CATALOGS]]

    async def _check_catalog(self, call: Call, catalog: Row) -> Row:
        people = await self._people(call, str(catalog["id"]))
        agencies = await self._rows(call, f"{catalog['id']}/agencies", ("id", "name"))
        findings = [row for row in (people, agencies) if isinstance(row, dict)]
        lists = [rows if isinstance(rows, list) else [] for rows in (people, agencies)]
        findings += check_outsiders(lists[0], lists[1], self.business_id, "catalog")
        access = {"people": _names(people), "agencies": _names(agencies)}
        row = {"id": catalog["id"], "name": catalog.get("name"), "reachable_by": access}
        return {**row, "status": worst(findings), "findings": findings}

    async def _rows(self, call: Call, path: str, fields: Sequence[str], **more: Any) -> list[Row] | Row:
        """Return the rows of an edge, or a finding if the token may not read it."""
        listing = await attempt(call.graph.list(path, fields=fields, limit=100, max_items=MAX_ROWS, **more))
        if isinstance(listing, AdsError):
            return {**_unreadable(f"{path.partition('/')[2]} cannot be read", listing), "severity": "warning"}
        return listing.rows


async def _read_scopes(call: Call) -> set[str]:
    """Return the token's permissions: of the user's list, or else of Meta's description of the token."""
    listing = await attempt(call.graph.list("me/permissions", fields=("permission", "status"), limit=100))
    if isinstance(listing, Listing) and listing.rows:
        return {str(row.get("permission")) for row in listing.rows if row.get("status") == "granted"}
    profile = await attempt(call.profiles.status(None))
    scopes = profile.get("scopes") if isinstance(profile, dict) else None
    if isinstance(scopes, list):
        return set(map(str, scopes))
    if isinstance(listing, AdsError):
        raise listing
    raise NotFound("Meta does not show which permissions this token has.", "Look with ads_get_token_status.")


def _names(rows: list[Row] | Row) -> list[str] | None:
    """Return the names; None for a list that could not be read."""
    return [str(row.get("name") or row.get("id")) for row in rows] if isinstance(rows, list) else None


def _unreadable(text: str, error: AdsError) -> Row:
    code = f", code {error.graph.code}" if error.graph is not None else ""
    return finding("fault", f"{text}: {error.message}", f"{error.kind}{code}", error.next_step)


def _summary(data: Row) -> str:
    parts = {f"{row.get('name') or row['id']}": row for row in data["accounts"]}
    parts |= {f"catalog {row.get('name') or row.get('id')}": row for row in data.get("catalogs", ())}
    parts = {"the token": data["token"], **({"people": data["people"]} if "people" in data else {}), **parts}
    total = sum(len(part["findings"]) for part in parts.values())
    names = ", ".join([name for name, part in parts.items() if part["status"] == "fault"][:MAX_NAMED])
    faults = f" Must be fixed: {names}." if names else ""
    return f"{len(data['accounts'])} ad accounts checked, {total} findings.{faults}"
