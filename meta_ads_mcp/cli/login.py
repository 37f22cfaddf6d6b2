"""`meta-ads-mcp login`, `logout` and `tokens`: manage the profiles of this machine from a terminal."""

from __future__ import annotations

import getpass
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TextIO

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.credentials import Place, ProfileEntry, Token, wrong_form
from meta_ads_mcp.errors import InvalidArguments, NetworkProblem, NotFound, PermissionMissing, TokenProblem, Transient
from meta_ads_mcp.profiles import scopes as permissions
from meta_ads_mcp.profiles.identity import Identity, fetch_accounts
from meta_ads_mcp.profiles.profiles import ProfileService

Say = Callable[[str], None]
MAX_ACCOUNTS = 10
MAX_SCOPES_CHARS = 90


def read_token(stdin: TextIO, *, piped: bool) -> str:
    """Read the token from standard input or, without echo, from the terminal.

    Raises InvalidArguments if the input does not look like a token.
    """
    if piped:
        value = stdin.read(16_384)
    elif stdin.isatty():
        value = getpass.getpass("Meta access token (your input is not shown): ")
    else:
        raise InvalidArguments("There is no terminal to ask for the token.", "Pipe the token in and add --token-stdin.")
    value = value.strip().removeprefix("\ufeff").strip()
    trouble = wrong_form(value)
    if trouble:
        raise InvalidArguments(trouble, "Copy the token alone, without quotes, and try again.")
    return value


async def login(
    service: ProfileService,
    for_token: Callable[[Token], Any],
    value: str,
    name: str,
    business: str | None,
    *,
    exchange: bool,
    say: Say,
    place: Place = "keyring",
) -> int:
    """Check the keyring, then the token at Graph, store it as the active profile and print what it can do."""
    where = await _storage(service, place)
    token = Token(value, name)
    try:
        if exchange:
            token = await service.exchange_token(token)
        identity = await service.check(token)
        accounts = await _reachable_accounts(for_token(token), business)
    except TokenProblem as problem:
        next_step = _RETRY if "meta-ads-mcp login" in problem.next_step else problem.next_step
        raise TokenProblem(problem.message, next_step, graph=problem.graph) from None
    except (NetworkProblem, Transient) as problem:
        next_step = _WHEN_REACHED if problem.next_step == problem.default_next_step else problem.next_step
        raise replace(problem, message=_UNCHECKED + problem.message, next_step=next_step) from None
    is_known = service.vault.is_stored(name)
    previous = service.vault.stored_active()
    await service.vault.keep(name, token.reveal(), service.record(token, identity, business), active=True, place=place)
    for line in _describe(service, name, identity, accounts):
        say(line)
    say(f"{'Replaced' if is_known else 'Stored'} as profile {name!r} in {where}.")
    if previous not in (None, name):
        say(f"Every client now uses {name!r}, not {previous!r}. To switch back: meta-ads-mcp tokens use {previous}")
    say("Next: `meta-ads-mcp install CLIENT` (claude-desktop, claude-code, cursor, codex, ...; --help names all).")
    return 0


async def _storage(service: ProfileService, place: Place) -> str:
    """Return the place of the token in words. Raises KeychainProblem if the keyring does not work."""
    file = service.vault.token_file
    if place == "file" and file is not None:
        return f"{file.path}, not encrypted: other users cannot read it, every program of yours can"
    backend = await service.vault.probe()
    return f"the system's keyring ({backend.name})"


_RETRY = (
    "Nothing was stored. Generate a token in Business settings (System users > Generate token), copy all of it, and "
    "run this command again."
)
_UNCHECKED = "The token could not be checked, so it was not stored: "
_WHEN_REACHED = (
    "Check that this machine reaches graph.facebook.com (HTTPS_PROXY names a proxy). Then run this command again."
)


async def _reachable_accounts(sender: Any, business: str | None) -> list[Row]:
    """Return the ad accounts of the token. Raises InvalidArguments if it cannot read the business."""
    try:
        return await fetch_accounts(sender, business)
    except (NotFound, PermissionMissing) as refusal:
        if business is None:
            raise
        raise InvalidArguments(
            f"This token cannot read the business {business}: {refusal.message}",
            "Check the id in Business settings, under Business info, and give the token business_management.",
        ) from None


def _describe(service: ProfileService, name: str, identity: Identity, accounts: Sequence[Row]) -> list[str]:
    row = service.row(service.vault.entry(name))
    scopes = identity.scopes
    return [
        f"Token     {row['masked']} of {identity.name or identity.id}",
        f"Type      {identity.kind or 'not known'}" + (f", app {identity.app_name}" if identity.app_name else ""),
        f"Expires   {row.get('expires_at', 'not known')}",
        f"Access    {access(scopes)}",
        *_scope_lines(scopes),
        *_account_lines(accounts),
    ]


def _scope_lines(scopes: Sequence[str] | None) -> list[str]:
    """Return the scopes, wrapped, and one line per family of tools that lacks some."""
    if scopes is None:
        return ["Scopes    not known"]
    lines = textwrap.wrap(", ".join(scopes), MAX_SCOPES_CHARS) or ["none"]
    return [
        f"Scopes    {len(scopes)}: {lines[0]}",
        *(f"          {line}" for line in lines[1:]),
        *(f"Missing   {line}" for line in permissions.lack_lines(scopes)),
    ]


def access(scopes: Sequence[str] | None) -> str:
    """Return whether the token may read or write, in words."""
    if scopes is None:
        return "not known: Meta does not report what this token may do"
    if permissions.WRITE in scopes:
        return "read and write (writes stay off until META_ADS_ALLOW_WRITES is set)"
    return "read only: the token lacks ads_management"


def _account_lines(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["Accounts  none: assign ad accounts to this user in Business settings, then try `meta-ads-mcp doctor`"]
    lines = [
        f"          {row.get('id')}  {row.get('name', '')} ({row.get('currency', '?')})" for row in rows[:MAX_ACCOUNTS]
    ]
    rest = [f"          and {len(rows) - MAX_ACCOUNTS:,} more"] if len(rows) > MAX_ACCOUNTS else []
    return [f"Accounts  {len(rows)}", *lines, *rest]


async def logout(service: ProfileService, name: str | None, say: Say) -> int:
    """Remove a stored profile, the active one by default."""
    vault = service.vault
    target = name or vault.stored_active() or "default"
    if not vault.is_stored(target):
        raise TokenProblem(f"There is no stored profile {target!r}.", "`meta-ads-mcp tokens` lists the profiles.")
    was_active = vault.stored_active() == target
    place = "the file of tokens" if vault.source(target) == "file" else "the system's keyring"
    await vault.delete(target)
    say(f"Removed profile {target!r} from {place}.")
    say("Meta still accepts the token: revoke it in Business settings.")
    if was_active:
        vault.activate(None)
        say("No stored profile is in use now. A server then takes META_TOKENS or META_ACCESS_TOKEN, if they are set.")
        others = [entry.name for entry in vault.entries() if vault.is_stored(entry.name)]
        if others:
            say(f"Stored profiles: {', '.join(others)}. To use one: meta-ads-mcp tokens use {others[0]}")
    return 0


def tokens(service: ProfileService, action: str | None, name: str | None, say: Say) -> int:
    """List the profiles, or make a stored one the active one."""
    if action == "use":
        return _use(service, name, say)
    entries = service.vault.entries()
    if not entries:
        say("No profiles. Run `meta-ads-mcp login`.")
    for entry in entries:
        say(_line(service, entry))
    return 0


def _use(service: ProfileService, name: str | None, say: Say) -> int:
    if name is None:
        raise InvalidArguments(
            "`tokens use` requires the name of a profile.", "`meta-ads-mcp tokens` lists the profiles."
        )
    if service.vault.source(name) in ("META_TOKENS", "META_ACCESS_TOKEN"):
        raise TokenProblem(
            f"Profile {name!r} comes from the environment and is not stored.",
            f"Set META_ADS_PROFILE={name} where META_TOKENS or META_ACCESS_TOKEN is set.",
        )
    service.vault.activate(name)
    say(f"Profile {name!r} is now the active one. Restart your clients to use it.")
    return 0


def _line(service: ProfileService, entry: ProfileEntry) -> str:
    row = service.row(entry)
    ends = f"expires {row['expires_at']}" if "expires_at" in row else ""
    parts = [row["masked"], row.get("type", ""), ends, row.get("holder", ""), row["stored_in"]]
    return f"{'*' if entry.active else ' '} {entry.name:20} " + "  ".join(part for part in parts if part)
