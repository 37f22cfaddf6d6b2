"""Read lead forms and leads. Leads are personal data: answers are masked unless `include_pii` is true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.fields import FieldList
from meta_ads_mcp.core.listing import read_list
from meta_ads_mcp.core.params import Closed, ListParams, Local
from meta_ads_mcp.core.partial import attempt, needing, unread
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Result, Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.dates import Moment, to_unix
from meta_ads_mcp.core.values.ids import AdId, LeadFormId, PageId
from meta_ads_mcp.errors import AdsError
from meta_ads_mcp.tools.comments.comments import page_of_ad

LEAD_FIELDS = "id created_time field_data ad_id ad_name adset_id campaign_id form_id platform is_organic"
# Meta docs, marketing-api/guides/lead-ads/retrieving.
LEAD_SCOPES = ("leads_retrieval", "ads_management", "pages_show_list", "pages_read_engagement", "pages_manage_ads")
TERMS_FIELDS = ("id", "leadgen_tos_accepted", "leadgen_tos_acceptance_time", "leadgen_tos_accepting_user")
MASKED = (
    "Values of field_data are masked, because they are personal data. ads_export_leads writes them to a private file; "
    "include_pii=true shows them."
)


@tool(
    "ads_get_lead_forms",
    Effect.READ,
    get("{page_id}/leadgen_forms"),
    node="LeadgenForm",
    fields="id name status leads_count locale created_time questions privacy_policy_url follow_up_action_url",
    identity="id",
    singular="lead form",
    keywords="instant form questions",
)
class GetLeadForms(ListParams):
    """List the lead forms of a Page: status, number of leads, questions, privacy policy. terms=true shows whether the
    Page has accepted Meta's terms, which every form requires."""

    page_id: PageId
    terms: Annotated[bool, Local()] = False
    fields: FieldList | None = None

    async def run(self, call: Call) -> Result:
        if self.terms:
            call.note(await self._terms(call))
        with needing("pages_manage_ads", "leads_retrieval", "pages_show_list"):
            return await read_list(call, self, f"{self.page_id}/leadgen_forms", page=self.page_id)

    async def _terms(self, call: Call) -> str:
        """Return a sentence on Meta's terms for lead ads (SDK class Page)."""
        page = await attempt(call.graph.get(self.page_id, fields=TERMS_FIELDS, page=self.page_id))
        if isinstance(page, AdsError):
            return unread("The state of the lead terms", page)
        if page.get("leadgen_tos_accepted") is not True:
            return (
                f"Page {self.page_id} has not accepted Meta's terms for lead ads, so its ads with a form fail. "
                "Somebody with full control of the Page accepts them at facebook.com/ads/leadgen/tos; no tool can."
            )
        user = page.get("leadgen_tos_accepting_user")
        who = f" by {user['name']}" if isinstance(user, dict) and user.get("name") else ""
        when = f" on {str(page['leadgen_tos_acceptance_time'])[:10]}" if page.get("leadgen_tos_acceptance_time") else ""
        return f"Page {self.page_id} accepted Meta's terms for lead ads{when}{who}."


class LeadFilter(Closed):
    """A condition on the creation time of a lead, the only field the edge can filter by."""

    field: Literal["time_created"] = "time_created"
    operator: Literal["GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN"]
    value: Moment

    def to_graph(self) -> Row:
        """Return the condition as Graph takes it, with Unix seconds."""
        return {"field": self.field, "operator": self.operator, "value": to_unix(self.value, UTC)}


LeadLimit = Annotated[int, Field(ge=1, le=500)]
Filtering = Annotated[list[LeadFilter], Field(max_length=10, description="By time_created; times without offset: UTC")]
IncludePii = Annotated[bool, Local(), Field(description="Show personal data in the clear")]


class LeadParams(ListParams):
    """Base of the two tools that list leads."""

    limit: LeadLimit = 100
    fields: FieldList | None = None
    filtering: Filtering | None = None
    include_pii: IncludePii = False

    async def read(self, call: Call, parent: str, page: str | None) -> Result:
        """List the leads of a form or an ad. `page` is the Page whose token to use; None for the user's token."""
        filtering = [condition.to_graph() for condition in self.filtering] if self.filtering else None
        if not self.include_pii:
            call.note(MASKED)
        refine = (lambda row: row) if self.include_pii else mask_lead
        with needing(*LEAD_SCOPES):
            return await read_list(call, self, f"{parent}/leads", refine=refine, page=page, filtering=filtering)


@tool(
    "ads_get_leads",
    Effect.READ,
    get("{form_id}/leads"),
    node="Lead",
    fields=LEAD_FIELDS,
    identity="id",
    singular="lead",
    keywords="contacts submissions crm personal data",
)
class GetLeads(LeadParams):
    """List the leads of a form. Their answers are masked unless include_pii is true. Meta keeps leads for 90 days."""

    form_id: LeadFormId

    async def run(self, call: Call) -> Result:
        with needing(*LEAD_SCOPES):
            form = await call.graph.get(self.form_id, fields=["page_id"])
        # If Meta does not return the Page of the form, try the user's token; it may be sufficient.
        page = str(form["page_id"]) if form.get("page_id") else None
        return await self.read(call, self.form_id, page)


@tool(
    "ads_get_ad_leads",
    Effect.READ,
    get("{ad_id}/leads"),
    node="Lead",
    fields=LEAD_FIELDS,
    identity="id",
    singular="lead",
    keywords="contacts submissions personal data",
)
class GetAdLeads(LeadParams):
    """List the leads that one ad brought. Their answers are masked unless include_pii is true. Kept for 90 days."""

    ad_id: AdId

    async def run(self, call: Call) -> Result:
        return await self.read(call, self.ad_id, await page_of_ad(call, self.ad_id))


def mask_lead(lead: Row) -> Row:
    """Mask the values of the answers and keep the names of the questions."""
    if "field_data" not in lead:
        return lead
    answers = lead["field_data"] if isinstance(lead["field_data"], list) else []
    return {**lead, "field_data": [_mask_answer(answer) for answer in answers if isinstance(answer, dict)]}


def _mask_answer(answer: Row) -> Row:
    values = answer.get("values")
    masks = [mask(value) for value in values] if isinstance(values, Sequence) else []
    return {"name": answer.get("name"), "values": masks}


def mask(value: Any) -> str:
    """Keep the first character only, plus `@` for an e-mail address (not its domain)."""
    text = str(value).strip()
    if len(text) < 3:
        return "…"
    return f"{text[0]}…@…" if "@" in text else f"{text[0]}…"
