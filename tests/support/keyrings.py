"""Back ends of the keyring: one that works, and those that refuse, wait or fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

SERVICE = "meta-ads-mcp"


class MemoryKeyring(KeyringBackend):
    """What a working keyring does."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.reads = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.entries.pop((service, username), None) is None:
            raise PasswordDeleteError("no such entry")


class LockedKeyring(MemoryKeyring):
    def get_password(self, *_: str) -> str | None:
        raise KeyringLocked("denied")

    set_password = delete_password = get_password  # type: ignore[assignment]


class WaitingKeyring(MemoryKeyring):
    """Waits for a person who is not there, until `opened` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        self.opened.wait(5)
        return self.entries.get((service, username))


class StubReceivedBadData(Exception):
    """As Windows raises it for an entry that is too long: not an error of keyring."""


class WindowsKeyring(MemoryKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise StubReceivedBadData(1783, "CredWrite", password)


@contextmanager
def using(backend: KeyringBackend) -> Iterator[KeyringBackend]:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield backend
    finally:
        keyring.set_keyring(before)
