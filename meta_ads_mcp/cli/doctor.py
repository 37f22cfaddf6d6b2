"""`doctor`: one line per thing that must be right, each with a way to put it right."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import stat
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from meta_ads_mcp import __version__
from meta_ads_mcp.core.graph_versions import end_warning
from meta_ads_mcp.credentials import KeychainProblem, ProfileEntry
from meta_ads_mcp.errors import AdsError, TokenProblem
from meta_ads_mcp.graph.classify import find_rule
from meta_ads_mcp.profiles import scopes as permissions
from meta_ads_mcp.profiles.identity import Identity, fetch_accounts, identify
from meta_ads_mcp.profiles.profiles import ProfileService, iso
from meta_ads_mcp.settings import Settings

Status = Literal["ok", "warn", "fail", "skip"]
Say = Callable[[str], None]
SOON = 7 * 86_400
# Graph's `Date` has whole seconds and its answer takes one; beyond these, expiry times are read wrongly.
SKEW_WARN, SKEW_FAIL = 30, 300

DEVELOPMENT_MODE = (
    "The app is in development mode: switch it to Live in the App Dashboard, or give its user a role in the app."
)


@dataclass(frozen=True)
class DoctorCheck:
    """One line. `fix` says how to put it right, and is empty where nothing is wrong."""

    name: str
    status: Status
    detail: str
    fix: str = ""

    def line(self) -> str:
        return f"{self.status:4}  {self.name:16} {self.detail}" + (f"  → {self.fix}" if self.fix else "")


@dataclass(frozen=True)
class DoctorContext:
    """What is examined: the settings, and the parts that the composition root put together from them."""

    settings: Settings
    profiles: ProfileService
    client: Any
    now: Callable[[], float] = time.time


def run(patient: DoctorContext, *, as_json: bool, say: Say) -> int:
    """All checks, also after one failed. Exit code 1 if any failed."""
    checks = asyncio.run(examine(patient))
    failed = any(check.status == "fail" for check in checks)
    if as_json:
        say(json.dumps({"ok": not failed, "checks": [asdict(check) for check in checks]}, ensure_ascii=False, indent=2))
        return int(failed)
    for check in checks:
        say(check.line())
    return int(failed)


async def examine(patient: DoctorContext) -> list[DoctorCheck]:
    checks = [interpreter(), await keyring(patient), state_directory(patient.settings.state_dir)]
    entry, token = check_token(patient)
    checks.append(token)
    if entry is None:
        rest = ("expiry", "scopes", "accounts", "API version", "clock")
        return [*checks, *(DoctorCheck(name, "skip", "needs a token") for name in rest)]
    return checks + await check_graph(patient, entry)


def interpreter() -> DoctorCheck:
    detail = f"meta-ads-local-mcp {__version__}, Python {platform.python_version()} ({sys.executable})"
    if platform.python_implementation() != "CPython":
        return DoctorCheck("interpreter", "warn", detail, "Only CPython is tested.")
    return DoctorCheck("interpreter", "ok", detail)


async def keyring(patient: DoctorContext) -> DoctorCheck:
    """A real set, get and delete. Without a keyring the server works all the same from environment variables."""
    if patient.settings.demo:
        return DoctorCheck("keyring", "skip", "the sandbox needs none")
    try:
        found = await patient.profiles.vault.probe()
    except KeychainProblem as problem:
        given = any(entry.source.startswith("META_") for entry in patient.profiles.vault.entries())
        return DoctorCheck("keyring", "warn" if given else "fail", problem.message, problem.next_step)
    if found.trouble:
        return DoctorCheck("keyring", "warn", f"works, but {found.trouble}", "Use the keyring of the system instead.")
    return DoctorCheck("keyring", "ok", f"{found.name} keeps, gives back and deletes an entry")


def check_token(patient: DoctorContext) -> tuple[ProfileEntry | None, DoctorCheck]:
    vault = patient.profiles.vault
    try:
        entry = vault.entry(vault.active_name(), active=True)
    except TokenProblem as problem:
        return None, DoctorCheck("token", "fail", problem.message, problem.next_step)
    row = patient.profiles.row(entry)
    return entry, DoctorCheck("token", "ok", f"profile {entry.name!r}: {row['masked']} from the {row['stored_in']}")


async def check_graph(patient: DoctorContext, entry: ProfileEntry) -> list[DoctorCheck]:
    """What only Graph can say; where it does not answer, what is left is skipped."""
    try:
        token = await patient.profiles.vault.token(entry.name)
        identity = await identify(patient.client.for_token, token, patient.profiles.app)
    except AdsError as problem:
        names = ("expiry", "scopes", "accounts")
        skipped = [DoctorCheck(name, "skip", "needs a token that Meta accepts") for name in names]
        return [failure("Meta", problem), *skipped, *check_version_and_clock(patient)]
    who = DoctorCheck("Meta", "ok", _holder(identity))
    accounts = await _guarded("accounts", lambda: account_check(patient))
    return [
        who,
        expiry(identity, patient.now()),
        *scope_checks(identity, patient.settings),
        accounts,
        *check_version_and_clock(patient),
    ]


def _holder(identity: Identity) -> str:
    kind = f" ({identity.kind})" if identity.kind else ""
    return f"accepts the token of {identity.name or identity.id}{kind}" + (
        f", app {identity.app_name}" if identity.app_name else ""
    )


def expiry(identity: Identity, now: float) -> DoctorCheck:
    """The token's end, and for people's tokens the end of data access (90 days after the last log-in)."""
    ends = [end for end in (identity.expires_at, identity.data_access_expires_at) if end]
    if not ends:
        known = identity.expires_at is not None
        return (
            DoctorCheck("expiry", "ok", "never")
            if known
            else DoctorCheck("expiry", "skip", "Meta does not tell this token")
        )
    end, renew = (
        min(ends),
        "Get a new one and run `meta-ads-mcp login`, or set META_APP_ID and META_APP_SECRET to renew it.",
    )
    if end <= now:
        return DoctorCheck("expiry", "fail", f"ended {iso(end)}", renew)
    days = int((end - now) // 86_400)
    if end - now < SOON:
        return DoctorCheck("expiry", "warn", f"in {days} days ({iso(end)})", renew)
    return DoctorCheck("expiry", "ok", iso(end))


def scope_checks(identity: Identity, settings: Settings) -> Iterator[DoctorCheck]:
    """One line for what is granted, one per family of tools that lacks something."""
    if identity.scopes is None:
        yield DoctorCheck("scopes", "skip", "Meta does not say which scopes this token has")
        return
    lacking = permissions.missing(identity.scopes)
    granted = [family.name for family in permissions.FAMILIES if family.name not in lacking]
    if granted:
        yield DoctorCheck("scopes", "ok", f"enough for {', '.join(granted)}")
    for family in permissions.FAMILIES:
        if family.name in lacking:
            needed = permissions.READ in family.scopes or (
                permissions.WRITE in family.scopes and bool(settings.allow_writes)
            )
            names = ", ".join(lacking[family.name])
            yield DoctorCheck(
                f"scopes: {family.name}"[:28],
                "fail" if needed else "warn",
                f"lacks {names} ({family.what})",
                f"Generate the token again with {names}, if you need this.",
            )


async def account_check(patient: DoctorContext) -> DoctorCheck:
    settings = patient.settings
    business = settings.business_id or patient.profiles.business_id()
    rows = await fetch_accounts(patient.client, business)
    found = {str(row.get("id")) for row in rows}
    absent = [account for account in settings.accounts if account not in found]
    assign = "Assign them to the System User in Business settings (Assign assets > Ad accounts)."
    if absent:
        return DoctorCheck(
            "accounts", "fail", f"META_ADS_ACCOUNTS names {', '.join(absent)}, out of this token's reach", assign
        )
    if not rows:
        return DoctorCheck("accounts", "fail", "this token reaches no ad account", assign)
    names = ", ".join(f"{row.get('name')} ({row.get('id')})" for row in rows[:3])
    return DoctorCheck("accounts", "ok", f"{len(rows)}: {names}" + (", …" if len(rows) > 3 else ""))


def check_version_and_clock(patient: DoctorContext) -> Iterator[DoctorCheck]:
    """What the answers' headers said: the version, and the time."""
    seen, pinned = patient.client.server_info, patient.settings.api_version
    if seen.version is None:
        yield DoctorCheck("API version", "skip", "Graph did not answer")
    elif seen.version == pinned:
        warning = end_warning(pinned, datetime.fromtimestamp(patient.now(), UTC).date())
        yield DoctorCheck("API version", "warn" if warning else "ok", pinned, warning or "")
    else:
        fix = "Set META_API_VERSION to a version that Meta serves, or leave it unset."
        yield DoctorCheck("API version", "fail", f"{pinned} is asked for, {seen.version} is served", fix)
    if seen.skew is None:
        yield DoctorCheck("clock", "skip", "Graph's answers had no date")
        return
    off = abs(seen.skew)
    status: Status = "fail" if off > SKEW_FAIL else "warn" if off > SKEW_WARN else "ok"
    fix = "" if status == "ok" else "Set this machine's clock by the network (NTP)."
    yield DoctorCheck("clock", status, f"{off:.0f} s from Graph's", fix)


def state_directory(folder: Path) -> DoctorCheck:
    """Journal, audit log and the list of profiles live here: writable, and nobody else's business."""
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


async def _guarded(name: str, check: Callable[[], Awaitable[DoctorCheck]]) -> DoctorCheck:
    try:
        return await check()
    except AdsError as problem:
        return failure(name, problem)


def failure(name: str, problem: AdsError) -> DoctorCheck:
    """An error of Graph with what to do about it while setting up."""
    graph = problem.graph
    if graph is not None and "development mode" in f"{graph.message} {graph.user_message}".lower():
        return DoctorCheck(name, "fail", problem.message, DEVELOPMENT_MODE)
    setup_fix = find_rule(graph).setup_fix if graph is not None else ""
    return DoctorCheck(name, "fail", problem.message, setup_fix or problem.next_step)
