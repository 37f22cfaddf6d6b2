from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.analysis.actions import event_of, events, explain_events, values


def stats(**counts: int) -> list[dict[str, str]]:
    return [{"action_type": name, "value": str(value)} for name, value in counts.items()]


PURCHASES = {
    "omni_purchase": "12",
    "purchase": "11",
    "onsite_web_app_purchase": "11",
    "web_in_store_purchase": "10",
    "onsite_web_purchase": "10",
    "offsite_conversion.fb_pixel_purchase": "10",
    "app_custom_event.fb_mobile_purchase": "2",
    "offline_conversion.purchase": "1",
}


def test_a_purchase_under_many_names_is_counted_once() -> None:
    entries = [{"action_type": name, "value": value} for name, value in PURCHASES.items()]
    assert values(entries) == {"purchase": 12}


@given(st.permutations(list(PURCHASES)), st.integers(1, len(PURCHASES)))
def test_whatever_the_order_the_widest_name_that_is_there_wins(names: list[str], count: int) -> None:
    kept = names[:count]
    widest = next(name for name in PURCHASES if name in kept)
    found = events([{"action_type": name, "value": PURCHASES[name]} for name in kept])
    assert [(one.event, one.action_type) for one in found] == [("purchase", widest)]


@given(st.dictionaries(st.sampled_from([*PURCHASES, "lead", "link_click", "like", "custom.x"]), st.integers(0, 10**6)))
def test_an_alias_never_raises_a_count(counts: dict[str, int]) -> None:
    found = values([{"action_type": name, "value": str(value)} for name, value in counts.items()])
    for event, value in found.items():
        assert value in {count for name, count in counts.items() if event_of(name)[0] == event}


@pytest.mark.parametrize(
    ("action_type", "event"),
    [
        ("omni_initiated_checkout", "initiate_checkout"),
        ("app_custom_event.fb_mobile_content_view", "view_content"),
        ("offsite_conversion.fb_pixel_complete_registration", "complete_registration"),
        ("onsite_conversion.lead_grouped", "lead"),
        ("leadgen_grouped", "lead"),
        ("offsite_conversion.fb_pixel_lead", "lead"),
        ("mobile_app_install", "app_install"),
        ("omni_app_install", "app_install"),
        ("onsite_conversion.messaging_conversation_started_7d", "messaging_conversation_started"),
        ("contact_total", "contact"),
        ("contact_website", "contact"),
        ("like", "page_like"),
        ("post", "post_share"),
        ("onsite_conversion.post_save", "post_save"),
        ("link_click", "link_click"),
        ("omni_landing_page_view", "landing_page_view"),
        ("offsite_conversion.custom.123456", "offsite_conversion.custom.123456"),
        ("a_new_total", "a_new_total"),
    ],
)
def test_an_action_type_counts_this_event(action_type: str, event: str) -> None:
    assert event_of(action_type)[0] == event


def test_engagement_that_contains_other_engagement_stays_apart() -> None:
    found = values(stats(page_engagement=30, post_engagement=25, link_click=20))
    assert found == {"link_click": 20, "post_engagement": 25, "page_engagement": 30}


def test_lead_forms_are_found_where_the_sum_of_leads_is_missing() -> None:
    entries = [
        {"action_type": "onsite_conversion.lead_grouped", "value": "7"},
        {"action_type": "leadgen_grouped", "value": "7"},
    ]
    assert values(entries) == {"lead": 7}


def test_windows_and_places_are_kept_apart() -> None:
    entries = [
        {"action_type": "purchase", "action_device": "iphone", "value": "3", "7d_click": "2", "1d_view": "1"},
        {"action_type": "purchase", "action_device": "desktop", "value": "1"},
        {"action_type": "offsite_conversion.fb_pixel_purchase", "action_device": "iphone", "value": "3"},
    ]
    (found,) = events(entries)
    assert found.figures == {
        ("", (("action_device", "iphone"),)): 3,
        ("7d_click", (("action_device", "iphone"),)): 2,
        ("1d_view", (("action_device", "iphone"),)): 1,
        ("", (("action_device", "desktop"),)): 1,
    }


def test_a_place_with_another_name_of_the_event_does_not_mix_in() -> None:
    """One row, one name per event: the iphone's pixel purchase is not put beside the desktop's omni purchase."""
    entries = [
        {"action_type": "omni_purchase", "action_device": "desktop", "value": "4"},
        {"action_type": "offsite_conversion.fb_pixel_purchase", "action_device": "iphone", "value": "9"},
    ]
    (found,) = events(entries)
    assert found.figures == {("", (("action_device", "desktop"),)): 4}


def test_the_deepest_event_comes_first() -> None:
    found = events(stats(video_view=9, link_click=5, zebra=1, lead=2, purchase=1))
    assert [one.event for one in found] == ["purchase", "lead", "link_click", "video_view", "zebra"]


@pytest.mark.parametrize("entries", [None, [], {}, "purchase", [None, 3], [{"value": "x", "action_type": "purchase"}]])
def test_what_is_no_list_of_actions_has_no_events(entries: object) -> None:
    assert values(entries) == {}


def test_only_names_that_do_not_say_it_are_explained() -> None:
    assert explain_events({"lead": ["lead"], "purchase": ["omni_purchase", "purchase"]}) == (
        "purchase = omni_purchase or purchase"
    )
