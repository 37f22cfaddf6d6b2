"""The way to the keyring of a Linux desktop, for a server that a host started with few variables."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meta_ads_mcp.credentials import Keychain
from meta_ads_mcp.credentials.session_bus import VARIABLE, name_session_bus
from tests.support.keyrings import MemoryKeyring, using

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has a D-Bus session")


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Path]:
    """A folder of runtime folders, in which this user has a session bus."""
    folder = tmp_path / str(os.getuid())
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(folder / "bus"))
        yield tmp_path


def test_the_standard_socket_of_this_user_is_named(folders: Path) -> None:
    environ: dict[str, str] = {"HOME": "/home/a"}
    name_session_bus(environ, folders)
    assert environ == {"HOME": "/home/a", VARIABLE: f"unix:path={folders / str(os.getuid()) / 'bus'}"}


def test_the_runtime_folder_of_the_environment_comes_first(folders: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(folders / "elsewhere")}
    name_session_bus(environ, folders)
    assert VARIABLE not in environ


def test_an_address_of_the_host_is_left_alone(folders: Path) -> None:
    environ = {VARIABLE: "unix:path=/x"}
    name_session_bus(environ, folders)
    assert environ == {VARIABLE: "unix:path=/x"}


@pytest.mark.parametrize("kind", ["absent", "file", "link"])
def test_only_a_socket_counts(folders: Path, kind: str) -> None:
    bus = folders / str(os.getuid()) / "bus"
    bus.rename(folders / "real")
    if kind == "file":
        bus.touch()
    elif kind == "link":
        bus.symlink_to(folders / "real")
    environ: dict[str, str] = {}
    name_session_bus(environ, folders)
    assert environ == {}


async def test_the_keyring_is_asked_with_the_address(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folders / str(os.getuid())
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    # Set first, so that what was there before comes back after the test.
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)
    with using(MemoryKeyring()):
        await Keychain().read("default")
    assert os.environ[VARIABLE] == f"unix:path={folder / 'bus'}"
