"""Back ends of the OS keyring: those that work, refuse, store nothing, are no keyring, or wait for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring

from meta_ads_mcp.credentials import Keychain, KeychainProblem
from meta_ads_mcp.credentials.keychain import describe
from meta_ads_mcp.sandbox import DEMO_TOKEN
from tests.support.keyrings import LockedKeyring, MemoryKeyring, WaitingKeyring, WindowsKeyring, using


class PlaintextKeyring(MemoryKeyring):
    """Named as the one of keyrings.alt."""


PlaintextKeyring.__module__ = "keyrings.alt.file"


@pytest.mark.parametrize(
    ("backend", "cause"),
    [
        (FailKeyring(), "no keyring back end"),
        (NullKeyring(), "switched off"),
        (PlaintextKeyring(), "readable in a file"),
        (LockedKeyring(), "locked"),
        (WindowsKeyring(), "StubReceivedBadData"),
    ],
)
@pytest.mark.parametrize("action", ["probe", "write"])
async def test_a_back_end_that_cannot_hold_a_token_is_found_out_and_named(
    backend: Any, cause: str, action: str
) -> None:
    with using(backend), pytest.raises(KeychainProblem, match=cause) as raised:
        await (Keychain().probe() if action == "probe" else Keychain().write("a", DEMO_TOKEN))
    assert "META_ACCESS_TOKEN" in raised.value.next_step
    assert DEMO_TOKEN not in str(raised.value)


async def test_a_probe_leaves_nothing_behind() -> None:
    backend = MemoryKeyring()
    with using(backend):
        assert (await Keychain().probe()).quality == "os"
    assert backend.entries == {}


async def test_a_readable_file_counts_when_its_owner_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")
    with using(PlaintextKeyring()):
        found = await Keychain().probe()
    assert found.quality == "plaintext"
    assert "keyrings.alt.file" in (found.trouble or "")


async def test_a_back_end_that_forgets_at_once_is_found_out() -> None:
    class Forgetful(MemoryKeyring):
        def set_password(self, service: str, username: str, password: str) -> None:
            """Nothing is stored."""

    with using(Forgetful()), pytest.raises(KeychainProblem, match="did not keep"):
        await Keychain().write("a", DEMO_TOKEN)


def test_a_chain_is_what_its_first_member_is() -> None:
    chain = ChainerBackend.__new__(ChainerBackend)

    class Chain:
        backends = (PlaintextKeyring(), MemoryKeyring())

    assert describe(Chain()).quality == "plaintext"
    assert describe(MemoryKeyring()).quality == "os"
    assert "chainer" in type(chain).__module__


async def test_a_keyring_that_waits_does_not_hold_up_the_call_and_is_not_asked_twice() -> None:
    backend = WaitingKeyring()
    backend.entries["meta-ads-mcp", "a"] = DEMO_TOKEN
    with using(backend):
        keychain = Keychain(patience=0.02)
        for _ in range(2):
            with pytest.raises(KeychainProblem, match="did not answer"):
                await keychain.read("a")
        backend.opened.set()
        patient = asyncio.create_task(keychain.read("a"))
        assert await asyncio.wait_for(patient, 5) == DEMO_TOKEN
    assert backend.reads == 1


async def test_callers_at_the_same_time_share_one_question() -> None:
    backend = WaitingKeyring()
    backend.entries["meta-ads-mcp", "a"] = DEMO_TOKEN
    with using(backend):
        keychain = Keychain(patience=5)
        asking = [asyncio.create_task(keychain.read("a")) for _ in range(5)]
        await asyncio.sleep(0)
        backend.opened.set()
        assert await asyncio.gather(*asking) == [DEMO_TOKEN] * 5
    assert backend.reads == 1


async def test_what_is_not_there_is_none_and_deleting_it_is_no_error() -> None:
    with using(MemoryKeyring()):
        assert await Keychain().read("nobody") is None
        await Keychain().delete("nobody")
