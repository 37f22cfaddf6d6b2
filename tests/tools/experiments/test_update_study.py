"""Studies are renamed, moved, ended and canceled; lift studies are created with a holdout."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_engine import SandboxEngine, build_writer

TOOL, LIFT = "ads_experiment_abtest_update_test", "ads_experiment_lift_create_test"
DAY = 86_400


@pytest.fixture
def desk() -> SandboxEngine:
    return build_writer()


async def running(desk: SandboxEngine) -> str:
    """Return a study that has run for an hour and ends in 20 days."""
    now = int(desk.clock.now())
    data = await desk.done(LIFT, **lift(desk, start_time=now + 60, end_time=now + 20 * DAY))
    desk.clock.passed_s += 3_600
    study: str = data["id"]
    return study


def lift(desk: SandboxEngine, **more: Any) -> dict[str, Any]:
    now = int(desk.clock.now())
    return {
        "account_id": desk.account,
        "name": "L",
        "start_time": now + DAY,
        "end_time": now + 15 * DAY,
        "holdout_percent": 10,
        "objectives": [
            {
                "name": "Purchases",
                "type": "CONVERSIONS",
                "is_primary": True,
                "adspixels": [{"id": desk.ids["pixel"], "event_names": ["fb_pixel_purchase"]}],
            }
        ],
        **more,
    }


async def test_a_lift_study_holds_out_people_of_the_whole_account(desk: SandboxEngine) -> None:
    question = await desk.call(LIFT, lift(desk))
    assert question.structured["data"]["status"] == "needs_confirmation"
    assert "10 % of the people" in question.text
    await desk.done(LIFT, **lift(desk))
    params = desk.writes[-1].params
    assert desk.writes[-1].path == f"{desk.world.business_id}/ad_studies"
    assert '"adaccounts"' in params["cells"]
    assert '"control_percentage":10' in params["cells"].replace(" ", "")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"end_time": "+3"}, "5 days"),
        ({"holdout_percent": None}, "holdout_percent"),
        ({"holdout_percent": 51}, "holdout_percent"),
        ({"campaigns": ["1"], "ad_sets": ["2"]}, "not both"),
    ],
)
async def test_a_wrong_lift_study_is_refused_before_sending(
    desk: SandboxEngine, change: dict[str, Any], text: str
) -> None:
    arguments = lift(desk, **change)
    if change.get("end_time") == "+3":
        arguments["end_time"] = arguments["start_time"] + 3 * DAY
    arguments = {name: value for name, value in arguments.items() if value is not None}
    assert text in (await desk.refused(LIFT, **arguments))["message"]
    assert desk.writes == []


async def test_ending_now_needs_a_confirmation_and_keeps_the_results(desk: SandboxEngine) -> None:
    study = await running(desk)
    question = await desk.call(TOOL, {"study_id": study, "action": "end_test_now"})
    assert "ending a test early cuts its results" in question.text
    assert question.structured["data"]["results_remain"] is True
    await desk.done(TOOL, study_id=study, action="end_test_now")
    assert desk.writes[-1].params == {"end_time": str(int(desk.clock.now()) + 60)}


async def test_canceling_deletes_the_study(desk: SandboxEngine) -> None:
    study = await running(desk)
    question = await desk.call(TOOL, {"study_id": study, "action": "cancel"})
    assert "its results are lost" in question.text
    await desk.done(TOOL, study_id=study, action="cancel")
    assert (desk.writes[-1].method, desk.writes[-1].path) == ("DELETE", study)
    assert study not in desk.store.nodes


async def test_a_new_name_needs_no_confirmation_and_is_undone(desk: SandboxEngine) -> None:
    study = await running(desk)
    data = await desk.data(TOOL, study_id=study, action="update", name="Lift of autumn")
    assert data["status"] == "success"
    await desk.done("ads_undo_change", change_id=data["change_id"])
    assert desk.store.nodes[study].get("name") == "L"


async def test_a_later_end_needs_a_confirmation(desk: SandboxEngine) -> None:
    study = await running(desk)
    later = int(desk.clock.now()) + 40 * DAY
    question = await desk.call(TOOL, {"study_id": study, "action": "update", "end_time": later})
    assert "keeps people split for longer" in question.text


async def test_an_earlier_end_of_a_running_study_needs_a_confirmation_and_so_does_its_undo(desk: SandboxEngine) -> None:
    study = await running(desk)
    soon = {"study_id": study, "action": "update", "end_time": int(desk.clock.now()) + 120}
    assert "cuts its results" in (await desk.call(TOOL, soon)).text
    data = await desk.done(TOOL, **soon)
    undo = await desk.call("ads_undo_change", {"change_id": data["change_id"]})
    assert "keeps people split for longer" in undo.text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"action": "update"}, "requires a name"),
        ({"action": "cancel", "name": "x"}, "takes no name"),
        ({"action": "update", "start_time": 1_900_000_000}, "has started already"),
        ({"action": "update", "observation_end_time": 1_500_000_000}, "is before"),
    ],
)
async def test_what_a_study_does_not_take_is_refused(desk: SandboxEngine, arguments: dict[str, Any], text: str) -> None:
    study = await running(desk)
    sent = len(desk.writes)
    assert text in (await desk.refused(TOOL, study_id=study, **arguments))["message"]
    assert len(desk.writes) == sent
