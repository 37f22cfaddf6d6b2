"""Describe where Graph is, and open the HTTP client for it."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field

import httpx

from meta_ads_mcp.core.graph_versions import GRAPH_VERSION
from meta_ads_mcp.core.request import Request
from meta_ads_mcp.core.values.text import redact
from meta_ads_mcp.errors import AdsError, NetworkProblem, UnknownOutcome

_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


@dataclass(frozen=True)
class Connection:
    """Where Graph is, and how long to wait for it. `timeout` is in seconds, for a request of normal patience."""

    base_url: str = "https://graph.facebook.com"
    video_url: str = "https://graph-video.facebook.com"
    version: str = GRAPH_VERSION
    timeout: float = 30
    app_secret: str | None = field(default=None, repr=False)
    user_agent: str = "meta-ads-local-mcp"

    def timeout_for(self, request: Request) -> float:
        """Return the seconds that the whole request may take: longer for insights (45) and uploads (300)."""
        minimum = {"normal": 0, "insights": 45, "upload": 300}[request.patience]
        return max(self.timeout, minimum)

    def url(self, request: Request) -> str:
        """Return the address of the request, without a query. Video uploads have a host for themselves."""
        base = self.video_url if request.patience == "upload" and request.path.endswith("advideos") else self.base_url
        return f"{base}/{self.version}/{request.path}"

    @property
    def encrypted(self) -> bool:
        """Return whether all traffic is HTTPS."""
        return all(url.startswith("https://") for url in (self.base_url, self.video_url))


class _RedactUrls(logging.Filter):
    """Removes secrets from the URLs that httpx logs: `debug_token` and the exchange take tokens in the query."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(redact(str(arg)) if isinstance(arg, httpx.URL) else arg for arg in record.args)
        return True


logging.getLogger("httpx").addFilter(_RedactUrls())


def open_http(connection: Connection, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """Return the HTTP client of a connection. Raises NetworkProblem when the proxy in the environment is unusable."""
    try:
        return httpx.AsyncClient(
            transport=transport,
            headers={"User-Agent": connection.user_agent, "Accept-Encoding": "gzip", "Accept": "application/json"},
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=60),
            follow_redirects=False,
            # A proxy could read the token of an unencrypted request to a loopback address.
            trust_env=connection.encrypted,
        )
    except (httpx.InvalidURL, ValueError, ImportError):
        raise _unusable_proxy() from None


def _unusable_proxy() -> NetworkProblem:
    """Name the proxy variables that are set, without their values: a proxy's URL may hold a password."""
    names = " or ".join(name for name in _PROXY_VARIABLES if os.environ.get(name)) or "the system's proxy setting"
    return NetworkProblem(
        f"The proxy in {names} cannot be used: it is not an HTTP proxy URL.",
        "Set it to a URL such as http://proxy.example:8080, or unset it, and restart the server.",
    )


def unreachable_error(failure: Exception) -> NetworkProblem:
    """Build the error for a failure before anything was sent."""
    return NetworkProblem(f"Graph could not be reached ({type(failure).__name__}); nothing was sent.")


def connection_lost_error(request: Request, failure: Exception) -> AdsError:
    """Build the error for a failure after the request was sent. The outcome of a write is then unknown."""
    timed_out = isinstance(failure, TimeoutError | httpx.TimeoutException)
    event = "did not answer in time" if timed_out else "broke off"
    if request.write:
        return UnknownOutcome(f"The connection to Graph {event} after the change was sent.")
    return NetworkProblem(f"The connection to Graph {event} ({type(failure).__name__}).")
