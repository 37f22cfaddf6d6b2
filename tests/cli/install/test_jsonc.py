"""The editor of JSON with comments, whatever the file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.cli.install import jsonc

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(names, values, max_size=4)
layouts = st.sampled_from([None, 1, 2, 4, "\t"])


@given(objects, objects, layouts, st.booleans(), values)
def test_setting_and_removing_give_what_a_dict_would(
    data: dict[str, Any], servers: dict[str, Any], indent: Any, ascii_only: bool, value: Any
) -> None:
    whole = {**data, "mcpServers": {name: found for name, found in servers.items() if name != "meta-ads"}}
    text = json.dumps(whole, indent=indent, ensure_ascii=ascii_only)
    added = jsonc.set_member(text, ["mcpServers", "meta-ads"], value, comments=False)
    assert json.loads(added) == {**whole, "mcpServers": {**whole["mcpServers"], "meta-ads": value}}
    removed = jsonc.remove_member(added, ["mcpServers", "meta-ads"], comments=False)
    assert json.loads(removed) == whole
    if whole["mcpServers"]:
        assert removed == text


pieces = st.sampled_from([*'{}[]":,/*\\ \n\t', "//", "/*", "*/", '"a"', "1", "true", "null", '"b": 2'])


@given(st.lists(pieces, max_size=14).map("".join), st.booleans())
def test_the_reader_agrees_with_the_standard_one_or_refuses(text: str, comments: bool) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        expected = ...
    try:
        found = jsonc.parse(text, comments=comments).data
    except jsonc.InvalidJsonc:
        assert expected is ...
    else:
        assert comments or found == expected


def test_of_two_members_with_one_name_the_last_counts() -> None:
    text = '{"s": {"meta-ads": 1, "meta-ads": 2}}'
    assert jsonc.set_member(text, ["s", "meta-ads"], 3, comments=False) == '{"s": {"meta-ads": 1, "meta-ads": 3}}'


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('{"s": {"meta-ads": 1}}', '{"s": {}}'),
        ('{"s": {"meta-ads": 1, "b": 2}}', '{"s": {"b": 2}}'),
        ('{"s": {"b": 2, "meta-ads": 1}}', '{"s": {"b": 2}}'),
        ('{"s": {"b": 2, "meta-ads": 1,}}', '{"s": {"b": 2,}}'),
        ('{"s": {"meta-ads": 1, "b": 2, "meta-ads": 3}}', '{"s": {"b": 2}}'),
        ('{"s": {\n  "b": 2, // two\n  "meta-ads": 1 // one\n}}', '{"s": {\n  "b": 2 // two\n// one\n}}'),
        ('{"t": 1}', '{"t": 1}'),
        ('{"s": 1}', '{"s": 1}'),
    ],
)
def test_a_member_goes_with_its_comma(text: str, after: str) -> None:
    assert jsonc.remove_member(text, ["s", "meta-ads"], comments=True) == after
