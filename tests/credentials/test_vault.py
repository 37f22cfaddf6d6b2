"""Which token is used, how it is kept, and that it never shows."""

from __future__ import annotations

import json
import os
import pickle
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.credentials import (
    EnvironmentToken,
    FixedToken,
    ProfileIndex,
    ProfileRecord,
    Token,
    from_settings,
    is_meta_token,
    mask,
    wrong_form,
)
from meta_ads_mcp.errors import AdsError, TokenProblem
from meta_ads_mcp.sandbox import DEMO_TOKEN
from tests.support.keyrings import SERVICE, LockedKeyring, MemoryKeyring, using
from tests.support.sandbox_engine import READ_ONLY, USER_TOKEN, build_profiles

TOKENS = {
    "first": EnvironmentToken("EAAfirst" * 5, "META_TOKENS"),
    "second": EnvironmentToken("EAAsecond" * 5, "META_TOKENS"),
}
ALONE = {"default": EnvironmentToken("EAAalone" * 5, "META_ACCESS_TOKEN")}
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


# --- a token shows itself to the wire alone


@given(st.text(ALPHABET, min_size=16, max_size=400))
def test_a_token_shows_four_characters_at_each_end(value: str) -> None:
    token = Token(value)
    for shown in (repr(token), str(token), f"{token}", token.masked):
        assert value not in shown
        assert value[:4] in shown
        assert value[5:12] not in shown or value[5:12] in value[:4] + value[-4:]
    assert token.reveal() == value
    assert token.key not in value


@given(st.text(ALPHABET, max_size=15))
def test_of_a_short_token_nothing_shows(value: str) -> None:
    assert mask(value) == "…"


def test_a_token_is_not_written_anywhere() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Token(DEMO_TOKEN))
    with pytest.raises(TypeError):
        json.dumps(Token(DEMO_TOKEN))


@pytest.mark.parametrize(
    ("pasted", "wrong"),
    [
        ("", "no token"),
        (f'"{DEMO_TOKEN}"', "quotes"),
        (f"{DEMO_TOKEN} {DEMO_TOKEN}", "blanks"),
        (f"META_ACCESS_TOKEN={DEMO_TOKEN}", "other characters"),
        ("E" * 1201, "1201 characters"),
        ("EAAé" + "x" * 40, "other characters"),
    ],
)
def test_what_is_no_token_is_refused_without_showing_it(pasted: str, wrong: str) -> None:
    trouble = wrong_form(pasted)
    assert trouble is not None
    assert wrong in trouble
    assert DEMO_TOKEN not in trouble


@pytest.mark.parametrize("value", [DEMO_TOKEN, "123456789012345|abcdefghijklmnopqrstuvwxyz0"])
def test_a_token_has_the_form_of_one(value: str) -> None:
    assert wrong_form(value) is None


def test_another_secret_is_not_taken_for_a_token_of_meta() -> None:
    assert is_meta_token(DEMO_TOKEN)
    assert not any(map(is_meta_token, ["sk-ant-api03-abcdefghijklmnop", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "x" * 36, ""]))


# --- which one is used


@pytest.mark.parametrize(
    ("chosen", "active", "given_", "used"),
    [
        (None, None, {}, None),
        (None, None, ALONE, "default"),
        (None, None, TOKENS | ALONE, "first"),
        (None, "stored", TOKENS | ALONE, "stored"),
        (None, "stored", {}, "stored"),
        ("second", "stored", TOKENS, "second"),
        ("stored", None, TOKENS, "stored"),
        ("default", "stored", ALONE, "default"),
    ],
)
async def test_precedence(
    tmp_path: Path, chosen: str | None, active: str | None, given_: dict[str, EnvironmentToken], used: str | None
) -> None:
    with using(MemoryKeyring()):
        await build_profiles(tmp_path).log_in("stored", DEMO_TOKEN, active=active is not None)
        bench = build_profiles(tmp_path, given=given_, chosen=chosen)
        if used is None:
            with pytest.raises(TokenProblem):
                await bench.vault.current()
        else:
            assert (await bench.vault.current()).profile == used


@pytest.mark.parametrize("active", [True, False])
async def test_a_chosen_profile_that_is_missing_is_an_error_and_nothing_stands_in(tmp_path: Path, active: bool) -> None:
    with using(MemoryKeyring()):
        await build_profiles(tmp_path).log_in("stored", DEMO_TOKEN, active=active)
        with pytest.raises(TokenProblem, match="'other'") as raised:
            await build_profiles(tmp_path, given=TOKENS | ALONE, chosen="other").vault.current()
    assert "login other" in raised.value.next_step
    assert set(raised.value.allowed) == {"stored", "first", "second", "default"}


async def test_a_stored_profile_whose_entry_is_gone_is_an_error(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        await build_profiles(tmp_path).log_in("stored", DEMO_TOKEN)
        backend.entries.clear()
        with pytest.raises(TokenProblem, match="has no token"):
            await build_profiles(tmp_path, given=TOKENS).vault.current()


@pytest.mark.parametrize(
    ("name", "step"), [("acme", "META_ACCESS_TOKEN and META_ADS_PROFILE=default"), ("default", "META_ADS_PROFILE=env")]
)
async def test_a_locked_keyring_names_the_file_and_the_variable_that_work_instead(
    tmp_path: Path, name: str, step: str
) -> None:
    with using(MemoryKeyring()):
        await build_profiles(tmp_path).log_in(name, DEMO_TOKEN)
    with using(LockedKeyring()):
        with pytest.raises(TokenProblem, match="locked") as raised:
            await build_profiles(tmp_path, given=ALONE).vault.current()
        assert step in raised.value.next_step
        assert f"`meta-ads-mcp login {name} --file`" in raised.value.next_step


async def test_that_variable_does_work(tmp_path: Path) -> None:
    with using(MemoryKeyring()):
        await build_profiles(tmp_path).log_in("default", DEMO_TOKEN)
    with using(LockedKeyring()):
        told = from_settings(None, {"env": READ_ONLY})
        assert (await build_profiles(tmp_path, given=told, chosen="env").vault.current()).reveal() == READ_ONLY


async def test_the_profile_in_use_does_not_change_under_a_running_server(tmp_path: Path) -> None:
    with using(MemoryKeyring()):
        server = build_profiles(tmp_path)
        await server.log_in("one", DEMO_TOKEN)
        assert (await server.vault.current()).profile == "one"
        await build_profiles(tmp_path).log_in("two", READ_ONLY)
        assert build_profiles(tmp_path).vault.active_name() == "two"
        assert (await server.vault.current()).profile == "one"


async def test_the_keyring_is_read_at_the_first_use_and_once(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        await build_profiles(tmp_path).log_in("stored", DEMO_TOKEN)
        backend.reads = 0
        bench = build_profiles(tmp_path)
        bench.vault.entries()
        bench.profiles.rows()
        assert backend.reads == 0
        for _ in range(3):
            await bench.vault.current()
        assert backend.reads == 1


async def test_access_token_is_default_unless_that_name_is_taken() -> None:
    assert list(from_settings("EAAx", {"a": "EAAy"})) == ["a", "default"]
    assert from_settings("EAAx", {"default": "EAAy"})["default"].source == "META_TOKENS"
    assert (await FixedToken("EAAx").current()).reveal() == "EAAx"


# --- how it is kept


async def test_each_profile_is_an_entry_of_its_own_and_the_index_holds_no_secret(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path / "state")
        await bench.log_in("one", DEMO_TOKEN)
        await bench.log_in("two", USER_TOKEN, active=False)
        assert backend.entries == {(SERVICE, "one"): DEMO_TOKEN, (SERVICE, "two"): USER_TOKEN}
    written = (tmp_path / "state" / "profiles.json").read_text()
    assert DEMO_TOKEN not in written
    assert USER_TOKEN not in written
    assert json.loads(written)["active"] == "one"
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "state" / "profiles.json").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


@pytest.mark.parametrize("content", ["{", "[]", "null", '{"version": 2}', '{"version": 1, "profiles": []}', "\x00\xff"])
def test_an_index_that_cannot_be_understood_is_an_error(tmp_path: Path, content: str) -> None:
    index = ProfileIndex(tmp_path)
    index.path.write_bytes(content.encode("latin-1"))
    with pytest.raises(TokenProblem, match="cannot be read") as raised:
        index.read()
    assert str(index.path) in raised.value.message


def test_an_index_of_a_later_version_with_more_keys_is_read(tmp_path: Path) -> None:
    row = {"masked": "EAAx…yyyy", "scopes": ["ads_read"], "invented_later": 1}
    ProfileIndex(tmp_path).path.write_text(json.dumps({"version": 1, "active": "a", "profiles": {"a": row}, "more": 1}))
    assert ProfileIndex(tmp_path).read().records["a"] == ProfileRecord("EAAx…yyyy", scopes=("ads_read",))


async def test_a_token_is_not_left_in_the_keyring_when_the_index_cannot_be_written(tmp_path: Path) -> None:
    class FullDisk(ProfileIndex):
        def write(self, profiles: object) -> None:
            raise TokenProblem("no space left")

    backend = MemoryKeyring()
    with using(backend):
        await build_profiles(tmp_path).log_in("old", READ_ONLY)
        bench = build_profiles(tmp_path)
        bench.vault._index = FullDisk(tmp_path)
        for name in ("new", "old"):
            with pytest.raises(TokenProblem, match="no space"):
                await bench.log_in(name, DEMO_TOKEN)
    assert list(backend.entries) == [(SERVICE, "old")]


def test_a_state_directory_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(TokenProblem, match="cannot be"):
        ProfileIndex(tmp_path / "state").write(ProfileIndex(tmp_path).read())


async def test_deleting_deletes_and_nothing_takes_the_place_of_the_profile_in_use(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path, given=TOKENS)
        await bench.log_in("one", DEMO_TOKEN)
        await bench.log_in("two", READ_ONLY, active=False)
        await bench.vault.current()
        await bench.vault.delete("one")
        assert list(backend.entries) == [(SERVICE, "two")]
        for later in (bench, build_profiles(tmp_path, given=TOKENS)):
            with pytest.raises(TokenProblem, match="'one'"):
                await later.vault.current()
        bench.vault.use("two")
        assert (await bench.vault.current()).reveal() == READ_ONLY


async def test_an_entry_that_the_keyring_keeps_is_not_called_deleted(tmp_path: Path) -> None:
    with using(MemoryKeyring()):
        await build_profiles(tmp_path).log_in("one", DEMO_TOKEN)
    with using(LockedKeyring()):
        bench = build_profiles(tmp_path)
        with pytest.raises(AdsError):
            await bench.vault.delete("one")
        assert bench.vault.names() == ["one"]


async def test_after_a_new_login_a_running_server_goes_on(tmp_path: Path) -> None:
    with using(MemoryKeyring()):
        await build_profiles(tmp_path).log_in("default", USER_TOKEN)
        server, me = build_profiles(tmp_path), Request("GET", "me")
        await server.client.send(me)
        server.sandbox.tokens.known[USER_TOKEN].is_valid = False
        with pytest.raises(TokenProblem):
            await server.client.send(me)
        await build_profiles(tmp_path).log_in("default", DEMO_TOKEN)
        assert (await server.client.send(me))["id"]


async def test_a_server_that_started_without_a_token_finds_the_one_of_a_later_login(tmp_path: Path) -> None:
    with using(MemoryKeyring()):
        server = build_profiles(tmp_path)
        with pytest.raises(TokenProblem):
            await server.vault.current()
        await build_profiles(tmp_path).log_in("default", DEMO_TOKEN)
        assert (await server.vault.current()).reveal() == DEMO_TOKEN
