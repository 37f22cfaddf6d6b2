"""Files of the web: only of the public internet, from the very address that was judged, and never too large."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_ads_mcp.errors import AdsError, InvalidArguments, NetworkProblem
from meta_ads_mcp.web import fetch
from meta_ads_mcp.web.addresses import is_public
from meta_ads_mcp.web.fetch import MAX_REDIRECTS, Fetcher

PUBLIC = "93.184.216.34"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8
MOST = 1000


class Web:
    """Hosts with addresses, and a transport that keeps every request and answers with `handler`."""

    def __init__(self, handler: Callable[[httpx.Request], Any] | None = None, **hosts: Sequence[str]) -> None:
        self.hosts = {"img.example": [PUBLIC], **hosts}
        self.handler = handler or (lambda request: httpx.Response(200, content=PNG))
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []
        self.fetcher = Fetcher(self._resolve, lambda: httpx.MockTransport(self._answer))

    async def _resolve(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.hosts:
            raise OSError("no such host")
        return self.hosts[host]

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        found = self.handler(request)
        return await found if hasattr(found, "__await__") else found

    async def get(self, url: str = "https://img.example/a/hero.png?size=2") -> Any:
        return await self.fetcher.get(url, MOST)

    async def refused(self, url: str = "https://img.example/hero.png") -> AdsError:
        with pytest.raises(AdsError) as refused:
            await self.get(url)
        return refused.value


def redirect(*targets: str) -> Callable[[httpx.Request], httpx.Response]:
    """One target after the other, then a file."""
    left = list(targets)
    return lambda _: (
        httpx.Response(302, headers={"location": left.pop(0)}) if left else httpx.Response(200, content=PNG)
    )


async def test_the_file_comes_from_the_judged_address_under_the_hosts_name() -> None:
    web = Web()
    found = await web.get()
    (sent,) = web.requests
    assert (found.name, found.content) == ("hero.png", PNG)
    assert (sent.method, str(sent.url)) == ("GET", f"https://{PUBLIC}/a/hero.png?size=2")
    assert sent.headers["host"] == "img.example"
    assert sent.extensions["sni_hostname"] == "img.example"
    assert sent.extensions["timeout"]["connect"] <= 10


async def test_nothing_of_ours_goes_along() -> None:
    web = Web(redirect("https://img.example/b"))
    web.handler = lambda request, inner=web.handler: _with_cookie(inner(request))
    await web.get()
    allowed = {"accept", "accept-encoding", "user-agent", "host"}
    assert [set(sent.headers) for sent in web.requests] == [allowed, allowed]


def _with_cookie(response: httpx.Response) -> httpx.Response:
    response.headers["set-cookie"] = "a=b"
    return response


async def test_an_international_name_is_asked_for_in_its_ascii_form() -> None:
    web = Web(**{"xn--bcher-kva.example": ["2606:4700::6810:1"]})
    await web.get("https://bücher.example/ü.png")
    (sent,) = web.requests
    assert sent.url.raw_host == b"2606:4700::6810:1"
    assert sent.headers["host"] == sent.extensions["sni_hostname"] == "xn--bcher-kva.example"


NOT_PUBLIC = """
    127.0.0.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 100.100.100.200
    192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 192.88.99.1
    168.63.129.16 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::7f00:1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1
    64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1
""".split()
HOSTS = """
    localhost LOCALHOST. a.localhost printer.local metadata.google.internal router 2130706433 0x7f000001 127.1
    0177.0.0.1 0x7f.0.0.1 127.0.0.1. 127.0.0.0x1 img.example:8443 img.example:80 img.example:x user@img.example
    user:pw@img.example img.example\\@127.0.0.1 [::1
""".split()
OTHER = [
    "http://img.example/a",
    "file:///etc/passwd",
    "ftp://img.example/a",
    "gopher://img.example/a",
    "data:image/png;base64,AAAA",
    "https:///a",
    "https://@img.example/a",
    "https://",
    "",
    "img.example/a",
    "//img.example/a",
    "https://img.example/a b",
    "https://img.exa\tmple/a",
    "https://img.example/a\r\nHost: b",
]
BAD_URLS = [
    *(f"https://[{host}]/a" if ":" in host else f"https://{host}/a" for host in NOT_PUBLIC),
    *(f"https://{host}/a" for host in HOSTS),
    *OTHER,
]
REDIRECTS = [*BAD_URLS[: len(NOT_PUBLIC) + len(HOSTS)], "http://img.example/a", "file:///etc/passwd", "//127.0.0.1/a"]


@pytest.mark.parametrize("url", BAD_URLS)
async def test_an_address_that_is_not_public_is_neither_looked_up_nor_fetched(url: str) -> None:
    web = Web(**{"": [PUBLIC]})
    assert isinstance(await web.refused(url), InvalidArguments)
    with pytest.raises(InvalidArguments):
        await web.fetcher.check(url)
    assert (web.asked, web.requests) == ([], [])


@pytest.mark.parametrize("address", NOT_PUBLIC)
@pytest.mark.parametrize("others", [[], [PUBLIC]])
async def test_a_name_with_a_single_private_address_is_not_fetched(address: str, others: list[str]) -> None:
    web = Web(**{"img.example": [*others, address]})
    assert isinstance(await web.refused(), InvalidArguments)
    with pytest.raises(InvalidArguments):
        await web.fetcher.check("https://img.example/a")
    assert web.requests == []


async def test_a_name_that_is_unknown_here_is_not_fetched_but_may_be_by_meta() -> None:
    web = Web()
    assert isinstance(await web.refused("https://elsewhere.example/a"), NetworkProblem)
    await web.fetcher.check("https://elsewhere.example/a")
    assert (web.asked, web.requests) == (["elsewhere.example"] * 2, [])


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_a_redirect_is_judged_like_the_first_address(address: str) -> None:
    web = Web(redirect("https://inside.example/a"), **{"inside.example": [address]})
    assert isinstance(await web.refused(), InvalidArguments)
    assert len(web.requests) == 1


@pytest.mark.parametrize("target", [*REDIRECTS, ""])
async def test_a_redirect_to_no_public_address_ends_it(target: str) -> None:
    web = Web(lambda _: httpx.Response(302, headers={"location": target} if target else {}))
    assert isinstance(await web.refused(), InvalidArguments)
    assert len(web.requests) == 1


async def test_a_name_that_changes_its_address_between_redirects_is_looked_up_again() -> None:
    web = Web(redirect("/b"))
    answers = [[PUBLIC], ["127.0.0.1"]]

    async def rebinding(host: str) -> Sequence[str]:
        return answers.pop(0)

    web.fetcher._resolve = rebinding
    assert isinstance(await web.refused(), InvalidArguments)
    assert len(web.requests) == 1


async def test_redirects_are_followed_a_few_times_only() -> None:
    hops = [f"/{number}.png" for number in range(MAX_REDIRECTS)]
    web = Web(redirect(*hops))
    assert (await web.get()).name == f"{MAX_REDIRECTS - 1}.png"
    web = Web(redirect(*hops, "/more.png"))
    assert isinstance(await web.refused(), InvalidArguments)
    assert len(web.requests) == MAX_REDIRECTS + 1


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    web = Web(**{"img.example": ["2606:4700::1", PUBLIC]})

    def only_v4(request: httpx.Request) -> httpx.Response:
        if request.url.host != PUBLIC:
            raise httpx.ConnectError("no route")
        return httpx.Response(200, content=PNG)

    web.handler = only_v4
    assert (await web.get()).content == PNG
    assert len(web.requests) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404), InvalidArguments),
        (httpx.Response(204), InvalidArguments),
        (httpx.Response(503), NetworkProblem),
        (httpx.Response(429), NetworkProblem),
        (httpx.ReadTimeout("slow"), NetworkProblem),
        (httpx.ConnectError("refused"), NetworkProblem),
        (httpx.RemoteProtocolError("odd"), NetworkProblem),
    ],
)
async def test_what_gives_no_file_is_an_error(answer: Any, error: type[AdsError]) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert type(await Web(handler).refused()) is error


async def test_a_host_that_is_not_there_is_an_error() -> None:
    assert isinstance(await Web().refused("https://no.example/a"), NetworkProblem)


class Endless(httpx.AsyncByteStream):
    """A body without an end, or that breaks; it counts what was taken of it."""

    def __init__(self, piece: bytes = b"x" * 100, wait_s: float = 0, breaks: bool = False) -> None:
        self.piece, self.wait_s, self.breaks, self.taken, self.closed = piece, wait_s, breaks, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(self.wait_s)
            if self.breaks:
                raise httpx.ReadError("broken")
            self.taken += len(self.piece)
            yield self.piece

    async def aclose(self) -> None:
        self.closed = True


async def test_reading_stops_at_the_largest_size_whatever_was_declared() -> None:
    body = Endless()
    web = Web(lambda _: httpx.Response(200, headers={"content-length": "5"}, stream=body))
    assert isinstance(await web.refused(), InvalidArguments)
    assert (body.taken, body.closed) == (MOST + 100, True)


async def test_a_declared_size_that_is_too_large_is_not_read() -> None:
    body = Endless()
    web = Web(lambda _: httpx.Response(200, headers={"content-length": str(MOST + 1)}, stream=body))
    assert isinstance(await web.refused(), InvalidArguments)
    assert (body.taken, body.closed) == (0, True)


async def test_a_body_that_breaks_off_is_an_error() -> None:
    web = Web(lambda _: httpx.Response(200, stream=Endless(breaks=True)))
    assert isinstance(await web.refused(), NetworkProblem)


async def test_a_body_that_trickles_ends_with_the_whole_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "MAX_FETCH_S", 0.05)
    body = Endless(b"x", wait_s=0.01)
    web = Web(lambda _: httpx.Response(200, stream=body))
    assert isinstance(await web.refused(), NetworkProblem)
    assert body.closed


async def test_the_own_transport_knows_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool of a transport with a proxy is of another class."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    transport = fetch._bare()
    assert type(transport._pool).__name__ == "AsyncConnectionPool"  # type: ignore[attr-defined]
    await transport.aclose()


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_what_python_calls_private_is_never_public(address: Any) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_public(str(address))
