"""Copies have every field that Graph shows and accepts, or say what they lack."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.domain.copying import (
    NOT_SENT,
    STATE,
    STORY_SOURCES,
    UNCOPYABLE,
    copyable_fields,
    differences,
    require_copyable,
    source_fields,
    writable_ad_set,
    writable_creative,
)
from meta_ads_mcp.errors import ApiError, InvalidArguments
from tests.support.programs import load_script
from tests.support.sdk import classes, edge

copyable = load_script("copyable")
STORY = {"object_story_spec": {"page_id": "1", "link_data": {"link": "https://shop.example"}}}
# Part of the old form of a creative; with a story Graph derives them from it.
OLD_FORM = {"actor_id", "body", "image_hash", "image_url", "link_url", "object_type", "title"}
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def test_the_fields_are_those_of_the_sdk() -> None:
    assert copyable.TARGET.read_text(encoding="utf-8") == copyable.render(), "run python scripts/copyable.py"


@pytest.mark.parametrize("node", copyable.CREATION_EDGES)
def test_every_field_of_the_sdk_is_copied_or_explained(node: str) -> None:
    fields = set(classes()[node]["fields"])
    creation = edge("AdAccount", "POST", copyable.CREATION_EDGES[node])
    assert creation is not None
    assert set(copyable_fields(node)) == fields & creation.params.keys()
    assert NOT_SENT[node].keys() <= copyable_fields(node).keys()
    assert set(source_fields(node)) <= fields
    if node in STATE:
        assert (
            STATE[node] | UNCOPYABLE[node].keys() - copyable_fields(node).keys()
            == fields - copyable_fields(node).keys()
        )


def value_of(kind: str, name: str) -> Any:
    """A value as Graph shows it for a parameter of that type."""
    if kind.startswith("list"):
        return [f"{name} entry"]
    if kind in ("map", "Object") or kind[:1].isupper() or kind.startswith("map<"):
        return {f"{name} key": f"{name} value"}
    return {"bool": True, "int": 7, "unsigned int": "700", "float": 0.5, "datetime": "2027-01-04T00:00:00+0100"}.get(
        kind, f"{name} value"
    )


AD_SET_FIELDS = sorted(set(copyable_fields("AdSet")) - NOT_SENT["AdSet"].keys() - UNCOPYABLE["AdSet"].keys())
CREATIVE_FIELDS = sorted(set(copyable_fields("AdCreative")) - NOT_SENT["AdCreative"].keys())


@pytest.mark.parametrize("name", AD_SET_FIELDS)
def test_a_copied_ad_set_has_the_field(name: str) -> None:
    value = value_of(copyable_fields("AdSet")[name], name)
    sent = writable_ad_set({"id": "1", name: value}, NOW)
    assert str(sent[name]) == str(value)


@pytest.mark.parametrize("name", CREATIVE_FIELDS)
def test_a_copied_creative_has_the_field(name: str) -> None:
    value = value_of(copyable_fields("AdCreative")[name], name)
    assert writable_creative({"id": "1", name: value}) == {name: value}
    story = {} if name in STORY_SOURCES else STORY
    assert (name in writable_creative({"id": "1", **story, name: value})) is (name not in OLD_FORM)


@pytest.mark.parametrize("node", ["AdCreative", "AdSet"])
def test_what_cannot_be_copied_is_named(node: str) -> None:
    for name in UNCOPYABLE[node]:
        with pytest.raises(InvalidArguments, match=name):
            require_copyable(node, {"id": "1", name: "value"})
    require_copyable(node, {"id": "1", **dict.fromkeys(UNCOPYABLE[node], False)})


def test_a_value_rule_that_is_not_applied_stays_so() -> None:
    sent = writable_ad_set({"value_rule_set_id": "9", "value_rules_applied": False})
    assert sent == {"value_rule_set_id": "9", "value_rules_applied": False}


@pytest.mark.parametrize(
    ("time", "sent"), [("2026-11-25T09:59:59+0000", False), ("2026-11-25T12:00:00+0100", True), ("soon", False)]
)
def test_a_start_in_the_past_is_left_out(time: str, sent: bool) -> None:
    assert ("start_time" in writable_ad_set({"start_time": time}, NOW)) is sent


def test_an_amount_that_is_not_a_number_ends_the_copy() -> None:
    with pytest.raises(ApiError, match="daily_budget"):
        writable_ad_set({"daily_budget": "a lot"})


def test_labels_are_named_as_graph_accepts_them() -> None:
    shown = [{"id": "5", "name": "spring", "account": {"id": "1"}}, {"id": "6"}]
    assert writable_creative({"adlabels": shown})["adlabels"] == [{"name": "spring"}, {"id": "6"}]


def test_ids_that_graph_adds_to_labels_of_assets_are_left_out_and_other_ids_stay() -> None:
    source = {
        "asset_feed_spec": {"bodies": [{"text": "b", "adlabels": [{"id": "5", "name": "l"}]}]},
        "interactive_components_spec": {"components": [{"id": "7", "type": "POLL"}]},
    }
    assert writable_creative(source) == {
        "asset_feed_spec": {"bodies": [{"text": "b", "adlabels": [{"name": "l"}]}]},
        "interactive_components_spec": {"components": [{"id": "7", "type": "POLL"}]},
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"url_tags": "a=1"}, {"url_tags": (None, "a=1")}),
        ({"url_tags": "a=1"}, {}, {"url_tags": ("a=1", None)}),
        ({"a": {"b": 1}}, {"a": {"b": "1", "c": 2}}, {"a.c": (None, 2)}),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3}]}, {"a[1].b": (2, 3)}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": ([1], [1, 2])}),
        ({"a": None}, {"a": {}}, {}),
        ({}, {"authorization_category": "NONE"}, {}),
        ({"spec": '{"a": 1}'}, {"spec": {"a": 1}}, {}),
    ],
)
def test_differences_cover_both_sides(before: Any, after: Any, expected: dict[str, tuple[Any, Any]]) -> None:
    assert {path: (row["before"], row["after"]) for path, row in differences(before, after).items()} == expected


SPECS = st.recursive(
    st.text(max_size=3) | st.integers(1, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(SPECS, SPECS)
def test_differences_are_symmetrical(before: Any, after: Any) -> None:
    assert differences(before, after).keys() == differences(after, before).keys()
    assert differences(before, before) == {}
