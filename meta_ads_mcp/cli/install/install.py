"""`install` and `uninstall`: add this server to the configuration of a client, or remove it; keep everything else."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from meta_ads_mcp.cli.install import config_file as files
from meta_ads_mcp.cli.install.clients import CLIENTS, ClientConfig, Machine
from meta_ads_mcp.cli.install.document import InvalidDocument, TextFormat, value_at
from meta_ads_mcp.cli.install.entry import ServerEntry, server_entry
from meta_ads_mcp.cli.install.entry_shape import OPENCODE, OPENCODE_2, EntryShape
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
TOKEN_VARIABLES = {"META_ACCESS_TOKEN", "META_TOKENS"}
# Members inside which some clients write command and environment.
NESTED = ("transport", "command")
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
    entry = value_at(client.format.load(text), [*place_of(text, client)[0], KEY])
    if not isinstance(entry, dict):
        return False
    holders = [entry, *(entry[name] for name in NESTED if isinstance(entry.get(name), dict))]
    environments = [holder.get(client.shape.env) for holder in holders]
    return any(env.keys() & TOKEN_VARIABLES for env in environments if isinstance(env, dict))


def _change(client: ClientConfig, path: Path, edit: Callable[[str], str], same: str, say: Say) -> None:
    old = files.read(path)
    try:
        new = edit(old.text)
    except InvalidDocument as wrong:
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

    Other members of an existing entry are kept: they are the user's. Cline's commands write the command inside
    `transport`, and Cline then reads only that; old versions of Zed wrote it inside `command`.
    """
    edit, (place, shape) = client.format, place_of(text, client)
    path = [*place, KEY]
    existing = value_at(edit.load(text), path)
    if not isinstance(existing, dict):
        return edit.set_member(text, path, shape.new(entry))
    members = shape.members(entry)
    if isinstance(existing.get("transport"), dict):
        for name in members:
            text = edit.remove_member(text, [*path, name])
        path, existing, members = [*path, "transport"], existing["transport"], {"type": "stdio", **members}
    nested = existing.get(shape.command)
    inherited = nested.get(shape.env) if isinstance(nested, dict) else None
    for name, value in members.items():
        text = edit.set_member(text, [*path, name], value)
    return _add_variables(text, edit, [*path, shape.env], {**(inherited or {}), **entry.env})


def _add_variables(text: str, edit: TextFormat, path: list[str], variables: Mapping[str, str]) -> str:
    """Return the text with these variables beside those that an entry has."""
    if variables and not isinstance(value_at(edit.load(text), path), dict):
        return edit.set_member(text, path, dict(variables))
    for name, value in variables.items():
        text = edit.set_member(text, [*path, name], value)
    return text


def place_of(text: str, client: ClientConfig) -> tuple[list[str], EntryShape]:
    """Return the path of the servers in this file, and the shape of an entry there."""
    if client.shape is OPENCODE and isinstance(value_at(client.format.load(text), ["mcp", "servers"]), dict):
        return ["mcp", "servers"], OPENCODE_2
    return [client.key], client.shape


def remove_entry(text: str, client: ClientConfig) -> str:
    """Return the file's text without the entry; unchanged if there is none."""
    return client.format.remove_member(text, [*place_of(text, client)[0], KEY]) if text.strip() else text
