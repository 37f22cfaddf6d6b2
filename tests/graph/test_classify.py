"""Every code that Meta documents: what kind it is, whether a read may be sent again, and that there is a next step."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.errors import (
    AdsError,
    ApiError,
    Blocked,
    DataLimit,
    GraphError,
    InvalidArguments,
    NotFound,
    PermissionMissing,
    Throttled,
    TokenProblem,
    Transient,
)
from meta_ads_mcp.graph.classify import find_rule, parse_error, to_ads_error

REDUCE = "Please reduce the amount of data you're asking for, then retry your request"
TOO_DEEP = "The After Cursor specified exceeds the max limit supported by this endpoint"

# (code, subcode, kind, whether a read is sent again) in the order of Meta's tables.
TABLE: list[tuple[int, int | None, type[AdsError], bool]] = [
    (-1, None, Transient, True),
    (-2, 2490547, Transient, False),
    (-3, 1504045, DataLimit, False),
    (-7, 1504045, DataLimit, False),
    (1, None, Transient, True),
    (1, 99, Transient, True),
    (1, 2853001, PermissionMissing, False),
    (2, None, Transient, True),
    (2, 1504038, DataLimit, False),
    (2, 1504041, InvalidArguments, False),
    (2, 1504042, InvalidArguments, False),
    (2, 1504043, Transient, True),
    (2, 1504044, Transient, True),
    (3, None, PermissionMissing, False),
    (4, None, Throttled, False),
    (4, 1504022, Throttled, False),
    (4, 1504039, Throttled, False),
    (10, None, PermissionMissing, False),
    (17, None, Throttled, False),
    (17, 2446079, Throttled, False),
    (17, 1885172, Throttled, False),
    (32, None, Throttled, False),
    (100, None, InvalidArguments, False),
    (100, 33, NotFound, False),
    (100, 1487534, DataLimit, False),
    (100, 1504018, DataLimit, False),
    (100, 3191001, PermissionMissing, False),
    (100, 1885272, InvalidArguments, False),
    (100, 1713230, PermissionMissing, False),
    *[
        (code, subcode, TokenProblem, False)
        for code in (102, 190)
        for subcode in (None, 458, 459, 460, 463, 464, 467, 492, 1)
    ],
    (5, None, PermissionMissing, False),
    (101, None, TokenProblem, False),
    (104, None, TokenProblem, False),
    (105, None, InvalidArguments, False),
    (194, None, InvalidArguments, False),
    *[(code, None, PermissionMissing, False) for code in (200, 210, 270, 272, 278, 283, 294, 299)],
    (200, 1870034, PermissionMissing, False),
    (200, 1870090, PermissionMissing, False),
    (200, 1870047, InvalidArguments, False),
    (200, 1870050, PermissionMissing, False),
    (300, None, InvalidArguments, False),
    (341, None, Throttled, False),
    *[(code, None, InvalidArguments, False) for code in (351, 352, 382, 389, 6000, 6001)],
    (368, None, Blocked, False),
    (506, None, InvalidArguments, False),
    (613, None, Throttled, False),
    (613, 1487742, Blocked, False),
    (613, 5044001, Throttled, False),
    (613, 1487632, Throttled, False),
    (613, 1487225, Throttled, False),
    (613, 1996, Blocked, False),
    (17, 1487742, Blocked, False),
    (801, None, InvalidArguments, False),
    (960, None, Transient, True),
    (803, None, NotFound, False),
    (2500, None, InvalidArguments, False),
    (2606, None, InvalidArguments, False),
    (2635, None, InvalidArguments, False),
    (2641, None, InvalidArguments, False),
    (2642, None, InvalidArguments, False),
    (2650, None, InvalidArguments, False),
    (2654, None, InvalidArguments, False),
    (2654, 1713092, PermissionMissing, False),
    (2695, None, InvalidArguments, False),
    (3018, None, InvalidArguments, False),
    *[(code, None, Throttled, False) for code in range(80000, 80015)],
    (1487390, None, InvalidArguments, False),
    (1487901, None, InvalidArguments, False),
    (1885272, None, InvalidArguments, False),
]


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize(("code", "subcode", "kind", "retry"), TABLE)
def test_each_code_of_meta(code: int, subcode: int | None, kind: type[AdsError], retry: bool, status: int) -> None:
    graph_error = GraphError(code, "It went wrong.", subcode, http_status=status)
    error, again = to_ads_error(graph_error), find_rule(graph_error).retry
    assert type(error) is kind
    assert again is retry
    assert error.next_step
    assert "It went wrong." in error.message
    assert str(code) in error.message
    assert (error.retry_after_seconds is not None) is isinstance(error, Throttled)


def test_an_object_that_is_not_there_is_not_a_missing_permission() -> None:
    said = (
        "Unsupported get request. Object with ID '1' does not exist, cannot be loaded due to missing permissions, "
        "or does not support this operation"
    )
    assert isinstance(to_ads_error(GraphError(100, said, 33, http_status=400)), NotFound)


def test_pointer_to_documentation_is_cut_from_the_message() -> None:
    text = "Object with ID '1' does not exist. Please read the Graph API documentation at https://developers.facebook.com/docs"
    error = parse_error({"error": {"code": 100, "error_subcode": 33, "message": text}}, 400)
    assert error is not None
    assert error.message == "Object with ID '1' does not exist."
    assert "documentation" not in str(to_ads_error(error))


@pytest.mark.parametrize(
    ("code", "message", "status", "kind", "retry"),
    [
        (1, REDUCE, 500, DataLimit, False),
        (100, "The ids query parameter is deprecated in v26.0+.", 500, InvalidArguments, False),
        (100, "(#100) Missing permissions", 400, PermissionMissing, False),
        (100, TOO_DEEP, 400, DataLimit, False),
    ],
)
def test_where_only_the_text_tells(code: int, message: str, status: int, kind: type[AdsError], retry: bool) -> None:
    graph_error = GraphError(code, message, http_status=status)
    error, again = to_ads_error(graph_error), find_rule(graph_error).retry
    assert (type(error), again) == (kind, retry)


@pytest.mark.parametrize(
    ("status", "kind", "retry"),
    [
        (302, ApiError, False),
        (400, ApiError, False),
        (401, TokenProblem, False),
        (403, PermissionMissing, False),
        (404, NotFound, False),
        (408, Transient, True),
        (429, Throttled, False),
        (500, Transient, True),
        (503, Transient, True),
        (None, ApiError, False),
    ],
)
@pytest.mark.parametrize("code", [0, 99_999])
def test_an_unknown_code_goes_by_the_status(code: int, status: int | None, kind: type[AdsError], retry: bool) -> None:
    graph_error = GraphError(code, "?", http_status=status)
    error, again = to_ads_error(graph_error), find_rule(graph_error).retry
    assert (type(error), again) == (kind, retry)


def test_an_unknown_code_that_says_so_is_passing() -> None:
    graph_error = GraphError(99_999, "?", http_status=400, is_transient=True)
    error, again = to_ads_error(graph_error), find_rule(graph_error).retry
    assert isinstance(error, Transient)
    assert again


def test_a_refusal_that_meta_calls_transient_is_repeated() -> None:
    assert find_rule(GraphError(100, "It failed.", is_transient=True)).retry
    assert not find_rule(GraphError(2, "No such breakdowns.", 1504041, is_transient=True)).retry


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 492])
def test_a_token_problem_says_what_to_do_about_this_one(subcode: int) -> None:
    steps = {to_ads_error(GraphError(190, "x", other)).next_step for other in (458, 459, 460, 463, 464, 467, 492)}
    assert len(steps) == 7
    assert "login" in to_ads_error(GraphError(190, "x", subcode)).next_step


@pytest.mark.parametrize(
    ("error", "header_s", "wait_s"),
    [
        (GraphError(4, "x"), None, 60),
        (GraphError(4, "x"), 420, 420),
        (GraphError(4, "x", retry_after_seconds=300), None, 300),
        (GraphError(4, "x", retry_after_seconds=300), 420, 420),
        (GraphError(17, "x", 1885172), None, 86_400),
        (GraphError(613, "x", 1996), None, 3600),
        (GraphError(368, "x"), None, 1800),
        (GraphError(100, "x", retry_after_seconds=300), 420, None),
    ],
)
def test_the_wait_is_the_longest_that_is_said(error: GraphError, header_s: int | None, wait_s: int | None) -> None:
    assert to_ads_error(error, regain_s=header_s).retry_after_seconds == wait_s


# --- the envelope

WHOLE: dict[str, Any] = {
    "message": "Invalid parameter",
    "type": "OAuthException",
    "code": 100,
    "error_subcode": 1885272,
    "is_transient": False,
    "error_user_title": "Budget too low",
    "error_user_msg": "Your budget is too low.",
    "error_data": {"blame_field_specs": [["daily_budget"], ["targeting", "geo_locations", 0]]},
    "fbtrace_id": "A7q",
}


@pytest.mark.parametrize("as_text", [False, True])
def test_the_whole_envelope(as_text: bool) -> None:
    data = json.dumps(WHOLE["error_data"]) if as_text else WHOLE["error_data"]
    error = parse_error({"error": {**WHOLE, "error_data": data}}, 400)
    assert error is not None
    assert error.public() == {
        "code": 100,
        "subcode": 1885272,
        "type": "OAuthException",
        "fbtrace_id": "A7q",
        "user_title": "Budget too low",
        "user_message": "Your budget is too low.",
        "blame_fields": ["daily_budget", "targeting.geo_locations.0"],
    }
    assert "Your budget is too low." in to_ads_error(error).message


@pytest.mark.parametrize("key", sorted(WHOLE))
@pytest.mark.parametrize("value", [None, 5, [], {}, "", "x" * 9000, [[["deep"]]], "{not json", True, 1e300])
def test_any_part_may_be_missing_or_odd(key: str, value: Any) -> None:
    for odd in ({**WHOLE, key: value}, {name: part for name, part in WHOLE.items() if name != key}):
        error = parse_error({"error": odd}, 500)
        assert error is not None
        assert len(json.dumps(to_ads_error(error).public())) < 5000


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"error": "invalid_request", "error_description": "No code."}, 400, "invalid_request: No code."),
        ({"error": "boom"}, 500, "boom"),
        ({"error": {"message": "x", "code": "190"}}, 400, "x"),
        ({"error": {"message": "inside a good status", "code": 1}}, 200, "inside a good status"),
    ],
)
def test_other_forms_of_an_error(body: Any, status: int, said: str) -> None:
    error = parse_error(body, status)
    assert error is not None
    assert error.message == said


@pytest.mark.parametrize(
    "body", [None, [], "error", 5, {}, {"data": []}, {"error": None}, {"error": ""}, {"error": []}]
)
def test_no_error(body: Any) -> None:
    assert parse_error(body, 200) is None


def test_a_field_that_is_called_error_is_no_error() -> None:
    assert parse_error({"id": "1", "error": "none"}, 200) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 5 minutes.", 300),
        ("Wait for about 2 hours", 7200),
        ("retry after 30 seconds", 30),
        ("Try later.", None),
        ("in 0 words", None),
    ],
)
def test_a_time_in_the_text_is_the_wait(text: str, seconds: int | None) -> None:
    error = parse_error({"error": {"code": 4, "message": text}}, 400)
    assert error is not None
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize(
    "dirty",
    [
        "token EAABsbCS1iHgBAExampleExample leaked",
        "see https://graph.facebook.com/v26.0/1?access_token=abc123def&x=1",
        'in {"access_token":"abc123def"}',
        "hid\u202eden\u200b \U000e0041 \x1b[31mred",
    ],
)
@pytest.mark.parametrize("key", ["message", "error_user_msg", "error_user_title", "type", "fbtrace_id"])
def test_metas_texts_are_cleaned(dirty: str, key: str) -> None:
    error = parse_error(
        {"error": {"code": 100, "message": "m", key: dirty, "error_data": {"blame_field_specs": [[dirty]]}}}, 400
    )
    assert error is not None
    shown = json.dumps(to_ads_error(error).public(), ensure_ascii=False)
    for secret in ("EAABsbCS", "abc123def", "\u202e", "\u200b", "\U000e0041", "\x1b", "[31m"):
        assert secret not in shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    JSON
    | st.dictionaries(
        st.sampled_from(["error", "data"]),
        JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(WHOLE, JSON)),
        max_size=2,
    ),
    st.sampled_from([200, 400, 500]),
)
def test_no_body_breaks_the_reading(body: Any, status: int) -> None:
    error = parse_error(body, status)
    if error is not None:
        raised = to_ads_error(error)
        json.dumps(raised.public())
