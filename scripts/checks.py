"""Run every check of the project: the one command that says whether a change is good, here and in CI.

Usage: python scripts/checks.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Console scripts without a module to run lie beside the interpreter, on Windows too.
LINT_IMPORTS = str(Path(sys.executable).parent / "lint-imports")
PYTHON = sys.executable
CHECKS = {
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "types (mypy)": [PYTHON, "-m", "mypy"],
    "types (basedpyright)": [PYTHON, "-m", "basedpyright"],
    "import layers": [LINT_IMPORTS],
    "generated docs": [PYTHON, "scripts/docs.py", "--check"],
    "generated plugin": [PYTHON, "scripts/plugins.py", "--check"],
    "views": [PYTHON, "scripts/views.py"],
    "tests": [PYTHON, "-m", "pytest", "-n", "2"],
}


def main() -> int:
    """Run all of them, also after one failed: a change is then corrected once. Exit code 1 when one failed."""
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall checks passed", flush=True)
    return 1 if failed else 0


def passes(name: str, command: list[str]) -> bool:
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    print(f"-- {name}: {'ok' if code == 0 else f'exit code {code}'}, {time.monotonic() - started:.0f} s", flush=True)
    return code == 0


if __name__ == "__main__":
    sys.exit(main())
