"""Run every check of the project: the one command that says whether a change is good, here and in CI.

Usage: python scripts/checks.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Console scripts without a module to run lie beside the interpreter, on Windows too.
LINT_IMPORTS = str(Path(sys.executable).parent / "lint-imports")
PYTHON = sys.executable
# The longest first: two of them run at a time.
STATIC = {
    "views": [PYTHON, "scripts/views.py"],
    "types (basedpyright)": [PYTHON, "-m", "basedpyright"],
    "types (mypy)": [PYTHON, "-m", "mypy"],
    "generated docs": [PYTHON, "scripts/docs.py", "--check"],
    "generated plugin": [PYTHON, "scripts/plugins.py", "--check"],
    "import layers": [LINT_IMPORTS],
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
}
TESTS = [PYTHON, "-m", "pytest", "-n", "2", "--dist", "worksteal"]


def main() -> int:
    """Run all of them, also after one failed: a change is then corrected once. Exit code 1 when one failed."""
    with ThreadPoolExecutor(2) as pool:
        outcomes = dict(zip(STATIC, pool.map(passes, STATIC, STATIC.values()), strict=True))
    outcomes["tests"] = passes_aloud("tests", TESTS)
    failed = [name for name, has_passed in outcomes.items() if not has_passed]
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall checks passed", flush=True)
    return 1 if failed else 0


def passes(name: str, command: list[str]) -> bool:
    """Run a check, and print what it wrote when it has ended. Return whether it passed."""
    started = time.monotonic()
    run = subprocess.run(
        command, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    print(f"\n== {name}\n{run.stdout}{_verdict(name, run.returncode, started)}", flush=True)
    return run.returncode == 0


def passes_aloud(name: str, command: list[str]) -> bool:
    """Run a check that writes to the terminal meanwhile. Return whether it passed."""
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    print(_verdict(name, code, started), flush=True)
    return code == 0


def _verdict(name: str, code: int, started: float) -> str:
    return f"-- {name}: {'ok' if code == 0 else f'exit code {code}'}, {time.monotonic() - started:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
