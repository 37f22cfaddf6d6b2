"""Test which arguments are accepted, and that error messages name the argument and never repeat its value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sample_tools import account, sample_graph
from tests.support.scripted_graph import refused_unsent

CANARY = "c4n4ry"


async def understood(**arguments: Any) -> dict[str, Any]:
    bench = sample_graph(account)
    data: dict[str, Any] = await bench.data("ads_test_everything", account_id="1", **arguments)
    data.pop("account_id")
    return data


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"count": "7"}, {"count": 7}),
        ({"count": 7.0}, {"count": 7}),
        ({"ratio": "0.5"}, {"ratio": 0.5}),
        ({"ratio": 2}, {"ratio": 2.0}),
        ({"flag": "true"}, {"flag": True}),
        ({"flag": "false"}, {"flag": False}),
        ({"ids": "[1, \"22\"]"}, {"ids": ["1", "22"]}),
        ({"ids": 641301092411249}, {"ids": ["641301092411249"]}),
        ({"ids": "5"}, {"ids": ["5"]}),
        ({"words": "x"}, {"words": ["x"]}),
        ({"word": " RED"}, {"word": "red"}),
        ({"words": '["x","y"]'}, {"words": ["x", "y"]}),
        ({"inner": '{"kind": "a", "size": "4"}'}, {"inner": {"kind": "a", "size": 4}}),
        ({"inners": '[{"kind":"a"},{"kind":"b","size":null}]'}, {"inners": [{"kind": "a"}, {"kind": "b"}]}),
        ({"inners": ['{"kind":"a"}']}, {"inners": [{"kind": "a"}]}),
        ({"inners": {"kind": "a"}}, {"inners": [{"kind": "a"}]}),
        ({"free": '{"a": [1, 2]}'}, {"free": {"a": [1, 2]}}),
        ({"budget": 5000}, {"budget": 5000}),
        ({"budget": "5000"}, {"budget": 5000}),
        ({"budget": "50.00 USD"}, {"budget": "50.00 USD"}),
        ({"breakdowns": "age"}, {"breakdowns": ["age"]}),
        ({"fields": "ad_set_id"}, {"fields": ["adset_id"]}),
    ],
)  # fmt: skip
async def test_accepted_spellings(given: dict[str, Any], read: dict[str, Any]) -> None:
    found = await understood(**given)
    assert {name: found[name] for name in read} == read


@pytest.mark.parametrize("name", ["word", "count", "ratio", "flag", "text", "ids", "words", "inner", "free", "budget"])
async def test_null_counts_as_omitted(name: str) -> None:
    assert await understood(**{name: None}) == await understood()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"count": True}, "whole number"),
    ({"count": "٣"}, "whole number"),
    ({"count": "3.5"}, "whole number"),
    ({"count": 3.5}, "count"),
    ({"count": "0x3"}, "whole number"),
    ({"count": " 3"}, "whole number"),
    ({"count": 11}, "at most 10"),
    ({"count": 0}, "at least 1"),
    ({"count": [3]}, "whole number"),
    ({"ratio": True}, "number"),
    ({"ratio": "1e5"}, "number"),
    ({"ratio": float("nan")}, "finite"),
    ({"flag": 1}, "true or false"),
    ({"flag": "yes"}, "true or false"),
    ({"text": 5}, "text"),
    ({"text": "a"}, "at least 2"),
    ({"text": "a" * 21}, "longer than 20"),
    ({"text": "A1"}, "wrong form"),
    ({"ids": ["١٢"]}, "digits"),
    ({"ids": ["1/me"]}, "digits"),
    ({"ids": [True]}, "ids"),
    ({"ids": ["act_1"]}, "digits"),
    ({"ids": "[1,"}, "digits"),
    ({"words": ["z"]}, "accepted"),
    ({"inner": "kind=a"}, "object"),
    ({"inner": {"kind": "c"}}, "accepted"),
    ({"inner": {}}, "Missing required argument"),
    ({"inners": [{"kind": "a"}] * 4}, "more than 3"),
    ({"free": "x"}, "object"),
    ({"free": [1]}, "object"),
    ({"budget": True}, "minor units"),
    ({"budget": -1}, "minor units"),
    ({"budget": 5.5}, "minor units"),
    ({"budget": "50 usd"}, "minor units"),
    ({"budget": "€50"}, "minor units"),
    ({"breakdowns": ["a b"]}, "letters"),
    ({"fields": ["page{access_token}"]}, "secrets"),
    ({"fields": ["id?x=1"]}, "field"),
    ({"fields": []}, "at least 1"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG, ids=lambda value: str(value)[:40])
async def test_wrong_argument_is_named_and_nothing_is_sent(wrong: dict[str, Any], said: str) -> None:
    bench = sample_graph(account)
    error = await bench.error("ads_test_everything", account_id="1", **wrong)
    assert error["kind"] == "invalid_arguments"
    assert next(iter(wrong)) in error["message"]
    assert said in error["message"] + error["next_step"]
    assert bench.sent == []


@pytest.mark.parametrize(
    "value",
    [
        "",
        "act_",
        "act_1/x",
        "1?x",
        "../1",
        "\uff11",
        "act_\u0661",
        " 1",
        "1\n",
        "act_1_2",
        "me",
        None,
        True,
        -1,
        1.5,
        ["1"],
    ],
)
async def test_malformed_account_id_is_refused(value: Any) -> None:
    bench = sample_graph(account)
    error = await bench.error("ads_test_everything", account_id=value)
    assert error["kind"] == "invalid_arguments"
    assert bench.sent == []


@pytest.mark.parametrize("value", ["1", "act_1", 1])
async def test_account_id_is_accepted_with_or_without_act(value: Any) -> None:
    bench = sample_graph(account)
    await bench.data("ads_test_everything", account_id=value)
    assert [request.path for request in bench.sent] == ["act_1"]


@pytest.mark.parametrize(
    ("arguments", "named", "hint", "allowed"),
    [
        ({"colour": "red"}, "'colour'", "", "word"),
        ({"wrd": "red"}, "'wrd'", "did you mean 'word'", "word"),
        ({"inner": {"kind": "a", "sise": 3}}, "'inner.sise'", "did you mean 'size'", "size"),
        ({"inners": [{"kind": "a", "extra": 1}]}, "'inners.0.extra'", "", "kind"),
        ({"word": "blue"}, "'word'", "", "green"),
        ({"inner": {"kind": "z"}}, "'inner.kind'", "", "b"),
        ({"a[0]": 1}, "'a[0]'", "", "word"),
        ({"int": 1}, "'int'", "", "word"),
    ],
)
async def test_unknown_key_or_value_lists_the_accepted(
    arguments: dict[str, Any], named: str, hint: str, allowed: str
) -> None:
    bench = sample_graph(account)
    error = await bench.error("ads_test_everything", account_id="1", **arguments)
    assert named in error["message"]
    assert hint in error["message"]
    assert allowed in error["allowed"]
    assert allowed in error["next_step"]
    assert bench.sent == []


@pytest.mark.parametrize(
    ("tool", "arguments", "pointer"),
    [
        ("ads_create_campaign", {"multi_advertiser_ads": 1}, "contextual_multi_ads"),
        ("ads_create_ad", {"multi_advertiser_ads": False}, "contextual_multi_ads"),
        (
            "ads_clone_ad_set_bundle",
            {"target_ad_set": {"name": "x", "multi_advertiser_ads": 0}},
            "contextual_multi_ads",
        ),
        ("ads_update_campaign", {"smart_promotion_type": "x"}, "migrate_to_advantage_plus"),
        ("ads_create_campaign", {"special_ad_category": "NONE"}, "special_ad_categories"),
        ("ads_create_ad_set", {"is_autobid": True}, "bid_strategy"),
    ],
)
async def test_an_argument_that_meta_replaced_is_answered_with_the_new_one(
    tool: str, arguments: dict[str, Any], pointer: str
) -> None:
    error = await refused_unsent(tool, **arguments)
    assert next(iter(arguments)) in error["message"]
    assert pointer in error["message"]


async def test_missing_argument_is_named() -> None:
    error = await sample_graph(account).error("ads_test_everything")
    assert error["message"] == "Missing required argument 'account_id'."


@pytest.mark.parametrize(
    ("tool", "hint"),
    [
        ("ads_get_business_assets", "'what' is one of ad_accounts, pages"),
        ("ads_get_business_invoices", "ads_get_ad_accounts"),
        ("ads_library_search", "'countries': "),
        ("ads_get_instagram_media", "ads_get_instagram_account"),
        ("ads_catalog_items_batch", "ads_catalog_list_catalogs"),
    ],
)
async def test_a_missing_argument_is_described(tool: str, hint: str) -> None:
    assert hint in (await refused_unsent(tool))["next_step"]


async def test_message_names_every_wrong_argument() -> None:
    error = await sample_graph(account).error("ads_test_everything", account_id="x", count=99, flag="no")
    assert all(name in error["message"] for name in ("account_id", "count", "flag"))


SPLIT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"breakdowns": "age, country"}, {"breakdowns": ["age", "country"]}),
    ({"breakdowns": ["age,country", "gender"]}, {"breakdowns": ["age", "country", "gender"]}),
    ({"words": "X, y,"}, {"words": ["x", "y"]}),
    ({"ids": "5,6"}, {"ids": ["5", "6"]}),
    ({"fields": "id,creative{id,name}"}, {"fields": ["id", "creative{id,name}"]}),
    ({"texts": "Hello, world"}, {"texts": ["Hello, world"]}),
    ({"texts": '["Hello, world"]'}, {"texts": ["Hello, world"]}),
]


@pytest.mark.parametrize(("arguments", "values"), SPLIT)
async def test_comma_lists_are_split_where_no_entry_can_have_a_comma(
    arguments: dict[str, Any], values: dict[str, Any]
) -> None:
    found = await understood(**arguments)
    assert {name: found[name] for name in values} == values


@pytest.mark.parametrize("value", ["age,CANARY?", "age;country"])
async def test_a_wrong_entry_of_a_comma_list_is_refused_without_its_value(value: str) -> None:
    error = await sample_graph(account).error("ads_test_everything", account_id="1", breakdowns=value)
    assert "letters, digits and underscores" in error["message"]
    assert "CANARY" not in error["message"]


async def test_text_of_another_form_gets_an_example() -> None:
    error = await sample_graph(account).error("ads_test_everything", account_id="1", code="de")
    assert error["message"] == "ads_test_everything: 'code' is not a country code (example: DE)."
    assert error["next_step"] == "See the list of countries."


NAMES = st.sampled_from(
    "account_id word count ratio flag text ids words inner inners free budget breakdowns fields other".split()
)
CANARIES = st.sampled_from(
    [CANARY, f" {CANARY}", f'["{CANARY}"]', f'{{"kind": "{CANARY}"}}', f"{CANARY} USD", f"act_{CANARY}"]
)
VALUES = st.recursive(
    CANARIES | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["kind", "size", "else"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(st.dictionaries(NAMES, VALUES, min_size=1))
async def test_message_never_repeats_a_value(arguments: dict[str, Any]) -> None:
    bench = sample_graph(account)
    answer = await bench.engine.call("ads_test_everything", arguments)
    if answer.is_error:
        assert answer.structured["error"]["kind"] == "invalid_arguments"
        assert CANARY not in answer.text + json.dumps(answer.structured)
        assert bench.sent == []
    assert CANARY not in json.dumps(bench.events.events)


async def test_another_read_can_be_called_by_name() -> None:
    bench = sample_graph(account)
    data = await bench.data("ads_call_read_tool", name="ads_test_everything", arguments='{"account_id": 1, "count": 4}')
    assert data["count"] == 4
    error = await bench.error(
        "ads_call_read_tool", name="ads_test_everything", arguments={"account_id": 1, "bad": CANARY}
    )
    assert "'bad'" in error["message"]
    assert CANARY not in json.dumps(error)


@pytest.mark.parametrize("inner", ["ads_call_read_tool", "ads_nothing"])
async def test_call_read_tool_calls_read_tools_only(inner: str) -> None:
    bench = sample_graph(account)
    assert (await bench.error("ads_call_read_tool", name=inner, arguments={}))["kind"] in (
        "invalid_arguments",
        "not_found",
    )


async def test_an_unknown_value_of_an_open_enum_is_sent_with_a_note() -> None:
    bench = sample_graph(account)
    answer = await bench.call("ads_test_everything", account_id="1", breakdowns=["age", "brand_new"])
    assert not answer.is_error
    assert any("brand_new" in note for note in answer.structured["notes"])
