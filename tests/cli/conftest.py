"""A person at a terminal, with Graph on a loopback address."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from meta_ads_mcp.cli import main as cli
from meta_ads_mcp.sandbox import DEMO_TOKEN, SandboxTransport, TokenInfo
from tests.support.fake_transport import FakeTransport
from tests.support.keyrings import MemoryKeyring, using
from tests.support.loopback import serving
from tests.support.sandbox_engine import APP, EVERY_TOKEN, NO_ADS, OF_A_PAGE, READ_ONLY, USER_TOKEN


@dataclass
class Terminal:
    """A person's home, keyring and terminal."""

    graph: FakeTransport
    home: Path
    backend: MemoryKeyring
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    def run(self, *arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
        """Exit code, standard output and standard error. No token is in either, nor in any file of the home."""
        if stdin is not None:
            self.patch.setattr(sys, "stdin", io.StringIO(stdin))
        try:
            code = cli.main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = self.capture.readouterr()
        # The one file that may hold a token, when a test asks for it.
        files = [found for found in self.home.rglob("*") if found.is_file() and found.name != "tokens.json"]
        written = [found.read_bytes().decode("utf-8", "replace") for found in files]
        # Two endpoints take the token as a parameter of a GET; all others get it in a header.
        lines = [line for line in self.graph.lines if not re.search(r"/(debug_token|access_token)\?", line)]
        for secret in (*EVERY_TOKEN, APP.secret):
            assert not any(secret in text for text in (out, err, *written, *lines))
        return code, out, err

    def login(self, token: str = DEMO_TOKEN, *more: str) -> tuple[int, str, str]:
        return self.run("login", "--token-stdin", *more, stdin=token + "\n")


@pytest.fixture(scope="module")
def graph() -> Iterator[FakeTransport]:
    sandbox = SandboxTransport()
    user, known = sandbox.world.user_id, sandbox.tokens.known
    known[USER_TOKEN] = TokenInfo(user, "USER", expires_at=4_000_000_000)
    known[READ_ONLY] = TokenInfo(user, scopes=("ads_read",))
    known[NO_ADS] = TokenInfo(user, scopes=("pages_show_list",))
    known[OF_A_PAGE] = TokenInfo(user, "PAGE")
    with serving(sandbox) as running:
        yield running


@pytest.fixture
def terminal(
    graph: FakeTransport, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    for name in [name for name in os.environ if name.startswith(("META_", "XDG_"))]:
        monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("META_ADS_GRAPH_URL", graph.url)
    monkeypatch.setenv("META_ADS_STATE_DIR", str(tmp_path / "state"))
    backend = MemoryKeyring()
    with using(backend):
        yield Terminal(graph, tmp_path, backend, capsys, monkeypatch)
