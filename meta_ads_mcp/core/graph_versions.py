"""List the versions of the Graph and Marketing API: the version of this server, and when each version ends.

Source: Meta docs, marketing-api/marketing-api-changelog/versions, and the release posts of developers.facebook.com
(v27.0: 2026-11-04). Add a row for each release. To move to another version, change `GRAPH_VERSION` and the pinned
facebook_business package.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

# The version of facebook_business, whose field lists this server uses.
GRAPH_VERSION = "v26.0"
WARN_DAYS_BEFORE_END = 60


@dataclass(frozen=True)
class GraphVersion:
    """Describe one version of the Marketing API. `ends` is the first day without it, None until Meta announces it."""

    name: str
    ends: date | None = None
    released: date | None = None


VERSIONS: dict[str, GraphVersion] = {
    version.name: version
    for version in (
        GraphVersion("v24.0", ends=date(2026, 11, 10)),
        GraphVersion("v25.0", ends=date(2027, 2, 23)),
        GraphVersion("v26.0"),
        GraphVersion("v27.0", released=date(2026, 11, 4)),
    )
}


def has_ended(name: str, today: date) -> bool:
    """Return whether the Marketing API no longer serves this version. An unknown newer version has not ended."""
    version = VERSIONS.get(name)
    if version is not None:
        return version.ends is not None and version.ends <= today
    return _number(name) < min(_number(item) for item in VERSIONS)


def days_until_end(name: str, today: date) -> int | None:
    """Return the days until Meta ends the version (0 or less: it has ended); None where no day is known."""
    version = VERSIONS.get(name)
    return (version.ends - today).days if version is not None and version.ends is not None else None


def end_warning(name: str, today: date) -> str | None:
    """Return a sentence to show when the version has ended or ends within 60 days, else None."""
    if has_ended(name, today):
        return f"{name} of the Marketing API has ended. Set META_API_VERSION={GRAPH_VERSION}, or leave it unset."
    days = days_until_end(name, today)
    if days is None or days > WARN_DAYS_BEFORE_END:
        return None
    ends = VERSIONS[name].ends
    return f"{name} of the Marketing API ends on {ends}, in {days} days. Move to a newer version before that day."


def _number(name: str) -> float:
    """Return 26.0 for "v26.0"."""
    return float(name.removeprefix("v"))
