"""A campaign in another account: what carries over, what the user chooses, and a tree that is created once."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from meta_ads_mcp.engine.writes.units.lost_creations import UPLOAD_SETTLE_SECONDS
from meta_ads_mcp.sandbox import SandboxTransport, World
from tests.support.clock import START, FakeClock
from tests.support.elicitors import Person
from tests.support.killed_calls import each_death
from tests.support.sandbox_engine import SandboxEngine, build_writer
from tests.support.unit_runs import Killed

RATE = 0.9


def build(**options: Any) -> SandboxEngine:
    """A world of an account in USD and one in EUR, of the same agency but with Pages and pixels of their own."""
    clock = FakeClock()
    world = World(today=datetime.fromtimestamp(START, UTC), accounts=2, ads=30)
    return build_writer(SandboxTransport(world, clock=clock.moment), clock=clock, **options)


@cache
def _campaign_index() -> int:
    made = build()
    return next(
        index
        for index, node in enumerate(made.store.children(made.account, "campaigns"))
        if (node.get("objective"), node.get("status")) == ("OUTCOME_SALES", "ACTIVE") and node.get("daily_budget")
    )


def campaign_of(made: SandboxEngine) -> Any:
    return made.store.children(made.account, "campaigns")[_campaign_index()]


def mapping_of(made: SandboxEngine) -> dict[str, Any]:
    """The counterparts of everything that the second account cannot use."""
    target, children = made.ids["other"], made.store.children
    return {
        "product_sets": {node.id: node.id for node in made.store.nodes.values() if node.type == "ProductSet"},
        "pixels": {made.ids["pixel"]: children(target, "adspixels")[0].id},
        "pages": {made.ids["page"]: children(target, "promote_pages")[0].id},
        "instagram_users": {
            children(made.account, "instagram_accounts")[0].id: children(target, "instagram_accounts")[0].id
        },
    }


def arguments(made: SandboxEngine, **more: Any) -> dict[str, Any]:
    return {
        "campaign_id": campaign_of(made).id,
        "target_account_id": made.ids["other"],
        "mapping": mapping_of(made),
        "budget_rate": RATE,
        "idempotency_key": "k",
        **more,
    }


def new_nodes(made: SandboxEngine, before: Any) -> list[Any]:
    return [node for node in made.store.nodes.values() if node.id not in before.nodes]


async def test_the_first_answer_names_everything_that_the_user_has_to_choose() -> None:
    made = build()
    call = {"campaign_id": campaign_of(made).id, "target_account_id": made.ids["other"], "dry_run": True}
    error = await made.refused("ads_copy_to_account", **call)
    assert "USD" in error["message"]
    assert "EUR" in error["message"]
    names = Counter(choice["argument"] for choice in error["choices"])
    assert names.keys() >= {"budget_rate", "mapping.pixels", "mapping.pages", "mapping.instagram_users"}
    rate, campaign = error["choices"][0], campaign_of(made)
    objects = [campaign, *made.store.children(campaign.id, "adsets")]
    live = [node for node in objects if node.get("status") in ("ACTIVE", "PAUSED")]
    daily = sum(int(node.get("daily_budget") or 0) for node in live)
    assert rate["daily_budget"] == f"{daily / 100:,.2f} USD"
    pixel = next(choice for choice in error["choices"] if choice["argument"] == "mapping.pixels")
    assert pixel["candidates"][0]["id"] == made.store.children(made.ids["other"], "adspixels")[0].id
    assert made.writes == []


async def test_the_copy_is_paused_in_the_other_account_with_its_references() -> None:
    made = build()
    source, before = campaign_of(made), made.store.snapshot()
    data = await made.done("ads_copy_to_account", **arguments(made))
    assert data["counts"].keys() == {"success"}
    nodes = new_nodes(made, before)
    kinds = Counter(node.type for node in nodes)
    live = [node for node in made.store.children(source.id, "adsets") if node.get("status") in ("ACTIVE", "PAUSED")]
    assert (kinds["Campaign"], kinds["AdSet"]) == (1, len(live))
    assert {node.get("status") for node in nodes if node.type in ("Campaign", "AdSet", "Ad")} == {"PAUSED"}
    assert {node.account for node in nodes if node.account} == {made.ids["other"].removeprefix("act_")}
    campaign = next(node for node in nodes if node.type == "Campaign")
    assert int(campaign.get("daily_budget")) == round(int(source.get("daily_budget")) * RATE)
    assert (campaign.get("name"), campaign.get("objective")) == (source.get("name"), source.get("objective"))
    texts = str([node.fields for node in nodes if node.type in ("AdSet", "AdCreative", "Ad")])
    for old in (made.ids["pixel"], made.ids["page"], made.account.removeprefix("act_")):
        assert old not in texts


async def test_images_are_copied_by_their_content_and_videos_uploaded_again() -> None:
    made = build()
    before = made.store.snapshot()
    await made.done("ads_copy_to_account", **arguments(made))
    nodes = new_nodes(made, before)
    hashes = {node.get("hash") for node in nodes if node.type == "AdImage"}
    videos = {node.id for node in nodes if node.type == "AdVideo"}
    specs = str([node.get("object_story_spec") for node in nodes if node.type == "AdCreative"])
    assert hashes <= {node.get("hash") for node in made.store.children(made.account, "adimages")}
    assert all(video in specs for video in videos)
    assert hashes or videos


async def test_a_dry_run_shows_amounts_in_both_currencies_and_sends_nothing() -> None:
    made = build()
    before = made.store.snapshot()
    data = await made.data("ads_copy_to_account", **arguments(made, dry_run=True))
    amount = data["amounts"][0]
    assert (amount["before"]["currency"], amount["after"]["currency"]) == ("USD", "EUR")
    assert made.changed(before) == {}
    assert {row["outcome"] for row in data["references"]} == {"mapped"}


async def test_the_question_is_always_asked_and_shows_the_amounts() -> None:
    made, user = build(), Person(False)
    answer = await made.call("ads_copy_to_account", arguments(made), user)
    assert answer.structured["error"]["kind"] == "confirmation_required"
    assert "EUR" in user.asked[0]
    assert "another ad account" in user.asked[0]
    assert made.writes == []


async def test_countries_are_replaced_with_the_places_inside_them() -> None:
    made = build()
    before = made.store.snapshot()
    mapping = mapping_of(made) | {"countries": {"US": "DE", "CA": "DE"}}
    await made.done("ads_copy_to_account", **arguments(made, mapping=mapping))
    places = [node.get("targeting")["geo_locations"] for node in new_nodes(made, before) if node.type == "AdSet"]
    assert {tuple(place) for place in places} == {("countries",)}
    assert {country for place in places for country in place["countries"]} == {"DE"}


async def audience_on_an_ad_set(made: SandboxEngine, number: int) -> str:
    audience: str = made.store.children(made.account, "customaudiences")[number].id
    ad_set = made.store.children(campaign_of(made).id, "adsets")[0]
    targeting = {**ad_set.get("targeting"), "custom_audiences": [{"id": audience, "name": "People"}]}
    made.store.patch(ad_set.id, {"targeting": targeting})
    return audience


async def test_an_audience_that_is_not_shared_is_named_or_dropped() -> None:
    made = build()
    audience = await audience_on_an_ad_set(made, 1)
    error = await made.refused("ads_copy_to_account", **arguments(made))
    assert audience in error["message"]
    before = made.store.snapshot()
    dropping = arguments(made, on_unmapped="drop", idempotency_key="2")
    plan = await made.data("ads_copy_to_account", **dropping, dry_run=True)
    assert "dropped" in {row["outcome"] for row in plan["references"]}
    await made.done("ads_copy_to_account", **dropping)
    assert audience not in str([node.fields for node in new_nodes(made, before) if node.type == "AdSet"])


async def test_a_shared_audience_stays() -> None:
    made = build()
    audience = await audience_on_an_ad_set(made, 0)
    before = made.store.snapshot()
    await made.done("ads_copy_to_account", **arguments(made))
    assert audience in str([node.fields for node in new_nodes(made, before) if node.type == "AdSet"])


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [({"pixels": {"{pixel}": "123"}}, "cannot use 123"), ({"pages": {}}, "cannot promote this Page")],
)
async def test_a_counterpart_must_be_usable(mapping: dict[str, Any], reason: str) -> None:
    made = build()
    given = mapping_of(made) | {
        key: {made.filled(old): new for old, new in ids.items()} for key, ids in mapping.items()
    }
    error = await made.refused("ads_copy_to_account", **arguments(made, mapping=given, on_unmapped="drop"))
    assert reason in str(error["choices"])
    assert made.writes == []


async def test_a_creative_that_cannot_be_read_is_named_and_the_others_are_copied() -> None:
    made = build()
    ad_set = made.store.children(campaign_of(made).id, "adsets")[0]
    ad = made.store.children(ad_set.id, "ads")[0]
    made.store.patch(ad.get("creative")["id"], {"messenger_sponsored_message": "{}"})
    data = await made.data("ads_copy_to_account", **arguments(made, dry_run=True))
    assert [row["id"] for row in data["refused"]] == [ad.id]


async def test_a_copy_inside_the_account_is_left_to_another_tool() -> None:
    made = build()
    error = await made.refused("ads_copy_to_account", **arguments(made, target_account_id=made.account))
    assert "ads_duplicate_entity" in error["next_step"]


@pytest.mark.parametrize("allowed", ["account", "other"])
async def test_both_accounts_must_be_allowed(allowed: str) -> None:
    made = build()
    limited = build_writer(made.sandbox, accounts=(made.ids[allowed],))
    error = await limited.refused("ads_copy_to_account", **arguments(made))
    assert error["kind"] == "denied"


async def test_a_killed_copy_goes_on_and_creates_nothing_twice(tmp_path: Path) -> None:
    ends = 0
    async for server, last, when in each_death(tmp_path, step=4):
        made = server.start()
        call = {**arguments(made), "ad_status_filter": ["ACTIVE"]}
        before = made.store.snapshot()
        if not await server.killed_call("ads_copy_to_account", call, last, when):
            break
        ends += 1
        data = (await server.call("ads_copy_to_account", call)).structured["data"]
        if "retry_after_seconds" in data:  # until Meta can no longer work on an upload whose answer was lost
            server.clock.passed_s += data["retry_after_seconds"]
            data = (await server.call("ads_copy_to_account", call)).structured["data"]
        assert data["counts"].keys() == {"success"}, (last, when, data)
        counts = Counter(node.type for node in new_nodes(made, before))
        assert counts["Campaign"] == 1, (last, when)
        assert counts["Ad"] + counts["AdSet"] + 1 == data["counts"]["success"], (last, when)
    assert ends > 3


def copies_of(data: dict[str, Any]) -> list[list[str]]:
    """Kind, old id and new id of each copy, from the answer or from its file."""
    if "path" not in data["copies"]:
        return list(data["copies"]["rows"])
    header, *rows = csv.reader(Path(data["copies"]["path"]).read_text("utf-8").splitlines())
    assert (header, len(rows)) == (["kind", "old_id", "new_id"], data["copies"]["count"])
    return rows


@pytest.mark.parametrize("fault", [Killed, httpx.ReadTimeout])
async def test_lost_uploads_are_made_once_however_early_the_call_is_repeated(tmp_path: Path, fault: Any) -> None:
    """Graph may work on an upload for ten minutes. A repeat before their end makes nothing, and says when to come."""
    made = build(state_dir=tmp_path)
    before, call = made.store.snapshot(), arguments(made)
    made.sandbox.faults.add(
        lambda call: not call.path and "advideos" in call.params["batch"], respond=fault, after_processing=False
    )
    with suppress(Killed):
        await made.call("ads_copy_to_account", call, Person(True))
    made.sandbox.faults.clear()
    data: dict[str, Any] = {}
    for _ in range(5):
        again = SandboxEngine(made.sandbox, made.clock, allow_writes=True, state_dir=tmp_path)
        data = await again.done("ads_copy_to_account", **call)
        assert 0 < data["retry_after_seconds"] <= UPLOAD_SETTLE_SECONDS
        assert not any(node.type == "AdVideo" for node in new_nodes(made, before))
    made.clock.passed_s += data["retry_after_seconds"]
    again = SandboxEngine(made.sandbox, made.clock, allow_writes=True, state_dir=tmp_path)
    assert (await again.done("ads_copy_to_account", **call))["status"] == "success"
    titles = [node.get("title") for node in new_nodes(made, before) if node.type == "AdVideo"]
    assert titles
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("has_folder", [False, True])
async def test_the_answer_maps_each_old_id_to_the_new_one(tmp_path: Path, has_folder: bool) -> None:
    made = build(**({"state_dir": tmp_path} if has_folder else {}))
    before = made.store.snapshot()
    rows = copies_of(await made.done("ads_copy_to_account", **arguments(made)))
    kinds = ("Campaign", "AdSet", "Ad", "AdCreative", "AdVideo")
    assert {new for _, _, new in rows} >= {node.id for node in new_nodes(made, before) if node.type in kinds}
    for kind, old, new in rows:
        if kind in ("campaign", "ad set", "ad"):
            assert made.store.nodes[old].type == made.store.nodes[new].type
