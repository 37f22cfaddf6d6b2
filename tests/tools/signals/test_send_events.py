"""Conversion events: hashed here, refused one by one, sent at most a thousand at a time, and never twice."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from meta_ads_mcp.engine.engine import ToolAnswer
from tests.support.clock import START
from tests.support.elicitors import Person
from tests.support.sandbox_engine import SandboxEngine, build_writer

NOW = int(START)
TOOL = "ads_send_conversion_events"
# Personal data that must not be found anywhere but in the file and, hashed, at Meta.
CANARIES = (
    "Mary.Canary@Example.com",
    "mary.canary@example.com",
    "+16505551212",
    "16505551212",
    "Canaria",
    "203.0.113.77",
)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def purchase(number: int = 1, **user: Any) -> dict[str, Any]:
    return {
        "event_name": "Purchase",
        "event_time": NOW - number,
        "event_id": f"o{number}",
        "event_source_url": "https://example.com/t",
        "user_data": {"em": "Mary@Example.com", "client_user_agent": "UA", **user},
        "custom_data": {"value": 9.99, "currency": "USD"},
    }


@pytest.fixture
def desk(tmp_path: Path) -> SandboxEngine:
    (tmp_path / "uploads").mkdir()
    return build_writer(state_dir=tmp_path / "state", upload_roots=(str(tmp_path / "uploads"),))


async def send(desk: SandboxEngine, asker: Any = None, /, **arguments: Any) -> ToolAnswer:
    call = {"dataset_id": desk.ids["pixel"], "source": "website", "test_event_code": "TEST1", "idempotency_key": "k"}
    given = {name: value for name, value in {**call, **arguments}.items() if value is not None}
    return await desk.call(TOOL, given, asker)


def posted(desk: SandboxEngine) -> list[list[dict[str, Any]]]:
    """The events of each request that reached Meta."""
    requests = [entry for entry in desk.sandbox.log if entry.path.endswith("/events")]
    return [[json.loads(event) for event in json.loads(entry.params["data"])] for entry in requests]


def file_of(tmp_path: Path, rows: list[dict[str, Any]], name: str = "events.csv") -> str:
    path = tmp_path / "uploads" / name
    if name.endswith(".jsonl"):
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return str(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def order(number: int, **more: Any) -> dict[str, Any]:
    return {"event_name": "Purchase", "event_time": NOW - 60 - number, "event_id": f"o{number}", "value": 5,
            "currency": "USD", "em": f"person{number}@example.com", **more}  # fmt: skip


async def test_a_test_code_or_live_is_required_before_anything_is_sent(desk: SandboxEngine) -> None:
    answer = await send(desk, events=[purchase()], test_event_code=None)
    assert answer.structured["error"]["kind"] == "invalid_arguments"
    assert "live" in answer.text
    assert desk.sandbox.log == []


async def test_an_event_is_sent_as_meta_takes_it(desk: SandboxEngine) -> None:
    answer = await send(desk, events=[purchase()])
    assert not answer.is_error, answer.text
    (entry,) = [entry for entry in desk.sandbox.log if entry.path.endswith("/events")]
    assert entry.params["test_event_code"] == "TEST1"
    assert json.loads(entry.params["data"]) == [
        '{"event_name":"Purchase","event_time":' + str(NOW - 1) + ',"event_id":"o1",'
        '"event_source_url":"https://example.com/t","action_source":"website",'
        '"user_data":{"em":["f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79"],'
        '"client_user_agent":"UA"},"custom_data":{"value":9.99,"currency":"USD"}}'
    ]
    assert (answer.structured["data"]["sent"], answer.structured["data"]["received_by_meta"]) == (1, 1)


async def test_a_stage_of_a_lead_has_its_crm_and_an_unhashed_lead_id(desk: SandboxEngine, tmp_path: Path) -> None:
    path = file_of(tmp_path, [{"lead_id": "123456789012345", "stage": "qualified", "time": NOW - 60}])
    answer = await send(desk, file_path=path, source="system_generated", crm_name="Our CRM")
    assert not answer.is_error, answer.text
    ((event,),) = posted(desk)
    assert (event["event_name"], event["action_source"]) == ("qualified", "system_generated")
    assert event["user_data"] == {"lead_id": "123456789012345"}
    assert event["custom_data"] == {"event_source": "crm", "lead_event_source": "Our CRM"}


async def test_live_events_need_an_agreement_to_this_content(desk: SandboxEngine, tmp_path: Path) -> None:
    path = file_of(tmp_path, [order(1)])
    question = await send(desk, file_path=path, source="physical_store", test_event_code=None, live=True)
    assert question.structured["data"]["status"] == "needs_confirmation"
    code = question.structured["data"]["confirmation"]
    file_of(tmp_path, [order(1), order(2)])
    changed = await send(
        desk, file_path=path, source="physical_store", test_event_code=None, live=True, confirmation=code
    )
    assert changed.structured["data"]["status"] == "needs_confirmation"
    assert posted(desk) == []
    answer = await send(desk, Person(True), file_path=path, source="physical_store", test_event_code=None, live=True)
    assert answer.structured["data"]["sent"] == 2
    assert "test_event_code" not in desk.sandbox.log[-1].params


async def test_personal_data_is_in_no_answer_log_journal_or_audit(desk: SandboxEngine, tmp_path: Path) -> None:
    person = {"em": CANARIES[0], "ph": CANARIES[2], "ln": "Canaria", "client_ip_address": CANARIES[5]}
    path = file_of(
        tmp_path, [order(1, **person, fn="x@y.example", order_id="mary.canary@example.com"), order(2, **person)]
    )
    answers = [
        await send(desk, events=[purchase(1, **person)], dry_run=True),
        await send(desk, events=[purchase(1, **person)]),
        await send(desk, events=[purchase(2, **person, fn="mary.canary@example.com")], idempotency_key="k2"),
        await send(desk, file_path=path, source="physical_store", idempotency_key="k3"),
        await send(
            desk, file_path=path, source="physical_store", test_event_code=None, live=True, idempotency_key="k4"
        ),
        await desk.call("ads_get_changes", {}),
        await send(desk, events=[{"event_name": "mary.canary@example.com"}]),
    ]
    assert [answer.is_error for answer in answers] == [False, False, True, False, False, False, True]
    texts = [str(answer.structured) + answer.text for answer in answers]
    texts += [file.read_text(errors="replace") for file in (tmp_path / "state").rglob("*") if file.is_file()]
    texts += [str(desk.events.events), str([entry.params for entry in desk.sandbox.log])]
    bodies = str([answer.structured for answer in answers[:-1]])
    for canary in CANARIES:
        found = [text[:200] for text in texts[:-1] if canary in text]
        assert found == [], canary
        assert sha256(canary) not in bodies
    assert sha256(CANARIES[1]) in texts[-1]
    assert CANARIES[1] not in texts[-1]


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"fn": "mary@example.com"}, "fn", "e-mail"),
        ({"ct": "+1 650 555 1212"}, "ct", "telephone"),
        ({"ln": "1984-03-31"}, "ln", "number"),
        ({"external_id": "mary@example.com"}, "external_id", "e-mail"),
        ({"order_id": "mary@example.com"}, "order_id", "e-mail"),
        ({"event_id": "mary%40example.com"}, "event_id", "e-mail"),
        ({"event_source_url": "https://example.com/?mail=mary@example.com"}, "event_source_url", "e-mail"),
        ({"event_time": NOW + 3600}, "event_time", "future"),
        ({"event_time": NOW - 63 * 86_400}, "event_time", "62 days"),
        ({"event_time": (NOW - 60) * 1000}, "event_time", "milliseconds"),
        ({"event_time": "yesterday"}, "event_time", "not a time"),
        ({"event_name": ""}, "event_name", "name"),
        ({"value": "9,99"}, "value", "amount"),
        ({"currency": "DOLLAR"}, "currency", "currency"),
        ({"currency": ""}, "currency", "purchase"),
        ({"contents": "[{"}, "contents", "JSON"),
        ({"action_source": "shop"}, "action_source", "not one of"),
        ({"em": ""}, "user_data", "no customer information"),
    ],
)
async def test_a_bad_row_is_named_with_its_column_and_the_others_are_sent(
    desk: SandboxEngine, tmp_path: Path, change: dict[str, Any], column: str, reason: str
) -> None:
    path = file_of(tmp_path, [order(1), {**order(2), **change}, order(3)])
    answer = await send(desk, file_path=path, source="physical_store")
    assert not answer.is_error, answer.text
    rows = answer.structured["data"]["refusals"]["rows"]
    assert [(line, named) for line, named, _ in rows] == [(3, column)]
    assert reason in rows[0][2]
    assert [event["event_id"] for event in posted(desk)[0]] == ["o1", "o3"]
    bad = [str(value) for value in change.values() if len(str(value)) > 6]
    assert not any(value in str(answer.structured) for value in bad)


async def test_a_value_that_cannot_match_costs_the_value_not_the_event(desk: SandboxEngine, tmp_path: Path) -> None:
    path = file_of(tmp_path, [order(1, ph="12", db="03/04/1984", ge="f")])
    answer = await send(desk, file_path=path, source="physical_store")
    assert [row[:2] for row in answer.structured["data"]["values_left_out"]["rows"]] == [[2, "ph"], [2, "db"]]
    ((event,),) = posted(desk)
    assert set(event["user_data"]) == {"em", "ge"}


async def test_website_and_app_events_have_what_meta_requires(desk: SandboxEngine) -> None:
    bare = {"event_name": "ViewContent", "event_time": NOW - 60, "user_data": {"em": "mary@example.com"}}
    answer = await send(desk, events=[bare])
    reasons = {row[1] for row in answer.structured["error"]["refusals"]["rows"]}
    assert reasons == {"event_source_url", "client_user_agent"}
    answer = await send(desk, events=[bare], source="app")
    assert {row[1] for row in answer.structured["error"]["refusals"]["rows"]} == {
        "advertiser_tracking_enabled",
        "application_tracking_enabled",
        "extinfo",
    }
    app = {"advertiser_tracking_enabled": True, "application_tracking_enabled": False, "extinfo": ["i2"] + [""] * 15}
    answer = await send(desk, events=[{**bare, "app_data": app}], source="app")
    assert posted(desk)[-1][0]["app_data"] == app


async def test_a_stage_of_a_lead_needs_the_name_of_the_crm(desk: SandboxEngine) -> None:
    stage = {"event_name": "won", "event_time": NOW - 60, "user_data": {"lead_id": "123456789012345"}}
    answer = await send(desk, events=[stage], source="system_generated")
    assert "crm_name" in answer.text


async def test_json_lines_and_other_names_of_columns_are_read(desk: SandboxEngine, tmp_path: Path) -> None:
    nested = {
        "event_name": "Purchase",
        "event_time": "2026-11-25T09:00:00+00:00",
        "user_data": {"em": ["a@example.com", "b@example.com"], "zp": "94025-1234", "country": "US"},
        "custom_data": {"value": "5.50", "currency": "usd", "content_ids": ["A1"]},
        "comment": "not a key",
    }
    answer = await send(desk, file_path=file_of(tmp_path, [nested], "events.jsonl"), source="physical_store")
    ((event,),) = posted(desk)
    assert event["user_data"]["em"] == [sha256("a@example.com"), sha256("b@example.com")]
    assert event["user_data"]["zp"] == [sha256("94025")]
    assert event["custom_data"] == {"value": 5.5, "currency": "USD", "content_ids": ["A1"]}
    assert "comment" in str(answer.structured["notes"])
    plain = {"Event": "Lead", "Time": NOW - 9, "E-Mail": "c@example.com", "Order ID": "7", "Notes": "x"}
    await send(desk, file_path=file_of(tmp_path, [plain]), source="phone_call", idempotency_key="k2")
    event = posted(desk)[-1][0]
    assert (event["event_name"], event["user_data"]) == ("Lead", {"em": [sha256("c@example.com")]})
    assert event["custom_data"] == {"order_id": "7"}


async def test_an_event_without_an_id_gets_one_that_repeats(desk: SandboxEngine) -> None:
    events = [{**purchase(1), "event_id": None}, {**purchase(1), "event_id": None}, {**purchase(2), "event_id": None}]
    for key in ("k1", "k2"):
        answer = await send(desk, events=events, idempotency_key=key)
        assert "eventID" in str(answer.structured["notes"])
    first, second = posted(desk)
    assert [event["event_id"] for event in first] == [event["event_id"] for event in second]
    assert len({event["event_id"] for event in first}) == 3
    kept = desk.store.memory["events", desk.ids["pixel"]]
    assert len(kept) == 3, "Meta drops events with a name and id that it has"


async def test_a_thousand_events_a_request_and_an_interrupted_call_goes_on(desk: SandboxEngine, tmp_path: Path) -> None:
    path = file_of(tmp_path, [order(number) for number in range(2_300)])
    broken = desk.sandbox.faults.add(
        lambda call: call.path[-1:] == ("events",) and len(posted(desk)) == 2, respond=httpx.ReadTimeout
    )
    answer = await send(desk, file_path=path, source="physical_store")
    assert answer.is_error
    assert "idempotency_key" in answer.structured["error"]["next_step"]
    assert broken.hits == 1
    answer = await send(desk, file_path=path, source="physical_store")
    assert not answer.is_error, answer.text
    data = answer.structured["data"]
    assert (data["sent"], data["sent_before"], data["received_by_meta"]) == (1_300, 1_000, 1_300)
    ids = [event["event_id"] for batch in posted(desk) for event in batch]
    assert max(map(len, posted(desk))) == 1_000
    assert set(ids) == {f"o{number}" for number in range(2_300)}
    kept = desk.store.memory["events", desk.ids["pixel"]]
    assert len(kept) == 2_300
    again = await send(desk, file_path=path, source="physical_store")
    assert again.structured["data"]["sent"] == 1_300
    assert len(posted(desk)) == 4


async def test_other_content_under_the_same_key_is_refused(desk: SandboxEngine, tmp_path: Path) -> None:
    path = file_of(tmp_path, [order(number) for number in range(1_001)])
    desk.sandbox.faults.add(
        lambda call: call.path[-1:] == ("events",) and len(posted(desk)) == 2, respond=httpx.ReadTimeout
    )
    assert (await send(desk, file_path=path, source="physical_store")).is_error
    file_of(tmp_path, [order(7)])
    answer = await send(desk, file_path=path, source="physical_store")
    assert "changed" in answer.structured["error"]["message"]


async def test_events_that_meta_refuses_are_found_and_the_others_are_sent(desk: SandboxEngine, tmp_path: Path) -> None:
    # Meta refuses the second and the sixth event, for a reason that cannot be checked here.
    def refuse(call: Any) -> bool:
        return call.path[-1:] == ("events",) and any(f'o{n}\\"' in call.params["data"] for n in (1, 5))

    body = {
        "error": {
            "message": "(#100) Invalid parameter",
            "code": 100,
            "type": "OAuthException",
            "error_user_title": "Bad event",
            "error_user_msg": "This event is bad",
        }
    }
    desk.sandbox.faults.add(refuse, respond=httpx.Response(400, json=body), times=50)
    answer = await send(desk, file_path=file_of(tmp_path, [order(n) for n in range(8)]), source="physical_store")
    assert not answer.is_error, answer.text
    data = answer.structured["data"]
    assert (data["sent"], data["refused"]) == (6, 2)
    assert [row[0] for row in data["refusals"]["rows"]] == [3, 7]
    kept = desk.store.memory["events", desk.ids["pixel"]]
    assert len(kept) == 6


async def test_a_dry_run_shows_one_masked_event_and_sends_nothing(desk: SandboxEngine) -> None:
    answer = await send(desk, events=[purchase()], dry_run=True)
    assert answer.structured["data"]["example"]["user_data"] == {"em": "(hash)", "client_user_agent": "(value)"}
    assert posted(desk) == []


async def test_under_an_allowlist_ids_of_orders_and_leads_are_not_ids_of_objects(tmp_path: Path) -> None:
    desk = build_writer(accounts=(build_writer().account,))
    user = {"external_id": "1234567890123456", "lead_id": "123456789012345"}
    custom = {"value": 5, "currency": "USD", "order_id": "1234567890123456", "content_ids": ["1234567890123456"]}
    event = {**purchase(1, **user), "custom_data": custom, "event_id": "1234567890123456"}
    answer = await send(desk, events=[event])
    assert not answer.is_error, answer.text


async def test_events_whose_answer_is_lost_are_sent_again_and_counted_once(desk: SandboxEngine) -> None:
    desk.sandbox.faults.add("/events", respond=httpx.ReadTimeout, after_processing=True)
    events = [purchase(1), {**purchase(2), "event_id": None}]
    lost = await send(desk, events=events)
    assert lost.structured["error"]["kind"] == "unknown_outcome"
    assert "same idempotency_key" in lost.structured["error"]["next_step"]
    answer = await send(desk, events=events)
    assert answer.structured["data"]["sent"] == 2
    first, second = posted(desk)
    assert first == second
    assert len(desk.store.memory["events", desk.ids["pixel"]]) == 2


async def test_a_row_that_repeats_an_event_is_named(desk: SandboxEngine, tmp_path: Path) -> None:
    answer = await send(desk, file_path=file_of(tmp_path, [order(1), order(2), order(1)]), source="physical_store")
    assert [row[:2] for row in answer.structured["data"]["refusals"]["rows"]] == [[4, "event_id"]]
    assert "2 events sent" in answer.text


async def test_personal_data_in_the_name_of_an_upload_is_refused(desk: SandboxEngine) -> None:
    answer = await send(desk, events=[purchase()], upload_tag="mary@example.com")
    assert "e-mail address" in answer.text
    assert "mary@example.com" not in str(answer)
    assert desk.sandbox.log == []
