"""The sandbox over HTTP: as a server in this process, and as the command `sandbox` in a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from meta_ads_mcp.sandbox import SandboxTransport, World
from meta_ads_mcp.sandbox.http_server import MAX_BODY_BYTES, SandboxServer

from .conftest import NOW

pytestmark = pytest.mark.loopback

COMMAND = [sys.executable, "-m", "meta_ads_mcp", "sandbox"]
WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxTransport(World(today=NOW, accounts=2, ads=440), clock=lambda: NOW)) as running:
        yield running


@pytest.fixture
def client(server: SandboxServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=f"{server.url}/v26.0/", headers=headers) as made:
        yield made


def test_paging_links_lead_to_the_server_itself(server: SandboxServer, client: httpx.Client) -> None:
    account = client.get("me/adaccounts").json()["data"][0]["id"]
    page = client.get(f"{account}/campaigns", params={"limit": 7}).json()
    ids = [row["id"] for row in page["data"]]
    while link := page["paging"].get("next"):
        assert urlsplit(link).netloc == f"127.0.0.1:{server.port}"
        page = httpx.get(link).json()
        ids += [row["id"] for row in page["data"]]
    assert len(ids) == len(set(ids)) > 7


@pytest.mark.parametrize("prefix", ["", "v25.0/", "v27.0/"])
def test_any_version_or_none_may_be_asked(server: SandboxServer, client: httpx.Client, prefix: str) -> None:
    response = client.get(f"{server.url}/{prefix}me")
    assert response.json()["name"]
    assert response.headers["facebook-api-version"] == (prefix.strip("/") or "v26.0")


def test_a_connection_serves_many_requests(server: SandboxServer) -> None:
    ask = f"GET /me?access_token={server.token} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_SECONDS) as connection:
        connection.sendall(ask * 3)
        received = b""
        while received.count(b"HTTP/1.1 200") < 3 or not received.endswith(b"}"):
            received += connection.recv(4096)


def test_many_connections_are_served_at_once(server: SandboxServer, client: httpx.Client) -> None:
    account = client.get("me/adaccounts").json()["data"][0]["id"]

    def create(number: int) -> str:
        data = {"name": f"Made at once {number}", "access_token": server.token}
        return str(httpx.post(f"{server.url}/{account}/adlabels", data=data).json()["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(create, range(24)))) == 24


def test_a_chunked_body_is_read(client: httpx.Client) -> None:
    members = json.dumps([{"method": "GET", "relative_url": "me"}] * 2).encode()
    pieces = [b"batch=", members[:10], members[10:]]
    response = client.post("", content=iter(pieces), headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert [member["code"] for member in response.json()] == [200, 200]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (f"Content-Length: {MAX_BODY_BYTES + 1}", b"", 413),
        ("Content-Length: many", b"", 400),
        ("Transfer-Encoding: chunked", b"%x\r\n" % (MAX_BODY_BYTES + 1), 413),
        ("Transfer-Encoding: chunked", b"zz\r\n", 400),
        ("Content-Length: 2\r\nContent-Type: application/json", b"[]", 400),
    ],
)
def test_a_body_that_is_too_large_or_malformed_is_refused(
    server: SandboxServer, headers: str, body: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_SECONDS) as connection:
        connection.sendall(f"POST /me HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode() + body)
        received = b""
        while not received.endswith(b"}"):
            received += connection.recv(4096)
    assert received.startswith(f"HTTP/1.1 {status} ".encode())
    assert b'"error"' in received


def test_an_answer_that_is_lost_closes_the_connection(world: World) -> None:
    transport = SandboxTransport(world, clock=lambda: NOW)
    transport.faults.add("GET me", respond=httpx.ReadTimeout)
    with SandboxServer(transport) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{server.url}/me")
        assert httpx.get(f"{server.url}/me", params={"access_token": server.token}).status_code == 200


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("end", ["input", "SIGTERM", "SIGINT"])
def test_the_command_serves_until_it_is_told_to_stop(end: str) -> None:
    if sys.platform == "win32" and end != "input":
        pytest.skip("Windows has no such signals")
    with start("--seed", "3") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        started = json.loads(line)
        assert set(started) == {"port", "token"}
        me = httpx.get(f"http://127.0.0.1:{started['port']}/v26.0/me", params={"access_token": started["token"]})
        if end != "input":
            process.send_signal(signal.Signals[end])
        rest, errors = process.communicate(timeout=WAIT_SECONDS)
    assert me.status_code == 200
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_port_that_is_taken_is_said_in_a_sentence(server: SandboxServer) -> None:
    with start("--port", str(server.port)) as process:
        output, errors = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, output) == (1, "")
    assert f"Port {server.port} cannot be used" in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_a_port_that_is_no_port_is_wrong_usage(port: str) -> None:
    with start(f"--port={port}") as process:
        _, errors = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 2
    assert "a port is a number" in errors
