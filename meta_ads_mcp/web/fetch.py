"""Files of the public web, fetched without being led anywhere else.

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

MOST_REDIRECTS = 3
# Seconds: the whole file with its redirects, and each of the steps below.
LONGEST_FETCH_S = 30.0
_STEPS_S = {"connect": 5.0, "read": 10.0, "write": 10.0, "pool": 5.0}
_UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout)
# `identity`: a small compressed file can unpack to a very large one.
_HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "meta-ads-local-mcp"}

_OTHER_WAYS = "Check the address and the network, or give the file itself."

# The addresses of a host; raises OSError when it has none.
Resolve = Callable[[str], Awaitable[Sequence[str]]]


async def resolve_host(host: str) -> Sequence[str]:
    """The system's addresses of a host. An IP address in any of the forms that the system reads is its own."""
    found = await asyncio.get_running_loop().getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _bare() -> httpx.AsyncBaseTransport:
    """A transport that keeps no connection: one made for a name must not serve another name of the same address."""
    return httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=2, max_keepalive_connections=0))


class Fetcher:
    """The `Downloads` port over the network."""

    def __init__(
        self, resolve: Resolve = resolve_host, open_transport: Callable[[], httpx.AsyncBaseTransport] = _bare
    ) -> None:
        self._resolve, self._open_transport = resolve, open_transport

    async def check(self, url: str) -> None:
        target = _parsed(url)
        # Meta looks the name up for itself, from another network: one that is unknown here says nothing against it.
        with suppress(NetworkProblem, TimeoutError):
            async with asyncio.timeout(_STEPS_S["connect"]):
                await self._addresses(target)

    async def get(self, url: str, most_bytes: int) -> Download:
        async with _in_time(), self._open_transport() as transport:
            target = _parsed(url)
            for _ in range(MOST_REDIRECTS + 1):
                response = await self._asked(transport, target)
                try:
                    if not response.has_redirect_location:
                        return Download(PurePosixPath(target.path).name, await _content(response, most_bytes))
                    target = _parsed(response.headers["location"], target)
                except httpx.HTTPError as failure:
                    raise _broken(failure) from None
                finally:
                    await response.aclose()
        raise InvalidArguments(f"The address redirects more than {MOST_REDIRECTS} times.", "Give the final address.")

    async def _asked(self, transport: httpx.AsyncBaseTransport, target: httpx.URL) -> httpx.Response:
        """The response of the first of the host's addresses that can be reached."""
        for address in await self._addresses(target):
            try:
                return await transport.handle_async_request(_pinned(target, address))
            except _UNREACHED:
                continue
            except httpx.HTTPError as failure:
                raise _broken(failure) from None
        raise NetworkProblem(f"{target.host} could not be reached.", _OTHER_WAYS)

    async def _addresses(self, target: httpx.URL) -> Sequence[str]:
        """All addresses of the host. Raises InvalidArguments when a single one of them is not public."""
        try:
            found = await self._resolve(target.raw_host.decode())
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise NetworkProblem(f"The host {target.host} was not found.", _OTHER_WAYS)
        if not all(is_public(address) for address in found):
            raise InvalidArguments(
                f"{target.host} is a host of a private or reserved network; nothing was fetched.",
                "Give a public https address, or upload the file from this machine.",
            )
        return found


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(LONGEST_FETCH_S):
            yield
    except TimeoutError:
        raise NetworkProblem(f"The file did not come within {LONGEST_FETCH_S:.0f} seconds.", _OTHER_WAYS) from None


def _parsed(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """An address as given, or as a redirect from `base` names it. Raises InvalidArguments unless it is a public one."""
    try:
        return httpx.URL(file_url(str(base.join(url)) if base else url))
    except (ValueError, httpx.InvalidURL) as wrong:
        reason = str(wrong) if isinstance(wrong, ValueError) else "it is no address"
        raise InvalidArguments(f"The address cannot be fetched: {reason}.") from None


def _pinned(target: httpx.URL, address: str) -> httpx.Request:
    """The request to that very address, under the host's name. Nothing else of the given address than its path goes."""
    return httpx.Request(
        "GET",
        httpx.URL(scheme="https", host=address, raw_path=target.raw_path),
        headers={**_HEADERS, "Host": target.netloc.decode()},
        extensions={"sni_hostname": target.raw_host.decode(), "timeout": _STEPS_S},
    )


async def _content(response: httpx.Response, most_bytes: int) -> bytes:
    if response.status_code >= 500 or response.status_code == 429:
        raise NetworkProblem(f"The host of the file answered with status {response.status_code}.", _OTHER_WAYS)
    if response.status_code != 200:
        raise InvalidArguments(f"The address gives no file (status {response.status_code}).", "Check the address.")
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most_bytes:
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


def _broken(failure: httpx.HTTPError) -> NetworkProblem:
    return NetworkProblem(f"The file could not be fetched ({type(failure).__name__}).", _OTHER_WAYS)
