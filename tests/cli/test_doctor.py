"""The doctor: a line per thing that must be right, a fix where it is not, and an exit code."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring

from meta_ads_mcp.cli import doctor
from meta_ads_mcp.cli.doctor import DoctorCheck, DoctorContext
from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.credentials import EnvironmentToken
from meta_ads_mcp.profiles import scopes as permissions
from meta_ads_mcp.sandbox import DEMO_TOKEN, SandboxResponse, graph_error
from meta_ads_mcp.settings import load
from tests.support.keyrings import LockedKeyring, MemoryKeyring, using
from tests.support.sandbox_engine import EVERY_TOKEN, NO_ADS, READ_ONLY, USER_TOKEN, SandboxEngine, build_profiles


def examined(
    state: Path,
    token: str | None = DEMO_TOKEN,
    *,
    backend: KeyringBackend | None = None,
    prepare: Callable[[SandboxEngine], Any] = lambda bench: None,
    **environ: str,
) -> dict[str, DoctorCheck]:
    """The checks by name, of a machine with this token in its environment."""
    given = {"default": EnvironmentToken(token, "META_ACCESS_TOKEN")} if token else {}
    bench = build_profiles(state, given=given)
    prepare(bench)
    settings = load({"META_ADS_STATE_DIR": str(state), **environ})
    patient = DoctorContext(settings, bench.profiles, bench.client, bench.clock.now)
    with using(backend or MemoryKeyring()):
        checks = asyncio.run(doctor.examine(patient))
    for check in checks:
        assert not any(secret in check.line() for secret in EVERY_TOKEN)
        assert (check.status in ("ok", "skip")) == (not check.fix), check
    return {check.name: check for check in checks}


def test_a_machine_in_order_has_no_complaints(tmp_path: Path) -> None:
    checks = examined(tmp_path / "state")
    assert [check.name for check in checks.values() if check.status not in ("ok", "skip")] == []
    assert "EAAS…0000" in checks["token"].detail
    assert checks["expiry"].detail == "never"
    assert checks["accounts"].detail.startswith("5: ")
    assert checks["API version"].detail == GRAPH_VERSION


def test_without_a_token_the_rest_is_skipped_and_it_fails(tmp_path: Path) -> None:
    checks = examined(tmp_path, None)
    assert checks["token"].status == "fail"
    assert "meta-ads-mcp login" in checks["token"].fix
    assert {checks[name].status for name in ("expiry", "scopes", "accounts", "API version", "clock")} == {"skip"}


@pytest.mark.parametrize(
    ("backend", "says"), [(FailKeyring(), "no keyring"), (NullKeyring(), "switched off"), (LockedKeyring(), "locked")]
)
@pytest.mark.parametrize(
    ("token", "status", "fix"), [(DEMO_TOKEN, "warn", "Nothing to do"), (None, "fail", "META_ACCESS_TOKEN")]
)
def test_a_keyring_that_fails_matters_where_no_token_is_given(
    tmp_path: Path, backend: KeyringBackend, says: str, token: str | None, status: str, fix: str
) -> None:
    check = examined(tmp_path, token, backend=backend)["keyring"]
    assert check.status == status
    assert says in check.detail
    assert fix in check.fix


REFUSALS = {
    "expired": (graph_error(190, "Session has expired", subcode=463), "has expired"),
    "password": (graph_error(190, "changed", subcode=460), "password was changed"),
    "checkpoint": (graph_error(190, "checkpoint", subcode=459), "checkpoint"),
    "app removed": (graph_error(190, "not authorized", subcode=458), "app was removed"),
    "revoked": (graph_error(190, "invalid", subcode=467), "revoked or is invalid"),
    "unconfirmed": (graph_error(190, "unconfirmed", subcode=464), "not confirmed"),
    "malformed": (graph_error(190, "Malformed access token"), "Generate a new token"),
    "no role": (graph_error(200, "Permissions error"), "Assign the ad account"),
    "app permission": (graph_error(10, "Application does not have permission"), "Advanced Access"),
    "app calls": (graph_error(4, "Application request limit reached"), "wait an hour"),
    "account calls": (graph_error(17, "User request limit reached"), "wait for an hour"),
    "development": (graph_error(200, "App is in development mode"), "switch it to Live"),
    "secret": (graph_error(104, "Incorrect signature"), "META_APP_SECRET"),
}


@pytest.mark.parametrize(("answer", "fix"), REFUSALS.values(), ids=REFUSALS)
def test_what_meta_refuses_is_explained(tmp_path: Path, answer: Any, fix: str) -> None:
    checks = examined(tmp_path, prepare=lambda bench: bench.sandbox.faults.add("GET me", respond=answer, times=9))
    assert checks["Meta"].status == "fail"
    assert fix in checks["Meta"].fix
    assert {checks[name].status for name in ("expiry", "scopes", "accounts")} == {"skip"}
    assert checks["API version"].status in ("ok", "skip")


@pytest.mark.parametrize(
    ("token", "writes", "failing", "warned"),
    [
        (DEMO_TOKEN, "true", set(), set()),
        (READ_ONLY, "false", set(), {"changes", "leads"}),
        (READ_ONLY, "true", {"changes"}, {"leads"}),
        (NO_ADS, "false", {"reporting"}, {"changes"}),
    ],
)
def test_missing_scopes_are_told_by_family_of_tools(
    tmp_path: Path, token: str, writes: str, failing: set[str], warned: set[str]
) -> None:
    checks = examined(tmp_path, token, META_ADS_ALLOW_WRITES=writes)
    told = {name.removeprefix("scopes: "): check for name, check in checks.items() if name.startswith("scopes: ")}
    assert {name for name, check in told.items() if check.status == "fail"} == failing
    assert warned <= {name for name, check in told.items() if check.status == "warn"}
    for family in permissions.FAMILIES:
        if family.name in told:
            assert any(scope in told[family.name].fix for scope in family.scopes)


@pytest.mark.parametrize(
    ("days", "status", "detail"), [(-1, None, None), (3, "warn", "in 2 days"), (40, "ok", "2027-01-04")]
)
def test_expiry(tmp_path: Path, days: int, status: str | None, detail: str | None) -> None:
    def prepare(bench: SandboxEngine) -> None:
        info = bench.sandbox.tokens.known[USER_TOKEN]
        info.expires_at = int(bench.clock.now()) + days * 86_400 - 3600

    checks = examined(tmp_path, USER_TOKEN, prepare=prepare)
    if status is None:
        assert "expired" in checks["Meta"].fix
        return
    assert checks["expiry"].status == status
    assert str(detail) in checks["expiry"].detail


def test_a_dead_version_is_seen_by_what_is_served(tmp_path: Path) -> None:
    def prepare(bench: SandboxEngine) -> None:
        bench.sandbox.graph.usage.headers = lambda *_: {"facebook-api-version": "v21.0"}  # type: ignore[method-assign]

    check = examined(tmp_path, prepare=prepare)["API version"]
    assert check.status == "fail"
    assert "v21.0 is served" in check.detail


@pytest.mark.parametrize(("seconds", "status"), [(2, "ok"), (-90, "warn"), (4000, "fail")])
def test_clock_skew(tmp_path: Path, seconds: float, status: str) -> None:
    def prepare(bench: SandboxEngine) -> None:
        bench.client.server_info.skew = seconds

    check = examined(tmp_path, prepare=prepare)["clock"]
    assert check.status == status
    assert f"{abs(seconds)} s" in check.detail


def test_accounts_out_of_reach_are_named(tmp_path: Path) -> None:
    check = examined(tmp_path, META_ADS_ACCOUNTS="123")["accounts"]
    assert check.status == "fail"
    assert "act_123" in check.detail
    assert "Assign" in check.fix


def test_no_account_at_all_fails(tmp_path: Path) -> None:
    nothing = SandboxResponse(200, {"data": []})
    checks = examined(tmp_path, prepare=lambda bench: bench.sandbox.faults.add("adaccounts", respond=nothing))
    assert checks["accounts"].status == "fail"


def test_a_refusal_of_the_accounts_does_not_end_the_examination(tmp_path: Path) -> None:
    answer = graph_error(200, "(#200) Permissions error")
    checks = examined(tmp_path, prepare=lambda bench: bench.sandbox.faults.add("adaccounts", respond=answer))
    assert checks["accounts"].status == "fail"
    assert checks["API version"].status == "ok"


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_state_directory_that_others_may_read_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    check = doctor.state_directory(tmp_path)
    assert (check.status, "0755" in check.detail) == ("warn", True)
    tmp_path.chmod(0o700)
    assert doctor.state_directory(tmp_path).status == "ok"


def test_a_state_directory_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check = doctor.state_directory(tmp_path / "file" / "state")
    assert check.status == "fail"
    assert "META_ADS_STATE_DIR" in check.fix


@pytest.mark.parametrize(("token", "code"), [(DEMO_TOKEN, 0), (None, 1)])
@pytest.mark.parametrize("as_json", [True, False])
def test_exit_code_and_both_forms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], token: str | None, code: int, as_json: bool
) -> None:
    bench = build_profiles(tmp_path, given={"default": EnvironmentToken(token, "META_ACCESS_TOKEN")} if token else {})
    patient = DoctorContext(load({"META_ADS_STATE_DIR": str(tmp_path)}), bench.profiles, bench.client, bench.clock.now)
    with using(MemoryKeyring()):
        assert doctor.run(patient, as_json=as_json) == code
    text = capsys.readouterr().out
    if as_json:
        report = json.loads(text)
        assert report["ok"] is (code == 0)
        assert {"name", "status", "detail", "fix"} == set(report["checks"][0])
    else:
        assert all(line[:4].strip() in ("ok", "warn", "fail", "skip") for line in text.splitlines())
