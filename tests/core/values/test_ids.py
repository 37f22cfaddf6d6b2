"""Ids: ASCII digits, text everywhere, and the node that each argument names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from meta_ads_mcp.core.request import confine
from meta_ads_mcp.core.values import ids

KINDS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(getattr(ids, name))
    for name in (
        "AccountId ObjectId CampaignId AdSetId AdId CreativeId VideoId BusinessId PageId PostId AnyAdObject".split()
    )
}
DIGITS = [name for name in KINDS if name not in ("AccountId", "PostId", "AnyAdObject")]


@pytest.mark.parametrize("name", DIGITS)
@pytest.mark.parametrize("value", ["1", 641301092411249, 2**70, "9" * 30])
def test_an_id_is_text_however_it_comes(name: str, value: Any) -> None:
    assert KINDS[name].validate_python(value) == str(value)


@pytest.mark.parametrize("value", ["123", "act_123", 123])
def test_an_account_has_its_prefix(value: Any) -> None:
    assert KINDS["AccountId"].validate_python(value) == "act_123"
    assert ids.account_path(str(value)) == "act_123"


def test_a_post_and_any_object() -> None:
    assert KINDS["PostId"].validate_python("12_34") == "12_34"
    assert KINDS["AnyAdObject"].validate_python("act_1") == "act_1"
    assert KINDS["AnyAdObject"].validate_python("1") == "1"


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    "value", [True, None, -1, 1.0, "", " 1", "1\n", "1/2", "me", "\u0661", "\uff11", "1_", "_1", "9" * 31, ["1"]]
)
def test_malformed_ids_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        KINDS[name].validate_python(value)


@pytest.mark.parametrize("name", DIGITS)
@pytest.mark.parametrize("value", ["act_1", "1_2"])
def test_account_or_post_id_is_not_a_campaign_id(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        KINDS[name].validate_python(value)


@given(st.sampled_from(sorted(KINDS)), st.text() | st.from_regex(r"(act_)?\d+(_\d+)?", fullmatch=True))
def test_accepted_ids_are_safe_in_a_path(name: str, value: str) -> None:
    try:
        taken = KINDS[name].validate_python(value)
    except ValidationError:
        return
    assert confine("{id}", {"id": taken}) == taken
    assert taken.isascii()
