"""`install` and `uninstall`: this server in the configuration of the clients, and nothing else of it touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from meta_ads_mcp.cli.install import config_file as files
from meta_ads_mcp.cli.install import jsonc
from meta_ads_mcp.cli.install.clients import CLIENTS, ClientConfig, Machine
from meta_ads_mcp.cli.install.entry import ServerEntry, server_entry
from meta_ads_mcp.credentials import ProfileIndex

__all__ = [
    "CLIENTS",
    "KEY",
    "Machine",
    "Problem",
    "ServerEntry",
    "has_profile",
    "install",
    "print_entry",
    "server_entry",
    "uninstall",
]

KEY = "meta-ads"
Say = Callable[[str], None]
Problem = files.FileProblem


def install(name: str, entry: ServerEntry, machine: Machine, say: Say) -> int:
    """Add the server to every file the client reads, or bring its command up to date. Raises Problem."""
    client = CLIENTS[name]
    for path in client.files(machine):
        _change(client, path, lambda text: _added(text, client, entry), "already there, nothing changed", say)
    say(f"{client.title} starts: {' '.join([entry.command, *entry.args])}")
    say(client.then)
    return 0


def uninstall(name: str, machine: Machine, say: Say) -> int:
    """Take the server out of every file the client reads. Raises Problem."""
    client = CLIENTS[name]
    for path in client.files(machine):
        if path.exists():
            _change(client, path, lambda text: _removed(text, client), "it was not there, nothing changed", say)
        else:
            say(f"{path}: there is no such file, nothing changed")
    return 0


def print_entry(entry: ServerEntry) -> str:
    """The configuration for any other client."""
    return json.dumps({"mcpServers": {KEY: entry.public()}}, indent=2, ensure_ascii=False)


def has_profile(state_dir: Path) -> bool:
    return bool(ProfileIndex(state_dir).read().records)


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


def _added(text: str, client: ClientConfig, entry: ServerEntry) -> str:
    """A new entry, or command and arguments of the one that is there: its other keys are the user's."""
    shown = entry.public(typed=client.typed)
    here = jsonc.parse(text, comments=client.comments).data if text.strip() else {}
    servers = here.get(client.key) if isinstance(here, dict) else None
    if not isinstance(servers, dict) or not isinstance(servers.get(KEY), dict):
        return jsonc.set_member(text, [client.key, KEY], shown, comments=client.comments)
    environment = {**servers[KEY].get("env", {}), **entry.env}
    for name, value in {**shown, **({"env": environment} if environment else {})}.items():
        text = jsonc.set_member(text, [client.key, KEY, name], value, comments=client.comments)
    return text


def _removed(text: str, client: ClientConfig) -> str:
    return jsonc.remove_member(text, [client.key, KEY], comments=client.comments) if text.strip() else text
