"""`login`, `logout` and `tokens`: the profiles of this machine, from a terminal."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from meta_ads_mcp.core.result import Row
from meta_ads_mcp.credentials import ProfileEntry, Token, wrong_form
from meta_ads_mcp.errors import InvalidArguments, NotFound, PermissionMissing, TokenProblem
from meta_ads_mcp.profiles import scopes as permissions
from meta_ads_mcp.profiles.identity import Identity, fetch_accounts
from meta_ads_mcp.profiles.profiles import ProfileService

Say = Callable[[str], None]
MOST_SHOWN = 10


def read_token(stdin: TextIO, *, piped: bool) -> str:
    """The token from standard input or, without echo, from the terminal. Raises InvalidArguments for what is none."""
    if piped:
        value = stdin.read(16_384)
    elif stdin.isatty():
        value = getpass.getpass("Meta access token (what you paste is not shown): ")
    else:
        raise InvalidArguments("There is no terminal to ask for the token.", "Pipe it in and say --token-stdin.")
    value = value.strip().removeprefix("\ufeff").strip()
    trouble = wrong_form(value)
    if trouble:
        raise InvalidArguments(trouble, "Copy the token alone, without quotes, and try again.")
    return value


async def login(
    desk: ProfileService,
    speak: Callable[[Token], Any],
    value: str,
    name: str,
    business: str | None,
    *,
    exchange: bool,
    say: Say,
) -> int:
    """Check the keyring, then the token at Graph, store it as the active profile and say what it can do."""
    back_end = await desk.vault.probe()
    token = Token(value, name)
    if exchange:
        token = await desk.exchanged(token)
    identity = await desk.check(token)
    accounts = await _reached(speak(token), business)
    existed = desk.vault.source(name) == "keyring"
    await desk.vault.keep(name, token.reveal(), desk.record(token, identity, business), active=True)
    for line in _described(desk, name, identity, accounts):
        say(line)
    done = "Replaced" if existed else "Stored"
    say(f"{done} as profile {name!r} in the OS keyring ({back_end.name}); it is in use now.")
    say("Next: `meta-ads-mcp install CLIENT` (claude-desktop, claude-code, cursor, cline, vscode), then restart it.")
    return 0


async def _reached(sender: Any, business: str | None) -> list[Row]:
    try:
        return await fetch_accounts(sender, business)
    except (NotFound, PermissionMissing) as refusal:
        if business is None:
            raise
        raise InvalidArguments(
            f"This token cannot read the business {business}: {refusal.message}",
            "Check the id in Business settings, under Business info, and give the token business_management.",
        ) from None


def _described(desk: ProfileService, name: str, identity: Identity, accounts: Sequence[Row]) -> list[str]:
    row = desk.row(desk.vault.entry(name))
    granted = identity.scopes
    lines = [
        f"Token     {row['masked']} of {identity.name or identity.id}",
        f"Type      {identity.kind or 'not known'}" + (f", app {identity.app_name}" if identity.app_name else ""),
        f"Expires   {row.get('expires_at', 'not known')}",
        f"Access    {access(granted)}",
        f"Scopes    {', '.join(granted) if granted else 'not known'}",
    ]
    lines += [f"Lacking   {lacking}: for {family}" for family, lacking in _lacking(granted)]
    return [*lines, *_accounts(accounts)]


def access(granted: Sequence[str] | None) -> str:
    if granted is None:
        return "not known: Meta does not say what this token may do"
    if permissions.WRITE in granted:
        return "read and write (writes stay off until META_ADS_ALLOW_WRITES is set)"
    return "read only: the token lacks ads_management"


def _lacking(granted: Sequence[str] | None) -> list[tuple[str, str]]:
    if granted is None:
        return []
    return [(family, ", ".join(lacking)) for family, lacking in permissions.missing(granted).items()]


def _accounts(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["Accounts  none: assign ad accounts to this user in Business settings, then try `meta-ads-mcp doctor`"]
    shown = [
        f"          {row.get('id')}  {row.get('name', '')} ({row.get('currency', '?')})" for row in rows[:MOST_SHOWN]
    ]
    more = [f"          and {len(rows) - MOST_SHOWN} more"] if len(rows) > MOST_SHOWN else []
    return [f"Accounts  {len(rows)}", *shown, *more]


async def logout(desk: ProfileService, name: str | None, say: Say) -> int:
    """Remove a stored profile, the active one by default."""
    vault = desk.vault
    chosen = name or vault.stored_active() or "default"
    if vault.source(chosen) != "keyring":
        raise TokenProblem(
            f"There is no stored profile {chosen!r}.", "`meta-ads-mcp tokens` lists those that are there."
        )
    was_active = vault.stored_active() == chosen
    await vault.forget(chosen)
    say(
        f"Removed profile {chosen!r} from the OS keyring. Meta still accepts the token: revoke it in Business settings."
    )
    if was_active:
        vault.activate(None)
        say("No stored profile is in use now: a server then takes META_TOKENS or META_ACCESS_TOKEN, if they are set.")
    return 0


def tokens(desk: ProfileService, action: str | None, name: str | None, say: Say) -> int:
    """List the profiles, or make a stored one the active one."""
    if action == "use":
        return _use(desk, name, say)
    entries = desk.vault.entries()
    if not entries:
        say("No profiles. Run `meta-ads-mcp login`.")
    for entry in entries:
        say(_line(desk, entry))
    return 0


def _use(desk: ProfileService, name: str | None, say: Say) -> int:
    if name is None:
        raise InvalidArguments("`tokens use` needs the name of a profile.", "`meta-ads-mcp tokens` lists them.")
    if desk.vault.source(name) in ("META_TOKENS", "META_ACCESS_TOKEN"):
        raise TokenProblem(
            f"Profile {name!r} comes from the environment and is not stored.",
            f"Set META_ADS_PROFILE={name} where META_TOKENS or META_ACCESS_TOKEN is set.",
        )
    desk.vault.activate(name)
    say(f"Profile {name!r} is in use from the next start of a server on.")
    return 0


def _line(desk: ProfileService, entry: ProfileEntry) -> str:
    row = desk.row(entry)
    ends = f"expires {row['expires_at']}" if "expires_at" in row else ""
    parts = [row["masked"], row.get("type", ""), ends, row.get("holder", ""), row["stored_in"]]
    return f"{'*' if entry.active else ' '} {entry.name:20} " + "  ".join(part for part in parts if part)
