"""Build the views again, compare them with the committed files, and run their tests in headless Chromium.

Usage: python scripts/views.py [--build]

The package has the built files, so a machine without Node or Chromium leaves out what it cannot check, and says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SOURCES, BUILT = ROOT / "views", ROOT / "meta_ads_mcp" / "ui"


def main(arguments: list[str]) -> int:
    """Return 0 if the committed files are those of the sources and every test passes."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        print("The views were not checked: node and npm are not on the path.", file=sys.stderr)
        return int("--build" in arguments)
    run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"])
    if "--build" in arguments:
        run([node, "build.mjs"])
        return 0
    with tempfile.TemporaryDirectory() as folder:
        run([node, "build.mjs", folder])
        different = differing_files(Path(folder))
    if different:
        print(f"not built from views/: {', '.join(different)}; run `make views`", file=sys.stderr)
        return 1
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("The views were not tested: no Chromium is on the path (CHROMIUM names another place).", file=sys.stderr)
        return 0
    run([npm, "test", "--silent"], CHROMIUM=browser, PYTHON=sys.executable)
    return 0


def run(command: list[str], **environment: str) -> None:
    """Run a command among the sources. Raises CalledProcessError if it fails."""
    subprocess.run(command, cwd=SOURCES, check=True, env={**os.environ, **environment})


def differing_files(folder: Path) -> list[str]:
    """Return the names of files that are not the same in both folders, or only in one."""
    names = {path.name for place in (folder, BUILT) for path in place.glob("*.html")}
    return sorted(name for name in names if text_of(folder / name) != text_of(BUILT / name))


def text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as failure:
        sys.exit(failure.returncode or 1)
