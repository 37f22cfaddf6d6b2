"""Create lead forms. Meta does not allow a form to be changed afterwards, only archived."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from meta_ads_mcp.core.params import Local
from meta_ads_mcp.core.ports import Call
from meta_ads_mcp.core.result import Row
from meta_ads_mcp.core.tool import Effect, post, tool
from meta_ads_mcp.core.values.ids import PageId
from meta_ads_mcp.core.write import ConfirmedParams, CreateParams
from meta_ads_mcp.tools.leads.form_spec import (
    ContextCard,
    Disclaimer,
    FormQuestion,
    Locale,
    ThankYouPage,
    check_questions,
)
from meta_ads_mcp.web.addresses import PublicUrl


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


@tool(
    "ads_create_lead_form",
    Effect.CREATE,
    post("{page_id}/leadgen_forms"),
    node="LeadgenForm",
    singular="lead form",
    keywords="new instant form questions",
    page_token=True,
    # Graph returns these in another shape than it takes.
    write_only="questions privacy_policy context_card thank_you_page tracking_parameters custom_disclaimer",
)
class CreateLeadForm(CreateParams, ConfirmedParams):
    """Create an instant form on a Page. People will see it, so it needs a confirmation. It cannot be changed later. A
    CUSTOM question with options is multiple choice."""

    page_id: PageId
    name: Annotated[str, Field(min_length=1, max_length=200)]
    questions: Annotated[list[FormQuestion], Field(min_length=1, max_length=30)]
    privacy_policy_url: Annotated[PublicUrl, Local()]
    privacy_policy_link_text: Annotated[str, Local(), Field(min_length=1, max_length=70)] = "Privacy policy"
    follow_up_action_url: PublicUrl | None = None
    locale: Annotated[Locale | None, BeforeValidator(_upper)] = None
    context_card: ContextCard | None = None
    thank_you_page: ThankYouPage | None = None
    tracking_parameters: Annotated[dict[str, str] | None, Field(max_length=20)] = None
    is_optimized_for_quality: bool | None = None
    block_display_for_non_targeted_viewer: bool | None = None
    custom_disclaimer: Annotated[Disclaimer | None, Field(description="Terms of your own, with checkboxes")] = None
    question_page_custom_headline: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    is_phone_sms_verify_enabled: Annotated[bool | None, Field(description="People confirm their number by SMS")] = None
    should_enforce_work_email: bool | None = None
    allow_organic_lead_retrieval: bool | None = None

    @model_validator(mode="after")
    def _pre_flight(self) -> Self:
        check_questions(self.questions)
        return self

    def complete_values(self, after: Row) -> Row:
        return {**after, "privacy_policy": {"url": self.privacy_policy_url, "link_text": self.privacy_policy_link_text}}

    async def preflight(self, call: Call, before: Row, after: Row) -> None:
        call.note("A form cannot be changed after it is created; it can only be archived.")

    def confirmation_reasons(self, before: Row, after: Row) -> list[str]:
        return ["it asks people for their data in the name of the Page"]
