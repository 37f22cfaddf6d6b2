"""`meta-ads-mcp doctor`: check everything that a server needs, one line per check, with a fix for every problem."""

from __future__ import annotations

import asyncio
import os
import platform
import stat
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from meta_ads_mcp import __version__
from meta_ads_mcp.cli.output import prints_to_terminal, say, say_json, say_table
from meta_ads_mcp.core.graph_versions import end_warning
from meta_ads_mcp.credentials import KeychainProblem, ProfileEntry
from meta_ads_mcp.errors import AdsError, TokenProblem
from meta_ads_mcp.graph.classify import find_rule
from meta_ads_mcp.profiles import scopes as permissions
from meta_ads_mcp.profiles.identity import Identity, fetch_accounts, identify
from meta_ads_mcp.profiles.profiles import ProfileService, iso
from meta_ads_mcp.settings import Settings, SettingsError

Status = Literal["ok", "warn", "fail", "skip"]
COLORS: dict[Status, str] = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "bright_black"}
EXPIRY_WARNING_SECONDS = 7 * 86_400
# Graph's `Date` header has whole seconds. A larger difference makes expiry times wrong.
SKEW_WARNING_SECONDS, SKEW_FAILURE_SECONDS = 30, 300

DEVELOPMENT_MODE = (
    "The app is in development mode: switch it to Live in the App Dashboard, or give its user a role in the app."
)


@dataclass(frozen=True)
class DoctorCheck:
    """One line of the report. `fix` is empty if nothing is wrong."""

    name: str
    status: Status
    detail: str
    fix: str = ""

    def line(self) -> str:
        return f"{self.status:4}  {self.name:16} {self.detail}" + (f"  → {self.fix}" if self.fix else "")


@dataclass(frozen=True)
class DoctorContext:
    """Hold what is checked: the settings, and the parts that were composed from them.

    `start` builds the catalog as `serve` does and raises SettingsError where a server would not start.
    """

    settings: Settings
    profiles: ProfileService
    client: Any
    now: Callable[[], float] = time.time
    start: Callable[[], Any] = field(default=lambda: None)
    env_file: Path | None = None


def run(context: DoctorContext, *, as_json: bool) -> int:
    """Run all checks, also after one failed, and print them. Returns 1 if any failed."""
    checks = asyncio.run(examine(context))
    has_failure = any(check.status == "fail" for check in checks)
    if as_json:
        say_json({"ok": not has_failure, "checks": [asdict(check) for check in checks]})
        return int(has_failure)
    if prints_to_terminal():
        say_table([(COLORS[check.status], *asdict(check).values()) for check in checks])
        return int(has_failure)
    for check in checks:
        say(check.line())
    return int(has_failure)


async def examine(context: DoctorContext) -> list[DoctorCheck]:
    """Return every check, the ones that need no token first."""
    checks = [interpreter(), start_check(context), *env_file_checks(context.env_file)]
    checks += [await keyring(context), state_directory(context.settings.state_dir)]
    entry, token = check_token(context)
    checks.append(token)
    if entry is None:
        rest = ("expiry", "scopes", "accounts", "API version", "clock")
        return [*checks, *(DoctorCheck(name, "skip", "requires a token") for name in rest)]
    return checks + await check_graph(context, entry)


def start_check(context: DoctorContext) -> DoctorCheck:
    """Check what stops a start (the policy file, names of tools), and say whether writes are allowed."""
    try:
        context.start()
    except SettingsError as problem:
        return DoctorCheck("start", "fail", str(problem), "Correct this setting: the server does not start with it.")
    writes = context.settings.allow_writes
    if not writes:
        return DoctorCheck("start", "ok", "writes are off; META_ADS_ALLOW_WRITES or --allow-writes turns them on")
    names = ", ".join(writes) if isinstance(writes, tuple) else "all write tools"
    policy = f", within {context.settings.policy}" if context.settings.policy else ""
    return DoctorCheck("start", "ok", f"writes are on: {names}{policy}")


def env_file_checks(path: Path | None) -> Iterator[DoctorCheck]:
    """Warn of a settings file that other users of this machine can read: it may hold a token."""
    if path is None or os.name != "posix":
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield DoctorCheck("env file", "warn", f"{path} has mode {mode:04o}: others may read it", f"chmod 600 {path}")
    else:
        yield DoctorCheck("env file", "ok", str(path))


def interpreter() -> DoctorCheck:
    detail = f"meta-ads-local-mcp {__version__}, Python {platform.python_version()} ({sys.executable})"
    if platform.python_implementation() != "CPython":
        return DoctorCheck("interpreter", "warn", detail, "Only CPython is tested.")
    return DoctorCheck("interpreter", "ok", detail)


async def keyring(context: DoctorContext) -> DoctorCheck:
    """Store, read and delete an entry. Without a keyring the server takes a token from the environment."""
    if context.settings.demo:
        return DoctorCheck("keyring", "skip", "the demo needs none")
    try:
        backend = await context.profiles.vault.probe()
    except KeychainProblem as problem:
        in_use = [entry.source for entry in context.profiles.vault.entries() if entry.active]
        if any(source == "file" or source.startswith("META_") for source in in_use):
            return DoctorCheck("keyring", "warn", problem.message, "Nothing to do: the token is kept elsewhere.")
        return DoctorCheck("keyring", "fail", problem.message, problem.next_step)
    if backend.trouble:
        return DoctorCheck("keyring", "warn", f"works, but {backend.trouble}", "Use the keyring of the system instead.")
    return DoctorCheck("keyring", "ok", f"{backend.name} stores, returns and deletes an entry")


def check_token(context: DoctorContext) -> tuple[ProfileEntry | None, DoctorCheck]:
    """Return the profile in use and the check of it; no profile if there is no token."""
    vault = context.profiles.vault
    try:
        entry = vault.entry(vault.active_name(), active=True)
    except TokenProblem as problem:
        return None, DoctorCheck("token", "fail", problem.message, problem.next_step)
    row = context.profiles.row(entry)
    return entry, DoctorCheck("token", "ok", f"profile {entry.name!r}: {row['masked']} from the {row['stored_in']}")


async def check_graph(context: DoctorContext, entry: ProfileEntry) -> list[DoctorCheck]:
    """Check what only Graph knows. If it refuses the token, the checks that need one are skipped."""
    try:
        token = await context.profiles.vault.token(entry.name)
        identity = await identify(context.client.for_token, token, context.profiles.app)
    except AdsError as problem:
        names = ("expiry", "scopes", "accounts")
        skips = [DoctorCheck(name, "skip", "requires a token that Meta accepts") for name in names]
        return [failure("Meta", problem), *skips, *check_version_and_clock(context)]
    who = DoctorCheck("Meta", "ok", _holder(identity))
    accounts = await _run_check("accounts", lambda: account_check(context))
    return [
        who,
        expiry(identity, context.now()),
        *scope_checks(identity, context.settings),
        accounts,
        *check_version_and_clock(context),
    ]


def _holder(identity: Identity) -> str:
    kind = f" ({identity.kind})" if identity.kind else ""
    return f"accepts the token of {identity.name or identity.id}{kind}" + (
        f", app {identity.app_name}" if identity.app_name else ""
    )


def expiry(identity: Identity, now: float) -> DoctorCheck:
    """Check the token's expiry and, for a person's token, the end of data access (90 days after the last login)."""
    ends = [end for end in (identity.expires_at, identity.data_access_expires_at) if end]
    if not ends and identity.expires_at is None:
        return DoctorCheck("expiry", "skip", "Meta does not report it for this token")
    if not ends:
        return DoctorCheck("expiry", "ok", "never")
    end = min(ends)
    renew = "Get a new one and run `meta-ads-mcp login`, or set META_APP_ID and META_APP_SECRET to renew it."
    if end <= now:
        return DoctorCheck("expiry", "fail", f"ended {iso(end)}", renew)
    days = int((end - now) // 86_400)
    if end - now < EXPIRY_WARNING_SECONDS:
        return DoctorCheck("expiry", "warn", f"in {days} days ({iso(end)})", renew)
    return DoctorCheck("expiry", "ok", iso(end))


def scope_checks(identity: Identity, settings: Settings) -> Iterator[DoctorCheck]:
    """Yield one check for what the token may do, and one per family of tools that lacks a scope."""
    if identity.scopes is None:
        yield DoctorCheck("scopes", "skip", "Meta does not report the scopes of this token")
        return
    lacking = permissions.missing_scopes(identity.scopes)
    family_names = [family.name for family in permissions.FAMILIES if family.name not in lacking]
    if family_names:
        yield DoctorCheck("scopes", "ok", f"enough for {', '.join(family_names)}")
    for family in permissions.FAMILIES:
        if family.name in lacking:
            is_mandatory = permissions.READ in family.scopes or (
                permissions.WRITE in family.scopes and bool(settings.allow_writes)
            )
            names = ", ".join(lacking[family.name])
            yield DoctorCheck(
                f"scopes: {family.name}"[:28],
                "fail" if is_mandatory else "warn",
                f"lacks {names} ({family.what}: {', '.join(family.tools)}, ...)",
                f"Generate the token again with {names}, if you need this.",
            )


async def account_check(context: DoctorContext) -> DoctorCheck:
    """Check that the token reaches ad accounts, and all that META_ADS_ACCOUNTS names."""
    settings = context.settings
    business = settings.business_id or context.profiles.business_id()
    rows = await fetch_accounts(context.client, business)
    ids = {str(row.get("id")) for row in rows}
    absent = [account for account in settings.accounts if account not in ids]
    assign = "Assign them to the System User in Business settings (Assign assets > Ad accounts)."
    if absent:
        return DoctorCheck(
            "accounts", "fail", f"META_ADS_ACCOUNTS names {', '.join(absent)}, which this token does not reach", assign
        )
    if not rows:
        return DoctorCheck("accounts", "fail", "this token reaches no ad account", assign)
    names = ", ".join(f"{row.get('name')} ({row.get('id')})" for row in rows[:3])
    return DoctorCheck("accounts", "ok", f"{len(rows)}: {names}" + (", …" if len(rows) > 3 else ""))


def check_version_and_clock(context: DoctorContext) -> Iterator[DoctorCheck]:
    """Check the API version and the time in the headers of Graph's answers."""
    server, version = context.client.server_info, context.settings.api_version
    if server.version is None:
        yield DoctorCheck("API version", "skip", "Graph did not answer")
    elif server.version == version:
        warning = end_warning(version, datetime.fromtimestamp(context.now(), UTC).date())
        yield DoctorCheck("API version", "warn" if warning else "ok", version, warning or "")
    else:
        fix = "Set META_API_VERSION to a version that Meta serves, or leave it unset."
        yield DoctorCheck("API version", "fail", f"{version} is requested, {server.version} is served", fix)
    if server.skew is None:
        yield DoctorCheck("clock", "skip", "Graph's answers have no date")
        return
    off = abs(server.skew)
    status: Status = "fail" if off > SKEW_FAILURE_SECONDS else "warn" if off > SKEW_WARNING_SECONDS else "ok"
    fix = "" if status == "ok" else "Set this machine's clock by the network (NTP)."
    yield DoctorCheck("clock", status, f"{off:.0f} s from Graph's", fix)


def state_directory(folder: Path) -> DoctorCheck:
    """Check the folder of the journal, the audit log and the list of profiles: writable, and private."""
    fix = f"Make {folder} writable for this user (mode 0700), or set META_ADS_STATE_DIR."
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
        status = folder.stat()
    except OSError as failure:
        return DoctorCheck("state directory", "fail", f"{folder} cannot be written ({type(failure).__name__})", fix)
    if hasattr(os, "getuid") and status.st_uid != os.getuid():
        return DoctorCheck("state directory", "warn", f"{folder} belongs to user {status.st_uid}", fix)
    if os.name == "posix" and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(status.st_mode)
        return DoctorCheck(
            "state directory", "warn", f"{folder} has mode {mode:04o}: others may read it", f"chmod 700 {folder}"
        )
    return DoctorCheck("state directory", "ok", str(folder))


async def _run_check(name: str, check: Callable[[], Awaitable[DoctorCheck]]) -> DoctorCheck:
    try:
        return await check()
    except AdsError as problem:
        return failure(name, problem)


def failure(name: str, problem: AdsError) -> DoctorCheck:
    """Return the check for an error of Graph, with the fix for somebody who is setting up."""
    graph = problem.graph
    if graph is not None and "development mode" in f"{graph.message} {graph.user_message}".lower():
        return DoctorCheck(name, "fail", problem.message, DEVELOPMENT_MODE)
    setup_fix = find_rule(graph).setup_fix if graph is not None else ""
    return DoctorCheck(name, "fail", problem.message, setup_fix or problem.next_step)
