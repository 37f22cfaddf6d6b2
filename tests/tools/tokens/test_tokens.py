"""The token tools: what they show, what they refuse, and that no token comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as FailKeyring

from meta_ads_mcp.credentials import EnvironmentToken
from meta_ads_mcp.engine.engine import ToolAnswer
from meta_ads_mcp.sandbox import DEMO_TOKEN, TokenInfo, graph_error
from meta_ads_mcp.server.catalogue import Catalogue, collect
from tests.support.keyrings import SERVICE, MemoryKeyring, using
from tests.support.sandbox_engine import (
    APP,
    EVERY_TOKEN,
    NO_ADS,
    OF_A_PAGE,
    READ_ONLY,
    USER_TOKEN,
    SandboxEngine,
    build_profiles,
)

GIVEN = {
    "agency": EnvironmentToken(DEMO_TOKEN, "META_TOKENS"),
    "reader": EnvironmentToken(READ_ONLY, "META_TOKENS"),
}
NAMES = ("ads_list_tokens", "ads_set_active_token", "ads_register_token", "ads_delete_token", "ads_get_token_status")
OTHER_SECRET = "sk-ant-api03-somebodyelsessecret00000"


def shown(answer: ToolAnswer) -> str:
    """Everything the client gets; no token of the test may be in it."""
    text = " ".join([*answer.blocks, json.dumps(answer.structured, ensure_ascii=False)])
    for secret in (*EVERY_TOKEN, OTHER_SECRET, APP.secret):
        assert secret not in text
    return text


async def good(bench: SandboxEngine, tool: str, /, **arguments: object) -> dict[str, object]:
    answer = await bench.call(tool, **arguments)
    assert not answer.is_error, answer.text
    shown(answer)
    found: dict[str, object] = answer.structured["data"]
    return found


async def refused(bench: SandboxEngine, tool: str, /, **arguments: object) -> dict[str, str]:
    answer = await bench.call(tool, **arguments)
    assert answer.is_error, answer.text
    shown(answer)
    found: dict[str, str] = answer.structured["error"]
    return found


def test_they_exist_without_writes_and_are_not_listed_by_default() -> None:
    catalogue = Catalogue(collect(), allow_writes=False)
    assert {tool.name for tool in catalogue if tool.toolset == "tokens"} == {*NAMES, "ads_refresh_token"}
    assert not any(tool.toolset == "tokens" for tool in catalogue.listed)


async def test_a_list_is_masked_and_asks_neither_graph_nor_the_keyring(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path, given=GIVEN)
        await bench.log_in("stored", USER_TOKEN)
        backend.reads, bench.sandbox.log[:] = 0, []
        answer = await bench.call("ads_list_tokens")
    rows = {row["profile"]: row for row in answer.structured["data"]}
    assert rows["stored"]["masked"] == "EAAB…ived"
    assert rows["stored"]["active"] is True
    assert rows["stored"]["type"] == "USER"
    assert rows["stored"]["expires_at"] == "2026-11-28T10:00:00Z"
    assert rows["agency"]["stored_in"] == "environment (META_TOKENS)"
    assert (backend.reads, bench.sandbox.log) == (0, [])
    shown(answer)


async def test_switching_uses_the_other_token_from_then_on() -> None:
    bench = build_profiles(None, given=GIVEN)
    assert (await good(bench, "ads_get_token_status"))["profile"] == "agency"
    assert (await good(bench, "ads_set_active_token", bm_name="reader"))["active"] is True
    await good(bench, "ads_get_ad_accounts")
    assert bench.sandbox.log[-1].headers["authorization"] == f"Bearer {READ_ONLY}"


async def test_an_unknown_name_is_refused_with_those_that_are_there() -> None:
    bench = build_profiles(None, given=GIVEN)
    for tool in ("ads_set_active_token", "ads_delete_token", "ads_get_token_status"):
        error = await refused(bench, tool, bm_name="nobody")
        assert error["kind"] == "not_found"
        assert list(error["allowed"]) == ["agency", "reader"]


async def test_registering_checks_stores_and_does_not_switch(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path, given=GIVEN, environ={"META_CLIENT_B": READ_ONLY})
        row = await good(bench, "ads_register_token", bm_name="client_b", env_var="META_CLIENT_B")
        assert row["stored_in"] == "OS keyring"
        assert row["active"] is False
        assert row["access"] == "read only: it lacks ads_management"
        assert "leads" in row["missing_scopes"]  # type: ignore[operator]
        assert backend.entries == {(SERVICE, "client_b"): READ_ONLY}
        assert (await bench.vault.current()).profile == "agency"
        again = await refused(bench, "ads_register_token", bm_name="client_b", env_var="META_CLIENT_B")
        assert again["kind"] == "invalid_arguments"


async def test_without_a_keyring_it_is_kept_in_memory_and_says_so(tmp_path: Path) -> None:
    with using(FailKeyring()):
        bench = build_profiles(tmp_path, given=GIVEN, environ={"META_CLIENT_B": READ_ONLY})
        row = await good(bench, "ads_register_token", bm_name="client_b", env_var="META_CLIENT_B")
        assert row["stored_in"] == "memory of this process"
        assert "no keyring back end" in str(row["not_in_keyring_because"])
        await good(bench, "ads_set_active_token", bm_name="client_b")
        assert (await bench.vault.current()).reveal() == READ_ONLY


@pytest.mark.parametrize(
    ("value", "kind", "says", "requests"),
    [
        (None, "invalid_arguments", "is not set", 0),
        (OTHER_SECRET, "invalid_arguments", "sent nowhere", 0),
        ("EAAB" + "unknown" * 6, "token", "190", 1),
        (NO_ADS, "permission", "ads_read", 3),
        (OF_A_PAGE, "token", "a Page", 3),
    ],
)
async def test_what_cannot_be_used_is_not_kept(
    tmp_path: Path, value: str | None, kind: str, says: str, requests: int
) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path, given=GIVEN, environ={"SOME_SECRET": value} if value else {})
        error = await refused(bench, "ads_register_token", bm_name="new", env_var="SOME_SECRET")
    assert error["kind"] == kind
    assert says in f"{error['message']} {error['next_step']}"
    assert len(bench.sandbox.log) == requests
    assert backend.entries == {}
    assert bench.vault.names() == ["agency", "reader"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"bm_name": DEMO_TOKEN, "env_var": "X"},
        {"bm_name": "new", "env_var": DEMO_TOKEN},
        {"bm_name": "new", "env_var": "X", "token": DEMO_TOKEN},
        {"bm_name": "new", "env_var": "X", "note": f"use {READ_ONLY} please"},
        {"bm_name": "new", "access_token": OTHER_SECRET},
        {"bm_name": "new", "env_var": "x" * 65},
    ],
)
@pytest.mark.parametrize("tool", ["ads_register_token", "ads_set_active_token", "ads_list_tokens"])
async def test_a_token_in_any_argument_is_refused_with_the_safe_way(tool: str, arguments: dict[str, str]) -> None:
    bench = build_profiles(None, given=GIVEN)
    error = await refused(bench, tool, **arguments)
    assert error["kind"] == "invalid_arguments"
    assert "meta-ads-mcp login" in error["message"]
    assert "revoke" in error["message"]
    assert bench.sandbox.log == []


async def test_deleting_the_one_in_use_leaves_none_in_use(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path, given=GIVEN)
        await bench.log_in("stored", USER_TOKEN)
        answer = await bench.call("ads_delete_token", bm_name="stored")
        assert backend.entries == {}
        assert answer.structured["data"]["was_active"] is True
        assert "active" not in answer.structured["data"]
        assert any("does not revoke" in note for note in answer.structured["notes"])
        assert (await refused(bench, "ads_get_ad_accounts"))["kind"] == "token"
        await good(bench, "ads_set_active_token", bm_name="agency")
        await good(bench, "ads_get_ad_accounts")


async def test_a_token_of_the_environment_is_gone_until_a_restart_and_says_so() -> None:
    bench = build_profiles(None, given=GIVEN)
    await bench.vault.current()
    answer = await bench.call("ads_delete_token", bm_name="reader")
    assert any("after a restart" in note for note in answer.structured["notes"])
    assert bench.vault.names() == ["agency"]


async def test_a_status_says_why_a_token_does_not_work() -> None:
    bench = build_profiles(None, given=GIVEN)
    bench.sandbox.faults.add("GET me", respond=graph_error(190, "Session has expired", subcode=463))
    row = await good(bench, "ads_get_token_status", bm_name="reader")
    assert row["valid"] is False
    assert "190/463" in str(row["reason"])
    assert "expired" in str(row["next_step"])


async def test_a_refresh_keeps_the_old_token_until_the_new_one_is_stored(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path, app=APP)
        await bench.log_in("stored", USER_TOKEN)
        bench.sandbox.faults.add("oauth/access_token", respond=graph_error(190))
        assert (await refused(bench, "ads_refresh_token"))["kind"] == "token"
        assert backend.entries == {(SERVICE, "stored"): USER_TOKEN}
        bench.clock.passed_s += 61
        row = await good(bench, "ads_refresh_token", bm_name="stored")
        assert row["seconds_left"] == 60 * 86_400
        assert backend.entries == {(SERVICE, "stored"): f"{USER_TOKEN}Long"}


async def test_a_refreshed_token_of_the_environment_lives_in_memory() -> None:
    bench = build_profiles(None, given={"default": EnvironmentToken(USER_TOKEN, "META_ACCESS_TOKEN")}, app=APP)
    answer = await bench.call("ads_refresh_token")
    assert answer.structured["data"]["stored_in"] == "memory of this process"
    assert any("memory only" in note for note in answer.structured["notes"])
    assert (await bench.vault.current()).reveal() == f"{USER_TOKEN}Long"


async def test_a_token_that_never_ends_is_not_refreshed() -> None:
    bench = build_profiles(None, given=GIVEN, app=APP)
    assert "never expires" in (await refused(bench, "ads_refresh_token"))["message"]
    assert bench.exchanges == 0


async def test_a_refresh_without_the_apps_secret_says_what_it_needs() -> None:
    error = await refused(build_profiles(None, given=GIVEN), "ads_refresh_token")
    assert "META_APP_SECRET" in error["next_step"]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ads_set_active_token", {"bm_name": "reader"}),
        ("ads_register_token", {"bm_name": "new", "env_var": "X"}),
        ("ads_delete_token", {"bm_name": "reader"}),
        ("ads_refresh_token", {}),
    ],
)
async def test_a_locked_profile_is_changed_by_no_tool(tool: str, arguments: dict[str, str]) -> None:
    bench = build_profiles(None, given=GIVEN, app=APP, environ={"X": READ_ONLY}, locked=True)
    assert (await refused(bench, tool, **arguments))["kind"] == "denied"
    assert bench.vault.names() == ["agency", "reader"]
    assert bench.vault.active_name() == "agency"
    assert bench.sandbox.log == []
    await good(bench, "ads_get_token_status")


async def test_no_tool_that_changes_a_profile_hides_behind_a_read() -> None:
    bench = build_profiles(None, given=GIVEN)
    asked = {"name": "ads_delete_token", "arguments": {"bm_name": "reader"}}
    assert (await refused(bench, "ads_call_read_tool", **asked))["kind"] == "invalid_arguments"
    assert bench.vault.names() == ["agency", "reader"]


async def test_an_expired_token_is_told_apart(tmp_path: Path) -> None:
    bench = build_profiles(None, given={"default": EnvironmentToken(USER_TOKEN, "META_ACCESS_TOKEN")})
    bench.sandbox.tokens.known[USER_TOKEN] = TokenInfo(bench.sandbox.world.user_id, "USER", expires_at=1)
    row = await good(bench, "ads_get_token_status")
    assert row["valid"] is False
    assert "expired" in str(row["next_step"])
