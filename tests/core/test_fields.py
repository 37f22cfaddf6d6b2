"""Field selections."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from meta_ads_mcp.core.fields import FieldName, names, selection
from meta_ads_mcp.server.catalogue import collect

FIELD: TypeAdapter[str] = TypeAdapter(FieldName)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("daily_budget", "daily_budget"),
        ("ad_set_id", "adset_id"),
        ("creative{id,name}", "creative{id,name}"),
        ("insights{ad_set_id,ad_set_name}", "insights{adset_id,adset_name}"),
        ("a{b{c,d},e{f}}", "a{b{c,d},e{f}}"),
        ("owner_ad_account", "owner_ad_account"),
        ("business{id,name}", "business{id,name}"),
        ("insights.date_preset(last_7d){spend}", "insights.date_preset(last_7d){spend}"),
        ("adsets.limit(5){ad_set_id,ads.limit(2){id}}", "adsets.limit(5){adset_id,ads.limit(2){id}}"),
        (
            "insights.date_preset(last_30d).time_increment(7){spend}",
            "insights.date_preset(last_30d).time_increment(7){spend}",
        ),
        ("connected_instagram_accounts{id}", "connected_instagram_accounts{id}"),
    ],
)
def test_a_field_under_graphs_name(given: str, sent: str) -> None:
    assert FIELD.validate_python(given) == sent


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "a b",
        "a,b",
        "A",
        "a{",
        "a}",
        "a{}",
        "{a}",
        "a{b}c",
        "a{b}{c}",
        "a{,b}",
        "a{b,}",
        "a}{b",
        "a{b}}{",
        "a{b}.limit(5)",
        ".limit(5)",
        "a.limit(5",
        "a.limit(x){b}",
        "a.as(b)",
        "a.filtering([{}]){b}",
        "a.date_preset(last_7d,x){b}",
        "a.limit(5)b",
        "a?x",
        "a&b=c",
        "\u0430",
        "a\n",
        "x" * 81,
    ],
)
def test_malformed_fields_are_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        FIELD.validate_python(wrong)


@pytest.mark.parametrize(
    "secret",
    [
        "access_token",
        "page{access_token}",
        "pending_users{invite_link}",
        "promote_pages{id,access_token}",
        "app_secret",
        "page_token",
        "ingest_key",
        "facebook_boost_post_access_token",
        "token_for_business",
        "password",
        "a{b{ios_purchase_validation_secret}}",
        "tokens",
    ],
)
def test_a_secret_cannot_be_read(secret: str) -> None:
    with pytest.raises(ValidationError, match="secrets"):
        FIELD.validate_python(secret)


@pytest.mark.parametrize(
    "way",
    [
        "business{owned_ad_accounts{name}}",
        "business{client_ad_accounts}",
        "adaccounts",
        "agencies",
        "owner_ad_account{name}",
        "business{owned_businesses{owned_ad_accounts}}",
        "accounts",
        "audiencesharing_recipientaccounts",
    ],
)
def test_no_selection_leads_to_another_account(way: str) -> None:
    with pytest.raises(ValidationError, match="other ad accounts"):
        FIELD.validate_python(way)


@given(st.text(st.sampled_from("ab_,{}1"), max_size=12))
def test_accepted_fields_have_balanced_braces(value: str) -> None:
    try:
        FIELD.validate_python(value)
    except ValidationError:
        return
    depth = 0
    for letter in value:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0
    assert not any(odd in value for odd in ("{}", ",,", "{,", ",}", "}{", "{{"))


def test_every_default_field_is_accepted_as_an_argument() -> None:
    for tool in collect():
        for name in (*tool.fields, *tool.identity):
            FIELD.validate_python(name)


def test_a_selection_is_identity_first_and_each_once() -> None:
    assert selection(["name", "id", "name"], ["other"], ["id"]) == ["id", "name"]
    assert selection(None, ["other"], ["id"]) == ["id", "other"]
    assert names(["creative{id}", "name", "a.b"]) == ["creative", "name", "a"]


@pytest.mark.parametrize(
    "field",
    [
        "owner_business{business_users}",
        "business{id,business_invoices{amount}}",
        "business{ad_studies}",
        "product_catalog{business{owned_pages{name}}}",
        "page{owner_business{instagram_accounts{username}}}",
        "application{roles}",
        "assigned_users{name}",
        "created_by{assigned_pages{name}}",
        "owned_pixels",
        "business_users",
        "pending_users{id}",
    ],
)
def test_what_a_business_has_is_read_through_no_other_object(field: str) -> None:
    with pytest.raises(ValidationError, match="business"):
        FIELD.validate_python(field)


@pytest.mark.parametrize(
    "field", ["email", "created_by{email}", "conversations{messages{from}}", "page{conversations}"]
)
def test_personal_data_is_read_through_no_field(field: str) -> None:
    with pytest.raises(ValidationError, match="personal data"):
        FIELD.validate_python(field)


@pytest.mark.parametrize(
    "field", ["business{id,name,verification_status}", "application{id,name}", "message", "emails"]
)
def test_the_name_of_a_business_may_be_read(field: str) -> None:
    assert FIELD.validate_python(field) == field
