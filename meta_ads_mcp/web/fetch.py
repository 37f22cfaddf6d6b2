"""Fetch files of the public web, and nothing else.

Every host is resolved here, every one of its addresses is judged, and the connection is made to a judged address: what
the name resolves to a moment later does not matter. TLS is still verified against the name (SNI and certificate). A
redirect is a new address and is judged like the first. No proxy, no cookie, no token: the transport is used bare.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import PurePosixPath

import httpx

from meta_ads_mcp.core.ports import Download
from meta_ads_mcp.errors import InvalidArguments, NetworkProblem
from meta_ads_mcp.web.addresses import HTTPS_PORT, file_url, is_public

MAX_REDIRECTS = 3
# Seconds: the whole file with its redirects, and each of the steps below.
MAX_FETCH_S = 30.0
_STEPS_S = {"connect": 5.0, "read": 10.0, "write": 10.0, "pool": 5.0}
_CONNECT_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout)
# `identity`: a small compressed file can unpack to a very large one.
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "meta-ads-local-mcp"}

_NEXT_STEP = "Check the address and the network, or give the file itself."

# The addresses of a host; raises OSError when it has none.
Resolve = Callable[[str], Awaitable[Sequence[str]]]


async def resolve_host(host: str) -> Sequence[str]:
    """Resolve a host with the system's resolver. Any spelling of an IP address is accepted."""
    addresses = await asyncio.get_running_loop().getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in addresses))


def _bare() -> httpx.AsyncBaseTransport:
    """Return a transport without keep-alive: a connection must not serve another name of the same address."""
    return httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=2, max_keepalive_connections=0))


class Fetcher:
    """The `Downloads` port over the network."""

    def __init__(
        self, resolve: Resolve = resolve_host, open_transport: Callable[[], httpx.AsyncBaseTransport] = _bare
    ) -> None:
        self._resolve, self._open_transport = resolve, open_transport

    async def check(self, url: str) -> None:
        target = _parse_url(url)
        # Meta resolves the host itself, so a local DNS failure is not an error.
        with suppress(NetworkProblem, TimeoutError):
            async with asyncio.timeout(_STEPS_S["connect"]):
                await self._addresses(target)

    async def get(self, url: str, most_bytes: int) -> Download:
        async with _time_limit(), self._open_transport() as transport:
            target = _parse_url(url)
            for _ in range(MAX_REDIRECTS + 1):
                response = await self._request(transport, target)
                try:
                    if not response.has_redirect_location:
                        return Download(PurePosixPath(target.path).name, await _content(response, most_bytes))
                    target = _parse_url(response.headers["location"], target)
                except httpx.HTTPError as failure:
                    raise _fetch_error(failure) from None
                finally:
                    await response.aclose()
        raise InvalidArguments(f"The address redirects more than {MAX_REDIRECTS} times.", "Give the final address.")

    async def _request(self, transport: httpx.AsyncBaseTransport, target: httpx.URL) -> httpx.Response:
        """Return the response of the first of the host's addresses that can be reached."""
        for address in await self._addresses(target):
            try:
                return await transport.handle_async_request(_pinned_request(target, address))
            except _CONNECT_ERRORS:
                continue
            except httpx.HTTPError as failure:
                raise _fetch_error(failure) from None
        raise NetworkProblem(f"{target.host} could not be reached.", _NEXT_STEP)

    async def _addresses(self, target: httpx.URL) -> Sequence[str]:
        """Return all addresses of the host. Raises InvalidArguments when any of them is not public."""
        try:
            addresses = await self._resolve(target.raw_host.decode())
        except (OSError, UnicodeError):
            addresses = ()
        if not addresses:
            raise NetworkProblem(f"The host {target.host} was not found.", _NEXT_STEP)
        if not all(is_public(address) for address in addresses):
            raise InvalidArguments(
                f"{target.host} is a host of a private or reserved network; nothing was fetched.",
                "Give a public https address, or upload the file from this machine.",
            )
        return addresses


@asynccontextmanager
async def _time_limit() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(MAX_FETCH_S):
            yield
    except TimeoutError:
        raise NetworkProblem(f"The file did not come within {MAX_FETCH_S:.0f} seconds.", _NEXT_STEP) from None


def _parse_url(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """Parse a URL, or a redirect from `base`. Raises InvalidArguments unless it is public."""
    try:
        return httpx.URL(file_url(str(base.join(url)) if base else url))
    except (ValueError, httpx.InvalidURL) as wrong:
        reason = str(wrong) if isinstance(wrong, ValueError) else "it is no address"
        raise InvalidArguments(f"The address cannot be fetched: {reason}.") from None


def _pinned_request(target: httpx.URL, address: str) -> httpx.Request:
    """Build the request to that address under the host's name."""
    return httpx.Request(
        "GET",
        httpx.URL(scheme="https", host=address, raw_path=target.raw_path),
        headers={**_HEADERS, "Host": target.netloc.decode()},
        extensions={"sni_hostname": target.raw_host.decode(), "timeout": _STEPS_S},
    )


async def _content(response: httpx.Response, most_bytes: int) -> bytes:
    if response.status_code >= 500 or response.status_code == 429:
        raise NetworkProblem(f"The host of the file answered with status {response.status_code}.", _NEXT_STEP)
    if response.status_code != 200:
        raise InvalidArguments(f"The address gives no file (status {response.status_code}).", "Check the address.")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most_bytes:
        raise _too_large(most_bytes)
    parts, size = [], 0
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101  an async transport gives no other
    async for part in response.stream:
        size += len(part)
        if size > most_bytes:
            raise _too_large(most_bytes)
        parts.append(part)
    return b"".join(parts)


def _too_large(most_bytes: int) -> InvalidArguments:
    return InvalidArguments(f"The file is larger than {most_bytes} bytes.", "Give a smaller file.")


def _fetch_error(failure: httpx.HTTPError) -> NetworkProblem:
    return NetworkProblem(f"The file could not be fetched ({type(failure).__name__}).", _NEXT_STEP)
