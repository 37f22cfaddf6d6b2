"""Supply chain: what is installed is what the lock says, its licences, and no secret in any commit."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.torture.trial import Trials, tried

ROOT = Path(__file__).parent.parent.parent
LOCK = ROOT / "requirements.lock"
OURS = "meta-ads-local-mcp"
# Permissive, or weak copyleft of a file that is not changed here (certifi).
ACCEPTED = (
    "MIT",
    "BSD",
    "Apache",
    "PSF",
    "Python Software Foundation",
    "ISC",
    "MPL-2.0",
    "Mozilla Public License 2.0",
    "Unlicense",
)
SECRETS = {
    "a Meta token": re.compile(r"EAA[A-Za-z0-9]{24,}"),
    "an app's token": re.compile(r"(?<![0-9])[0-9]{12,20}\|[A-Za-z0-9_-]{20,}"),
    "an app secret": re.compile(r"(?i)secret\W{1,6}[0-9a-f]{32}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----([A-Za-z0-9+/=\s\\]{200,})"),
    "a token of a code host or registry": re.compile(r"gh[pousr]_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|npm_\w{30,}"),
    "a key of a cloud": re.compile(r"AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|xox[abprs]-[A-Za-z0-9-]{10,}"),
}
# What nobody issued says so by a word or by zeros at its end. An issued token is random.
INVENTED = re.compile(r"(?i)example|demo|campaign|notasecret|0{12}$")
# Written for tests and the demonstration; each is its own explanation.
MADE_UP = {
    "EAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk",  # of a picture, in base64
    "1234567890123456|AbCdEfGhIjKlMnOpQrStUvWxYz0",
    "123456789012345|abcdefghijklmnopqrstuvwxyz0",
    "AKIAIOSFODNN7EXAMPLE",
}


@cache
def locked() -> dict[str, str]:
    """Name → version, of lines such as `anyio==4.16.0 ; python_version < "3.13"`."""
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return dict(re.findall(r"(?m)^([A-Za-z0-9._-]+)==(\S+)", "\n".join(lines)))


def supply(full: bool) -> Trials:
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield tried(f"pinned: {line}", lambda line=line: _pinned(line))
    for name, found in closure().items():
        yield tried(f"the licence of {name}", lambda found=found: _licensed(found))
        if full:  # the tests also run with newer versions
            yield tried(f"the locked version of {name}", lambda found=found: _as_locked(found))
    if full and shutil.which("git") and (ROOT / ".git").exists():
        for commit in _commits():
            yield tried(f"no secret in {commit[:10]}", _clean(commit))


def _pinned(line: str) -> None:
    assert re.match(r"[A-Za-z0-9._-]+==[^ *]+( ;|$)", line), line


def _as_locked(found: Distribution) -> None:
    name = _normal(found.name)
    assert name == OURS or locked().get(name) == found.version, f"{name} {found.version}, not {locked().get(name)}"


def _licensed(found: Distribution) -> None:
    assert any(word in licence_of(found) for word in ACCEPTED), licence_of(found)


def licence_of(found: Distribution) -> str:
    """As the package says it: the expression, the classifiers, the field of older ones, or the text itself."""
    said = found.metadata.get_all("Classifier") or []
    classified = [one.rpartition("::")[2].strip() for one in said if one.startswith("License ::")]
    named = found.metadata.get("License-Expression") or ", ".join(classified) or found.metadata.get("License") or ""
    return named.splitlines()[0][:60] if named else _licence_of_text(found)


def _licence_of_text(found: Distribution) -> str:
    """Recognize the text of the MIT license, where a package has nothing but the text."""
    texts = [file.read_text() for file in found.files or () if file.name.upper().startswith("LICEN")]
    return "MIT" if any("Permission is hereby granted, free of charge" in text for text in texts) else "not said"


@cache
def closure() -> dict[str, Distribution]:
    """What is installed with the server, by name."""
    found: dict[str, Distribution] = {}
    _collect(OURS, frozenset(), found, set())
    return dict(sorted(found.items()))


def _collect(
    name: str, extras: frozenset[str], found: dict[str, Distribution], seen: set[tuple[str, frozenset[str]]]
) -> None:
    if (name, extras) in seen:
        return
    seen.add((name, extras))
    try:
        found[name] = distribution(name)
    except PackageNotFoundError:
        return
    for text in found[name].requires or []:
        needed = Requirement(text)
        marker = needed.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            _collect(_normal(needed.name), frozenset(needed.extras), found, seen)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True)
    return run.stdout.decode("utf-8", "replace")


def _commits() -> list[str]:
    return _git("rev-list", "--all").split()


def _clean(commit: str) -> Callable[[], None]:
    def check() -> None:
        found = list(_secrets(_git("show", "--format=%B", "--no-color", "--no-ext-diff", commit)))
        assert not found, found[:3]

    return check


def _secrets(text: str) -> Iterator[str]:
    """Kinds of secrets in a text, without those that are made up; the texts themselves are not told."""
    for kind, pattern in SECRETS.items():
        if any(found not in MADE_UP and not INVENTED.search(found) for found in pattern.findall(text)):
            yield kind
