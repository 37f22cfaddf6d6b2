"""Paths and parameters of a request."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.request import confine, places, wire
from meta_ads_mcp.errors import InvalidArguments

SEGMENT = re.compile(r"act_[0-9]{1,30}|[0-9]{1,30}(_[0-9]{1,30})?|[a-z][a-z_]{0,63}")
EVIL = st.text(st.sampled_from("0159/\\.?#%&=@:;~ \t\n\x00_actme\u0661\uff11\u2044é{}")) | st.text()


@given(EVIL)
def test_a_value_fills_one_place_with_an_id_or_is_refused(value: str) -> None:
    try:
        path = confine("{id}/insights", {"id": value})
    except InvalidArguments:
        assert value != "1"
        return
    first, last = path.split("/")
    assert first == value
    assert last == "insights"
    assert re.fullmatch(r"act_[0-9]+|[0-9]+(_[0-9]+)?|me", value, re.ASCII)


@given(st.lists(EVIL | st.sampled_from(["1", "act_1", "ads", "me", "1_2"]), max_size=4).map("/".join))
def test_a_path_is_ids_and_edges_or_is_refused(path: str) -> None:
    try:
        made = confine(path, {})
    except (InvalidArguments, KeyError):
        return
    assert all(SEGMENT.fullmatch(segment) for segment in made.split("/"))
    url = urlsplit(f"https://graph.facebook.com/v26.0/{made}")
    assert (url.netloc, url.path, url.query, url.fragment) == ("graph.facebook.com", f"/v26.0/{made}", "", "")


@pytest.mark.parametrize("value", ["1", "act_1", "1_2", "me", "9" * 30])
def test_valid_ids_are_accepted(value: str) -> None:
    assert confine("{id}", {"id": value}) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "ads",
        "accounts",
        "act_",
        "act_1_2",
        "1/2",
        "1?x",
        "1#",
        "%31",
        "1 ",
        "1\n",
        "9" * 31,
        "MEl",
        "me/",
    ],
)
def test_malformed_ids_are_refused(value: str) -> None:
    with pytest.raises(InvalidArguments, match="not an id"):
        confine("{id}", {"id": value})


@pytest.mark.parametrize("path", ["", "/", "/ads", "1//ads", "1/", "1/../2", "1/Ads", "https://x/y"])
def test_malformed_paths_are_refused(path: str) -> None:
    with pytest.raises(InvalidArguments):
        confine(path, {})


def test_the_places_of_a_template() -> None:
    assert places("{account_id}/ads/{ad_id}") == ["account_id", "ad_id"]


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("text", "text"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (0.5, "0.5"),
        (["a", 1, True], '["a",1,true]'),
        (("a",), '["a"]'),
        ({"geo": {"countries": ["DE"]}, "name": "Zoë"}, '{"geo":{"countries":["DE"]},"name":"Zoë"}'),
    ],
)
def test_a_parameter_on_the_wire(value: Any, sent: str) -> None:
    assert wire(value) == sent


@given(
    st.recursive(
        st.text(max_size=5) | st.integers() | st.booleans(), lambda i: st.lists(i) | st.dictionaries(st.text(), i)
    )
)
def test_lists_and_objects_come_back(value: Any) -> None:
    if isinstance(value, (list, dict)):
        assert json.loads(wire(value)) == value
