"""A confirmation code holds once, for ten minutes, for one call, in every process of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from meta_ads_mcp.engine.writes.codes import KEY_FILE, USED_FOLDER, CodeProblem, ConfirmationCodes
from meta_ads_mcp.errors import Denied
from tests.support.clock import START, FakeClock

CALL = ("ads_update_budget", {"entity_id": "1", "daily_budget": 9_900}, [{"daily_budget": "5000"}])


def test_a_code_holds_in_another_process_and_only_once(tmp_path: Path) -> None:
    clock = FakeClock()
    code = ConfirmationCodes(clock, tmp_path).issue(*CALL)
    assert ConfirmationCodes(clock, tmp_path).redeem(code, *CALL) is None
    assert ConfirmationCodes(clock, tmp_path).redeem(code, *CALL) is CodeProblem.USED
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "replaces"),
    [({"entity_id": "1", "daily_budget": 99_000}, CALL[2]), (CALL[1], [{"daily_budget": "6000"}])],
    ids=["other arguments", "other values now"],
)
def test_a_code_is_bound_to_its_call(tmp_path: Path, arguments: dict[str, object], replaces: object) -> None:
    codes = ConfirmationCodes(FakeClock(), tmp_path)
    code = codes.issue(*CALL)
    assert codes.redeem(code, CALL[0], arguments, replaces) is CodeProblem.OTHER_CALL
    assert codes.redeem(code, *CALL) is None


def test_code_expires_by_the_monotonic_clock(tmp_path: Path) -> None:
    clock = FakeClock()
    codes = ConfirmationCodes(clock, tmp_path)
    late, in_time = codes.issue(*CALL), codes.issue(*CALL)
    clock.passed_s += 590
    assert codes.redeem(in_time, *CALL) is None
    clock.passed_s += 20
    assert codes.redeem(late, *CALL) is CodeProblem.EXPIRED


@pytest.mark.parametrize("jump", [700.0, -3_600.0, -80_000.0])
def test_wall_clock_changes_do_not_prolong_a_code(tmp_path: Path, jump: float) -> None:
    clock = FakeClock()
    codes = ConfirmationCodes(clock, tmp_path)
    used, unused = codes.issue(*CALL), codes.issue(*CALL)
    assert codes.redeem(used, *CALL) is None
    clock.start += jump
    assert codes.redeem(used, *CALL) is CodeProblem.USED
    clock.passed_s += 601
    assert codes.redeem(unused, *CALL) is CodeProblem.EXPIRED
    clock.start -= jump
    assert codes.redeem(used, *CALL) is not None


@pytest.mark.parametrize("code", ["", "x", "1-1-aaaaaaaa.00", "9" * 500, "1-1-aaaaaaaa", "٣-1-aaaaaaaa.00"])
def test_text_that_is_not_a_code_is_refused_with_a_reason(tmp_path: Path, code: str) -> None:
    assert ConfirmationCodes(FakeClock(), tmp_path).redeem(code, *CALL) in (
        CodeProblem.MALFORMED,
        CodeProblem.OTHER_CALL,
    )


@pytest.mark.parametrize("hours", [0.1, 1, 30])
def test_a_code_from_before_a_restart_is_refused(tmp_path: Path, hours: float) -> None:
    """After a start the monotonic clock begins again, so the age of the code would seem to be right."""
    code = ConfirmationCodes(FakeClock(), tmp_path, lambda: "first").issue(*CALL)
    later = FakeClock(START + hours * 3600)
    assert ConfirmationCodes(later, tmp_path, lambda: "second").redeem(code, *CALL) is CodeProblem.RESTARTED


@pytest.mark.parametrize("target", [KEY_FILE, USED_FOLDER])
def test_a_folder_elsewhere_is_not_written_to(tmp_path: Path, target: str) -> None:
    outside, state = tmp_path / "outside", tmp_path / "state"
    outside.mkdir()
    state.mkdir()
    (state / target).symlink_to(outside)
    codes = ConfirmationCodes(FakeClock(), state)
    with pytest.raises(Denied, match="is a symbolic link"):
        codes.redeem(codes.issue(*CALL), *CALL)
    assert list(outside.iterdir()) == []


def test_a_link_in_place_of_the_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"0" * 32)
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Denied, match="Confirmations cannot be recorded"):
        ConfirmationCodes(FakeClock(), tmp_path).issue(*CALL)


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(Denied, match="damaged"):
        ConfirmationCodes(FakeClock(), tmp_path).issue(*CALL)


def test_a_use_that_cannot_be_recorded_sends_nothing(tmp_path: Path) -> None:
    codes = ConfirmationCodes(FakeClock(), tmp_path)
    code = codes.issue(*CALL)
    (tmp_path / USED_FOLDER).write_text("in the way")
    with pytest.raises(Denied):
        codes.redeem(code, *CALL)
