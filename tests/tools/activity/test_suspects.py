"""How well an edit explains a break: by its time, kind, direction, size and share."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from meta_ads_mcp.analysis.breaks import Break
from meta_ads_mcp.core.changes import JournalEntry
from meta_ads_mcp.core.ports import Account
from meta_ads_mcp.tools.activity.events import read_event
from meta_ads_mcp.tools.activity.suspects import (
    Scene,
    SuspectedEdit,
    edit_of_change,
    edit_of_event,
    group_of,
    judge,
    rank,
)
from tests.support import sdk

DAY = date(2026, 11, 20)
USD = Account("act_1", "Shop", "USD", "UTC")
FAMILY = {"11": 1.0, "21": 0.7, "22": 0.1, "act_1": 1.0}


def edit(event_type: str, old: Any, new: Any, *, lag: int = 0, object_id: str = "21") -> SuspectedEdit:
    moment = datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(days=lag)
    row = {
        "event_time": moment.isoformat(),
        "event_type": event_type,
        "object_id": object_id,
        "extra_data": {"old_value": old, "new_value": new},
    }
    shift = edit_of_event(read_event(row, USD), None)
    assert shift is not None
    return shift


def scene(factor: str, ratio: float) -> Scene:
    return Scene("11", "Sale", Break(factor, DAY, 100.0, 100.0 * ratio, 9.0), FAMILY)


def score(suspected: SuspectedEdit, factor: str, ratio: float) -> float:
    suspect = judge(suspected, scene(factor, ratio))
    return suspect.score if suspect else 0.0


PAUSE = edit("update_ad_set_run_status", "Active", "Inactive")
# An edit that explains a break (factor, ratio) better than another one does.
BETTER: list[tuple[str, float, SuspectedEdit, SuspectedEdit]] = [
    ("spend", 0.3, PAUSE, edit("update_ad_set_run_status", "Active", "Inactive", lag=-2)),
    ("spend", 0.3, PAUSE, edit("update_ad_set_run_status", "Active", "Inactive", lag=1)),
    ("spend", 0.3, PAUSE, edit("update_ad_set_run_status", "Inactive", "Active")),
    ("spend", 0.3, PAUSE, edit("update_ad_set_run_status", "Active", "Inactive", object_id="22")),
    ("spend", 0.3, PAUSE, edit("update_ad_set_target_spec", "A", "B")),
    ("spend", 0.3, edit("update_campaign_budget", 9000, 2700), edit("update_campaign_budget", 9000, 8600)),
    ("spend", 2.2, edit("update_campaign_budget", 2000, 4400), edit("update_campaign_budget", 4400, 2000)),
    ("ctr", 0.4, edit("update_ad_set_target_spec", "A", "B"), PAUSE),
    ("conversion_rate", 0.3, edit("update_ad_set_optimization_goal", "A", "B"), edit("update_ad_set_bidding", 1, 2)),
]


@pytest.mark.parametrize(("factor", "ratio", "better", "worse"), BETTER)
def test_an_edit_explains_a_break_better_than_another(
    factor: str, ratio: float, better: SuspectedEdit, worse: SuspectedEdit
) -> None:
    assert score(better, factor, ratio) > score(worse, factor, ratio)


NEVER = [
    edit("update_ad_set_name", "A", "B"),
    edit("update_ad_labels", "A", "B"),
    edit("ad_review_approved", "A", "B"),
    edit("first_delivery_event", None, None),
    edit("update_ad_set_run_status", "Active", "Inactive", object_id="99"),
    edit("update_ad_set_run_status", "Active", "Inactive", lag=-4),
    edit("update_ad_set_run_status", "Active", "Inactive", lag=2),
]


@pytest.mark.parametrize("other", NEVER)
def test_what_cannot_move_a_metric_is_no_suspect(other: SuspectedEdit) -> None:
    for factor in ("spend", "cpm", "ctr", "conversion_rate", "value_per_result"):
        assert judge(other, scene(factor, 0.3)) is None


def test_an_edit_is_one_suspect_for_the_break_that_it_explains_best() -> None:
    suspects = rank([PAUSE, PAUSE], [scene("ctr", 0.4), scene("spend", 0.3)], {})
    assert [suspect.scene.shift.factor for suspect in suspects] == ["spend"]
    assert suspects[0].likelihood == "high"


def test_breaks_that_explain_little_of_the_change_come_last() -> None:
    other = Scene("12", "Other", scene("spend", 0.3).shift, {"31": 1.0})
    edits = [PAUSE, edit("update_ad_set_run_status", "Active", "Inactive", object_id="31")]
    for shares, first in (({"11": 90, "12": 5}, "21"), ({"11": 5, "12": 90}, "31")):
        assert rank(edits, [scene("spend", 0.3), other], shares)[0].edit.object_id == first


@pytest.mark.parametrize(
    ("before", "after", "group"),
    [
        ({"status": "ACTIVE"}, {"status": "PAUSED"}, "status"),
        ({"daily_budget": "9000"}, {"daily_budget": 2700}, "budget"),
        ({"targeting": {}}, {"targeting": {"age_min": 18}}, "audience"),
        ({"name": "A"}, {"name": "B"}, ""),
    ],
)
def test_a_change_of_this_server_is_an_edit(before: Any, after: Any, group: str) -> None:
    """Also where Meta's log does not have it."""
    moment = datetime(2026, 11, 20, 9, tzinfo=UTC)
    entry = JournalEntry("c1", "", "ads_update", "update", "AdSet", object_id="21", before=before, after=after)
    entry.started = moment.timestamp()
    shift = edit_of_change(entry, UTC)
    assert shift is not None
    assert (shift.group, shift.moment, shift.public["change_id"]) == (group, moment, "c1")
    assert bool(judge(shift, scene("spend", 0.3))) == bool(group)


HARMLESS = set(
    """
    accept_custom_audience_appeal ad_account_add_user_to_role ad_account_billing_charge
    ad_account_billing_chargeback_reversal ad_account_billing_refund ad_account_remove_user_from_role
    ad_account_set_business_information ad_review_approved add_images billing_event create_adaccount_agency_fee
    create_campaign_group_agency_fee create_custom_audience_appeal delete_images di_ad_set_learning_stage_exit
    edit_images first_delivery_event funding_event_initiated funding_event_successful reject_custom_audience_appeal
    unknown update_ad_friendly_name update_ad_labels update_ad_run_status_to_be_set_after_review
    update_ad_set_learning_stage_status update_ad_set_name update_adaccount_agency_fee
    update_adaccount_agency_fee_status update_campaign_group_agency_fee update_campaign_name
    """.split()
)


def test_every_type_of_metas_log_has_a_kind_or_cannot_move_a_metric() -> None:
    """A new type of the SDK must be looked at."""
    harmless = {name for name in sdk.enum("AdActivity.EventType") if not group_of(name)}
    assert harmless == HARMLESS
