"""Archive a lead form, or make it active again. Meta lets nothing else of a form change."""

from __future__ import annotations

from typing import Annotated, Literal

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.partial import attempt, needing, read_batch, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import LeadFormId, PageId
from meta_ads_mcp.core.write import ConfirmedParams
from meta_ads_mcp.errors import AdsError

MAX_NAMED = 10
LAST_LEADS = 100
# Meta deletes leads after 90 days (Meta docs, marketing-api/guides/lead-ads/retrieving).
KEPT = "Its leads can still be read until they are 90 days old: ads_export_leads writes them to a file."


@tool(
    "ads_update_lead_form",
    Effect.UPDATE,
    post("{form_id}"),
    node="LeadgenForm",
    singular="lead form",
    keywords="archive activate instant form status",
    page_token=True,
)
class UpdateLeadForm(ConfirmedParams):
    """Archive a lead form, or make it active again. Archiving needs a confirmation: ads that use it stop collecting.
    Texts and questions never change."""

    form_id: LeadFormId
    page_id: Annotated[PageId | None, Local()] = None
    status: Literal["ACTIVE", "ARCHIVED"]

    async def page_for_token(self, call: Call) -> str | None:
        return self.page_id or await page_of_form(call, self.form_id)

    def fields_to_read(self) -> tuple[str, ...]:
        return ("locale", "leads_count", "expired_leads_count", "organic_leads_count", "created_time", "page_id")

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        if self.status == "ARCHIVED":
            call.note(f"The form has {before.get('leads_count') or 0} leads. {KEPT}")
            page = self.page_id or str(before.get("page_id") or "") or None
            call.note(await self._note_on_ads(call, page))

    async def _note_on_ads(self, call: Call, page: str | None) -> str:
        """Return a sentence on the running ads among those that brought the last leads of the form."""
        leads = await attempt(
            call.graph.list(f"{self.form_id}/leads", fields=("id", "ad_id"), limit=LAST_LEADS, page=page)
        )
        if isinstance(leads, AdsError):
            return unread("The ads that use the form", leads)
        ads = list(dict.fromkeys(str(row["ad_id"]) for row in leads.rows if row.get("ad_id")))
        requests = {ad: Request("GET", ad, {"fields": "id,effective_status"}, kind="Ad") for ad in ads[:MAX_NAMED]}
        answers = await read_batch(call, requests)
        running = [
            ad for ad, row in answers.items() if isinstance(row, dict) and row.get("effective_status") == "ACTIVE"
        ]
        if not running:
            return f"No running ad is among those of its last {LAST_LEADS} leads."
        return f"Running ads that will stop collecting leads with it: {', '.join(running)}, and possibly others."


async def page_of_form(call: Call, form_id: str) -> str | None:
    """Return the Page of a form, whose token the form requires; None if Meta does not show it."""
    with needing("pages_manage_ads", "pages_show_list"):
        form = await call.graph.get(form_id, fields=["page_id"])
    return str(form["page_id"]) if form.get("page_id") else None
