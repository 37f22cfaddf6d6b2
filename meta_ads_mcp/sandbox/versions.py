"""Versions of the Marketing API and how long each one lives."""

from __future__ import annotations

from datetime import date

# Version -> the day from which it is no longer served, or None where Meta has announced no day; the oldest one first.
# Source: Meta docs, marketing-api/marketing-api-changelog/versions (read in November 2026). A version that is not
# listed is treated like an expired one.
EXPIRES: dict[str, date | None] = {
    "v24.0": date(2026, 11, 10),
    "v25.0": date(2027, 2, 23),
    "v26.0": None,
    "v27.0": None,
}


def live_versions(today: date) -> tuple[str, ...]:
    """Return the versions that are served on a day, oldest first."""
    return tuple(version for version, expires in EXPIRES.items() if expires is None or today < expires)


def served_version(version: str | None, default: str, today: date) -> str:
    """Return the version that answers a call.

    Args:
        asked: The version in the path of the call, or None where the path has none.
        default: The version of the app, which answers calls without a version.
        today: The day of the call.

    An expired or unknown version is answered as the oldest live one (Meta docs, graph-api/guides/versioning).
    """
    live = live_versions(today)
    return version if version in live else default if version is None else live[0]


def version_number(version: str | None) -> float:
    """Return `v26.0` as 26.0. A call without a version counts as the newest one."""
    return float(version.removeprefix("v")) if version else float("inf")
