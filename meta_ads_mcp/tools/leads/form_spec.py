"""Models of the parts of a lead form. They reject unknown keys.

Keys are those of the SDK classes LeadGenQuestion, LeadGenQuestionOption, LeadGenContextCard and LeadGenThankYouPage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from meta_ads_mcp.core.params import Closed, Form
from meta_ads_mcp.core.values.enums import Word
from meta_ads_mcp.core.values.ids import ObjectId
from meta_ads_mcp.web.addresses import PublicUrl

Line = Annotated[str, Field(min_length=1, max_length=500)]
CUSTOM = "CUSTOM"


class Choice(Closed):
    """An answer of a multiple-choice question; lead downloads show `key` instead of `value`."""

    value: Line
    key: Line | None = None


def _present_type(value: object) -> object:
    if isinstance(value, str) and value.upper() in ("MULTIPLE_CHOICE", "SHORT_ANSWER"):
        raise ValueError(f"{value[:20]} is not a type of Meta's: use CUSTOM with label, and options for a choice")
    return value


class FormQuestion(Closed):
    """A question that Meta prefills (EMAIL, FULL_NAME, PHONE, …), or a custom one (CUSTOM)."""

    type: Annotated[Word, BeforeValidator(_present_type)]
    key: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    label: Line | None = None
    options: Annotated[list[Choice] | None, Field(min_length=2, max_length=50)] = None
    inline_context: Line | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.type == CUSTOM and self.label is None:
            raise ValueError("label, the text of the question, is required for a CUSTOM question")
        return self


def check_questions(questions: Sequence[FormQuestion]) -> None:
    """Check keys and types across all questions; for a model validator.

    Raises ValueError for a duplicate key, or a prefilled question that is asked twice.
    """
    keys = [question.key for question in questions if question.key]
    if len(set(keys)) != len(keys):
        raise ValueError("two questions have the same key")
    types = [question.type for question in questions if question.type != CUSTOM]
    if len(set(types)) != len(types):
        raise ValueError("a question that Meta prefills can be asked only once")


class ContextCard(Closed):
    """The page shown before the questions."""

    title: Line | None = None
    content: Annotated[list[Line] | None, Field(min_length=1, max_length=10)] = None
    style: Literal["LIST_STYLE", "PARAGRAPH_STYLE"] | None = None
    button_text: Line | None = None
    cover_photo_id: ObjectId | None = None


class Consent(Closed):
    """A checkbox of a disclaimer (SDK class LeadGenLegalContentCheckbox); lead downloads show `key`."""

    text: Line
    key: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    is_required: bool | None = None
    is_checked_by_default: bool | None = None


class DisclaimerText(Closed):
    """The text of a disclaimer."""

    text: Annotated[str, Field(min_length=1, max_length=5000)]


class Disclaimer(Closed):
    """The advertiser's own terms beside the privacy policy (SDK class LeadGenCustomDisclaimer)."""

    title: Line
    body: DisclaimerText | None = None
    checkboxes: Annotated[list[Consent] | None, Field(min_length=1, max_length=10)] = None


class ThankYouPage(Closed):
    """The page shown after submission, with a button."""

    title: Line
    body: Line | None = None
    button_text: Line | None = None
    button_type: Word | None = None
    website_url: PublicUrl | None = None
    country_code: Annotated[str | None, Form("a country code", "DE"), Field(pattern="^[A-Z]{2}$")] = None
    business_phone_number: Annotated[
        str | None, Form("a phone number", "+491701234567"), Field(pattern=r"^\+?[0-9]{5,15}$")
    ] = None
    enable_messenger: bool | None = None

    @model_validator(mode="after")
    def _button_leads_somewhere(self) -> Self:
        if self.button_type == "VIEW_WEBSITE" and self.website_url is None:
            raise ValueError("website_url is required for VIEW_WEBSITE")
        if self.button_type == "CALL_BUSINESS" and None in (self.business_phone_number, self.country_code):
            raise ValueError("business_phone_number and country_code are required for CALL_BUSINESS")
        return self


Locale = Literal[
    "AR_AR",
    "CS_CZ",
    "DA_DK",
    "DE_DE",
    "EL_GR",
    "EN_GB",
    "EN_US",
    "ES_ES",
    "ES_LA",
    "FI_FI",
    "FR_FR",
    "HE_IL",
    "HI_IN",
    "HU_HU",
    "ID_ID",
    "IT_IT",
    "JA_JP",
    "KO_KR",
    "NB_NO",
    "NL_NL",
    "PL_PL",
    "PT_BR",
    "PT_PT",
    "RO_RO",
    "RU_RU",
    "SV_SE",
    "TH_TH",
    "TR_TR",
    "VI_VN",
    "ZH_CN",
    "ZH_HK",
    "ZH_TW",
]
