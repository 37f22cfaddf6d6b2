"""The permission audit: every planted fault is found with its evidence, and nothing is invented."""

from __future__ import annotations

from typing import Any

import pytest

from meta_ads_mcp.errors import GraphError, PermissionMissing
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.scripted_graph import ScriptedGraph, rows

TOOL = "ads_audit_permissions"
SCOPES = (
    "ads_read",
    "ads_management",
    "leads_retrieval",
    "pages_manage_ads",
    "pages_show_list",
    "pages_read_engagement",
)
ACCOUNT = {
    "id": "act_1",
    "name": "Shop",
    "account_status": 1,
    "user_tasks": ["ANALYZE", "ADVERTISE"],
    "funding_source_details": {"id": "9"},
    "tos_accepted": {"web_custom_audience_tos": 1},
}
PAGE = {"id": "55", "name": "Shop", "leadgen_tos_accepted": True, "connected_instagram_account": {"id": "6"}}


def graph(scopes: tuple[str, ...] = SCOPES, **parts: Any) -> ScriptedGraph:
    granted = [{"permission": scope, "status": "granted"} for scope in scopes]
    bodies = {"me/permissions": rows(*granted), "act_1": ACCOUNT, "act_1/promote_pages": rows(PAGE)}
    return ScriptedGraph({**bodies, **parts})


def findings(part: dict[str, Any]) -> list[tuple[str, str]]:
    return [(row["severity"], row["finding"]) for row in part.get("findings", [])]


async def test_only_what_the_needs_take_is_asked_for() -> None:
    fine = graph()
    data = await fine.data(TOOL, account_ids=["1"], needs=["leads"])
    assert fine.paths == ["me/permissions", "act_1", "act_1/promote_pages"]
    assert (data["token"]["status"], data["accounts"][0]["status"]) == ("ok", "ok")


async def test_a_page_without_lead_terms_is_a_fault() -> None:
    page = {**PAGE, "leadgen_tos_accepted": False}
    data = await graph(**{"act_1/promote_pages": rows(page)}).data(TOOL, account_ids=["1"], needs=["leads"])
    ((severity, text),) = findings(data["accounts"][0])
    assert severity == "fault"
    assert "lead ads" in text


async def test_a_missing_permission_is_named_and_one_that_nobody_uses_too() -> None:
    scopes = (
        "ads_read",
        "ads_management",
        "pages_manage_ads",
        "pages_show_list",
        "pages_read_engagement",
        "whatsapp_business_messaging",
    )
    data = await graph(scopes).data(TOOL, account_ids=["1"], needs=["leads"])
    missing, extra = findings(data["token"])
    assert missing[0] == "fault"
    assert "leads_retrieval" in missing[1]
    assert extra[0] == "warning"
    assert "whatsapp_business_messaging" in extra[1]


async def test_a_missing_task_counts_only_where_it_is_needed() -> None:
    account = {**ACCOUNT, "user_tasks": ["ANALYZE"]}
    for needs, expected in ((["leads"], []), (["writes"], ["warning"])):
        data = await graph(act_1=account).data(TOOL, account_ids=["1"], needs=needs)
        assert [severity for severity, _ in findings(data["accounts"][0])] == expected


@pytest.mark.parametrize(
    ("needs", "parts", "words"),
    [
        (["writes"], {"act_1": {**ACCOUNT, "account_status": 2, "disable_reason": 1}}, "not active"),
        (["writes"], {"act_1": {**ACCOUNT, "funding_source_details": None}}, "payment method"),
        (["writes"], {"act_1": {**ACCOUNT, "tos_accepted": {}}}, "customer lists"),
        (["writes"], {"act_1": {**ACCOUNT, "business_country_code": "DE"}}, "EU"),
        (["comments"], {"act_1/promote_pages": rows()}, "no Page"),
        (["conversions"], {"act_1/adspixels": rows()}, "no dataset"),
        (["conversions"], {"act_1/adspixels": rows({"id": "4", "last_fired_time": None})}, "no events"),
        (["conversions"], {"act_1/adspixels": rows({"id": "4", "is_unavailable": True})}, "unavailable"),
        (["instagram"], {"act_1/instagram_accounts": rows()}, "no Instagram account"),
    ],
)
async def test_each_gap_is_found(needs: list[str], parts: dict[str, Any], words: str) -> None:
    data = await graph(**parts).data(TOOL, account_ids=["1"], needs=needs)
    texts = [text for _, text in findings(data["accounts"][0])]
    assert len(texts) == 1
    assert words in texts[0]


async def test_a_refused_read_is_a_finding_and_not_a_failure() -> None:
    refusal = PermissionMissing("(#200) Missing permissions", graph=GraphError(200))
    data = await graph(act_1=refusal).data(TOOL, account_ids=["1"], needs=["leads"])
    (row,) = data["accounts"][0]["findings"]
    assert row["severity"] == "fault"
    assert "200" in row["evidence"]


async def test_the_people_of_the_demo(tmp_path: Any) -> None:
    desk: SandboxEngine = build_writer()
    data = await desk.data(TOOL, business_id=desk.ids["business"])
    texts = " ".join(text for _, text in findings(data["people"]))
    assert "Tomas Reiter (ADMIN) works without two-factor login" in texts
    assert "Old importer" in texts
    assert "Lanterna Reporting" not in texts
    assert "Mara Ilves" not in texts
    first, second = data["accounts"]
    assert "Bureau Sorel Analytics" in str(first["findings"])
    assert "Tomas Reiter" in first["reachable_by"]["people"]
    assert second["status"] == "ok"
    assert "@" not in str(data)


async def test_a_single_admin_is_a_risk_and_access_is_listed() -> None:
    people = rows({"id": "5", "name": "Ada", "role": "ADMIN", "two_fac_status": "TWO_FAC_ENABLED"})
    outsider = rows({"id": "6", "name": "Max", "business": {"id": "32"}})
    owned = {**ACCOUNT, "owner_business": {"id": "31"}}
    parts = {
        "31/business_users": people,
        "31/system_users": rows(),
        "act_1": owned,
        "act_1/agencies": rows({"id": "7", "name": "Agency"}),
        "act_1/assigned_users": outsider,
        "55/assigned_users": rows({"id": "5", "name": "Ada"}),
    }
    checked = graph(**parts)
    data = await checked.data(TOOL, account_ids=["1"], business_id="31", needs=["reporting"])
    assert "only admin" in findings(data["people"])[0][1]
    alone, outside, agency = (text for _, text in findings(data["accounts"][0]))
    assert "only person" in alone
    assert "another business" in outside
    assert "Agency" in agency
    assert data["accounts"][0]["reachable_by"] == {
        "people": ["Max"],
        "agencies": ["Agency"],
        "pages": {"Shop": ["Ada"]},
    }
    assert checked.params("55/assigned_users")["business"] == "31"


async def test_who_can_reach_a_catalog_is_listed() -> None:
    people = rows({"id": "6", "name": "Max", "business": {"id": "32"}})
    parts = {
        "31/business_users": rows(),
        "31/system_users": rows(),
        "31/owned_product_catalogs": rows({"id": "70", "name": "Shop"}, {"id": "71", "name": "Outlet"}),
        "70/assigned_users": people,
        "70/agencies": rows({"id": "7", "name": "Agency"}),
        "71/assigned_users": PermissionMissing("(#200) Missing permissions", graph=GraphError(200)),
        "71/agencies": rows(),
        "act_1": {**ACCOUNT, "owner_business": {"id": "32"}},
        "act_1/agencies": rows(),
        "55/assigned_users": rows(),
    }
    checked = graph(**parts)
    data = await checked.data(TOOL, account_ids=["1"], business_id="31", needs=["catalogue"])
    shop, outlet = data["catalogs"]
    assert (shop["name"], shop["reachable_by"]) == ("Shop", {"people": ["Max"], "agencies": ["Agency"]})
    assert [text for _, text in findings(shop)] == [
        "Max is the only person who can reach the catalog.",
        "Max is of another business and can reach the catalog.",
        "The agency Agency (7) can reach the catalog.",
    ]
    assert "reachable_by" not in outlet
    assert "assigned_users cannot be read" in findings(outlet)[0][1]
    assert checked.params("70/assigned_users")["business"] == "31"


async def test_catalogs_are_read_only_where_they_are_needed() -> None:
    parts = {"31/business_users": rows(), "31/system_users": rows(), "act_1/agencies": rows()}
    checked = graph(**parts, **{"act_1/assigned_users": rows(), "55/assigned_users": rows()})
    data = await checked.data(TOOL, account_ids=["1"], business_id="31", needs=["reporting"])
    assert "catalogs" not in data
    assert not any("catalog" in path for path in checked.paths)


async def test_the_catalogs_of_the_demo() -> None:
    desk = build_writer()
    data = await desk.data(TOOL, business_id=desk.ids["business"], needs=["catalogue"])
    first = data["catalogs"][0]
    assert first["name"] == "Harbor & Pine shop"
    assert "Tomas Reiter" in first["reachable_by"]["people"]
    assert first["reachable_by"]["agencies"] == ["Bureau Sorel Analytics"]


async def test_people_of_an_account_of_another_business_are_not_asked_for() -> None:
    parts = {
        "31/business_users": rows(),
        "31/system_users": rows(),
        "act_1": {**ACCOUNT, "owner_business": {"id": "32"}},
        "act_1/agencies": rows(),
        "55/assigned_users": rows(),
    }
    other = graph(**parts)
    await other.data(TOOL, account_ids=["1"], business_id="31", needs=["reporting"])
    assert "act_1/assigned_users" not in other.paths
