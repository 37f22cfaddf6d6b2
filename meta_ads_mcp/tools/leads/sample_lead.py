"""Make, replace or delete the one test lead of a form, to try a connection to a CRM."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from meta_ads_mcp.core.params import Closed
from meta_ads_mcp.core.partial import needing
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, get, tool
from meta_ads_mcp.core.values.ids import LeadFormId, PageId
from meta_ads_mcp.core.write import Change, ConfirmedParams, CreateParams, Inverse, Plan, Steps
from meta_ads_mcp.errors import InvalidArguments
from meta_ads_mcp.tools.leads.manage_form import page_of_form

SCOPES = ("leads_retrieval", "pages_manage_ads", "pages_read_engagement")
Answer = Annotated[str, Field(max_length=1000)]


class LeadAnswer(Closed):
    """Hold the answer to one question of the form."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    values: Annotated[list[Answer], Field(min_length=1, max_length=20)]


class LeadConsent(Closed):
    """Hold the state of one checkbox of the form's disclaimer."""

    checkbox_key: Annotated[str, Field(min_length=1, max_length=200)]
    is_checked: bool


@tool(
    "ads_manage_test_lead",
    Effect.CREATE,
    get("{form_id}/test_leads"),
    node="Lead",
    singular="lead",
    keywords="try crm connection webhook dummy form",
)
class ManageTestLead(ConfirmedParams, CreateParams):
    """Create, replace or delete the one test lead of a form, to try a connection to a CRM. Real leads are never
    deleted.

    Replacing and deleting need a confirmation.
    """

    form_id: LeadFormId
    page_id: PageId | None = None
    action: Literal["create", "replace", "delete"] = "create"
    field_data: Annotated[list[LeadAnswer] | None, Field(min_length=1, max_length=50)] = None
    custom_disclaimer_responses: Annotated[list[LeadConsent] | None, Field(min_length=1, max_length=20)] = None

    async def plan(self, call: Call) -> Plan:
        """Plan the deletion of the present test lead, the creation of one, or both."""
        with needing(*SCOPES):
            page = self.page_id or await page_of_form(call, self.form_id)
            present = await call.graph.list(
                f"{self.form_id}/test_leads", fields=("id", "created_time", "form_id"), limit=25, page=page
            )
        leads = [str(row["id"]) for row in present.rows]
        self._check(leads)
        changes = [self._deletion(lead, page) for lead in leads] if self.action != "create" else []
        details: Row = {"deletes": leads} if changes else {}
        if self.action != "delete":
            questions = await self._questions(call, page)
            changes.append(self._creation(page, questions))
            details["questions"] = questions
        return Plan(changes, f"{self.action} the test lead of form {self.form_id}.", details=details)

    def _check(self, leads: list[str]) -> None:
        if self.action == "delete" and (self.field_data or self.custom_disclaimer_responses):
            raise InvalidArguments("A deletion takes no answers.", "Leave out field_data.")
        if self.action == "create" and leads:
            raise InvalidArguments(
                f"The form has a test lead already ({leads[0]}); Meta keeps one per form.",
                "Call with action=replace, or delete it first.",
            )
        if self.action == "delete" and not leads:
            raise InvalidArguments("The form has no test lead, so nothing is deleted.", "Call with action=create.")

    async def _questions(self, call: Call, page: str | None) -> list[str]:
        """Return the keys of the form's questions. Raises InvalidArguments for an answer to another question."""
        with needing(*SCOPES):
            form = await call.graph.get(self.form_id, fields=["id", "name", "questions"], page=page)
        rows = form.get("questions")
        keys = [str(row.get("key")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        unknown = next((answer.name for answer in self.field_data or () if answer.name not in keys), None)
        if unknown is not None and keys:
            raise InvalidArguments(
                "field_data answers a question that the form does not have.", "Use its keys.", allowed=tuple(keys)
            )
        return keys

    def _deletion(self, lead: str, page: str | None) -> Change:
        request = Request("DELETE", lead, page=page, repeatable=False, write=True, kind="Lead")
        return Change(Effect.DELETE, request, "Lead", object_id=lead, title="test lead")

    def _creation(self, page: str | None, questions: list[str]) -> Change:
        params: dict[str, Any] = {
            name: [item.model_dump() for item in items]
            for name in ("field_data", "custom_disclaimer_responses")
            if (items := getattr(self, name))
        }
        path = f"{self.form_id}/test_leads"
        request = Request("POST", path, params, page=page, repeatable=False, write=True, kind="LeadgenForm")
        names = [answer.name for answer in self.field_data or ()]
        return Change(
            Effect.CREATE,
            request,
            "Lead",
            after={"form_id": self.form_id, "answers": names or "dummy answers"},
            parent=self.form_id,
            edge="test_leads",
            private=True,
            inverse=Inverse("DELETE", "{id}"),
        )

    async def apply(self, plan: Plan, steps: Steps, call: Call) -> Row:
        """Send the changes in order."""
        result: Row = {}
        for change in plan.changes:
            answer = await steps.do(change)
            if change.effect is Effect.CREATE:
                result = {"id": answer["id"]}
        step = "Look for it in the CRM. Delete it with action=delete."
        return {**result, **plan.details, "changes": {}, "next_step": step if result else ""}
