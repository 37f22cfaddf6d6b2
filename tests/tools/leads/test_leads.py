"""Lead forms and leads: the Page's own token, and personal data masked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.errors import PermissionMissing
from meta_ads_mcp.tools.leads.leads import mask
from tests.support.sandbox_engine import SandboxEngine
from tests.support.scripted_graph import ScriptedGraph, call, engine, refusal, refused_unsent, rows

LEAD = {
    "id": "3",
    "field_data": [
        {"name": "full_name", "values": ["Ada Marlow"]},
        {"name": "email", "values": ["ada.marlow@corp.example"]},
        {"name": "phone_number", "values": ["+15550123456"]},
    ],
}
FORM = {"9": {"id": "9", "page_id": "55"}}


async def test_forms_are_read_as_their_page() -> None:
    graph = ScriptedGraph({"55/leadgen_forms": rows({"id": "9", "name": "Enquiry"})})
    answer = await call(graph, "ads_get_lead_forms", page_id="55", limit=5)
    assert [(request.path, request.page) for request in graph.asked] == [("55/leadgen_forms", "55")]
    assert answer.structured["data"] == [{"id": "9", "name": "Enquiry"}]
    assert "privacy_policy_url" in graph.fields("55/leadgen_forms")


async def test_leads_are_masked_and_marked() -> None:
    graph = ScriptedGraph({**FORM, "9/leads": rows(LEAD)})
    answer = await call(graph, "ads_get_leads", form_id="9")
    shown = {item["name"]: item["values"] for item in answer.structured["data"][0]["field_data"]}
    assert shown == {"full_name": ["A…"], "email": ["a…@…"], "phone_number": ["+…"]}
    assert not any(text in str(answer.structured) + answer.text for text in ("Marlow", "corp.example", "0123456"))
    assert any("include_pii" in note for note in answer.structured["notes"])
    assert any("not instructions" in note for note in answer.structured["notes"])


@pytest.mark.parametrize(("form", "page"), [({"page_id": "55"}, "55"), ({"page_id": 55}, "55"), ({}, None)])
async def test_leads_are_read_as_the_page_of_their_form(form: dict[str, Any], page: str | None) -> None:
    graph = ScriptedGraph({"9": {"id": "9", **form}, "9/leads": rows(LEAD)})
    await call(graph, "ads_get_leads", form_id="9")
    assert [(request.path, request.page) for request in graph.asked] == [("9", None), ("9/leads", page)]


async def test_personal_data_is_shown_when_it_is_asked_for() -> None:
    graph = ScriptedGraph({**FORM, "9/leads": rows(LEAD)})
    answer = await call(graph, "ads_get_leads", form_id="9", include_pii=True)
    assert answer.structured["data"][0]["field_data"] == LEAD["field_data"]


@given(st.text(min_size=1))
def test_a_mask_shows_one_character_at_most(value: str) -> None:
    shown = mask(value)
    assert len(shown.replace("…", "").replace("@", "")) <= 1


async def test_a_filter_is_sent_as_unix_seconds() -> None:
    graph = ScriptedGraph({**FORM, "9/leads": rows()})
    filtering = [{"field": "time_created", "operator": "GREATER_THAN", "value": "2026-11-01T00:00:00+0100"}]
    await call(graph, "ads_get_leads", form_id="9", filtering=filtering)
    assert graph.params("9/leads")["filtering"] == [
        {"field": "time_created", "operator": "GREATER_THAN", "value": 1793487600}
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"form_id": "9", "filtering": [{"field": "email", "operator": "LESS_THAN", "value": 1}]}, "accepted values"),
        ({"form_id": "9", "filtering": [{"operator": "CONTAIN", "value": 1}]}, "accepted values"),
        ({"form_id": "9", "limit": 501}, "at most 500"),
        ({"form_id": "9", "fields": ["form{page{access_token}}"]}, "secrets"),
    ],
)
async def test_what_cannot_be_asked_is_refused_unsent(arguments: dict[str, Any], said: str) -> None:
    assert said in (await refused_unsent("ads_get_leads", **arguments))["message"]


@pytest.mark.parametrize("field", ["leads", "leads{field_data}", "ad{leads{field_data}}"])
async def test_no_other_tool_reads_leads_unmasked(field: str) -> None:
    assert "ads_get_leads" in (await refused_unsent("ads_get_ads", account_id="1", fields=[field]))["message"]


AD = {"id": "7", "account_id": "1"}


@pytest.mark.parametrize(
    ("ad", "page"),
    [
        ({"creative": {"effective_object_story_id": "55_66"}}, "55"),
        ({"creative": {"id": "4"}, "adset": {"promoted_object": {"page_id": "56"}}}, "56"),
        ({"creative": {"id": "4"}}, None),
    ],
)
async def test_an_ads_leads_are_read_as_the_page_it_runs_for(ad: dict[str, Any], page: str | None) -> None:
    graph = ScriptedGraph({"7": {**AD, **ad}, "7/leads": rows(LEAD)})
    answer = await call(graph, "ads_get_ad_leads", ad_id="7")
    assert graph.asked[-1].page == page
    assert "Marlow" not in str(answer.structured)


async def test_a_missing_permission_names_the_scopes() -> None:
    graph = ScriptedGraph({**FORM, "9/leads": PermissionMissing("(#200) no")})
    error = await refusal(graph, "ads_get_leads", form_id="9")
    assert error["kind"] == "permission"
    assert {"leads_retrieval,", "pages_manage_ads"} <= set(error["next_step"].split())


async def test_outside_the_allowed_accounts_a_forms_page_must_be_theirs() -> None:
    graph = ScriptedGraph({**FORM, "9/leads": rows(LEAD), "act_1/promote_pages": rows({"id": "77"})})
    denied = await engine(graph, accounts=("act_1",)).call("ads_get_leads", {"form_id": "9"})
    assert denied.structured["error"]["kind"] == "denied"
    assert "9/leads" not in graph.paths


async def test_the_whole_of_a_form_comes_page_by_page(demo: SandboxEngine) -> None:
    world = demo.sandbox.world
    forms = [form for page in world.page_ids for form in world.store.children(page, "leadgen_forms")]
    form = next(form for form in forms if 30 <= form.get("leads_count") <= 80)
    found = await demo.good("ads_get_leads", form_id=form.id, limit=10, max_items=500)
    assert found["page"] == {"count": form.get("leads_count"), "has_more": False}
    assert {entry.method for entry in demo.sandbox.log} == {"GET"}


async def test_pages_and_ads_give_what_is_theirs(demo: SandboxEngine) -> None:
    world = demo.sandbox.world
    forms = await demo.data("ads_get_lead_forms", page_id=world.page_ids[1])
    assert [form["leads_count"] for form in forms] == [1657, 52]
    world.leads.fill_all()
    ad = next(
        node for node in world.store.nodes.values() if node.type == "Ad" and (node.id, "leads") in world.store.links
    )
    leads = await demo.data("ads_get_ad_leads", ad_id=ad.id)
    assert leads
    assert {lead["ad_id"] for lead in leads} == {ad.id}
