"""Serve one page on this machine into which the user pastes a token, so that it never passes through the chat.

The page listens on 127.0.0.1 only, for some minutes, and only after a tool call has failed for want of a token. Its
address has a secret of 192 bits. It answers nothing without that secret, nothing with another `Host` (a foreign name
that resolves to this machine), and takes a token only from its own form. It is closed after the first accepted token.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs

from meta_ads_mcp.errors import AdsError

NONCE_BYTES = 24
OPEN_SECONDS = 600.0
READ_SECONDS = 10.0
MAX_HEAD_BYTES, MAX_BODY_BYTES = 16_384, 16_384
MAX_FIELDS = 4
# Tokens that Graph refuses before the page closes.
MAX_ATTEMPTS = 5
FORM_TYPE = "application/x-www-form-urlencoded"
REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
REASONS |= {410: "Gone", 411: "Length Required", 413: "Content Too Large", 415: "Unsupported Media Type"}
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#17202b}"
    "input,button{font:inherit;padding:.6rem;width:100%;box-sizing:border-box;margin-top:.6rem}"
    "button{background:#2457c5;color:#fff;border:0;border-radius:6px}.problem{color:#a8321f}"
)
FORM = """\
<h1>Connect to Meta</h1>{problem}
<p>Paste the access token of a System User or of yourself. This page sends it to the server on this computer, which
checks it with Meta and keeps it in the keyring of this computer. The chat does not see it.</p>
<form method="post" autocomplete="off"><label>Access token
<input name="token" type="password" required autofocus autocomplete="off" spellcheck="false"></label>
<button>Check and save</button></form>"""
UNCHECKED = "The token could not be checked or kept. Use `meta-ads-mcp login` in a terminal."
DONE = "<h1>Connected</h1><p>{text}</p><p>Close this page, return to the chat and ask again.</p>"
Accept = Callable[[str], Awaitable[str]]


class RequestRefusal(Exception):
    """A request is refused. `status` is that of the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class PageRequest:
    """A request to the page. Names of headers are in lower case; a header that came twice has both values."""

    method: str
    target: str
    headers: Mapping[str, str]


class LoginPage:
    """The page; `accept` checks a token, keeps it and returns a sentence for the user, or raises AdsError."""

    def __init__(self, accept: Accept, *, open_seconds: float = OPEN_SECONDS) -> None:
        self._accept, self._open_seconds = accept, open_seconds
        self._nonce = secrets.token_urlsafe(NONCE_BYTES)
        self._server: asyncio.Server | None = None
        self._attempts = 0
        self._lock = asyncio.Lock()
        self._authority = ""

    @property
    def is_open(self) -> bool:
        """Return whether the page still takes a token."""
        return self._server is not None

    @property
    def url(self) -> str:
        """Return the address, which is a secret."""
        return f"http://{self._authority}/{self._nonce}"

    async def open(self) -> None:
        """Start to listen on a free port of this machine. Raises OSError if that is impossible."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
        self._authority = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._server = server
        asyncio.get_running_loop().call_later(self._open_seconds, self.close)

    def close(self) -> None:
        """Stop to listen."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            status, body = await self._answer(reader)
            writer.write(_response(status, body))
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, str]:
        async with asyncio.timeout(READ_SECONDS):
            try:
                request = _parse(await reader.readuntil(b"\r\n\r\n"))
                self._check(request)
                token = None if request.method == "GET" else await _read_token(request, reader)
            except RequestRefusal as refusal:
                return refusal.status, f"<h1>{REASONS[refusal.status]}</h1>"
        return (200, FORM.format(problem="")) if token is None else await self._take(token)

    def _check(self, request: PageRequest) -> None:
        """Refuse what does not come from this page in a browser of this machine."""
        if request.headers.get("host") != self._authority:
            raise RequestRefusal(403)
        if not hmac.compare_digest(request.target.encode(), f"/{self._nonce}".encode()):
            raise RequestRefusal(404)
        if request.method not in ("GET", "POST"):
            raise RequestRefusal(405)
        if request.method == "POST" and request.headers.get("origin") != f"http://{self._authority}":
            raise RequestRefusal(403)
        if request.method == "POST" and request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise RequestRefusal(403)

    async def _take(self, token: str) -> tuple[int, str]:
        """Check a token, one at a time. The first accepted one closes the page, and so does the last attempt."""
        async with self._lock:
            if not self.is_open:
                return 410, f"<h1>{REASONS[410]}</h1>"
            self._attempts += 1
            try:
                text = await self._accept(token)
            except Exception as failure:  # noqa: BLE001  its text and traceback could hold the token: nothing logs them
                if self._attempts >= MAX_ATTEMPTS:
                    self.close()
                message = f"{failure.message} {failure.next_step}" if isinstance(failure, AdsError) else UNCHECKED
                return 200, FORM.format(problem=f'<p class="problem" role="alert">{escape(message)}</p>')
            self.close()
            return 200, DONE.format(text=escape(text))


def _parse(head: bytes) -> PageRequest:
    lines = head.decode("latin-1").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise RequestRefusal(400)
    headers: dict[str, str] = {}
    for line in filter(None, lines[1:]):
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise RequestRefusal(400)
        key = name.lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return PageRequest(parts[0], parts[1], headers)


async def _read_token(request: PageRequest, reader: asyncio.StreamReader) -> str:
    length = request.headers.get("content-length", "")
    if "transfer-encoding" in request.headers or not (length.isascii() and length.isdigit()):
        raise RequestRefusal(411)
    if len(length) > 9 or int(length) > MAX_BODY_BYTES:
        raise RequestRefusal(413)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise RequestRefusal(415)
    body = (await reader.readexactly(int(length))).decode("latin-1")
    fields = parse_qs(body) if body.count("&") < MAX_FIELDS else {}
    if len(fields.get("token", ())) != 1:
        raise RequestRefusal(400)
    return fields["token"][0].strip()


def _response(status: int, body: str) -> bytes:
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Meta Ads</title><style>{STYLE}</style><body>{body}</body></html>"
    ).encode()
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(page)),
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        # With `no-referrer`, browsers leave the origin out of the form's request.
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + page
