"""Labels of an account, and the objects that carry them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.elicitors import Person
from tests.support.sandbox_engine import build_writer


async def test_labels_are_listed_and_found_on_the_objects_that_carry_them() -> None:
    made = build_writer()
    await made.done("ads_update_ad", ad_id=made.ids["ad"], adlabels=[{"name": "Autumn"}, {"name": "Test"}])
    labels = {row["name"]: row["id"] for row in await made.data("ads_get_ad_labels", account_id=made.account)}
    assert {"Autumn", "Test", "evergreen"} <= labels.keys()
    both = {"account_id": made.account, "label_ids": [labels["Autumn"], labels["evergreen"]]}
    (ad,) = await made.data("ads_get_ad_labels", **both, level="ad")
    assert (ad["id"], [label["name"] for label in ad["adlabels"]]) == (made.ids["ad"], ["Autumn", "Test"])
    assert await made.data("ads_get_ad_labels", **both, level="ad", operator="ALL") == []
    assert len(await made.data("ads_get_ad_labels", **both, level="campaign")) == 1


async def test_label_ids_need_a_level() -> None:
    made = build_writer()
    error = await made.refused("ads_get_ad_labels", account_id=made.account, label_ids=["1"])
    assert "level" in error["message"]


async def test_names_are_made_once_and_put_on_many_objects() -> None:
    made = build_writer()
    ads = [node.id for node in made.store.children(made.ids["ad_set"], "ads")]
    call = {"account_id": made.account, "operation": "apply", "level": "ad", "object_ids": ads}
    data = await made.done("ads_update_ad_labels", **call, names=["evergreen", "Spring"])
    assert data["counts"] == {"success": len(ads)}
    for ad in ads:
        assert [label["name"] for label in made.store.nodes[ad].get("adlabels")] == ["evergreen", "Spring"]
    assert len(made.nodes("AdLabel", name="Spring")) == 1
    again = await made.done("ads_update_ad_labels", **call, names=["Spring"])
    assert {row[4] for row in again["items"]["rows"]} == {"unchanged"}


@pytest.mark.parametrize(
    ("level", "name"), [("campaign", "unbudgeted"), ("ad_set", "ad_set"), ("ad", "ad"), ("creative", "creative")]
)
async def test_a_label_is_taken_off_and_the_others_stay(level: str, name: str) -> None:
    made = build_writer()
    call = {"account_id": made.account, "level": level, "object_ids": [made.ids[name]]}
    await made.done("ads_update_ad_labels", **call, operation="apply", names=["A", "B"])
    label = made.nodes("AdLabel", name="A")[0].id
    await made.done("ads_update_ad_labels", **call, operation="remove", label_ids=[label])
    assert [row["name"] for row in made.store.nodes[made.ids[name]].get("adlabels") or []][-1:] == ["B"]


async def test_labels_are_renamed_and_deleted_after_a_question() -> None:
    made, user = build_writer(), Person(False)
    label = made.nodes("AdLabel", name="evergreen")[0].id
    call = {"account_id": made.account, "label_ids": [label]}
    await made.done("ads_update_ad_labels", **call, operation="rename", new_name="Always on")
    assert made.store.nodes[label].get("name") == "Always on"
    answer = await made.call("ads_update_ad_labels", {**call, "operation": "delete"}, user)
    assert answer.structured["error"]["kind"] == "confirmation_required"
    assert "Always on" in user.asked[0]
    assert label in made.store.nodes
    await made.done("ads_update_ad_labels", **call, operation="delete")
    assert label not in made.store.nodes


@pytest.mark.parametrize(
    "arguments",
    [
        {"operation": "create"},
        {"operation": "rename", "label_ids": ["1", "2"], "new_name": "x"},
        {"operation": "apply", "names": ["x"]},
        {"operation": "remove", "names": ["x"], "level": "ad", "object_ids": ["1"]},
        {"operation": "delete", "label_ids": ["123"]},
    ],
)
async def test_an_operation_without_what_it_takes_is_refused(arguments: dict[str, Any]) -> None:
    made = build_writer()
    error = await made.refused("ads_update_ad_labels", account_id=made.account, **arguments)
    assert error["kind"] == "invalid_arguments"
    assert made.writes == []
