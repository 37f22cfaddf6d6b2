"""Which requests are sent again, and what a change that may have happened is called."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from meta_ads_mcp.errors import AdsError, InvalidArguments, NetworkProblem, Throttled, Transient, UnknownOutcome
from tests.support.fake_transport import FakeTransport, refusal
from tests.support.recorders import RecordingGovernor

GOOD = {"data": []}


def answers(*given: Any) -> Any:
    """One after the other; the last for ever. Exceptions are raised."""
    queue = list(given)

    def handler(_: httpx.Request) -> Any:
        found = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(found, BaseException):
            raise found
        return found

    return handler


PASSING = {
    "code 1": lambda: refusal(1, status=500),
    "code 2": lambda: refusal(2, status=503),
    "status 500": lambda: httpx.Response(500),
    "is_transient": lambda: refusal(9999, is_transient=True),
    "no answer": lambda: httpx.ReadTimeout("slow"),
    "broke off": lambda: httpx.RemoteProtocolError("closed"),
    "read error": lambda: httpx.ReadError("reset"),
}


@pytest.mark.parametrize("name", PASSING)
async def test_a_read_is_sent_again_after_a_passing_fault(name: str) -> None:
    wire = FakeTransport(answers(PASSING[name](), PASSING[name](), PASSING[name](), GOOD))
    assert await wire.send() == GOOD
    assert len(wire.requests) == 4
    # One, two and four seconds, each a fifth more or less, on the clock that is given.
    assert 5.6 <= wire.clock.slept_s <= 8.4
    assert len(wire.governor.admitted) == len(wire.governor.settled) == 4


@pytest.mark.parametrize("name", PASSING)
async def test_after_three_retries_the_error_itself_is_raised(name: str) -> None:
    wire = FakeTransport(answers(PASSING[name]()))
    with pytest.raises((Transient, NetworkProblem)):
        await wire.send()
    assert len(wire.requests) == 4


@pytest.mark.parametrize("name", PASSING)
async def test_a_write_never_is_and_its_outcome_is_unknown(name: str) -> None:
    wire = FakeTransport(answers(PASSING[name]()))
    with pytest.raises(UnknownOutcome) as caught:
        await wire.send("POST", write=True)
    assert len(wire.requests) == 1
    if name.startswith("code"):
        assert caught.value.public()["fbtrace_id"] == "Atrace"


async def test_a_status_alone_has_no_code_of_meta() -> None:
    with pytest.raises(Transient) as caught:
        await FakeTransport(lambda _: httpx.Response(502)).send()
    assert "code" not in caught.value.public()
    assert "HTTP status 502" in caught.value.message
    assert "(0)" not in caught.value.message


async def test_a_read_that_starts_something_is_sent_once() -> None:
    wire = FakeTransport(answers(httpx.ReadTimeout("slow")))
    with pytest.raises(NetworkProblem):
        await wire.send("POST", "act_1/insights", repeatable=False)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("failure", [httpx.ConnectError("refused"), httpx.ConnectTimeout("x"), httpx.ProxyError("x")])
async def test_a_write_that_was_never_sent_says_so(failure: Exception) -> None:
    wire = FakeTransport(answers(failure))
    with pytest.raises(NetworkProblem, match="nothing was sent"):
        await wire.send("POST", write=True)
    assert len(wire.requests) == 1
    assert wire.governor.is_balanced


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80004, 368, 190, 102, 10, 200, 100, 803, 2635])
@pytest.mark.parametrize("status", [400, 500])
async def test_refusals_are_final(code: int, status: int) -> None:
    wire = FakeTransport(lambda _: refusal(code, status=status))
    with pytest.raises(AdsError):
        await wire.send()
    assert len(wire.requests) == 1


async def test_the_end_of_ids_is_no_outage() -> None:
    said = "The ids query parameter is deprecated in v26.0+."
    wire = FakeTransport(lambda _: refusal(100, message=said, status=500))
    with pytest.raises(InvalidArguments):
        await wire.send()
    assert len(wire.requests) == 1


async def test_the_limits_can_refuse_between_attempts() -> None:
    gate = RecordingGovernor()
    wire = FakeTransport(lambda _: refusal(2, status=500), governor=gate)

    async def admit(call: Any) -> None:
        if gate.settled:
            raise Throttled("stop", retry_after_seconds=5)

    gate.admit = admit  # type: ignore[method-assign]
    with pytest.raises(Throttled):
        await wire.send()
    assert len(wire.requests) == 1
