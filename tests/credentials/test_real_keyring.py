"""The keyring of a real desktop: skipped where there is none.

On a headless Linux:
    dbus-run-session -- bash -c 'printf "\n" | gnome-keyring-daemon --unlock --components=secrets; pytest <this file>'
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator

import pytest

from meta_ads_mcp.credentials import Keychain, KeychainProblem
from meta_ads_mcp.sandbox import DEMO_TOKEN


@pytest.fixture
def name() -> Iterator[str]:
    """A profile of the test's own. Only a session that was started for it is touched: never a person's keyring."""
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ or os.environ.get("XDG_CURRENT_DESKTOP"):
        pytest.skip("no D-Bus session of a test")
    try:
        asyncio.run(Keychain().probe())
    except KeychainProblem as problem:
        pytest.skip(problem.message)
    chosen = f"test-{uuid.uuid4().hex}"
    yield chosen
    asyncio.run(Keychain().delete(chosen))


@pytest.mark.parametrize("value", [DEMO_TOKEN, "E" * 1200])
async def test_a_token_makes_the_round_trip(name: str, value: str) -> None:
    keychain = Keychain()
    assert await keychain.read(name) is None
    await keychain.write(name, value)
    assert await Keychain().read(name) == value
    await keychain.delete(name)
    assert await Keychain().read(name) is None


async def test_the_back_end_is_one_of_the_system(name: str) -> None:
    assert (await Keychain().backend()).quality == "os"
