"""Labels of an account, and the objects that carry them."""

from __future__ import annotations

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
