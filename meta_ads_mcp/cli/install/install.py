"""`install` and `uninstall`: add this server to the configuration of a client, or remove it; keep everything else."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from meta_ads_mcp.cli.install import config_file as files
from meta_ads_mcp.cli.install import jsonc
from meta_ads_mcp.cli.install.clients import CLIENTS, ClientConfig, Machine
from meta_ads_mcp.cli.install.entry import ServerEntry, server_entry
from meta_ads_mcp.credentials import ProfileIndex
from meta_ads_mcp.settings import Settings

__all__ = [
    "CLIENTS",
    "KEY",
    "Machine",
    "Problem",
    "ServerEntry",
    "install",
    "is_open_to_others",
    "print_entry",
    "remarks",
    "server_entry",
    "uninstall",
]

KEY = "meta-ads"
Say = Callable[[str], None]
Problem = files.FileProblem


def install(name: str, entry: ServerEntry, machine: Machine, say: Say) -> int:
    """Add the server to every file that the client reads, or update its command. Raises Problem."""
    client = CLIENTS[name]
    for path in client.files(machine):
        _change(client, path, lambda text: add_entry(text, client, entry), "already there, nothing changed", say)
    say(f"{client.title} starts: {' '.join([entry.command, *entry.args])}")
    say(client.then)
    return 0


def uninstall(name: str, machine: Machine, say: Say) -> int:
    """Remove the server from every file that the client reads. Raises Problem."""
    client = CLIENTS[name]
    for path in client.files(machine):
        if path.exists():
            _change(client, path, lambda text: remove_entry(text, client), "it was not there, nothing changed", say)
        else:
            say(f"{path}: there is no such file, nothing changed")
    say(f"Restart {client.title} to stop a server that is still running.")
    return 0


def print_entry(entry: ServerEntry) -> str:
    """Return the configuration for any other client, as JSON."""
    return json.dumps({"mcpServers": {KEY: entry.public()}}, indent=2, ensure_ascii=False)


def remarks(name: str, machine: Machine, settings: Settings, env_file: str | None) -> Iterator[str]:
    """Yield what the user should know after an installation: no token, or one that others can read."""
    if env_file and is_open_to_others(Path(env_file)):
        yield f"{env_file} can be read by other users of this machine: run chmod 600 {env_file}"
    if not (settings.demo or settings.profile or env_file or _has_token(name, machine, settings.state_dir)):
        yield (
            "No profile is stored yet, so the server has no token: run `meta-ads-mcp login`. Without a keyring, put "
            "META_ACCESS_TOKEN into a file that only you can read, and install with --env-file FILE."
        )


def is_open_to_others(path: Path) -> bool:
    """Return whether other users of this machine can read a file. On Windows its folder decides."""
    return os.name == "posix" and path.is_file() and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _has_token(name: str, machine: Machine, state_dir: Path) -> bool:
    """Return whether a profile is stored, or the client's entry itself gives a token to the server."""
    if ProfileIndex(state_dir).read().records:
        return True
    client = CLIENTS[name]
    texts = [files.read(path).text for path in client.files(machine) if path.exists()]
    return any(_entry_has_token(text, client) for text in texts)


def _entry_has_token(text: str, client: ClientConfig) -> bool:
    root = jsonc.parse(text, comments=client.comments).data if text.strip() else {}
    entry = root.get(client.key, {}).get(KEY, {})
    environment = {**entry.get("env", {}), **entry.get("transport", {}).get("env", {})}
    return bool(environment.keys() & {"META_ACCESS_TOKEN", "META_TOKENS"})


def _change(client: ClientConfig, path: Path, edit: Callable[[str], str], same: str, say: Say) -> None:
    old = files.read(path)
    try:
        new = edit(old.text)
    except jsonc.InvalidJsonc as wrong:
        raise Problem(
            f"{path} cannot be understood ({wrong}); it was left as it is. Correct it and try again."
        ) from None
    if new == old.text:
        say(f"{path}: {same}")
        return
    backup = files.write(path, old, new)
    say(f"{path}: changed" + (f"; before: {backup.name}" if backup else " (new file)"))


def add_entry(text: str, client: ClientConfig, entry: ServerEntry) -> str:
    """Return the file's text with a new entry, or with command and arguments of the existing one replaced.

    Other keys of an existing entry are kept: they are the user's. Cline's own commands write an entry whose command is
    inside `transport`, and Cline then reads only that.
    """
    members = entry.public(typed=client.typed)
    root = jsonc.parse(text, comments=client.comments).data if text.strip() else {}
    servers = root.get(client.key) if isinstance(root, dict) else None
    existing = servers.get(KEY) if isinstance(servers, dict) else None
    if not isinstance(existing, dict):
        return jsonc.set_member(text, [client.key, KEY], members, comments=client.comments)
    path = [client.key, KEY]
    if isinstance(existing.get("transport"), dict):
        path, existing = [*path, "transport"], existing["transport"]
        members = {"type": "stdio", **members}
        for name in ("command", "args"):
            text = jsonc.remove_member(text, [client.key, KEY, name], comments=client.comments)
    environment = {**existing.get("env", {}), **entry.env}
    for name, value in {**members, **({"env": environment} if environment else {})}.items():
        text = jsonc.set_member(text, [*path, name], value, comments=client.comments)
    return text


def remove_entry(text: str, client: ClientConfig) -> str:
    """Return the file's text without the entry; unchanged if there is none."""
    return jsonc.remove_member(text, [client.key, KEY], comments=client.comments) if text.strip() else text
