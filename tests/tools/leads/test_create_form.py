"""Lead forms: closed questions, the privacy policy as Graph takes it, the Page's own token, an agreement."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.scripted_graph import ScriptedGraph, confirmed, engine, error_of

PAGE = "60"
FORM: dict[str, Any] = {
    "page_id": PAGE,
    "name": "Newsletter",
    "questions": [
        {"type": "EMAIL"},
        {
            "type": "CUSTOM",
            "key": "size",
            "label": "How big?",
            "options": [{"value": "Small", "key": "s"}, {"value": "Big"}],
        },
    ],
    "privacy_policy_url": "https://example.com/privacy",
}


@pytest.fixture
def client(client: ScriptedGraph) -> ScriptedGraph:
    client.of_page = {PAGE: PAGE, "501": PAGE}
    return client


async def test_a_form(client: ScriptedGraph) -> None:
    more = {
        "locale": "de_de",
        "thank_you_page": {"title": "Thanks", "button_type": "VIEW_WEBSITE", "website_url": "https://example.com/"},
        "tracking_parameters": {"source": "ads"},
        "custom_disclaimer": {
            "title": "Terms",
            "body": {"text": "We call you."},
            "checkboxes": [{"text": "I agree", "key": "ok", "is_required": True}],
        },
        "question_page_custom_headline": "Almost there",
        "is_phone_sms_verify_enabled": True,
        "should_enforce_work_email": False,
    }
    answer = await confirmed(engine(client), "ads_create_lead_form", {**FORM, **more})
    assert answer.structured["data"]["id"] == "501"
    (request,) = client.writes
    assert (request.path, request.page) == (f"{PAGE}/leadgen_forms", PAGE)
    assert dict(request.params) == {
        "name": "Newsletter",
        "questions": FORM["questions"],
        "privacy_policy": {"url": "https://example.com/privacy", "link_text": "Privacy policy"},
        "locale": "DE_DE",
        "thank_you_page": more["thank_you_page"],
        "tracking_parameters": {"source": "ads"},
        **{
            name: more[name]
            for name in ("custom_disclaimer", "question_page_custom_headline", "is_phone_sms_verify_enabled")
        },
        "should_enforce_work_email": False,
    }


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"questions": [{"type": "CUSTOM"}]}, "label"),
        ({"questions": []}, "questions"),
        ({"questions": [{"type": "EMAIL"}, {"type": "EMAIL"}]}, "once"),
        ({"questions": [{"type": "MULTIPLE_CHOICE", "label": "x"}]}, "CUSTOM"),
        ({"questions": [{"type": "CUSTOM", "label": "x", "options": [{"value": "one"}]}]}, "options"),
        ({"questions": [{"type": "CUSTOM", "label": n, "key": "k"} for n in "ab"]}, "same key"),
        ({"privacy_policy_url": "http://example.com"}, "privacy_policy_url"),
        ({"follow_up_action_url": "https://localhost/x"}, "follow_up_action_url"),
        ({"locale": "XX_XX"}, "locale"),
        ({"thank_you_page": {"title": "x", "button_type": "VIEW_WEBSITE"}}, "website_url"),
        ({"thank_you_page": {"title": "x", "button_type": "CALL_BUSINESS"}}, "business_phone_number"),
        ({"tracking_parameters": {"a": 1}}, "tracking_parameters"),
    ],
)
async def test_what_meta_would_refuse_is_explained(client: ScriptedGraph, wrong: dict[str, Any], said: str) -> None:
    error = error_of(await engine(client).call("ads_create_lead_form", {**FORM, **wrong}))
    assert error["kind"] == "invalid_arguments"
    assert said in error["message"]
    assert client.sent == []


@pytest.mark.parametrize(
    ("wrong", "accepted"),
    [
        ({"questions": [{"type": "EMAIL", "text": "x"}]}, "label"),
        ({"questions": [{"type": "CUSTOM", "label": "x", "options": [{"label": "a"}, {"value": "b"}]}]}, "value"),
        ({"context_card": {"text": "x"}}, "content"),
        ({"thank_you_page": {"title": "x", "url": "https://example.com"}}, "website_url"),
    ],
)
async def test_a_refused_key_is_named_with_the_accepted_ones(
    client: ScriptedGraph, wrong: dict[str, Any], accepted: str
) -> None:
    error = error_of(await engine(client).call("ads_create_lead_form", {**FORM, **wrong}))
    assert accepted in error["allowed"]
    assert client.sent == []
