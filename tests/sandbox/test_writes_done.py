"""What a write leaves in the sandbox: the object, its place in the lists, and what follows for others."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.support.fake_transport import FakeTransport
from tests.support.sandbox_writes import DE, PNG, US, at, writing

from .conftest import NOW
from .test_spec import check
from .test_writes_refused import (
    AD,
    AD_SET,
    AUDIENCE,
    CAMPAIGN,
    CELLS,
    CONVERSION,
    CREATIVE,
    FORM,
    LINK,
    LOOKALIKE,
    PERIOD,
    ROWS,
    RULE,
    SPEC,
    STUDY,
)


# path, params, the list that has it afterwards, fields that it then has (read as Graph shows them)
@pytest.fixture
def made() -> FakeTransport:
    return writing()


CREATED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    (
        "{account}/campaigns",
        CAMPAIGN | {"stop_time": "2026-12-31T23:00:00"},
        "{account}/campaigns",
        {"daily_budget": "5000", "effective_status": "PAUSED", "stop_time": "2026-12-31T23:00:00-0500"},
    ),
    ("{account}/adsets", AD_SET | {"status": "ACTIVE"}, "{split}/adsets", {"effective_status": "ACTIVE"}),
    ("{account}/ads", AD, "{ad_set}/ads", {"effective_status": "PAUSED", "campaign_id": "{split}"}),
    ("{account}/ads", AD | {"creative": CREATIVE}, "{ad_set}/ads", {"name": "A"}),
    ("{account}/adcreatives", CREATIVE, "{account}/adcreatives", {"image_hash": "{image}", "body": "Hi"}),
    ("{account}/adcreatives", {"object_story_id": "{post}"}, "{account}/adcreatives", {"object_story_id": "{post}"}),
    ("{account}/customaudiences", AUDIENCE, "{account}/customaudiences", {"subtype": "CUSTOM"}),
    (
        "{account}/customaudiences",
        LOOKALIKE | {"lookalike_spec": SPEC},
        "{account}/customaudiences",
        {"subtype": "LOOKALIKE"},
    ),
    ("{account}/customconversions", CONVERSION, "{account}/customconversions", {"custom_event_type": "LEAD"}),
    ("{account}/adrules_library", RULE, "{account}/adrules_library", {"status": "ENABLED"}),
    ("{business}/ad_studies", STUDY, "{account}/ad_studies", {"name": "T"}),
    ("{ad_set}/budget_schedules", PERIOD, "{ad_set}/budget_schedules", {"budget_value": 100}),
]
ON_PAGES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("{page}/leadgen_forms", FORM, "{page}/leadgen_forms", {"privacy_policy_url": "https://shop.example/p"}),
    ("{page}/leadgen_forms", FORM | {"name": "G", "locale": "DE_DE"}, "{page}/leadgen_forms", {"locale": "DE_DE"}),
    ("{page}/feed", {"message": "Hello"}, "{page}/feed", {"message": "Hello", "is_published": True}),
    (
        "{page}/feed",
        {"message": "Soon", "published": "false", "scheduled_publish_time": str(at(2))},
        "{page}/feed",
        {"is_published": False},
    ),
    ("{comment}/comments", {"message": "Thanks"}, "{post}/comments", {"message": "Thanks"}),
    ("{post}/comments", {"message": "Thanks"}, "{post}/comments", {"message": "Thanks"}),
]


def more_of(edge: str) -> dict[str, str]:
    """Answers to comments are listed when one asks for them."""
    return {"filter": "stream"} if edge.endswith("/comments") else {}


@pytest.mark.parametrize("page", [False, True])
async def test_what_is_created_is_listed_and_has_what_was_sent(page: bool) -> None:
    made = writing()
    for path, params, edge, expected in ON_PAGES if page else CREATED:
        new_id = (await made.done("POST", path, params, page=page))["id"]
        listed = await made.done("GET", edge, {"limit": "500", "fields": "id", **more_of(edge)}, page=page)
        assert new_id in {row["id"] for row in listed["data"]}, path
        shown = await made.done("GET", new_id, {"fields": ",".join(expected)}, page=page)
        assert {name: shown[name] for name in expected} == made.filled(expected)


async def test_new_objects_have_only_fields_and_values_of_the_sdk(made: FakeTransport) -> None:
    before = made.store.snapshot()
    for path, params, _, _ in CREATED:
        await made.done("POST", path, params)
    for path, params, _, _ in ON_PAGES:
        await made.done("POST", path, params, page=True)
    await made.done("POST", "{account}/adimages", {"bytes": PNG, "name": "a.png"})
    await made.done("POST", "{account}/advideos", {"file_url": "https://films.example/1.mp4", "name": "F"})
    wrong: Counter[str] = Counter()
    for node_id, node in made.store.nodes.items():
        if node_id not in before.nodes:
            for name in node.fields:
                check(node.type, name, node.get(name), wrong)
    assert wrong == Counter()


# path, params, and what of which node is other afterwards
UPDATED: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("{split}", {"name": "New"}, "{split}", {"name": "New"}),
    ("{shared}", {"daily_budget": 7700}, "{shared}", {"daily_budget": "7700"}),
    ("{shared}", {"status": "PAUSED"}, "{shared_ad_set}", {"effective_status": "CAMPAIGN_PAUSED"}),
    ("{shared}", {"status": "DELETED"}, "{shared_ad_set}", {"effective_status": "DELETED"}),
    ("{split}", {"daily_budget": 9000}, "{ad_set}", {"daily_budget": None, "bid_strategy": None}),
    ("{deleted}", {"name": "Old"}, "{deleted}", {"name": "Old"}),
    ("{archived}", {"status": "DELETED"}, "{archived}", {"status": "DELETED", "configured_status": "DELETED"}),
    ("{ad_set}", {"daily_budget": 700}, "{ad_set}", {"daily_budget": "700"}),
    ("{ad_set}", {"bid_strategy": "COST_CAP", "bid_amount": 90}, "{ad_set}", {"bid_amount": 90}),
    ("{ad_set}", {"targeting": US}, "{ad_set}", {"targeting": US}),
    ("{ad_set}", {"is_dynamic_creative": "true"}, "{ad_set}", {"is_dynamic_creative": False}),
    ("{ad_set}", {"lifetime_budget": 90000, "end_time": str(at(30))}, "{ad_set}", {"daily_budget": None}),
    ("{ad_set}", {"status": "PAUSED"}, "{ad}", {"effective_status": "ADSET_PAUSED"}),
    ("{ad_set}", {"targeting": DE, "dsa_payor": "S", "dsa_beneficiary": "S"}, "{ad_set}", {"dsa_payor": "S"}),
    ("{ad}", {"bid_amount": 150}, "{ad}", {"bid_amount": 150}),
    ("{creative}", {"name": "Other"}, "{creative}", {"name": "Other"}),
    ("{account}", {"spend_cap": "1234.5"}, "{account}", {"spend_cap": "123450"}),
    ("{account}", {"spend_cap_action": "reset"}, "{account}", {"amount_spent": "0"}),
    ("{account}", {"spend_cap_action": "delete"}, "{account}", {"spend_cap": "0"}),
    ("{rule}", {"status": "DISABLED"}, "{rule}", {"status": "DISABLED"}),
    ("{audience}", {"description": "d"}, "{audience}", {"description": "d"}),
    ("{conversion}", {"name": "n"}, "{conversion}", {"name": "n"}),
]


@pytest.mark.parametrize(("path", "params", "node", "expected"), UPDATED)
async def test_an_update_changes_what_it_names_and_the_time(
    made: FakeTransport, path: str, params: dict[str, Any], node: str, expected: dict[str, Any]
) -> None:
    before = made.store.snapshot()
    assert await made.done("POST", path, params) == {"success": True}
    found = made.store.nodes[made.filled(node)]
    assert {name: found.get(name) for name in expected} == expected
    changed = made.store.changes(before)
    touched = {"updated_time", "time_updated"} & set(made.sandbox.graph.spec.fields(found.type))
    if node == path and touched:
        assert touched <= changed[found.id].keys()


@pytest.mark.parametrize("extra", [{}, {"locale": "de_DE"}, {"format": "json"}])
async def test_what_belongs_to_the_call_is_no_change_of_the_object(made: FakeTransport, extra: dict[str, str]) -> None:
    """A deleted campaign takes a name, also from a client that sends the token as a param."""
    params = {"name": "Old", "access_token": made.sandbox.token, **extra}
    assert await made.done("POST", "{deleted}", params) == {"success": True}


async def test_the_currency_decides_what_a_spend_cap_is() -> None:
    made = writing()
    account = next(
        one for one in ("{account}", "{other}") if made.store.nodes[made.filled(one)].get("currency") != "JPY"
    )
    await made.done("POST", account, {"spend_cap": "10.5"})
    assert made.store.nodes[made.filled(account)].get("spend_cap") == "1050"


async def test_a_campaign_gives_its_budget_to_its_ad_sets(made: FakeTransport) -> None:
    ad_sets = [one for one in made.store.children(made.names["shared"], "adsets") if one.get("status") != "DELETED"]
    budgets = [{"adset_id": one.id, "daily_budget": 1000 + number} for number, one in enumerate(ad_sets)]
    await made.done("POST", "{shared}", {"adset_budgets": budgets})
    assert made.store.nodes[made.names["shared"]].get("daily_budget") is None
    assert [made.store.nodes[one.id].get("daily_budget") for one in ad_sets] == [
        str(1000 + number) for number in range(len(ad_sets))
    ]


STAYS = ("{split}", "{ad_set}", "{ad}")


@pytest.mark.parametrize("path", [*STAYS, "{rule}", "{audience}", "{conversion}", "{video}"])
async def test_what_is_deleted(made: FakeTransport, path: str) -> None:
    """Of campaigns and what is below them the status stays readable; the others are gone."""
    assert await made.done("DELETE", path, {}) == {"success": True}
    if path in STAYS:
        assert (await made.done("GET", path, {"fields": "status"}))["status"] == "DELETED"
    else:
        assert (await made.refused("GET", path, {}))["error_subcode"] == 33


async def test_comments_are_hidden_answered_and_deleted(made: FakeTransport) -> None:
    assert await made.done("POST", "{comment}", {"is_hidden": "true"}, page=True) == {"success": True}
    assert (await made.done("GET", "{comment}", {"fields": "is_hidden"}, page=True))["is_hidden"] is True
    reply = (await made.done("POST", "{comment}/comments", {"message": "Thanks"}, page=True))["id"]
    assert made.store.nodes[reply].get("parent") == {"id": made.names["comment"]}
    await made.done("DELETE", reply, {}, page=True)
    assert reply not in made.store.links[made.names["post"], "comments"]
    await made.done("DELETE", "{post}", {}, page=True)
    assert made.names["post"] not in made.store.nodes


async def test_the_same_post_twice_is_refused(made: FakeTransport) -> None:
    await made.done("POST", "{page}/feed", {"message": "Hello"}, page=True)
    assert (await made.refused("POST", "{page}/feed", {"message": "Hello"}, page=True))["code"] == 506


async def test_a_photo_is_a_post_too(made: FakeTransport) -> None:
    answer = await made.done("POST", "{page}/photos", {"url": "https://a.example/1.jpg", "message": "Hi"}, page=True)
    assert made.store.nodes[answer["post_id"]].get("message") == "Hi"


# -- limits -----------------------------------------------------------------------------------------------------------


async def test_a_budget_changes_four_times_an_hour() -> None:
    made, clock = writing(), [NOW]
    made.sandbox.graph.clock = lambda: clock[0]
    for number in range(4):
        await made.done("POST", "{ad_set}", {"daily_budget": 1000 + number})
    await made.done("POST", "{ad_set}", {"daily_budget": 1003})
    error = await made.refused("POST", "{ad_set}", {"daily_budget": 2000})
    assert (error["code"], error["error_subcode"]) == (613, 1487632)
    clock[0] += timedelta(minutes=61)
    await made.done("POST", "{ad_set}", {"daily_budget": 2000})


async def test_a_spend_cap_changes_ten_times_a_day(made: FakeTransport) -> None:
    for number in range(10):
        await made.done("POST", "{account}", {"spend_cap": str(1000 + number)})
    error = await made.refused("POST", "{account}", {"spend_cap": "5"})
    assert (error["code"], error["error_subcode"]) == (17, 1885172)


async def test_audiences_need_the_terms_and_enough_people(made: FakeTransport) -> None:
    made.store.patch(made.names["account"], {"tos_accepted": {}})
    error = await made.refused("POST", "{account}/customaudiences", AUDIENCE)
    assert (error["code"], error["error_subcode"]) == (200, 1870090)
    made.store.patch(made.names["account"], {"tos_accepted": {"web_custom_audience_tos": 1}})
    made.names["new"] = (await made.done("POST", "{account}/customaudiences", AUDIENCE))["id"]
    seed = {"origin_audience_id": "{new}", "lookalike_spec": SPEC}
    assert (await made.refused("POST", "{account}/customaudiences", LOOKALIKE | seed))["code"] == 2654
    again = AUDIENCE | {"enable_fetch_or_create": "true"}
    assert (await made.done("POST", "{account}/customaudiences", again))["id"] == made.names["new"]
    error = await made.refused("POST", "{flagged}/users", {"payload": ROWS})
    assert (error["code"], error["error_subcode"]) == (100, 1713230)


async def test_people_are_counted_and_wrong_ones_told(made: FakeTransport) -> None:
    rows = {"schema": ["EMAIL", "EXTERN_ID"], "data": [["0" * 64, "7"], ["mary@mail.example", "8"], ["", ""]]}
    answer = await made.done("POST", "{audience}/users", {"payload": rows})
    assert (answer["num_received"], answer["num_invalid_entries"]) == (3, 2)
    assert (await made.done("DELETE", "{audience}/users", {"payload": ROWS}))["num_received"] == 1


async def test_a_replacement_is_one_session(made: FakeTransport) -> None:
    session = {"session_id": 7, "batch_seq": 1, "last_batch_flag": False}
    await made.done("POST", "{audience}/usersreplace", {"payload": ROWS, "session": session})
    last = session | {"batch_seq": 2, "last_batch_flag": True}
    await made.done("POST", "{audience}/usersreplace", {"payload": ROWS, "session": last})
    error = await made.refused("POST", "{audience}/usersreplace", {"payload": ROWS, "session": last})
    assert (error["code"], error["error_subcode"]) == (2650, 1870159)


async def test_an_audience_is_shared_and_unshared(made: FakeTransport) -> None:
    partner = made.names["other"].removeprefix("act_")
    await made.done("DELETE", "{audience}/adaccounts", {"adaccounts": [partner]})
    assert (await made.done("GET", "{audience}/shared_account_info", {}))["data"] == []
    await made.done("POST", "{audience}/adaccounts", {"adaccounts": [partner], "permissions": "targeting"})
    (row,) = (await made.done("GET", "{audience}/shared_account_info", {}))["data"]
    assert row["account_id"] == partner


async def test_a_dynamic_creative_has_an_ad_set_of_its_own(made: FakeTransport) -> None:
    made.names["dynamic"] = (await made.done("POST", "{account}/adsets", AD_SET | {"is_dynamic_creative": "true"}))[
        "id"
    ]
    feed = {"images": [{"hash": "{image}"}], "ad_formats": ["SINGLE_IMAGE"]}
    flexible = {"object_story_spec": {"page_id": "{page}"}, "asset_feed_spec": feed}
    await made.done("POST", "{account}/ads", AD | {"adset_id": "{dynamic}", "creative": flexible})
    plain = await made.refused("POST", "{account}/ads", AD | {"adset_id": "{dynamic}"})
    assert plain["error_subcode"] == 1885553


# -- copies -----------------------------------------------------------------------------------------------------------


async def test_a_creative_shows_what_its_story_says(made: FakeTransport) -> None:
    made.names["new"] = (await made.done("POST", "{account}/adcreatives", CREATIVE))["id"]
    shown = await made.done("GET", "{new}", {"fields": "object_story_spec,effective_object_story_id,link_url"})
    assert shown["object_story_spec"] == made.filled(CREATIVE["object_story_spec"])
    assert shown["link_url"] == LINK["link"]
    assert made.store.nodes[shown["effective_object_story_id"]].type == "PagePost"


async def test_the_cells_of_a_study_hold_what_they_test(made: FakeTransport) -> None:
    study = (await made.done("POST", "{business}/ad_studies", STUDY))["id"]
    cells = (await made.done("GET", f"{study}/cells", {"fields": "name,adsets{id}"}))["data"]
    assert sorted(cell["name"] for cell in cells) == sorted(str(cell["name"]) for cell in CELLS)
    assert json.dumps(cells).count(made.names["ad_set"]) == 2


@pytest.mark.parametrize("target", ["split", "ad_set", "ad", "creative"])
async def test_labels_are_made_given_and_found(target: str) -> None:
    made = writing()
    edge = {"split": "campaigns", "ad_set": "adsets", "ad": "ads", "creative": "adcreatives"}[target]
    label = (await made.done("POST", "{account}/adlabels", {"name": "Autumn"}))["id"]
    given = {"adlabels": [{"id": label}, {"name": "New"}]}
    assert await made.done("POST", f"{{{target}}}/adlabels", given) == {"success": True}
    shown = (await made.done("GET", f"{{{target}}}", {"fields": "adlabels{name}"}))["adlabels"]
    names = [row["name"] for row in shown]
    assert names[-2:] == ["Autumn", "New"]
    listed = (await made.done("GET", "{account}/adlabels", {"fields": "name"}))["data"]
    assert {"Autumn", "New"} < {row["name"] for row in listed}
    assert (await made.done("GET", f"{label}/{edge}", {}))["data"] == [{"id": made.names[target]}]
    await made.refused("POST", f"{{{target}}}/adlabels", {"adlabels": [{"id": "1"}]})
    by_labels = {"ad_label_ids": json.dumps([label, "1"])}
    assert (await made.done("GET", f"{{account}}/{edge}bylabels", by_labels))["data"] == [{"id": made.names[target]}]
    assert (await made.done("GET", f"{{account}}/{edge}bylabels", by_labels | {"operator": "ALL"}))["data"] == []
    await made.done("POST", label, {"name": "Fall"})
    await made.done("POST", f"{{{target}}}", {"adlabels": [{"id": label}]})
    shown = (await made.done("GET", f"{{{target}}}", {"fields": "adlabels{name}"}))["adlabels"]
    assert [row["name"] for row in shown] == ["Fall"], "an update replaces the whole list"
    await made.done("DELETE", label, {})
    assert not (await made.done("GET", f"{{{target}}}", {"fields": "adlabels{name}"})).get("adlabels")


async def test_a_budget_schedule_is_listed_by_its_period_changed_and_deleted(made: FakeTransport) -> None:
    schedule = (await made.done("POST", "{ad_set}/budget_schedules", PERIOD))["id"]
    assert (await made.done("GET", "{ad_set}/budget_schedules", {}))["data"] == [{"id": schedule}]
    later = {"time_start": str(at(400)), "time_stop": str(at(500))}
    assert (await made.done("GET", "{ad_set}/budget_schedules", later))["data"] == []
    await made.done("POST", schedule, {"budget_value": "200"})
    assert (await made.done("GET", schedule, {"fields": "budget_value"}))["budget_value"] == 200
    await made.refused("POST", schedule, {"time_end": str(at(-1))})
    await made.done("DELETE", schedule, {})
    assert (await made.done("GET", "{ad_set}/budget_schedules", {}))["data"] == []
