"""The page for a token: offered on the wire in both eras, and attacked with real HTTP on 127.0.0.1."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from meta_ads_mcp.errors import TokenProblem
from meta_ads_mcp.sandbox import DEMO_TOKEN
from meta_ads_mcp.server.login_page import MAX_ATTEMPTS, MAX_BODY_BYTES, LoginPage
from tests.support.answers import check_error, check_success
from tests.support.loopback import serving
from tests.support.mcp_process import MODERN, McpProcess

pytestmark = pytest.mark.loopback
GOOD = "EAAgood00000000000000000000000"
FORM = "application/x-www-form-urlencoded"
URL_CLIENT = {"elicitation": {"url": {}}}
LEGACY = "2025-11-25"


@dataclass
class OpenPage:
    """A page in a loop of its own, and a browser for it. `tokens` are those that it passed on."""

    url: str
    tokens: list[str] = field(default_factory=list)

    def send(self, method: str = "GET", target: str | None = None, body: str = "", **headers: str | None) -> Any:
        """Send a request as the page's own form does, except for what the headers change. None leaves one out."""
        parts = urlsplit(self.url)
        values: dict[str, str | None] = {"Host": parts.netloc}
        if method == "POST":
            values |= {"Origin": f"http://{parts.netloc}", "Content-Type": FORM, "Content-Length": str(len(body))}
        values |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        connection.putrequest(method, target or parts.path, skip_host=True, skip_accept_encoding=True)
        for name, value in values.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), text

    def paste(self, token: str = GOOD, **headers: str | None) -> int:
        status: int = self.send("POST", body=urlencode({"token": token}), **headers)[0]
        return status


def check_token(token: str) -> str:
    if token != GOOD:
        raise TokenProblem("Meta does not accept this token.", "Generate a new one.")
    return "The token works."


@contextmanager
def opened(open_seconds: float = 60, check: Callable[[str], str] = check_token) -> Iterator[OpenPage]:
    tokens: list[str] = []

    async def accept(token: str) -> str:
        tokens.append(token)
        return check(token)

    async def start() -> LoginPage:
        page = LoginPage(accept, open_seconds=open_seconds)
        await page.open()
        return page

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    page = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield OpenPage(page.url, tokens)
    finally:
        loop.call_soon_threadsafe(page.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@pytest.fixture
def page() -> Iterator[OpenPage]:
    with opened() as made:
        yield made


def test_the_page_takes_a_token_once(page: OpenPage) -> None:
    status, headers, text = page.send()
    assert status == 200
    assert 'type="password"' in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "script" not in text
    assert page.paste() == 200
    assert page.tokens == [GOOD]
    with pytest.raises(OSError, match=r".*"):
        page.paste()
    assert page.tokens == [GOOD]


@pytest.mark.parametrize("body", ["a=1&b=1&c=1&d=1&e=1&token=x", "token=x&token=y", "token=", "other=x"])
def test_a_form_of_another_shape_is_refused(page: OpenPage, body: str) -> None:
    assert page.send("POST", body=body)[0] == 400
    assert page.tokens == []


def test_a_failure_of_the_check_shows_and_logs_no_token(caplog: pytest.LogCaptureFixture) -> None:
    def break_down(token: str) -> str:
        raise RuntimeError(f"unexpected {token}")

    with caplog.at_level("DEBUG"), opened(check=break_down) as page:
        status, _, text = page.send("POST", body=urlencode({"token": GOOD}))
        assert (status, GOOD in text) == (200, False)
        assert "could not be checked" in text
        assert page.send()[0] == 200
    assert GOOD not in caplog.text


def test_the_secret_has_192_bits_and_is_never_the_same() -> None:
    with opened() as first, opened() as second:
        assert urlsplit(first.url).hostname == "127.0.0.1"
        assert len(urlsplit(first.url).path) == len("/") + 32
        assert urlsplit(first.url).path != urlsplit(second.url).path


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"host": "localhost"}),
        (403, {"host": "evil.example"}),
        (403, {"host": None}),
        (403, {"origin": "https://evil.example"}),
        (403, {"origin": "null"}),
        (403, {"origin": None}),
        (403, {"sec_fetch_site": "cross-site"}),
        (415, {"content_type": "text/plain"}),
        (411, {"content_length": None}),
        (411, {"content_length": "-1"}),
        (411, {"transfer_encoding": "chunked"}),
        (413, {"content_length": str(MAX_BODY_BYTES + 1)}),
        (413, {"content_length": "9" * 30}),
    ],
)
def test_a_request_that_is_not_the_form_of_this_page_is_refused(
    page: OpenPage, status: int, headers: dict[str, str | None]
) -> None:
    assert page.paste(**headers) == status
    assert page.tokens == []


@pytest.mark.parametrize("target", ["/", "/favicon.ico", "/" + "A" * 32, "{path}/", "{path}?token=" + GOOD, "//{path}"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_address_is_nothing_and_takes_no_token(page: OpenPage, method: str, target: str) -> None:
    path = urlsplit(page.url).path
    body = urlencode({"token": GOOD}) if method == "POST" else ""
    status, _, text = page.send(method, target.format(path=path), body)
    assert status == 404
    assert path not in text
    assert page.tokens == []


@pytest.mark.parametrize("method", ["PUT", "HEAD", "OPTIONS", "DELETE"])
def test_other_methods_are_refused(page: OpenPage, method: str) -> None:
    assert page.send(method)[0] == 405


def test_two_tokens_in_one_form_are_refused(page: OpenPage) -> None:
    assert page.send("POST", body=f"token={GOOD}&token={GOOD}")[0] == 400
    assert page.tokens == []


def test_a_wrong_token_can_be_corrected_a_few_times(page: OpenPage) -> None:
    body = urlencode({"token": "EAA<script>alert(1)</script>"})
    for _ in range(MAX_ATTEMPTS):
        status, _, text = page.send("POST", body=body)
        assert status == 200
        assert "Meta does not accept this token." in text
        assert "<script>" not in text
    with pytest.raises(OSError, match=r".*"):
        page.paste()


def test_the_page_closes_by_itself() -> None:
    with opened(open_seconds=0) as page, pytest.raises(OSError, match=r".*"):
        page.send()


# ---- on the wire


def asked_url(wire: McpProcess, answer: dict[str, Any]) -> str:
    """Return the address that the client was asked to open."""
    if wire.modern:
        assert answer["resultType"] == "input_required"
        params = answer["inputRequests"]["login"]["params"]
    else:
        (request,) = [message for message in wire.answers if message.get("method") == "elicitation/create"]
        params = request["params"]
        assert params["elicitationId"]
    assert params["mode"] == "url"
    assert "The chat does not see the token" in params["message"]
    return str(params["url"])


@pytest.mark.parametrize("era", [LEGACY, MODERN])
@pytest.mark.parametrize("old_token", ["", "EAAexpired000000000000000000000"])
def test_a_user_logs_in_on_the_page_and_the_chat_goes_on(tmp_path: Path, era: str, old_token: str) -> None:
    token = {"META_ACCESS_TOKEN": old_token} if old_token else {}
    with (
        serving() as graph,
        McpProcess(
            tmp_path,
            era=era,
            capabilities=URL_CLIENT,
            reply=lambda _: {"action": "accept"},
            META_ADS_GRAPH_URL=graph.url,
            **token,
        ) as wire,
    ):
        answer = wire.call("ads_get_ad_accounts", {})
        page = OpenPage(asked_url(wire, answer))
        if not wire.modern:
            assert "Repeat this call" in check_error(answer, "token")["next_step"]
        assert page.paste(DEMO_TOKEN) == 200
        assert check_success(wire.call("ads_get_ad_accounts", {}))["data"]
        written = wire.log() + str(wire.answers)
    assert DEMO_TOKEN not in written
    assert urlsplit(page.url).path not in wire.log()


@pytest.mark.parametrize("capabilities", [{}, {"elicitation": {}}, {"elicitation": {"form": {}}}])
@pytest.mark.parametrize("era", [LEGACY, MODERN])
def test_a_client_that_cannot_open_addresses_is_told_the_command(
    tmp_path: Path, era: str, capabilities: dict[str, Any]
) -> None:
    with McpProcess(tmp_path, era=era, capabilities=capabilities) as wire:
        error = check_error(wire.call("ads_get_ad_accounts", {}), "token")
        assert "meta-ads-mcp login" in error["next_step"]
        assert not any(message.get("method") == "elicitation/create" for message in wire.answers)


@pytest.mark.parametrize("locked", [True, False])
def test_no_page_is_offered_where_the_profile_is_locked_or_the_user_declines(tmp_path: Path, locked: bool) -> None:
    reply = {"action": "decline"}
    settings = {"META_ADS_LOCK_PROFILE": "true"} if locked else {}
    with McpProcess(tmp_path, era=LEGACY, capabilities=URL_CLIENT, reply=lambda _: reply, **settings) as wire:
        error = check_error(wire.call("ads_get_ad_accounts", {}), "token")
        assert "meta-ads-mcp login" in error["next_step"]
        questions = [message for message in wire.answers if message.get("method") == "elicitation/create"]
        assert len(questions) == (0 if locked else 1)
