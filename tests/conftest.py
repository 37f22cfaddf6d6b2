"""What holds for every test: no network, no waiting, and time that is told."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.clock import FakeClock
from tests.support.recorders import EventRecorder

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Longer than a turn of the event loop, shorter than anything a person would call waiting.
_LONGEST_SLEEP_S = 0.05
# How fast this machine is at the moment is no property of the code.
settings.register_profile("any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-speed")


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(200_000, 20, 20)  # worlds of thousands of objects: a fifth of the time went to collections
    config.addinivalue_line("markers", "loopback: the test may connect to this machine")
    config.addinivalue_line("markers", "real_time: the test may sleep for real")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def events() -> EventRecorder:
    return EventRecorder()


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    # asyncio itself connects a pair of sockets where the system has none.
    loopback = request.node.get_closest_marker("loopback") is not None or sys.platform == "win32"

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            inside = self.family not in (socket.AF_INET, socket.AF_INET6)
            if not (inside or (loopback and address[0] in _LOOPBACK)):
                pytest.fail(f"a test tried to connect to {address}")
            return real(self, address)

        return connect

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        if not (loopback and host in _LOOPBACK):
            pytest.fail(f"a test tried to look up {host!r}")
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(autouse=True)
def _no_sleeping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("real_time"):
        return
    real, real_async = time.sleep, asyncio.sleep

    def sleep(seconds: float) -> None:
        assert seconds <= _LONGEST_SLEEP_S, "a test sleeps for real: give what it tests a clock"
        real(seconds)

    async def sleep_async(delay: float, result: Any = None) -> Any:
        assert delay <= _LONGEST_SLEEP_S, "a test sleeps for real: give what it tests a clock"
        return await real_async(delay, result)

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(asyncio, "sleep", sleep_async)
