"""Renewing a token: early enough, once for all, with the app's secret in a body, and not for ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from meta_ads_mcp.core.request import Request
from meta_ads_mcp.credentials import ProfileIndex
from meta_ads_mcp.errors import AdsError, TokenProblem
from meta_ads_mcp.profiles.renewal import EARLY_SECONDS, PAUSES, TokenRenewal
from meta_ads_mcp.sandbox import DEMO_TOKEN, graph_error
from tests.support.clock import FakeClock
from tests.support.keyrings import SERVICE, MemoryKeyring, using
from tests.support.sandbox_engine import APP, USER_TOKEN, build_profiles

ME = Request("GET", "me")


async def test_a_token_about_to_end_is_renewed_once_for_all_calls(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path, app=APP)
        await bench.log_in("default", USER_TOKEN)
        await asyncio.gather(*(bench.client.send(ME) for _ in range(8)))
        assert bench.exchanges == 1
        assert backend.entries[SERVICE, "default"] == f"{USER_TOKEN}Long"
        assert (await bench.vault.current()).reveal() == f"{USER_TOKEN}Long"
        record = bench.vault.entry("default").record
        assert record.expires_at == int(bench.clock.now()) + 60 * 86_400
        await bench.client.send(ME)
        assert bench.exchanges == 1


async def test_an_exchange_is_a_plain_get_whose_secrets_are_in_no_event(tmp_path: Path) -> None:
    with using(MemoryKeyring()):
        bench = build_profiles(tmp_path, app=APP)
        await bench.log_in("default", USER_TOKEN)
        await bench.client.send(ME)
    (exchange,) = [entry for entry in bench.sandbox.log if entry.path == "oauth/access_token"]
    assert (exchange.method, exchange.params["client_secret"]) == ("GET", APP.secret)
    assert "method" not in exchange.params
    heard = repr(bench.events.events)
    assert APP.secret not in heard
    assert USER_TOKEN not in heard
    assert APP.secret not in repr(APP)


async def test_without_the_app_nothing_is_renewed(tmp_path: Path) -> None:
    with using(MemoryKeyring()):
        bench = build_profiles(tmp_path)
        await bench.log_in("default", USER_TOKEN)
        await bench.client.send(ME)
        assert bench.exchanges == 0


async def test_a_failed_renewal_does_not_fail_the_call_and_is_not_repeated_at_once(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path, app=APP)
        await bench.log_in("default", USER_TOKEN)
        bench.sandbox.faults.add("oauth/access_token", respond=graph_error(190), times=99)
        for _ in range(3):
            await bench.client.send(ME)
        assert bench.exchanges == 1
        assert backend.entries[SERVICE, "default"] == USER_TOKEN
        for pause in PAUSES:
            bench.clock.passed_s += pause + 1
            await bench.client.send(ME)
        assert bench.exchanges == 1 + len(PAUSES)
        bench.clock.passed_s += 86_400
        await bench.client.send(ME)
        assert bench.exchanges == 1 + len(PAUSES)
        with pytest.raises(TokenProblem, match="off until"):
            await bench.profiles.refresh(None)


async def test_a_renewal_that_works_again_starts_counting_anew() -> None:
    clock = FakeClock()
    fails = [True, True, False, True]

    async def exchange(_: str) -> None:
        if fails.pop(0):
            raise TokenProblem("no")

    renewal = TokenRenewal(exchange, clock.now)
    for expected in (PAUSES[0], PAUSES[1], None, PAUSES[0]):
        if expected is None:
            await renewal.run("a")
            assert renewal.refusal("a") is None
            continue
        with pytest.raises(AdsError):
            await renewal.run("a")
        assert renewal.refusal("a") is not None
        clock.passed_s += expected + 1
        assert renewal.refusal("a") is None


@pytest.mark.parametrize(
    ("seconds_left", "due"),
    [(None, False), (0, False), (-10, False), (EARLY_SECONDS + 10, False), (EARLY_SECONDS - 10, True), (10, True)],
)
def test_it_is_due_in_the_last_week(seconds_left: int | None, due: bool) -> None:
    async def exchange(_: str) -> None:
        """Not called."""

    clock = FakeClock()
    ends = int(clock.now()) + seconds_left if seconds_left else seconds_left
    assert TokenRenewal(exchange, clock.now).due("a", ends) is due


async def test_one_callers_cancellation_does_not_end_the_exchange_for_the_others() -> None:
    clock, gate, done = FakeClock(), asyncio.Event(), []

    async def exchange(name: str) -> None:
        await gate.wait()
        done.append(name)

    renewal = TokenRenewal(exchange, clock.now)
    first, second = asyncio.create_task(renewal.run("a")), asyncio.create_task(renewal.run("a"))
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    await second
    assert done == ["a"]


async def test_what_another_process_has_renewed_is_taken_over(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with using(backend):
        bench = build_profiles(tmp_path, app=APP)
        await bench.log_in("default", USER_TOKEN)
        token = await bench.vault.token("default")
        assert token.reveal() == USER_TOKEN
        backend.entries[SERVICE, "default"] = DEMO_TOKEN
        index = ProfileIndex(tmp_path)
        stored = index.read()
        later = replace(stored.records["default"], expires_at=int(bench.clock.now()) + 50 * 86_400)
        index.write(stored.having("default", later, active=True))
        await bench.client.send(ME)
        assert bench.exchanges == 0
        assert (await bench.vault.current()).reveal() == DEMO_TOKEN
