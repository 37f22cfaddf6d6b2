"""The throttle headers: what they mean, and that nothing in them does harm."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.graph.limits.headers import MAX_WAIT_S, UsageReading, parse_usage_headers
from tests.support.limits import INSIGHTS, READ

NAMES = [
    "X-App-Usage",
    "X-Page-Usage",
    "X-Business-Use-Case-Usage",
    "X-Ad-Account-Usage",
    "X-FB-Ads-Insights-Throttle",
    "x-Fb-Ads-Insights-Reach-Throttle",
]
TIER = "standard_access"


def _row(**more):
    return {"type": "ads_management", "call_count": 10, "total_cputime": 2, "total_time": 3, **more}


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        (
            "X-App-Usage",
            {"call_count": 28, "total_time": 25, "total_cputime": 24.5},
            [UsageReading("app", None, None, 28, 24.5, 25)],
        ),
        ("x-page-usage", {"call_count": 1}, [UsageReading("buc", "act_1", "ads_management", 1)]),
        ("X-Business-Use-Case-Usage", {"1": [_row()]}, [UsageReading("buc", "act_1", "ads_management", 10, 2, 3)]),
        ("X-Business-Use-Case-Usage", {"1": _row()}, [UsageReading("buc", "act_1", "ads_management", 10, 2, 3)]),
        (
            "X-Business-Use-Case-Usage",
            {"1": [_row(type="ADS_INSIGHTS")], "2": [_row()]},
            [
                UsageReading("buc", "act_1", "ads_insights", 10, 2, 3),
                UsageReading("buc", "act_2", "ads_management", 10, 2, 3),
            ],
        ),
        (
            "X-Business-Use-Case-Usage",
            {"1": [_row(estimated_time_to_regain_access=10, ads_api_access_tier=TIER)]},
            [UsageReading("buc", "act_1", "ads_management", 10, 2, 3, regain_s=600, tier=TIER)],
        ),
        (
            "X-Business-Use-Case-Usage",
            {"9": [_row()]},
            [
                UsageReading("buc", "act_9", "ads_management", 10, 2, 3),
                UsageReading("buc", "act_1", "ads_management", 10, 2, 3),
            ],
        ),
        (
            "X-Ad-Account-Usage",
            {"acc_id_util_pct": 9.67, "reset_time_duration": 100, "ads_api_access_tier": TIER},
            [UsageReading("acc", "act_1", None, 9.67, reset_s=100, tier=TIER)],
        ),
        ("X-Ad-Account-Usage", {"acc_id_util_pct": 9.67}, [UsageReading("acc", "act_1", None, 9.67)]),
        (
            "X-FB-Ads-Insights-Throttle",
            {"app_id_util_pct": 100, "acc_id_util_pct": 10, "ads_api_access_tier": TIER},
            [
                UsageReading("insights", None, "ads_insights", 100, tier=TIER),
                UsageReading("insights", "act_1", "ads_insights", 10, tier=TIER),
            ],
        ),
        (
            "x-Fb-Ads-Insights-Reach-Throttle",
            {"acc_id_util_pct": 40, "other": 99},
            [UsageReading("reach", "act_1", None, 40)],
        ),
        ("X-App-Usage", "17%", [UsageReading("app", None, None, 17)]),
        ("X-App-Usage", 17, [UsageReading("app", None, None, 17)]),
        (
            "X-App-Usage",
            {"call_count": True, "total_time": "12%", "total_cputime": None},
            [UsageReading("app", total_time=12)],
        ),
    ],
)
def test_headers_mean(name, said, expected):
    text = said if isinstance(said, str) else json.dumps(said)
    for spelled in (name, name.upper(), name.lower()):
        assert parse_usage_headers({spelled: text}, READ) == expected


def test_minutes_and_seconds_are_not_confused():
    said = {"1": [_row(estimated_time_to_regain_access=2)]}
    headers = {
        "X-Business-Use-Case-Usage": json.dumps(said),
        "X-Ad-Account-Usage": '{"acc_id_util_pct": 100, "reset_time_duration": 120}',
    }
    assert [reading.closed_s for reading in parse_usage_headers(headers, READ)] == [120, 120]


def test_reset_time_is_a_wait_only_when_the_window_is_used_up():
    said = [
        parse_usage_headers({"x-ad-account-usage": f'{{"acc_id_util_pct": {used}, "reset_time_duration": 90}}'}, READ)[
            0
        ]
        for used in (5, 99.9, 100, 144)
    ]
    assert [reading.closed_s for reading in said] == [0, 0, 90, 90]


HOSTILE = [
    "",
    " ",
    "null",
    "[]",
    "{",
    '{"1": [',
    '{"1":',
    "NaN",
    "Infinity",
    "-5",
    "[" * 100_000,
    '{"a":' * 50_000,
    '{"call_count": 1e999, "total_time": -1, "total_cputime": NaN}',
    '{"call_count": ' + "9" * 5000 + "}",
    '{"call_count": ' + "9" * 400 + "}",
    '{"1": [[[]]], "2": "x", "3": [null, 4]}',
    '{"1": [{"type": [], "call_count": {}}]}',
    '{"acc_id_util_pct": [], "reset_time_duration": "soon", "ads_api_access_tier": {}}',
    "x" * 200_000,
    "\x00",
    "%",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_headers_neither_raise_nor_stop_anything(name, text):
    for reading in parse_usage_headers({name: text}, READ):
        assert reading.percent == 0 or "99" in text
        assert reading.closed_s == 0


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["17%", TIER]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "1",
                    "call_count",
                    "total_time",
                    "type",
                    "estimated_time_to_regain_access",
                    "acc_id_util_pct",
                    "app_id_util_pct",
                    "reset_time_duration",
                    "ads_api_access_tier",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(st.sampled_from(NAMES), values, st.integers(0, 40))
def test_whatever_a_header_says_the_reading_is_sane(name, value, cut):
    text = json.dumps(value)
    for spelled in (text, text[: len(text) - cut]):
        for reading in parse_usage_headers({name: spelled}, INSIGHTS):
            assert 0 <= reading.percent <= MAX_WAIT_S
            assert 0 <= reading.closed_s <= MAX_WAIT_S


def test_many_objects_in_one_header_are_bounded():
    said = {str(number): [_row()] * 200 for number in range(500)}
    assert len(parse_usage_headers({"x-business-use-case-usage": json.dumps(said)[:60_000]}, READ)) == 0
    said = {str(number): [{}] * 20 for number in range(500)}
    assert len(parse_usage_headers({"x-business-use-case-usage": json.dumps(said)}, READ)) <= 64 * 64
