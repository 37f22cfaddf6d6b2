"""The OS keyring, one entry per profile. The only file that imports keyring, and it does so at the first use.

Every access runs in a daemon thread with a limit of patience: a locked keychain may wait for a person who is not there,
and neither a tool call nor the end of the process may wait with it. A back end that looks fine may refuse or store
nothing (docs of `keyring`; its `null` back end), so only a real round trip says that it works.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from meta_ads_mcp.credentials.session_bus import name_session_bus
from meta_ads_mcp.errors import TokenProblem

SERVICE = "meta-ads-mcp"
# A tool call must end within 50 s.
SERVER_PATIENCE = 20.0

T = TypeVar("T")
Quality = Literal["os", "none", "null", "plaintext"]

_CAUSES = {
    "NoKeyringError": "this machine has no keyring back end",
    "KeyringLocked": "the keyring is locked, or access was refused",
    "InitError": "the keyring could not be opened or created",
    "PasswordSetError": "the keyring did not take the entry",
    "PasswordDeleteError": "the keyring did not delete the entry",
}
_INSTALL = {
    "linux": "Start and unlock a keyring (GNOME Keyring, KWallet or KeePassXC with the Secret Service)",
    "darwin": "Unlock the login keychain and allow the access",
    "win32": "Check that Windows Credential Manager works for this user",
}
ENVIRONMENT_INSTEAD = (
    "or keep the token in a private file with `meta-ads-mcp login --file`, or set META_ACCESS_TOKEN in the client's "
    "configuration"
)


class KeychainProblem(TokenProblem):
    """The keyring cannot be used; the message names the cause, the next step what works instead."""


@dataclass(frozen=True)
class Backend:
    """The back end that keyring chose. Only quality `os` keeps a secret as the platform keeps its passwords."""

    name: str
    quality: Quality

    @property
    def trouble(self) -> str | None:
        """Return the reason why it must not or cannot hold a token, or None."""
        return {
            "os": None,
            "none": f"{_CAUSES['NoKeyringError']} ({self.name})",
            "null": f"the keyring is switched off ({self.name} stores nothing)",
            "plaintext": f"{self.name} keeps its entries readable in a file: that is no keyring",
        }[self.quality]


class Keychain:
    """Reads, writes and deletes entries. Raises KeychainProblem when the keyring refuses, breaks or does not answer."""

    def __init__(self, patience: float = SERVER_PATIENCE) -> None:
        self._patience = patience
        self._asked: dict[str, asyncio.Future[Any]] = {}

    async def backend(self) -> Backend:
        return await self._ask("backend", lambda: describe(_keyring().get_keyring()))

    async def read(self, name: str) -> str | None:
        """Return the entry, or None. Callers at the same time share one question to the keyring."""
        value: str | None = await self._ask(f"read {name}", lambda: _keyring().get_password(SERVICE, name))
        return value

    async def write(self, name: str, value: str) -> None:
        """Store and read back: a back end that stores nothing must not be taken for one that does."""
        await self.check_backend()
        await self._ask(_once("write"), lambda: _keyring().set_password(SERVICE, name, value))
        if await self._ask(_once("verify"), lambda: _keyring().get_password(SERVICE, name)) != value:
            raise problem("the keyring did not keep the entry")

    async def delete(self, name: str) -> None:
        """Delete and look: the entry is gone afterwards, whether or not it was there."""
        try:
            await self._ask(_once("delete"), lambda: _keyring().delete_password(SERVICE, name))
        except KeychainProblem:
            if await self.read(name) is not None:
                raise

    async def check_backend(self) -> Backend:
        """Return the back end, if it may hold a token. A readable file counts only when its owner chose it by name."""
        backend = await self.backend()
        is_explicit = backend.quality == "plaintext" and bool(os.environ.get("PYTHON_KEYRING_BACKEND"))
        if backend.trouble and not is_explicit:
            raise problem(backend.trouble)
        return backend

    async def probe(self) -> Backend:
        """Set, read and delete an entry of its own. Raises KeychainProblem when one of them fails."""
        backend, name = await self.check_backend(), f"probe-{uuid.uuid4().hex[:8]}"
        await self.write(name, "probe")
        await self._ask(_once("delete"), lambda: _keyring().delete_password(SERVICE, name))
        return backend

    async def _ask(self, key: str, work: Callable[[], T]) -> T:
        """Return the answer of a thread. A thread that still waits for a person is joined, not started again."""
        future = self._asked.get(key)
        if future is None:
            future = self._asked[key] = in_daemon_thread(work)
        await asyncio.wait({future}, timeout=self._patience)
        if not future.done():
            raise problem(f"the keyring did not answer within {self._patience:.0f} s: it may be waiting to be unlocked")
        self._asked.pop(key, None)
        try:
            answer: T = future.result()
        except Exception as failure:  # noqa: BLE001  on Windows the errors of the system are no KeyringError
            raise problem(_cause(failure)) from None
        return answer


def in_daemon_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Run work in a thread; return a future. Unlike an executor's, it does not delay the process's end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, failure: BaseException | None) -> None:
        if failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # without a failure it is the work's result

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001  handed over to whoever waits
            failure = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, daemon=True, name="keyring").start()
    return future


def describe(backend: Any) -> Backend:
    """Return name and quality of a back end. A chain is judged by its first member, which is written to."""
    members = list(getattr(backend, "backends", []))
    if members:
        return describe(members[0])
    kind = type(backend)
    name = f"{kind.__module__}.{kind.__qualname__}"
    return Backend(name, _quality(kind.__module__, kind.__qualname__))


def _quality(module: str, name: str) -> Quality:
    if module.startswith(("keyring.backends.fail", "keyring.backends.chainer")):
        return "none"
    if module.startswith("keyring.backends.null"):
        return "null"
    return "plaintext" if "plain" in name.lower() and module.startswith("keyrings.alt") else "os"


def problem(cause: str) -> KeychainProblem:
    step = _INSTALL.get("linux" if sys.platform.startswith("linux") else sys.platform, _INSTALL["linux"])
    return KeychainProblem(f"The OS keyring cannot be used: {cause}.", f"{step}, {ENVIRONMENT_INSTEAD}.")


def _cause(failure: BaseException) -> str:
    kind = type(failure).__name__
    return _CAUSES.get(kind, f"it failed with {kind}")


def _once(what: str) -> str:
    """Return a unique key: unlike reads, changes are never shared."""
    return f"{what} {uuid.uuid4().hex}"


def _keyring() -> Any:
    name_session_bus()
    import keyring  # noqa: PLC0415  late: 16 to 64 ms, and back ends are looked for at import

    return keyring
