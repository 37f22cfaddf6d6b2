"""`meta-ads-mcp login` when Meta does not answer: nothing is stored, and the command says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from meta_ads_mcp.cli.login import login
from meta_ads_mcp.credentials import Place
from meta_ads_mcp.errors import AdsError, NetworkProblem
from meta_ads_mcp.sandbox import DEMO_TOKEN, graph_error
from tests.cli.conftest import Terminal
from tests.support.keyrings import MemoryKeyring, using
from tests.support.sandbox_engine import build_profiles


@pytest.mark.parametrize("place", ["keyring", "file"])
@pytest.mark.parametrize(
    "failure",
    [httpx.ConnectError("no route"), httpx.ReadTimeout("slow"), graph_error(2, "Service temporarily unavailable")],
    ids=["unreachable", "silent", "unavailable"],
)
@pytest.mark.parametrize("step", ["me", "adaccounts"])
async def test_a_token_that_could_not_be_checked_is_not_stored(
    tmp_path: Path, step: str, failure: Any, place: Place
) -> None:
    backend, lines = MemoryKeyring(), list[str]()
    with using(backend):
        bench = build_profiles(tmp_path)
        bench.sandbox.faults.add(step, respond=failure, times=99)
        with pytest.raises(AdsError) as raised:
            await login(
                bench.profiles,
                bench.client.for_token,
                DEMO_TOKEN,
                "default",
                None,
                exchange=False,
                say=lines.append,
                place=place,
            )
    assert raised.value.message.startswith("The token could not be checked, so it was not stored: ")
    assert "run this command again" in raised.value.next_step
    assert (lines, backend.entries, list(bench.vault.entries())) == ([], {}, [])


@pytest.mark.loopback
def test_a_proxy_that_cannot_be_used_is_named(terminal: Terminal) -> None:
    terminal.patch.delenv("META_ADS_GRAPH_URL")
    terminal.patch.setenv("HTTPS_PROXY", "socks9://proxy")
    code, out, err = terminal.login()
    assert (code, out) == (1, "")
    assert "not stored: The proxy in HTTPS_PROXY cannot be used" in err
    assert NetworkProblem.default_next_step not in err
